"""The fold: opportunity before verdict, evidence for every lost point, null with a reason, and what must not fire."""

from collections.abc import Sequence
from typing import Any

import pytest

from aftercall.contracts.records import Interaction, Turn
from aftercall.scoring.fold import score_one
from aftercall.scoring.forms import Forms, load
from aftercall.scoring.score import Answer, Score, score_line

FORMS: Forms = load(engine_name="re2")
Line = tuple[str, str] | tuple[str, str, float, float]


def talk(*lines: Line, channel: str = "chat", timed: bool = True, **facts: Any) -> Interaction:
    """Return an interaction; a line is (a or c, text) or (a or c, text, start, end), without times one turn every 10 s."""
    turns = list[Turn]()
    for place, line in enumerate(lines):
        speaker: Any = {"a": "agent", "c": "customer", "s": "system"}[line[0]]
        start, end = (line[2], line[3]) if len(line) == 4 else ((place * 10.0, place * 10.0) if timed else (None, None))
        turns.append(Turn(place, speaker, line[1], start, end))
    return Interaction("i", channel, tuple(turns), **facts)


def scored(*lines: Line, **facts: Any) -> Score:
    return score_one(talk(*lines, **facts), FORMS)


def answer(question_id: str, *lines: Line, **facts: Any) -> Answer:
    return {one.question.question_id: one for one in scored(*lines, **facts).answers}[question_id]


def quotes(one: Answer) -> list[str]:
    return [evidence.quote for evidence in one.evidence if evidence.quote]


START: Sequence[Line] = (("c", "Hello"), ("a", "Hi, how can I help?"))


def test_a_moment_that_never_came_is_not_called_for() -> None:
    one = answer("acknowledgement", *START, ("c", "I want to change my address"), ("a", "Sure, what is the new one?"))
    assert (one.answer, one.called_for_n, one.points, one.evidence) == ("na", 0, None, ())


def test_trouble_answered_by_a_paraphrase_is_done() -> None:
    one = answer("acknowledgement", *START, ("c", "Someone stole my card!"), ("a", "Oh no, that must be a shock."))
    assert (one.answer, one.points) == ("yes", one.question.points)
    assert quotes(one) == ["Oh no, that must be a shock."]


def test_a_missed_moment_shows_the_moment_and_what_was_searched() -> None:
    one = answer(
        "acknowledgement",
        *START,
        ("c", "Someone stole my card!"),
        ("a", "Name?"),
        ("c", "Kim"),
        ("a", "Number?"),
        ("a", "So sorry to hear"),
    )
    assert (one.answer, one.points, quotes(one)) == ("no", 0.0, ["Someone stole my card!"])
    assert (one.evidence[0].turn, one.evidence[0].start_s) == (2, 20.0)
    assert (one.evidence[1].searched_s, one.evidence[1].searched_turns) == ((30.0, 50.0), (3, 5))


def test_some_moments_done_is_partial_and_says_how_many() -> None:
    one = answer(
        "acknowledgement",
        *START,
        ("c", "I'm really worried"),
        ("a", "I understand that."),
        ("c", "I've been waiting for weeks"),
        ("a", "Name?"),
        ("c", "Kim"),
        ("a", "Number?"),
    )  # fmt: skip
    assert (one.answer, one.called_for_n, one.done_n) == ("partial", 2, 1)
    assert one.points == one.question.points / 2
    assert "1 of 2 moments" in one.reason


def test_a_moment_nobody_could_answer_any_more_is_not_called_for() -> None:
    assert answer("acknowledgement", *START, ("c", "ok"), ("c", "This is so frustrating")).answer == "na"


def test_several_turns_in_a_row_are_one_moment() -> None:
    one = answer(
        "acknowledgement", *START, ("c", "I'm so upset"), ("c", "someone stole my card"), ("a", "Name?"), ("a", "Street?")
    )
    assert (one.called_for_n, one.done_n) == (1, 0)


def test_a_customer_who_finds_another_way_needs_no_offer() -> None:
    refusal: Line = ("a", "Sorry, that day is not available.")
    assert (
        answer("alternative_offered", *START, ("c", "Friday"), refusal, ("c", "What about Monday?"), ("a", "Booked.")).answer
        == "na"
    )
    assert answer("alternative_offered", *START, ("c", "Friday"), refusal, ("c", "Oh no."), ("a", "Bye.")).answer == "no"
    assert (
        answer("alternative_offered", *START, ("c", "Friday"), refusal, ("c", "Oh no."), ("a", "Would you like Monday?")).answer
        == "yes"
    )


