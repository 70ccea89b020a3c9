"""The text model reading all turns of the STAR chats, against a plain transformers pipeline, one turn at a time.

Lives here: the claims "at least 20 times faster", "int8 and float agree within 0.02", "a re-score with an unchanged encoder
takes under a tenth of the first", "memory flat". Writes benchmarks/out/text_model.json. Needs the real data and the extra
train.
Run: python benchmarks/text_model.py [--runs N] [--turns N] [--sample N].

Ours reads repeats once, sentence by sentence, int8, on two threads. The reference reads a random sample of the turns as they
stand, in fp32, with one thread and with all; the better time is scaled to all turns. Each side runs in a process of its own, in
turn; wall seconds decide, processor seconds stand beside them, because a busy machine stretches the former.
"""

import argparse
import json
import os
import platform
import random
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))

TARGET_RATIO, TARGET_WARM, TARGET_APART = 20.0, 0.10, 0.02


def main() -> int:
    ask = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    ask.add_argument("--runs", type=int, default=3, help="rounds of both sides")
    ask.add_argument("--turns", type=int, help="only the first N turns of the chats")
    ask.add_argument("--sample", type=int, default=400, help="turns the reference reads a round")
    ask.add_argument("--child", choices=("ours", "reference", "agreement"))
    ask.add_argument("--cache", type=Path)
    asked = ask.parse_args()
    star = Path(os.environ.get("AFTERCALL_REAL_DATA", ROOT.parent / "shared" / "data" / "real")) / "star" / "transcripts"
    if not star.is_dir():
        print(f"The STAR chats are not at {star}: set AFTERCALL_REAL_DATA.", file=sys.stderr)
        return 2
    texts = turns_of(star)[: asked.turns]
    if asked.child:
        child = {"ours": ours, "reference": reference, "agreement": agreement}[asked.child]
        print(json.dumps(child(texts, asked.sample, asked.cache)))
        return 0
    return report(texts, asked.runs, [f"--turns={asked.turns}"] if asked.turns else [], asked.sample)


def turns_of(folder: Path) -> list[str]:
    """Return what agents and customers said, in order."""
    lines = (line for path in sorted(folder.glob("*.jsonl")) for line in path.read_text("utf-8").splitlines())
    return [turn["text"] for line in lines for turn in json.loads(line)["turns"] if turn["speaker"] != "system"]


