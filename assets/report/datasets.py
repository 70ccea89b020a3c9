"""The data behind the pages: which tables are handed out, what each answers, what each column means.

Lives here: the list of data sets and the dictionary of their columns. Not here: CSV (export.py), XLSX (workbook.py), pages.
"""

from dataclasses import dataclass

import polars as pl

from aftercall.contracts import columns as contract_columns
from aftercall.contracts.columns import Column
from analytics.effect import Effect
from assets.report.inputs import Facts
from assets.report.people_columns import PEOPLE_COLUMNS
from assets.report.qa_numbers import QaNumbers
from assets.report.wfm_numbers import WfmNumbers

_MORE: dict[str, tuple[str, str]] = {
    "share": ("0..1", "Share done of what was called for, or of points possible."),
    "shrunk": ("0..1", "The share drawn towards all teams (empirical Bayes)."),
    "standard": ("0..1", "The share of all teams together."),
    "low": ("", "Low end of the 95 % interval, in the unit of the value."),
    "high": ("", "High end of the 95 % interval, in the unit of the value."),
    "mean": ("0..100", "Mean score."),
    "agent_n": ("n", "Agents."),
    "answered_n": ("n", "Answers given: yes, no or partial."),
    "is_hidden": ("", "Too small to be shown: fewer than 5 agents or 20 interactions."),
    "severity": ("", "How grave the form says it is."),
    "text": ("", "The question's wording."),
    "section": ("", "Section of the scorecard."),
    "weight": ("", "Weight of the question in its section."),
    "advisory": ("", "Shown, but outside the overall score."),
    "id": ("", "A question of a scorecard."),
    "ci_low": ("as estimate", "Low end of the 95 % interval."),
    "ci_high": ("as estimate", "High end of the 95 % interval."),
    "horizon": ("weeks", "Weeks since the start; negative before it."),
    "breakdown": ("times", "Largest step before the start times so much may trends fail until the interval holds 0."),
    "window": ("", "First and last week used."),
    "spec_hash": ("", "The declared study: changes with anything declared."),
    "split": ("", "Which change is split."),
    "part": ("", "Part of handle time."),
    "mix_s": ("s", "Change from other kinds of contact."),
    "rate_s": ("s", "Change from handling the same kind of contact."),
    "total_s": ("s", "Mix plus rate."),
    "handle_s_mean": ("s", "Mean handle time."),
    "handle_s_low": ("s", "Low end of its 95 % interval."),
    "handle_s_high": ("s", "High end of its 95 % interval."),
    "talk_s_mean": ("s", "Mean talk time."),
    "hold_s_mean": ("s", "Mean hold time."),
    "acw_s_mean": ("s", "Mean after-call work."),
    "queue_wait_s_mean": ("s", "Mean wait in the queue."),
    "hour": ("UTC", "Hour of the day."),
    "days_n": ("n", "Days with an interval in that hour."),
    "week_n": ("n", "Weeks with a moment that called for it."),
    "n_eff": ("n", "Effective interactions: fewer when weeks vary more than chance."),
    "level": ("0..1", "Share done, raw."),
    "level_low": ("0..1", "Low end of the interval of level."),
    "level_high": ("0..1", "High end of the interval of level."),
    "slope": ("share a week", "Change of the share a week, raw."),
    "slope_low": ("share a week", "Low end of the interval of slope."),
    "slope_high": ("share a week", "High end of the interval of slope."),
    "shrunk_level": ("0..1", "Level drawn towards all agents (empirical Bayes)."),
    "shrunk_slope": ("share a week", "Slope drawn towards all agents (empirical Bayes)."),
    "shrunk_slope_low": ("share a week", "Low end of the interval of shrunk_slope."),
    "shrunk_slope_high": ("share a week", "High end of the interval of shrunk_slope."),
    "sign_probability": ("0..1", "Probability that the slope has the sign shown."),
    "p": ("0..1", "Probability of a result at least as far from zero if nothing had happened."),
    "q": ("0..1", "False discovery rate within the family of trends."),
    "state": ("", "Verdict on the trend."),
    "outcome": ("", "The outcome estimated, or how the interaction ended."),
    "unit": ("", "Unit of the estimate."),
    "estimand": ("", "What the estimate is an estimate of."),
    "estimate": ("as unit", "The estimated change."),
    "se": ("as unit", "Standard error."),
    "method": ("", "How it was estimated."),
    "n_obs": ("n", "Agent-weeks used."),
    "n_interactions": ("n", "Interactions used."),
    "n_units": ("n", "Agents used."),
    "n_clusters": ("n", "Teams used."),
    "n_treated_clusters": ("n", "Coached teams."),
    "effective_clusters": ("n", "What the teams are worth as equal ones."),
    "baseline": ("as unit", "Mean of coached teams before the start."),
    "mde_80": ("as unit", "Smallest effect found with 80 % probability."),
    "equivalence_bound": ("as unit", "Smallest bound with the 90 % interval inside."),
    "verdict": ("", "supported, inconclusive or not identified."),
    "reasons": ("", "Codes that limit the verdict."),
    "fact": ("", "What is stated."),
    "value": ("", "Its value."),
}


