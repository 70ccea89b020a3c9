"""Judging a behaviour by itself, on tiny dialogues: its own examples, and cases written without sight of its rule.

Lives here: behaviour -> a form of one question, dialogue -> shown or not. Not here: the catalogue (behaviours.py), totals.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Literal

from aftercall.contracts.errors import RequestError
from aftercall.scoring.behaviours import Behaviour, Measured, catalogue, dialogue
from aftercall.scoring.fold import answers_so_far, begin, hear
from aftercall.scoring.form_yaml import form_of
from aftercall.scoring.forms import Facts, Forms, in_force, shared_sets
from aftercall.scoring.reader import ModelState
from aftercall.scoring.score import Answer
from aftercall.text.signals import TextModel

Seen = Literal["shown", "not shown", "pending", "not called for"]


def forms_of(behaviour: Behaviour, *, model: TextModel | ModelState | None = None) -> Forms:
    """Return a form that asks for the behaviour alone, by its own rule."""
    question = {"id": behaviour.behaviour_id, "version": 1, "section": "tone", "title": behaviour.title, "weight": 1}
    raw = {
        "id": behaviour.behaviour_id,
        "version": "1",
        "title": behaviour.title,
        "sections": [{"id": "tone", "weight": 1}],
        "questions": [question | {"behaviour": behaviour.behaviour_id}],
    }
    return in_force((form_of(raw, shared_sets(), Path(behaviour.behaviour_id)),), engine_name="re2", model=model)


def catalogue_forms(*, model: TextModel | ModelState | None = None) -> Forms:
    """Return one form that asks for every behaviour by its own rule; for measuring behaviours, not for scoring people."""
    questions = [
        {"id": name, "version": 1, "section": "tone", "title": one.title, "behaviour": name, "weight": 1}
        for name, one in catalogue().items()
    ]
    raw = {"id": "catalogue", "version": "1", "title": "All behaviours", "eligibility": {"min_turns": 1}}
    raw |= {"sections": [{"id": "tone", "weight": 1}], "questions": questions}
    return in_force((form_of(raw, shared_sets(), Path("catalogue")),), model=model)


def judged(forms: Forms, lines: Sequence[str], *, channel: str = "chat") -> Answer:
    """Return the answer to the one question of a form after a tiny dialogue."""
    state = begin(forms, Facts(channel))
    for turn in dialogue(lines, channel=channel).in_order():
        state = hear(state, turn)
    return answers_so_far(state)[0]


def seen(behaviour: Behaviour, answer: Answer) -> Seen:
    """Return what an answer says of the behaviour: for a bad one, a lost point shows it."""
    if answer.answer is None:
        return "pending"
    if answer.answer == "na":
        return "not called for"
    is_kept = answer.answer in ("yes", "partial")
    return "shown" if is_kept == (behaviour.direction == "good") else "not shown"


def measure(
    behaviour_id: str,
    paraphrases: Sequence[Sequence[str]],
    near_misses: Sequence[Sequence[str]],
    *,
    model: TextModel | None = None,
) -> Measured:
    """Return how often a behaviour is found in paraphrases of it, and wrongly in near-misses.

    Raises: RequestError, there is no such behaviour.
    """
    known = catalogue()
    if behaviour_id not in known:
        raise RequestError(f"There is no behaviour {behaviour_id!r}. There are: {', '.join(sorted(known))}.")
    behaviour = known[behaviour_id]
    forms = forms_of(behaviour, model=model)
    found, wrong = ([seen(behaviour, judged(forms, one)) for one in cases] for cases in (paraphrases, near_misses))
    pending_n = found.count("pending") + wrong.count("pending")
    return Measured(len(found), found.count("shown"), len(wrong), wrong.count("shown"), pending_n)
