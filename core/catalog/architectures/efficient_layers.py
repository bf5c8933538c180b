"""The torch modules of the efficient CNN (imported only when a network is built).

Shape letters: B batch, C channels, S squeezed channels; "…" are the sides.
"""

from __future__ import annotations

import torch
from torch import nn

from core.catalog.architectures.layers import Convolution1d, Convolution2d, HasDropout, dropout_or_nothing


class SqueezeExcite(nn.Module):
    """Each feature map times a factor between 0 and 1, made of the averages of all of them."""

    def __init__(self, channels: int, squeezed: int) -> None:
        super().__init__()
        self.squeeze = nn.Linear(channels, squeezed)
        self.excite = nn.Linear(squeezed, channels)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        averages_BC = x.flatten(2).mean(2)
        factors_BC = self.excite(self.squeeze(averages_BC).relu()).sigmoid()
        return x * factors_BC[(..., *[None] * (x.dim() - 2))]


class SeparableBlock(HasDropout):
    """A kernel for each channel, squeeze-and-excite where wanted, then a 1×1 convolution that mixes the channels."""

    def __init__(
        self,
        depthwise: Convolution1d | Convolution2d,
        weighting: SqueezeExcite | None,
        pointwise: Convolution1d | Convolution2d,
        dropout: float,
    ) -> None:
        super().__init__()
        self.depthwise, self.weighting, self.pointwise = depthwise, weighting, pointwise
        self.set_dropout(dropout_or_nothing(dropout))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x = self.depthwise(x)
        if self.weighting is not None:
            x = self.weighting(x)
        x = self.pointwise(x)
        return x if self.dropout is None else self.dropout(x)
