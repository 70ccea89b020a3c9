"""Windows for the recogniser: spans of activity laid end to end, silence left out, times mapped back.

Lives here: packing one channel's spans into windows of at most 28 s and the way back to the recording's clock.
Not here: finding the spans (activity.py), recognising words (recogniser.py).
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from aftercall.speech.activity import FRAME_S, Activity, Span
from aftercall.speech.audio import RATE_HZ, Samples

LONGEST_S = 28.0
"""Recognisers of the Whisper family see 30 s at once; the rest is room for rounding."""
_PAD_S = 0.2
_EDGE_S = 0.05


@dataclass(frozen=True, slots=True)
class Window:
    """Pieces of one channel, in order, laid end to end."""

    channel_no: int
    pieces: tuple[Span, ...]

    @property
    def length_s(self) -> float:
        """Seconds of all pieces together."""
        return sum(piece.length_s for piece in self.pieces)

    def samples(self, channel: Samples) -> Samples:
        """Return the window's sound with its loudest sample at 0.9: loud enough for any recogniser, never clipped."""
        cut = np.concatenate([channel[round(p.start_s * RATE_HZ) : round(p.end_s * RATE_HZ)] for p in self.pieces])
        peak = float(np.abs(cut).max(initial=0.0))
        return (cut * (0.9 / peak)).astype(np.float32) if peak > 0 else cut

    def on_clock(self, start_s: float, end_s: float) -> Span:
        """Return a stretch of the window on the recording's clock, inside the piece that holds most of it.

        >>> window = Window(0, (Span(10.0, 12.0), Span(40.0, 43.0)))
        >>> window.on_clock(1.9, 2.6)
        Span(start_s=40.0, end_s=40.6)
        """
        before_s, best, most_s = 0.0, Span(self.pieces[0].start_s, self.pieces[0].start_s), -1.0
        for piece in self.pieces:
            low, high = max(start_s, before_s), min(end_s, before_s + piece.length_s)
            if high - low > most_s:
                most_s = high - low
                offset_s = piece.start_s - before_s
                first = min(max(low + offset_s, piece.start_s), piece.end_s)
                best = Span(round(first, 3), round(min(max(high + offset_s, first), piece.end_s), 3))
            before_s += piece.length_s
        return best


def windows_of(
    channel_no: int, activity: Activity, duration_s: float, *, spans: Sequence[Span] | None = None, longest_s: float = LONGEST_S
) -> tuple[Window, ...]:
    """Pack spans of one channel (all its activity, unless `spans` says which) into windows, in order.

    Each span is padded by 0.2 s on both sides, so that 0.4 s of the real pause stay between two of them; a span
    longer than a window is cut where the speech probability is lowest near the end.
    """
    chosen = activity.spans if spans is None else spans
    pieces = [part for span in _padded(chosen, duration_s) for part in _cut(span, activity, longest_s)]
    windows: list[Window] = []
    held: list[Span] = []
    held_s = 0.0
    for piece in pieces:
        if held and held_s + piece.length_s > longest_s:
            windows.append(Window(channel_no, tuple(held)))
            held, held_s = [], 0.0
        held.append(piece)
        held_s += piece.length_s
    return (*windows, Window(channel_no, tuple(held))) if held else tuple(windows)


def _padded(spans: Sequence[Span], duration_s: float) -> list[Span]:
    out: list[Span] = []
    for span in spans:
        start_s, end_s = max(0.0, span.start_s - _PAD_S), min(duration_s, span.end_s + _PAD_S)
        if out and start_s <= out[-1].end_s + _EDGE_S:
            out[-1] = Span(out[-1].start_s, end_s)
        elif end_s > start_s:
            out.append(Span(start_s, end_s))
    return out


def _cut(span: Span, activity: Activity, longest_s: float) -> list[Span]:
    parts: list[Span] = []
    start_s = span.start_s
    while span.end_s - start_s > longest_s:
        low = round((start_s + longest_s * 0.7) / FRAME_S)
        high = round((start_s + longest_s) / FRAME_S)
        at_s = (low + int(np.argmin(activity.speech[low:high]))) * FRAME_S
        parts.append(Span(start_s, at_s))
        start_s = at_s
    return [*parts, Span(start_s, span.end_s)]
