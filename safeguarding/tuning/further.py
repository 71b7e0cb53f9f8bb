"""A thin change beside the shipped layers: all of them stay as they are, and little is added.

The change of each matrix is the product of two thin ones that are themselves trained (LoRA, Hu et
al. 2021). What ships is the mean of the ends of several such trainings, drawn back a little towards
the start: one end alone tells plain words better, but the messages of other writers worse.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn.utils import parametrize

from safeguarding.tuned import Array, factors, is_large
from safeguarding.tuning.network import NAMES, Network, public_name

_RANK = 64  # of one training
_KEPT_RANK = 96  # of the mean of several; at 64 the mean loses a twentieth of its strength
_SHARE = 0.85  # of the way from the start to the mean of the ends; chosen on development
_HEADS = ("signals", "cuts")
_NORMS = ("norm", "last")


class Change(nn.Module):
    """Adds ``left.T @ right`` to a weight [rows, columns]; nothing at first."""

    def __init__(self, rows: int, columns: int) -> None:
        super().__init__()
        self.left = nn.Parameter(torch.zeros(_RANK, rows))
        self.right = nn.Parameter(torch.randn(_RANK, columns) / columns**0.5)

    def forward(self, weight: Tensor) -> Tensor:
        """The weight with the change."""
        return weight + self.left.T @ self.right


def open_change(network: Network) -> None:
    """Leaves of ``network`` nothing to be trained but its heads and a change of each matrix of its
    layers and of the layer below the heads."""
    network.requires_grad_(False)
    for name in _HEADS:
        network.get_submodule(name).requires_grad_(True)
    for part in _changed(network).values():
        rows, columns = part.weight.shape
        parametrize.register_parametrization(part, "weight", Change(rows, columns))
        part.parametrizations.weight.original.requires_grad_(False)


def trained(network: Network) -> dict[str, Array]:
    """What was trained, whole, by the public names."""
    found = {}
    for name, part in _changed(network).items():
        found[public_name(f"{name}.weight")] = part.weight.detach().numpy()
    for name in _HEADS:
        for kind, value in network.get_submodule(name).state_dict().items():
            found[f"{name}.{kind}"] = value.numpy()
    return found


def towards(ends: Sequence[Mapping[str, Array]], start: Mapping[str, Array]) -> dict[str, Array]:
    """Most of the way from where trainings began to the mean of their ends (whole weights, as
    ``trained`` gives them): the change of each matrix as factors, the heads whole."""
    found: dict[str, Array] = {}
    for name in ends[0]:
        mean = np.mean([end[name] for end in ends], axis=0, dtype=np.float32)
        change = np.float32(_SHARE) * (mean - start[name])
        if is_large(change.shape):
            found.update(factors(name, change, _KEPT_RANK))
        else:
            found[name] = start[name] + change
    return found


def _changed(network: Network) -> dict[str, nn.Module]:
    parts = {
        f"layers.{number}.{name}": layer.get_submodule(name)
        for number, layer in enumerate(network.layers)
        for name in NAMES
        if name not in _NORMS
    }
    return {**parts, "shown": network.shown}
