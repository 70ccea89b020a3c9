"""The frozen panel and what moved: the scorer between epochs, the answers within one; pure functions over frames.

Lives here: keeping the panel, splitting shifts over the epochs the lake holds, weekly answer mix. Not here: the statistics
(analytics.drift), reading the lake (assets.py).
"""

from dataclasses import dataclass, replace

import polars as pl

from aftercall.contracts.errors import DesignError
from analytics.drift import AnswerDrift, Shift, answer_drift, frozen_panel, split_shift
from assets.quality.rules import QualityRules

FEWEST_DAYS = 28


@dataclass(frozen=True, slots=True)
class FrozenPanel:
    """Interactions that are scored in every epoch; drawn once, only ever made smaller by erasure and retention."""

    seed: int
    rows: pl.DataFrame


@dataclass(frozen=True, slots=True)
class ScoreDrift:
    """What moved: `shift` between the last two epochs that scored the panel, `answers` within the present epoch."""

    epoch: str
    older_epoch: str | None
    shift: Shift | None
    answers: AnswerDrift | None
    refused: dict[str, str]


def panel_of(kept: FrozenPanel | None, interactions: pl.DataFrame, rules: QualityRules) -> FrozenPanel:
    """Return the panel: the kept one without what is gone, or a new draw among interactions with a score.

    Args: interactions, interaction_id, overall and the columns of `panel_by`.
    """
    if kept is not None and kept.rows.height:
        return FrozenPanel(kept.seed, kept.rows.join(interactions, on="interaction_id", how="semi", maintain_order="left"))
    drawn = frozen_panel(
        interactions.filter(pl.col("overall").is_not_null()), n=rules.panel_n, by=rules.panel_by, seed=rules.seed
    )
    return FrozenPanel(rules.seed, drawn)


def score_drift(panel: FrozenPanel, scores: pl.DataFrame, answers: pl.DataFrame, epoch: str) -> ScoreDrift:
    """Return what moved.

    Args: scores, score_interaction of every epoch with agent_id: interaction_id, score_epoch, overall, day_on, agent_id;
        answers, score_question of the present epoch with agent_id and week_on.
    """
    refused: dict[str, str] = {}
    shift, older = None, older_epoch_of(panel, scores, epoch)
    if older is None:
        refused["shift"] = "The panel was scored in one epoch so far: there is nothing to compare it with."
    else:
        try:
            shift = _shift(panel, scores, older, epoch)
        except DesignError as error:
            refused["shift"] = str(error)
    drift = None
    try:
        drift = _short(answer_drift(_counts(answers, epoch)))
    except DesignError as error:
        refused["answers"] = str(error)
    return ScoreDrift(epoch, older, shift, drift, refused)


def _short(found: AnswerDrift) -> AnswerDrift:
    """Keep what moved and the last week of the rest; the size of the family stays that of everything tested."""
    kept = pl.col("is_flagged") | (pl.col("week_on") == pl.col("week_on").max())
    return replace(found, rows=found.rows.filter(kept))


def older_epoch_of(panel: FrozenPanel, scores: pl.DataFrame, epoch: str) -> str | None:
    """Return the other epoch that scored most of the panel, None when there is none."""
    other = scores.filter((pl.col("score_epoch") != epoch) & pl.col("overall").is_not_null())
    found = other.join(panel.rows, on="interaction_id", how="semi").group_by("score_epoch").len()
    return str(found.sort("len", "score_epoch", descending=True)["score_epoch"][0]) if found.height else None


def _shift(panel: FrozenPanel, scores: pl.DataFrame, older: str, epoch: str) -> Shift:
    """Compare the last weeks as the present epoch scores them with the weeks before as the older epoch did."""
    old, new = (scores.filter(pl.col("score_epoch") == one) for one in (older, epoch))
    both = panel.rows.join(new.select("interaction_id", "agent_id", new="overall"), on="interaction_id")
    both = both.join(old.select("interaction_id", old="overall"), on="interaction_id")
    day = pl.col("day_on").str.to_date(strict=False)
    last = old.select(day.max()).item()
    if last is None:
        raise DesignError("The older epoch scored no dated interaction, so there is no earlier period.")
    fresh = new.filter(day > last)
    if fresh.height == 0:  # the older epoch saw the same days: split its time in the middle
        first = old.select(day.min()).item()
        last = first + (last - first) / 2
        fresh = new.filter(day > last)
    before = old.filter((day <= last) & (day > last - pl.duration(days=FEWEST_DAYS)))
    return split_shift(_scores(before), _scores(fresh), both)


def _scores(rows: pl.DataFrame) -> pl.DataFrame:
    return rows.select("agent_id", score="overall")


def _counts(answers: pl.DataFrame, epoch: str) -> pl.DataFrame:
    """Return answers counted per question, week, agent and state; what a form did not ask is no answer."""
    asked = answers.filter(~pl.col("null_reason").is_in(["not_eligible", "not_shown"]).fill_null(value=False))
    return (
        asked.with_columns(state=pl.col("answer").fill_null("null"))
        .group_by("question_id", "week_on", "agent_id", "state")
        .agg(answer_n=pl.len().cast(pl.Int64))
        .with_columns(score_epoch=pl.lit(epoch))
        .sort("question_id", "week_on", "agent_id", "state")
    )
