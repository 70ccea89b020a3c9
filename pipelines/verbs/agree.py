"""`aftercall agree FILE`: how far people, or people and the machine, agree; any table of ratings, or labels with scores.

Lives here: the request, reading the files, what is printed. Not here: coefficients (analytics.agreement_summary), questions
of a scorecard (analytics.agreement_questions).
"""

import argparse
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from aftercall.cli.terminal import asker, lines_of, tell, write_line
from aftercall.contracts.errors import IntakeError, RequestError
from pipelines.verbs.tables import read_any

if TYPE_CHECKING:
    import polars as pl

    from analytics.agreement_summary import Agreement, Ratings

_EXAMPLE = "aftercall agree .state/demo/centre/input/evaluations.csv --state .state/demo"
_DOES = """Labels beside scores, one line a question: n, raw agreement, Cohen kappa, Gwet AC1, Krippendorff alpha, sensitivity
(yes as yes), specificity (no as no), 95 % intervals clustered by agent, people among themselves beside, and whether the
question may count. FILE is the long form of evaluations; the scores are those of --scores F (written by `aftercall
score`) or of a state's present epoch (--state DIR). Under 20 labels nothing is shown, under 50 the result is marked.

Any other table of ratings, CSV or Parquet, with any column names:
  aftercall agree ratings.csv --item unit --rater coder --value code --level ordinal     one row a rating
  aftercall agree readings.csv --a meter_1 --b meter_2 --level interval                  two columns; a is the reference
  aftercall agree wide.csv --columns A,B,C,D --level ratio                               one column a rater
  aftercall agree counts.csv --counts none,mild,severe                                   raters counted per category
gives raw, kappa (also weighted), AC1, AC2, Fleiss, PABAK, alpha on every level the values have, and for two raters
sensitivity, specificity, prevalence, bias index and, for numbers, Bland-Altman limits. Empty cells, '.', NA and NaN are
missing. Formulas: analytics/agreement.py and analytics/agreement_pairs.py."""
_LABEL_COLUMNS = {"answer_key": "answer"}


def main(argv: Sequence[str]) -> int:
    """Run the verb; 0 done, 1 some lines of the scores were refused, 2 the request was wrong."""
    ask = asker("agree", _EXAMPLE, _DOES)
    ask.add_argument("file", metavar="FILE", type=Path, help="CSV or Parquet")
    for name, what in (("item", "unit rated"), ("rater", "rater (may be left out)"), ("value", "rating")):
        ask.add_argument(f"--{name}", metavar="COL", help=f"column of the {what}, one row a rating")
    ask.add_argument("--a", metavar="COL", help="column of the first rater, the reference")
    ask.add_argument("--b", metavar="COL", help="column of the second rater")
    ask.add_argument("--columns", metavar="A,B,...", help="columns of the raters, one row a unit")
    ask.add_argument("--counts", metavar="A,B,...", help="columns of the categories, holding numbers of raters")
    ask.add_argument("--level", choices=("nominal", "ordinal", "interval", "ratio"), default="nominal", help="scale for alpha")
    ask.add_argument("--categories", metavar="A,B,...", help="every possible answer, in order; also those nobody gave")
    ask.add_argument("--positive", metavar="VALUE", help="the answer sensitivity is about (the last of two)")
    ask.add_argument("--cluster", metavar="COL", help="column of the clusters (agents): intervals resample them whole")
    ask.add_argument("--scores", metavar="F", help="JSON lines of `aftercall score`: the machine's answers")
    ask.add_argument("--state", type=Path, metavar="DIR", help="take the machine's answers from this state's present epoch")
    ask.add_argument(
        "--scorecard", type=Path, metavar="F", help="with --state: the form it was scored with, if not the shipped"
    )
    ask.add_argument("--seed", type=int, default=0, metavar="N", help="seed of the resampling (0)")
    ask.add_argument("--replicates", type=int, default=1000, metavar="N", help="draws of the resampling (1000)")
    ask.add_argument("--json", action="store_true", help="one JSON object on stdout")
    asked = ask.parse_args(list(argv))
    if asked.replicates < 100:
        raise RequestError(f"--replicates {asked.replicates} is too few for an interval. Give 100 or more.")
    frame = read_any(asked.file, "ratings, or evaluations in the long form")
    if asked.scores or asked.state:
        return _questions(asked, frame)
    return _ratings(asked, frame)


def _ratings(asked: argparse.Namespace, frame: "pl.DataFrame") -> int:
    from analytics.agreement_summary import agreement

    found = agreement(
        ratings_of(asked, frame), level=asked.level, positive=asked.positive, seed=asked.seed, replicates=asked.replicates
    )
    if asked.json:
        write_line(found.as_record())
    else:
        print("\n".join(_told(found)))
    for warning in found.warnings:
        tell(warning)
    return 0


