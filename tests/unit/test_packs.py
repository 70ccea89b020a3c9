"""Compliance packs: every vector, the review gate, deadlines in talk time, evidence, the statutes' own wording."""

import json
from collections.abc import Iterator
from dataclasses import fields, replace
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from aftercall.cli import main
from aftercall.contracts.errors import ScorecardError
from aftercall.contracts.records import Turn
from aftercall.scoring.pack import Pack, Rule, Vector, together
from aftercall.scoring.pack_clock import Clock, Control
from aftercall.scoring.pack_ear import RuleOutcome
from aftercall.scoring.pack_page import page
from aftercall.scoring.pack_run import RuleFacts, begin_rules, finish_rules, hear_rule, open_deadlines, run_rules
from aftercall.scoring.pack_vectors import run_vector, run_vectors, too_few, turns_and_controls
from aftercall.scoring.pack_yaml import read_pack, shipped

PACKS = [read_pack(path) for path in shipped()]
ALL = together(PACKS)
# The starter pack of the specification (rules.md), row by row.
ROWS = {
    "us.fdcpa.mini_miranda",
    "us.fdcpa.collector_id_subsequent",
    "us.fdcpa.identity",
    "us.fdcpa.third_party",
    "us.fdcpa.arrest_garnish",
    "us.fdcpa.empty_threat",
    "us.fdcpa.false_status",
    "us.fdcpa.abuse",
    "us.regf.7in7",
    "us.regf.hours",
    "us.regf.cease_or_dispute",
    "us.regf.time_barred",
    "us.tcpa.revocation",
    "us.tcpa.id",
    "us.tsr.prompt_disclosure",
    "us.tsr.material_terms",
    "us.udaap.misstate",
    "us.recording.notice",
    "us.hipaa.verify_first",
    "pci.no_cvv",
    "pci.pause_resume",
    "us.cms.tpmo_disclaimer",
    "us.cms.record_all",
    "us.regz.oral_apr",
    "us.bank_insurance",
    "us.state.reminder",
    "eu.monitor_notice",
}
FIRST = (("account_type", "third_party_collection"), ("contact", "first"))
NOTICE = "This is an attempt to collect a debt and any information obtained will be used for that purpose."


def outcome(rule_id: str, said: list[str], facts: RuleFacts) -> RuleOutcome:
    turns, controls = turns_and_controls(tuple(said))
    return next(one for one in run_rules(ALL, facts, turns, controls) if one.rule_id == rule_id)


def rule(rule_id: str) -> Rule:
    return next(one for one in ALL.rules if one.id == rule_id)


def pack(folder: Path, **changes: Any) -> Path:
    one = {
        "id": "mine.greets",
        "title": "Greets",
        "kind": "required_by",
        "trigger": [{"at": "start"}],
        "deadline_s": 10,
        "deadline_basis": "policy",
        "patterns": {"elements": {"greeting": ["hello"]}},
        "headline": "Greet",
        "required_response": "Say hello.",
        "source": [{"cite": "house rule", "status": "secondary"}],
        "source_status": "secondary",
        "tests": [{"said": ["A 0-1: Hello."], "expect": "kept"}] * 5 + [{"said": ["A 0-20: Bye."], "expect": "missed"}] * 5,
    }
    rules = changes.pop("rules", [one | changes.pop("rule", {})])
    raw = {"id": "mine", "version": "1", "title": "Mine", "facts": {"vip": "an important customer"}} | changes
    raw |= {"defaults": {"jurisdiction": "us", "owner": "me"} | changes.get("defaults", {}), "rules": rules}
    path = folder / "mine.yaml"
    path.write_text(yaml.safe_dump(raw), encoding="utf-8")
    return path


def test_a_rule_has_the_fields_of_the_rule_record() -> None:
    record = """id title jurisdiction applies_when kind trigger deadline_s deadline_basis channel patterns exceptions severity
    audience mode headline required_response cool_down_s source source_status owner effective_from effective_to reviewed_by
    reviewed_on tests"""
    assert [one.name for one in fields(Rule)] == record.split()


def test_every_row_of_the_starter_pack_is_a_rule_and_ships_in_shadow() -> None:
    assert {one.id for one in ALL.rules} == ROWS
    assert {one.mode for one in ALL.rules} == {"shadow"}
    assert [one.id for one in ALL.rules if one.deadline_basis == "legal"] == ["us.cms.tpmo_disclaimer"] * 2 + [
        "us.tcpa.revocation"
    ]


