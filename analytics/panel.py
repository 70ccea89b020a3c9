"""The agent-week panel: checked once, then every estimator may trust it.

Lives here: the check, outcomes as ratios of sums, the team an agent had when coaching was assigned.
Not here: reading tables (assets), estimating (did.py).
"""

from dataclasses import dataclass
from datetime import date
from typing import Literal

import polars as pl

from aftercall.contracts.errors import ContractError, DesignError, UnknownColumn

Mechanism = Literal["randomised", "rollout", "triggered", "opt_in"]
MECHANISMS: tuple[Mechanism, ...] = ("randomised", "rollout", "triggered", "opt_in")
AssignmentLevel = Literal["team", "agent"]


@dataclass(frozen=True, slots=True)
class Outcome:
    """A mean per interaction, as a sum over a count; `is_auto_score` marks scores no person has checked."""

    name: str
    unit: str
    sum_column: str
    count_column: str
    is_auto_score: bool = False


HANDLE_S = Outcome("handle_s", "s", "handle_s_sum", "handled_n")
TALK_S = Outcome("talk_s", "s", "talk_s_sum", "handled_n")
HOLD_S = Outcome("hold_s", "s", "hold_s_sum", "handled_n")
ACW_S = Outcome("acw_s", "s", "acw_s_sum", "handled_n")
QUEUE_WAIT_S = Outcome("queue_wait_s", "s", "queue_wait_s_sum", "interaction_n")
CSAT = Outcome("csat", "points", "csat_sum", "csat_n")
OVERALL = Outcome("overall", "points", "overall_sum", "scored_n", is_auto_score=True)


@dataclass(frozen=True, slots=True)
class Panel:
    """A checked panel: `frame` carries agent_id, team_id (at assignment), week_on, starts_on, has_start and the sums.

    `starts_on` is the Monday from which the assigned unit is coached, null for never; `first_on` and `last_on` are the first
    and the last start, null when nobody was ever coached.
    """

    frame: pl.DataFrame
    mechanism: Mechanism
    level: AssignmentLevel
    first_on: date | None
    last_on: date | None
    moved_agent_n: int

    def outcome(self, outcome: Outcome) -> pl.DataFrame:
        """Return agent_id, team_id, week_on, starts_on, y_sum, n: the rows where the outcome was recorded.

        Raises: UnknownColumn, the panel lacks the outcome's columns.
        """
        for name in (outcome.sum_column, outcome.count_column):
            if name not in self.frame.columns:
                raise UnknownColumn(name, "mart_agent_week", self.frame.columns)
        return self.frame.select(
            "agent_id",
            "team_id",
            "week_on",
            "starts_on",
            y_sum=pl.col(outcome.sum_column).cast(pl.Float64),
            n=pl.col(outcome.count_column).cast(pl.Float64),
        ).filter(pl.col("y_sum").is_not_null() & (pl.col("n") > 0))


def read_panel(weeks: pl.DataFrame, *, mechanism: Mechanism | None = None, level: AssignmentLevel = "team") -> Panel:
    """Check an agent-week mart once and return it as a panel, sorted by agent and week.

    Args: weeks, shaped as mart_agent_week; mechanism, how agents came to be coached: taken from the mart's column when every
        coached agent has the same one there, else it must be said; level, whether whole teams or single agents were assigned.
    Raises: ContractError, naming every broken rule and its fix; DesignError, the mechanism is not known.
    """
    if rules := _broken(weeks):
        raise ContractError("The agent-week panel cannot be used: " + "; ".join(rules) + ".")
    frame = weeks.filter(pl.col("team_id").is_not_null()).sort("agent_id", "week_on")
    starts = frame["first_treated_on"].drop_nulls().sort()
    teams = _team_at_assignment(frame, starts[0] if starts.len() else None)
    moved = frame.group_by("agent_id").agg(pl.col("team_id").n_unique().alias("k")).filter(pl.col("k") > 1).height
    frame = frame.drop("team_id").join(teams, on="agent_id", how="left")
    unit = "team_id" if level == "team" else "agent_id"
    frame = frame.join(frame.group_by(unit).agg(starts_on=pl.col("first_treated_on").min()), on=unit, how="left")
    dates = frame["starts_on"].drop_nulls().unique().sort()
    return Panel(
        frame.sort("agent_id", "week_on"),
        mechanism if mechanism is not None else _mechanism_of(frame),
        level,
        dates[0] if dates.len() else None,
        dates[-1] if dates.len() else None,
        moved,
    )


def _broken(weeks: pl.DataFrame) -> list[str]:
    needed = {"agent_id", "team_id", "week_on", "first_treated_on", "interaction_n"}
    if missing := sorted(needed - set(weeks.columns)):
        return [f"it lacks {', '.join(missing)} (build it as mart_agent_week: one row per agent and ISO week)"]
    rules = [
        f"{name} is {weeks.schema[name]}, not a date (cast it to the Monday of the week)"
        for name in ("week_on", "first_treated_on")
        if weeks.schema[name] not in (pl.Date(), pl.Null())
    ]
    if rules:
        return rules
    if weeks.height == 0 or weeks["team_id"].null_count() == weeks.height:
        return ["no row has a team (load the roster: agent_id, team_id, valid_from_on)"]
    off = weeks.filter(pl.col("week_on").dt.weekday() != 1).height
    if off:
        rules.append(f"{off} rows whose week_on is not a Monday (truncate to the ISO week)")
    if twice := weeks.height - weeks.select(pl.struct("agent_id", "week_on").n_unique()).item():
        rules.append(f"{twice} repeated agent-weeks (add up the sums so that each agent has one row per week)")
    changing = weeks.group_by("agent_id").agg(k=pl.col("first_treated_on").n_unique()).filter(pl.col("k") > 1).height
    if changing:
        rules.append(f"{changing} agents with more than one first_treated_on (keep the first delivered coaching)")
    for name, dtype in weeks.schema.items():
        if dtype.is_float() and (bad := weeks.filter(pl.col(name).is_nan() | pl.col(name).is_infinite()).height):
            rules.append(f"{bad} rows with NaN or infinity in {name} (missing is null)")
    if negative := weeks.filter(pl.col("interaction_n") < 0).height:
        rules.append(f"{negative} rows with a negative interaction_n")
    return rules


def _team_at_assignment(frame: pl.DataFrame, first_on: date | None) -> pl.DataFrame:
    """Return the team each agent was in when the first coaching was decided; later arrivals: their first team."""
    before = frame if first_on is None else frame.filter(pl.col("week_on") < first_on)
    last = before.group_by("agent_id").agg(last=pl.col("team_id").last())
    first = frame.group_by("agent_id").agg(first=pl.col("team_id").first())
    joined = first.join(last, on="agent_id", how="left")
    return joined.select("agent_id", team_id=pl.coalesce("last", "first"))


def _mechanism_of(frame: pl.DataFrame) -> Mechanism:
    named = frame["mechanism"].drop_nulls().unique().sort().to_list() if "mechanism" in frame.columns else []
    found: list[Mechanism] = [m for m in MECHANISMS if m in named]
    if len(found) == 1 and len(named) == 1:
        return found[0]
    if not named and frame["starts_on"].null_count() == frame.height:
        return "rollout"  # nobody was coached: the estimator refuses for want of a treated group, whatever is said here
    raise DesignError(
        f"How agents came to be coached must be one of {', '.join(MECHANISMS)}; the panel says "
        f"{', '.join(named) or 'nothing'}. Pass mechanism=..., there is no default: the answer depends on it."
    )
