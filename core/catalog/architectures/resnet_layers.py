"""The torch modules of residual networks (imported only when a network is built).

Shape letters: B batch, C channels, H height, W width, K outputs; signals lack the H.
"""

from __future__ import annotations

import torch
from torch import nn

from core.catalog.architectures.layers import Convolution1d, Convolution2d, HasBranch, HasDropout, dropout_or_nothing


class ResidualBlock(HasBranch, HasDropout):
    """Two convolutions, what came in added, the activation: y = f(x + F(x)).

    Where F strides, the shortcut takes every stride-th pixel; where it widens, the channels that x lacks are 0 (option
    A). Without `has_shortcut` it is the two convolutions alone.
    """

    def __init__(
        self,
        first: Convolution1d | Convolution2d,
        second: Convolution1d | Convolution2d,
        activation: nn.Module,
        has_shortcut: bool,
        dropout: float,
    ) -> None:
        super().__init__()
        self.first, self.second, self.activation = first, second, activation
        self.has_shortcut = has_shortcut
        self.set_dropout(dropout_or_nothing(dropout))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        y = self.second(self.first(x))
        if self.has_shortcut:
            y = self.branch(y) + self.shortcut(x)
        y = self.activation(y)
        return y if self.dropout is None else self.dropout(y)

    def shortcut(self, x: torch.Tensor) -> torch.Tensor:
        """What came in, in the shape of what comes out, without a weight."""
        stride = self.first.stride[0]
        if stride > 1:
            x = x[(..., *[slice(None, None, stride)] * (x.dim() - 2))]
        missing = self.second.out_channels - x.shape[1]
        if missing:
            before = missing // 2
            x = nn.functional.pad(x, (0, 0) * (x.dim() - 2) + (before, missing - before))
        return x


class BlockNet(nn.Module):
    """A convolution, blocks of one kind, the average of each feature map, a linear output."""

    def __init__(self, conv: Convolution1d | Convolution2d, blocks: list[nn.Module], output: nn.Linear) -> None:
        super().__init__()
        self.conv = conv
        self.block = nn.ModuleDict({str(number): block for number, block in enumerate(blocks, start=1)})
        self.output = output

    def forward(self, x_BCHW: torch.Tensor) -> torch.Tensor:
        x_BCHW = self.conv(x_BCHW)
        for block in self.block.values():
            x_BCHW = block(x_BCHW)
        logits_BK = self.output(x_BCHW.flatten(2).mean(2))
        return logits_BK
