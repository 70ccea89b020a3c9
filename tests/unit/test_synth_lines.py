"""The sentences of the synthetic centre: kept apart from what scores them, bounded in number, personal values well formed."""

import ast
import random
import re
import sys
from pathlib import Path

import pytest

from aftercall.contracts.errors import RequestError
from aftercall.synth.names import card, check_digit, identity, spoken
from aftercall.synth.phrasebook import Phrasebook
from aftercall.synth.rates import BASE_DONE, BEHAVIOURS, COACHED_LOGIT, INTENTS
from aftercall.synth.recorded_calls import shipped
from aftercall.synth.timing import call_times, chat_times

ALLOWED = {"aftercall.contracts", "aftercall.synth", "numpy", "polars"}


def imported(path: Path) -> set[str]:
    found = set[str]()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, path
            found |= (
                {f"{node.module}.{alias.name}" for alias in node.names} if node.module == "aftercall" else {node.module or ""}
            )
    return found


def test_synth_imports_contracts_and_nothing_that_scores(checkout: Path) -> None:
    modules = sorted((checkout / "aftercall" / "synth").rglob("*.py"))
    assert len(modules) > 10
    for path in modules:
        for name in imported(path):
            top = name.split(".")[0]
            is_own = any(name == one or name.startswith(f"{one}.") for one in ALLOWED)
            assert is_own or top in sys.stdlib_module_names, f"{path.name} imports {name}"


def test_synth_reads_no_scorecard_and_no_lexicon(checkout: Path) -> None:
    folder = checkout / "aftercall" / "synth"
    for path in sorted([*folder.rglob("*.py"), *folder.rglob("*.toml")]):
        # Docstrings may say what must not be read; code and lines may not name it.
        text = re.sub(r'"""(?s:.*?)"""', "", path.read_text(encoding="utf-8")).lower()
        assert not re.search(r"scorecard|lexicon|aftercall[./](scoring|text)\b", text), path.name


def test_no_sentence_stands_in_what_scores(checkout: Path) -> None:
    """No long line may stand word for word in what scores it: it would have been copied. Wording set by law is nobody's own."""
    book = Phrasebook(random.Random(0))
    shipped_rules = [
        path.read_text(encoding="utf-8").lower()
        for folder in ("scoring", "text")
        for path in sorted((checkout / "aftercall" / folder).rglob("*"))
        if path.suffix in (".yaml", ".yml", ".toml", ".json", ".txt")
    ]
    whole = [
        piece
        for key in book.keys()  # noqa: SIM118 (a method, not a mapping)
        if key.endswith((".plain", ".paraphrase")) and "disclosure" not in key
        for chat in (False, True)
        for template in book.options(key, chat=chat)
        for piece in ("".join(template.pieces).lower(),)
        if len(template.pieces) == 1 and len(piece.split()) > 12
    ]
    assert len(whole) > 50
    assert not [line for line in whole if any(line in rules for rules in shipped_rules)]


def test_every_behaviour_has_expected_and_unusual_wording() -> None:
    book, keys = Phrasebook(random.Random(0)), set(Phrasebook(random.Random(0)).keys())
    for name in BEHAVIOURS:
        assert 0 < BASE_DONE[name] < 1
        if name == "name_use":
            continue
        for wording in ("plain", "paraphrase"):
            found = [key for key in keys if key.endswith(f".{wording}") and name.removesuffix("_offered") in key.split(".")]
            assert found, (name, wording)
    assert set(COACHED_LOGIT) <= set(BEHAVIOURS)
    for intent in INTENTS:
        for key in ("solved", "stuck", "ownership.plain", "recap.plain", "recap_stuck.paraphrase", "alternative.missed"):
            for thread in ("", "1", "2", "3"):
                assert book.options(f"{intent}.{key}", chat=False, thread=thread)


def test_threads_keep_the_solution_with_the_question() -> None:
    book = Phrasebook(random.Random(0))
    for intent in INTENTS:
        opened = {
            thread
            for opening in ("open.calm", "open.upset", "open.repeat", "story.calm", "story.upset")
            for template in book.options(f"{intent}.{opening}", chat=False)
            for thread in template.threads
        }
        for thread in opened:
            for key in ("solved", "stuck", "recap.plain", "recap.paraphrase", "recap_stuck.plain", "recap_stuck.paraphrase"):
                fitting = book.options(f"{intent}.{key}", chat=False, thread=thread)
                assert all(not one.threads or thread in one.threads for one in fitting), (intent, key, thread)


