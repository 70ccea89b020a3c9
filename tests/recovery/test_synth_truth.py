"""The truth of the default synthetic centre agrees with the files beside it: effect, behaviours, personal values, size."""

import csv
import json
import time
from datetime import date
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from aftercall.synth import Centre, write_centre
from aftercall.synth.phrasebook import UNIQUE_TURN_CAP
from aftercall.synth.rates import COACHED_LOGIT


@pytest.fixture(scope="module")
def timed(tmp_path_factory: pytest.TempPathFactory) -> tuple[Centre, float]:
    began = time.process_time()
    return write_centre(tmp_path_factory.mktemp("centre")), time.process_time() - began


@pytest.fixture(scope="module")
def centre(timed: tuple[Centre, float]) -> Centre:
    return timed[0]


@pytest.fixture(scope="module")
def lines(centre: Centre) -> dict[str, list[dict[str, str]]]:
    found = {}
    for path in sorted((centre.input / "transcripts").iterdir()):
        for line in path.read_text(encoding="utf-8").splitlines():
            data = json.loads(line)
            found[data["interaction_id"]] = data["turns"]
    return found


def truth(centre: Centre, name: str) -> pl.DataFrame:
    return pl.read_parquet(centre.truth / f"{name}.parquet")


def seconds(clock: str) -> float:
    hours, minutes, rest = map(int, clock.split(":"))
    return 3600.0 * hours + 60 * minutes + rest


def legs(path: Path) -> pl.DataFrame:
    with path.open(encoding="utf-8-sig", newline="") as file:
        rows = [row for row in csv.DictReader(file) if row["Abandoned"] == "N"]
    parts = [(seconds(row["TalkTime"]), float(row["HoldSec"]), float(row["WrapMs"]) / 1000) for row in rows]
    return pl.DataFrame({"interaction_id": [row["CallId"] for row in rows], "handle_s": [sum(part) for part in parts]})


def test_size_and_speed(timed: tuple[Centre, float], lines: dict[str, list[dict[str, str]]]) -> None:
    centre, cpu_s = timed
    assert 19_000 <= centre.transcript_n <= 21_000
    assert centre.transcript_n == len(lines)
    texts = {turn["text"] for turns in lines.values() for turn in turns}
    assert len(texts) == centre.unique_turn_n <= UNIQUE_TURN_CAP
    assert len(texts) > 8_000, "dialogue is varied"
    # Fifteen seconds on one quiet core; shared machines get twice that before it counts as slow.
    assert cpu_s < 30


def test_headline_is_the_mean_of_y1_minus_y0_over_treated_cells(centre: Centre) -> None:
    rows = truth(centre, "interactions").filter("has_leg")
    cells = rows.group_by("agent_id", "week_on").agg(
        pl.col("is_treated").first(), te=(pl.col("handle_y1_s") - pl.col("handle_y0_s")).mean()
    )
    treated = cells.filter("is_treated")
    assert centre.te_handle_s == pytest.approx(treated["te"].mean(), rel=1e-9)
    assert centre.effect["headline"]["treated_n"] == treated.height
    assert rows.filter(~pl.col("is_treated"))["handle_te_s"].abs().max() == 0.0
    parts = centre.effect["headline"]["te_s"]
    assert parts["talk_s"] + parts["hold_s"] + parts["acw_s"] == pytest.approx(parts["handle_s"], rel=1e-9)
    shares = centre.effect["headline"]["te_share"]
    assert shares["talk_s"] > 0 > shares["hold_s"] > shares["acw_s"]
    assert -0.10 < shares["handle_s"] < -0.06


def test_the_switch_shows_y1_up_to_rounding(centre: Centre) -> None:
    both = truth(centre, "interactions").join(legs(centre.input / "acd_legs.csv"), on="interaction_id")
    off = both["handle_s"] - both["handle_y1_s"]
    assert both.height == truth(centre, "interactions")["has_leg"].sum()
    assert off.abs().max() < 0.6
    assert abs(off.mean()) < 0.02


def test_first_delivery_is_the_start_the_truth_knows(centre: Centre) -> None:
    log = pl.read_csv(centre.input / "coaching.csv", try_parse_dates=True).filter(pl.col("exposure_kind") == "delivered")
    first = log.group_by("agent_id").agg(pl.col("exposed_at").min().dt.date().dt.truncate("1w").alias("first_on"))
    rows = truth(centre, "agent_weeks").filter(pl.col("weeks_since_start") == 0).join(first, on="agent_id", how="left")
    assert rows.height > 30
    assert (rows["first_on"] == rows["week_on"]).all()
    assert set(log["agent_id"]) == set(rows["agent_id"])


