"""What the stored rows of the small centres say: bias, coverage, verdicts, and how the scorer erred; docs/centres.md from them.

Lives here: arithmetic on stored rows and the page. Run: python -m tests.simulations.centres.report. Not here: making rows.
"""

import json
import math
import sys
from pathlib import Path

import polars as pl

from tests.simulations.centres.run import STORED, read_rows

PAGE = Path(__file__).parents[3] / "docs" / "centres.md"
ORDER = ("recap", "acknowledgement", "anything_else", "score", "handle_s")
VERSIONS = ("true", "mart", "automatic", "corrected")
NAMES = {
    "recap": "recap (coached), share",
    "acknowledgement": "acknowledgement (coached), share",
    "anything_else": "anything else (not coached), share",
    "score": "quality score, points of 100",
    "handle_s": "handle time, s",
}
SCALE = {"score": 1.0, "handle_s": 1.0}  # shares are shown in percentage points


def wilson(hits: int, n: int, z: float = 1.959964) -> tuple[float, float]:
    """Return the interval of a share, 95 % unless `z` says otherwise. Source: Wilson (1927).

    >>> [round(v, 3) for v in wilson(48, 50)]
    [0.865, 0.989]
    """
    p = hits / n
    middle, reach = p + z * z / (2 * n), z * math.sqrt(p * (1 - p) / n + z * z / (4 * n * n))
    return (middle - reach) / (1 + z * z / n), (middle + reach) / (1 + z * z / n)


def summary(rows: pl.DataFrame) -> pl.DataFrame:
    """Return one row per wording, outcome and version: n, truth, bias with its Monte-Carlo error, coverage, verdicts.

    `beside` is the mean difference from the same centre's study on true outcomes: chance that both share drops out of it.
    """
    error = pl.col("estimate") - pl.col("truth")
    inside = (pl.col("ci_low") <= pl.col("truth")) & (pl.col("truth") <= pl.col("ci_high"))
    verdict = pl.col("verdict")
    alike = rows.filter(pl.col("version") == "true").select("wording", "seed", "outcome", on_truth="estimate")
    beside = pl.col("estimate") - pl.col("on_truth")
    return (
        rows.join(alike, on=["wording", "seed", "outcome"])
        .group_by("wording", "outcome", "version")
        .agg(
            n=pl.len(),
            truth=pl.col("truth").mean(),
            estimate=pl.col("estimate").mean(),
            bias=error.mean(),
            bias_se=error.std() / pl.len().sqrt(),
            beside=beside.mean(),
            beside_se=beside.std() / pl.len().sqrt(),
            spread=pl.col("estimate").std(),
            mean_se=pl.col("se").mean(),
            covered_n=inside.sum(),
            rejected_n=(pl.col("p") < 0.05).sum(),
            supported=(verdict == "supported").mean(),
            inconclusive=(verdict == "inconclusive").mean(),
            not_identified=(verdict == "not identified").mean(),
        )
        .sort(
            "wording",
            pl.col("outcome").replace_strict({name: k for k, name in enumerate(ORDER)}),
            pl.col("version").replace_strict({name: k for k, name in enumerate(VERSIONS)}),
            descending=[True, False, False],
        )
    )


def error_rates(errors: pl.DataFrame) -> pl.DataFrame:
    """Return sensitivity and false alarms of the machine per wording, question and weeks without and with coaching."""
    names = ("done_n", "found_n", "not_done_n", "wrong_n", "waiting_n")
    sums = errors.group_by("wording", "question", "is_treated").agg(pl.col(name).sum() for name in names)
    rates = sums.with_columns(
        sensitivity=pl.col("found_n") / pl.col("done_n"),
        false_alarm=pl.col("wrong_n") / pl.col("not_done_n"),
        waiting=pl.col("waiting_n") / (pl.col("done_n") + pl.col("not_done_n") + pl.col("waiting_n")),
    )
    return rates.sort("wording", "question", "is_treated", descending=[True, False, False])


