"""People beside the machine in the platform: edits change totals by the scorer's own arithmetic, disputes wait, epochs stay."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import dagster as dg
import polars as pl
import pytest

from aftercall.cli import main
from aftercall.contracts.errors import DesignError
from aftercall.contracts.frames import polars_schema, shaped
from aftercall.contracts.tables import table_named
from aftercall.intake import IntakeContext, Record, discover, read
from aftercall.scoring.forms import Forms, load
from aftercall.scoring.turn_signals import TurnReader, open_turn_reader
from analytics.agreement_review import edits, review_shares, scorer_deviations, without_undecided
from assets.lake import Lake
from assets.quality.assets import people_beside_machine, read_kept
from assets.quality.human_side import with_edits
from assets.results import ResultStore
from assets.score.assets import score_days
from assets.score.forms_in_force import load_forms

from .marts.station_for_tests import station_at

AT = datetime(2026, 3, 2, 9, tzinfo=UTC)
AS = {"role": "pipeline", "purpose": "coaching"}
EVALUATION = polars_schema(table_named("core_evaluation"))


def evaluations(*rows: dict[str, Any]) -> pl.DataFrame:
    filled = [{"evaluation_id": f"e{k}", "sampling": "random", "submitted_at": AT + timedelta(hours=k)} | row
              for k, row in enumerate(rows)]  # fmt: skip
    return pl.DataFrame([{name: row.get(name) for name in EVALUATION} for row in filled], schema=EVALUATION)


@pytest.fixture(scope="module")
def forms(tmp_path_factory: pytest.TempPathFactory) -> Forms:
    return load_forms(None, tmp_path_factory.mktemp("empty"))


def answered(forms: Forms, given: dict[str, str | None]) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Return one interaction of the first form and its answers: given ones, all others not called for."""
    form = forms.forms[0]
    rows = [
        {
            "interaction_id": "i1",
            "question_id": one.question_id,
            "answer": given.get(one.question_id, "na"),
            "null_reason": None,
            "points": {"yes": one.points, "no": 0.0}.get(given.get(one.question_id) or "na"),
            "points_possible": one.points,
        }
        for one in form.questions
    ]
    interaction = pl.DataFrame({"interaction_id": ["i1"], "scorecard_id": [form.form_id], "overall": [0.0]})
    return interaction, pl.DataFrame(rows, infer_schema_length=None)


def test_totals_with_edits_are_the_scorers_own_and_the_machine_value_stays(forms: Forms) -> None:
    counted = [one for one in forms.forms[0].questions if not one.is_advisory and not one.is_autofail][:2]
    first, second = counted
    interaction, answers = answered(forms, {first.question_id: "yes", second.question_id: "no"})
    changed = edits(
        evaluations(
            {"interaction_id": "i1", "question_id": second.question_id, "suggested_answer": "no", "answer": "yes",
             "answer_source": "edited"},
        )
    )  # fmt: skip
    row = with_edits(forms, interaction, answers, changed).row(0, named=True)
    if forms.forms[0].weight_mode == "question":
        assert row["machine"] == pytest.approx(100 * first.weight / (first.weight + second.weight))
    assert 0 < row["machine"] < 100
    assert row["edited"] == pytest.approx(100)
    out = edits(
        evaluations(
            {"interaction_id": "i1", "question_id": second.question_id, "suggested_answer": "no", "answer": "na",
             "answer_source": "edited"},
        )
    )  # fmt: skip
    assert with_edits(forms, interaction, answers, out).row(0, named=True)["edited"] == pytest.approx(100), "N/A leaves the sum"


def test_an_edit_counts_once_decided_and_only_if_it_changes_something() -> None:
    base = {"interaction_id": "i1", "question_id": "q", "suggested_answer": "no", "answer_source": "edited"}
    rows = evaluations(
        base | {"answer": "yes"},
        base | {"answer": "partial"},
        base | {"answer": "yes", "interaction_id": "i2", "dispute_state": "open"},
        base | {"answer": "no", "interaction_id": "i3"},
        base | {"answer": "yes", "interaction_id": "i4", "answer_source": "human"},
    )
    assert edits(rows).select("interaction_id", "answer").rows() == [("i1", "partial")]


def test_disputed_answers_leave_until_decided() -> None:
    answers = pl.DataFrame({"interaction_id": ["i1", "i1", "i2"], "question_id": ["q", "r", "q"]})
    case = {"interaction_id": "i1", "question_id": "q", "answer": "yes"}
    for state, left in (("open", 2), ("escalated", 2), ("accepted", 3), ("rejected", 3), (None, 3)):
        assert without_undecided(answers, evaluations(case | {"dispute_state": state})).height == left


