"""Lost points of the real chats, drawn by seed to be read and judged by a person, and the published share of wrong ones.

    python scripts/lost_points.py draw STAR.jsonl --n 100 --seed 11 > /tmp/drawn.txt     what to read, with its evidence
    python scripts/lost_points.py publish                                                docs/measured/lost_points.md anew

The judgements are in docs/measured/lost_points.csv (ids and verdicts, no words of anybody). Lives here: drawing, counting.
Not here: scoring.
"""

import argparse
import csv
import json
from collections import defaultdict
from pathlib import Path

import numpy as np
from scipy import stats

from aftercall.contracts.records import from_line
from aftercall.scoring.explain import clock, evidence_words
from aftercall.scoring.fold import score_one
from aftercall.scoring.forms import load
from aftercall.text.redact_records import redact_interaction
from aftercall.text.roles import with_roles_checked

JUDGED = Path(__file__).parents[1] / "docs" / "measured" / "lost_points.csv"
WRONG_SHARE_MAX = 0.10


def draw(path: Path, n: int, seed: int, questions: frozenset[str]) -> None:
    """Print n lost points, evenly over the questions (all, or some), each with the conversation around its evidence."""
    forms = load()
    lost = defaultdict(list)
    for line in path.read_text(encoding="utf-8").splitlines():
        interaction = redact_interaction(with_roles_checked(from_line(json.loads(line)))).interaction
        for answer in score_one(interaction, forms).answers:
            wanted = answer.question.question_id in questions if questions else not answer.question.is_advisory
            if answer.answer in ("no", "partial") and wanted:
                lost[answer.question.question_id].append((interaction, answer))
    rng = np.random.default_rng(seed)
    order = {name: rng.permutation(len(some)).tolist() for name, some in sorted(lost.items())}
    drawn = list[tuple]()
    while len(drawn) < min(n, sum(len(some) for some in lost.values())):
        for name in sorted(order):
            if order[name] and len(drawn) < n:
                drawn.append(lost[name][order[name].pop()])
    print(f"epoch {forms.epoch}; lost points by question: " + ", ".join(f"{k} {len(v)}" for k, v in sorted(lost.items())))
    for place, (interaction, answer) in enumerate(sorted(drawn, key=lambda one: one[1].question.question_id)):
        print(f"\n#{place} {answer.question.question_id} | {interaction.interaction_id} | {answer.question.title}")
        print(f"  {answer.reason}")
        for evidence in answer.evidence:
            print(f"  evidence: {evidence_words(evidence)}")
        shown = _around(answer)
        for turn in interaction.in_order():
            if shown is None or shown[0] <= turn.turn <= shown[1]:
                print(f"    {turn.turn:>3} {clock(turn.start_s)} {turn.speaker[0].upper()}: {turn.text[:160]}")


def _around(answer) -> tuple[int, int] | None:  # noqa: ANN001
    """Return the first and last turn worth reading: around the first evidence; all turns where the whole was searched."""
    spans = [one.searched_turns or (one.turn, one.turn) for one in answer.evidence[:2]]
    first, last = min(a for a, _ in spans), max(b for _, b in spans)
    return None if last - first > 25 else (first - 3, last + 4)


def publish() -> None:
    """Write the table of wrong shares; exact (Clopper-Pearson) intervals."""
    with JUDGED.open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    counts: dict[str, list[int]] = defaultdict(lambda: [0, 0])
    for row in rows:
        counts[row["question_id"]][0] += 1
        counts[row["question_id"]][1] += row["judged"] == "wrong"
    total, wrong = len(rows), sum(row["judged"] == "wrong" for row in rows)
    of_all = f"{wrong} of {total} would not have been lost by a careful person ({wrong / total:.0%}"
    lines = [
        "# Lost points read and judged",
        "",
        f"{total} lost points of real service chats (STAR), drawn by seed evenly over the questions, were read with the",
        f"conversation beside them; {of_all}, 95 % interval {_interval(wrong, total)}).",
        f"A question with more than {WRONG_SHARE_MAX:.0%} wrong is advisory: shown, outside the score. The ids and verdicts",
        "are in `lost_points.csv`; the words stay with the data. Reader: one of us; no second reader has judged them.",
        "",
        "| question | read | wrong | share | 95 % interval |",
        "|---|--:|--:|--:|---|",
    ]
    for name, (n, k) in sorted(counts.items(), key=lambda one: (-one[1][1] / one[1][0], one[0])):
        lines.append(f"| {name} | {n} | {k} | {k / n:.0%} | {_interval(k, n)} |")
    (JUDGED.parent / "lost_points.md").write_text("\n".join(lines) + "\n", encoding="utf-8")


def _interval(k: int, n: int) -> str:
    low, high = stats.binomtest(k, n).proportion_ci(method="exact")
    return f"{low:.0%} to {high:.0%}"


def main() -> None:
    """Draw or publish."""
    ask = argparse.ArgumentParser(description=__doc__)
    ask.add_argument("what", choices=["draw", "publish"])
    ask.add_argument("file", nargs="?", type=Path)
    ask.add_argument("--n", type=int, default=100)
    ask.add_argument("--seed", type=int, default=11)
    ask.add_argument("--questions", default="", help="comma-separated ids (all that count)")
    asked = ask.parse_args()
    if asked.what == "draw":
        draw(asked.file, asked.n, asked.seed, frozenset(filter(None, asked.questions.split(","))))
    else:
        publish()


if __name__ == "__main__":
    main()
