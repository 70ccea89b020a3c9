"""What people did with the machine's answers and with each other's: edits, disputes, calibration sessions.

Lives here: accepted shares per question, deviation from a reference scorer, which answers wait for a decision.
Not here: blind agreement (agreement_questions.py), totals with edits (assets.quality, which knows the form).
"""

import math
from typing import Any

import polars as pl
from scipy import stats

from aftercall.contracts.errors import DesignError
from analytics.agreement_questions import UNDECIDED

WORTH = {"yes": 1.0, "partial": 0.5, "no": 0.0}
DECIDED = ("accepted", "part", "rejected")


def undecided(evaluations: pl.DataFrame) -> pl.DataFrame:
    """Return the answers under an open dispute: interaction_id, question_id, each once.

    >>> rows = {"interaction_id": ["a", "b"], "question_id": ["q", "q"], "dispute_state": ["open", "rejected"]}
    >>> undecided(pl.DataFrame(rows)).rows()
    [('a', 'q')]
    """
    waiting = evaluations.filter(pl.col("dispute_state").is_in(UNDECIDED) & pl.col("interaction_id").is_not_null())
    return waiting.select("interaction_id", "question_id").unique().sort("interaction_id", "question_id")


def without_undecided(answers: pl.DataFrame, evaluations: pl.DataFrame) -> pl.DataFrame:
    """Return the answers without those under an open dispute; they come back when it is decided.

    Args: answers, frame with interaction_id and question_id; evaluations, core_evaluation.
    """
    return answers.join(undecided(evaluations), on=["interaction_id", "question_id"], how="anti")


def edits(evaluations: pl.DataFrame) -> pl.DataFrame:
    """Return the answers people put in place of the machine's: interaction_id, question_id, suggested_answer, answer.

    The latest edit of an answer counts; one that equals the suggestion is none, one under an open dispute waits.
    """
    changed = evaluations.filter(
        (pl.col("answer_source") == "edited")
        & pl.col("interaction_id").is_not_null()
        & pl.col("answer").is_not_null()
        & ~pl.col("dispute_state").is_in(UNDECIDED).fill_null(value=False)
    ).sort("submitted_at", nulls_last=False, maintain_order=True)
    last = changed.unique(["interaction_id", "question_id"], keep="last", maintain_order=True)
    real = last.filter(pl.col("suggested_answer").is_null() | (pl.col("suggested_answer") != pl.col("answer")))
    return real.select("interaction_id", "question_id", "suggested_answer", "answer").sort("interaction_id", "question_id")


def review_shares(evaluations: pl.DataFrame, *, fewest: int = 20) -> pl.DataFrame:
    """Return, per question, how often people kept the machine's answer and how often a dispute was right.

    Both are measures of the *question*, not of a person. Columns: question_id, suggested_n, kept_n, kept, kept_low, kept_high,
    open_n, decided_n, accepted_n (accepted or in part), accepted, accepted_low, accepted_high; shares of fewer than `fewest`
    are null.
    """
    shown = pl.col("suggested_answer").is_not_null() & pl.col("answer").is_not_null()
    found = (
        evaluations.group_by("question_id")
        .agg(
            suggested_n=shown.sum(),
            kept_n=(shown & (pl.col("suggested_answer") == pl.col("answer"))).sum(),
            open_n=pl.col("dispute_state").is_in(UNDECIDED).sum(),
            decided_n=pl.col("dispute_state").is_in(DECIDED).sum(),
            accepted_n=pl.col("dispute_state").is_in(["accepted", "part"]).sum(),
        )
        .filter((pl.col("suggested_n") > 0) | (pl.col("open_n") > 0) | (pl.col("decided_n") > 0))
        .sort("question_id")
    )
    shares = [
        {
            **_share("kept", row["kept_n"], row["suggested_n"], fewest),
            **_share("accepted", row["accepted_n"], row["decided_n"], fewest),
        }
        for row in found.to_dicts()
    ]
    names = [f"{name}{end}" for name in ("kept", "accepted") for end in ("", "_low", "_high")]
    return found.hstack(pl.DataFrame(shares, schema=dict.fromkeys(names, pl.Float64)))


