"""Turns from words: one channel's words cut at the gaps between them, edges set by voice activity.

Lives here: placing words on activity, cutting, edges, confidence. Not here: recognising (recogniser.py), who the
channel is (channels.py). A recogniser's own segments are never turns: one may span minutes of silence.
"""

import bisect
from collections.abc import Sequence
from dataclasses import dataclass

from aftercall.contracts.records import Speaker, Turn, Word
from aftercall.speech.activity import Activity, Span
from aftercall.speech.recogniser import Heard
from aftercall.speech.windows import Window

STRETCH_GAP_S = 0.6
"""A pause between two words that ends a stretch."""
TURN_GAP_S = 1.5
"""A pause that ends a turn although nobody else speaks in it: under it a sentence with a breath in it stays whole."""
_EDGE_S = 0.4
"""How far an edge may move from a word to the activity around it: word times are off by up to 0.32 s."""
_SAME_WORD_S = 0.3
_CONTINUES = frozenset("-.,%'’/:")
_SPEECHLESS = 0.15
"""Words where the voice-activity model hears nothing above this are inventions on noise."""


@dataclass(frozen=True, slots=True)
class Stretch:
    """A turn before it has a place: its words and edges on one channel."""

    words: tuple[Word, ...]
    span: Span

    def as_turn(self, turn: int, speaker: Speaker) -> Turn:
        """Return the numbered turn; confidence is the mean word probability."""
        known = [word.confidence for word in self.words if word.confidence is not None]
        mean = round(sum(known) / len(known), 3) if known else None
        text = " ".join(word.text for word in self.words)
        return Turn(turn, speaker, text, self.span.start_s, self.span.end_s, mean, self.words)


def words_on_clock(window: Window, heard: Heard) -> list[Word]:
    """Return a window's words with times on the recording's clock; nothing for a window that is a loop or noise."""
    if heard.is_nothing or heard.is_loop:
        return []
    out: list[Word] = []
    for word in heard.words:
        span = window.on_clock(word.start_s, word.end_s)
        out.append(Word(word.text, span.start_s, span.end_s, word.confidence))
    return out


def stretches(words: Sequence[Word], activity: Activity, *, gap_s: float = STRETCH_GAP_S) -> list[Stretch]:
    """Cut one channel's words at their pauses, in order.

    Each word is first drawn to the activity it belongs to, so that a word whose time was smeared over a pause does
    not bridge it. Stretches where the voice-activity model hears nobody are dropped.
    """
    placed = _whole([_drawn(word, activity.spans) for word in sorted(words, key=lambda word: word.start_s)])
    groups: list[list[Word]] = []
    for word in placed:
        if groups and word.start_s - groups[-1][-1].end_s < gap_s:
            groups[-1].append(word)
        else:
            groups.append([word])
    found = [Stretch(tuple(group), _edges(group, activity.spans)) for group in groups]
    return [one for one in found if activity.certainty(one.span) >= _SPEECHLESS]


def joined(own: Sequence[Stretch], others: Sequence[Sequence[Stretch]], *, gap_s: float = TURN_GAP_S) -> list[Stretch]:
    """Join neighbouring stretches of one channel into turns: no one else begins in between, and the pause is short."""
    starts = sorted(stretch.span.start_s for other in others for stretch in other)
    out: list[Stretch] = []
    for stretch in own:
        if out and _goes_on(out[-1].span, stretch.span, starts, gap_s):
            before = out[-1]
            out[-1] = Stretch(before.words + stretch.words, Span(before.span.start_s, stretch.span.end_s))
        else:
            out.append(stretch)
    return out


def _goes_on(before: Span, after: Span, starts: Sequence[float], gap_s: float) -> bool:
    if after.start_s - before.end_s >= gap_s:
        return False
    next_start = bisect.bisect_left(starts, before.end_s)
    return next_start == len(starts) or starts[next_start] >= after.start_s


def _drawn(word: Word, spans: Sequence[Span]) -> Word:
    """Return the word with its time inside the nearest activity."""
    middle_s = (word.start_s + word.end_s) / 2
    span = _nearest(middle_s, spans)
    if span is None:
        return word
    start_s = round(min(max(word.start_s, span.start_s), span.end_s), 3)
    return Word(word.text, start_s, round(max(min(word.end_s, span.end_s), start_s), 3), word.confidence)


def _whole(words: Sequence[Word]) -> list[Word]:
    """Return words with the parts a recogniser cuts off put back: "high" "-end", "8" "%", "a" ".m."."""
    out: list[Word] = []
    for word in words:
        last = out[-1] if out else None
        if last is not None and word.text[:1] in _CONTINUES and word.start_s - last.end_s < _SAME_WORD_S:
            known = [one.confidence for one in (last, word) if one.confidence is not None]
            out[-1] = Word(last.text + word.text, last.start_s, word.end_s, min(known, default=None))
        else:
            out.append(word)
    return out


def _nearest(at_s: float, spans: Sequence[Span]) -> Span | None:
    place = bisect.bisect_right(spans, at_s, key=lambda span: span.start_s)
    near = spans[max(place - 1, 0) : place + 1]
    return min(near, key=lambda span: max(span.start_s - at_s, at_s - span.end_s, 0.0), default=None)


def _edges(group: Sequence[Word], spans: Sequence[Span]) -> Span:
    first, last = group[0], group[-1]
    before, after = _nearest(first.start_s, spans), _nearest(last.end_s, spans)
    start_s, end_s = first.start_s, max(word.end_s for word in group)
    if before is not None and before.start_s < start_s:
        start_s = max(before.start_s, start_s - _EDGE_S)
    if after is not None and after.end_s > end_s:
        end_s = min(after.end_s, end_s + _EDGE_S)
    return Span(round(start_s, 3), round(end_s, 3))