def test_account_facts_before_the_name_are_a_fault_unless_the_customer_had_said_who_they_are() -> None:
    fact: Line = ("a", "Your balance is 400 dollars.")
    late = answer("identity_first", *START, ("c", "my balance?"), fact, ("a", "And what is your name?"))
    assert (late.answer, quotes(late)) == ("no", ["Your balance is 400 dollars."])
    assert answer("identity_first", *START, ("a", "May I have your name?"), ("c", "Kim"), fact).answer == "yes"
    assert answer("identity_first", *START, ("c", "My name is Kim, my balance?"), fact).answer == "na"


THREATS = (
    "If you don't pay today you will be arrested.",
    "We are going to garnish your wages next week.",
    "I'll call your boss about this.",
    "The sheriff is coming to your door.",
    "You could end up in prison for this.",
)
NO_THREATS = (
    "Nobody will arrest you for a debt.",
    "You will not go to jail, I promise.",
    "You said you were afraid of being sent to prison; that does not happen.",
    "We won't garnish your wages.",
    "If somebody told you the police would come, that is not true.",
)


@pytest.mark.parametrize("text", THREATS)
def test_threats_by_the_agent_are_critical_findings_with_their_words(text: str) -> None:
    one = answer("no_threat", *START, ("c", "I can't pay"), ("a", text), queue="collections")
    assert (one.answer, quotes(one), one.question.severity) == ("no", [text], "critical")
    assert one.question.is_advisory
    assert (
        score_line(scored(*START, ("a", text), queue="collections"))["questions"][0]["legal_review"]
        == "not reviewed by counsel"
    )


@pytest.mark.parametrize("text", NO_THREATS)
def test_negated_and_quoted_threats_do_not_fire(text: str) -> None:
    assert answer("no_threat", *START, ("c", "I can't pay"), ("a", text), queue="collections").answer == "yes"


@pytest.mark.parametrize("text", THREATS)
def test_what_the_customer_says_costs_the_agent_nothing(text: str) -> None:
    lines = (*START, ("c", "My lawyer said: " + text), ("a", "Let's look at what is possible."))
    assert answer("no_threat", *lines, queue="collections").answer == "yes"
    assert answer("no_insult", *START, ("c", "You are an idiot"), ("a", "I see.")).answer == "yes"


def test_an_advisory_finding_leaves_the_score_alone() -> None:
    calm = (*START, ("c", "I can't pay"), ("a", "I understand, shall we split it into four payments?"))
    threat = (*calm[:-1], ("a", "I understand, shall we split it into four payments? Or you will be arrested."))
    assert scored(*calm, queue="collections").overall == scored(*threat, queue="collections").overall


@pytest.mark.parametrize(("spoken", "written"), [("within twenty four hours", "within 24 hours"), ("in two days", "in 2 days")])
def test_spoken_and_written_numbers_give_the_same_verdict(spoken: str, written: str) -> None:
    said = [
        answer("follow_up_time", *START, ("a", f"Someone will contact you {when}.")).answer
        for when in (spoken, written, "soon")
    ]
    assert said == ["yes", "yes", "no"]


@pytest.mark.parametrize(
    ("lines", "facts", "reason"),
    [
        ((), {}, "no_transcript"),
        ((), {"transcript_state": "missing"}, "no_transcript"),
        ((), {"transcript_state": "empty"}, "empty_audio"),
        (START, {}, "too_short"),
        ((("a", "Hi"), ("a", "there"), ("a", "?")), {}, "too_short"),
        ((*START, ("c", "ok")), {"role_confidence": 0.79}, "role_uncertain"),
        ((*START, ("c", "ok")), {"attributes": {"language": "fr"}}, "unsupported_language"),
        ((("s", "joined"), *START), {}, "too_short"),
    ],
)
def test_what_cannot_be_scored_is_null_with_a_reason(lines: tuple[Line, ...], facts: dict[str, Any], reason: str) -> None:
    one = scored(*lines, **facts)
    assert (one.overall, one.null_reason, one.answers) == (None, reason, ())
    line = score_line(one)
    assert (line["overall"], line["null_reason"], line["sections"]["tone"]) == (None, reason, None)


def test_words_the_recogniser_guessed_are_not_scored() -> None:
    calm = talk(*START, ("c", "ok thanks"))
    for confidence, reason in ((0.49, "low_asr_confidence"), (0.5, None)):
        turns = tuple(Turn(t.turn, t.speaker, t.text, t.start_s, t.end_s, confidence) for t in calm.turns)
        assert score_one(calm.with_turns(turns), FORMS).null_reason == reason


