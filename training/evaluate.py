"""Measure the shipped artefact and write the model card: `python -m training.evaluate`, or `make evaluate-models`.

Lives here: what is measured in which order, the command. Not here: the measurements (measure_*.py), the words of the card
(model_card.py). Everything is read by the int8 graph through the product's own runtime (aftercall/text/signals.py).
"""

import argparse
import json
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from aftercall.text.model_text import model_text
from aftercall.text.signals import Signals, load_signals
from aftercall.text.weights import Places
from training.measure import Figure, met
from training.measure_backends import moved
from training.measure_dialogues import casino_figures, maia_figures, star_figures
from training.measure_errors import error_rows, pooled, reliability_rows
from training.measure_intents import dstc11_figures, intent_figures
from training.measure_planted import planted_rows
from training.measure_sentences import emotion_figures, own_figures, politeness_figures, sentiment_figures
from training.measure_spoken import spoken_rows
from training.model_card import Measured, write_model_card
from training.own_sentences import own_sentences
from training.rows import Row, recogniser_like
from training.train import REAL, ROOT, every_row

# Kept, because it takes a second training: train --without-rated --out DIR, then evaluate --model DIR --figures this file.
WITHOUT_RATED = ROOT / "docs" / "measured" / "text_model_without_rated.json"
SHIPPED = ROOT / "aftercall" / "text" / "models" / "signals"


def say(what: str, begun: float) -> None:
    """Print progress to the error stream."""
    print(f"{time.monotonic() - begun:6.0f} s  {what}", file=sys.stderr, flush=True)


def unseen(rows: Sequence[Row]) -> list[Row]:
    """Return the rows without those held out that read, letter by letter without signs, like one that taught."""

    def plain(row: Row) -> tuple[str, str]:
        return row.origin.replace("unclear_", "rated_"), recogniser_like(model_text(row.text))

    taught = {plain(row) for row in rows if row.part == "learn"}
    return [row for row in rows if row.part != "test" or plain(row) not in taught]


def measure(folder: Path, model: Signals, card: dict[str, Any], root: Path, rated: Path | None) -> Measured:
    """Return every table of the card."""
    begun = time.monotonic()
    rows = unseen([*every_row(root, rated), *own_sentences()])
    figures: dict[str, list[Figure]] = {}
    steps = {
        "Sentiment": lambda: sentiment_figures(model, rows),
        "Emotions and politeness": lambda: [*emotion_figures(model, rows), *politeness_figures(model, rows)],
        "Transfer to conversations": lambda: [
            *casino_figures(model, root, rows), *star_figures(model, root), *maia_figures(model, root)
        ],
        "Reasons for contact": lambda: [*intent_figures(model, rows, card), *dstc11_figures(model, root)],
        "Agent and customer acts, our own sentences": lambda: own_figures(model, rows, card),
    }  # fmt: skip
    for title, step in steps.items():
        figures[title] = step()
        say(title, begun)
        for one in figures[title]:
            if one.target is not None:
                say(f"  {one.where}, {one.what}: {one.metric} {one.value:.3f}, {met(one)}", begun)
    errors = error_rows(model, rows, card)
    short, long = reliability_rows(model, rows, card)
    say("errors and reliability", begun)
    spoken = spoken_rows(model, rows, card)
    say("spoken sentences", begun)
    planted = planted_rows(folder)
    say("planted truth", begun)
    return Measured(figures, pooled(errors), errors, short, long, moved(folder, rows), spoken, planted)


def main() -> None:
    """Measure and write."""
    parser = argparse.ArgumentParser(description="Measure the text model on the development halves and write its card.")
    parser.add_argument("--model", type=Path, default=SHIPPED, help="directory of the artefact")
    parser.add_argument("--rated", type=Path, help="folder of the rated sentences, without which sentiment is not measured")
    parser.add_argument("--out", type=Path, default=ROOT / "docs" / "model_card.md")
    parser.add_argument("--figures", type=Path, help="also write every figure as JSON")
    parser.add_argument("--beside", type=Path, default=WITHOUT_RATED, help="figures of the model without rated sentences")
    given = parser.parse_args()
    card = json.loads((given.model / "card.json").read_bytes())
    with tempfile.TemporaryDirectory() as place:
        model = load_signals(Places(cache_dir=Path(place), text_model=given.model), thread_n=1)
        measured = measure(given.model, model, card, REAL, given.rated)
    if given.figures:
        given.figures.write_text(json.dumps(measured.as_json(), indent=1) + "\n", encoding="utf-8")
    beside = json.loads(given.beside.read_bytes()) if given.beside.is_file() else None
    write_model_card(given.out, given.model, card, model.version, measured, beside)


if __name__ == "__main__":
    main()