@pytest.mark.parametrize("one", PACKS, ids=lambda one: one.pack_id)
def test_every_vector_holds_and_every_rule_has_enough(one: Pack) -> None:
    assert not [str(result) for result in run_vectors(one) if not result.is_passed]
    assert not [(each.id, lack) for each in one.rules if (lack := too_few(each))]


@cache
def outcomes(engine_name: Any) -> list[tuple[Rule, Vector, RuleOutcome]]:
    """Every vector of every pack, all rules listening, on one engine."""
    listening = replace(ALL, engine_name=engine_name)
    return [(one, vector, run_vector(listening, one, vector)) for one in ALL.rules for vector in one.tests]


@pytest.mark.parametrize("name", ["re", "re2"])
def test_vectors_come_out_alike_on_every_engine(name: Any) -> None:
    assert [result for _, _, result in outcomes(name)] == [result for _, _, result in outcomes(ALL.engine_name)]


def told(one: RuleOutcome, vector: Vector) -> Iterator[str]:
    """Yield what is wrong with the evidence of an outcome."""
    turns, _ = turns_and_controls(vector.said)
    if not one.evidence:
        yield f"{one.rule_id}: {vector.said}: {one.outcome} without evidence"
    for proof in one.evidence:
        is_quote = proof.quote is not None and proof.turn is not None and proof.quote in turns[proof.turn].text
        if not (is_quote or proof.searched_turns or (proof.turn is None and proof.start_s is not None)):
            yield f"{one.rule_id}: {vector.said}: {proof} does not resolve"


def test_whatever_is_held_against_somebody_has_evidence_that_resolves() -> None:
    wrong = list[str]()
    judged_n = 0
    for one, vector, result in outcomes(ALL.engine_name):
        if result.outcome in ("late", "missed", "fired") and not one.is_before_contact:
            judged_n += 1
            wrong += told(result, vector)
    assert judged_n > 150
    assert not wrong


def test_the_customers_words_never_break_a_prohibition() -> None:
    swap = str.maketrans("AC", "CA")
    swapped_n = 0
    for one in (one for one in ALL.rules if one.kind == "prohibited" and one.trigger[0].at == "any"):
        for vector in one.tests:
            if vector.expect == "fired" and not any(line.startswith("set ") for line in vector.said):
                said = tuple(line[0].translate(swap) + line[1:] for line in vector.said)
                assert run_vector(ALL, one, Vector(said, "", vector.facts)).outcome == "kept", said
                swapped_n += 1
    assert swapped_n > 30


@pytest.mark.real_data
def test_the_statutes_own_words_keep_the_first_two_rules(real_data: Path) -> None:
    path = real_data / "compliance" / "statute_wording.jsonl"
    texts = {row["citation"]: row["text"] for row in map(json.loads, path.read_text(encoding="utf-8").splitlines())}
    both, first, later = texts["15 USC 1692e(11)"], texts["12 CFR 1006.18(e)(1)"], texts["12 CFR 1006.18(e)(2)"]
    for text in (both, first, NOTICE):
        said = ["A 0-2: Kim Ray?", "C 2-3: Speaking.", f"A 4-20: {text}"]
        assert outcome("us.fdcpa.mini_miranda", said, RuleFacts(FIRST)).outcome == "kept", text
    for text in (both, later):
        facts = RuleFacts((("account_type", "third_party_collection"), ("contact", "later")))
        assert outcome("us.fdcpa.collector_id_subsequent", [f"A 0-20: {text}"], facts).outcome == "kept", text
    # The rule on later contacts asks less: its own text does not keep the first.
    said = ["A 0-2: Kim Ray?", "C 2-3: Speaking.", f"A 4-20: {later}", "A 80-81: Bye."]
    assert outcome("us.fdcpa.mini_miranda", said, RuleFacts(FIRST)).outcome == "missed"


ends = st.integers(5_000, 200_000)
holds = st.lists(st.tuples(st.integers(0, 100_000), st.integers(1, 60_000)), max_size=4)


@given(ends, holds, st.integers(0, 3))
def test_kept_hangs_on_when_it_was_said_in_talk_time_alone(end_ms: int, stretches: list[tuple[int, int]], after_n: int) -> None:
    pauses, last = list[tuple[int, int]](), 3_000
    for gap, length in stretches:
        pauses.append((last + gap + 1, last + gap + 1 + length))
        last = pauses[-1][1]
    # Written anew: every millisecond after the customer's answer that lies in no hold.
    paused = sum(max(min(b, end_ms) - max(a, 3_000), 0) for a, b in pauses)
    expected = "kept" if end_ms - 3_000 - paused <= 60_000 else "late"
    turns = [
        Turn(0, "agent", "Kim Ray?", 0.0, 2.0),
        Turn(1, "customer", "Speaking.", 2.0, 3.0),
        Turn(2, "agent", NOTICE, (end_ms - 1_000) / 1000, end_ms / 1000),
        *(Turn(3 + k, "customer", "Hm.", end_ms / 1000 + 9 * k, end_ms / 1000 + 9 * k + 1) for k in range(after_n)),
    ]
    pairs = [[Control(a / 1000, "hold"), Control(b / 1000, "unhold")] for a, b in pauses]
    outcomes = run_rules(ALL, RuleFacts(FIRST), turns, [one for pair in pairs for one in pair])
    assert next(one for one in outcomes if one.rule_id == "us.fdcpa.mini_miranda").outcome == expected


