"""The study engine: verdicts on planted panels, refusals that do not trust a flag, declared specs."""

import numpy as np
import polars as pl
import pytest

from aftercall.contracts.errors import ContractError, RequestError
from analytics.studies.mechanism import balance_test
from analytics.studies.prepare import prepared
from analytics.studies.study import Study, study
from analytics.studies.study_spec import StudySpec, read_spec, standard_spec
from tests.study_cases import NEVER, agents, table, teams_by_lot, worst_agents


def declared(mechanism: str, **more: object) -> StudySpec:
    asked = {"outcome": "score_h", "unit": "rep", "time": "wk", "first_treated": "start", "mechanism": mechanism} | more
    return standard_spec(**asked)  # type: ignore[arg-type]


def codes(found: Study) -> set[str]:
    return {one.code for one in found.reasons}


def draw_file(frame: pl.DataFrame, key: str, *, probability: float = 0.5) -> pl.DataFrame:
    arms = frame.group_by(key).agg(pl.col("start").first()).sort(key)
    arm = pl.when(pl.col("start") > 0).then(pl.lit("coached")).otherwise(pl.lit("control"))
    return arms.select(
        unit=pl.col(key).cast(pl.String), arm=arm, start=pl.col("start").cast(pl.String), probability=pl.lit(probability)
    )


def test_teams_by_lot_are_supported_and_the_interval_holds_the_truth() -> None:
    frame = teams_by_lot(1)
    found = study(frame, declared("rollout", cluster="squad", period="week"))
    assert found.verdict == "supported"
    assert not found.reasons
    assert found.found is not None
    assert found.found.ci_low < 3.0 < found.found.ci_high
    assert found.breakdown is not None
    assert found.breakdown >= 0.5
    record = found.as_record()
    assert min(one["horizon"] for one in record["event_study"]) < 0 < max(one["horizon"] for one in record["event_study"])
    assert {"mde_80", "equivalence_bound", "breakdown", "group_time", "cross_checks"} <= set(record)


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize(
    ("mechanism", "code"), [("randomised", "NOT_RANDOM"), ("triggered", "TRIGGERED"), ("rollout", "CONTROL_MOVED")]
)
def test_coached_because_they_were_worst_is_not_identified_whatever_is_declared(seed: int, mechanism: str, code: str) -> None:
    found = study(worst_agents(seed), declared(mechanism, sensitivity="skip"))
    assert found.verdict == "not identified"
    assert code in codes(found)
    assert "not identified" in str(found)
    assert "no effect" not in str(found)


def test_balance_does_not_refuse_what_chance_decided() -> None:
    p = [
        balance_test(prepared(teams_by_lot(s), declared("randomised", cluster="squad")).panel, seed=1, draws=499).p
        for s in range(40)
    ]
    known = np.array([value for value in p if value is not None])
    assert len(known) == 40
    assert known.min() > 0.002
    assert 0.25 < np.median(known) < 0.75


def test_assignment_file_must_match_the_panel() -> None:
    frame = teams_by_lot(1)
    file, spec = draw_file(frame, "squad"), declared("randomised", cluster="squad", period="week")
    good = study(frame, spec, assignment=file)
    assert good.verdict == "supported"
    assert any("as drawn" in one.question or "drawn" in one.question for one in good.checks)
    other = file.with_columns(arm=pl.when(pl.col("unit") == "0").then(pl.lit("coached")).otherwise(pl.col("arm")))
    other = other.with_columns(arm=pl.when(pl.col("unit") == "1").then(pl.lit("control")).otherwise(pl.col("arm")))
    for wrong in (other, file.head(10), draw_file(frame, "squad", probability=1.0)):
        found = study(frame, spec, assignment=wrong)
        assert found.verdict == "not identified"
        assert "NOT_RANDOM" in codes(found)