def test_kept_and_accepted_shares_measure_the_question() -> None:
    kept = [{"question_id": "q", "suggested_answer": "no", "answer": "no"}] * 15
    changed = [{"question_id": "q", "suggested_answer": "no", "answer": "yes", "dispute_state": "accepted"}] * 5
    few = [{"question_id": "r", "suggested_answer": "no", "answer": "yes", "dispute_state": "rejected"}]
    found = {row["question_id"]: row for row in review_shares(evaluations(*kept, *changed, *few)).to_dicts()}
    assert found["q"]["kept"] == 0.75
    assert found["q"]["kept_low"] < 0.75 < found["q"]["kept_high"]
    assert (found["q"]["decided_n"], found["q"]["accepted_n"], found["q"]["accepted"]) == (5, 5, None)
    assert found["r"]["kept"] is None, "nothing is shown under 20"


def test_scorers_deviate_from_the_reference_scorer() -> None:
    def said(who: str, call: str, answer: str, *, reference: bool = False) -> dict[str, Any]:
        session = {"calibration_session_id": "s1", "is_reference": reference or None, "evaluator_id": who}
        return session | {"interaction_id": call, "question_id": "q", "answer": answer}

    rows = evaluations(
        *(said("lead", f"i{k}", answer, reference=True) for k, answer in ((1, "no"), (2, "no"), (3, "na"))),
        said("kind", "i1", "yes"), said("kind", "i2", "partial"), said("kind", "i3", "yes"), said("same", "i1", "no"),
    )  # fmt: skip
    kind, same = scorer_deviations(rows).sort("evaluator_id").to_dicts()
    assert (kind["n"], kind["deviation"], kind["differ_n"], kind["na_differ_n"]) == (2, 0.75, 3, 1)
    assert (same["n"], same["deviation"], same["differ_n"]) == (1, 0.0, 0)
    unnamed = rows.with_columns(is_reference=pl.lit(None, dtype=pl.Boolean))
    with pytest.raises(DesignError, match="no reference scorer"):
        scorer_deviations(unnamed)
    assert scorer_deviations(unnamed, reference="lead").height == 2


def reader_of(forms: Forms) -> TurnReader:
    return open_turn_reader(forms.model, forms.model_state, engine_name=forms.engine_name)


