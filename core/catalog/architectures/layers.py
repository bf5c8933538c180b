"""The torch modules that architectures are made of (imported only when a network is built).

Shape letters: R rows (networks), B batch, F features, K outputs, C channels, H height, W width, L length.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import cast

import torch
from torch import nn

from core.catalog.architectures.block import Block
from core.catalog.architectures.rows import Chain, Forward, Layer, Rows, Several, through
from core.catalog.regularizers.counter_dropout import BranchDropout, CounterDropout


def dropout_or_nothing(p: float) -> CounterDropout | None:
    """A dropout layer, or None where p is 0."""
    return CounterDropout(p) if p > 0 else None


class HasDropout(nn.Module):
    """A part of a network that ends with a dropout layer, or with none."""

    dropout: CounterDropout | None

    def set_dropout(self, dropout: CounterDropout | None) -> None:
        """End with this layer instead (None: with none)."""
        self.dropout = dropout


def take_dropout(model: nn.Module, other: nn.Module) -> None:
    """Give a network the dropout of another one that is built the same otherwise; the other is of no use after that."""
    mine, its = ([part for part in net.modules() if isinstance(part, HasDropout)] for net in (model, other))
    for part, source in zip(mine, its, strict=True):
        part.set_dropout(None if source.dropout is None else source.dropout.train(model.training))
    for part, source in zip(branches(model), branches(other), strict=True):
        dropout = source.branch_dropout
        part.set_branch_dropout(None if dropout is None else dropout.train(model.training))


class HasBranch(nn.Module):
    """A part of a network that adds the result of a branch to what it was given."""

    has_shortcut: bool = True

    @property
    def branch_dropout(self) -> BranchDropout | None:
        """What leaves the branch out at random, if something does."""
        return self._modules.get("skipping")  # type: ignore[return-value]

    def set_branch_dropout(self, dropout: BranchDropout | None) -> None:
        """Leave the branch out by this layer (None: never)."""
        self.add_module("skipping", dropout)

    def branch(self, result: torch.Tensor) -> torch.Tensor:
        """What of the branch's result is added."""
        dropout = self._modules.get("skipping")  # Asked for by name, a module takes as long as a small layer's product.
        return result if dropout is None else dropout(result)


def branches(model: nn.Module) -> list[HasBranch]:
    """The parts with a shortcut, from the first to the last."""
    return [part for part in model.modules() if isinstance(part, HasBranch) and part.has_shortcut]


def set_stochastic_depth(model: nn.Module, p: float) -> None:
    """Leave out branches with probabilities that grow in equal steps to p at the last one."""
    parts = branches(model)
    for number, part in enumerate(parts, start=1):
        part.set_branch_dropout(BranchDropout(p * number / len(parts)) if p > 0 else None)


class Dense(HasDropout, nn.Linear):
    """A hidden layer: linear, normalization, activation, dropout, in this order.

    It is the linear layer itself, so that its weight is called `hidden.1.weight`.
    """

    def __init__(
        self, fan_in: int, width: int, norm: nn.Module | None, activation: nn.Module, dropout: float = 0.0
    ) -> None:
        super().__init__(fan_in, width, bias=norm is None)
        self.norm = norm
        self.activation = activation
        self.set_dropout(dropout_or_nothing(dropout))

    def reset_parameters(self) -> None:
        """Draw nothing: the initializer does. Torch's own takes a third of the time to make a small network."""

    def set_dropout(self, dropout: CounterDropout | None) -> None:
        super().set_dropout(dropout)
        # A tuple of their own: looking a module up by name takes as long as a small layer's arithmetic.
        self.then = tuple(part for part in (self.norm, self.activation, self.dropout) if part is not None)

    def forward(self, x_BF: torch.Tensor) -> torch.Tensor:
        x_BF = nn.functional.linear(x_BF, self.weight, self.bias)
        for part in self.then:
            x_BF = part(x_BF)
        return x_BF

    def in_rows(self, rows: Rows, layers: Sequence[Dense]) -> list[Layer]:
        """This layer of several networks: `layers` of one shape, this one first."""
        found = [rows.linear(self)]
        if self.norm is not None:
            found.append(rows.each([cast(nn.Module, layer.norm) for layer in layers]))
        found.append(rows.elementwise([layer.activation for layer in layers]))
        return found + rows.dropout([layer.dropout for layer in layers])


class HasShortcut(HasBranch):
    """A layer whose result is added to what it was given; `share` is the factor of the result."""

    share: float

    def with_shortcut(self, x: torch.Tensor, result: torch.Tensor) -> torch.Tensor:
        """Both together. Two roundings, for a fused one would depend on where in the memory a number lies."""
        return x + self.share * result


class ResidualDense(HasShortcut, Dense):
    """A hidden layer with a shortcut around it: x + share · layer(x)."""

    def forward(self, x_BF: torch.Tensor) -> torch.Tensor:
        return self.with_shortcut(x_BF, self.branch(super().forward(x_BF)))

    def in_rows(self, rows: Rows, layers: Sequence[Dense]) -> list[Layer]:
        inside = super().in_rows(rows, layers)
        inside += rows.dropout([cast(ResidualDense, layer).branch_dropout for layer in layers])
        return [lambda x: self.with_shortcut(x, through(inside, x))]