def page(rows: pl.DataFrame, errors: pl.DataFrame, facts: dict[str, object]) -> str:
    """Return docs/centres.md."""
    parts = [_HEAD.format(**_facts(rows, facts))]
    for wording in _ordered(rows):
        parts += [f"\n## {_TITLES[wording]}\n\n", _HEADER]
        mine = summary(rows.filter(pl.col("wording") == wording))
        parts += [_line(row) for row in mine.iter_rows(named=True)]
    parts += ["\n## How the scorer erred\n\n", _ERRORS]
    for row in error_rates(errors).iter_rows(named=True):
        when = "coached" if row["is_treated"] else "not coached"
        false = f"{100 * row['false_alarm']:.1f} %" if row["not_done_n"] else "–"
        parts.append(
            f"| {row['wording']} | {row['question']} | {when} | {row['done_n'] + row['not_done_n'] + row['waiting_n']:,} "
            f"| {100 * row['sensitivity']:.1f} % | {false} | {100 * row['waiting']:.1f} % |\n"
        )
    return "".join([*parts, _said(rows, errors)])


def _facts(rows: pl.DataFrame, facts: dict[str, object]) -> dict[str, object]:
    whole = rows.filter("is_whole")["seed"].n_unique()
    centre = facts["centre"]
    assert isinstance(centre, dict)
    epochs = ", ".join(rows["epoch"].unique().sort())
    return centre | facts | {"n": rows.select("wording", "seed").n_unique(), "whole": whole, "epochs": epochs}


def _line(row: dict[str, float]) -> str:
    k = SCALE.get(str(row["outcome"]), 100.0)
    digits = 2 if row["outcome"] == "score" else 1
    n, bias, se = int(row["n"]), k * row["bias"], k * (row["bias_se"] or 0.0)
    low, high = wilson(int(row["covered_n"]), n)
    share = f"{100 * row['bias'] / row['truth']:+.0f} %" if abs(row["truth"]) > 1e-9 else "–"
    verdicts = "/".join(f"{100 * row[name]:.0f}" for name in ("supported", "inconclusive", "not_identified"))
    truth, mean, spread, stated = (
        f"{k * (row[name] or 0.0):.{digits}f}" for name in ("truth", "estimate", "spread", "mean_se")
    )
    coverage = f"{100 * row['covered_n'] / n:.0f} % ({100 * low:.0f} to {100 * high:.0f})"
    apart = f"{k * row['beside']:+.{digits}f} ± {1.96 * k * (row['beside_se'] or 0.0):.{digits}f}"
    cells = (NAMES[str(row["outcome"])], row["version"], n, truth, mean, f"{bias:+.{digits}f} ± {1.96 * se:.{digits}f}", share)
    cells += (
        "–" if row["version"] == "true" else apart,
        f"{spread} / {stated}",
        coverage,
        f"{100 * row['rejected_n'] / n:.0f} %",
        verdicts,
    )
    return f"| {' | '.join(map(str, cells))} |\n"


def attenuation(errors: pl.DataFrame, wording: str, question: str) -> float:
    """Return sensitivity - false alarms over all weeks: what an effect shrinks by when the machine's errors stay put."""
    mine = errors.filter((pl.col("wording") == wording) & (pl.col("question") == question))
    total = mine.select(pl.col("done_n", "found_n", "not_done_n", "wrong_n").sum()).row(0, named=True)
    return total["found_n"] / total["done_n"] - total["wrong_n"] / total["not_done_n"]


