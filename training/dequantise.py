"""The shipped int8 graph back into the torch network, so that both backends can be compared on the shipped weights.

Lives here: weights of an int8 graph as floats, under the names of the network. Not here: making the graph (export.py).
"""

from pathlib import Path

import numpy as np
import torch
from transformers import BertConfig, BertModel

from training.encoder import WIDTH, SignalModel


def float_weights(graph: Path) -> dict[str, np.ndarray]:
    """Return name -> float32 of every weight: int8 matrices times their scales, the rest as it is."""
    import onnx
    from onnx import numpy_helper

    loaded = onnx.load(str(graph)).graph
    stored = {one.name: numpy_helper.to_array(one) for one in loaded.initializer}
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
    for node in loaded.node:
        if node.op_type == "MatMulInteger" and node.input[1].endswith("_quantized"):
            # /bert/encoder/layer.0/attention/self/query/MatMul_quant is the weight of that module.
            module = node.name.strip("/").removesuffix("/MatMul_quant").replace("/", ".")
            out[f"{module}.weight"] = _times_scale(stored, node.input[1].removesuffix("_quantized")).T
    return out


def torch_model(graph: Path) -> SignalModel:
    """Return the network with the graph's weights; raises RuntimeError naming what does not fit."""
    weights = {name: torch.from_numpy(np.array(value, order="C")) for name, value in float_weights(graph).items()}
    layers = 1 + max(int(name.split(".")[3]) for name in weights if name.startswith("bert.encoder.layer."))
    middle = weights["bert.encoder.layer.0.intermediate.dense.weight"].shape[0]
    shape = BertConfig(hidden_size=WIDTH, num_hidden_layers=layers, num_attention_heads=12, intermediate_size=middle)
    shape._attn_implementation = "eager"
    model = SignalModel(weights["heads.weight"].shape[0], BertModel(shape, add_pooling_layer=False))
    model.load_state_dict(weights, strict=True)
    return model.eval()


def _times_scale(stored: dict[str, np.ndarray], name: str) -> np.ndarray:
    whole = stored[f"{name}_quantized"].astype(np.float32) - stored[f"{name}_zero_point"].astype(np.float32)
    return (whole * stored[f"{name}_scale"]).astype(np.float32)
