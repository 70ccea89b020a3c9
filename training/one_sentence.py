"""The network for one sentence without padding, rewritten so that int8 loses little of it; what it says stays the same.

Lives here: `OneSentence`, the exact rewriting of a SignalModel, the spans of values it is rewritten by.
Not here: training (learn.py), the ONNX graph and its int8 form (export.py), the way back (dequantise.py).

Dynamic int8 rounds everything a matrix is multiplied with to 256 steps between its least and largest value. A few of a norm's
384 values are far larger than the others, and after GELU one word can be far larger than its neighbours: few steps are left to
the others. Two rewritings, exact in real numbers, even this out (moving scales into weights: SmoothQuant, Xiao et al. 2023):
    norm    its output less the middle of its usual span and over half of it; weights and biases of what reads it take both back
    GELU    each word over its largest value before the second matrix, times it after
"""

from collections.abc import Sequence
from typing import Any

import torch
from torch import nn

from training.encoder import WIDTH, SignalModel

HEAD_N = 12
HEAD_WIDTH = WIDTH // HEAD_N
EPSILON = 1e-12
# A word's largest value after GELU; below this it is taken as this, so that nothing is divided by nought.
LEAST_PEAK = 0.2


def norms(model: SignalModel) -> list[nn.LayerNorm]:
    """Return the norms whose output goes to matrices: of the embeddings, then two a layer, without the last."""
    layers: Any = model.bert.encoder.layer
    found = [model.bert.embeddings.LayerNorm]
    for layer in layers:
        found += [layer.attention.output.LayerNorm, layer.output.LayerNorm]
    return found[:-1]


def spans(model: SignalModel, texts: Sequence[Sequence[int]]) -> list[tuple[torch.Tensor, torch.Tensor]]:
    """Return, for each norm, the middle and half the length of the span of each of its 384 values over texts (token ids)."""
    heard: list[list[torch.Tensor]] = [[] for _ in norms(model)]
    hooks = [
        norm.register_forward_hook(lambda _module, _given, out, place=place: place.append(out.reshape(-1, WIDTH)))
        for norm, place in zip(norms(model), heard, strict=True)
    ]
    try:
        with torch.inference_mode():
            for ids in texts:
                given = torch.tensor([list(ids)])
                model.eval()(given, torch.ones_like(given))
    finally:
        for hook in hooks:
            hook.remove()
    ends = [(torch.cat(place).amin(0), torch.cat(place).amax(0)) for place in heard]
    return [((low + high) / 2, ((high - low) / 2).clamp(min=1e-3)) for low, high in ends]


class OneSentence(nn.Module):
    """Token ids [1, n] to logits [1, K] and embedding [1, 384], with the weights of a SignalModel.

    `spans`: what each norm is centred and divided by (`spans` above). Words are int8 with one scale each.
    """

    def __init__(
        self, model: SignalModel, width: int, max_tokens: int, spans: Sequence[tuple[torch.Tensor, torch.Tensor]]
    ) -> None:
        super().__init__()
        bert: Any = model.bert
        embeddings = bert.embeddings
        words = embeddings.word_embeddings.weight.detach().float()
        scale = words.abs().amax(1, keepdim=True).clamp(min=1e-9) / 127
        self.register_buffer("words", torch.round(words / scale).to(torch.int8))
        self.register_buffer("word_scale", scale)
        positions = embeddings.position_embeddings.weight[:max_tokens] + embeddings.token_type_embeddings.weight[0]
        self.positions = _kept(positions)
        self.norm = Norm(embeddings.LayerNorm, spans[0])
        after = [*spans[1:], None]
        self.layers = nn.ModuleList(
            Layer(layer, spans[2 * i], after[2 * i], after[2 * i + 1]) for i, layer in enumerate(bert.encoder.layer)
        )
        self.heads = Matrix(model.heads.weight[:width], model.heads.bias[:width])

    def forward(self, input_ids: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """Return logits and embedding of one sentence."""
        ids = input_ids[0]
        h = self.words[ids].float() * self.word_scale[ids] + self.positions[: ids.shape[0]]
        h = self.norm(h)
        for layer in self.layers:
            h = layer(h)
        mean = h.mean(0, keepdim=True)
        return self.heads(mean), nn.functional.normalize(mean, dim=-1)


class Norm(nn.Module):
    """A layer norm whose output is less the middle of a span and over half of it."""

    def __init__(self, norm: nn.LayerNorm, span: tuple[torch.Tensor, torch.Tensor] | None) -> None:
        super().__init__()
        middle, half = span if span is not None else (0.0, 1.0)
        self.weight, self.bias = _kept(norm.weight / half), _kept((norm.bias - middle) / half)

    def forward(self, h: torch.Tensor) -> torch.Tensor:
        return nn.functional.layer_norm(h, (WIDTH,), self.weight, self.bias, EPSILON)


class Matrix(nn.Module):
    """x · weight + bias; `weight` stands as it is multiplied, [in, out]. `span`: what was done to x."""

    def __init__(
        self, weight: torch.Tensor, bias: torch.Tensor, span: tuple[torch.Tensor, torch.Tensor] | None = None, more: Any = 0.0
    ) -> None:
        super().__init__()
        middle, half = span if span is not None else (torch.zeros(weight.shape[1]), torch.ones(weight.shape[1]))
        self.weight, self.bias = _kept((weight * half).T.contiguous()), _kept(bias + weight @ middle + more)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return x @ self.weight + self.bias


class Layer(nn.Module):
    """One layer of the encoder; `before`, `between` and `after` are the spans of the norms around its two halves."""

    def __init__(self, layer: Any, before: tuple, between: tuple, after: tuple | None) -> None:
        super().__init__()
        own, out = layer.attention.self, layer.attention.output
        less = HEAD_WIDTH**-0.5
        weight = torch.cat([own.query.weight * less, own.key.weight, own.value.weight])
        bias = torch.cat([own.query.bias * less, own.key.bias, own.value.bias])
        self.look = Matrix(weight, bias, before)
        self.told = Matrix(out.dense.weight, out.dense.bias, more=before[0])
        self.before, self.between = _kept(before[1]), _kept(between[1])
        self.told_norm = Norm(out.LayerNorm, between)
        self.wide = Matrix(layer.intermediate.dense.weight, layer.intermediate.dense.bias, between)
        self.narrow = Matrix(layer.output.dense.weight, layer.output.dense.bias, more=between[0])
        self.norm = Norm(layer.output.LayerNorm, after)

    def forward(self, h: torch.Tensor) -> torch.Tensor:
        """Return [n, 384] from [n, 384], both as the norms give them."""
        look = self.look(h).reshape(-1, 3, HEAD_N, HEAD_WIDTH)
        query, key, value = (look[:, i].transpose(0, 1) for i in range(3))
        seen = torch.softmax(query @ key.transpose(1, 2), dim=-1) @ value
        told = self.told(seen.transpose(0, 1).reshape(-1, WIDTH))
        h = self.told_norm(told + h * self.before)
        wide = nn.functional.gelu(self.wide(h))
        peak = wide.amax(-1, keepdim=True).clamp(min=LEAST_PEAK)
        narrow = (wide / peak) @ self.narrow.weight * peak + self.narrow.bias
        return self.norm(narrow + h * self.between)


def _kept(value: torch.Tensor) -> nn.Parameter:
    return nn.Parameter(value.detach().float().clone(), requires_grad=False)
