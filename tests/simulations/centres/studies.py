"""The studies of one small centre: true outcomes, automatic scores, scores corrected by people, handle time.

Lives here: panel and declared study per outcome and version, one row each with the planted effect over the cells it used.
Not here: making the centre (scored.py), running many (run.py).
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
import polars as pl

from analytics.panel import read_panel
from analytics.sampling import draw
from analytics.studies.study import Study, study
from analytics.studies.study_spec import standard_spec
from tests.simulations.centres import planted
from tests.simulations.centres.scored import Scored

RATES = ("recap", "acknowledgement", "anything_else")
CORRECTED = ("recap", "anything_else", "score")
UNITS = {"score": "points", "handle_s": "s"}
LABEL_N = 240
COLUMNS = (
    *("wording", "seed", "outcome", "version", "truth", "estimate", "se", "ci_low", "ci_high", "p", "verdict", "reasons"),
    *("vcov", "baseline", "n_rows", "n_clusters", "label_n", "is_whole", "epoch"),
)


@dataclass(frozen=True, slots=True)
class Keys:
    """Who was in which team when coaching was drawn, and when that team starts: agent_id, week_on, team_id, starts_on."""

    rows: pl.DataFrame
    drawn: pl.DataFrame


def rows_of(centre: Scored, *, seed: int) -> list[dict[str, Any]]:
    """Return one row per outcome and version: truth, estimate, interval, p, verdict."""
    panel = read_panel(centre.weeks, mechanism="rollout", level="team")
    keys = Keys(panel.frame.select("agent_id", "week_on", "team_id", "starts_on"), planted.assignment(centre.truth))
    true = planted.interactions(centre.truth)
    out = list[dict[str, Any]]()
    for name in RATES:
        out.append(_cells(keys, _truth_cells(true, name), name, "true", seed))
        out.append(_cells(keys, _machine_rate(centre.behaviours, true, name), name, "automatic", seed))
    out.append(_cells(keys, _truth_cells(true, "score"), "score", "true", seed))
    out.append(_cells(keys, _machine_mean(centre.weeks, true, "score", "overall_sum", "scored_n"), "score", "automatic", seed))
    times = planted.handled(centre.truth)
    out.append(_cells(keys, _truth_cells(times, "handle_s"), "handle_s", "true", seed))
    mart = _machine_mean(centre.weeks, times, "handle_s", "handle_s_sum", "handled_n")
    out.append(_cells(keys, mart, "handle_s", "mart", seed))
    out += [_corrected(keys, true, _machine_answers(centre, name), name, seed) for name in CORRECTED]
    return out


def _truth_cells(rows: pl.DataFrame, name: str) -> pl.DataFrame:
    known = rows.filter(pl.col(name).is_not_null())
    return known.group_by("agent_id", "week_on").agg(pl.col(name).mean(), te=pl.col(f"{name}_te").mean(), n=pl.len())


def _gain(rows: pl.DataFrame, name: str) -> pl.DataFrame:
    return _truth_cells(rows, name).select("agent_id", "week_on", "te")


def _machine_rate(behaviours: pl.DataFrame, true: pl.DataFrame, name: str) -> pl.DataFrame:
    """Return the share done of mart_behaviour_week, weighed by how often the machine saw it called for."""
    mine = behaviours.filter((pl.col("question_id") == name) & (pl.col("called_for_n") > 0))
    rate = mine.select("agent_id", "week_on", (pl.col("done_n") / pl.col("called_for_n")).alias(name), n="called_for_n")
    # A cell in which it was never truly called for has no planted gain of its own: the agent-week's is that of its probability.
    return rate.join(_gain(true, name), on=["agent_id", "week_on"], how="left")


def _machine_mean(weeks: pl.DataFrame, true: pl.DataFrame, name: str, sums: str, counts: str) -> pl.DataFrame:
    mine = weeks.filter(pl.col(counts) > 0)
    mean = mine.select("agent_id", "week_on", (pl.col(sums) / pl.col(counts)).alias(name), n=counts)
    return mean.join(_gain(true, name), on=["agent_id", "week_on"], how="left")


def _cells(keys: Keys, cells: pl.DataFrame, name: str, version: str, seed: int) -> dict[str, Any]:
    """Return the row of a study on agent-weeks."""
    frame = cells.join(keys.rows, on=["agent_id", "week_on"]).sort("agent_id", "week_on")
    # A study refuses an outcome that is named like an automatic score, so each is called what it is.
    column = f"auto_{name}" if version == "automatic" else f"true_{name}"
    frame = frame.rename({name: column})
    spec = standard_spec(
        outcome=column, unit="agent_id", time="week_on", first_treated="starts_on", cluster="team_id", weights="n",
        mechanism="randomised", unit_of_outcome=UNITS.get(name, ""), period="week", seed=seed,
    )  # fmt: skip
    found = study(frame, spec, assignment=keys.drawn)
    has_before = (pl.col("week_on") < pl.col("starts_on")).any().over("agent_id")
    used = frame.filter((pl.col("week_on") >= pl.col("starts_on")) & has_before)
    return _row(found, name, version, used, used["n"].to_numpy(), label_n=0)


def _machine_answers(centre: Scored, name: str) -> pl.DataFrame:
    """Return interaction_id and the machine's value, null where it gave none."""
    if name == "score":
        return centre.scores.select("interaction_id", auto="overall")
    mine = centre.answers.filter(pl.col("question_id") == name)
    value = pl.col("done_n") / pl.col("called_for_n")
    known = mine.with_columns(auto=pl.when(pl.col("called_for_n") > 0).then(value))
    return known.select("interaction_id", "auto")