class Mlp(nn.Module):
    """Dense layers one after another, then a linear output; images are flattened."""

    def __init__(self, hidden: list[Dense], output: nn.Linear) -> None:
        super().__init__()
        self.hidden = nn.ModuleDict({str(number): layer for number, layer in enumerate(hidden, start=1)})
        self.output = output
        self.layers = (*hidden, output)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x_BF = x.flatten(1)
        for layer in self.layers:
            x_BF = layer(x_BF)
        logits_BK = x_BF
        return logits_BK

    def in_rows(self, rows: Rows, networks: Sequence[Mlp]) -> Forward:
        """Several networks of this shape, this one first."""
        layers: list[Layer] = []
        for name, layer in self.hidden.items():
            layers += cast(Dense, layer).in_rows(rows, [cast(Dense, network.hidden[name]) for network in networks])
        layers.append(rows.output(self.output))
        return Chain(layers)


class _ConvolutionParts(HasDropout):
    """What follows a convolution; the class beside it in the bases is the convolution itself."""

    def set_parts(
        self,
        extra_padding: tuple[int, ...],
        norm: nn.Module | None,
        activation: nn.Module,
        pool: nn.Module | None,
        dropout: float,
    ) -> None:
        """`extra_padding` (as `functional.pad` takes it) is empty unless the two sides differ."""
        self.extra_padding = extra_padding
        self.norm = norm
        self.activation = activation
        self.pool = pool
        self.dropout = dropout_or_nothing(dropout)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        if self.extra_padding:
            x = nn.functional.pad(x, self.extra_padding)
        x = super().forward(x)
        if self.norm is not None:
            x = self.norm(x)
        x = self.activation(x)
        if self.pool is not None:
            x = self.pool(x)
        if self.dropout is not None:
            x = self.dropout(x)
        return x


class Convolution1d(_ConvolutionParts, nn.Conv1d):
    """A block on signals (B, C, L): convolution, normalization, activation, pooling, dropout."""


class Convolution2d(_ConvolutionParts, nn.Conv2d):
    """A block on images (B, C, H, W): convolution, normalization, activation, pooling, dropout."""


class ResidualConvolution1d(HasShortcut, Convolution1d):
    """A block on signals with a shortcut around it."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.with_shortcut(x, self.branch(super().forward(x)))


class ResidualConvolution2d(HasShortcut, Convolution2d):
    """A block on images with a shortcut around it."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.with_shortcut(x, self.branch(super().forward(x)))


def convolution(
    num_axes: int,
    in_channels: int,
    block: Block,
    norm: nn.Module | None,
    activation: nn.Module,
    dropout: float = 0.0,
    *,
    share: float = 0.0,
    groups: int = 1,
) -> Convolution1d | Convolution2d:
    """The block's module for `num_axes` 1 (signals) or 2 (images), with a shortcut where `share` is not 0."""
    before, after = block.padding_sides
    plain = (Convolution1d, Convolution2d)[num_axes - 1]
    residual = (ResidualConvolution1d, ResidualConvolution2d)[num_axes - 1]
    layer = (residual if share else plain)(
        in_channels, block.channels, block.kernel, block.stride, before, groups=groups, bias=norm is None
    )
    if isinstance(layer, HasShortcut):
        layer.share = share
    max_pool, average_pool = ((nn.MaxPool1d, nn.AvgPool1d), (nn.MaxPool2d, nn.AvgPool2d))[num_axes - 1]
    pools = {"max": max_pool, "average": average_pool}
    pool = pools[block.pooling](block.pool_window, block.window_stride) if block.pooling in pools else None
    extra_padding = () if before == after else (0, after - before) * num_axes
    layer.set_parts(extra_padding, norm, activation, pool, dropout)
    return layer


class ConvolutionNet(HasDropout):
    """Convolution blocks, flattening or global average, dense layers, a linear output."""

    def __init__(
        self,
        blocks: list[Convolution1d | Convolution2d],
        global_average: bool,
        dense: list[Dense],
        dropout: float,
        output: nn.Linear,
    ) -> None:
        super().__init__()
        self.conv = nn.ModuleDict({str(number): block for number, block in enumerate(blocks, start=1)})
        self.global_average = global_average
        self.dense = nn.ModuleDict({str(number): layer for number, layer in enumerate(dense, start=1)})
        self.dropout = dropout_or_nothing(dropout)
        self.output = output

    def forward(self, x_BCHW: torch.Tensor) -> torch.Tensor:
        return self.head(self.features(x_BCHW))

    def head(self, x_BF: torch.Tensor) -> torch.Tensor:
        """What the dense layers make of the vectors."""
        for layer in self.dense.values():
            x_BF = layer(x_BF)
        if self.dropout is not None:
            x_BF = self.dropout(x_BF)
        logits_BK = self.output(x_BF)
        return logits_BK

    def in_rows(self, rows: Rows, networks: Sequence[ConvolutionNet]) -> Forward:
        """Several networks of this shape, this one first: their blocks one by one, their dense layers at once."""
        layers: list[Layer] = []
        for name, layer in self.dense.items():
            layers += cast(Dense, layer).in_rows(rows, [cast(Dense, network.dense[name]) for network in networks])
        layers += [*rows.dropout([network.dropout for network in networks]), rows.output(self.output)]

        def forward(inputs: Several) -> torch.Tensor:
            vectors = [network.features(x) for network, x in zip(networks, inputs, strict=True)]
            return through(layers, torch.stack(vectors))

        return forward

    def features(self, x_BCHW: torch.Tensor) -> torch.Tensor:
        """What the blocks make of the images, one vector a sample."""
        for block in self.conv.values():
            x_BCHW = block(x_BCHW)
        return x_BCHW.flatten(2).mean(2) if self.global_average else x_BCHW.flatten(1)
