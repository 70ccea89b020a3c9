"""A trained network becomes the artefact: int8 graph, tokenizer, card.

Lives here: ONNX export (opset 17), dynamic int8 quantisation, the directory's layout, checksums.
Not here: the network as it is exported (one_sentence.py), training (train.py), calibration and cut points (calibrate.py),
reading (aftercall/text/signals.py).

Written into a directory:
    model.onnx      input input_ids int64 [1, n]; outputs logits [1, K] and embedding [1, 384]
    tokenizer.json  MiniLM's, padding off, cut at card.max_tokens
    card.json       heads with their columns and calibration, metrics, data, checksums
"""

import argparse
import hashlib
import json
import tempfile
import warnings
from collections.abc import Mapping, Sequence
from pathlib import Path

import torch

from aftercall.text.model_text import TEXT_FORM, model_text
from training.encoder import SignalModel, pretrained, tokenizer
from training.heads import Head, heads
from training.one_sentence import OneSentence, spans
from training.own_sentences import own_sentences

MAX_TOKENS = 128
OPSET = 17


def shipped_width(all_heads: Sequence[Head]) -> int:
    """Return how many logits leave training; heads that do not ship stand last."""
    return sum(head.size for head in all_heads if head.shipped)


def export_fp32(network: OneSentence, path: Path) -> None:
    """Write the network as an ONNX graph of floats (words are int8 already)."""
    ids = torch.randint(1000, 20000, (1, 12))
    with warnings.catch_warnings(), torch.no_grad():
        warnings.simplefilter("ignore")
        torch.onnx.export(
            network.eval(),
            (ids,),
            str(path),
            dynamo=False,
            opset_version=OPSET,
            input_names=["input_ids"],
            output_names=["logits", "embedding"],
            dynamic_axes={"input_ids": {1: "n"}},
        )


def quantize(fp32: Path, int8: Path) -> None:
    """Write the int8 form of a graph; the heads stay float, because 300 kB buy exact heads."""
    import onnx
    from onnxruntime.quantization import QuantType, quantize_dynamic

    heads_only = [node.name for node in onnx.load(str(fp32)).graph.node if node.name.startswith("/heads/")]
    quantize_dynamic(
        str(fp32), str(int8), weight_type=QuantType.QInt8, per_channel=True, op_types_to_quantize=["MatMul"],
        nodes_to_exclude=heads_only,
    )  # fmt: skip


def sha256(path: Path) -> str:
    """Return the SHA-256 of a file in hexadecimal."""
    return hashlib.sha256(path.read_bytes()).hexdigest()


def head_entries(all_heads: Sequence[Head], calibration: Mapping[str, Mapping[str, object]]) -> tuple[list, list]:
    """Return the card's `heads` and `intents`: name, kind, labels, columns, calibration."""
    acts, intents, at = [], [], 0
    for head in all_heads:
        if head.shipped:
            plain: dict[str, object] = {"temperature": 1.0} if head.kind == "softmax" else {"scale": [1.0, 0.0]}
            entry = {"name": head.name, "kind": head.kind, "labels": list(head.labels), "from": at, "size": head.size}
            (intents if head.intent else acts).append(entry | plain | dict(calibration.get(head.name, {})))
        at += head.size
    return acts, intents


def write_graph(model: SignalModel, all_heads: Sequence[Head], texts: Sequence[str], out: Path) -> None:
    """Write model.onnx and tokenizer.json. `texts`: a few hundred that teach, for the spans of the norms."""
    out.mkdir(parents=True, exist_ok=True)
    tokens = tokenizer(MAX_TOKENS)
    heard = spans(model, [tokens.encode(model_text(text) or ".").ids for text in texts])
    with tempfile.TemporaryDirectory() as place:
        fp32 = Path(place) / "fp32.onnx"
        export_fp32(OneSentence(model, shipped_width(all_heads), MAX_TOKENS, heard), fp32)
        quantize(fp32, out / "model.onnx")
    tokens.save(str(out / "tokenizer.json"), pretty=False)


def write_card(
    out: Path,
    all_heads: Sequence[Head],
    made_on: str,
    calibration: Mapping[str, Mapping[str, object]],
    data: Sequence[Mapping[str, object]] = (),
    metrics: Mapping[str, object] | None = None,
) -> None:
    """Write card.json beside the graph it describes."""
    acts, intents = head_entries(all_heads, calibration)
    card = {
        "name": "signals",
        "version": "1",
        "made_on": made_on,
        "text_form": TEXT_FORM,
        "max_tokens": MAX_TOKENS,
        "licence": "Apache-2.0",
        "heads": acts,
        "intents": intents,
        "metrics": dict(metrics or {}),
        "data": [dict(entry) for entry in data],
        "files": {name: sha256(out / name) for name in ("model.onnx", "tokenizer.json")},
    }
    (out / "card.json").write_text(json.dumps(card, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


def main() -> None:
    """Write an artefact with untrained heads: the layout without the learning."""
    parser = argparse.ArgumentParser(description="python -m training.export OUT: an artefact with untrained heads")
    parser.add_argument("out", type=Path)
    out = parser.parse_args().out
    all_heads = heads(tuple(f"b{i}" for i in range(77)), tuple(f"c{i}" for i in range(150)))
    texts = [row.text for row in own_sentences() if row.part == "learn"][::8]
    write_graph(pretrained(shipped_width(all_heads), seed=1), all_heads, texts, out)
    write_card(
        out, all_heads, "2026-11-24", {}, data=[{"name": "none", "licence": "", "attribution": "untrained heads", "rows": 0}]
    )


if __name__ == "__main__":
    main()