def _corrected(keys: Keys, true: pl.DataFrame, auto: pl.DataFrame, name: str, seed: int) -> dict[str, Any]:
    """Return the row of a study on interactions: the machine on all, people on a random part with stored probability.

    Where the machine gave no value its mean stands in: any surrogate that does not look at the label keeps the correction right
    on average; leaving such interactions out would not.
    """
    rows = true.filter(pl.col(name).is_not_null()).join(auto, on="interaction_id", how="left")
    rows = rows.with_columns(pl.col("auto").fill_null(pl.col("auto").mean()))
    rows = rows.drop("team_id").join(keys.rows, on=["agent_id", "week_on"]).sort("interaction_id")
    drawn = draw(rows.select("interaction_id", "agent_id"), LABEL_N, design="stratified", seed=seed)
    labels = drawn.rows.select("interaction_id", human_probability="inclusion_probability")
    sizes = rows.group_by("agent_id").len("agent_n")
    quota = pl.col("agent_n").clip(upper_bound=LABEL_N // rows["agent_id"].n_unique())
    frame = (
        rows.join(labels, on="interaction_id", how="left")
        .join(sizes, on="agent_id")
        .with_columns(
            human=pl.when(pl.col("human_probability").is_not_null()).then(pl.col(name)), probability=quota / pl.col("agent_n")
        )
        .select("interaction_id", "week_on", "starts_on", "team_id", "auto", "human", "probability", te=f"{name}_te")
        .sort("interaction_id")
    )
    assert np.allclose(
        frame.filter(pl.col("human").is_not_null())["probability"].to_numpy(),
        drawn.rows.sort("interaction_id")["inclusion_probability"].to_numpy(),
    )
    spec = standard_spec(
        outcome="auto", unit=None, time="week_on", first_treated="starts_on", cluster="team_id", mechanism="randomised",
        unit_of_outcome=UNITS.get(name, ""), period="week", seed=seed, auto="auto", human="human", prob="probability",
    )  # fmt: skip
    found = study(frame, spec, assignment=keys.drawn)
    used = frame.filter(pl.col("week_on") >= pl.col("starts_on"))
    return _row(found, name, "corrected", used, np.ones(used.height), label_n=drawn.rows.height)


def _row(found: Study, name: str, version: str, used: pl.DataFrame, weights: np.ndarray, *, label_n: int) -> dict[str, Any]:
    known = used["te"].is_not_null().to_numpy()
    said = found.as_record()
    picked = ("estimate", "se", "ci_low", "ci_high", "p", "verdict", "vcov", "baseline", "n_clusters")
    return {"outcome": name, "version": version, "reasons": " ".join(said["reasons"]), "label_n": label_n} | {
        "truth": float(np.average(used["te"].to_numpy()[known], weights=weights[known])),
        "n_rows": said["n_obs"],
        **{one: said[one] for one in picked},
    }
