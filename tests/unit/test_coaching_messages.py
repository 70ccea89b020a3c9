"""Micro-coaching: every message stands on its moment, says one thing, and is withheld whenever something is doubtful."""

import re
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aftercall.coaching.choose import Message, Settings, Withheld, choose, shown_in
from aftercall.coaching.history import History, Sent, Shown, merged
from aftercall.coaching.quotes import MOST_WORDS, short_quote
from aftercall.coaching.templates import Template, catalogue
from aftercall.contracts.records import Interaction, Turn
from aftercall.scoring.fold import score_one
from aftercall.scoring.forms import load
from aftercall.scoring.heard import Evidence
from aftercall.scoring.score import Score
from aftercall.text.match import Matcher, PhraseSet
from aftercall.text.normalise import normalise
from aftercall.text.redact_records import redact_interaction

FORMS = load(engine_name="re2")
TODAY = date(2026, 5, 4)
NOTHING_YET = History()

# Words about what somebody is like, and about what somebody feels.
CHARACTER = """
    lazy rude careless sloppy cold warm friendly unfriendly nice kind unkind caring uncaring empathetic empathy sympathetic
    impatient patient attitude personality character nature temper tone enthusiastic motivated unmotivated committed confident
    insecure arrogant professional unprofessional clever smart stupid incompetent competent talented gifted excellent brilliant
    poor bad weak strong perfect lovely sincere genuine honest dishonest helpful unhelpful thoughtful thoughtless
"""
EMOTION = """
    angry anger annoyed irritated frustrated frustrating upset sad happy unhappy glad proud ashamed afraid fear nervous anxious
    stressed stress bored boredom excited calm feel feels felt feeling feelings emotion emotional mood enjoy enjoyed love hate
"""
LONGEST = {
    "clock": "23:59:59",
    "quote": " ".join(["word"] * MOST_WORDS),
    "who": "the customer",
    "said": "wrote",
    "nth": "third time today",
    "situation": "on three word name contacts",
}
SHORTEST = {"clock": "03:10", "quote": "twice already", "who": "you", "said": "said"}


def talk(
    *told: tuple[str, str], agent: str | None = "a1", channel: str = "chat", at: str = "2026-05-04T09:00:00"
) -> Interaction:
    turns = tuple(Turn(k, who, text, 5.0 * k, 5.0 * k + 2) for k, (who, text) in enumerate(told))  # type: ignore[arg-type]
    started = datetime.fromisoformat(at).replace(tzinfo=UTC)
    return Interaction(f"i-{abs(hash(told)) % 10**8}-{at}", channel, turns, agent_id=agent, started_at=started)


TROUBLED = (
    ("agent", "Hello, how can I help you?"),
    ("customer", "Someone stole my card yesterday"),
    ("agent", "What is the number of the account?"),
    ("customer", "I do not have it here"),
    ("agent", "Can I have the street?"),
    ("customer", "Thanks, bye"),
    ("agent", "Is there anything else? Thank you, goodbye"),
)


def told(interaction: Interaction, history: History = NOTHING_YET, **more: Any) -> Message | Withheld:
    score = more.pop("score", None) or score_one(interaction, more.pop("forms", FORMS))
    return choose(interaction, score, history, matcher=FORMS.matcher, today=more.pop("today", TODAY), **more)


def altered(score: Score, question_id: str, **changes: Any) -> Score:
    answers = tuple(replace(a, **changes) if a.question.question_id == question_id else a for a in score.answers)
    return replace(score, answers=answers)


def resolves(message: Message, interaction: Interaction) -> bool:
    turn = next(one for one in interaction.turns if one.turn == message.turn)
    return message.quote in turn.text and turn.start_s == message.start_s


def every_text() -> list[tuple[Template, str]]:
    return [(one, " ".join(one.filled(slots))) for one in catalogue().templates for slots in (LONGEST, SHORTEST)]


def outside_quotes(text: str) -> str:
    return re.sub(r"“[^”]*”", "“”", text)


# --- the sentences


def test_each_behaviour_has_enough_wordings_and_no_two_are_the_same() -> None:
    known = catalogue()
    for behaviour in {one.behaviour for one in known.templates}:
        assert len(known.of(behaviour, "lost")) >= 6, behaviour
        assert len(known.of(behaviour, "strength")) in (0, 4, 5), behaviour
    for part in ("say", "action"):
        parts = [getattr(one, part) for one in known.templates if one.kind == "lost"]
        assert len(set(parts)) == len(parts)
    assert len(known.templates) > 250


def test_every_scored_question_has_sentences_or_is_left_to_a_person() -> None:
    known = catalogue()
    unspoken = {q.question_id for form in FORMS.forms for q in form.questions if not q.is_advisory and not known.group(q)}
    critical = {q.question_id for form in FORMS.forms for q in form.questions if q.severity == "critical"}
    assert unspoken <= critical


