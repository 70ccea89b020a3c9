"""The phrase language and the matcher: what is refused, what is found, and every engine the same."""

import json
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aftercall.contracts.errors import RequestError, ScorecardError
from aftercall.scoring.form_yaml import PhraseEntry, read_phrase_sets
from aftercall.scoring.forms import load
from aftercall.text.match import ENGINES, Matcher, PhraseSet, _Vectorscan
from aftercall.text.normalise import normalise, normalise_bulk
from aftercall.text.phrase import Phrase, compiled, expression

PHRASES = Path(__file__).parents[2] / "aftercall" / "scoring" / "phrases"
ENTRIES: dict[str, PhraseEntry] = read_phrase_sets(sorted(PHRASES.glob("*.yaml")))


@pytest.fixture(scope="module")
def shipped() -> Matcher:
    return Matcher(tuple(entry.phrases for entry in ENTRIES.values()), "re2")


@pytest.mark.parametrize(
    ("phrase", "says"),
    [
        ("(?=a)b", "look-ahead"),
        ("(?<!no )pay", "look-behind"),
        ("(?i)pay", "a group option"),
        (r"(a) \1", "a back-reference"),
        ("(a|b)+", "an open repetition"),
        ("(a*)*", "an open repetition"),
        ("a{3}", "a repetition"),
        ("a.b", "any character"),
        ("a|b", "outside brackets"),
        ("(a|)", "an empty alternative"),
        ("(a", "does not close"),
        ("a)", "without opening it"),
        ("(a]", "without opening it"),
        ("[a] [b]", "means nothing at all"),
        ("<0-3 words>", "names no word"),
        ("a <0-40 words> b", "a gap rises and ends at 12"),
        ("a <5-2 words> b", "a gap rises and ends at 12"),
        ("a <lots> b", "an unknown gap"),
        ("a <1-2 words> b <1-2 words> c <1-2 words> d <1-2 words> e", "4 gaps"),
        ("um", "the normaliser drops"),
        ("pay ^ now", "inside a phrase"),
        ("", "1 to 400 characters"),
        ("a " * 300, "1 to 400 characters"),
    ],
)
def test_what_is_not_in_the_language_is_refused_with_its_name(phrase: str, says: str) -> None:
    with pytest.raises(ScorecardError, match=says.replace("(", r"\(")):
        expression(phrase)


@pytest.mark.parametrize(
    ("phrase", "text", "is_found"),
    [
        ("don't pay", "Dont pay it", True),
        ("dont", "I don't", False),
        ("sorry", "so sorryish", False),
        ("apolog*", "my apologies!", True),
        ("sorry <0-2 words> delay", "sorry for the delay", True),
        ("sorry <0-2 words> delay", "sorry for the long delay", False),
        ("sorry <0-4 words> delay", "sorry? the delay", False),
        ("within <number> days", "within twenty four days", True),
        ("within <number> days", "within 24 days", True),
        ("within <number> days", "within some days", False),
        ("[really] sorry", "sorry", True),
        ("^ hello", "hello you", True),
        ("^ hello", "oh hello", False),
        ("bye $", "ok bye", True),
        ("bye $", "bye now", False),
        ("e-mail", "my E-Mail", True),
        ("?", "really?", True),
        ("(check|look (up|at) it)", "look at it", True),
        ("caf", "the caf\u00e9", False),
    ],
)
@pytest.mark.parametrize("engine", ENGINES)
def test_what_a_phrase_means(phrase: str, text: str, is_found: bool, engine: str) -> None:
    if engine == "vectorscan":
        pytest.importorskip("hyperscan")
    matcher = Matcher((PhraseSet("it", (phrase,)),), engine)  # type: ignore[arg-type]
    normal = normalise(text)
    assert ("it" in matcher.match(normal)) is is_found
    assert len(matcher.match_bulk(normalise_bulk(pa.array([text])))["it"]) == is_found
    assert (matcher.find("it", normal) is not None) is is_found


def test_exceptions_are_cut_out_before_the_phrases_are_searched() -> None:
    matcher = Matcher((PhraseSet("arrest", ("arrest",), ("nobody will arrest", "not arrest")),), "re2")
    assert not matcher.match(normalise("Nobody will arrest you"))
    assert not matcher.match(normalise("we do not arrest nobody will arrest"))
    assert matcher.match(normalise("Nobody will arrest you, but we arrest him"))
    assert matcher.find("arrest", " nobody will arrest you we arrest him ") == (26, 34)


WORDS = ["a", "b", "c", "sorry", "for", "the", "delay", "?", "you", "not", "no", "one", "2", "hello", "don't", "dont", "bye"]
_PHRASE = st.lists(
    st.sampled_from((*WORDS, "<0-2 words>", "<1-3 words>", "(a|b c)", "[the]", "so*", "<number>", "(for|[the] delay)")),
    min_size=1,
    max_size=4,
).map(" ".join)


def _valid(phrase: str) -> bool:
    try:
        expression(phrase)
    except ScorecardError:
        return False
    return True