def test_the_effect_can_be_found_in_the_files(centre: Centre) -> None:
    """Team by team, late weeks against early ones, coached against never coached: near the truth and clear of zero."""
    roster = pl.read_csv(centre.input / "roster.csv").unique("agent_id", keep="first").select("agent_id", "team_id")
    weekly = truth(centre, "agent_weeks")
    ever = weekly.group_by("agent_id").agg(ever=pl.col("weeks_since_start").is_not_null().any())
    observed = (
        truth(centre, "interactions")
        .select("interaction_id", "agent_id", "week_on", "handle_te_s")
        .join(legs(centre.input / "acd_legs.csv"), on="interaction_id")
        .with_columns(post=pl.col("week_on") >= date(2026, 5, 4) + pl.duration(weeks=16))
        .filter(pl.col("post") | (pl.col("week_on") < date(2026, 5, 4) + pl.duration(weeks=10)))
        .join(roster, on="agent_id")
        .join(ever, on="agent_id")
        .group_by("team_id", "post")
        .agg(pl.col("handle_s", "handle_te_s").mean(), pl.col("ever").any())
        .pivot(on="post", index=["team_id", "ever"], values=["handle_s", "handle_te_s"])
    )
    change = (observed["handle_s_true"] - observed["handle_s_false"]).to_numpy()
    coached = observed["ever"].to_numpy()
    assert (coached.sum(), (~coached).sum()) == (8, 4)
    estimate = change[coached].mean() - change[~coached].mean()
    se = np.sqrt(change[coached].var(ddof=1) / 8 + change[~coached].var(ddof=1) / 4)
    planted = observed.filter("ever")["handle_te_s_true"].mean()
    assert abs(estimate - planted) < 3 * se
    assert estimate / se < -2.5


def test_done_behaviours_stand_at_their_turn_and_enough_are_unusual(
    centre: Centre, lines: dict[str, list[dict[str, str]]]
) -> None:
    marks = truth(centre, "behaviours")
    assert marks.group_by("interaction_id").len()["len"].n_unique() == 1
    assert marks.filter(pl.col("done") & ~pl.col("called_for")).is_empty()
    assert (marks["turn"].is_not_null() == marks["done"]).all()
    done = marks.filter("done")
    for identity, turn in done.select("interaction_id", "turn").iter_rows():
        assert lines[identity][turn]["speaker"] == "agent"
    shares = (
        done.filter(pl.col("behaviour") != "name_use").group_by("behaviour").agg(pl.len(), share=pl.col("is_paraphrase").mean())
    )
    assert done["is_paraphrase"].mean() > 0.20
    assert (shares.filter(pl.col("len") > 200)["share"] > 0.20).all()
    missed = marks.filter(pl.col("called_for") & ~pl.col("done"))
    assert missed.height > 0.15 * marks["called_for"].sum(), "omissions are planted"


def test_coaching_raises_what_was_coached_and_nothing_else(centre: Centre) -> None:
    found = centre.effect["behaviours"]
    for name, row in found.items():
        if name in COACHED_LOGIT:
            assert row["te_share"] > 0.05, name
        else:
            assert row["te_share"] == 0.0, name
    rows = truth(centre, "behaviours").join(
        truth(centre, "interactions").select("interaction_id", "is_treated"), on="interaction_id"
    )
    recap = rows.filter(pl.col("behaviour") == "recap").group_by("is_treated").agg(pl.col("done").mean())
    by = dict(recap.iter_rows())
    assert by[True] - by[False] == pytest.approx(found["recap"]["te_share"], abs=0.07)


def test_threats_are_rare_and_only_in_collections(centre: Centre) -> None:
    rows = truth(centre, "behaviours").filter(pl.col("behaviour") == "prohibited_threat")
    both = rows.join(truth(centre, "interactions").select("interaction_id", "queue"), on="interaction_id")
    assert set(both.filter("called_for")["queue"]) == {"collections"}
    said = both.filter("done")
    assert 1 <= said.height <= 0.01 * both["called_for"].sum()


def test_personal_values_stand_where_the_truth_says(centre: Centre, lines: dict[str, list[dict[str, str]]]) -> None:
    rows = truth(centre, "personal_data")
    for row in rows.iter_rows(named=True):
        text = lines[row["interaction_id"]][row["turn"]]["text"]
        assert text[row["start"] : row["end"]] == row["value"]
    kinds = set(rows["kind"])
    assert {"person", "card", "security_code", "ssn", "birth_date", "phone", "email", "address"} <= kinds
    assert {"written", "spoken"} <= set(rows["form"])


def test_raters_are_good_but_not_perfect(centre: Centre) -> None:
    rows = truth(centre, "evaluations")
    agree = (rows["answer"] == rows["true_answer"]).mean()
    assert 0.90 < agree < 0.99
    rated = rows.group_by("interaction_id").agg(pl.col("evaluation_id").n_unique())["evaluation_id"]
    assert 0.05 < (rated > 1).mean() < 0.16
    assert 0.018 < rated.len() / centre.transcript_n < 0.045


def test_repeat_contacts_follow_within_a_week(centre: Centre) -> None:
    rows = truth(centre, "interactions")
    assert 0.05 < rows["is_repeat"].mean() < 0.15