def _said(rows: pl.DataFrame, errors: pl.DataFrame) -> str:
    """Return what the tables mean, wording by wording, in sentences filled from them."""
    out = ["\n## Read together\n\n"]
    by = {(row["wording"], row["outcome"], row["version"]): row for row in summary(rows).iter_rows(named=True)}
    for wording in _ordered(rows):
        auto, people = by[wording, "recap", "automatic"], by[wording, "recap", "corrected"]
        other, score = by[wording, "anything_else", "automatic"]["beside"], by[wording, "score", "automatic"]
        out.append(
            f"- {_TITLES[wording]}. Recap: sensitivity less false alarms is {attenuation(errors, wording, 'recap'):.2f}; the "
            f"automatic rate shows {_found(auto)}; corrected {_found(people)}. Anything else, never coached: the automatic "
            f"rate shows {100 * other:+.1f} points that the true one does not. Quality score: {score['estimate']:+.1f} points "
            f"for a true {score['truth']:+.1f}.\n"
        )
    stated = by["same", "recap", "corrected"]["mean_se"] / by["same", "recap", "true"]["mean_se"]
    out.append(
        f"- The correction has a price: with these few labels its standard error is {stated:.1f} times that of the true "
        "outcomes. In a centre of this size it protects from a wrong answer more often than it finds the right one.\n"
    )
    return "".join(out)


def _ordered(rows: pl.DataFrame) -> list[str]:
    return sorted(rows["wording"].unique(), key=list(_TITLES).index)


def _found(row: dict[str, float]) -> str:
    share = 100 * row["estimate"] / row["truth"]
    return f"{share:.0f} % of the effect, its interval holds the truth in {row['covered_n']:.0f} of {row['n']:.0f}"


_TITLES = {
    "same": "Coaching does not change the wording",
    "own words": "Coached agents find their own words",
    "by the script": "Coached agents keep to the script",
}
_HEADER = (
    "| outcome | version | centres | truth | mean estimate | bias ± 1.96 MC error | bias of the effect "
    "| less the study on true outcomes | SD of estimates / mean SE | coverage (MC interval) | p < .05 "
    "| supported/inconclusive/not identified, % |\n"
    "|---|---|--:|--:|--:|--:|--:|--:|--:|--:|--:|--:|\n"
)
_ERRORS = (
    "Over interactions where it was called for. Left to a person: the machine was in doubt and gave no answer.\n\n"
    "| wording | question | weeks | interactions | found of those done | said done of those not done | left to a person |\n"
    "|---|---|---|--:|--:|--:|--:|\n"
)
_HEAD = """# Small centres, transcript to study

Is the effect of coaching estimated right when the scorer's own errors are part of the data? Each centre ({agents} agents in
{teams} teams, {weeks} weeks, {transcripts_per_agent_week} transcripts per agent and week) is written as transcripts, ACD rows,
roster and coaching log, received, redacted, scored by phrase rules and the text model, and summed to agent-weeks by the
product's own steps; {whole} of {n} centres went through the whole main job, the others through the same assets and the SQL
that dbt compiled. Teams start at random dates; what coaching adds is planted per interaction and known. The study is
imputation with teams as clusters, declared randomised with the file of the draw.

- true: the study on what was really done; mart: handle time as the product summed it from ACD rows;
- automatic: the study on the machine's answers; the product refuses to call that identified (AUTO_ONLY), its number is shown
  here;
- corrected: the machine on every interaction, a person's label on {labels} drawn at random within agents (stored probability),
  by `study --auto --human --prob`. The label is the planted truth. An answer the machine leaves to a person takes the mean of
  the others as its surrogate.

Truth is the mean planted effect over the coached cells each study used; behaviour rates are in percentage points. Score epoch
{epochs}; made on {date} in {seconds:.0f} s; {seed_rule}. Three behaviours are coached (acknowledgement, ownership, recap), the
others are not. MC is Monte-Carlo: what the number of centres leaves open.
Stored rows: tests/simulations/centres/stored, made by `make centres`; this page by
`python -m tests.simulations.centres.report`.
"""


def written() -> str:
    """Return the page of the stored rows."""
    facts = json.loads((STORED / "run.json").read_text(encoding="utf-8"))
    return page(read_rows(STORED / "centres.csv"), read_rows(STORED / "errors.csv"), facts)


def main() -> int:
    PAGE.write_text(written(), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
