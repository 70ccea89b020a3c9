"""The synthetic agent-week panel: potential outcomes in every row, in the columns of the agent-week mart.

Lives here: from a history and starts to a table; the truth of any rows. Not here: laws (effect_laws.py), designs
(effect_designs.py), estimating.
"""

from collections.abc import Mapping
from datetime import date, timedelta

import numpy as np
import polars as pl

from aftercall.synth.effect_handle import PARTS, handled
from aftercall.synth.effect_history import Bools, History, Ints
from aftercall.synth.effect_labels import scored
from aftercall.synth.effect_laws import Floats

FIRST_MONDAY = date(2025, 1, 6)


def effect_panel(
    history: History,
    starts: Floats,
    *,
    offers: Floats | None = None,
    handle: bool = False,
    labels: bool = False,
    first_week: date = FIRST_MONDAY,
) -> pl.DataFrame:
    """Return one row per agent and week worked, sorted by both.

    `qa_mean` = `y0` + `te`. With `handle` come calls by channel and intent and seconds of talk, hold and wrap-up, each part =
    `<part>_y0_s` + `<part>_te_s` + `<part>_peers_s` per call; with `labels` automatic and human scores of one behaviour,
    `shown`. Args: starts, offers: (N) week numbers from 0, inf for never.

    >>> from aftercall.synth.effect_designs import by_team
    >>> from aftercall.synth.effect_history import EffectLaws, effect_history
    >>> centre = effect_history(EffectLaws(agents=60, teams=5, weeks=30), seed=3)
    >>> table = effect_panel(centre, by_team(centre))
    >>> bool((table["qa_mean"] - table["y0"] - table["te"]).abs().max() < 1e-9)
    True
    """
    there = history.is_there_with(starts)
    agent, week = (one.astype(np.int64) for one in np.nonzero(there))
    te, y0, n = history.effect_with(starts)[agent, week], history.y0[agent, week], history.calls[agent, week]
    rng = np.random.default_rng([history.seed, 17])
    qa = y0 + te
    within = history.laws.call_sd**2 * rng.chisquare(np.maximum(n - 1, 1)) * (n > 1)
    columns: dict[str, object] = {
        **_keys(history, starts, offers, there, agent, week, first_week),
        "tenure_weeks": history.tenure[agent] + week,
        "interaction_n": n,
        "qa_mean": qa,
        "qa_sum": n * qa,
        "qa_sumsq": n * qa**2 + within,
        "y0": y0,
        "te": te,
    }
    if handle:
        columns |= _handle_columns(history, starts, agent, week)
    if labels:
        columns |= _label_columns(history, starts, agent, week, qa)
    return pl.DataFrame(columns)


def _keys(
    history: History, starts: Floats, offers: Floats | None, there: Bools, agent: Ints, week: Ints, first_week: date
) -> Mapping[str, object]:
    weeks = np.array([first_week + timedelta(weeks=k) for k in range(history.laws.weeks)], dtype="datetime64[D]")
    last = there.shape[1] - 1 - np.argmax(there[:, ::-1], axis=1)
    leavers = np.where(last < there.shape[1] - 1, last, np.inf)

    def on(of_agent: Floats) -> pl.Series:
        at = of_agent[agent]
        never = ~np.isfinite(at)
        days = weeks[np.where(never, 0, at).astype(np.int64)]
        days[never] = np.datetime64("NaT")
        return pl.Series(days)

    width = len(str(history.laws.agents - 1))
    agents = np.array([f"a{k:0{width}d}" for k in range(history.laws.agents)])
    teams = np.array([f"t{k:03d}" for k in range(history.laws.teams)])
    sites = np.array([f"s{k // 10:02d}" for k in range(history.laws.teams)])
    keys: dict[str, object] = {"agent_id": agents[agent], "team_id": teams[history.team[agent]]}
    keys |= {"site_id": sites[history.team[agent]], "role": np.full(len(agent), "agent"), "week_on": weeks[week]}
    keys["first_treated_on"] = on(starts)
    if offers is not None:
        keys["offered_on"] = on(offers)
    keys["exit_week_on"] = on(leavers)
    return keys


def _handle_columns(history: History, starts: Floats, agent: Ints, week: Ints) -> Mapping[str, object]:
    found = handled(history, starts, agent, week)
    n = history.calls[agent, week].astype(np.float64)
    columns: dict[str, object] = {f"{part}_s_sum": found.seconds[:, k] for k, part in enumerate(PARTS)}
    for k, part in enumerate(PARTS):
        for name, values in (("y0", found.without), ("te", found.effect), ("peers", found.peers)):
            columns[f"{part}_{name}_s"] = values[:, k] / n
    for c in range(found.calls.shape[1]):
        for i in range(found.calls.shape[2]):
            columns[f"mix_c{c}_i{i:02d}"] = found.calls[:, c, i] / n
    return columns


def _label_columns(history: History, starts: Floats, agent: Ints, week: Ints, qa: Floats) -> Mapping[str, object]:
    found = scored(history, starts, agent, week, qa)
    return {
        "is_accented": history.is_accented[agent],
        "sum_shown": found.shown_n,
        "sum_auto_shown": found.auto_n,
        "label_probability": found.probability,
        "n_human": found.human_n,
        "sum_human_shown": found.human_shown_n,
        "ht_human_shown": found.human_shown_n / found.probability,
        "ht_auto_shown": found.human_auto_n / found.probability,
        "double_rated_n": found.double_n,
        "double_agree_n": found.double_agree_n,
    }


def truth_of(rows: pl.DataFrame, *, te: str = "te") -> float:
    """Return the mean planted effect over coached rows: the truth for an estimator that used these rows."""
    value = rows.filter(pl.col("week_on") >= pl.col("first_treated_on"))[te].mean()
    return float("nan") if value is None else float(value)  # type: ignore[arg-type]
