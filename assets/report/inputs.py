"""Everything a report is built from, in one frozen record.

Lives here: the shape of the inputs, and the joins that every page needs. Not here: reading the lake (assets), drawing.
"""

from dataclasses import dataclass, field
from datetime import date, datetime

import polars as pl

from analytics.best_practice import BestPractice
from analytics.effect import Effect
from analytics.first_answers import FirstAnswers
from analytics.levels import UNKNOWN_AGENT, names_agents
from assets.compliance.shadow import RulesInShadow
from assets.effects.declared import STANDING, KeptStudy
from assets.quality.drift_side import ScoreDrift
from assets.quality.human_side import HumanSide

INTERACTION_COLUMNS: dict[str, pl.DataType] = {
    "interaction_id": pl.String(),
    "day_on": pl.String(),
    "started_at": pl.Datetime("us", "UTC"),
    "channel": pl.String(),
    "queue": pl.String(),
    "intent": pl.String(),
    "agent_id": pl.String(),
    "team_id": pl.String(),
    "talk_s": pl.Float64(),
    "hold_s": pl.Float64(),
    "acw_s": pl.Float64(),
    "handle_s": pl.Float64(),
    "queue_wait_s": pl.Float64(),
    "overall": pl.Float64(),
    "null_reason": pl.String(),
    "compliance": pl.Float64(),
    "accuracy": pl.Float64(),
    "tone": pl.Float64(),
    "completeness": pl.Float64(),
    "is_autofail": pl.Boolean(),
    "called_for_n": pl.Int64(),
}
ANSWER_COLUMNS: dict[str, pl.DataType] = {
    "interaction_id": pl.String(),
    "section_id": pl.String(),
    "question_id": pl.String(),
    "answer": pl.String(),
    "null_reason": pl.String(),
    "points": pl.Float64(),
    "points_possible": pl.Float64(),
    "called_for_n": pl.Int64(),
    "done_n": pl.Int64(),
    "is_advisory": pl.Boolean(),
}
FINDING_COLUMNS: dict[str, pl.DataType] = {
    "interaction_id": pl.String(),
    "day_on": pl.String(),
    "queue": pl.String(),
    "question_id": pl.String(),
    "severity": pl.String(),
    "reason": pl.String(),
    "quote": pl.String(),
    "turn": pl.Int64(),
    "start_s": pl.Float64(),
}
QUESTION_COLUMNS: dict[str, pl.DataType] = {
    "id": pl.String(),
    "text": pl.String(),
    "section": pl.String(),
    "weight": pl.Float64(),
    "advisory": pl.Boolean(),
    "severity": pl.String(),
}
SEVERITIES = ("critical", "high", "medium", "low")


@dataclass(frozen=True, slots=True)
class ReportInputs:
    """What is known at `as_of_at` about one state folder, in one score epoch.

    `interactions`: score_interaction joined with core_interaction, one row each; `answers`: score_question of the same epoch;
    `findings`: quotes worth a person's look; `questions`: the forms' questions. Missing optional columns are taken as not
    recorded. `agent_weeks` and `queue_intervals` are marts and may be empty. `filters` names what was left out on purpose.
    """

    centre: str
    basis: str
    basis_name: str
    as_of_at: datetime
    epoch: str
    read_n: int
    scored_n: int
    quarantined_n: int
    null_by_reason: dict[str, int]
    questions: pl.DataFrame
    interactions: pl.DataFrame
    answers: pl.DataFrame
    findings: pl.DataFrame
    agent_weeks: pl.DataFrame
    queue_intervals: pl.DataFrame
    results: FirstAnswers
    studies: tuple[KeptStudy, ...] = ()
    study_pages: dict[str, str] = field(default_factory=dict[str, str])
    filters: tuple[str, ...] = ()
    names_are_masked: bool = False
    people: HumanSide | None = None
    drift: ScoreDrift | None = None
    best_practice: BestPractice | None = None
    rules: RulesInShadow | None = None
    warnings: tuple[str, ...] = field(default_factory=tuple)


@dataclass(frozen=True, slots=True)
class Facts:
    """The inputs with every column present, teams joined and answers counted per agent, ready for any page."""

    given: ReportInputs
    interactions: pl.DataFrame
    answers: pl.DataFrame
    counts: pl.DataFrame
    findings: pl.DataFrame
    questions: pl.DataFrame
    agents_known: bool
    first_on: date | None
    last_on: date | None

    @property
    def effect(self) -> Effect | None:
        """The standing study's answer: what coaching changed in handle time."""
        return next((one.effect for one in self.given.studies if one.name == STANDING), None)

    @property
    def no_effect(self) -> str:
        """Why the standing study has no answer."""
        why = next((one.refused for one in self.given.studies if one.name == STANDING), "")
        return why or "The study of coaching and handle time was not run on this state; run the nightly job."

    @property
    def period(self) -> str:
        """The span of dated interactions in words."""
        return "no dated interactions" if self.first_on is None else f"{self.first_on} to {self.last_on}"

    def text_of(self, question_id: str) -> str:
        """Return a question's wording, or its id when the form does not say."""
        found = self.questions.filter(pl.col("id") == question_id)["text"].drop_nulls()
        return str(found[0]) if found.len() else question_id


