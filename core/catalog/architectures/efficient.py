"""A CNN of depthwise-separable blocks, with squeeze-and-excite as a switch."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Annotated, ClassVar

from pydantic import Field

from core.catalog.activations import AnyActivation
from core.catalog.activations.rectified import Relu
from core.catalog.architectures.architecture import Architecture, LayerPlan, check_neighbours
from core.catalog.architectures.block import Block
from core.catalog.architectures.dense import output_plan
from core.catalog.architectures.normalization import (
    GroupsField,
    NormalizationField,
    build_norm,
    check_groups,
    num_norm_parameters,
)
from core.catalog.entry import Usual
from core.catalog.registry import register
from core.catalog.regularizers.dropout import DropoutRates
from core.text import Text

if TYPE_CHECKING:
    from torch import nn

    from core.catalog.architectures.layers import Convolution1d, Convolution2d


@register
class EfficientCnn(Architecture):
    key: ClassVar[str] = "efficient_cnn"
    title: ClassVar[str] = "efficient CNN"
    more: ClassVar[bool] = True
    see: ClassVar[str] = "efficient_digits"
    why: ClassVar[str] = (
        "A convolution is split in two: a kernel for each channel looks around, a 1×1 convolution mixes the channels; "
        "together they take about a ninth of the multiplications of one kernel of 3×3 over all channels."
    )
    choose: ClassVar[str] = "When a network must be small or fast to answer; squeeze-and-excite adds little and helps."
    formula: ClassVar[str] = (
        r"y_c = f(D_c * x_c), \quad z = f(W y), \quad "
        r"\frac{\text{multiplications}}{\text{of a convolution}} = \frac{1}{C_\mathrm{out}} + \frac{1}{k^2}"
    )
    source: ClassVar[str] = (
        "Howard et al., MobileNets, 2017, section 3.1; Hu et al., Squeeze-and-Excitation Networks, 2018, section 3"
    )
    input_kinds: ClassVar[tuple[str, ...]] = ("image", "sequence")
    alone_because: ClassVar[Text | None] = Text(
        "Networks made of convolutions alone train one by one: their convolutions would go network by network in a "
        "stack, too."
    )

    depth: Annotated[
        int,
        Field(
            ge=1,
            le=20,
            title="blocks",
            description="Depthwise-separable blocks; every second one halves the sides and doubles the channels.",
        ),
        Usual(1, 8, "linear", reason="There is at least one block; 20 would have millions of channels."),
    ] = 4
    width: Annotated[
        int,
        Field(ge=1, le=1024, title="width", description="Channels of the first convolution."),
        Usual(8, 64, "log", reason="There is at least one channel."),
    ] = 32
    kernel: Annotated[
        int,
        Field(ge=1, le=63, title="kernel", description="Side of the kernels, in pixels."),
        Usual(1, 7, "linear", reason="A kernel is at least 1 pixel wide."),
    ] = 3
    squeeze_excite: Annotated[
        bool,
        Field(
            title="squeeze-and-excite",
            description="Multiply each feature map by a factor that two small dense layers make of all averages.",
        ),
    ] = False
    reduction: Annotated[
        int,
        Field(ge=1, le=64, title="reduction", description="Channels ÷ units of the squeezed layer."),
        Usual(2, 16, "log", reason="The squeezed layer has at most as many units as there are channels.", more=True),
    ] = 4
    activation: Annotated[
        AnyActivation, Field(title="activation", description="The function after each convolution.")
    ] = Relu()
    normalization: NormalizationField = "batch"
    groups: GroupsField = 8

    def layout(self) -> Iterator[tuple[int, int, int]]:
        """For each block the channels that come in and go out, and its stride."""
        before = self.width
        for number in range(1, self.depth + 1):
            stride = 1 + (number % 2 == 0)
            yield before, before * stride, stride
            before *= stride

    def convolutions(self, before: int, channels: int, stride: int) -> tuple[Block, Block]:
        """The settings of the two convolutions of a block."""
        common = {"normalization": self.normalization, "groups": self.groups, "activation": self.activation}
        return (
            Block(channels=before, kernel=self.kernel, stride=stride, padding="same", **common),
            Block(channels=channels, kernel=1, **common),
        )

    def squeezed(self, channels: int) -> int:
        """Units of the squeezed layer between so many channels."""
        return max(1, channels // self.reduction)

    def plan(self, input_shape: Sequence[int], num_outputs: int) -> list[LayerPlan]:
        check_neighbours(self, input_shape)
        channels, *sides = input_shape
        taps = self.kernel ** len(sides)
        seen, distance = self.kernel, 1
        first = Text("convolution, kernel {kernel}", kernel=self.kernel)
        rows = [self._row("conv", first, self.width, sides, channels * self.width * taps, 1, seen, channels * taps)]
        for number, (before, channels, stride) in enumerate(self.layout(), start=1):
            sides = [-(-side // stride) for side in sides]
            seen, distance = seen + (self.kernel - 1) * distance, distance * stride
            kind = Text("depthwise, kernel {kernel}, stride {stride}; 1 × 1", kernel=self.kernel, stride=stride)
            name, weights = f"block.{number}", before * taps + before * channels
            check_groups(self.normalization, self.groups, before, name)
            row = self._row(name, kind, channels, sides, weights, 2, seen, taps, also=before)
            if self.squeeze_excite:
                squeezed = 2 * before * self.squeezed(before)
                row = replace(
                    row,
                    kind=Text("{layer}, squeeze-and-excite", layer=row.kind),
                    num_parameters=row.num_parameters + squeezed + before + self.squeezed(before),
                    multiplications=row.multiplications + squeezed,
                    receptive_field=None,
                )
            rows.append(row)
        rows.append(LayerPlan("flatten", Text("average of each feature map"), (channels,)))
        return [*rows, output_plan(channels, num_outputs)]

    def _row(
        self,
        name: str,
        kind: Text,
        channels: int,
        sides: Sequence[int],
        num_weights: int,
        count: int,
        seen: int,
        fan_in: int,
        *,
        also: int = 0,
    ) -> LayerPlan:
        """The row of `count` convolutions that give out `also` and `channels` feature maps of these sides."""
        check_groups(self.normalization, self.groups, channels, name)
        maps = channels + also
        biases = maps if self.normalization == "none" else num_norm_parameters(self.normalization, maps)
        if self.normalization != "none":
            kind = Text("{layer}, {norm} normalization", layer=kind, norm=Text(self.normalization))
        return LayerPlan(
            name,
            Text("{layer}, {activation}", layer=kind, activation=Text(self.activation.title)),
            (channels, *sides),
            num_parameters=num_weights + biases + count * self.activation.num_learned,
            multiplications=num_weights * math.prod(sides),
            receptive_field=seen,
            fan_in=fan_in,
        )

    def build(self, input_shape: Sequence[int], num_outputs: int, dropout: DropoutRates | None = None) -> nn.Module:
        import torch
        from torch import nn

        from core.catalog.architectures.efficient_layers import SeparableBlock, SqueezeExcite
        from core.catalog.architectures.resnet_layers import BlockNet

        self.plan(input_shape, num_outputs)  # explains what cannot be built
        num_axes = len(input_shape) - 1
        p = dropout.convolution if dropout else 0.0
        with torch.device("meta"):
            first, _ = self.convolutions(self.width, self.width, 1)
            conv = self._convolution(num_axes, input_shape[0], first)
            blocks: list[nn.Module] = []
            channels = self.width
            for before, channels, stride in self.layout():
                depthwise, pointwise = self.convolutions(before, channels, stride)
                weighting = SqueezeExcite(before, self.squeezed(before)) if self.squeeze_excite else None
                blocks.append(
                    SeparableBlock(
                        self._convolution(num_axes, before, depthwise, groups=before),
                        weighting,
                        self._convolution(num_axes, before, pointwise),
                        p,
                    )
                )
            return BlockNet(conv, blocks, nn.Linear(channels, num_outputs))

    def _convolution(self, num_axes: int, before: int, block: Block, groups: int = 1) -> Convolution1d | Convolution2d:
        from core.catalog.architectures.layers import convolution

        norm = build_norm(self.normalization, self.groups, block.channels, num_axes)
        return convolution(num_axes, before, block, norm, self.activation.build(), groups=groups)

    @property
    def default_initializer(self) -> str:
        return self.activation.gain_family

    @property
    def has_eval_mode(self) -> bool:
        return self.normalization == "batch"

    @property
    def min_batch_size(self) -> int:
        return 2 if self.has_eval_mode else 1

    def dropout_places(self) -> frozenset[str]:
        return frozenset({"convolution"})

    def notes(self) -> list[Text]:
        notes, fields = [], type(self).model_fields
        if self.groups != fields["groups"].default and self.normalization != "group":
            notes.append(Text("The number of groups has no effect: it belongs to group normalization."))
        if self.reduction != fields["reduction"].default and not self.squeeze_excite:
            notes.append(Text("The reduction has no effect: it belongs to squeeze-and-excite."))
        return notes