def ours(texts: list[str], _sample: int, cache: Path) -> dict[str, Any]:
    """Read everything once, looking at memory after a quarter and after all."""
    import psutil

    from aftercall.text.signals import load_signals
    from aftercall.text.weights import places_from

    model = load_signals(places_from(os.environ), cache)
    model.values(["Is everything loaded?"])
    began, began_cpu, rss_mb = time.perf_counter(), time.process_time(), list[float]()
    for start in range(4):
        model.values(texts[len(texts) * start // 4 : len(texts) * (start + 1) // 4])
        rss_mb.append(round(psutil.Process().memory_info().rss / 1e6, 1))
    return {"s": time.perf_counter() - began, "cpu_s": time.process_time() - began_cpu, "rss_mb": rss_mb}


def reference(texts: list[str], sample: int, _cache: Path) -> dict[str, Any]:
    """Read a sample one turn at a time with a transformers pipeline of the same network in fp32."""
    import torch
    from transformers import BertForSequenceClassification, PreTrainedTokenizerFast, pipeline

    from training.dequantise import torch_model

    folder = model_folder()
    network = torch_model(folder / "model.onnx")
    config = network.bert.config
    config.num_labels, config._attn_implementation = network.heads.weight.shape[0], "sdpa"
    classifier = BertForSequenceClassification(config).eval()
    classifier.bert.load_state_dict(network.bert.state_dict(), strict=False)
    signs = {"pad_token": "[PAD]", "unk_token": "[UNK]", "cls_token": "[CLS]", "sep_token": "[SEP]", "mask_token": "[MASK]"}
    tokenizer = PreTrainedTokenizerFast(tokenizer_file=str(folder / "tokenizer.json"), **signs)
    pipe = pipeline("text-classification", model=classifier, tokenizer=tokenizer, top_k=None, function_to_apply="sigmoid")
    chosen = random.Random(7).sample(texts, min(sample, len(texts)))
    tried = list[dict[str, Any]]()
    for thread_n in (1, os.cpu_count() or 1):
        # On a busy machine torch's threads wait for each other and are slower than one: the better time counts.
        torch.set_num_threads(thread_n)
        pipe(chosen[0])
        began, began_cpu = time.perf_counter(), time.process_time()
        for text in chosen:
            pipe(text, truncation=True, max_length=128)
        scale = len(texts) / len(chosen)
        wall_s, cpu_s = (time.perf_counter() - began) * scale, (time.process_time() - began_cpu) * scale
        tried.append({"s": wall_s, "cpu_s": cpu_s, "threads": thread_n})
    return min(tried, key=lambda one: one["s"])


def agreement(texts: list[str], sample: int, _cache: Path) -> dict[str, Any]:
    """Compare the values of int8 arithmetic with those of the same weights in fp32 torch, sentence by sentence."""
    import numpy as np
    import torch
    from tokenizers import Tokenizer

    from aftercall.text.card import read_card
    from aftercall.text.model_text import sentences
    from aftercall.text.onnx_reader import OnnxReader
    from training.dequantise import torch_model

    folder = model_folder()
    card, network = read_card(folder / "card.json"), torch_model(folder / "model.onnx")
    reader, tokenizer = OnnxReader.load(folder, card, limit_s=60), Tokenizer.from_file(str(folder / "tokenizer.json"))
    tokenizer.no_padding()
    tokenizer.enable_truncation(card.max_tokens)
    distinct = sorted({form for text in texts for form in sentences(text)})
    chosen = random.Random(7).sample(distinct, min(sample, len(distinct)))
    int8, fp32 = list[list[float]](), list[list[float]]()
    for form in chosen:
        int8.append(card.values(reader.read(form)[0].tolist()))
        ids = torch.tensor([tokenizer.encode(form).ids])
        with torch.inference_mode():
            fp32.append(card.values(network(ids, torch.ones_like(ids))[0][0].tolist()))
    apart = np.abs(np.array(int8) - np.array(fp32))
    worst = int(apart.max(axis=0).argmax())
    return {
        "sentence_n": len(chosen),
        "head_n": apart.shape[1],
        "apart_max": round(float(apart.max()), 4),
        "apart_worst_head": card.valued[worst].name,
        "apart_mean": round(float(apart.mean()), 5),
        "apart_p99": round(float(np.quantile(apart, 0.99)), 4),
        "within_share": round(float((apart <= TARGET_APART).mean()), 5),
        "what": f"int8 arithmetic against fp32 torch on the shipped weights; values of sentences; within {TARGET_APART}",
    }


def model_folder() -> Path:
    from aftercall.text.weights import find, places_from

    return find("signals", places_from(os.environ)).path


def run_child(name: str, more: list[str], cache: Path) -> dict[str, Any]:
    command = [sys.executable, "-W", "ignore", __file__, "--child", name, "--cache", str(cache), *more]
    ended = subprocess.run(command, capture_output=True, text=True, check=False)
    if ended.returncode:
        sys.exit(f"The {name} side failed:\n{ended.stderr[-2000:]}\nIt needs the extra train: pip install -e '.[train]'")
    return json.loads(ended.stdout.splitlines()[-1])


def report(texts: list[str], runs: int, more: list[str], sample: int) -> int:
    from aftercall.text.model_text import sentences

    first, warm, plain = list[dict[str, Any]](), list[dict[str, Any]](), list[dict[str, Any]]()
    with tempfile.TemporaryDirectory() as name:
        for number in range(runs):
            cache = Path(name) / f"{number}.sqlite"
            first.append(run_child("ours", more, cache))
            warm.append(run_child("ours", more, cache))
            plain.append(run_child("reference", [*more, f"--sample={sample}"], cache))
            print(f"round {number + 1}: {first[-1]['s']:.1f} s, warm {warm[-1]['s']:.1f} s, reference {plain[-1]['s']:.0f} s")
        agreed = run_child("agreement", [*more, f"--sample={sample}"], Path(name) / "none")
    ratios = [b["s"] / a["s"] for a, b in zip(first, plain, strict=True)]
    distinct = {form for text in set(texts) for form in sentences(text)}
    rss = [one["rss_mb"] for one in first]
    result = {
        "name": "text_model",
        "what": f"values of {len(texts):,} turns of the STAR chats: {len(set(texts)):,} distinct, {len(distinct):,} sentences",
        "ours_s": round(statistics.median(one["s"] for one in first), 2),
        "reference": "transformers pipeline('text-classification'), same network in fp32 torch, one turn at a time, "
        f"{min(sample, len(texts))} random turns a round, scaled to all",
        "reference_s": round(statistics.median(one["s"] for one in plain), 1),
        "ratio": round(statistics.median(ratios), 2),
        "spread": [round(min(ratios), 2), round(max(ratios), 2)],
        "n": runs,
        "reference_threads": [one["threads"] for one in plain],
        "machine": f"{platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}",
        "load_at_end": round(os.getloadavg()[0], 1),
        "ours_cpu_s": round(statistics.median(one["cpu_s"] for one in first), 2),
        "reference_cpu_s": round(statistics.median(one["cpu_s"] for one in plain), 1),
        "cpu_ratio": round(statistics.median(b["cpu_s"] / a["cpu_s"] for a, b in zip(first, plain, strict=True)), 2),
        "warm_s": round(statistics.median(one["s"] for one in warm), 2),
        "warm_share": round(statistics.median(b["s"] / a["s"] for a, b in zip(first, warm, strict=True)), 4),
        "rss_mb_by_quarter": rss[-1],
        "rss_growth_share": round(statistics.median(one[3] / one[0] - 1 for one in rss), 4),
        "int8_and_fp32": agreed,
    }
    out = ROOT / "benchmarks" / "out" / "text_model.json"
    out.parent.mkdir(parents=True, exist_ok=True)
    out.write_text(json.dumps(result, indent=2) + "\n", encoding="utf-8")
    print(json.dumps(result, indent=2))
    is_kept = result["ratio"] >= TARGET_RATIO and result["warm_share"] < TARGET_WARM and agreed["apart_max"] <= TARGET_APART
    return 0 if is_kept else 1


if __name__ == "__main__":
    raise SystemExit(main())