def prepare(given: ReportInputs) -> Facts:
    """Return the inputs completed: columns, teams, counts per agent and question."""
    interactions = _with_columns(given.interactions, INTERACTION_COLUMNS)
    interactions = _with_teams(interactions, given.agent_weeks).sort("day_on", "interaction_id")
    answers = _with_columns(given.answers, ANSWER_COLUMNS).join(
        interactions.select("interaction_id", "day_on", "agent_id", "team_id"), on="interaction_id", how="inner"
    )
    days = interactions["day_on"].str.to_date("%Y-%m-%d", strict=False).drop_nulls()
    known = names_agents(interactions.filter(pl.col("overall").is_not_null() | pl.col("handle_s").is_not_null()))
    first, last = (days.min(), days.max()) if days.len() else (None, None)
    assert first is None or isinstance(first, date)
    assert last is None or isinstance(last, date)
    return Facts(
        given,
        interactions,
        answers.sort("day_on", "interaction_id", "question_id"),
        _counts(answers, given.epoch, agents_known=known),
        _ranked(_with_columns(given.findings, FINDING_COLUMNS)),
        _with_columns(given.questions, QUESTION_COLUMNS).unique("id", keep="first").sort("id"),
        known,
        first,
        last,
    )


def _with_columns(frame: pl.DataFrame, columns: dict[str, pl.DataType]) -> pl.DataFrame:
    return frame.select(
        pl.col(name).cast(dtype) if name in frame.columns else pl.lit(None, dtype=dtype).alias(name)
        for name, dtype in columns.items()
    )


def _with_teams(interactions: pl.DataFrame, agent_weeks: pl.DataFrame) -> pl.DataFrame:
    """Fill a missing team with the agent's team in that week."""
    if agent_weeks.height == 0 or interactions["team_id"].null_count() == 0:
        return interactions
    teams = agent_weeks.select("agent_id", "week_on", mart_team="team_id").unique(["agent_id", "week_on"])
    week = pl.col("started_at").dt.truncate("1w").dt.date()
    joined = interactions.with_columns(week_on=week).join(teams, on=["agent_id", "week_on"], how="left")
    return joined.with_columns(team_id=pl.coalesce("team_id", "mart_team")).drop("week_on", "mart_team")


def _counts(answers: pl.DataFrame, epoch: str, *, agents_known: bool) -> pl.DataFrame:
    """Return the counts of mart_behaviour_week per agent, team and question; where no agents are named, per interaction."""
    nobody = pl.lit(UNKNOWN_AGENT) if agents_known else pl.col("interaction_id")
    return (
        answers.with_columns(agent_id=pl.coalesce(pl.col("agent_id"), nobody))
        .group_by("agent_id", "team_id", "section_id", "question_id", "is_advisory")
        .agg(
            pl.col("called_for_n", "done_n").sum(),
            interaction_n=pl.len().cast(pl.Int64),
            na_n=(pl.col("answer") == "na").sum().cast(pl.Int64),
            null_n=pl.col("answer").is_null().sum().cast(pl.Int64),
            points_sum=pl.col("points").sum(),
            points_possible_sum=pl.col("points_possible").filter(pl.col("points").is_not_null()).sum(),
        )
        .with_columns(score_epoch=pl.lit(epoch))
        .sort("section_id", "question_id", "team_id", "agent_id", nulls_last=True)
    )


def _ranked(findings: pl.DataFrame) -> pl.DataFrame:
    """Gravest first, questions in turn, each from its latest; at most one quote an interaction and question."""
    order = {severity: i for i, severity in enumerate(SEVERITIES)}
    rank = pl.col("severity").replace_strict(order, default=len(order), return_dtype=pl.Int64)
    latest = findings.with_columns(rank=rank).sort("day_on", "interaction_id", "turn", descending=[True, False, False])
    once = latest.unique(["interaction_id", "question_id"], keep="first", maintain_order=True)
    turns = once.with_columns(nth=pl.int_range(pl.len()).over("rank", "question_id"))
    return turns.sort("rank", "nth", "question_id").drop("rank", "nth")
