"""The marked promises of the synthetic centre: each stands in a line, and the truth written is what was said."""

import json
import random
from pathlib import Path

import polars as pl
import pytest

from aftercall.contracts.errors import RequestError
from aftercall.synth import write_centre
from aftercall.synth.phrasebook import Phrasebook
from aftercall.synth.promised import Promised, of_line, promised_lines


def test_every_marked_promise_stands_in_a_line_of_its_key() -> None:
    book = Phrasebook(random.Random(0))
    made = set[Promised]()
    for key in promised_lines():
        every = [template for chat in (False, True) for template in book.options(key, chat=chat)] if book.has(key) else []
        every += [reply for _, reply in book.pairs(key)] if not book.has(key) else []
        made |= {one for template in every for one in template.promised}
    lost = {(key, one.what) for key, every in promised_lines().items() for one in every if one not in made}
    assert not lost


def test_every_way_of_taking_on_is_marked() -> None:
    """An advisor's line of ownership is what promises are: none may be left unmarked."""
    book = Phrasebook(random.Random(0))
    keys = [key for key in book.keys() if key.endswith((".ownership.plain", ".ownership.paraphrase"))]  # noqa: SIM118
    assert len(keys) == 24
    assert not [template.pieces for key in keys for template in book.options(key, chat=False) if not template.promised]


def test_a_time_that_is_not_in_the_line_is_refused() -> None:
    with pytest.raises(RequestError, match="must stand in it"):
        of_line([Promised("agent", "call you", "by {when}")], "I will call you soon.")


def test_the_truth_is_what_was_said(tmp_path: Path) -> None:
    centre = write_centre(tmp_path, agents=10, teams=5, weeks=14, transcripts_per_agent_week=3)
    turns = {
        data["interaction_id"]: data["turns"]
        for path in sorted((centre.input / "transcripts").iterdir())
        for data in map(json.loads, path.read_text(encoding="utf-8").splitlines())
    }
    rows = pl.read_parquet(centre.truth / "promises.parquet")
    assert {"agent", "company", "customer", "doubtful"} == set(rows["who"])
    for identity, turn, who, what, by in rows.iter_rows():
        said = turns[identity][turn]
        assert what in said["text"]
        assert by.lower() in said["text"].lower()
        assert said["speaker"] == ("customer" if who == "customer" else said["speaker"])
    endings = pl.read_parquet(centre.truth / "endings.parquet")
    assert endings.height == centre.transcript_n == endings["interaction_id"].n_unique()
    assert set(endings["ending"]) == {"resolved", "follow_up", "unresolved", "doubtful"}
    assert 0.02 < endings["is_repeat_said"].mean() < 0.15
