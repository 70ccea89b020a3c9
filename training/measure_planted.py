"""Misses and false alarms of the scorecard's answers by tenure, channel and act, against planted truth.

Lives here: a small synthetic centre through the whole product, its answers beside what was planted, intervals by agent.
Not here: planting (aftercall/synth), the nightly job (pipelines), heads sentence by sentence (measure_errors.py).

Wording depends on nothing but the act and chance in that centre: tenure moves handle time alone. So equal shares in every
band are what a fair reader must show there; unequal ones would be its fault. Real tenure stays unmeasured.
"""

import os
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import polars as pl

from aftercall.text.weights import TEXT_MODEL_VARIABLE
from training.measure import DRAWS, SEED

HEADING = ("group", "interactions", "agents", "done", "missed", "left out", "not done", "false alarms")
# Planted act -> the questions of the shipped scorecards that ask for it. Written from the descriptions, not from wording.
QUESTIONS = {
    "greeting": ("greeting", "agent_identified"),
    "recording_notice": ("recording_notice",),
    "collections_disclosure": ("collector_notice",),
    "identity_check": ("identity_first", "party_verified"),
    "open_question": ("need_explored",),
    "acknowledgement": ("acknowledgement",),
    "apology": ("apology_for_failure",),
    "ownership": ("ownership",),
    "alternative_offered": ("alternative_offered",),
    "payment_offer": ("payment_offer",),
    "recap": ("outcome_stated", "agreement_recapped"),
    "anything_else": ("anything_else",),
    "closing": ("closing",),
}
_AS = {"role": "pipeline", "purpose": "service_quality"}


def centre_through_product(folder: Path, model: Path, *, agents: int = 24, weeks: int = 13, seed: int = 11) -> pl.DataFrame:
    """Return one row per planted act that was called for and asked about, after `aftercall run` on a fresh centre.

    Columns: interaction_id, agent_id, channel, tenure, act, done, is_paraphrase, answer (null: for a person).
    Raises: CalledProcessError when the run ends with an error.
    """
    from aftercall.synth.centre import write_centre
    from assets.lake import Lake

    write_centre(folder / "centre", agents=agents, teams=6, weeks=weeks, seed=seed)
    code = "import sys; from pipelines.verbs.run import run; sys.exit(run(sys.argv[1:]) > 1)"
    given = ["--input", str(folder / "centre/input"), "--state", str(folder / "state"), "--basis", "synthetic"]
    named_model = os.environ | {TEXT_MODEL_VARIABLE: str(model)}
    subprocess.run([sys.executable, "-c", code, *given], check=True, capture_output=True, env=named_model)  # noqa: S603
    lake = Lake(folder / "state" / "lake")
    named = ["interaction_id", "agent_id", "channel", "day_on", "intent"]
    core = lake.read("core_interaction", columns=named, **_AS)
    people = lake.read("core_agent", columns=["agent_id", "hired_on"], **_AS)
    answers = lake.read("score_question", columns=["interaction_id", "question_id", "answer"], **_AS)
    return beside(pl.read_parquet(folder / "centre/truth/behaviours.parquet"), answers, core, people)


def beside(planted: pl.DataFrame, answers: pl.DataFrame, core: pl.DataFrame, agents: pl.DataFrame) -> pl.DataFrame:
    """Return planted acts that were called for beside the answers of the questions that ask for them.

    Args: planted (interaction_id, behaviour, called_for, done, is_paraphrase); answers (interaction_id, question_id, answer);
        core (interaction_id, agent_id, channel, day_on, intent); agents (agent_id, hired_on). Tenure bands are the product's.
    """
    from assets.coaching.moments import located

    asked = [(act, question) for act, questions in QUESTIONS.items() for question in questions]
    pairs = pl.DataFrame(asked, schema=["behaviour", "question_id"], orient="row")
    return (
        planted.filter("called_for")
        .join(pairs, on="behaviour")
        .join(answers, on=["interaction_id", "question_id"])
        .join(core.select("interaction_id", "channel"), on="interaction_id")
        .join(located(core, agents), on="interaction_id")
        .select(
            *("interaction_id", "agent_id", "channel", "done", "is_paraphrase", "answer"),
            act=pl.col("behaviour"),
            tenure=pl.col("tenure_band"),
        )
    )


def planted_lines(rows: pl.DataFrame) -> list[tuple]:
    """Return lines of HEADING: everything, by wording, by tenure, by channel, by act; shares with 95 % intervals by agent.

    Missed: done, and answered no (a point lost wrongly). Left out: done, and not applicable or for a person (no point lost).
    False alarm: not done, and answered yes or partly.
    """
    usual = rows.filter(~(pl.col("done") & pl.col("is_paraphrase")))
    groups: list[tuple[str, pl.DataFrame]] = [
        ("everything", rows),
        ("done in wordings a rule was written for", usual),
        ("done in held-out paraphrases", rows.filter(pl.col("is_paraphrase") | ~pl.col("done"))),
    ]
    for column, order in (("tenure", ["under 3 months", "3 to 12 months", "over 12 months", "unknown"]), ("channel", None)):
        found = order or sorted(rows[column].drop_nulls().unique().to_list())
        groups += [(f"{column}: {name}", rows.filter(pl.col(column) == name)) for name in found]
    groups += [(f"act: {name}", rows.filter(pl.col("act") == name)) for name in QUESTIONS]
    return [(name, *_line(one)) for name, one in groups if one.height]


def _line(rows: pl.DataFrame) -> tuple[object, ...]:
    said, done = pl.col("answer"), pl.col("done")
    none = said.is_null() | (said == "na")
    sums = rows.group_by("agent_id").agg(
        done_n=done.sum(),
        missed_n=(done & (said == "no").fill_null(value=False)).sum(),
        left_n=(done & none).sum(),
        not_n=(~done).sum(),
        alarm_n=(~done & said.is_in(["yes", "partial"]).fill_null(value=False)).sum(),
    )
    counts = sums.sort("agent_id").drop("agent_id").to_numpy().astype(np.float64)
    draws = counts[np.random.default_rng(SEED).integers(0, len(counts), (DRAWS, len(counts)))].sum(axis=1)
    whole = counts.sum(axis=0)

    def share(part: int, of: int) -> str:
        if not whole[of]:
            return "–"
        with np.errstate(invalid="ignore", divide="ignore"):
            low, high = np.nanpercentile(draws[:, part] / draws[:, of], [2.5, 97.5])
        return f"{whole[part] / whole[of]:.3f} [{low:.3f}, {high:.3f}]"

    n = rows["interaction_id"].n_unique()
    return n, len(counts), int(whole[0]), share(1, 0), share(2, 0), int(whole[3]), share(4, 3)


def planted_rows(model: Path) -> Sequence[tuple]:
    """Return the lines of the card, from a centre written, run with the text model in `model`, and thrown away."""
    with tempfile.TemporaryDirectory() as place:
        return planted_lines(centre_through_product(Path(place), model))
