"""A missing model costs a recording its score, never its row, and the file is heard once the model is there."""

import json
import struct
import wave
from datetime import UTC, datetime
from pathlib import Path

import polars as pl

from aftercall.scoring.forms import Facts, load
from aftercall.text.weights import Places
from assets.lake import Lake
from assets.raw.open_files import opened
from assets.raw.receive import receive, unreceived
from assets.station import Station
from pipelines.quiet import quiet, silent

NOW = datetime(2026, 3, 2, tzinfo=UTC)


def call(path: Path) -> None:
    with wave.open(str(path), "wb") as out:
        out.setparams((2, 2, 8000, 0, "NONE", ""))
        out.writeframes(struct.pack("<" + "hh" * 8000, *([200, -200] * 8000)))


def station(tmp_path: Path, places: Places) -> Station:
    return Station(
        tmp_path / "state",
        tmp_path / "in",
        "synthetic",
        "test",
        None,
        "UTC",
        None,
        None,
        lambda: NOW,
        quiet,
        silent,
        places,
        b"0" * 32,
        tmp_path,
    )


def take(at: Station, lake: Lake) -> pl.DataFrame:
    desk = opened(at, lake)
    receive(unreceived(desk.found, lake), desk.read, lake, quarantine=at.state / "quarantine", now=NOW, advance=lambda _n: None)
    return lake.read("raw_record", role="pipeline", purpose="service_quality").sort("received_n")


def test_without_weights_the_call_keeps_its_row_and_is_tried_again(tmp_path: Path, monkeypatch) -> None:
    (tmp_path / "in").mkdir()
    call(tmp_path / "in" / "call-9.wav")
    lake = Lake(tmp_path / "lake")
    nowhere = Places(cache_dir=tmp_path / "cache", models_dir=tmp_path / "no-models")
    monkeypatch.setattr("aftercall.text.weights._packaged", lambda _model, _pins, _places, looked: looked.append("no package"))
    rows = take(station(tmp_path, nowhere), lake)
    (line,) = [json.loads(text) for text in rows["record_json"]]
    assert (line["interaction_id"], line["attributes"]["transcript_state"]) == ("call-9", "model_missing")
    assert take(station(tmp_path, nowhere), lake).height == 1
    assert lake.read("raw_file", role="pipeline", purpose="service_quality").height == 0
    assert load().gate(Facts("voice", transcript_state="model_missing"))[1] == "model_missing"