def ratings_of(asked: argparse.Namespace, frame: "pl.DataFrame") -> "Ratings":
    """Return the ratings a request names. Raises RequestError when it names none, or two shapes at once."""
    from analytics.agreement_ratings import counted_ratings, long_ratings, wide_ratings

    shapes = {
        "--item and --value": bool(asked.item or asked.value or asked.rater),
        "--a and --b": bool(asked.a or asked.b),
        "--columns": bool(asked.columns),
        "--counts": bool(asked.counts),
    }
    chosen = [name for name, wanted in shapes.items() if wanted]
    there = ", ".join(frame.columns)
    if not chosen and {"item", "rater", "value"} <= set(frame.columns):
        asked.item, asked.rater, asked.value, chosen = "item", "rater", "value", ["--item and --value"]
    elif not chosen and {"a", "b"} <= set(frame.columns):
        asked.a, asked.b, chosen = "a", "b", ["--a and --b"]
    if len(chosen) != 1:
        raise RequestError(
            f"Say how the ratings lie, in one way: {', '.join(shapes)}; for evaluations add --scores or --state. "
            f"{asked.file} has the columns {there}."
        )
    categories = tuple(asked.categories.split(",")) if asked.categories else ()
    if chosen == ["--columns"]:
        return wide_ratings(frame, asked.columns.split(","), cluster=asked.cluster, categories=categories)
    if chosen == ["--counts"]:
        return counted_ratings(frame, asked.counts.split(","), cluster=asked.cluster)
    if chosen == ["--a and --b"]:
        if not (asked.a and asked.b):
            raise RequestError(f"--a and --b go together. {asked.file} has the columns {there}.")
        return wide_ratings(frame, [asked.a, asked.b], cluster=asked.cluster, categories=categories)
    if not (asked.item and asked.value):
        raise RequestError(f"--item and --value go together (--rater is optional). {asked.file} has the columns {there}.")
    return long_ratings(
        frame, item=asked.item, value=asked.value, rater=asked.rater, cluster=asked.cluster, categories=categories
    )


def _told(found: "Agreement") -> list[str]:
    raters = f"{found.n_raters} raters, " if found.n_raters else ""
    first = f"{found.n_units} units, {found.n_pairable} with two ratings or more, {raters}{found.n_ratings} ratings"
    lines = [f"{first}, level {found.level}; {found.method}"]
    lines += [f"  {name:<17} {one}" for name, one in found.measures.items()]
    if (limits := found.bland_altman) is not None:
        lines.append(
            f"  mean difference   {limits.mean:.4g} (SE {limits.mean_se:.3g}), SD {limits.sd:.4g}, "
            f"{limits.multiple:g} SD limits {limits.low:.4g} to {limits.high:.4g} (SE {limits.limit_se:.3g})"
        )
    return lines


def _questions(asked: argparse.Namespace, frame: "pl.DataFrame") -> int:
    from analytics.agreement_questions import question_agreement
    from assets.quality.rules import in_our_words, quality_rules

    rules = quality_rules()
    labels = in_our_words(_labels(frame, asked), rules.asked_elsewhere)
    answers, refused_n = _answers(asked)
    found = question_agreement(labels, answers, gate=rules.gate, seed=asked.seed, replicates=asked.replicates)
    rows = found.rows.to_dicts()
    if asked.json:
        said = {"label_n": found.label_n, "left_out": found.left_out, "warnings": list(found.warnings)}
        write_line({"questions": [question_record(row) for row in rows], **said, "seed": asked.seed})
    else:
        print("\n".join(_lines_of(rows)))
    left = ", ".join(f"{n:,} {why}" for why, n in found.left_out.items())
    tell(f"{found.label_n:,} blind labels{'; left out: ' + left if left else ''}.")
    for warning in found.warnings:
        tell(warning)
    if refused_n:
        tell(f"{refused_n} lines of the scores were refused; all others were read.")
    return 1 if refused_n else 0