def _share(name: str, right: int, n: int, fewest: int) -> dict[str, float | None]:
    if n < fewest:
        return dict.fromkeys((name, f"{name}_low", f"{name}_high"))
    z = float(stats.norm.ppf(0.975))
    centre, room = (right + z * z / 2) / (n + z * z), z / (n + z * z) * math.sqrt(right * (n - right) / n + z * z / 4)
    return {name: right / n, f"{name}_low": centre - room, f"{name}_high": centre + room}


def scorer_deviations(evaluations: pl.DataFrame, *, reference: str | None = None) -> pl.DataFrame:
    """Return how each scorer of calibration sessions deviates from the reference scorer, per question.

    The reference is the person marked `is_reference` in a session, else the evaluator named here. Answers are worth yes 1,
    partial ½, no 0; 'na' against an answer is counted as a difference about what was called for, never as points.
    Columns: question_id, evaluator_id, n (both answered), deviation (mean worth minus the reference's; above 0: lenient),
    deviation_low, deviation_high, differ_n (other answer), na_differ_n, session_n.
    Raises: DesignError, sessions without any reference scorer.
    """
    rows = evaluations.filter(pl.col("calibration_session_id").is_not_null() & pl.col("answer").is_not_null())
    if rows.height == 0:
        return pl.DataFrame(schema=_DEVIATION)
    marked = rows.filter(pl.col("is_reference").fill_null(value=False) | (pl.col("evaluator_id") == pl.lit(reference)))
    if marked.height == 0:
        raise DesignError(
            f"{rows['calibration_session_id'].n_unique()} calibration sessions name no reference scorer. Mark one with "
            "is_reference in the evaluations, or set reference_scorer in assets/quality/gate.toml."
        )
    at = ["calibration_session_id", "interaction_id", "question_id"]
    right = marked.sort("submitted_at", maintain_order=True).unique(at, keep="last")
    both = rows.join(right.select(*at, by="evaluator_id", wanted="answer"), on=at).filter(
        pl.col("evaluator_id") != pl.col("by")
    )
    worth = [pl.col(name).replace_strict(WORTH, default=None, return_dtype=pl.Float64) for name in ("answer", "wanted")]
    na = pl.col("answer") == "na", pl.col("wanted") == "na"
    both = both.with_columns(apart=worth[0] - worth[1], na_differs=na[0] != na[1])
    found = both.group_by("question_id", "evaluator_id").agg(
        n=pl.col("apart").count().cast(pl.Int64),
        deviation=pl.col("apart").mean(),
        sd=pl.col("apart").std(),
        differ_n=(pl.col("answer") != pl.col("wanted")).sum().cast(pl.Int64),
        na_differ_n=pl.col("na_differs").sum().cast(pl.Int64),
        session_n=pl.col("calibration_session_id").n_unique().cast(pl.Int64),
    )
    reach = pl.Series([float(stats.t.ppf(0.975, n - 1)) / n**0.5 if n > 1 else None for n in found["n"]], dtype=pl.Float64)
    ends = {
        "deviation_low": pl.col("deviation") - pl.col("sd") * reach,
        "deviation_high": pl.col("deviation") + pl.col("sd") * reach,
    }
    return found.with_columns(**ends).select(list(_DEVIATION)).sort("question_id", "evaluator_id")


_DEVIATION: dict[str, Any] = {
    "question_id": pl.String,
    "evaluator_id": pl.String,
    "n": pl.Int64,
    "deviation": pl.Float64,
    "deviation_low": pl.Float64,
    "deviation_high": pl.Float64,
    "differ_n": pl.Int64,
    "na_differ_n": pl.Int64,
    "session_n": pl.Int64,
}
