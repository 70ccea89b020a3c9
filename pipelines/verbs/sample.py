"""`aftercall sample`: draw which interactions people should label, and write the blind sheet they fill in.

Lives here: the request, reading the state, writing the sheet. Not here: drawing (analytics.sampling).
"""

import argparse
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from aftercall.cli.terminal import asker, shown, tell, write_line
from aftercall.contracts.errors import RequestError

if TYPE_CHECKING:
    import polars as pl

    from aftercall.scoring.forms import Forms
    from assets.lake import Lake

_EXAMPLE = "aftercall sample --state .state/demo --n 120 --design stratified --seed 7 --out labels.csv"
_DOES = """Draws interactions of a state and writes the long form of evaluations, one row per interaction and question, with
empty answers: people write yes, no, partial or na into answer_key and their id into evaluator_id, and the file goes into
the input folder. Every row carries the probability with which it was drawn; the same state, design and seed give the same
sheet. Blind: the sheet holds no machine answer unless --with-suggestions, and such answers never count as agreement.
  random        every interaction alike
  stratified    the same number per agent
  uncertainty   in proportion to the machine's doubt: its confidence where recorded, else how near a band's edge the score is
  mixed         half random, half by doubt"""
_AS = {"role": "qa_lead", "purpose": "coaching"}


def main(argv: Sequence[str]) -> int:
    """Run the verb; 0 done, 2 the request was wrong."""
    ask = asker("sample", _EXAMPLE, _DOES)
    ask.add_argument("--state", type=Path, default=Path(".state/main"), metavar="DIR", help="state folder (.state/main)")
    ask.add_argument("--n", type=int, default=120, metavar="N", help="interactions to draw (120)")
    ask.add_argument("--design", choices=("random", "stratified", "uncertainty", "mixed"), default="stratified")
    ask.add_argument("--seed", type=int, default=0, metavar="N", help="seed of the draw (0)")
    ask.add_argument("--double", type=float, default=0.1, metavar="SHARE", help="share that two people label (0.1)")
    ask.add_argument("--since", metavar="D", help="only interactions from this day on, YYYY-MM-DD")
    ask.add_argument("--until", metavar="D", help="only interactions up to this day")
    ask.add_argument("--questions", metavar="A,B,...", help="only these questions (all of the form)")
    ask.add_argument("--with-suggestions", action="store_true", help="not blind: put the machine's answers beside")
    ask.add_argument("--scorecard", type=Path, metavar="F", help="the form the state was scored with, if not the shipped ones")
    ask.add_argument("--out", type=Path, default=Path("labels.csv"), metavar="F", help="sheet to write (labels.csv)")
    ask.add_argument("--json", action="store_true", help="one JSON object on stdout")
    asked = ask.parse_args(list(argv))
    if not 0 <= asked.double <= 1:
        raise RequestError(f"--double {asked.double} is no share. Give a number from 0 to 1.")

    from analytics.sampling import draw, sheet
    from assets.lake import Lake
    from assets.score.forms_in_force import load_forms

    lake, forms = Lake(asked.state / "lake"), load_forms(asked.scorecard, asked.state)
    drawn = draw(_population(lake, forms, asked), asked.n, design=asked.design, seed=asked.seed)
    suggestions = _suggestions(lake, forms, drawn.rows) if asked.with_suggestions else None
    rows = sheet(drawn, _questions(forms, asked.questions), double_share=asked.double, suggestions=suggestions)
    rows = rows.with_columns(score_epoch=_text(forms.epoch))
    asked.out.parent.mkdir(parents=True, exist_ok=True)
    rows.write_csv(asked.out)
    if asked.json:
        low, high = drawn.rows["inclusion_probability"].min(), drawn.rows["inclusion_probability"].max()
        write_line(
            {"file": str(asked.out), "interactions": drawn.rows.height, "population": drawn.population_n, "rows": rows.height,
             "design": drawn.design, "seed": drawn.seed, "least_probability": low, "greatest_probability": high,
             "sheets": rows["evaluation_id"].n_unique(), "is_blind": suggestions is None}
        )  # fmt: skip
    tell(f"{drawn}.")
    tell(f"{rows['evaluation_id'].n_unique():,} forms, {rows.height:,} rows to fill in: {shown(asked.out)}")
    if suggestions is not None:
        tell("The sheet shows the machine's answers: what people fill in counts as edits, not as agreement.")
    return 0