def _labels(frame: "pl.DataFrame", asked: argparse.Namespace) -> "pl.DataFrame":
    """Return labels in the columns the statistics know, numbers as numbers; names may be given with --item and the like."""
    import polars as pl

    named = {asked.value: "answer", asked.rater: "evaluator_id", asked.item: "interaction_id", asked.cluster: "agent_id"}
    names = {theirs: ours for theirs, ours in (_LABEL_COLUMNS | named).items() if theirs in frame.columns}
    frame = frame.drop([ours for theirs, ours in names.items() if ours in frame.columns and ours != theirs]).rename(names)
    for needed in ("interaction_id", "question_id", "answer"):
        if needed not in frame.columns:
            raise RequestError(
                f"{asked.file} has no column {needed}: labels beside scores need interaction_id, question_id and answer. "
                f"It has {', '.join(frame.columns)}."
            )
    text = pl.col(pl.String).str.strip_chars()
    frame = frame.with_columns(pl.when(text != "").then(text).name.keep()).with_columns(
        pl.col("answer").str.to_lowercase().replace("n/a", "na")
    )
    if "inclusion_probability" in frame.columns:
        frame = frame.with_columns(pl.col("inclusion_probability").cast(pl.Float64, strict=False))
    if "submitted_at" in frame.columns and frame["submitted_at"].dtype == pl.String:
        frame = frame.with_columns(pl.col("submitted_at").str.to_datetime("%+", time_unit="us", time_zone="UTC", strict=False))
    return frame


def _answers(asked: argparse.Namespace) -> tuple["pl.DataFrame", int]:
    """Return the machine's answers and how many lines were refused."""
    import polars as pl

    schema = {"interaction_id": pl.String, "question_id": pl.String, "answer": pl.String}
    if asked.scores and asked.state:
        raise RequestError("--scores and --state both give the machine's answers. Give one of them.")
    if asked.state:
        return _answers_of_state(asked), 0
    rows, refused_n = list[tuple[str, str, str | None]](), 0
    for name, number, line in lines_of([asked.scores]):
        try:
            if isinstance(line, IntakeError):
                raise line
            rows += _answers_of_line(line)
        except (IntakeError, KeyError, TypeError, AttributeError) as error:
            refused_n += 1
            tell(f"{name}, line {number}: {error if isinstance(error, IntakeError) else 'no line of `aftercall score`'}")
    return pl.DataFrame(rows, schema=schema, orient="row").unique(["interaction_id", "question_id"], keep="last"), refused_n


def _answers_of_line(line: Any) -> list[tuple[str, str, str | None]]:
    return [(str(line["interaction_id"]), str(one["id"]), one["answer"]) for one in line["questions"] or ()]


def _answers_of_state(asked: argparse.Namespace) -> "pl.DataFrame":
    from assets.lake import Lake
    from assets.score.forms_in_force import load_forms

    lake, epoch = Lake(asked.state / "lake"), load_forms(asked.scorecard, asked.state).epoch
    read: dict[str, Any] = {"columns": ["interaction_id", "question_id", "answer"], "role": "qa_lead", "purpose": "coaching"}
    answers = lake.read("score_question", epoch=epoch, **read)
    if answers.height == 0:
        raise RequestError(
            f"{asked.state} holds no scores of the present epoch {epoch}. Run it again: aftercall run --input DIR --state "
            f"{asked.state}, or give the form with --scorecard."
        )
    return answers


def question_record(row: dict[str, Any]) -> dict[str, Any]:
    """Return one question as JSON values: each measure with estimate and interval, people among themselves beside."""

    def measure(name: str) -> dict[str, Any]:
        return {"estimate": row[name], "ci_low": row[f"{name}_low"], "ci_high": row[f"{name}_high"]}

    own = ("raw", "kappa", "ac1", "alpha", "sensitivity", "specificity", "na_recall")
    said = ("question_id", "n", "double_n", "agent_n", "is_shown", "is_flagged", "measure", "same_value", "status", "reason")
    beside = {name: measure(f"human_{name}") for name in own[:4]} | {"n": row["double_n"]}
    return {name: row[name] for name in said} | {name: measure(name) for name in own} | {"human_human": beside}


def _lines_of(rows: list[dict[str, Any]]) -> list[str]:
    heads = ("raw", "kappa", "AC1", "alpha", "sens", "spec")
    lines = [f"{'question':<26} {'n':>5} " + " ".join(f"{head:>19}" for head in heads) + f" {'people':>7}  status"]
    for row in rows:
        if not row["is_shown"]:
            lines.append(f"{row['question_id']:<26} {row['n']:>5}  under 20 labels: nothing is shown")
            continue
        cells = [_cell(row, name) for name in ("raw", "kappa", "ac1", "alpha", "sensitivity", "specificity")]
        people = "–" if row["human"] is None else f"{row['human']:.2f}"
        mark = " (few labels)" if row["is_flagged"] else ""
        name = f"{row['question_id']:<26} {row['n']:>5}"
        lines.append(f"{name} {' '.join(f'{cell:>19}' for cell in cells)} {people:>7}  {row['status']}{mark}")
    return lines


def _cell(row: dict[str, Any], name: str) -> str:
    value, low, high = row[name], row[f"{name}_low"], row[f"{name}_high"]
    if value is None:
        return "–"
    return f"{value:.2f}" if low is None or high is None else f"{value:.2f} ({low:.2f}, {high:.2f})"
