"""`aftercall scorecard check F`: is this scorecard valid, and what does a score divide by? Does this pack keep its vectors?

Lives here: the door and its table. Not here: what is valid (aftercall.scoring.form_yaml), the table of a pack (pack_table.py).
"""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from aftercall.cli.pack_table import check_pack
from aftercall.cli.terminal import asker, write_line
from aftercall.scoring.form import Form, Question, Whole
from aftercall.scoring.forms import SHIPPED, load
from aftercall.scoring.pack_yaml import is_pack

_EXAMPLE = "aftercall scorecard check my_scorecard.yaml"
_DOES = (
    "Reads a scorecard, compiles its phrases and prints its denominators: which questions count, what they\n"
    "weigh, which are always asked and which only when called for. Without a file it shows the shipped ones.\n"
    "A compliance pack is checked too: its rules with kind, severity, source status and review, and its test vectors."
)


def main(argv: Sequence[str]) -> int:
    """Run the verb; 0 all files are valid, 1 a pack's vector fails, 2 a file is not valid (said where and what to do)."""
    ask = asker("scorecard", _EXAMPLE, _DOES)
    ask.add_argument("action", choices=["check"])
    ask.add_argument("files", nargs="*", type=Path, metavar="F")
    ask.add_argument("--json", action="store_true", help="one JSON line per scorecard or pack")
    asked = ask.parse_args(list(argv))
    is_kept = True
    for path in asked.files or SHIPPED:
        if is_pack(path):
            is_kept &= check_pack(path, as_json=asked.json)
            continue
        forms = load([path])
        forms.matcher.match(" ")
        for form in forms.forms:
            summary = denominators(form) | {"epoch": forms.epoch}
            if asked.json:
                write_line(summary)
            else:
                print("\n".join(_table(form, summary)))
    return 0 if is_kept else 1


def denominators(form: Form) -> dict[str, Any]:
    """Return what scores of a form divide by."""
    counted = [question for question in form.questions if not question.is_advisory]
    return {
        "id": form.form_id,
        "version": form.version,
        "weight_mode": form.weight_mode,
        "questions": len(form.questions),
        "counted": len(counted),
        "always_asked": sum(1 for question in counted if always(question)),
        "weight_total": sum(question.weight for question in counted),
        "weight_always_asked": sum(question.weight for question in counted if always(question)),
        "sections": {
            name: {
                "weight": weight,
                "questions": sum(1 for question in counted if question.section == name),
                "question_weight": sum(question.weight for question in counted if question.section == name),
            }
            for name, weight in form.section_weights
        },
        "advisory": [question.question_id for question in form.questions if question.is_advisory],
        "not_reviewed_by_counsel": [q.question_id for q in form.questions if q.is_legal and not q.reviewed_by],
        "autofail": [question.question_id for question in counted if question.is_autofail],
    }


def always(question: Question) -> bool:
    """Return whether a question is asked in every interaction the form scores."""
    rule = question.rule
    return isinstance(rule, Whole) and rule.when is None and rule.excused_by is None and not question.channels


def _table(form: Form, summary: dict[str, Any]) -> Iterator[str]:
    yield f"{form.form_id} {form.version}: valid. {form.title}, weight mode {form.weight_mode}, epoch {summary['epoch']}"
    yield (
        f"  {summary['counted']} of {summary['questions']} questions count, {summary['always_asked']} are always asked; "
        f"the denominator runs from {summary['weight_always_asked']:g} to {summary['weight_total']:g}"
    )
    for question in form.questions:
        notes = ["always" if always(question) else "when called for"]
        notes += ["advisory"] if question.is_advisory else []
        notes += ["not reviewed by counsel"] if question.is_legal and not question.reviewed_by else []
        notes += ["fails the form"] if question.is_autofail and not question.is_advisory else []
        notes += [f"only {', '.join(question.channels)}"] if question.channels else []
        yield f"  {question.weight:>5g}  {question.section:<13} {question.question_id:<24} {'; '.join(notes)}"