@given(holds, st.integers(0, 100_000), st.integers(1, 90_000))
def test_a_deadline_is_due_when_its_talk_time_is_over(stretches: list[tuple[int, int]], start_ms: int, time_ms: int) -> None:
    pauses, last = list[tuple[int, int]](), 0
    for gap, length in stretches:
        pauses.append((last + gap, last + gap + length))
        last = pauses[-1][1] + 1
    clock = Clock(tuple(pauses))
    due = clock.due_ms(start_ms, time_ms)
    assert due is not None
    assert clock.eligible_ms(start_ms, due) == time_ms
    assert clock.eligible_ms(start_ms, due + 1) <= time_ms + 1


def test_a_state_does_not_grow_and_is_never_changed() -> None:
    texts = [
        v.removeprefix("A 0-4: ") for one in ALL.rules for vector in one.tests for v in vector.said if v.startswith("A 0-4: ")
    ]
    state = begin_rules(ALL, RuleFacts(FIRST))
    before = repr(state.setting), repr(state.states)
    sizes = list[int]()
    heard = state
    for k in range(4 * len(texts)):
        speaker = "agent" if k % 3 else "customer"
        heard = hear_rule(heard, Turn(k, speaker, texts[k % len(texts)], 5.0 * k, 5.0 * k + 4))
        sizes.append(len(repr(heard.states)) + len(repr(heard.setting)))
    assert (repr(state.setting), repr(state.states)) == before
    # Numbers get longer; nothing is appended any more.
    assert max(sizes[3 * len(texts) :]) < 1.02 * max(sizes[len(texts) : 2 * len(texts)])
    assert finish_rules(heard) == finish_rules(heard)


def test_an_interaction_uses_the_wording_of_its_day() -> None:
    facts = (("call_purpose", "medicare_sales"), ("represents", "some_plans"))
    old = "We do not offer every plan in your area. We can only tell you about the plans we offer. Please contact Medicare.gov."
    said = [f"A 0-9: {old}", "A 70-72: So."]
    by_day = {
        on: outcome("us.cms.tpmo_disclaimer", said, RuleFacts(facts, on))
        for on in (date(2022, 12, 1), date(2023, 9, 29), date(2023, 9, 30), None)
    }
    assert [one.outcome for one in by_day.values()] == ["kept", "kept", "missed", "missed"]
    assert by_day[None].missing == ("how_many", "state_help")
    assert not [one for one in ALL.in_force(date(2022, 9, 1)) if one.id == "us.cms.tpmo_disclaimer"]


def test_the_states_of_both_parties_are_shown_with_their_status() -> None:
    facts = RuleFacts((("recorded", True), ("residence", "FL"), ("agent_state", "CA")))
    result = outcome("us.recording.notice", ["A 0-5: Hello.", "A 20-22: So."], facts)
    assert result.outcome == "missed"
    assert [row.rsplit(", ", 1)[1] for row in result.rows] == ["verified)", "unchecked)"]
    assert {row.source.cite: row.source.status for row in dict(ALL.tables)["all_party_recording"] if row.key == "CA"} == {
        "CA Penal Code 632": "verified"
    }
    assert all(row.source.status == "unchecked" for row in dict(ALL.tables)["all_party_recording"] if row.key != "CA")


