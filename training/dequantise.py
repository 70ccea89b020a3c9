"""The shipped int8 graph back into the torch network, so that both backends can be compared on the shipped weights.

Lives here: weights of an int8 graph as floats, the rewriting of one_sentence.py undone; graphs exported before it, as they are.
Not here: making the graph (export.py).
"""

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np
import torch
from transformers import BertConfig, BertModel

from training.encoder import WIDTH, SignalModel
from training.one_sentence import HEAD_N, HEAD_WIDTH


def float_weights(stored: dict[str, np.ndarray]) -> dict[str, torch.Tensor]:
    """Return name -> float32 of every weight of a OneSentence: int8 matrices times their scales, the rest as it is."""
    out = {
        name: value for name, value in stored.items() if name.startswith(("word", "positions", "norm.", "heads.", "layers."))
    }
    for name in stored:
        if name.endswith("_quantized"):
            out[name.removesuffix("_quantized")] = _times_scale(stored, name.removesuffix("_quantized"))
    return {name: torch.from_numpy(np.array(value, dtype=np.float32, order="C")) for name, value in out.items()}


def torch_model(graph: Path) -> SignalModel:
    """Return the network with the graph's weights; raises RuntimeError naming what does not fit.

    The middles that norms were shifted by stay in the biases: where a bias is taken from does not change what is said.
    """
    import onnx
    from onnx import numpy_helper

    loaded = onnx.load(str(graph)).graph
    stored = {one.name: numpy_helper.to_array(one) for one in loaded.initializer}
    weights = _rewritten_back(float_weights(stored)) if "words" in stored else _plain_weights(stored, loaded.node)
    embeddings = "bert.embeddings"
    shape = BertConfig(
        hidden_size=WIDTH,
        num_hidden_layers=1 + max(int(name.split(".")[3]) for name in weights if name.startswith("bert.encoder.layer.")),
        num_attention_heads=HEAD_N,
        intermediate_size=weights["bert.encoder.layer.0.intermediate.dense.bias"].shape[0],
        vocab_size=weights[f"{embeddings}.word_embeddings.weight"].shape[0],
        max_position_embeddings=weights[f"{embeddings}.position_embeddings.weight"].shape[0],
    )
    shape._attn_implementation = "eager"
    model = SignalModel(weights["heads.bias"].shape[0], BertModel(shape, add_pooling_layer=False))
    model.load_state_dict(weights, strict=True)
    return model.eval()


def _rewritten_back(given: dict[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    state = {
        "heads.weight": given["heads.weight"].T,
        "heads.bias": given["heads.bias"],
        "bert.embeddings.word_embeddings.weight": given["words"] * given["word_scale"],
        "bert.embeddings.position_embeddings.weight": given["positions"],
        "bert.embeddings.token_type_embeddings.weight": torch.zeros(2, WIDTH),
    }
    state |= _norm("bert.embeddings.LayerNorm", given, "norm", given["layers.0.before"])
    for i in range(sum(name.endswith(".before") for name in given)):
        after = given.get(f"layers.{i + 1}.before", torch.ones(WIDTH))
        state |= _layer(f"bert.encoder.layer.{i}", {k.removeprefix(f"layers.{i}."): v for k, v in given.items()}, after)
    return {name: value.contiguous() for name, value in state.items()}


def _layer(name: str, given: dict[str, torch.Tensor], after: torch.Tensor) -> dict[str, torch.Tensor]:
    more = HEAD_WIDTH**0.5
    look, bias = given["look.weight"].T / given["before"], given["look.bias"]
    out: dict[str, torch.Tensor] = {}
    for i, part in enumerate(("query", "key", "value")):
        rows = slice(i * WIDTH, (i + 1) * WIDTH)
        times = more if part == "query" else 1.0
        out |= {f"attention.self.{part}.weight": look[rows] * times, f"attention.self.{part}.bias": bias[rows] * times}
    out |= {"attention.output.dense.weight": given["told.weight"].T, "attention.output.dense.bias": given["told.bias"]}
    out |= _norm("attention.output.LayerNorm", given, "told_norm", given["between"])
    out |= {
        "intermediate.dense.weight": given["wide.weight"].T / given["between"],
        "intermediate.dense.bias": given["wide.bias"],
    }
    out |= {"output.dense.weight": given["narrow.weight"].T, "output.dense.bias": given["narrow.bias"]}
    out |= _norm("output.LayerNorm", given, "norm", after)
    return {f"{name}.{key}": value for key, value in out.items()}


def _norm(name: str, given: dict[str, torch.Tensor], key: str, half: torch.Tensor) -> dict[str, torch.Tensor]:
    return {f"{name}.weight": given[f"{key}.weight"] * half, f"{name}.bias": given[f"{key}.bias"] * half}


def _plain_weights(stored: dict[str, np.ndarray], nodes: Iterable[Any]) -> dict[str, torch.Tensor]:
    """Return the weights of a graph that was exported as it was trained, under the names of the network."""
    out: dict[str, np.ndarray] = {}
    for name, value in stored.items():
        if name.endswith("_quantized"):
            continue
        if name.startswith(("bert.", "heads.")) and not name.endswith(("_scale", "_zero_point")):
            plain = name.removesuffix("_Transposed")
            out[plain] = value.T if plain != name else value
    for name in stored:
        if name.startswith("bert.embeddings.") and name.endswith("_quantized"):
            out[name.removesuffix("_quantized")] = _times_scale(stored, name.removesuffix("_quantized"))
    for node in nodes:
        if node.op_type == "MatMulInteger" and node.input[1].endswith("_quantized"):
            # /bert/encoder/layer.0/attention/self/query/MatMul_quant is the weight of that module.
            module = node.name.strip("/").removesuffix("/MatMul_quant").replace("/", ".")
            out[f"{module}.weight"] = _times_scale(stored, node.input[1].removesuffix("_quantized")).T
    return {name: torch.from_numpy(np.array(value, order="C")) for name, value in out.items()}


def _times_scale(stored: dict[str, np.ndarray], name: str) -> np.ndarray:
    whole = stored[f"{name}_quantized"].astype(np.float32) - stored[f"{name}_zero_point"].astype(np.float32)
    return (whole * stored[f"{name}_scale"]).astype(np.float32)