def test_the_cap_holds_and_the_turn_is_still_said() -> None:
    book = Phrasebook(random.Random(0), cap=60)
    rng, sizes = random.Random(1), book.pools.sizes()
    template = book.options("identity_check.dob.answers", chat=False)[0]
    said = [book.say([template], [rng.randrange(size) for size in sizes]) for _ in range(500)]
    assert book.unique_n <= 60
    assert all(one.text for one in said)
    for one in said:
        assert all(one.text[value.start : value.end] == value.value for value in one.personal)


def test_personal_offsets_survive_joining_and_styles() -> None:
    book = Phrasebook(random.Random(0))
    first, second = (
        book.options("identity_check.thanks_named", chat=True)[0],
        book.options("identity_check.email.answers", chat=True)[0],
    )
    for style in ("", "casual", "Um, "):
        one = book.say([first, second], [0] * len(book.pools.sizes()), style)
        assert len(one.personal) == 3
        assert all(one.text[value.start : value.end] == value.value for value in one.personal)


def test_articles_fit_the_word_that_is_filled_in() -> None:
    book = Phrasebook(random.Random(0))
    (template,) = [one for one in book.options("appointment.open.calm", chat=False) if one.pieces[0].endswith("book a ")]
    at, item = [0] * len(book.pools.sizes()), book.pools.pool_of_slot["item"]
    first, n = book.pools.ranges["item"]["appointment"]
    said = list[str]()
    for row in range(first, first + n):
        at[item] = row
        said.append(book.say([template], at).text)
    assert "I'd like to book an installation, please, mornings are best." in said
    assert "I'd like to book a repair visit, please, mornings are best." in said


def test_unknown_lines_are_refused_by_name() -> None:
    with pytest.raises(RequestError, match=r"no lines 'greeting\.loud'"):
        Phrasebook(random.Random(0)).options("greeting.loud", chat=False)


def test_cards_pass_the_luhn_check_and_are_spoken_digit_by_digit() -> None:
    for seed in range(200):
        values = card(random.Random(seed))
        digits = values["card_plain"].text
        assert check_digit(digits[:-1]) == digits[-1]
        assert values["card"].text.replace(" ", "") == digits
        assert values["card_said"].text.replace(",", "") == spoken(digits, zero="oh")
        halves = f"{values['card_half_1'].text}, {values['card_half_2'].text}"
        assert halves == values["card_said"].text


def test_invented_people_cannot_be_real() -> None:
    for seed in range(200):
        values = identity(random.Random(seed))
        assert re.fullmatch(r"9\d\d-[0-4]\d-\d{4}", values["ssn"].text)
        assert re.fullmatch(r"\d{3}-555-01\d\d", values["phone"].text)
        assert re.search(r"@example\.(com|org|net)$", values["email"].text)


def test_recordings_stay_under_a_megabyte(checkout: Path) -> None:
    folder = checkout / "aftercall" / "synth" / "recordings"
    sounds = [path for path in folder.iterdir() if path.suffix in (".wav", ".flac")]
    assert {path.name for path in sounds} == {one["file"] for one in shipped()}
    assert sum(path.stat().st_size for path in folder.iterdir()) < 1_000_000


def test_holds_are_as_long_as_recorded_and_hold_no_speech() -> None:
    turns = [("agent", 12, ""), ("customer", 9, ""), ("agent", 8, "hold"), ("agent", 6, "lookup"), ("customer", 5, "")]
    times, holds = call_times(random.Random(3).random, turns, 120.0, 44.0)
    ((held_from, held_to),) = holds
    assert held_to - held_from == pytest.approx(44.0)
    assert all(end <= held_from + 1e-9 or start >= held_to - 1e-9 for start, end in times)
    assert times[-1][1] == pytest.approx(164.0, abs=2.5)


def test_chat_messages_come_in_order_within_the_time() -> None:
    turns = [("agent", 12, ""), ("customer", 9, "lookup"), ("agent", 8, "")]
    times = chat_times(random.Random(3).random, turns, 200.0)
    starts = [start for start, _ in times]
    assert starts == sorted(starts)
    assert 0 < starts[0] < starts[-1] <= 200.0
