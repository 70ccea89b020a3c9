"""Planted promises, endings and repeat contacts of the synthetic centre are found again, with intervals.

The figures of the demo centre: docs/measured/promises.json, by `python -m training.evaluate_promises`.
"""

import json
from pathlib import Path

import pytest

from aftercall.scoring.promise_ear import Ear
from aftercall.synth import write_centre
from training.evaluate_promises import measure


def test_promises_and_endings_are_recovered(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write_centre(tmp_path, agents=10, teams=5, weeks=14, transcripts_per_agent_week=6)
    found = measure(tmp_path, Ear())
    with capsys.disabled():
        print("\n" + json.dumps({key: found["promises"][key] for key in ("recall", "precision", "by_when_right_of_found")}))
    promises, endings, repeat = found["promises"], found["endings"], found["repeat_contact"]
    assert found["interactions_n"] > 500
    assert promises["recall"]["low"] > 0.80
    assert promises["precision"]["low"] > 0.95
    assert promises["who_right_of_found"]["low"] > 0.90
    assert promises["by_when_right_of_found"]["low"] > 0.80
    assert endings["right"]["low"] > endings["right_if_always_resolved"]["high"], "better than calling everything resolved"
    for state in ("resolved", "follow_up", "unresolved"):
        assert endings["recall_by_state"][state]["share"] > 0.70, state
    assert repeat["recall"]["share"] > 0.80
    assert repeat["precision"]["low"] > 0.85