def test_without_times_a_timing_question_is_null_and_evidence_names_turns() -> None:
    lines: list[Line] = [
        ("c", "my bill, someone stole my card"),
        ("a", "Your number?"),
        ("c", "12"),
        ("a", "Street."),
        ("c", "bye"),
    ]
    one = scored(*lines, timed=False)
    timing = next(a for a in one.answers if a.question.question_id == "response_time")
    assert (timing.answer, timing.null_reason) == (None, "no_times")
    line = score_line(one)
    greeting = next(q for q in line["questions"] if q["id"] == "greeting")
    assert greeting["evidence"] == [{"searched": [1, 3], "unit": "turn"}]
    assert line["coverage"]["null_by_reason"]["no_times"] == 1
    assert line["coverage"]["applied_weight_share"] > 0.8
    assert one.overall is not None
    # With few questions called for, one that cannot be judged weighs more than a fifth: no score, never a zero.
    short = scored(("c", "my bill"), ("a", "Number."), ("c", "12"), timed=False)
    assert (short.overall, short.null_reason) == (None, "no_times")


def test_slow_answers_are_shown_with_their_waits() -> None:
    lines = (("c", "hi", 0.0, 0.0), ("a", "hello", 90.0, 90.0), ("c", "my bill", 100.0, 100.0), ("a", "yes", 110.0, 110.0))
    one = answer("response_time", *lines)
    assert (one.answer, one.evidence[0].searched_s) == ("no", (0.0, 90.0))


def test_dead_air_counts_on_voice_only_and_not_when_announced() -> None:
    silent = (("c", "my bill", 0.0, 2.0), ("a", "which one", 3.0, 4.0), ("a", "got it", 20.0, 21.0), ("c", "ok", 22.0, 23.0))
    told = (silent[0], ("a", "let me check that for you", 3.0, 4.0), *silent[2:])
    assert answer("no_dead_air", *silent, channel="voice").evidence[0].searched_s == (4.0, 20.0)
    assert answer("no_dead_air", *told, channel="voice").answer == "yes"
    on_chat = answer("no_dead_air", *silent)
    assert (on_chat.answer, on_chat.null_reason, on_chat.is_unscored) == (None, "not_eligible", False)


def test_the_customers_own_silence_is_no_dead_air() -> None:
    lines = (("a", "which one is it", 0.0, 2.0), ("c", "the red one", 30.0, 31.0), ("a", "thanks", 32.0, 33.0))
    assert answer("no_dead_air", *lines, channel="voice").answer == "yes"


def test_interruptions_need_a_real_overlap_and_a_customer_who_stops() -> None:
    def cut(overlap_s: float) -> list[Line]:
        return [
            line
            for k in (0, 20, 40)
            for line in (("c", "well my phone is", k + 0.0, k + 5.0), ("a", "which model", k + 5.0 - overlap_s, k + 8.0))
        ]

    found = answer("no_interruption", *cut(0.5), channel="voice")
    assert (found.answer, quotes(found)) == ("no", ["well my phone is"] * 3)
    assert answer("no_interruption", *cut(0.2), channel="voice").answer == "yes"
    assert answer("no_interruption", *cut(3.0), channel="voice").answer == "yes"


def test_a_long_turn_is_quoted_around_what_was_found() -> None:
    words = "and then I went to the shop on the corner " * 8
    text = f"{words}and someone stole my wallet {words}"
    one = answer("acknowledgement", *START, ("c", text), ("a", "Name?"), ("a", "Street?"))
    (quote,) = quotes(one)
    assert "stole my wallet" in quote
    assert quote in text
    assert len(quote) <= 200


def test_every_lost_point_of_a_bad_talk_has_evidence_that_stands_in_it() -> None:
    bad = talk(
        ("a", "What?"),
        ("c", "Someone stole my money, how much is left?"),
        ("a", "Your balance is 12. You should have called before."),
        ("c", "Can you cancel my card"),
        ("a", "That is not possible."),
        ("c", "thanks, bye"),
        ("a", "ok"),
    )  # fmt: skip
    said = [turn.text for turn in bad.turns]
    lost = [one for one in score_one(bad, FORMS).answers if one.answer in ("no", "partial")]
    assert len(lost) >= 6
    for one in lost:
        assert one.evidence
        for evidence in one.evidence:
            assert (evidence.quote is None) != (evidence.searched_turns is None)
            if evidence.quote is not None and evidence.turn is not None:
                assert evidence.quote in said[evidence.turn]


def test_behaviours_add_up_over_questions() -> None:
    line = score_line(
        scored(*START, ("c", "Someone stole my card!"), ("a", "Oh no, how awful."), ("c", "bye"), ("a", "Goodbye!"))
    )
    assert line["behaviours"]["acknowledgement"] == {"called_for": 1, "done": 1}
    assert line["coverage"]["questions"] == len(line["questions"])
    assert line["coverage"]["called_for"] + line["coverage"]["na"] + line["coverage"]["null"] == len(line["questions"])
