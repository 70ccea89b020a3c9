"""The training loop: rows to batches, one masked loss over all heads, one schedule.

Lives here: `Plan`, targets as a matrix, batches of like length, the loss, the loop.
Not here: which rows and how often (train.py), export (export.py).
"""

import math
import random
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from tokenizers import Tokenizer
from torch.nn import functional

from aftercall.text.model_text import model_text
from training.encoder import SignalModel, save
from training.heads import Head, columns, places
from training.own_sentences import without_names
from training.rows import Row, recogniser_like

LEARN_TOKENS = 64
BATCH = 32
POOL = 40  # batches sorted by length together


@dataclass(frozen=True, slots=True)
class Plan:
    """How one stage learns: passes over its draws, learning rates, share of texts read as a recogniser writes them."""

    name: str
    passes: float
    rate: float
    head_rate: float
    seed: int
    spoken: float = 0.3
    warm: float = 0.06
    frozen_layers: int = 0


def target_matrix(rows: Sequence[Row], heads: tuple[Head, ...]) -> np.ndarray:
    """Return float32 [n, K]: distributions, 0/1, numbers; NaN where a row says nothing."""
    at = places(heads)
    out = np.full((len(rows), sum(head.size for head in heads)), np.nan, dtype=np.float32)
    softmax = {head.name for head in heads if head.kind == "softmax"}
    for i, row in enumerate(rows):
        for name, target in row.targets.items():
            cols = at[name]
            if name in softmax and not isinstance(target, tuple):
                out[i, cols] = 0.0
                out[i, cols.start + int(target)] = 1.0
            else:
                out[i, cols] = target
    return out


def column_weights(heads: tuple[Head, ...]) -> np.ndarray:
    """Return the weight of each column in the loss: 28 emotions together count like four acts."""
    at = places(heads)
    out = np.ones(sum(head.size for head in heads), dtype=np.float32)
    for head in heads:
        out[at[head.name]] = 1.0 if head.shipped else 1 / 7
    return out


def loss(logits: torch.Tensor, targets: torch.Tensor, row_weight: torch.Tensor, heads: tuple[Head, ...]) -> torch.Tensor:
    """Return the mean over the batch of every known target's loss: cross entropy, binary cross entropy, squared error.

    `row_weight` weighs sentiment only: emotions mapped to sentiment count less than people's ratings of it.
    """
    at = places(heads)
    known = ~torch.isnan(targets)
    filled = torch.nan_to_num(targets)
    total = logits.new_zeros(())
    plain = torch.zeros(logits.shape[1], dtype=torch.bool)
    for head in heads:
        cols = at[head.name]
        if head.kind == "sigmoid":
            plain[cols] = True
            continue
        rows = known[:, cols.start]
        if not rows.any():
            continue
        if head.kind == "softmax":
            each = -(filled[rows, cols] * functional.log_softmax(logits[rows, cols], -1)).sum(-1)
            total = total + (each * row_weight[rows] if head.name == "sentiment" else each).sum()
        else:
            total = total + 0.7 * (logits[rows, cols] - filled[rows, cols]).square().sum()
    binary = functional.binary_cross_entropy_with_logits(logits[:, plain], filled[:, plain], reduction="none")
    weights = torch.from_numpy(column_weights(heads))[plain]
    return (total + (binary * known[:, plain] * weights).sum()) / len(logits)


def drawn_text(row: Row, rng: random.Random, spoken: float) -> str:
    """Return what the model reads of a row this time: now and then without names, without punctuation, with a slip."""
    text = without_names(row.text, rng) if row.origin == "own" else row.text
    form = model_text(text)
    if rng.random() < spoken:
        form = recogniser_like(form) or form
    elif rng.random() < 0.06 and len(form) > 12:
        i = rng.randrange(1, len(form) - 2)
        form = form[:i] + form[i + 1] + form[i] + form[i + 2 :]
    return form


def batches(
    rows: Sequence[Row], order: Sequence[int], tokens: Tokenizer, rng: random.Random, spoken: float
) -> Iterator[tuple[np.ndarray, np.ndarray, np.ndarray]]:
    """Yield row numbers, ids and mask of batches of like length, in random order inside pools."""
    for start in range(0, len(order), BATCH * POOL):
        pool = order[start : start + BATCH * POOL]
        ids = [encoded.ids for encoded in tokens.encode_batch([drawn_text(rows[i], rng, spoken) for i in pool])]
        by_length = sorted(range(len(pool)), key=lambda j: len(ids[j]))
        groups = [by_length[at : at + BATCH] for at in range(0, len(by_length), BATCH)]
        rng.shuffle(groups)
        for group in groups:
            n = max(len(ids[j]) for j in group)
            block = np.zeros((len(group), n), dtype=np.int64)
            mask = np.zeros_like(block)
            for k, j in enumerate(group):
                block[k, : len(ids[j])] = ids[j]
                mask[k, : len(ids[j])] = 1
            yield np.array([pool[j] for j in group]), block, mask


def run_stage(
    model: SignalModel,
    heads: tuple[Head, ...],
    rows: Sequence[Row],
    repeats: Sequence[int],
    tokens: Tokenizer,
    plan: Plan,
    checkpoint: Path,
) -> None:
    """Train the model in place on every row, `repeats` times a pass; the word vectors stay as they were.

    The state is saved to `checkpoint` every 500 steps, for a look before the end.
    """
    rng, targets = random.Random(plan.seed), target_matrix(rows, heads)
    torch.manual_seed(plan.seed)
    weight = torch.tensor([row.weight for row in rows])
    once = [i for i, times in enumerate(repeats) for _ in range(times)]
    order: list[int] = []
    while len(order) < plan.passes * len(once):
        order += rng.sample(once, len(once))
    order = order[: round(plan.passes * len(once))]
    for part in (model.bert.embeddings, *model.bert.encoder.layer[: plan.frozen_layers]):
        part.requires_grad_(requires_grad=False)
    encoder = [p for p in model.bert.parameters() if p.requires_grad]
    optimiser = torch.optim.AdamW(
        [{"params": encoder, "lr": plan.rate}, {"params": model.heads.parameters(), "lr": plan.head_rate}],
        weight_decay=0.01, fused=True,
    )  # fmt: skip
    steps = sum(math.ceil(len(order[a : a + BATCH * POOL]) / BATCH) for a in range(0, len(order), BATCH * POOL))
    warm = max(1, round(plan.warm * steps))
    schedule = torch.optim.lr_scheduler.LambdaLR(
        optimiser, lambda s: min((s + 1) / warm, max(0.02, (steps - s) / max(1, steps - warm)))
    )
    model.train()
    begun, mean = time.monotonic(), 0.0
    for step, (numbers, ids, mask) in enumerate(batches(rows, order, tokens, rng, plan.spoken), start=1):
        with torch.autocast("cpu", dtype=torch.bfloat16):
            logits, _ = model(torch.from_numpy(ids), torch.from_numpy(mask))
        here = loss(logits.float(), torch.from_numpy(targets[numbers]), weight[numbers], heads)
        here.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimiser.step()
        schedule.step()
        optimiser.zero_grad(set_to_none=True)
        mean = here.item() if step == 1 else 0.98 * mean + 0.02 * here.item()
        if step % 50 == 0 or step == steps:
            speed = step * BATCH / (time.monotonic() - begun)
            print(f"{plan.name}: {step}/{steps} loss {mean:.3f} {speed:.0f} texts/s", file=sys.stderr, flush=True)
        if step % 500 == 0 or step == steps:
            save(model, columns(heads), checkpoint)
    model.eval()
