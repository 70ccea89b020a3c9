"""Cohorts and declared subgroups: who belongs, who gained, and that luck before the start fakes nothing."""

import numpy as np
import polars as pl
import pytest

from aftercall.contracts.errors import ContractError, RequestError, UnknownColumn
from analytics.studies.by_group import effects_by_group
from analytics.studies.longpanel import LongPanel
from analytics.studies.prepare import prepared
from analytics.studies.study import study
from analytics.studies.study_spec import StudySpec, read_spec, standard_spec
from analytics.studies.study_words import groups_told
from analytics.studies.subgroups import groups_of
from assets.report.study import study_page
from tests.study_cases import agents, table, teams_by_lot

UNITS, RUNS = 180, 100
TOO_OFTEN = 12  # of 100 at 5 %: exceeded by chance in 1 of 700 runs


def declared(**more: object) -> StudySpec:
    asked = {"outcome": "score_h", "unit": "rep", "time": "wk", "first_treated": "start", "mechanism": "rollout"}
    return standard_spec(**(asked | {"sensitivity": "skip"} | more))  # type: ignore[arg-type]


def centre(seed: int, *, gradient: float = 0.0) -> pl.DataFrame:
    """Agents drawn one by one; the effect is 3 less `gradient` for every standard deviation of skill."""
    y, skill = agents(seed, units=UNITS)
    first = np.random.default_rng(seed + 9).permutation(np.resize((14, 18, 0), UNITS))
    on = (first[:, None] > 0) & (np.arange(1, y.shape[1] + 1) >= first[:, None])
    return table(y + on * (3 - gradient * skill[:, None] / 4), first, 0.0)


def by_baseline(frame: pl.DataFrame) -> tuple[LongPanel, float, np.ndarray]:
    spec = declared()
    panel = prepared(frame, spec).panel
    groups = groups_of(panel, frame, spec, "baseline")
    found = effects_by_group(groups.panel, groups.of_unit, groups.names, column="baseline")
    test = found.equality()
    assert test is not None
    return panel, test[2], found.estimates


def by_weeks_the_fit_leans_on(panel: LongPanel) -> tuple[float, float]:
    """The mistake: fifths by the four weeks before the start, which the fit uses too. p of equality, top less bottom fifth."""
    first = panel.first[panel.unit]
    recent = (panel.time < first) & (panel.time >= first - 4)
    mean = np.bincount(panel.unit[recent], weights=panel.y[recent], minlength=panel.unit_n) / 4
    treated = panel.first < panel.period_n
    edges = np.quantile(mean[treated], [0.2, 0.4, 0.6, 0.8])
    place = np.where(treated, np.searchsorted(edges, mean), -1)
    found = effects_by_group(panel, place, tuple("12345"), column="naive")
    test = found.equality()
    assert test is not None
    return test[2], float(found.estimates[4] - found.estimates[0])


def test_no_gradient_is_faked_by_luck_before_the_start() -> None:
    safe, naive, gaps, naive_gaps = 0, 0, [], []
    for seed in range(RUNS):
        panel, p, estimates = by_baseline(centre(seed))
        wrong_p, wrong_gap = by_weeks_the_fit_leans_on(panel)
        safe, naive = safe + (p < 0.05), naive + (wrong_p < 0.05)
        gaps.append(estimates[-1] - estimates[0])
        naive_gaps.append(wrong_gap)
    assert safe <= TOO_OFTEN
    assert naive > TOO_OFTEN
    assert abs(np.mean(gaps)) < 0.25  # top less bottom fifth, where the effect is 3; four standard errors of 100 runs
    assert np.mean(naive_gaps) < -0.5


def test_a_planted_gradient_is_found() -> None:
    found = [by_baseline(centre(seed, gradient=1.5)) for seed in range(12)]
    assert sum(p < 0.05 for _, p, _ in found) >= 10
    mean = np.mean([estimates for _, _, estimates in found], axis=0)
    assert (np.diff(mean) < 0).all()
    # Top and bottom fifths of the measured level lie about 2.6 standard deviations of skill apart: 1.5 x 2.6.
    assert -4.8 < mean[-1] - mean[0] < -3.0