@settings(max_examples=60, deadline=None)
@given(
    sets=st.lists(
        st.tuples(st.lists(_PHRASE.filter(_valid), min_size=1, max_size=3), st.lists(_PHRASE.filter(_valid), max_size=1)),
        min_size=1,
        max_size=4,
    ),
    texts=st.lists(st.lists(st.sampled_from(WORDS), max_size=9).map(" ".join), max_size=6),
    anchor=st.sampled_from(("", "^ ", "$")),
)
def test_all_engines_find_the_same_sets(sets: list[tuple[list[str], list[str]]], texts: list[str], anchor: str) -> None:
    pytest.importorskip("hyperscan")
    anchored = [[f"^ {p}" if anchor == "^ " else f"{p} $" if anchor == "$" else p for p in phrases] for phrases, _ in sets]
    named = tuple(
        PhraseSet(str(i), tuple(phrases), tuple(unless))
        for i, (phrases, (_, unless)) in enumerate(zip(anchored, sets, strict=True))
    )
    lines = normalise_bulk(pa.array(texts, pa.string()))
    by_engine = [Matcher(named, engine) for engine in ENGINES]
    bulk = [{name: rows.tolist() for name, rows in one.match_bulk(lines).items()} for one in by_engine]
    assert bulk[0] == bulk[1] == bulk[2]
    for line in range(len(lines.starts)):
        found = [one.match(lines.line(line)) for one in by_engine]
        assert found[0] == found[1] == found[2] == {name for name, rows in bulk[0].items() if line in rows}


@pytest.mark.parametrize("name", sorted(ENTRIES))
def test_examples_are_found_and_counter_examples_are_not(name: str, shipped: Matcher) -> None:
    entry = ENTRIES[name]
    assert len(entry.examples) >= 5
    assert len(entry.counter_examples) >= 5
    missed = [text for text in entry.examples if name not in shipped.match(normalise(text))]
    wrong = [text for text in entry.counter_examples if name in shipped.match(normalise(text))]
    assert (missed, wrong) == ([], [])


def test_matches_do_not_depend_on_the_sets_beside_them() -> None:
    text = normalise("You will be arrested. Sorry for the delay, is there anything else?")
    alone = {name for name, entry in ENTRIES.items() if Matcher((entry.phrases,), "re").match(text)}
    assert alone == Matcher(tuple(entry.phrases for entry in ENTRIES.values()), "re2").match(text)
    assert {"threat", "regret", "anything_else"} <= alone


def test_unknown_engine_is_refused_with_the_list() -> None:
    with pytest.raises(RequestError, match="vectorscan, re2, re"):
        Matcher((PhraseSet("a", ("a",)),), "grep").match(" a ")  # type: ignore[arg-type]


@pytest.mark.real_data
@pytest.mark.slow
def test_engines_agree_on_all_real_turns(real_data: Path) -> None:
    pytest.importorskip("hyperscan")
    with (real_data / "star" / "transcripts" / "star.jsonl").open(encoding="utf-8") as file:
        texts = sorted({turn["text"] for line in file for turn in json.loads(line)["turns"]})
    lines = normalise_bulk(pa.array(texts))
    fast, other = (load(engine_name=engine).matcher.match_bulk(lines) for engine in ("vectorscan", "re2"))
    assert {name for name in fast if not np.array_equal(fast[name], other[name])} == set()
    assert sum(len(rows) for rows in fast.values()) > 20_000


HEADS = "(they|a colleague|our team|a specialist|the team|an agent|a manager|the department|a representative|i)"
LOST = PhraseSet("lost", (f"{HEADS} will <0-4 words> call",))


def test_vectorscan_is_not_trusted_with_what_it_loses() -> None:
    """Vectorscan 5.4.12 loses `i will call` behind three other words when the phrase is one expression."""
    pytest.importorskip("hyperscan")
    text = normalise("thanks for your help I will call a few friends")
    assert Matcher((LOST,), "vectorscan").match(text) == {"lost"}
    one = compiled(LOST.phrases[0])
    assert len(one.simpler) == 10
    whole = _Vectorscan([[Phrase(one.expression, (one.expression,), one.samples)]])
    assert whole.lost == [0]
    assert whole.ids(text) == {0}
    lines = normalise_bulk(pa.array(["nothing", text]))
    assert [part.tolist() for part in whole.pairs(lines)] == [[0], [1]]
    assert _Vectorscan([[one]]).lost == []


@pytest.mark.slow
def test_vectorscan_finds_every_sample_of_every_shipped_phrase(shipped: Matcher) -> None:
    pytest.importorskip("hyperscan")
    fast = Matcher(shipped.sets, "vectorscan")
    before = ("", " a", " well well well well", " right you are and so on we were told that it", " thank you very much")
    phrases = [(entry.phrases.name, phrase) for entry in ENTRIES.values() for phrase in entry.phrases.phrases]
    samples = [(name, start + text) for name, phrase in phrases for text in compiled(phrase).samples for start in before]
    lines = normalise_bulk(pa.array([text for _, text in samples]))
    found = {name: set(lines.text_of[rows].tolist()) for name, rows in fast.match_bulk(lines).items()}
    # Exceptions may cut a sample, and an anchor forbids words before it; what is left must be found.
    anchored = {name for name, phrase in phrases if phrase.startswith("^")}
    plain = {name for name, entry in ENTRIES.items() if not entry.phrases.unless} - anchored
    assert [text for place, (name, text) in enumerate(samples) if name in plain and place not in found[name]] == []
    assert sum(name in plain for name, _ in samples) > 15_000
