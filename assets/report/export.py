"""CSV files and the manifest that says what is in them.

Lives here: bytes of each file, deterministic for the same inputs.
Not here: what the tables hold (datasets.py), writing (build.py).
"""

import hashlib
import json
from collections.abc import Sequence

from assets.report.datasets import Dataset, meaning_of
from assets.report.inputs import Facts
from assets.report.safe_text import csv_bytes


def csv_files(sets: Sequence[Dataset], facts: Facts) -> dict[str, bytes]:
    """Return file name to content: one CSV a data set, and manifest.json."""
    files = {f"{data.name}.csv": csv_bytes(data.frame) for data in sets}
    listed = [_entry(data, files[f"{data.name}.csv"], facts) for data in sets]
    given = facts.given
    manifest = {
        "as_of_at": given.as_of_at.isoformat(),
        "basis": given.basis,
        "basis_name": given.basis_name,
        "period": facts.period,
        "note": "Texts that a spreadsheet would run as a formula carry a leading apostrophe. Missing values are empty.",
        "files": listed,
    }
    files["manifest.json"] = json.dumps(manifest, indent=1, ensure_ascii=False, allow_nan=False).encode() + b"\n"
    return files


def _entry(data: Dataset, content: bytes, facts: Facts) -> dict[str, object]:
    units = {name: meaning_of(name) for name in data.frame.columns}
    return {
        "file": f"{data.name}.csv",
        "question": data.question,
        "rows": data.frame.height,
        "sha256": hashlib.sha256(content).hexdigest(),
        "score_epochs": [facts.given.epoch],
        "purpose": data.purpose,
        "filters": list(facts.given.filters),
        "parameters": {"fewest_agents": 5, "fewest_interactions": 20},
        "columns": [{"name": name, "unit": unit, "meaning": meaning} for name, (unit, meaning) in units.items()],
    }
