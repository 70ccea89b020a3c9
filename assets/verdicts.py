"""What a check said of a table, and remembering it: the same content is never checked twice.

Lives here: the verdict, its file, its form as a Dagster result. Not here: any check (checks.py, expectations.py).
"""

import dataclasses
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import dagster as dg


@dataclass(frozen=True, slots=True)
class Verdict:
    """One table, whether it passed, what to say of it, and the numbers behind it."""

    table: str
    passed: bool
    said: str
    facts: Mapping[str, float | str] = field(default_factory=dict[str, float | str])

    def result(self, check_name: str) -> dg.AssetCheckResult:
        """Return the verdict as the result of a check on the asset of the table's name."""
        return dg.AssetCheckResult(
            passed=self.passed,
            asset_key=dg.AssetKey([self.table]),
            check_name=check_name,
            description=self.said,
            metadata=dict(self.facts),
        )


def remembered(path: Path, stamp: Mapping[str, object], judge: Callable[[], Sequence[Verdict]]) -> list[Verdict]:
    """Return the verdicts kept in `path` if they were given on exactly this content and all passed; else judge and keep.

    Args: stamp, JSON values that change whenever a verdict could; versions and the rules themselves belong into it.
    """
    wanted = json.loads(json.dumps(stamp, sort_keys=True))
    try:
        kept = json.loads(path.read_text(encoding="utf-8"))
    except (FileNotFoundError, json.JSONDecodeError):  # never judged, or killed while writing on a full disk
        kept = {}
    if kept.get("stamp") == wanted and all(entry["passed"] for entry in kept["verdicts"]):
        return [Verdict(**entry) for entry in kept["verdicts"]]
    verdicts = list(judge())
    path.parent.mkdir(parents=True, exist_ok=True)
    fresh = path.with_suffix(".new")
    document = {"stamp": wanted, "verdicts": [dataclasses.asdict(verdict) for verdict in verdicts]}
    fresh.write_text(json.dumps(document, indent=1), encoding="utf-8")
    fresh.replace(path)
    return verdicts
