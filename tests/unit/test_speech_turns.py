"""Cutting: windows lay speech end to end and find the way back; turns follow words, never a recogniser's segments."""

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from aftercall.contracts.records import Word
from aftercall.speech.activity import FRAME_S, Activity, Span, activity_of, loudness_limit_db
from aftercall.speech.channels import are_copies, channel_map, sameness, without_bleed
from aftercall.speech.coverage import loud_share_without_words, missed_spans
from aftercall.speech.recogniser import Heard
from aftercall.speech.turns import Stretch, joined, stretches, words_on_clock
from aftercall.speech.windows import LONGEST_S, Window, windows_of


def activity(*spans: tuple[float, float], length_s: float = 200.0) -> Activity:
    loud = np.zeros(round(length_s / FRAME_S), bool)
    for start_s, end_s in spans:
        loud[round(start_s / FRAME_S) : round(end_s / FRAME_S)] = True
    return Activity(loud.astype(np.float32), loud, tuple(Span(a, b) for a, b in spans))


def said(text: str, start_s: float, each_s: float = 0.3) -> list[Word]:
    return [Word(word, start_s + i * each_s, start_s + (i + 1) * each_s, 0.8) for i, word in enumerate(text.split())]


def test_words_over_a_long_silence_are_two_turns() -> None:
    # One Whisper segment was seen to run from 42.5 s to 127.4 s; only its words say where somebody spoke.
    words = said("let me look that up", 42.5) + said("here it is", 126.5)
    turns = stretches(words, activity((42.4, 44.1), (126.4, 127.5)))
    assert [one.span for one in turns] == [Span(42.4, 44.1), Span(126.4, 127.5)]
    assert [one.as_turn(0, "agent").text for one in turns] == ["let me look that up", "here it is"]


def test_a_word_smeared_over_a_silence_does_not_bridge_it() -> None:
    words = [Word("hello", 1.0, 1.4, 0.9), Word("sure", 1.5, 9.8, 0.9), Word("thanks", 9.8, 10.2, 0.9)]
    turns = stretches(words, activity((0.9, 1.9), (9.6, 10.4)))
    assert len(turns) == 2
    assert turns[0].span.end_s <= 1.9


def test_edges_come_from_activity_within_what_word_times_can_be_off() -> None:
    (near,) = stretches(said("good morning", 1.2), activity((1.0, 1.9)))
    assert near.span == Span(1.0, 1.9)
    (far,) = stretches(said("good morning", 5.0), activity((1.0, 5.7)))  # breath or noise before, not a turn
    assert far.span == Span(4.6, 5.7)


def test_words_where_nobody_speaks_are_dropped() -> None:
    loud = activity((3.0, 6.0))
    noise = Activity(np.zeros_like(loud.speech), loud.loud, loud.spans)
    assert stretches(said("thank you for watching", 3.5), noise) == []
    assert len(stretches(said("thank you for watching", 3.5), loud)) == 1


def test_parts_of_a_word_are_put_back_but_not_across_a_pause() -> None:
    words = [Word("high", 1.0, 1.2), Word("-end", 1.2, 1.4), Word("8", 1.5, 1.6), Word("%", 1.6, 1.7), Word("-L", 2.2, 2.4)]
    (turn,) = stretches(words, activity((1.0, 2.5)))
    assert turn.as_turn(0, "agent").text == "high-end 8% -L"


def test_a_breath_does_not_end_a_turn_and_an_answer_does() -> None:
    first, second = (
        Stretch(tuple(said("about two", 1.0)), Span(1.0, 2.0)),
        Stretch(tuple(said("weeks ago", 3.0)), Span(3.0, 4.0)),
    )
    answer = Stretch(tuple(said("okay", 2.2)), Span(2.2, 2.6))
    assert len(joined([first, second], [[]])) == 1
    assert joined([first, second], [[answer]]) == [first, second]
    late = Stretch(second.words, Span(3.6, 4.0))
    assert joined([first, late], [[]]) == [first, late]


spans = st.lists(st.tuples(st.floats(0.3, 6), st.floats(0.2, 70)), min_size=1, max_size=12)


