"""Agreement below its floor takes a question out of the score at the next scoring, and makes a new epoch."""

import json
from pathlib import Path

from assets.score.forms_in_force import advisory_in_force, load_forms, settle_advisory


def decided(state: Path, **status: str) -> None:
    (state / "analysis").mkdir(parents=True, exist_ok=True)
    rows = [{"question_id": name, "status": one, "reason": ""} for name, one in status.items()]
    (state / "analysis" / "question_status.json").write_text(json.dumps({"epoch": "e", "questions": rows}), encoding="utf-8")


def test_a_decision_comes_into_force_when_scoring_begins_and_not_before(tmp_path: Path) -> None:
    before = load_forms(None, tmp_path)
    decided(tmp_path, acknowledgement="advisory", greeting="live", closing="too few labels")
    assert load_forms(None, tmp_path).epoch == before.epoch
    settle_advisory(tmp_path)
    after = load_forms(None, tmp_path)
    assert advisory_in_force(tmp_path) == {"acknowledgement"}
    assert after.epoch != before.epoch
    changed = {
        question.question_id
        for form, old in zip(after.forms, before.forms, strict=True)
        for question, was in zip(form.questions, old.questions, strict=True)
        if question.is_advisory != was.is_advisory
    }
    assert changed == {"acknowledgement"}


def test_a_question_that_recovers_counts_again(tmp_path: Path) -> None:
    before = load_forms(None, tmp_path).epoch
    decided(tmp_path, closing="advisory")
    settle_advisory(tmp_path)
    decided(tmp_path, closing="live")
    settle_advisory(tmp_path)
    assert load_forms(None, tmp_path).epoch == before