def test_groups_by_column_are_the_planted_ones_and_travel_everywhere() -> None:
    frame = centre(3)
    joined = pl.col("rep") * 7 % 41
    on = (pl.col("start") > 0) & (pl.col("wk") >= pl.col("start"))
    frame = frame.with_columns(
        tenure_weeks=joined + pl.col("wk"), role=pl.when(joined < 12).then(pl.lit("new")).otherwise(pl.lit("old"))
    )
    frame = frame.with_columns(score_h=pl.col("score_h") + 4 * on * (pl.col("role") == "new"))
    found = study(frame, declared(subgroups=("role", "tenure_weeks", "baseline")))
    record = found.as_record()
    role = {one["group"]: one for one in record["subgroups"] if one["column"] == "role"}
    assert role["new"]["ci_low"] < 7.0 < role["new"]["ci_high"]
    assert role["old"]["ci_low"] < 3.0 < role["old"]["ci_high"]
    assert all(one["q"] >= one["p"] for one in record["subgroups"])
    tests = {one["column"]: one for one in record["subgroup_tests"]}
    assert tests["role"]["q"] < 0.001
    assert tests["tenure_weeks"]["q"] < 0.05
    assert tests["role"]["q"] == pytest.approx(3 * tests["role"]["p"], rel=0.6)
    told = "\n".join(groups_told(found))
    assert "role: groups differ" in told
    assert "baseline: a difference between groups is not shown" in told
    html = study_page(found, source="panel.csv")
    assert "Who gained, by declared subgroup" in html
    assert "subgroups:\n- role" in html
    # Averages of the same imputed effects: by role they add up to the whole.
    whole = declared(method="imputation")
    rows = frame.filter(on).group_by("role").len()
    share = dict(rows.iter_rows())
    total = sum(role[name]["estimate"] * n for name, n in share.items()) / sum(share.values())
    assert study(frame, whole).found.estimate == pytest.approx(total, abs=1e-9)  # type: ignore[union-attr]


def test_what_is_known_only_after_the_start_makes_no_groups() -> None:
    frame = teams_by_lot(1)
    after = (pl.col("start") > 0) & (pl.col("wk") >= pl.col("start"))
    frame = frame.with_columns(tier=pl.when(after).then(pl.lit("gold")), level=pl.lit("x"), seen=pl.col("wk"))
    with pytest.raises(ContractError, match="only from their start on"):
        study(frame, declared(subgroups=("tier",)))
    with pytest.raises(ContractError, match="measured at or after the start"):
        study(frame.with_columns(level=pl.col("rep") % 2), declared(subgroups=("level@seen",)))
    with pytest.raises(UnknownColumn, match="baseline"):
        study(frame, declared(subgroups=("tenur",)))
    with pytest.raises(RequestError, match="name baseline"):
        declared(subgroups=("score_h",))
    found = study(frame, declared(subgroups=("level",)))
    assert "same for every treated unit" in found.subgroups.tests[0].detail


def test_a_cohort_is_declared_said_and_decided_before_the_start() -> None:
    frame = teams_by_lot(1)
    after = (pl.col("start") > 0) & (pl.col("wk") >= pl.col("start") + 2)
    senior = pl.col("rep") % 2 == 0
    role = pl.when(senior).then(pl.lit("senior")).when(after).then(pl.lit("senior")).otherwise(pl.lit("agent"))
    frame = frame.with_columns(role=role, site=pl.col("squad") % 3)
    spec = declared(cluster="squad", cohort=(("role", ("agent",)), ("site", ("0", "1"))))
    found = study(frame, spec)
    kept = set(frame.filter((pl.col("rep") % 2 == 1) & (pl.col("site") < 2))["rep"].cast(pl.String).to_list())
    assert set(found.panel.unit_names) == kept
    assert found.panel.period_n == 28  # promotion after the start removes nobody's weeks
    assert len(found.panel.y) == 28 * len(kept)
    assert any("role is agent and site is 0 or 1" in one for one in found.warnings)
    assert "role is agent and site is 0 or 1" in study_page(found, source="p.csv")
    assert read_spec(spec.as_yaml()) == spec
    assert "role:\n  - agent" in spec.as_yaml()
    assert spec.hash != declared(cluster="squad").hash
    with pytest.raises(ContractError, match="There are: agent, senior"):
        study(frame, declared(cohort=(("role", ("boss",)),)))
    with pytest.raises(UnknownColumn, match="rol"):
        study(frame, declared(cohort=(("rol", ("agent",)),)))


def test_groups_and_cohort_are_the_same_when_the_start_is_said_row_by_row() -> None:
    frame = teams_by_lot(1).with_columns(site=pl.col("rep") % 2, joined=pl.col("rep") % 3)
    on = (pl.col("start") > 0) & (pl.col("wk") >= pl.col("start"))
    spec = declared(cluster="squad", cohort=(("site", ("1",)),), subgroups=("joined", "baseline"))
    dated, switched = study(frame, spec), study(frame.with_columns(start=on.cast(pl.Int64)), spec)
    assert dated.subgroups == switched.subgroups
    assert dated.panel.unit_names == switched.panel.unit_names


def test_a_balanced_course_follows_the_same_units() -> None:
    frame = teams_by_lot(1).filter(~((pl.col("rep") < 12) & (pl.col("wk") == 20)))
    longest = study(frame, declared(cluster="squad")).as_record()["event_study_balanced"]
    assert [one["horizon"] for one in longest] == list(range(11))  # the last start is 18 of 28
    assert len({one["n_units"] for one in longest}) == 1
    free = study(frame, declared(cluster="squad")).as_record()["event_study"]
    assert len({one["n_units"] for one in free if one["horizon"] >= 0}) > 1
    short = study(frame, declared(cluster="squad", balanced=3)).as_record()["event_study_balanced"]
    assert [one["horizon"] for one in short] == [0, 1, 2, 3]
    assert any("no balanced course" in one for one in study(frame, declared(balanced=40)).warnings)