def _text(value: str) -> "pl.Expr":
    import polars as pl

    return pl.lit(value)


def _population(lake: "Lake", forms: "Forms", asked: argparse.Namespace) -> "pl.DataFrame":
    """Return scored interactions of the present epoch with agent, form and, where the design asks, doubt."""
    import polars as pl

    scores = lake.read(
        "score_interaction",
        columns=["interaction_id", "day_on", "scorecard_id", "scorecard_version", "overall"],
        epoch=forms.epoch,
        **_AS,
    ).filter(pl.col("overall").is_not_null())
    if asked.since:
        scores = scores.filter(pl.col("day_on") >= asked.since)
    if asked.until:
        scores = scores.filter(pl.col("day_on") <= asked.until)
    if scores.height == 0:
        raise RequestError(
            f"{asked.state} holds no scored interactions of the present epoch {forms.epoch} in these days. Run it first: "
            f"aftercall run --input DIR --state {asked.state}, or give the form with --scorecard."
        )
    agents = lake.read("core_interaction", columns=["interaction_id", "agent_id"], **_AS)
    population = scores.join(agents, on="interaction_id", how="left")
    if asked.design in ("uncertainty", "mixed"):
        population = population.join(_doubt(lake, forms, scores), on="interaction_id", how="left")
    named = {"scorecard_id": "form_id", "scorecard_version": "form_version"}
    return population.drop("day_on", "overall").rename(named).drop("form_version")


def _doubt(lake: "Lake", forms: "Forms", scores: "pl.DataFrame") -> "pl.DataFrame":
    """Return how unsure the machine is of each interaction: by its confidence where the scores carry one, else by margin."""
    from aftercall.contracts.tables import table_named
    from analytics.sampling import doubt_of, doubt_of_margins

    if "confidence" in table_named("score_question").names:
        answers = lake.read("score_question", columns=["interaction_id", "confidence"], epoch=forms.epoch, **_AS)
        if answers["confidence"].count():
            return doubt_of(answers)
    cuts = sorted({cut for form in forms.forms for _, cut in form.bands if cut > 0})
    return doubt_of_margins(scores, cuts or [50.0])


def _questions(forms: "Forms", wanted: str | None) -> "pl.DataFrame":
    import polars as pl

    rows: list[dict[str, Any]] = [
        {
            "form_id": form.form_id,
            "form_version": form.version,
            "section_id": one.section,
            "question_id": one.question_id,
            "question_version": str(one.version),
            "question_text": one.title,
            "max_points": f"{one.points:g}",
            "weight": f"{one.weight:g}",
            "weight_mode": form.weight_mode,
        }
        for form in forms.forms
        for one in form.questions
    ]
    frame = pl.DataFrame(rows)
    if wanted is None:
        return frame
    names = wanted.split(",")
    known = frame["question_id"].unique().sort().to_list()
    if strange := [name for name in names if name not in known]:
        raise RequestError(f"There is no question {', '.join(strange)}. There are: {', '.join(known)}.")
    return frame.filter(pl.col("question_id").is_in(names))


def _suggestions(lake: "Lake", forms: "Forms", drawn: "pl.DataFrame") -> "pl.DataFrame":
    columns = ["interaction_id", "question_id", "answer"]
    return lake.read(
        "score_question", columns=columns, epoch=forms.epoch, among=("interaction_id", drawn["interaction_id"]), **_AS
    )
