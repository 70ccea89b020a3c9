"""Answers asked once of the same marts: kept beside their JSON, with what they were made from.

Lives here: whether the kept answers still hold. Not here: asking (assets.py), how results are written (assets.results).
"""

import hashlib
import json
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from assets.results import from_plain, text_of

T = TypeVar("T")
_SOURCE = (".py", ".toml", ".css", ".js")


def kept_or_asked(answers: Path, kind: type[T], made_from: dict[str, str], ask: Callable[[], T]) -> T:
    """Return the answers kept in a JSON file if they were made from exactly this, else ask and note what they were made from.

    The note beside the file carries the hash of the answers: answers written by a run that was killed before the note, or a
    note written before the answers, do not fit and are asked again. The store of results writes the answers themselves.
    """
    note = answers.with_suffix(".made_from.json")
    if note.is_file() and answers.is_file():
        text = answers.read_text(encoding="utf-8")
        if json.loads(note.read_text(encoding="utf-8")) == made_from | {"answers": sha256_of(text)}:
            return from_plain(kind, json.loads(text))
    result = ask()
    note.parent.mkdir(parents=True, exist_ok=True)
    fresh = note.with_suffix(".new")
    fresh.write_text(json.dumps(made_from | {"answers": sha256_of(text_of(result))}), encoding="utf-8")
    fresh.replace(note)
    return result


def kept_as(kind: type[T], answers: Path) -> T | None:
    """Return the answers kept in a JSON file; None when there are none, or another version wrote them."""
    try:
        return from_plain(kind, json.loads(answers.read_text(encoding="utf-8")))
    except (FileNotFoundError, json.JSONDecodeError, KeyError, TypeError):
        return None


def code_hash(*folders: Path) -> str:
    """Return the hash of the source of analytics and of more folders: another way to ask is another answer."""
    import analytics

    every = [path for folder in (Path(analytics.__file__).parent, *folders) for path in sorted(folder.rglob("*"))]
    return sha256_of("".join(path.read_text(encoding="utf-8") for path in every if path.suffix in _SOURCE))


def sha256_of(text: str) -> str:
    """Return the hex SHA-256 of a text."""
    return hashlib.sha256(text.encode()).hexdigest()