def talk(n: int) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Return core_interaction and core_turn of n short chats over six weeks."""
    days = [AT + timedelta(weeks=k % 6) for k in range(n)]
    core = pl.DataFrame(
        {
            "interaction_id": [f"i{k:03d}" for k in range(n)],
            "day_on": [day.date().isoformat() for day in days],
            "started_at": days,
            "agent_id": [f"a{k % 8}" for k in range(n)],
        }
    )
    facts = {
        "channel": "chat",
        "queue": "service",
        "transcript_state": "ok",
        "basis": "synthetic",
        "content_hash": "h",
        "turn_n": 4,
    }
    core = core.with_columns(**{name: pl.lit(value) for name, value in facts.items()})
    lines = [
        ("customer", "Hello, my order never came."),
        ("agent", "Hello, my name is Kim. I am sorry to hear that."),
        ("customer", "Can you look?"),
        ("agent", "I will look. Is there anything else I can help with? Goodbye."),
    ]
    turns = pl.concat(
        [
            core.select("interaction_id", "day_on").with_columns(
                turn=pl.lit(k), speaker=pl.lit(who), text=pl.lit(text), start_s=pl.lit(9.0 * k), end_s=pl.lit(9.0 * k)
            )
            for k, (who, text) in enumerate(lines)
        ]
    )
    return shaped(core, table_named("core_interaction")), shaped(turns, table_named("core_turn"))


@pytest.fixture(scope="module")
def state(tmp_path_factory: pytest.TempPathFactory, forms: Forms) -> Path:
    """A state with 120 scored chats, half of them labelled, a part by two people."""
    folder = tmp_path_factory.mktemp("state")
    lake = Lake(folder / "lake")
    core, turns = talk(120)
    for name, rows in (("core_interaction", core), ("core_turn", turns)):
        lake.overwrite(name, rows, days=rows["day_on"].unique())
    score_days(lake, forms, reader_of(forms), core["day_on"].unique(), core)
    answers = lake.read("score_question", **AS).filter(pl.col("answer").is_in(["yes", "no", "na"]))
    question = answers.group_by("question_id").len().sort("len", "question_id")["question_id"][-1]
    rows = [
        {"interaction_id": row["interaction_id"], "question_id": question, "answer": row["answer"], "evaluator_id": who,
         "agent_id": f"a{int(row['interaction_id'][1:]) % 8}", "inclusion_probability": 0.5}
        for k, row in enumerate(answers.filter(pl.col("question_id") == question).sort("interaction_id").head(60).to_dicts())
        for who in (("qa-1", "qa-2") if k % 2 else ("qa-1",))
    ]  # fmt: skip
    lake.overwrite("core_evaluation", evaluations(*rows))
    return folder


def materialise(state: Path) -> dg.ExecuteInProcessResult:
    resources = {
        "lake": Lake(state / "lake"),
        "station": station_at(state, scorecard=None),
        "io_manager": ResultStore(state / "analysis"),
    }
    return dg.materialize([people_beside_machine], resources=resources)


def test_the_asset_writes_status_panel_and_agreement_and_keeps_them(state: Path, forms: Forms) -> None:
    assert materialise(state).success
    folder = state / "analysis"
    status = json.loads((folder / "question_status.json").read_text())
    assert status["epoch"] == forms.epoch
    assert [set(one) for one in status["questions"]] == [{"question_id", "status", "reason"}]
    side, panel = read_kept(folder, "question_agreement"), read_kept(folder, "frozen_panel")
    assert side.rows["n"][0] == 60
    assert side.rows["double_n"][0] == 30
    assert panel.rows.height == 120, "a centre smaller than the panel is the panel"
    written = {path: path.stat().st_mtime_ns for path in folder.glob("*.json")}
    assert materialise(state).success
    after = {path: path.stat().st_mtime_ns for path in folder.glob("*.json")}
    note = folder / "people_beside_machine.made_from.json"
    assert {path for path in written if written[path] != after[path]} <= {note}, "nothing changed, nothing is written"


def test_the_machine_total_beside_edits_is_the_stored_score(state: Path, forms: Forms) -> None:
    lake = Lake(state / "lake")
    scores = lake.read("score_interaction", epoch=forms.epoch, **AS).filter(pl.col("overall").is_not_null())
    answers = lake.read("score_question", epoch=forms.epoch, **AS)
    question = answers.filter((pl.col("answer") == "yes") & ~pl.col("is_advisory"))["question_id"].sort()[0]
    changed = scores.select("interaction_id", question_id=pl.lit(question), answer=pl.lit("no"))
    both = with_edits(forms, scores, answers, changed).join(scores, on="interaction_id")
    assert both.height == 120
    assert (both["machine"] - both["overall"]).abs().max() < 1e-9
    assert (both["edited"] < both["machine"]).all()


def test_the_drawn_sheet_is_blind_and_comes_back_through_intake(
    state: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "labels.csv"
    assert main(["sample", "--state", str(state), "--n", "16", "--seed", "7", "--out", str(out), "--json"]) == 0
    said = json.loads(capfd.readouterr().out)
    assert (said["interactions"], said["population"], said["is_blind"]) == (16, 120, True)
    drawn = pl.read_csv(out, infer_schema=False)
    assert drawn["suggested_answer"].null_count() == drawn["answer_key"].null_count() == drawn.height == said["rows"]
    assert set(drawn["inclusion_probability"]) == {f"{2 / 15}"}
    again = tmp_path / "again.csv"
    assert main(["sample", "--state", str(state), "--n", "16", "--seed", "7", "--out", str(again)]) == 0
    assert again.read_bytes() == out.read_bytes()
    drawn.with_columns(answer_key=pl.lit("yes"), evaluator_id=pl.lit("qa-9")).write_csv(out)
    records = [
        one for found in discover(tmp_path) if found.path == out for one in read(found, IntakeContext(b"a key of the test"))
    ]
    assert all(isinstance(one, Record) for one in records)
    filled = [dict(one.data) for one in records if isinstance(one, Record)]
    assert {(one["answer"], one["sampling"], one["answer_source"]) for one in filled} == {("yes", "random", "human")}
    assert {one["inclusion_probability"] for one in filled} == {2 / 15}
    assert main(["sample", "--state", str(tmp_path / "none")]) == 2
    assert main(["sample", "--state", str(state), "--questions", "no_such"]) == 2


def test_agree_reads_the_answers_of_a_state(state: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    labels = Lake(state / "lake").read("core_evaluation", **AS)
    labels.write_csv(tmp_path / "evaluations.csv")
    assert main(["agree", str(tmp_path / "evaluations.csv"), "--state", str(state), "--json"]) == 0
    (question,) = json.loads(capfd.readouterr().out)["questions"]
    assert (question["n"], question["human_human"]["n"], question["raw"]["estimate"]) == (60, 30, 1)
    assert main(["agree", str(tmp_path / "evaluations.csv"), "--state", str(tmp_path)]) == 2


def test_a_rescore_adds_an_epoch_and_changes_no_byte_of_the_older_one(state: Path, forms: Forms) -> None:
    lake = Lake(state / "lake")
    names = ("score_interaction", "score_question", "score_evidence")
    before = {name: lake.read(name, epoch=forms.epoch, **AS) for name in names}
    folder = next(
        Path(path) for path in (Path(__file__).parents[2] / "aftercall" / "scoring" / "scorecards").glob("service.yaml")
    )
    other = load([folder])
    assert other.epoch != forms.epoch
    core = lake.read("core_interaction", **AS)
    score_days(lake, other, reader_of(other), core["day_on"].unique(), core)
    for name in names:
        key = list(table_named(name).key)
        assert lake.read(name, epoch=forms.epoch, **AS).sort(key).equals(before[name].sort(key)), name
    assert set(lake.read("score_interaction", **AS)["score_epoch"]) == {forms.epoch, other.epoch}
    assert materialise(state).success
    drift = read_kept(state / "analysis", "score_drift")
    assert drift.older_epoch == other.epoch
    assert drift.shift.scorer == pytest.approx(0, abs=1e-9), "the same form scored alike: the scorer did not move"
