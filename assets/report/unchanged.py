"""Whether the published report still says what the state holds.

Lives here: the facts a report depends on, kept beside it. Not here: building it (build.py).
"""

import hashlib
import json
from pathlib import Path
from typing import Any

from assets.lake import Lake
from assets.station import Station

_FILE = ".made_from.json"
_READS = ("core_interaction", "score_interaction", "score_question", "score_evidence", "raw_file")
_KEPT = ("question_agreement", "score_drift", "score_rule")
_HERE = Path(__file__).parent


def state_of(lake: Lake, station: Station, epoch: str) -> dict[str, Any]:
    """Return everything a report depends on: lake versions, epoch, marts, basis, and the code that draws it."""
    code = hashlib.sha256()
    for path in sorted(
        [*_HERE.rglob("*"), *_HERE.with_name("coaching").glob("*.py"), *(_HERE.parents[1] / "analytics").rglob("*.py")]
    ):
        if path.suffix in (".py", ".css", ".js"):
            code.update(path.read_bytes())
    marts = station.state / "marts" / "current"
    return {
        "versions": lake.versions(_READS),
        "epoch": epoch,
        "marts": marts.resolve().name,
        "basis": station.basis,
        "basis_name": station.basis_name,
        "effects": [_hash_of(path) for path in sorted((station.state / "analysis").glob("effect_*.json"))],
        "people": [_hash_of(station.state / "analysis" / f"{name}.json") for name in _KEPT],
        "code": code.hexdigest(),
    }


def _hash_of(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest() if path.is_file() else ""


def is_published(out: Path, state: dict[str, Any]) -> bool:
    """Whether the report in `out` was made from exactly this state."""
    path = out / _FILE
    return path.is_file() and path.read_text(encoding="utf-8") == _text(state)


def note_published(out: Path, state: dict[str, Any]) -> None:
    """Remember what the report in `out` was made from, in one piece: half a note would be no note."""
    fresh = out / f"{_FILE}.new"
    fresh.write_text(_text(state), encoding="utf-8")
    fresh.replace(out / _FILE)


def _text(state: dict[str, Any]) -> str:
    return json.dumps(state, sort_keys=True)