def test_no_text_is_longer_than_sixty_words_and_each_has_two_or_three_sentences() -> None:
    for template, text in every_text():
        assert len(text.split()) <= 60, template.template_id
        plain = outside_quotes(text)
        assert 2 <= len(re.findall(r"[.?!](?=\s|$)", plain)) <= 3, (template.template_id, text)
        assert not re.search(r"[\[\]{}]|  | [.,]", plain), (template.template_id, text)


def test_no_text_speaks_of_character_or_feelings() -> None:
    banned = re.compile(rf"\b({'|'.join((CHARACTER + EMOTION).split())})\b", re.IGNORECASE)
    for template, text in every_text():
        found = banned.findall(outside_quotes(text))
        assert not found, (template.template_id, found)


# --- the moment


def test_a_lost_point_is_told_with_its_moment_and_one_action() -> None:
    interaction = talk(*TROUBLED)
    message = told(interaction)
    assert isinstance(message, Message)
    assert (message.behaviour, message.kind, message.turn, message.start_s) == ("acknowledgement", "lost", 1, 5.0)
    assert "“Someone stole my card yesterday”" in message.text
    assert "00:05" in message.text
    assert message.text.endswith(message.action)
    assert resolves(message, interaction)


def test_no_message_without_a_moment_that_stands_in_the_transcript() -> None:
    interaction = talk(*TROUBLED)
    score = score_one(interaction, FORMS)
    only = replace(score, answers=tuple(a for a in score.answers if a.question.question_id == "acknowledgement"))
    for evidence in (
        (),
        (Evidence(1, 5.0, "Someone stole my bicycle"),),
        (Evidence(99, 5.0, "Someone stole my card yesterday"),),
        (Evidence(searched_turns=(99, 100)),),
        (Evidence(1, 5.0, "..."),),
    ):
        outcome = told(interaction, score=altered(only, "acknowledgement", evidence=evidence))
        assert isinstance(outcome, Withheld), evidence
        assert outcome.reason in ("no_moment", "nothing_sure")


def test_for_something_never_said_the_searched_stretch_shows_its_first_turn() -> None:
    interaction = talk(*TROUBLED)
    score = altered(score_one(interaction, FORMS), "acknowledgement", evidence=(Evidence(searched_turns=(1, 3)),))
    message = told(interaction, score=replace(score, answers=tuple(a for a in score.answers if a.answer != "yes")))
    assert isinstance(message, Message)
    assert (message.turn, message.quote) == (1, "Someone stole my card yesterday")


PERSONAL = ("⟨masked⟩", "Alexis", "Moor", "alexis", "4711", "four seven one", "@", "A12", "idiot")


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        ("My name is Alexis Moor and my card was stolen", "…and my card was stolen"),
        ("Alexis, my card 4711 then was stolen from ⟨masked⟩ at noon", "…then was stolen…"),
        ("my name is alexis. the card was stolen!", "the card was stolen!"),
        ("you idiot, it was stolen four seven one", "…it was stolen…"),
        ("I am Alexis. This is about my stolen card and the Moor one", "This is about my stolen card…"),
        ("stolen by a@b.org", None),
        ("A12X9 stolen", None),
        ("Call Alexis Moor", None),
    ],
)
def test_quotes_hold_nothing_personal_and_no_verdict_on_a_person(said: str, expected: str | None) -> None:
    found = short_quote(said, ("stolen",), _matcher("stolen"))
    shown = found[1] if found else None
    assert not any(word in (shown or "") for word in PERSONAL)
    if expected is None:
        assert shown is None
    else:
        assert shown == expected


def _matcher(word: str) -> Matcher:
    return Matcher((PhraseSet(word, (word,)),), "re")


# --- when nothing is sent


def only(score: Score, *question_ids: str) -> Score:
    return replace(score, answers=tuple(a for a in score.answers if a.question.question_id in question_ids))


def test_doubtful_cases_send_nothing() -> None:
    interaction = talk(*TROUBLED)
    score = only(score_one(interaction, FORMS), "acknowledgement")
    question = score.answers[0].question
    cases = {
        "advisory": altered(score, "acknowledgement", question=replace(question, is_advisory=True)),
        "uncertain": altered(score, "acknowledgement", answer=None, null_reason="uncertain"),
        "unknown behaviour": altered(score, "acknowledgement", question=replace(question, question_id="x", behaviour="x")),
    }
    for name, doubtful in cases.items():
        outcome = told(interaction, score=doubtful)
        assert outcome == Withheld(score.interaction_id, "nothing_sure"), name
    below = told(interaction, score=score, below_gate=frozenset({"acknowledgement"}))
    assert below == Withheld(score.interaction_id, "nothing_sure")
    assert told(interaction, score=replace(score, overall=None, null_reason="role_uncertain")).reason == "no_score"  # type: ignore[union-attr]
    assert told(replace(interaction, agent_id=None), score=score).reason == "agent_unknown"  # type: ignore[union-attr]


