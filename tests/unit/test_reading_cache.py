"""The cache of readings: the same bytes with and without it, bounded, shared by processes, never fatal, without any text."""

import logging
import os
import sqlite3
import subprocess
import sys
import textwrap
from pathlib import Path

import numpy as np
import pytest

from aftercall.text.reading_cache import ReadingCache, reading_key
from aftercall.text.signals import load_signals
from aftercall.text.weights import Places, places_from

TEXTS = ["Where is my parcel? It should be here.", "I am terribly sorry about the zebra.", "... ", "Thanks!"]


@pytest.fixture
def places(tmp_path: Path) -> Places:
    return places_from(os.environ, tmp_path / "weights")


def row(seed: int, n: int = 5) -> np.ndarray:
    return np.random.default_rng(seed).normal(size=n).astype(np.float32)


def key(i: int) -> bytes:
    return reading_key("v", f"sentence {i}")


def test_warm_and_cold_give_the_same_bytes_and_warm_reads_nothing(places: Places, tmp_path: Path) -> None:
    file = tmp_path / "cache" / "text.sqlite"
    plain = load_signals(places).values(TEXTS)
    cold = load_signals(places, file).values(TEXTS)
    warm = load_signals(places, file)
    warm._reader = None  # type: ignore[assignment]  # reading anything now would fail
    assert plain.tobytes() == cold.tobytes() == warm.values(TEXTS).tobytes()


def test_it_holds_hashes_and_numbers_only(places: Places, tmp_path: Path) -> None:
    load_signals(places, tmp_path / "text.sqlite").values(TEXTS)
    written = b"".join(path.read_bytes() for path in tmp_path.glob("text.sqlite*"))
    assert len(written) > 1000
    assert not [word for word in (b"parcel", b"sorry", b"zebra", b"thanks") if word in written.lower()]


def test_another_version_of_the_model_shares_nothing(tmp_path: Path) -> None:
    cache = ReadingCache(tmp_path / "c.sqlite", 5)
    cache.put({reading_key("one", "hello"): row(1)})
    assert cache.get([reading_key("two", "hello")]) == {}
    assert cache.get([reading_key("one", "hello")])[reading_key("one", "hello")].tobytes() == row(1).tobytes()


def test_a_broken_file_is_replaced_and_told_of(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    file = tmp_path / "c.sqlite"
    file.write_bytes(b"this is no database " * 500)
    with caplog.at_level(logging.WARNING):
        cache = ReadingCache(file, 5)
    assert "was broken" in caplog.text
    cache.put({key(1): row(1)})
    cache.close()
    assert len(ReadingCache(file, 5).get([key(1)])) == 1


def test_a_file_broken_while_in_use_is_replaced_too(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    file = tmp_path / "c.sqlite"
    cache = ReadingCache(file, 5)
    cache.put({key(i): row(i) for i in range(2000)})
    cache.close()
    size = file.stat().st_size
    with file.open("r+b") as handle:
        handle.seek(4096)
        handle.write(b"\xff" * (size - 4096))
    with caplog.at_level(logging.WARNING):
        cache = ReadingCache(file, 5)
        assert cache.get([key(i) for i in range(2000)]) == {}
        cache.put({key(1): row(1)})
    assert "was broken" in caplog.text
    assert len(cache.get([key(1)])) == 1


def test_a_damaged_row_counts_as_unknown(tmp_path: Path) -> None:
    file = tmp_path / "c.sqlite"
    cache = ReadingCache(file, 5)
    cache.put({key(1): row(1), key(2): row(2)})
    with sqlite3.connect(file) as db:
        (stored,) = db.execute("select row from reading where key = ?", (key(1),)).fetchone()
        db.execute("update reading set row = ? where key = ?", (b"\x01" + stored[1:], key(1)))
    db.close()
    assert list(cache.get([key(1), key(2)])) == [key(2)]


def test_a_file_that_cannot_be_written_is_left_alone(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    (tmp_path / "a file").write_text("", encoding="utf-8")
    with caplog.at_level(logging.WARNING):
        cache = ReadingCache(tmp_path / "a file" / "c.sqlite", 5)
    assert "is left alone" in caplog.text
    cache.put({key(1): row(1)})
    assert cache.get([key(1)]) == {}


def test_the_file_stays_below_its_cap_and_what_was_used_last_stays(tmp_path: Path) -> None:
    file, cap = tmp_path / "c.sqlite", 400_000
    cache = ReadingCache(file, 17, cap)
    cache.put({key(i): row(i, 17) for i in range(1000)})
    for opening in range(4):
        cache.close()
        cache = ReadingCache(file, 17, cap)
        assert len(cache.get([key(i) for i in range(50)])) == 50  # used in every opening
        cache.put({key(i): row(i, 17) for i in range(1000 * (opening + 1), 1000 * (opening + 2))})
    cache.close()
    assert file.stat().st_size < 1.5 * cap
    cache = ReadingCache(file, 17, cap)
    assert len(cache.get([key(i) for i in range(50)])) == 50
    assert cache.get([key(i) for i in range(200, 400)]) == {}
    assert len(cache.get([key(4999)])) == 1


def test_two_processes_fill_one_file(tmp_path: Path) -> None:
    file = tmp_path / "c.sqlite"
    code = textwrap.dedent("""
        import sys
        import numpy as np
        from pathlib import Path
        from aftercall.text.reading_cache import ReadingCache, reading_key
        first = int(sys.argv[2])
        cache = ReadingCache(Path(sys.argv[1]), 5)
        for start in range(first, first + 3000, 50):
            keys = {reading_key("v", f"sentence {i}"): np.full(5, i, np.float32) for i in range(start, start + 50)}
            cache.put(keys)
            assert len(cache.get(list(keys))) == 50
    """)
    running = [
        subprocess.Popen([sys.executable, "-c", code, str(file), str(first)], stderr=subprocess.PIPE) for first in (0, 1500)
    ]
    for process in running:
        _, told = process.communicate(timeout=120)
        assert (process.returncode, told) == (0, b"")
    found = ReadingCache(file, 5).get([key(i) for i in range(4500)])
    assert len(found) == 4500
    assert all((found[key(i)] == i).all() for i in range(4500))
