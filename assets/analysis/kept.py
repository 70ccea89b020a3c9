"""Answers asked once of the same marts: kept beside their JSON, with what they were made from.

Lives here: whether the kept answers still hold. Not here: asking (assets.py), how results are written (assets.results).
"""

import hashlib
import json
from collections.abc import Callable
from pathlib import Path

from analytics.first_answers import FirstAnswers
from assets.results import from_plain, text_of


def kept_or_asked(folder: Path, made_from: dict[str, str], ask: Callable[[], FirstAnswers]) -> FirstAnswers:
    """Return the answers in `folder` if they were made from exactly this, else ask and note what they were made from.

    The note carries the hash of the answers: answers written by a run that was killed before the note, or a note
    written before the answers, do not fit and are asked again.
    """
    note, answers = folder / "first_answers.made_from.json", folder / "first_answers.json"
    if note.is_file() and answers.is_file():
        text = answers.read_text(encoding="utf-8")
        if json.loads(note.read_text(encoding="utf-8")) == made_from | {"answers": _sha256(text)}:
            return from_plain(FirstAnswers, json.loads(text))
    result = ask()
    folder.mkdir(parents=True, exist_ok=True)
    fresh = note.with_suffix(".new")
    fresh.write_text(json.dumps(made_from | {"answers": _sha256(text_of(result))}), encoding="utf-8")
    fresh.replace(note)
    return result


def code_hash() -> str:
    """Return the hash of the source of analytics: another way to ask is another answer."""
    import analytics

    folder = Path(analytics.__file__).parent
    return _sha256("".join(path.read_text(encoding="utf-8") for path in sorted(folder.glob("*.py"))))


def _sha256(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
