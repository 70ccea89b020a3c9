"""`aftercall correct FILE`: means and effects of automatic scores, corrected by the random part that people scored.

Lives here: the request and the worked example. Not here: the correction (analytics.studies.corrected_effects).
"""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from aftercall.cli.terminal import asker, tell
from aftercall.contracts.errors import RequestError
from pipelines.verbs.tables import read_any, tell_answer

if TYPE_CHECKING:
    import argparse

    import polars as pl

    from analytics.studies.corrected_effects import Labelled

_EXAMPLE = (
    "aftercall correct --example labels.csv && aftercall correct labels.csv --auto auto --human human --prob prob --by team"
)
_DOES = """One row per interaction with an automatic score, any column names; the human score is empty where nobody scored.
--prob is the probability of having been drawn, stored at the draw (aftercall sample keeps it). The answer is the mean
as people would score: automatic everywhere, people's corrections weighed by 1/probability (PPI++, its weight from other
folds). --effect COL (1 treated, 0 control, randomised) gives the corrected difference instead. --cluster names the level
of the interval (agents, or teams when teams were treated). Without probabilities there is no answer.
--example FILE writes 6,000 made-up rows of 60 agents with 8 % labels; the true mean of the labels' question is 0.6."""


def main(argv: Sequence[str]) -> int:
    """Run the verb; 0 done, 2 the request was wrong."""
    ask = asker("correct", _EXAMPLE, _DOES)
    ask.add_argument("file", metavar="FILE", type=Path, nargs="?", help="CSV or Parquet, one row per interaction")
    ask.add_argument("--auto", metavar="COL", help="column of the automatic score")
    ask.add_argument("--human", metavar="COL", help="column of the human score, empty where there is none")
    ask.add_argument("--prob", metavar="COL", help="column of the sampling probability")
    ask.add_argument("--by", metavar="COL", help="also the mean of every group")
    ask.add_argument("--cluster", metavar="COL", help="column of the clusters (agents); rows are independent without it")
    ask.add_argument("--effect", metavar="COL", help="1 treated, 0 control: the corrected difference")
    ask.add_argument("--lambda", dest="lam", type=float, metavar="L", help="0 people only ... 1 automatic in full (tuned)")
    ask.add_argument("--seed", type=int, default=0, metavar="N", help="seed of the folds (0)")
    ask.add_argument("--alpha", type=float, default=0.05, metavar="A", help="1 minus the level of the intervals (0.05)")
    ask.add_argument("--example", type=Path, metavar="FILE", help="write a small table to try and stop")
    ask.add_argument("--json", action="store_true", help="one JSON object on stdout")
    asked = ask.parse_args(list(argv))
    if asked.example:
        return _example(asked.example)
    needed = ("file", "auto", "human", "prob")
    if lacking := ["FILE" if name == "file" else f"--{name}" for name in needed if not getattr(asked, name)]:
        raise RequestError(f"{', '.join(lacking)} missing. Example: {_EXAMPLE}")
    if not 0 < asked.alpha < 1:
        raise RequestError(f"--alpha {asked.alpha:g} is no share. Give a number between 0 and 1, such as 0.05.")
    from analytics.studies.corrected_effects import corrected

    frame = read_any(asked.file, "one row per interaction")
    rows, treated = _rows(frame, asked)
    tell_answer(corrected(rows, lam=asked.lam, treated=treated, alpha=asked.alpha, seed=asked.seed), as_json=asked.json)
    return 0


def _rows(frame: "pl.DataFrame", asked: "argparse.Namespace") -> "tuple[Labelled, object]":
    import numpy as np
    import polars as pl

    from analytics.studies.corrected_effects import Labelled
    from analytics.studies.series import as_numbers, need

    named = [name for name in (asked.auto, asked.human, asked.prob, asked.by, asked.cluster, asked.effect) if name]
    need(frame, named, str(asked.file))
    auto, human, probability = (as_numbers(frame, name) for name in (asked.auto, asked.human, asked.prob))
    arm = as_numbers(frame, asked.effect) if asked.effect else np.zeros(frame.height)
    known = np.isfinite(auto) & np.isfinite(arm)
    if lost := int((~known).sum()):
        tell(f"{lost} rows without an automatic score (or arm) are left out.")
    if asked.effect and not np.isin(arm[known], (0, 1)).all():
        raise RequestError(f"{asked.effect} must be 1 (treated) or 0 (control) in every row.")

    def codes(name: str | None) -> tuple[np.ndarray, tuple[str, ...]]:
        if name is None:
            return np.zeros(int(known.sum()), dtype=np.int64), ("all",)
        texts = frame[name].cast(pl.String).fill_null("(not known)").to_numpy()[known]
        names, found = np.unique(texts.astype(str), return_inverse=True)
        return found.reshape(-1).astype(np.int64), tuple(str(one) for one in names)

    group, names = codes(asked.by)
    cluster = codes(asked.cluster)[0] if asked.cluster else np.arange(int(known.sum()))
    rows = Labelled(auto[known], human[known], probability[known], cluster, group, names, asked.human)
    return rows, (arm[known] == 1 if asked.effect else None)


def _example(path: Path) -> int:
    """Write 6,000 interactions of 60 agents in 3 teams: true rate 0.6, sensitivity .88, specificity .85, 8 % drawn."""
    import numpy as np

    rng, rows = np.random.default_rng(2), ["team,agent,auto,human,prob"]
    for number in range(6000):
        agent = number % 60
        truth = rng.random() < 0.6
        auto = rng.random() < (0.88 if truth else 0.15)
        human = f"{int(truth)}" if rng.random() < 0.08 else ""
        rows.append(f"T{agent // 20 + 1},A{agent:02d},{int(auto)},{human},0.08")
    path.write_text("\n".join(rows) + "\n", encoding="utf-8")
    tell(f"{path}: 6,000 made-up interactions of 60 agents; people would say yes in 60 %, the machine errs both ways.")
    return 0