@given(spans)
def test_windows_hold_all_speech_once_and_find_the_way_back(parts: list[tuple[float, float]]) -> None:
    at_s, placed = 0.0, list[tuple[float, float]]()
    for gap_s, length_s in parts:
        placed.append((at_s + gap_s, at_s + gap_s + length_s))
        at_s = placed[-1][1]
    windows = windows_of(0, activity(*placed, length_s=at_s + 1), at_s + 1)
    assert all(window.length_s <= LONGEST_S + 1e-6 for window in windows)
    pieces = [piece for window in windows for piece in window.pieces]
    assert all(a.end_s <= b.start_s + 1e-9 for a, b in itertools.pairwise(pieces))
    for start_s, end_s in placed:
        covered_s = sum(max(0.0, min(end_s, p.end_s) - max(start_s, p.start_s)) for p in pieces)
        assert covered_s == pytest.approx(end_s - start_s, abs=1e-6)
    for window in windows:
        before_s = 0.0
        for piece in window.pieces:
            back = window.on_clock(before_s, before_s + piece.length_s)
            assert back.start_s == pytest.approx(piece.start_s, abs=2e-3)
            assert back.end_s == pytest.approx(piece.end_s, abs=2e-3)
            before_s += piece.length_s


def test_a_loop_and_a_doubted_window_give_no_words() -> None:
    window = Window(0, (Span(0.0, 5.0),))
    words = tuple(said("thank you thank you", 0.5))
    assert len(words_on_clock(window, Heard(words))) == 4
    assert words_on_clock(window, Heard(words, compression=3.0)) == []
    assert words_on_clock(window, Heard(words, mean_log_probability=-1.4, no_speech=0.8)) == []


def test_lost_speech_is_measured_and_found() -> None:
    there = activity((10.0, 20.0))
    assert loud_share_without_words([there], [[Span(10.0, 20.0)]]) == 0.0
    assert loud_share_without_words([there], [[Span(10.0, 16.0)]]) == pytest.approx(0.4)
    assert loud_share_without_words([there], [[]]) == 1.0
    (missed,) = missed_spans(there, [Span(10.0, 16.0)])
    assert (missed.start_s, missed.end_s) == pytest.approx((16.0, 20.0), abs=FRAME_S)


def test_the_noise_floor_is_the_channels_own() -> None:
    rng = np.random.default_rng(7)
    db = rng.normal(-60, 2, 1000).astype(np.float32)
    db[:100] = -25
    db[900:] = -110  # digital silence says nothing about the line
    limit, level = loudness_limit_db(db)
    assert -54 < limit < -45
    assert level == pytest.approx(-25, abs=1)
    assert loudness_limit_db(np.full(50, -120, np.float32))[0] == 0.0


def test_a_silent_channel_has_no_activity_and_asks_no_model() -> None:
    found = activity_of(np.zeros(16000, np.float32), vad=None)  # type: ignore[arg-type]
    assert found.spans == ()


@pytest.mark.parametrize(
    ("declared", "roles"),
    [
        ("agent,customer", ("agent", "customer")),
        ("customer, agent", ("customer", "agent")),
        ("agent=right;customer=left", ("customer", "agent")),
        ("agent only", ("agent",)),
        (("customer", "agent"), ("customer", "agent")),
        ("2 channels, mu-law 8 kHz", None),
        (None, None),
    ],
)
def test_declared_channels(declared: str, roles: tuple[str, ...] | None) -> None:
    assert channel_map(declared) == roles


@pytest.mark.parametrize("declared", ["agent=up;customer=down", "agent,caller", "agent=right"])
def test_a_declaration_that_cannot_be_meant_is_refused(declared: str) -> None:
    with pytest.raises(ValueError, match=r"must be|does not place"):
        channel_map(declared)


def test_copies_are_recognised_by_sound_and_by_words() -> None:
    rng = np.random.default_rng(7)
    left = rng.normal(0, 0.1, 16000).astype(np.float32)
    assert are_copies(left, 0.3 * left + rng.normal(0, 0.003, 16000).astype(np.float32))
    assert not are_copies(left, rng.normal(0, 0.1, 16000).astype(np.float32))
    words = said("i would like to move my appointment to another day please", 1.0)
    late = [Word(word.text.upper(), word.start_s + 0.2, word.end_s + 0.2) for word in words]
    assert sameness(words, late).are_copies
    assert not sameness(words, said("of course which day would suit you best then sir", 1.0)).are_copies
    assert not sameness(words[:5], late[:5]).are_copies  # too little to tell


def test_the_other_side_leaking_in_is_not_a_turn() -> None:
    rng = np.random.default_rng(7)
    voice = rng.normal(0, 0.2, 5 * 16000).astype(np.float32)
    own = [Stretch(tuple(said("how may i help you", 1.0)), Span(1.0, 2.5))]
    faint = voice * 0.1
    assert without_bleed(own, own, faint, voice) == ([], 1)
    assert without_bleed(own, own, voice, faint) == (own, 0)
    other = [Stretch(tuple(said("my car is broken", 1.0)), Span(1.0, 2.2))]
    assert without_bleed(own, other, faint, voice) == (own, 0)
