"""`aftercall behaviours [ID ...]`: the catalogue with definitions, rules in words, and how well each is found.

Lives here: the door and its text. Not here: the catalogue (aftercall.scoring.behaviours), judging.
"""

import textwrap
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from aftercall.cli.terminal import asker, write_line
from aftercall.contracts.errors import RequestError
from aftercall.scoring.behaviours import Behaviour, catalogue
from aftercall.scoring.forms import load

_EXAMPLE = "aftercall behaviours acknowledgement"
_DOES = (
    "Says what each behaviour means, when it is called for, how it is judged, what is shown as evidence, which questions of\n"
    "the shipped scorecards ask for it, and how often it was found in paraphrases and near-misses written without sight of\n"
    "its rule."
)


def main(argv: Sequence[str]) -> int:
    """Run the verb; 0 done, 2 there is no such behaviour."""
    ask = asker("behaviours", _EXAMPLE, _DOES)
    ask.add_argument("ids", nargs="*", metavar="ID", help="only these (all)")
    ask.add_argument("--json", action="store_true", help="one JSON line per behaviour")
    asked = ask.parse_args(list(argv))
    known = catalogue()
    if unknown := [name for name in asked.ids if name not in known]:
        raise RequestError(f"There is no behaviour {', '.join(unknown)}. There are: {', '.join(sorted(known))}.")
    chosen = [known[name] for name in (asked.ids or known)]
    questions = _questions()
    for one in chosen:
        if asked.json:
            write_line(_line(one, questions))
        else:
            print("\n".join(_words(one, questions) if asked.ids else _short(one)))
    return 0


def _questions() -> dict[str, list[str]]:
    asked_for: dict[str, list[str]] = {}
    for form in load(model="model_missing").forms:
        for question in form.questions:
            asked_for.setdefault(question.behaviour, []).append(f"{form.form_id}/{question.question_id}")
    return asked_for


def _line(one: Behaviour, questions: Mapping[str, list[str]]) -> dict[str, Any]:
    measured = one.measured
    return {
        "id": one.behaviour_id,
        "title": one.title,
        "definition": one.definition,
        "direction": one.direction,
        "opportunity": one.opportunity,
        "verdict": one.verdict,
        "evidence": one.evidence,
        "source": one.source,
        "questions": questions.get(one.behaviour_id, []),
        "recall": measured.found_n / measured.paraphrase_n if measured else None,
        "false_alarms": measured.false_n / measured.near_miss_n if measured else None,
        "paraphrases": measured.paraphrase_n if measured else 0,
        "near_misses": measured.near_miss_n if measured else 0,
        "examples": [list(case) for case in one.examples],
        "counter_examples": [list(case) for case in one.counter_examples],
    }


def _short(one: Behaviour) -> Iterator[str]:
    sign = "+" if one.direction == "good" else "−"
    yield f"{sign} {one.behaviour_id:<24} {one.definition}"
    if one.measured:
        yield f"{'':27}{one.measured}"


def _words(one: Behaviour, questions: Mapping[str, list[str]]) -> Iterator[str]:
    yield f"{one.behaviour_id} ({'shown is good' if one.direction == 'good' else 'shown costs the point'})"
    asked = ", ".join(questions.get(one.behaviour_id, [])) or "no question of the shipped scorecards"
    parts = {
        "means": one.definition,
        "called for": one.opportunity,
        "judged": one.verdict,
        "evidence": one.evidence,
        "source": one.source,
        "asked by": asked,
        "measured": str(one.measured) if one.measured else "not on words alone: it needs times",
    }
    for name, words in parts.items():
        yield textwrap.fill(f"{name:<11} {words}", 110, initial_indent="  ", subsequent_indent=" " * 14)
    for title, cases in (("shown in", one.examples), ("not shown in", one.counter_examples)):
        for case in cases[:2]:
            yield f"  {title:<13} {' / '.join(case)}"
