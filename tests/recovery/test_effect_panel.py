"""The synthetic agent-week panel holds what it says: potential outcomes add up, laws come back out, designs do as described."""

import math
import time

import numpy as np
import polars as pl
import pytest

from aftercall.contracts.errors import RequestError
from aftercall.synth.effect_designs import by_team, eligible_pool, half_of_pool, opt_in, worst_first
from aftercall.synth.effect_handle import PARTS, peers_coached
from aftercall.synth.effect_history import EffectLaws, History, effect_history
from aftercall.synth.effect_panel import effect_panel, truth_of

LAWS = EffectLaws()


@pytest.fixture(scope="module")
def centre() -> History:
    return effect_history(LAWS, seed=5)


@pytest.fixture(scope="module")
def full(centre: History) -> pl.DataFrame:
    return effect_panel(centre, by_team(centre), handle=True, labels=True)


def test_every_row_is_its_potential_outcomes(full: pl.DataFrame) -> None:
    assert (full["qa_mean"] - full["y0"] - full["te"]).abs().max() == pytest.approx(0, abs=1e-9)
    assert (full["qa_sum"] / full["interaction_n"] - full["qa_mean"]).abs().max() == pytest.approx(0, abs=1e-9)
    # A sum of squares below n times the squared mean is no sum of squares.
    assert (full["qa_sumsq"] - full["interaction_n"] * full["qa_mean"] ** 2).min() > -1e-6
    before = full.filter((pl.col("week_on") < pl.col("first_treated_on")) | pl.col("first_treated_on").is_null())
    assert before.height
    assert before["te"].abs().max() == 0
    for part in PARTS:
        total = full[f"{part}_y0_s"] + full[f"{part}_te_s"] + full[f"{part}_peers_s"]
        assert (full[f"{part}_s_sum"] / full["interaction_n"] - total).abs().max() == pytest.approx(0, abs=1e-9)
        assert full[f"{part}_s_sum"].min() > 0
    mix = full.select(pl.sum_horizontal(pl.col("^mix_.*$"))).to_series()
    assert (mix - 1).abs().max() == pytest.approx(0, abs=1e-12)


def test_one_seed_is_one_centre_and_no_design_disturbs_it(centre: History) -> None:
    again = effect_history(LAWS, seed=5)
    assert (again.y0 == centre.y0).all()
    assert not (effect_history(LAWS, seed=6).y0 == centre.y0).all()
    one, other = effect_panel(centre, by_team(centre)), effect_panel(centre, worst_first(centre))
    both = one.join(other, on=["agent_id", "week_on"], suffix="_2")
    assert (both["y0"] == both["y0_2"]).all()


def test_the_parts_of_handle_time_move_in_opposite_directions(full: pl.DataFrame) -> None:
    late = full.filter(pl.col("week_on") >= pl.col("first_treated_on") + pl.duration(weeks=12))
    moved = {part: float((late[f"{part}_te_s"] / late[f"{part}_y0_s"]).mean()) for part in PARTS}  # type: ignore[arg-type]
    assert moved["talk"] == pytest.approx(0.02, abs=0.001)
    assert moved["hold"] == pytest.approx(-0.10, abs=0.005)
    assert moved["acw"] == pytest.approx(-0.30, abs=0.012)
    seconds = late.select(*(pl.col(f"{part}_y0_s").sum().alias(part) for part in PARTS)).row(0)
    assert np.array(seconds) / sum(seconds) == pytest.approx([0.65, 0.10, 0.25], abs=0.01)
    # .65 x .02 - .10 x .10 - .25 x .30: the specification rounds this to about -8 %.
    whole = sum(float(late[f"{part}_te_s"].sum()) for part in PARTS) / sum(seconds)
    assert whole == pytest.approx(-0.072, abs=0.004)


def test_coached_peers_save_their_share(centre: History, full: pl.DataFrame) -> None:
    share = peers_coached(centre, by_team(centre))
    there = centre.is_there_with(by_team(centre))
    saved = sum(full[f"{part}_peers_s"].to_numpy() for part in PARTS)
    own = sum((full[f"{part}_y0_s"] + full[f"{part}_te_s"]).to_numpy() for part in PARTS)
    assert 1 + saved / own == pytest.approx(1 / (1 + 0.05 * share[there]), abs=1e-12)
    assert set(np.unique(share).tolist()) <= {0.0, 1.0}, "whole teams start together"
    assert share.max() == 1.0


def test_the_laws_come_back_out_of_many_agents() -> None:
    laws = EffectLaws(agents=6000, teams=500, leaving_share=0.0, ramp=0.0, trend=0.0, season=0.0, shock_sd=0.0)
    many = effect_history(laws, seed=2)
    level = many.y0.mean(axis=1)
    size = laws.agents // laws.teams
    teams = level.reshape(laws.teams, size)
    between, within = teams.mean(axis=1).var(ddof=1), teams.var(axis=1, ddof=1).mean()
    of_team = between - within / size
    assert of_team / (of_team + within) == pytest.approx(0.1, abs=0.02), "share of teams in what agents differ by"
    lagged = np.mean(many.state[:, 1:] * many.state[:, :-1]) / np.mean(many.state**2)
    assert lagged == pytest.approx(0.5, abs=0.01)
    assert many.state.std() == pytest.approx(2.5, abs=0.05)
    shocks = effect_history(
        EffectLaws(agents=500, teams=500, skill_sd=0, team_sd=0, state_sd=0, ramp=0, call_sd=0, season=0), seed=3
    )
    u = shocks.y0 - 75 - 0.02 * np.arange(40)
    assert np.mean(u[:, 1:] * u[:, :-1]) / np.mean(u**2) == pytest.approx(0.7, abs=0.02)


