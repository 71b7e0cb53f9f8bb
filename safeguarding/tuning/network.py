"""The danger model in torch: MiniLM's encoder, a bag of character n-grams, and the heads."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import torch
from safetensors.torch import load_file
from torch import Tensor, nn
from torch.nn import functional

from safeguarding.grams import ROWS

WIDTH, LAYERS, HEADS = 384, 6, 12
GRAM_WIDTH = 64
SHOWN = 256  # width of the layer below the heads: what nearest examples are compared in
CUTS = 3  # at least level 2, at least 3, at least 4
EPSILON = 1e-12


@dataclass(frozen=True)
class Batch:
    """``ids``, ``mask`` and ``earlier`` [n, t]; ``grams`` flat with ``starts`` [n] as for an
    EmbeddingBag. ``earlier``: pieces of the messages before, which are not pooled."""

    ids: Tensor
    mask: Tensor
    earlier: Tensor
    grams: Tensor
    starts: Tensor


class Layer(nn.Module):
    """One transformer layer, with the names of the public weights."""

    def __init__(self) -> None:
        super().__init__()
        self.query, self.key, self.value = (nn.Linear(WIDTH, WIDTH) for _ in range(3))
        self.dense = nn.Linear(WIDTH, WIDTH)
        self.norm = nn.LayerNorm(WIDTH, EPSILON)
        self.wide = nn.Linear(WIDTH, 4 * WIDTH)
        self.narrow = nn.Linear(4 * WIDTH, WIDTH)
        self.last = nn.LayerNorm(WIDTH, EPSILON)

    def forward(self, x: Tensor, mask: Tensor) -> Tensor:
        n, t, _ = x.shape
        q, k, v = (
            part(x).view(n, t, HEADS, WIDTH // HEADS).transpose(1, 2)
            for part in (self.query, self.key, self.value)
        )
        scores = q @ k.transpose(2, 3) / (WIDTH // HEADS) ** 0.5
        seen = torch.softmax(scores.masked_fill(~mask[:, None, None, :], -1e4), -1) @ v
        said = self.dense(seen.transpose(1, 2).reshape(n, t, WIDTH))
        x = self.norm(x + said)
        return self.last(x + self.narrow(functional.gelu(self.wide(x))))


NAMES = {
    "query": "attention.self.query",
    "key": "attention.self.key",
    "value": "attention.self.value",
    "dense": "attention.output.dense",
    "norm": "attention.output.LayerNorm",
    "wide": "intermediate.dense",
    "narrow": "output.dense",
    "last": "output.LayerNorm",
}


class Network(nn.Module):
    """Word pieces and n-grams in; scores of the signals and of the three level cuts out."""

    def __init__(self, weights: Path, signals: int) -> None:
        """Starts from the public weights (``model.safetensors``); their word vectors stay."""
        super().__init__()
        public = load_file(str(weights))
        words = public["embeddings.word_embeddings.weight"]
        scale = words.abs().amax(dim=1, keepdim=True).clamp(min=1e-9) / 127
        self.register_buffer("words", torch.round(words / scale) * scale, persistent=False)
        places = public["embeddings.position_embeddings.weight"]
        kind, other = public["embeddings.token_type_embeddings.weight"]
        self.register_buffer("places", places + kind, persistent=False)
        self.register_buffer("second", other - kind, persistent=False)
        self.first = nn.LayerNorm(WIDTH, EPSILON)
        self.first.load_state_dict(_part(public, "embeddings.LayerNorm"))
        self.layers = nn.ModuleList()
        for number in range(LAYERS):
            layer = Layer()
            for own, theirs in NAMES.items():
                part = _part(public, f"encoder.layer.{number}.{theirs}")
                layer.get_submodule(own).load_state_dict(part)
            self.layers.append(layer)
        self.gram_rows = nn.EmbeddingBag(ROWS, GRAM_WIDTH, mode="mean")
        nn.init.normal_(self.gram_rows.weight, std=0.05)
        self.shown = nn.Linear(2 * WIDTH + GRAM_WIDTH, SHOWN)
        self.signals = nn.Linear(SHOWN, signals)
        self.cuts = nn.Linear(SHOWN, CUTS)

    def forward(self, batch: Batch, drop: float = 0.1) -> tuple[Tensor, Tensor, Tensor]:
        """Scores before softmax [n, signals] and sigmoid [n, 3]; the layer below [n, 256]."""
        x = self.words[batch.ids] + self.places[: batch.ids.shape[1]]
        x = x + batch.earlier[..., None] * self.second
        x = self.first(x)
        for layer in self.layers:
            x = layer(x, batch.mask)
        kept = (batch.mask & ~batch.earlier)[..., None]
        mean = (x * kept).sum(1) / kept.sum(1)
        most = x.masked_fill(~kept, -1e4).amax(1)
        spelled = self.gram_rows(batch.grams, batch.starts)
        spelled = functional.dropout(spelled, 2 * drop, self.training)
        both = functional.dropout(torch.cat([mean, most, spelled], 1), drop, self.training)
        shown = torch.tanh(self.shown(both))
        above = functional.dropout(shown, 2 * drop, self.training)
        return self.signals(above), self.cuts(above), shown


def public_name(name: str) -> str:
    """The name that a weight of ``Network`` has in the public weights; its own if it has none."""
    first, *rest = name.split(".")
    if first == "layers":
        number, part, kind = rest
        return f"encoder.layer.{number}.{NAMES[part]}.{kind}"
    return f"embeddings.LayerNorm.{rest[0]}" if first == "first" else name


def _part(public: dict[str, Tensor], name: str) -> dict[str, Tensor]:
    return {kind: public[f"{name}.{kind}"] for kind in ("weight", "bias")}
