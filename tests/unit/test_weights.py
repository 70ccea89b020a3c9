"""Weights: the order of places, joining once and safely, and bytes that are not the pinned ones."""

import hashlib
import shutil
import threading
from pathlib import Path

import pytest

from aftercall.contracts.errors import ModelError, ModelMissing
from aftercall.text import weights
from aftercall.text.weights import Places, find, is_intact, pin, places_from


def sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


@pytest.fixture
def split_model(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A small model in two halves, as two installed packages hold it; its pins take the place of the shipped ones."""
    site = tmp_path / "site"
    (site / "one").mkdir(parents=True)
    (site / "two").mkdir()
    (site / "one" / "model.bin.part1").write_bytes(b"first half, ")
    (site / "two" / "model.bin.part2").write_bytes(b"second half")
    (site / "two" / "config.json").write_bytes(b"{}")
    pins = {
        "tiny": {
            "packages": {"tiny-1": "1.0", "tiny-2": "1.0"},
            "fix": "Run `make setup`",
            "files": {"model.bin": sha256(b"first half, second half"), "config.json": sha256(b"{}")},
            "places": {"model.bin": ["one/model.bin.part1", "two/model.bin.part2"], "config.json": ["two/config.json"]},
        }
    }
    monkeypatch.setattr(weights, "_pins", lambda: pins)
    monkeypatch.setattr(weights, "_installed_file", lambda _, inside: path if (path := site / inside).is_file() else None)
    return site


def test_two_halves_are_joined_once_and_checked(split_model: Path, tmp_path: Path) -> None:
    places = Places(tmp_path / "cache")
    found = find("tiny", places)
    assert (found.path / "model.bin").read_bytes() == b"first half, second half"
    assert (found.origin, found.is_pinned) == ("installed package", True)
    first = (found.path / "model.bin").stat().st_mtime_ns
    assert find("tiny", places).path == found.path
    assert (found.path / "model.bin").stat().st_mtime_ns == first
    assert is_intact(found)
    (found.path / "model.bin").write_bytes(b"first half, second hand")
    assert not is_intact(found)


def test_changed_bytes_are_never_loaded_and_leave_nothing_behind(split_model: Path, tmp_path: Path) -> None:
    (split_model / "two" / "model.bin.part2").write_bytes(b"another half")
    with pytest.raises(ModelError, match="SHA-256 differs"):
        find("tiny", Places(tmp_path / "cache"))
    assert list((tmp_path / "cache" / "models").iterdir()) == []


def test_many_at_once_end_with_one_whole_model(split_model: Path, tmp_path: Path) -> None:
    places, paths, start = Places(tmp_path / "cache"), list[Path](), threading.Barrier(8)

    def join() -> None:
        start.wait()
        paths.append(find("tiny", places).path)

    threads = [threading.Thread(target=join) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(paths) == 8
    assert len(set(paths)) == 1
    assert [path.name for path in (tmp_path / "cache" / "models").iterdir()] == [paths[0].name]
    assert (paths[0] / "model.bin").read_bytes() == b"first half, second half"


def test_a_configured_directory_comes_first_and_its_own_bytes_are_said(split_model: Path, tmp_path: Path) -> None:
    own = tmp_path / "models" / "tiny"
    own.mkdir(parents=True)
    (own / "model.bin").write_bytes(b"a larger model")
    places = Places(tmp_path / "cache", models_dir=tmp_path / "models")
    assert find("tiny", places).origin == "installed package"  # without config.json it is not complete
    (own / "config.json").write_bytes(b"{}")
    found = find("tiny", places)
    assert (found.origin, found.path, found.is_pinned) == ("configured directory", own, False)
    assert found.sha256 == sha256(b"a larger model")


def test_missing_names_every_place_and_what_to_do(split_model: Path, tmp_path: Path) -> None:
    shutil.rmtree(split_model / "one")
    with pytest.raises(ModelMissing) as missing:
        find("tiny", Places(tmp_path / "cache", models_dir=tmp_path / "models"))
    for part in (
        f"configured directory {tmp_path / 'models' / 'tiny'}",
        "tiny-1 1.0 + tiny-2 1.0",
        "make setup",
        "AFTERCALL_MODELS_DIR",
    ):
        assert part in str(missing.value)


def test_a_model_that_may_come_from_the_hub_says_that_it_is_not_allowed(
    split_model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shutil.rmtree(split_model / "one")
    pins = weights._pins()
    pins["tiny"]["hub"] = "somebody/tiny"
    monkeypatch.setattr(weights, "_pins", lambda: pins)
    with pytest.raises(ModelMissing, match=r"hub \(not allowed: AFTERCALL_ALLOW_HUB is not 1\)"):
        find("tiny", Places(tmp_path / "cache"))


def test_an_unknown_model_is_named() -> None:
    with pytest.raises(ValueError, match="There are: whisper-base, silero-vad, signals"):
        pin("whisper-small")


def test_the_environment_says_where_to_look(tmp_path: Path) -> None:
    given = {"AFTERCALL_MODELS_DIR": "/m", "XDG_CACHE_HOME": "/x", "AFTERCALL_ALLOW_HUB": "1"}
    assert places_from(given) == Places(Path("/x/aftercall"), Path("/m"), allow_hub=True)
    assert places_from({}, tmp_path) == Places(tmp_path, None, allow_hub=False)


def test_every_package_of_the_pins_stands_in_weights_txt_or_the_constraints(checkout: Path) -> None:
    listed = (checkout / "weights.txt").read_text() + (checkout / "constraints.txt").read_text()
    for model in weights.models():
        for name, version in pin(model)["packages"].items():
            assert f"{name}=={version}" in listed