def test_weak_agents_leave_and_stress_makes_more_of_them() -> None:
    calm = effect_history(EffectLaws(agents=5000, teams=50, weeks=52), seed=4)
    stress = effect_history(EffectLaws(agents=5000, teams=50, weeks=52, leaving_share=0.017), seed=4)
    left = ~calm.is_there[:, -1]
    assert calm.skill[left].mean() < calm.skill[~left].mean() - 0.5
    assert (~stress.is_there[:, -1]).mean() == pytest.approx(0.60, abs=0.03)
    # A week's leavers had a bad week before.
    there = calm.is_there
    goes, stays = there[:, :-1] & ~there[:, 1:], there[:, :-1] & there[:, 1:]
    assert calm.state[:, :-1][goes].mean() < calm.state[:, :-1][stays].mean() - 0.3
    coached = calm.is_there_with(np.where(calm.tenure < 10, 2.0, np.inf))
    novices = calm.tenure < 10
    assert (coached[novices, 26] >= calm.is_there[novices, 26]).all()
    assert coached[novices, 26].mean() > calm.is_there[novices, 26].mean()


def test_an_effect_builds_up_and_may_fade() -> None:
    built = EffectLaws().built_up(np.arange(0.0, 40.0))
    assert built[3] == pytest.approx(1 - math.exp(-1))
    faded = EffectLaws(fade_half_life_weeks=12.0).built_up(np.arange(0.0, 40.0))
    assert faded[36] / built[36] == pytest.approx(0.125)


def test_designs_choose_whom_they_say(centre: History) -> None:
    teams = by_team(centre)
    assert sorted(np.unique(teams, return_counts=True)[1].tolist()) == [48, 48, 48, 96]
    assert all(len(set(teams[centre.team == t].tolist())) == 1 for t in range(20))
    worst = worst_first(centre)
    started = worst == 14
    rest = (worst > 14) & centre.is_there[:, 14]
    assert started.sum() == int(0.15 * centre.is_there[:, 14].sum())
    assert centre.recent(14)[started].max() <= centre.recent(14)[rest].min()
    assert centre.state[started, 10:14].mean() < -0.5, "bad luck is part of why they were chosen"
    pool = eligible_pool(centre)
    starts = half_of_pool(centre, pool)
    assert (starts == 14).sum() == len(pool) // 2
    assert (starts == 22).sum() == len(pool) - len(pool) // 2
    offers, takers = opt_in(centre)
    assert (np.isfinite(offers) >= np.isfinite(takers)).all()
    accepted = np.isfinite(takers)[np.isfinite(offers)]
    assert centre.skill[np.isfinite(offers)][accepted].mean() > centre.skill[np.isfinite(offers)][~accepted].mean() + 2


def test_the_truth_of_designs_is_near_the_specification() -> None:
    centres = [effect_history(LAWS, seed=seed) for seed in range(40)]
    rolled = [truth_of(effect_panel(one, by_team(one))) for one in centres]
    worst = [truth_of(effect_panel(one, worst_first(one))) for one in centres]
    assert np.mean(rolled) == pytest.approx(3.15, abs=0.05)
    assert np.mean(worst) == pytest.approx(4.5, abs=0.1)


def test_automatic_scores_err_as_planted_and_labels_are_weighed_right() -> None:
    laws = EffectLaws(agents=1000, teams=50, weeks=20, effect=0.0)
    one = effect_history(laws, seed=8)
    rows = effect_panel(one, by_team(one, starts=(10,), shares=(0.5,)), labels=True)
    on = pl.col("week_on") >= pl.col("first_treated_on")
    off = rows.filter(~on.fill_null(value=False) & ~pl.col("is_accented"))
    shown, n = float(off["sum_shown"].sum()), float(off["interaction_n"].sum())
    expected = 0.88 * shown + 0.15 * (n - shown)
    assert float(off["sum_auto_shown"].sum()) == pytest.approx(expected, rel=0.003)
    coached = rows.filter(on & ~pl.col("is_accented"))
    shown, n = float(coached["sum_shown"].sum()), float(coached["interaction_n"].sum())
    plain = 0.88 * shown + 0.15 * (n - shown)
    assert float(coached["sum_auto_shown"].sum()) == pytest.approx(plain + 0.15 * (n - plain), rel=0.003)
    assert float(rows["ht_human_shown"].sum()) == pytest.approx(float(rows["sum_shown"].sum()), rel=0.01)
    assert float(rows["ht_auto_shown"].sum()) == pytest.approx(float(rows["sum_auto_shown"].sum()), rel=0.01)
    assert float(rows["n_human"].sum()) / float(rows["interaction_n"].sum()) == pytest.approx(0.02, rel=0.02)
    assert rows["label_probability"].min() >= 0.005  # type: ignore[operator]
    twice, agree = float(rows["double_rated_n"].sum()), float(rows["double_agree_n"].sum())
    p = float(rows["sum_shown"].sum()) / float(rows["interaction_n"].sum())
    chance = p**2 + (1 - p) ** 2
    assert (agree / twice - chance) / (1 - chance) == pytest.approx(0.7, abs=0.05)


def test_a_centre_of_the_test_size_takes_a_moment() -> None:
    began = time.process_time()
    for seed in range(5):
        effect_history(LAWS, seed=seed)
    assert (time.process_time() - began) / 5 < 0.1


def test_what_cannot_be_drawn_says_so(centre: History) -> None:
    with pytest.raises(RequestError, match="teams"):
        effect_history(EffectLaws(agents=3, teams=5), seed=1)
    with pytest.raises(RequestError, match="4 weeks before"):
        worst_first(centre, at=(2,))