def test_what_cannot_be_known_is_not_held_against_anybody() -> None:
    said = [
        Turn(0, "agent", "Kim Ray?", 0.0, 2.0),
        Turn(1, "customer", "Speaking.", 2.0, 3.0),
        Turn(2, "agent", NOTICE, 70.0, 75.0),
    ]

    def notice(turns: list[Turn], facts: RuleFacts) -> RuleOutcome:
        return next(one for one in run_rules(ALL, facts, turns) if one.rule_id == "us.fdcpa.mini_miranda")

    assert notice(said, RuleFacts(FIRST)).outcome == "late"
    # A hold of 20 s somewhere may have been before; one of 5 s cannot explain it.
    assert notice(said, RuleFacts(FIRST, hold_s=20.0)).reason == "hold_times_unknown"
    assert notice(said, RuleFacts(FIRST, hold_s=5.0)).outcome == "late"
    unclear = [*said[:2], Turn(2, "agent", "Tiss is at tempt.", 5.0, 9.0, 0.3), Turn(3, "agent", "Well.", 90.0, 91.0)]
    assert notice(unclear, RuleFacts(FIRST)).reason == "low_asr_confidence"
    threat = [Turn(0, "agent", "You will be arrested.", 0.0, 2.0, 0.3)]
    one = next(o for o in run_rules(ALL, RuleFacts(FIRST), threat) if o.rule_id == "us.fdcpa.arrest_garnish")
    assert (one.outcome, one.reason) == (None, "low_asr_confidence")
    assert {o.outcome for o in run_rules(ALL, RuleFacts(FIRST), []) if o.rule_id == "us.fdcpa.identity"} == {None}


def test_a_notice_is_one_notice_over_two_turns_and_not_over_the_whole_call() -> None:
    opening = ["A 0-2: Kim Ray?", "C 2-3: Speaking."]
    halves = [
        "A 4-6: This is an attempt to collect",
        "C 6-7: Yes?",
        "A 7-9: a debt and any information is used for that purpose.",
    ]
    split = outcome("us.fdcpa.mini_miranda", [*opening, *halves], RuleFacts(FIRST))
    assert (split.outcome, [proof.turn for proof in split.evidence]) == ("kept", [2, 4])
    filler = "well so " * 60
    far = f"A 4-60: I am trying to collect a debt. {filler} Any information will be used for that purpose."
    apart = outcome("us.fdcpa.mini_miranda", [*opening, far, "A 70-71: Bye."], RuleFacts(FIRST))
    assert (apart.outcome, apart.reason, apart.missing) == ("missed", "elements_apart", ())
    three = [
        "A 4-6: I am trying to collect a debt.",
        "A 7-8: One moment.",
        "A 9-12: Any information will be used for that purpose.",
    ]
    assert outcome("us.fdcpa.mini_miranda", [*opening, *three, "A 70-71: Bye."], RuleFacts(FIRST)).reason == "elements_apart"


def test_what_is_due_is_known_while_the_call_runs() -> None:
    state = begin_rules(ALL, RuleFacts((*FIRST, ("recorded", True))))
    assert open_deadlines(state) == ()
    for turn in (Turn(0, "agent", "Kim Ray?", 1.0, 2.0), Turn(1, "customer", "Speaking.", 2.0, 3.0)):
        state = hear_rule(state, turn)
    due = {one.rule_id: one.due_s for one in open_deadlines(state)}
    assert {one.rule_id: one.warn_s for one in open_deadlines(state)}["us.fdcpa.mini_miranda"] == 3.0 + 0.7 * 60
    assert due == {"us.recording.notice": 16.0, "us.fdcpa.identity": 31.0, "us.fdcpa.mini_miranda": 63.0}
    state = hear_rule(state, Turn(2, "agent", "This call is recorded. " + NOTICE, 4.0, 9.0))
    assert {one.rule_id for one in open_deadlines(state)} == {"us.fdcpa.identity"}


REVIEWED = {"reviewed_by": "counsel", "reviewed_on": "2026-11-01"}
VERIFIED = {"source": [{"cite": "house rule", "status": "verified"}], "source_status": "verified"}


