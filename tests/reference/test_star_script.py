"""Script adherence on real chats: paths through STAR's task graphs, on a seeded sample, with floors below the measured figures.

The whole set and its intervals: docs/measured/star_script.json, by `python -m training.evaluate_star_script`.
"""

import random
from pathlib import Path

import pytest

from training.evaluate_star_script import chats, figures, measure


@pytest.mark.real_data
def test_paths_are_recovered_and_better_than_by_the_nearest_reply(real_data: Path) -> None:
    rows = random.Random(11).sample(list(chats(real_data / "star")), 400)
    found = figures(measure(real_data / "star", rows))
    assert found["step_of_scripted_turn"]["share"] > 0.95
    assert found["path_exact"]["share"] > 0.78
    assert found["path_within_one_step"]["share"] > 0.93
    assert found["skipped_steps_recall"]["share"] > 0.80
    assert found["skipped_steps_precision"]["share"] > 0.85
    assert found["task_of_single_task_chat"]["share"] > 0.82
    for name in ("step_of_scripted_turn", "path_within_one_step"):
        assert found[name]["share"] > found[f"{name}_nearest_reply"]["share"]