def test_what_is_critical_or_fails_the_form_is_left_to_a_person() -> None:
    insulted = talk(*TROUBLED[:2], ("agent", "You are an idiot. What is the number?"), *TROUBLED[3:])
    assert told(insulted) == Withheld(insulted.interaction_id, "left_to_a_person")
    interaction = talk(*TROUBLED)
    failed = replace(score_one(interaction, FORMS), is_autofail=True)
    assert told(interaction, score=failed) == Withheld(interaction.interaction_id, "left_to_a_person")


def test_one_message_a_day_and_the_day_after_again() -> None:
    interaction = talk(*TROUBLED)
    today = History((Sent(TODAY, "closing", "strength", "closing.strength.a"),))
    assert told(interaction, today) == Withheld(interaction.interaction_id, "quota")
    assert isinstance(told(interaction, today, settings=Settings(per_day=2)), Message)
    assert isinstance(told(interaction, today, today=TODAY + timedelta(days=1)), Message)


# --- over many contacts

CUSTOMER = (
    "Someone stole my card",
    "I have been waiting for three weeks",
    "Yes, book it.",
    "Thanks, bye!",
    "I need to change my address",
    "When does the shop open?",
    "My name is Ann Lee and I lost my card",
    "ok",
    "I can't afford that, I lost my job",
)
AGENT = (
    "HELLO, how can I help you today?",
    "I'm so sorry to hear that.",
    "Unfortunately that room is not available.",
    "Would you like another day?",
    "Your balance is 400 dollars",
    "May I have your full name, please?",
    "Is there anything else I can do?",
    "I have booked it for you.",
    "What? Where? And when?",
    "Thank you, goodbye.",
    "You should have read the letter.",
    "",
)
_turns = st.lists(st.tuples(st.sampled_from(CUSTOMER), st.sampled_from(AGENT)), min_size=2, max_size=6)
_days = st.lists(st.tuples(_turns, st.integers(0, 3)), min_size=4, max_size=14)


@settings(max_examples=60, deadline=None)
@given(_days, st.integers(0, 5), st.integers(1, 3))
def test_whatever_is_said_messages_keep_every_rule(days: list[Any], seed: int, per_day: int) -> None:
    day, sent, shown, kinds = TODAY, list[Sent](), tuple[Shown, ...](), list[str]()
    for pairs, later in days:
        day += timedelta(days=later)
        spoken = [one for pair in pairs for one in (("customer", pair[0]), ("agent", pair[1]))]
        interaction = redact_interaction(talk(*spoken, at=f"{day}T09:00:00", channel="voice")).interaction
        score = score_one(interaction, FORMS)
        arguments: dict[str, Any] = {
            "matcher": FORMS.matcher,
            "today": day,
            "seed": seed,
            "settings": Settings(per_day=per_day),
        }
        history = History(tuple(sent), shown)
        outcome = choose(interaction, score, history, **arguments)
        assert outcome == choose(interaction, score, history, **arguments)
        shown = merged([*shown, *shown_in(interaction, score, day)])
        if isinstance(outcome, Withheld):
            continue
        assert resolves(outcome, interaction)
        assert normalise(outcome.quote).strip()
        assert "Ann" not in outcome.text
        assert "⟨" not in outcome.text
        assert len(outcome.text.split()) <= 60
        answer = next(a for a in score.answers if a.question.question_id == outcome.question_id)
        assert answer.answer == "yes" if outcome.kind == "strength" else answer.answer in ("no", "partial")
        sent.append(Sent(day, outcome.behaviour, outcome.kind, outcome.template_id))
        kinds.append(outcome.kind)
        assert sum(one.on == day for one in sent) <= per_day
        last = [one.template_id for one in sent[-5:]]
        assert len(set(last)) == len(last), "a template twice in five"
        assert "strength" in kinds[-3:] or len(kinds) < 3, "fewer than one strength in three"


def test_repeats_of_the_day_and_a_telling_situation_are_said() -> None:
    interaction = replace(talk(*TROUBLED), intent="card")
    rows = [
        Shown(TODAY, "acknowledgement", 3, 0, "on card contacts"),
        Shown(TODAY, "acknowledgement", 0, 9, "on loan contacts"),
    ]
    texts = set[str]()
    for seed in range(40):
        outcome = told(interaction, History(shown=tuple(rows)), seed=seed)
        assert isinstance(outcome, Message)
        assert outcome.behaviour == "acknowledgement"
        texts.add(outcome.text)
    assert any("fourth time today" in text for text in texts)
    assert any("on card contacts" in text for text in texts)
    plain = {str(getattr(told(interaction, seed=seed), "text", "")) for seed in range(40)}
    assert not any("time today" in text or "on card contacts" in text for text in plain)


def test_more_repeats_weigh_more_than_a_heavier_question() -> None:
    interaction = talk(
        ("customer", "Someone stole my card"), ("agent", "What number?"), ("customer", "Thanks, bye"), ("agent", "Yes.")
    )
    first = told(interaction)
    assert isinstance(first, Message)
    repeated = History(shown=(Shown(TODAY, "greeting", 9, 0),))
    assert isinstance(then := told(interaction, repeated), Message)
    assert (first.behaviour, then.behaviour) == ("acknowledgement", "greeting")
