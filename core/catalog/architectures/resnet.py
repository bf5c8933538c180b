"""The residual networks that He et al. built for CIFAR-10: 6n + 2 layers, n blocks at each of three sizes."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
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

NUM_STAGES = 3


@register
class ResNetwork(Architecture):
    key: ClassVar[str] = "resnet"
    title: ClassVar[str] = "ResNet"
    more: ClassVar[bool] = True
    see: ClassVar[str] = "resnet_20"
    why: ClassVar[str] = (
        "Every pair of convolutions only learns what to add to what came in; the gradient has a way past all of them, "
        "so more layers do not make training harder."
    )
    choose: ClassVar[str] = (
        "For pictures when a plain CNN stops gaining from depth; 3 blocks a stage are ResNet-20, 5 ResNet-32, 9 "
        "ResNet-56."
    )
    formula: ClassVar[str] = r"y = f\big(x + F(x)\big), \quad F(x) = W_2 * f(W_1 * x) \text{ with normalizations}"
    source: ClassVar[str] = "He et al., Deep Residual Learning for Image Recognition, 2016, section 4.2, option A"
    input_kinds: ClassVar[tuple[str, ...]] = ("image", "sequence")
    alone_because: ClassVar[Text | None] = Text(
        "Networks made of convolutions alone train one by one: their convolutions would go network by network in a "
        "stack, too."
    )

    blocks_per_stage: Annotated[
        int,
        Field(
            ge=1,
            le=33,
            title="blocks a stage",
            description="Residual blocks n at each of the three sizes; the network has 6n + 2 layers.",
        ),
        Usual(1, 9, "linear", reason="There is at least one block; 33 make 200 layers."),
    ] = 3
    width: Annotated[
        int,
        Field(ge=1, le=1024, title="width", description="Channels at the first size; they double with each stage."),
        Usual(4, 32, "log", reason="There is at least one channel."),
    ] = 16
    residual: Annotated[
        bool,
        Field(
            title="residual connections",
            description="Off gives the plain network of the same layers, which the paper compares with.",
        ),
    ] = True
    activation: Annotated[
        AnyActivation, Field(title="activation", description="The function after each convolution.")
    ] = Relu()
    normalization: NormalizationField = "batch"
    groups: GroupsField = 8

    @property
    def depth(self) -> int:
        """Layers with weights, without the normalizations."""
        return 2 * NUM_STAGES * self.blocks_per_stage + 2

    @property
    def name(self) -> Text:
        return Text("ResNet-{depth}" if self.residual else "plain net of {depth} layers", depth=self.depth)

    def words(self, sizes: Sequence[int]) -> Text:
        return Text("{network} {activation}", network=self.name, activation=Text(self.activation.title))

    def layout(self) -> Iterator[tuple[int, int, int]]:
        """For each block the channels that come in and go out, and its stride."""
        before = self.width
        for stage in range(NUM_STAGES):
            channels = self.width * 2**stage
            for number in range(self.blocks_per_stage):
                yield before, channels, 2 if stage and number == 0 else 1
                before = channels

    def plan(self, input_shape: Sequence[int], num_outputs: int) -> list[LayerPlan]:
        check_neighbours(self, input_shape)
        channels, *sides = input_shape
        taps = 3 ** len(sides)
        rows = [
            self._row("conv", Text("convolution, kernel 3"), [(channels, self.width)], sides, (3, channels * taps)),
        ]
        seen, distance = 3, 1
        for number, (before, channels, stride) in enumerate(self.layout(), start=1):
            sides = [-(-side // stride) for side in sides]
            seen, distance = seen + 2 * distance, distance * stride
            seen += 2 * distance
            kind = Text("2 convolutions, kernel 3, stride {stride} and 1", stride=stride)
            kind = Text("{layer}, plus what it was given", layer=kind) if self.residual else kind
            weights = [(before, channels), (channels, channels)]
            rows.append(self._row(f"block.{number}", kind, weights, sides, (seen, before * taps)))
        rows.append(LayerPlan("flatten", Text("average of each feature map"), (channels,)))
        return [*rows, output_plan(channels, num_outputs)]

    def _row(
        self,
        name: str,
        kind: Text,
        weights: list[tuple[int, int]],
        sides: Sequence[int],
        seen_and_fan_in: tuple[int, int],
    ) -> LayerPlan:
        """The row of convolutions with so many channels in and out, each of which gives out these sides."""
        channels, taps = weights[-1][1], 3 ** len(sides)
        check_groups(self.normalization, self.groups, channels, name)
        num_weights = sum(before * after for before, after in weights) * taps
        bias = channels if self.normalization == "none" else num_norm_parameters(self.normalization, channels)
        norm = Text(self.normalization)
        if self.normalization != "none":
            kind = Text("{layer}, {norm} normalization", layer=kind, norm=norm)
        return LayerPlan(
            name,
            Text("{layer}, {activation}", layer=kind, activation=Text(self.activation.title)),
            (channels, *sides),
            num_parameters=num_weights + len(weights) * (bias + self.activation.num_learned),
            multiplications=num_weights * math.prod(sides),
            receptive_field=seen_and_fan_in[0],
            fan_in=seen_and_fan_in[1],
        )

    def build(self, input_shape: Sequence[int], num_outputs: int, dropout: DropoutRates | None = None) -> nn.Module:
        import torch
        from torch import nn

        from core.catalog.architectures.resnet_layers import BlockNet, ResidualBlock

        self.plan(input_shape, num_outputs)  # explains what cannot be built
        num_axes = len(input_shape) - 1
        p = dropout.convolution if dropout else 0.0
        with torch.device("meta"):
            conv = self._convolution(num_axes, input_shape[0], self.width, 1, self.activation.build())
            blocks: list[nn.Module] = []
            channels = self.width
            for before, channels, stride in self.layout():
                first = self._convolution(num_axes, before, channels, stride, self.activation.build())
                second = self._convolution(num_axes, channels, channels, 1, nn.Identity())
                blocks.append(ResidualBlock(first, second, self.activation.build(), self.residual, p))
            return BlockNet(conv, blocks, nn.Linear(channels, num_outputs))

    def _convolution(
        self, num_axes: int, before: int, channels: int, stride: int, activation: nn.Module
    ) -> Convolution1d | Convolution2d:
        from core.catalog.architectures.layers import convolution

        norm = build_norm(self.normalization, self.groups, channels, num_axes)
        block = Block(channels=channels, kernel=3, stride=stride, padding=1)
        return convolution(num_axes, before, block, norm, activation)

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

    @property
    def has_branches(self) -> bool:
        return self.residual

    def notes(self) -> list[Text]:
        if self.groups != type(self).model_fields["groups"].default and self.normalization != "group":
            return [Text("The number of groups has no effect: it belongs to group normalization.")]
        return []
