"""The model card as a page: docs/model_card.md, generated, never edited.

Lives here: the order of the page. Not here: its prose (words/*.md), figures (measure_*.py), the artefact's facts (card.json).
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from training.measure import Figure, figure_table, met, plain_table
from training.measure_planted import HEADING as PLANTED_HEADING
from training.measure_spoken import FLOOR, Spoken
from training.measure_spoken import HEADING as SPOKEN_HEADING

ACT_MEANING = {
    "empathy": "feeling for the other side is put into words",
    "acknowledgement": "the other side's trouble, or its effect, is named",
    "apology": "says sorry for something that went wrong",
    "gratitude": "thanks",
    "ownership": "first-person commitment to something concrete",
    "active_listening": "the other side's facts or need in own words",
    "recap": "sums up what was done or agreed",
    "question": "something is asked",
    "open_question": "asks openly for need or cause",
    "unsure": "sounds unsure of the matter",
    "expectation": "says when, or how long it takes",
    "trouble": "customer states trouble",
    "cannot_pay": "customer cannot pay",
    "still_explaining": "customer says more is coming",
    "payment_offer": "concrete offer to pay otherwise",
    "alternative": "offers another way",
    "benefit": "says what a step is good for",
    "blame": "blames the customer or another department",
    "jargon": "internal terms unexplained",
    "hold_announced": "announces a wait",
    "transfer_named": "says to whom a transfer goes",
    "anything_else": "asks whether there is more",
    "greeting": "greets",
    "farewell": "ends with good wishes",
    "frustration": "says that patience is at an end, anger, disappointment; customers only",
    "closed_question": "asks for yes, no or a single fact",
    "rude": "insults, threatens or shows contempt",
    "polite": "courteous words: please, would you mind",
    "annoyance": "GoEmotions: annoyance, anger, disappointment; customers only",
    "caring": "GoEmotions: caring",
    "remorse": "GoEmotions: remorse",
    "curiosity": "GoEmotions: curiosity, confusion",
}


def words(name: str) -> str:
    """Return a stretch of the page's prose."""
    return (Path(__file__).parent / "words" / f"{name}.md").read_text(encoding="utf-8")


@dataclass(frozen=True, slots=True)
class Measured:
    """Everything measured, by section."""

    figures: dict[str, list[Figure]]
    channels: list[tuple]
    errors: list[tuple]
    reliability: list[tuple]
    bands: list[tuple]
    moved: list[tuple]
    spoken: Spoken
    planted: list[tuple]

    def as_json(self) -> dict[str, Any]:
        """Return the figures as plain data."""
        return {title: [asdict(one) for one in figures] for title, figures in self.figures.items()}


def verdict_lines(figures: Sequence[Figure]) -> str:
    """Return what was asked for and whether it was reached."""
    rows = [(one.where, one.what, one.metric, one.target, one.value, met(one)) for one in figures if one.target is not None]
    return plain_table(("set", "what", "metric", "asked", "measured", ""), rows)


def head_table(card: Mapping[str, Any]) -> str:
    """Return the heads with their calibration."""
    rows = []
    for head in card["heads"]:
        scale = f"T = {head['temperature']:.2f}" if "temperature" in head else "{:.2f} · x {:+.2f}".format(*head["scale"])
        cuts = (f"{head['sure']:.2f}", f"{head['maybe']:.2f}", head["cut_positives"]) if "sure" in head else ("", "", "")
        rows.append((f"`{head['name']}`", ACT_MEANING.get(head["name"], ", ".join(head["labels"])), scale, *cuts))
    for head in card["intents"]:
        meaning = f"{head['size']} reasons; abstains below {head['abstain_below']:.3f}"
        rows += [(f"`{head['name']}`", meaning, f"T = {head['temperature']:.2f}", "", "", "")]
    return plain_table(("head", "meaning", "calibration", "sure", "maybe", "positives behind the cuts"), rows)


def beside_table(measured: Measured, other: Mapping[str, Any]) -> str:
    """Return the figures with and without the rated sentences in training."""
    rows = []
    for title, figures in measured.figures.items():
        found = {(one["where"], one["what"], one["metric"]): one["value"] for one in other.get(title, [])}
        rows += [
            (one.where, one.what, one.metric, one.value, found[key])
            for one in figures
            if (key := (one.where, one.what, one.metric)) in found and not title.startswith("Agent")
        ]
    return plain_table(("set", "what", "metric", "shipped", "without the rated sentences"), rows)


def write_model_card(
    out: Path, artefact: Path, card: Mapping[str, Any], version: str, measured: Measured, beside: Mapping[str, Any] | None
) -> None:
    """Write the page."""
    size = sum(path.stat().st_size for path in artefact.iterdir()) / 1e6
    every = [one for figures in measured.figures.values() for one in figures]
    files = plain_table(("file", "SHA-256"), [(f"`{name}`", f"`{digest}`") for name, digest in card["files"].items()])
    data = plain_table(
        ("set", "licence", "owner", "rows", "learn", "calibrate", "held out"),
        [
            (one["name"], one["licence"], one["attribution"], *(one.get(k, "") for k in ("rows", "learn", "calibrate", "test")))
            for one in card["data"]
        ],
    )
    wrong = ("channel", "act", "acts", "missed at sure", "missed at maybe", "others", "false alarms at sure", "at maybe")
    parts = [
        words("intro").format(text_form=card["text_form"], made_on=card["made_on"], megabytes=size, version=version),
        files,
        "## Asked and measured",
        words("intervals"),
        verdict_lines(every),
        "## Heads",
        head_table(card),
        *(text for title, figures in measured.figures.items() for text in (f"## {title}", figure_table(figures))),
        "## Misses and false alarms by channel",
        words("errors"),
        plain_table(wrong, measured.channels),
        plain_table(wrong, measured.errors),
        "## Misses and false alarms by recogniser confidence, synthetic voices",
        words("spoken").format(floor=FLOOR, **asdict(measured.spoken)),
        plain_table(SPOKEN_HEADING, measured.spoken.bands),
        plain_table(("line", *SPOKEN_HEADING[1:]), measured.spoken.lines),
        "## Misses and false alarms by tenure and channel, planted truth",
        words("planted"),
        plain_table(PLANTED_HEADING, measured.planted),
        "## Reliability",
        "Told: mean probability. True: share of sentences that are so. Error: mean distance over bands (ECE).",
        plain_table(("set", "act", "n", "told", "true", "error"), measured.reliability),
        plain_table(("act", "band", "n", "told", "true"), measured.bands),
    ]
    parts += [
        "## What int8 rounding moves",
        words("backends"),
        plain_table(("values", "sentences", "mean", "within 0.02", "99th percentile", "largest"), measured.moved),
    ]
    if beside is not None:
        parts += ["## Without the rated sentences", beside_table(measured, beside)]
    parts += ["## How it was made", words("training"), "## Data", data, words("measured_only"), "## Limits", words("limits")]
    out.write_text("\n\n".join(part.strip("\n") for part in parts) + "\n", encoding="utf-8")