@dataclass(frozen=True, slots=True)
class Dataset:
    """One table handed out: file and sheet name, the question it answers, its purpose and rows."""

    name: str
    question: str
    purpose: str
    frame: pl.DataFrame
    in_workbook: bool = True


def datasets(facts: Facts, qa: QaNumbers, wfm: WfmNumbers) -> tuple[Dataset, ...]:
    """Return every data set that has columns, in the order of the pages."""
    results = facts.given.results
    answers = facts.answers.select(
        *("interaction_id", "day_on", "team_id", "agent_id", "section_id", "question_id", "answer", "null_reason"),
        *("points", "points_possible", "called_for_n", "done_n", "is_advisory"),
    )
    both_parts = pl.concat(parts) if (parts := _parts(facts)) else pl.DataFrame()
    effect, trends = facts.effect, _or_empty(None if results.trends is None else results.trends.rows)
    coaching, service = "coaching", "service_quality"
    people = facts.given.people
    texts = facts.questions.select(question_id="id", text="text")
    questions = qa.questions.join(texts, on="question_id", how="left") if qa.questions.width else qa.questions
    listed = (
        Dataset("effect", "Did coaching move handle time, and how sure?", coaching, _frame(effect)),
        Dataset(
            "effect_course", "What was the effect, by week since the start?", coaching, _or_empty(effect and effect.course)
        ),
        Dataset("handle_time_parts", "Which part of handle time moved, by mix or by rate?", service, both_parts),
        Dataset("queues", "How long do contacts take in each queue?", service, wfm.queues),
        Dataset("hours", "When do contacts come?", service, wfm.hours),
        Dataset("sections", "How many points are earned in each section?", coaching, qa.sections),
        Dataset("questions", "How often was done what was called for?", coaching, questions),
        Dataset("team_behaviours", "Where do teams differ?", coaching, qa.teams),
        Dataset("weekly_scores", "Does the mean score move?", coaching, qa.weeks),
        Dataset("agreement", "How far do people and machine agree?", coaching, _or_empty(people and people.rows)),
        Dataset("corrected_means", "What would people have scored?", coaching, _or_empty(people and people.corrected)),
        Dataset("coverage", "What was scored, and why not the rest?", service, qa.coverage),
        Dataset("trends", "Is a behaviour of an agent changing? In order of id, never of merit.", coaching, trends),
        Dataset("findings", "What should a person look at?", "compliance", facts.findings),
        Dataset("interactions", "Every interaction with its score or the reason for none.", coaching, facts.interactions),
        Dataset(
            "answers", "Which interactions are behind a cell? Filter by question_id and team_id.", coaching, answers, False
        ),
        Dataset("queue_intervals", "Half-hours by queue.", service, facts.given.queue_intervals, False),
    )
    return tuple(data for data in listed if data.frame.width)


def _frame(effect: Effect | None) -> pl.DataFrame:
    return pl.DataFrame() if effect is None else effect.tidy()


def _or_empty(frame: pl.DataFrame | None) -> pl.DataFrame:
    return pl.DataFrame() if frame is None else frame


def _parts(facts: Facts) -> list[pl.DataFrame]:
    found = facts.given.results.centre_parts
    return [] if found is None else [found.tidy().select(pl.lit(found.what).alias("split"), pl.all())]


def _contract() -> dict[str, Column]:
    described = {value.name: value for value in vars(contract_columns).values() if isinstance(value, Column)}
    for column in list(described.values()):
        described.setdefault(f"{column.name}_sum", contract_columns.summed(column))
    return described


def meaning_of(name: str) -> tuple[str, str]:
    """Return unit and meaning of a column of any data set.

    >>> meaning_of("handle_s")
    ('s', 'talk_s + hold_s + acw_s; null if a part is missing.')
    """
    if name in _MORE:
        return _MORE[name]
    if name in PEOPLE_COLUMNS:
        return PEOPLE_COLUMNS[name]
    column = _contract().get(name)
    return ("", "") if column is None else (column.unit, column.meaning)
