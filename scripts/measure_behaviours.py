"""Measures every behaviour on the cases written without sight of its rule (tests/blind), for the catalogue.

Usage: python scripts/measure_behaviours.py [--check]. The cases are never used to choose a rule or a cut point: `--check`
and the test that runs it only compare. Lives here: reading cases, writing measured.json. Not here: judging (aftercall.scoring).
"""

import json
import sys
from dataclasses import asdict
from pathlib import Path

import yaml

from aftercall.scoring.behaviour_cases import measure
from aftercall.scoring.behaviours import FOLDER

CASES = Path(__file__).parents[1] / "tests" / "blind"
# Lines of the files that a search showed to somebody who was writing rules: their cases are blind no more and are left out.
SEEN = {"benefit_explained": 29, "answers_question": 9, "transfer_etiquette": 16, "gratitude": 16}
# Words alone cannot show a silence: its rule needs times.
NEEDS_TIMES = {"dead_air"}


def measured() -> dict[str, dict[str, int]]:
    """Return the counts of every behaviour that has blind cases."""
    found = {}
    for path in sorted(CASES.glob("*.yaml")):
        if path.stem in NEEDS_TIMES:
            continue
        text = path.read_text(encoding="utf-8")
        cases, name = yaml.safe_load(text), path.stem
        seen = yaml.safe_load(text.splitlines()[SEEN[name] - 1]) if name in SEEN else []
        paraphrases, near_misses = ([one for one in cases[kind] if one not in seen] for kind in ("paraphrases", "near_misses"))
        found[name] = asdict(measure(name, paraphrases, near_misses))
    return found


def main() -> None:
    """Print a table and write the counts."""
    found = measured()
    for name, one in found.items():
        print(
            f"{name:<24} recall {one['found_n'] / one['paraphrase_n']:.2f}  false {one['false_n'] / one['near_miss_n']:.2f}  "
            f"to a person {one['pending_n']}"
        )
    total = {key: sum(one[key] for one in found.values()) for key in next(iter(found.values()))}
    recall, false = total["found_n"] / total["paraphrase_n"], total["false_n"] / total["near_miss_n"]
    print(f"{'all':<24} recall {recall:.2f}  false {false:.2f}")
    if "--check" not in sys.argv:
        note = "Counts on tests/blind, written without sight of the rules; made by scripts/measure_behaviours.py."
        text = json.dumps({"about": note, "behaviours": found}, indent=1) + "\n"
        (FOLDER / "measured.json").write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
