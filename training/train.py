"""One command from data to artefact: `python -m training.train --rated DIR --out DIR`.

Lives here: which rows each stage sees and how often, seeds, checkpoints.
Not here: the loop (learn.py), calibration (calibrate.py), export (export.py).

Stage one learns from the public sets. Stage two learns from our own sentences, with a share of the public rows again so that
nothing is forgotten; it runs twice with other shares and the two networks are averaged. Stage one does not see our own
sentences, so its checkpoint is kept while they are edited.
"""

import argparse
import os
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import torch

from training.dialogue_sets import casino, star
from training.encoder import SignalModel, average, load, pretrained, tokenizer
from training.finish import finish
from training.heads import Head, columns, heads
from training.learn import LEARN_TOKENS, Plan, run_stage
from training.own_sentences import own_sentences
from training.public_sets import (
    OUT_OF_SCOPE,
    banking77,
    banking_rows,
    clinc150,
    clinc_rows,
    emotion_names,
    goemotions,
    lexicon,
    rated,
    tydip,
)  # fmt: skip
from training.rows import Row, bucket
from training.silver import presumed_negative, with_question

ROOT = Path(__file__).parents[1]
REAL = Path(os.environ.get("AFTERCALL_REAL_DATA", ROOT.parent / "shared" / "data" / "real"))
SEED = 20261124
THREAD_N = 2

PUBLIC = Plan("public sets", passes=1.1, rate=1e-4, head_rate=2e-3, seed=SEED, frozen_layers=1)
OWN = Plan("own sentences", passes=1.0, rate=5e-5, head_rate=1e-3, seed=SEED + 1, frozen_layers=1)
REPEATS = {"tydip": 3, "banking77": 2, "casino": 2, "rated_amazon": 2, "rated_tweets": 2}
OWN_REPEATS = 8
# Stage two runs once for each: what weighs more in one ranks better there and worse elsewhere; the average of both networks
# keeps most of either. Source: Wortsman et al. (ICML 2022), model soups.
AGAIN_WHOLE = (
    {"tydip": 1, "casino": 2, "star": 1, "rated_amazon": 2, "rated_tweets": 2},
    {"tydip": 1, "casino": 4, "star": 2, "rated_amazon": 2, "rated_tweets": 2},
)
AGAIN_ONE_IN = 12
NEGATIVE_ONE_IN = 2
# Emotions mapped to sentiment are another thing than people's ratings of it; without ratings they are all there is.
MAPPED_WEIGHT = 0.3


def all_heads(root: Path) -> tuple[Head, ...]:
    """Return the heads with the intents of the sets at hand."""
    banking = tuple(sorted({name for _, name in banking_rows(root)}))
    clinc = tuple(sorted({name for _, name in clinc_rows(root)["train"]} - {OUT_OF_SCOPE}))
    return heads(banking, clinc, emotion_names(root))


def every_row(root: Path, rated_folder: Path | None) -> list[Row]:
    """Return the rows of all public sets, every part."""
    mapped = 1.0 if rated_folder is None else MAPPED_WEIGHT
    rows = [replace(row, weight=mapped) for name in ("train", "dev") for row in goemotions(root, name)]
    rows += [*tydip(root), *banking77(root), *clinc150(root), *casino(root)]
    if rated_folder is not None:
        rows += [*rated(rated_folder), *lexicon(rated_folder)]
    return rows


def learning(rows: Sequence[Row]) -> list[Row]:
    """Return the rows that may teach, with silver questions."""
    return [with_question(row) for row in rows if row.part == "learn"]


def learn_public(root: Path, rated_folder: Path | None, checkpoint: Path) -> SignalModel:
    """Return the network after stage one."""
    rows, shape = learning(every_row(root, rated_folder)), all_heads(root)
    model = pretrained(sum(head.size for head in shape), SEED)
    run_stage(model, shape, rows, [REPEATS.get(row.origin, 1) for row in rows], tokenizer(LEARN_TOKENS), PUBLIC, checkpoint)
    return model


def learn_own(root: Path, rated_folder: Path | None, first: Path, checkpoint: Path) -> SignalModel:
    """Return the network after stage two: the average of its runs, each from the checkpoint `first`."""
    shape, runs = all_heads(root), list[Path]()
    model = pretrained(sum(head.size for head in shape), SEED)
    for number, whole in enumerate(AGAIN_WHOLE, start=1):
        runs.append(checkpoint.with_stem(f"{checkpoint.stem}-{number}"))
        run_own(load(model, columns(shape), first), root, rated_folder, whole, runs[-1])
    return average(model, columns(shape), runs, checkpoint)


def run_own(model: SignalModel, root: Path, rated_folder: Path | None, whole: Mapping[str, int], checkpoint: Path) -> None:
    """Run stage two once, in place; `whole` says which public sets are read whole again, and how often."""
    public = learning(every_row(root, rated_folder))
    again = [row for row in public if row.origin in whole or bucket(row.text, AGAIN_ONE_IN) == 1]
    again += star(root)
    negative = [quiet for row in public if (quiet := presumed_negative(row)) and bucket(row.text, NEGATIVE_ONE_IN) == 0]
    own = [row for row in own_sentences() if row.part == "learn"]
    rows = [*own, *again, *negative]
    repeats = [*[OWN_REPEATS] * len(own), *[whole.get(row.origin, 1) for row in again], *[1] * len(negative)]
    run_stage(model, all_heads(root), rows, repeats, tokenizer(LEARN_TOKENS), OWN, checkpoint)


def main() -> None:
    """Train, calibrate, export."""
    parser = argparse.ArgumentParser(description="Train the text model and write the artefact.")
    parser.add_argument("--out", type=Path, required=True, help="directory of the artefact")
    parser.add_argument("--rated", type=Path, help="folder of the *_GroundTruth.txt files of vaderSentiment 2.5")
    parser.add_argument("--without-rated", action="store_true", help="train without the rated sentences")
    parser.add_argument("--work", type=Path, default=ROOT / ".state" / "training", help="checkpoints")
    parser.add_argument(
        "--stage", choices=("public", "own", "finish", "all"), default="all", help="finish: from the checkpoint"
    )
    given = parser.parse_args()
    if (given.rated is None) != given.without_rated:
        parser.error("say where the rated sentences are (--rated DIR), or --without-rated")
    torch.set_num_threads(THREAD_N)
    given.work.mkdir(parents=True, exist_ok=True)
    name = "unrated" if given.without_rated else "rated"
    first, second = given.work / f"{name}-public.pt", given.work / f"{name}-own.pt"
    if given.stage in ("public", "all"):
        learn_public(REAL, given.rated, first)
    if given.stage == "public":
        return
    shape = all_heads(REAL)
    if given.stage == "finish":
        model = load(pretrained(sum(head.size for head in shape), SEED), columns(shape), second)
    else:
        model = learn_own(REAL, given.rated, first, second)
    model.eval()
    about = {"seed": SEED, "rated_sentences": not given.without_rated}
    rows = [*every_row(REAL, given.rated), *own_sentences(), *star(REAL)]
    finish(model, shape, rows, given.out, datetime.now(UTC).date().isoformat(), about)


if __name__ == "__main__":
    main()
