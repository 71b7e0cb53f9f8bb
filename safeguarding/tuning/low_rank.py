"""Keeps what tuning changes of large matrices at the rank that ships, while it trains.

Cutting a trained change down to a low rank at the end costs a point or more; cutting it every few
steps lets the rest of the training make up for what was cut.
"""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor, nn

from safeguarding.tuned import RANK, is_large


class LowRank:
    """Holds the change of a network's large matrices, from where they start, at ``RANK``."""

    def __init__(self, start: Mapping[str, Tensor]) -> None:
        """``start``: by the network's own names; what is not named or not large is left alone."""
        self._start = {n: v.clone() for n, v in start.items() if is_large(v.shape)}

    def hold(self, network: nn.Module) -> None:
        """Takes the smallest singular values out of each change."""
        with torch.no_grad():
            for name, value in network.named_parameters():
                if name in self._start:
                    rows, sizes, columns = torch.linalg.svd(
                        value - self._start[name], full_matrices=False
                    )
                    kept = rows[:, :RANK] * sizes[:RANK] @ columns[:RANK]
                    value.copy_(self._start[name] + kept)