def test_an_unreviewed_rule_cannot_leave_shadow(tmp_path: Path) -> None:
    for status in ("secondary", "unchecked"):
        doubtful = {"source": [{"cite": "x", "status": status}], "source_status": status, "mode": "dismissible"}
        with pytest.raises(ScorecardError, match=r"mine\.greets.*nobody has signed.*reviewed_by and reviewed_on"):
            read_pack(pack(tmp_path, rule=doubtful))
        with pytest.raises(ScorecardError, match="nobody has signed"):
            read_pack(pack(tmp_path, rule=doubtful | {"reviewed_by": "counsel"}))
        assert read_pack(pack(tmp_path, rule=doubtful | REVIEWED)).rules[0].reviewed_on == date(2026, 11, 1)
    # A default of the pack cannot slip past the gate either, and must_ack always needs counsel.
    with pytest.raises(ScorecardError, match="nobody has signed"):
        read_pack(pack(tmp_path, defaults={"mode": "opt_in"}))
    assert read_pack(pack(tmp_path, rule=VERIFIED | {"mode": "dismissible"})).rules[0].mode == "dismissible"
    with pytest.raises(ScorecardError, match="must_ack"):
        read_pack(pack(tmp_path, rule=VERIFIED | {"mode": "must_ack"}))


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"rule": {"headline": "x" * 61}}, "mine.greets: headline"),
        ({"rule": {"kind": "trend"}}, "mine.greets: kind"),
        ({"rule": {"colour": "red"}}, "colour"),
        ({"rule": {"patterns": {"elements": {"greeting": ["(?<=a)hello"]}}}}, "look-behind"),
        ({"rule": {"patterns": {"elements": {"greeting": ["@greetings"]}}}}, "no shared phrases '@greetings'"),
        ({"rule": {"patterns": {}}}, "needs patterns/elements"),
        ({"rule": {"kind": "reminder", "patterns": {}}}, "patterns/limits, or a table"),
        ({"rule": {"patterns": {"elements": {"greeting": ["hello"]}, "table": "gone", "keys": ["vip"]}}}, "no table 'gone'"),
        ({"rule": {"applies_when": {"mood": "bad"}}}, "mood are not explained"),
        ({"rule": {"source_status": "verified"}}, "weakest citation is 'secondary'"),
        ({"rule": {"deadline_basis": None}}, "go together"),
        ({"rule": {"patterns": {"within_words": 9, "elements": {"a": {"facts": {"vip": True}}}}}}, "without within_words"),
        ({"rule": {"tests": [{"said": ["Dana: Hello"], "expect": "kept"}]}}, "mine.greets: tests/0/said/0"),
        ({"rules": []}, "rules"),
        ({"defaults": {"severity": "awful"}}, "mine.greets: severity"),
        ({"id": "9"}, "id"),
    ],
)
def test_a_wrong_pack_is_refused_with_rule_and_remedy(tmp_path: Path, changes: dict[str, Any], says: str) -> None:
    with pytest.raises(ScorecardError) as caught:
        read_pack(pack(tmp_path, **changes))
    assert says in str(caught.value)
    assert "mine.yaml" in str(caught.value)


def test_two_rows_of_one_rule_need_different_days(tmp_path: Path) -> None:
    path = pack(tmp_path)
    (one,) = yaml.safe_load(path.read_text(encoding="utf-8"))["rules"]
    older, newer = one | {"effective_to": "2025-12-31"}, one | {"effective_from": "2026-01-01"}
    assert len(read_pack(pack(tmp_path, rules=[older, newer])).rules) == 2
    with pytest.raises(ScorecardError, match="stands twice for the same days"):
        read_pack(pack(tmp_path, rules=[older, one]))


def test_a_row_of_a_table_holds_on_its_days_only(tmp_path: Path) -> None:
    row = {"key": "CA", "cite": "house rule", "status": "unchecked"}
    rows = [row | {"text": "old", "effective_to": "2025-12-31"}, row | {"text": "new", "effective_from": "2026-01-01"}]
    card = {"kind": "reminder", "deadline_s": None, "deadline_basis": None, "patterns": {"table": "states", "keys": ["vip"]}}
    mine = read_pack(pack(tmp_path, rule=card, tables={"states": rows}))
    for on, text in ((date(2025, 12, 31), "old"), (date(2026, 1, 1), "new"), (None, "new")):
        (shown,) = run_rules(mine, RuleFacts((("vip", "CA"),), on), [])
        assert (shown.outcome, shown.rows) == ("fired", (f"CA: {text} (house rule, unchecked)",))


def test_the_verb_runs_the_vectors_of_a_pack(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["scorecard", "check", str(pack(tmp_path))]) == 0
    assert (
        "mine.greets  required_by   high      shadow       secondary  not reviewed    10 of 10 vectors"
        in capsys.readouterr().out
    )
    wrong = [{"said": ["A 0-1: Hello."], "expect": "missed"}, {"said": ["A 0-1: Hello."], "expect": "kept"}]
    assert main(["scorecard", "check", str(pack(tmp_path, rule={"tests": wrong}))]) == 1
    out = capsys.readouterr().out
    assert "FAILED mine.greets, vector 1: expected missed, got kept" in out
    assert "FAILED mine.greets: 1 positive and 1 negative vectors; a rule needs 5 of each" in out
    assert main(["scorecard", "check", str(pack(tmp_path, rule={"headline": "x" * 61}))]) == 2
    capsys.readouterr()


def test_the_page_is_what_the_packs_say(checkout: Path) -> None:
    written = (checkout / "docs" / "compliance_packs.md").read_text(encoding="utf-8")
    assert written == page(PACKS), "stale: python -m aftercall.scoring.pack_page docs/compliance_packs.md"
    assert all(f"`{one}`" in written for one in ROWS)
