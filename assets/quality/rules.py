"""The rules of gate.toml as one frozen record, and people's question names turned into ours.

Lives here: loading and renaming. Not here: what the numbers decide (analytics.agreement_questions).
"""

import tomllib
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import polars as pl

from analytics.agreement_questions import Gate


@dataclass(frozen=True, slots=True)
class QualityRules:
    """Gate, reference scorer, panel, seed, replicates, and (their question, our question) pairs."""

    gate: Gate
    reference_scorer: str | None
    panel_n: int
    panel_by: tuple[str, ...]
    seed: int
    replicates: int
    asked_elsewhere: tuple[tuple[str, str], ...]


@cache
def quality_rules(path: Path | None = None) -> QualityRules:
    """Return the rules of a file, by default of gate.toml beside this module.

    >>> quality_rules().gate.fewest_labels
    20
    """
    given = tomllib.loads((path or Path(__file__).with_name("gate.toml")).read_text(encoding="utf-8"))
    gate = Gate(given["within"], given["fewest_labels"], given["flagged_below"], given["dominant_share"])
    pairs = tuple((theirs, ours) for theirs, names in given["asked_elsewhere"].items() for ours in names)
    return QualityRules(
        gate,
        given["reference_scorer"] or None,
        given["panel_n"],
        tuple(given["panel_by"]),
        given["seed"],
        given["replicates"],
        pairs,
    )


def in_our_words(evaluations: pl.DataFrame, pairs: tuple[tuple[str, str], ...]) -> pl.DataFrame:
    """Return evaluations with our question ids; a question our forms name in several ways stands once under each name.

    >>> asked = pl.DataFrame({"question_id": ["apology", "greeting"]})
    >>> in_our_words(asked, (("apology", "apology_for_failure"),))["question_id"].to_list()
    ['apology_for_failure', 'greeting']
    """
    names = pl.DataFrame(pairs, schema={"question_id": pl.String, "ours": pl.String}, orient="row")
    renamed = evaluations.join(names, on="question_id", how="left", maintain_order="left")
    return renamed.with_columns(question_id=pl.coalesce("ours", "question_id")).drop("ours")
