"""`aftercall explain FILE/-`: scores for people.

Lives here: the door. Not here: the words (aftercall.scoring.explain), the records (score.py).
"""

import sys
from collections.abc import Sequence
from pathlib import Path

from aftercall.cli.score import Refused, forms_for, scored
from aftercall.cli.terminal import asker
from aftercall.scoring.explain import explained

_EXAMPLE = "aftercall explain .state/demo/input/transcripts/week-01.jsonl --only demo-000012"
_DOES = "Says for every interaction what was scored, each lost point with its quote and minute, and what would have earned it."


def main(argv: Sequence[str]) -> int:
    """Run the verb; 0 all lines explained, 1 some lines were refused, 2 the request was wrong."""
    ask = asker("explain", _EXAMPLE, _DOES)
    ask.add_argument("files", nargs="+", metavar="FILE", help="canonical JSON lines; - is standard input")
    ask.add_argument("--scorecard", action="append", type=Path, metavar="F", help="score with this scorecard (repeatable)")
    ask.add_argument("--only", action="append", metavar="ID", help="explain this interaction only (repeatable)")
    asked = ask.parse_args(list(argv))
    refused = Refused()
    for interaction, score in scored(asked.files, forms_for(asked.files, asked.scorecard), refused):
        if not asked.only or interaction.interaction_id in asked.only:
            print("\n".join(explained(score)))
            print()
    sys.stdout.flush()
    return refused.say()