def test_hold_out_of_the_worst_is_identified_and_others_left_out() -> None:
    y, _ = agents(3, units=200)
    pool = np.flatnonzero(y[:, 9:13].mean(axis=1) < np.quantile(y[:, 9:13].mean(axis=1), 0.3))
    first = np.zeros(len(y), dtype=np.int64)
    first[np.random.default_rng(1).choice(pool, len(pool) // 2, replace=False)] = 14
    frame = table(y, first, 3.0)
    file = draw_file(frame.filter(pl.col("rep").is_in(pool.tolist())), "rep")
    found = study(frame, declared("triggered", period="week"), assignment=file)
    assert found.verdict == "supported"
    assert found.panel.unit_n == len(pool)
    assert found.found is not None
    assert found.found.ci_low < 3.0 < found.found.ci_high


def test_a_drawn_split_is_answered_by_ancova_more_precisely() -> None:
    y, _ = agents(8, units=200)
    first = np.where(np.random.default_rng(3).permutation(200) < 100, 14, NEVER)
    frame = table(y, first, 2.0)
    drawn = study(frame, declared("randomised"), assignment=draw_file(frame, "rep")).found
    plain = study(frame, declared("randomised", method="imputation")).found
    assert drawn is not None
    assert plain is not None
    assert drawn.method.startswith("ANCOVA")
    assert drawn.ci_low < 2.0 < drawn.ci_high  # type: ignore[operator]
    assert drawn.se < plain.se  # type: ignore[operator]


@pytest.mark.parametrize("inference", ["wild", "ri", "jackknife", "crv"])
def test_every_inference_holds_the_truth(inference: str) -> None:
    found = study(teams_by_lot(1), declared("rollout", cluster="squad", inference=inference, sensitivity="skip"))
    assert found.found is not None
    assert found.found.p < 0.01  # type: ignore[operator]
    assert found.found.ci_low < 3.0 < found.found.ci_high  # type: ignore[operator]


def test_few_teams_can_support_nothing() -> None:
    y, _ = agents(5, units=60)
    first = np.where(np.arange(60) < 6, 14, NEVER)
    found = study(table(y, first, 6.0), declared("rollout", cluster="squad", period="week"))
    assert found.verdict == "inconclusive"
    assert "FEW_TEAMS" in codes(found)
    assert found.found is not None
    assert found.found.vcov == "randomisation"
    assert found.found.p == pytest.approx(0.1)


@pytest.mark.parametrize(("weeks", "verdict"), [(3, "not identified"), (6, "inconclusive"), (10, "supported")])
def test_few_weeks_before_the_start(weeks: int, verdict: str) -> None:
    y, _ = agents(2)
    first = np.where(np.arange(len(y)) // 6 % 2 == 0, weeks + 1, NEVER)
    found = study(table(y, first, 6.0), declared("rollout", cluster="squad", period="week"))
    assert found.verdict == verdict
    assert ("SHORT_PRE" in codes(found)) == (weeks < 8)
    other = study(table(y, first, 6.0), declared("rollout", cluster="squad"))
    assert "SHORT_PRE" not in codes(other)  # not known to be weeks


def test_an_outcome_that_cannot_move_but_moved() -> None:
    frame = teams_by_lot(1)
    on = (pl.col("start") > 0) & (pl.col("wk") >= pl.col("start"))
    noise = pl.Series("queue", np.random.default_rng(0).normal(60, 5, frame.height))
    quiet = frame.with_columns(noise)
    moved = quiet.with_columns(queue=pl.col("queue") + 6 * on)
    spec = declared("rollout", cluster="squad", period="week", negative_controls=("queue",))
    assert study(quiet, spec).verdict == "supported"
    found = study(moved, spec)
    assert found.verdict == "not identified"
    assert codes(found) == {"CONTROL_MOVED"}


def test_opt_in_needs_the_offer_and_then_gets_its_effect() -> None:
    y, skill = agents(4, units=240)
    offered = np.where(np.random.default_rng(2).permutation(240) < 120, 14, NEVER)
    takes = (offered > 0) & (skill > np.quantile(skill, 0.3))
    frame = table(y, np.where(takes, 14, NEVER), 4.0).with_columns(offer=pl.Series(np.repeat(offered, y.shape[1])))
    assert codes(study(frame, declared("opt_in", period="week", sensitivity="skip"))) >= {"OPT_IN"}
    found = study(frame, declared("opt_in", offer="offer", period="week"))
    assert found.verdict != "not identified"
    assert found.found is not None
    assert abs(found.found.estimate - 4.0 * takes.sum() / 120) < 3 * (found.found.se or 0)
    assert any("as treated" in one.method for one in found.cross_checks)


def test_automatic_scores_need_people_and_are_corrected_by_them() -> None:
    """The machine over-scores coached rows by 4: alone it is refused; human labels of known chance bring the truth back."""
    frame = teams_by_lot(1, effect=0.0)
    rng = np.random.default_rng(5)
    on = (pl.col("start") > 0) & (pl.col("wk") >= pl.col("start"))
    labelled = pl.Series(rng.random(frame.height) < 0.3)
    frame = frame.with_columns(
        auto=pl.col("score_h") + 4 * on, human=pl.when(labelled).then(pl.col("score_h")), chance=pl.lit(0.3)
    )
    alone = study(frame, declared("rollout", outcome="auto", auto="auto", cluster="squad", sensitivity="skip"))
    assert alone.verdict == "not identified"
    assert "AUTO_ONLY" in codes(alone)
    spec = declared("rollout", outcome="auto", auto="auto", human="human", prob="chance", cluster="squad", sensitivity="skip")
    found = study(frame, spec)
    assert "AUTO_ONLY" not in codes(found)
    assert found.found is not None
    assert abs(found.found.estimate) < 3 * (found.found.se or 0)
    none = study(frame.with_columns(chance=pl.lit(0.0)), spec)
    assert "AUTO_ONLY" in codes(none)


def test_scores_across_epochs_are_refused() -> None:
    frame = teams_by_lot(1).with_columns(epoch=pl.when(pl.col("wk") < 10).then(pl.lit("a")).otherwise(pl.lit("b")))
    asked = {"cluster": "squad", "period": "week", "epoch": "epoch"}
    assert study(frame, declared("rollout", **asked)).verdict == "supported"
    found = study(frame.rename({"score_h": "overall"}), declared("rollout", outcome="overall", **asked))
    assert {"EPOCH_CHANGED", "AUTO_ONLY"} <= codes(found)
    exam = study(frame.rename({"score_h": "score"}), declared("rollout", outcome="score", cluster="squad", period="week"))
    assert "AUTO_ONLY" not in codes(exam), "a score in somebody else's table may be an exam"


def test_unequal_leaving_is_bounded() -> None:
    y, skill = agents(6, units=240)
    first = np.where(np.arange(240) // 6 % 2 == 0, 14, NEVER)
    frame = table(y, first, 0.0)
    leaving = set(np.flatnonzero((first > 0) & (skill < np.quantile(skill, 0.3))).tolist())
    kept = frame.filter(~(pl.col("rep").is_in(leaving) & (pl.col("wk") > 16)))
    found = study(kept, declared("rollout", cluster="squad", period="week"))
    assert {"ATTRITION"} <= codes(found)
    assert found.verdict == "inconclusive"
    assert "Lee bounds" in next(one.message for one in found.reasons if one.code == "ATTRITION")


def test_a_null_carries_what_it_could_have_found() -> None:
    found = study(teams_by_lot(2, effect=0.0), declared("rollout", cluster="squad", period="week", seed=3))
    assert found.verdict == "inconclusive"
    assert found.mde_80 is not None
    assert found.equivalence_bound is not None
    assert found.mde_80 > 2 * (found.found.se or 0)  # type: ignore[union-attr]
    assert "no effect" not in str(found)


def test_a_family_of_outcomes_raises_the_bar() -> None:
    frame, spec = teams_by_lot(0, effect=1.9), declared("randomised", cluster="squad", period="week")
    alone = study(frame, spec)
    assert alone.found is not None
    assert alone.found.p is not None
    crowd = tuple(np.linspace(max(0.06, 3 * alone.found.p), 1, 400).tolist())
    assert alone.verdict == "supported"
    assert "FAMILY" in codes(study(frame, spec, family_p=crowd)) or alone.found.p * 401 < 0.05


def test_covariates_measured_after_the_start_are_refused() -> None:
    frame = teams_by_lot(1)
    on = (pl.col("start") > 0) & (pl.col("wk") >= pl.col("start"))
    tier = frame.with_columns(
        tier=pl.col("score_h") * 0.1 + 2 * on, seen=pl.col("wk"), ramp=(-(pl.col("wk") + pl.col("rep") % 9) / 12).exp()
    )
    with pytest.raises(ContractError, match="tier moves when treatment starts"):
        study(tier, declared("rollout", cluster="squad", covariates=("tier",)))
    with pytest.raises(ContractError, match="measured at or after first treatment"):
        study(tier, declared("rollout", cluster="squad", covariates=("ramp@seen",)))
    assert study(tier, declared("rollout", cluster="squad", covariates=("ramp",))).found is not None


def test_a_declared_study_survives_its_file_and_says_what_is_wrong() -> None:
    spec = declared(
        "rollout", cluster="squad", negative_controls=("queue",), window=("3", None), trigger_metric="score", trigger_window=4
    )
    assert read_spec(spec.as_yaml()) == spec
    assert len(spec.hash) == 12
    assert spec.hash != declared("randomised", cluster="squad").hash
    text = spec.as_yaml()
    for wrong, said in (
        (text.replace("mechanism: rollout\n", ""), "mechanism is missing .say how it was decided"),
        (text.replace("mechanism: rollout", "mechanism: luck"), "mechanism is 'luck' .choose one of randomised"),
        (text + "outcom: x\n", "outcom is unknown .did you mean outcome"),
        (text.replace("alpha: 0.05", "alpha: 5"), "alpha is 5 .a share"),
        ("- a", "declares nothing"),
    ):
        with pytest.raises(RequestError, match=said):
            read_spec(wrong)


def test_inputs_are_not_changed_and_runs_repeat() -> None:
    frame = teams_by_lot(1)
    before = frame.clone()
    spec = declared("randomised", cluster="squad")
    assert study(frame, spec).as_record() == study(frame, spec).as_record()
    assert frame.equals(before)
