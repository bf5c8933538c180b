"""The convolutional network: blocks of convolution, then dense layers; two-dimensional for images, one- for signals."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated, ClassVar

from pydantic import BeforeValidator, Field

from core.catalog.activations import Activation, AnyActivation
from core.catalog.activations.rectified import Relu
from core.catalog.architectures.architecture import Architecture, LayerPlan
from core.catalog.architectures.block import Block, parse_blocks
from core.catalog.architectures.dense import Widths, build_dense, dense_plan, output_plan
from core.catalog.architectures.normalization import (
    Normalization,
    NormalizationField,
    build_norm,
    check_groups,
    num_norm_parameters,
)
from core.catalog.architectures.shortcuts import ResidualField, shares, with_shortcut
from core.catalog.entry import Usual
from core.catalog.registry import register
from core.catalog.regularizers.dropout import DropoutRates
from core.errors import BadInput
from core.text import Text

if TYPE_CHECKING:
    from torch import nn

MAX_SIDE = 512
"""The largest input side that is tried when a fitting one is suggested."""

DEFAULT_BLOCKS = (
    Block(channels=32, kernel=3, pooling="max"),
    Block(channels=64, kernel=3, pooling="max"),
    Block(channels=64, kernel=3),
)


@register
class Cnn(Architecture):
    key: ClassVar[str] = "cnn"
    title: ClassVar[str] = "CNN"
    see: ClassVar[str] = "reference_cnn_b"
    why: ClassVar[str] = (
        "Small kernels slide over the picture and look for the same pattern everywhere, so few weights see many "
        "positions; pooling keeps what was found and forgets exactly where."
    )
    choose: ClassVar[str] = (
        "For images and signals; it needs far fewer weights than an MLP and gains more from augmentation."
    )
    formula: ClassVar[str] = (
        r"y_{c,i,j} = f\Big(b_c + \sum_{c'} \sum_{u,v} w_{c,c',u,v}\, x_{c',\,si+u-p,\,sj+v-p}\Big), \quad "
        r"n' = \Big\lfloor \frac{n + 2p - k}{s} \Big\rfloor + 1"
    )
    source: ClassVar[str] = "LeCun et al., Gradient-Based Learning Applied to Document Recognition, 1998, section II"
    input_kinds: ClassVar[tuple[str, ...]] = ("image", "sequence")
    stacked_as: ClassVar[str] = "convolution"

    blocks: Annotated[
        tuple[Block, ...],
        BeforeValidator(parse_blocks),
        Field(
            min_length=1,
            max_length=50,
            title="blocks",
            description="The convolution blocks in order, each with its own settings.",
        ),
    ] = DEFAULT_BLOCKS
    dense: Annotated[
        Widths,
        Field(title="dense layers", description="Units of each dense layer between the blocks and the output."),
    ] = (64,)
    global_average: Annotated[
        bool,
        Field(
            title="global average",
            description="Average each feature map to one number before the dense layers, instead of flattening it.",
        ),
    ] = False
    dropout: Annotated[
        float,
        Field(
            ge=0,
            lt=1,
            title="dropout before the last layer",
            description="Share of units switched off there at each update; a dropout regularizer takes its place.",
        ),
        Usual(
            0,
            0.8,
            "linear",
            reason="A probability lies between 0 and 1; at 1 nothing would pass.",
            more=True,
            simpler="high",
        ),
    ] = 0.5
    activation: Annotated[
        AnyActivation, Field(title="activation", description="The function after each hidden layer.")
    ] = Relu()
    normalization: NormalizationField = "none"
    residual: ResidualField = False

    @property
    def name(self) -> Text:
        return Text("residual {title}", title=Text(self.title)) if self.residual else Text(self.title)

    @property
    def shares(self) -> list[float]:
        """For each block the factor of its result where a shortcut leads around it, else 0."""
        channels = [block.channels for block in self.blocks]
        keeps = [
            block.keeps_sides and block.channels == n for block, n in zip(self.blocks, (0, *channels), strict=False)
        ]
        return shares([self.residual and kept for kept in keeps])

    def plan(self, input_shape: Sequence[int], num_outputs: int) -> list[LayerPlan]:
        if len(input_shape) not in (2, 3):
            raise BadInput(
                Text("A CNN cannot take an input of {num} numbers without neighbours.", num=math.prod(input_shape)),
                Text("A kernel slides over neighbouring pixels or time steps."),
                Text("Choose a data set of images or signals, or the MLP."),
            )
        channels, *sides = input_shape
        rows: list[LayerPlan] = []
        seen, distance = 1, 1  # receptive field, and input pixels between neighbouring values
        for number, block in enumerate(self.blocks, start=1):
            name = f"conv.{number}"
            normalization, activation = self._of(block)
            check_groups(normalization, block.groups, block.channels, name)
            before, sides = sides, [block.convolved(side) for side in sides]
            if min(sides) < 1:
                raise self._impossible(number, "kernel", before, input_shape)
            seen, distance = seen + (block.kernel - 1) * distance, distance * block.stride
            num_weights = block.channels * channels * block.kernel ** len(sides)
            bias = 0 if normalization != "none" else block.channels
            row = LayerPlan(
                name,
                self._kind(block, normalization, activation),
                (block.channels, *sides),
                num_parameters=num_weights
                + bias
                + num_norm_parameters(normalization, block.channels)
                + activation.num_learned,
                multiplications=num_weights * math.prod(sides),
                receptive_field=seen,
                fan_in=num_weights // block.channels,
            )
            rows.append(with_shortcut(row) if self.shares[number - 1] else row)
            channels = block.channels
            if block.pooling != "none":
                before, sides = sides, [block.pooled(side) for side in sides]
                if min(sides) < 1:
                    raise self._impossible(number, "window", before, input_shape)
                seen, distance = seen + (block.pool_window - 1) * distance, distance * block.window_stride
                kind = (
                    Text("max pooling, window {window}, stride {stride}", **_window(block))
                    if block.pooling == "max"
                    else Text("average pooling, window {window}, stride {stride}", **_window(block))
                )
                rows.append(LayerPlan(f"{name}.pool", kind, (channels, *sides), receptive_field=seen))
        fan_in = channels if self.global_average else channels * math.prod(sides)
        flat = Text("average of each feature map") if self.global_average else Text("flattened")
        rows.append(LayerPlan("flatten", flat, (fan_in,), receptive_field=None if self.global_average else seen))
        for number, width in enumerate(self.dense, start=1):
            rows.append(dense_plan(f"dense.{number}", fan_in, width, self.activation, "none", 1))
            fan_in = width
        return [*rows, output_plan(fan_in, num_outputs)]

    def build(self, input_shape: Sequence[int], num_outputs: int, dropout: DropoutRates | None = None) -> nn.Module:
        import torch
        from torch import nn

        from core.catalog.architectures.layers import ConvolutionNet, convolution

        fan_in = next(row for row in self.plan(input_shape, num_outputs) if row.name == "flatten").output_shape[0]
        num_axes = len(input_shape) - 1
        channels = input_shape[0]
        blocks, dense = [], []
        with torch.device("meta"):
            for block, share in zip(self.blocks, self.shares, strict=True):
                normalization, activation = self._of(block)
                norm = build_norm(normalization, block.groups, block.channels, num_axes)
                p = dropout.convolution if dropout else 0.0
                blocks.append(convolution(num_axes, channels, block, norm, activation.build(), p, share=share))
                channels = block.channels
            for number, width in enumerate(self.dense, start=1):
                last = self.dropout if number == len(self.dense) else 0.0
                p = last if dropout is None else dropout.dense
                dense.append(build_dense(fan_in, width, self.activation, "none", 1, p))
                fan_in = width
            before_output = self.dropout if dropout is None and not self.dense else 0.0
            return ConvolutionNet(blocks, self.global_average, dense, before_output, nn.Linear(fan_in, num_outputs))

    def _of(self, block: Block) -> tuple[Normalization, Activation]:
        """The block's normalization and activation, or the network's where it says nothing."""
        return (
            self.normalization if block.normalization is None else block.normalization,
            self.activation if block.activation is None else block.activation,
        )

    @staticmethod
    def _kind(block: Block, normalization: Normalization, activation: Activation) -> Text:
        values = {
            "kernel": block.kernel,
            "stride": block.stride,
            "padding": Text(block.padding) if isinstance(block.padding, str) else block.padding,
            "activation": Text(activation.title),
        }
        if normalization == "none":
            return Text("convolution, kernel {kernel}, stride {stride}, padding {padding}, {activation}", **values)
        return Text(
            "convolution, kernel {kernel}, stride {stride}, padding {padding}, {norm} normalization, {activation}",
            norm=Text(normalization),
            **values,
        )

    def fitted(self, input_shape: Sequence[int]) -> Cnn:
        sides = input_shape[1:]
        if not sides or self._fits(sides) or not self._fits(sides, same=True):
            return self
        return self.model_copy(update={"blocks": tuple(block.padded("same") for block in self.blocks)})

    def _fits(self, sides: Sequence[int], *, same: bool = False) -> bool:
        """Whether every size stays above 0, optionally with "same" padding in every block."""
        for block in self.blocks:
            block = block.padded("same") if same else block
            sides = [block.convolved(side) for side in sides]
            if min(sides) < 1:
                return False
            sides = [block.pooled(side) for side in sides]
            if min(sides) < 1:
                return False
        return True

    def _impossible(self, number: int, part: str, sides: Sequence[int], input_shape: Sequence[int]) -> BadInput:
        """What arrived at which block, and what to change."""
        block = self.blocks[number - 1]
        arrived = "×".join(str(side) for side in sides)
        what = (
            Text(
                "Block {number}: a kernel of {kernel} does not fit into the {arrived} that arrives there.",
                number=number,
                kernel=block.kernel,
                arrived=arrived,
            )
            if part == "kernel"
            else Text(
                "Block {number}: a pooling window of {window} does not fit into the {arrived} that arrives there.",
                number=number,
                window=block.pool_window,
                arrived=arrived,
            )
        )
        why = (
            Text("A kernel without padding, and a window of pooling, must lie within its input.")
            if list(sides) == list(input_shape[1:])
            else Text(
                "The input of {input} has shrunk: each “valid” convolution takes kernel − 1 away, each stride or "
                "pooling divides.",
                input="×".join(str(side) for side in input_shape[1:]),
            )
        )
        smallest = next((side for side in range(1, MAX_SIDE) if self._fits([side] * len(sides))), None)
        if part == "kernel":
            most = min(sides) + sum(block.padding_sides)
            here = Text("Use a kernel of at most {most} there", most=most)
        elif min(sides) > 1:
            here = Text("Use a pooling window of at most {most} there", most=min(sides))
        else:
            here = Text("Remove the pooling there")
        same = self._fits(input_shape[1:], same=True)
        if same and smallest:
            fix = Text(
                "{here}, use the padding “same”, or take inputs of at least {smallest} a side.",
                here=here,
                smallest=smallest,
            )
        elif same:
            fix = Text("{here}, or use the padding “same”.", here=here)
        elif smallest:
            fix = Text("{here}, or take inputs of at least {smallest} a side.", here=here, smallest=smallest)
        else:
            fix = Text("{here}.", here=here)
        return BadInput(what, why, fix)

    @property
    def default_initializer(self) -> str:
        return self.activation.gain_family

    @property
    def has_eval_mode(self) -> bool:
        return self.dropout > 0 or self.min_batch_size > 1

    @property
    def min_batch_size(self) -> int:
        return 2 if any(self._of(block)[0] == "batch" for block in self.blocks) else 1

    @property
    def own_dropout(self) -> float:
        return self.dropout

    @property
    def without_dropout(self) -> Cnn:
        return self.model_copy(update={"dropout": 0.0})

    @property
    def own_rates(self) -> DropoutRates | None:
        return DropoutRates(dense=self.dropout) if len(self.dense) == 1 else None

    def dropout_places(self) -> frozenset[str]:
        return frozenset({"convolution", "dense"}) if self.dense else frozenset({"convolution"})

    @property
    def has_branches(self) -> bool:
        return any(self.shares)

    def notes(self) -> list[Text]:
        notes = []
        fields = Block.model_fields
        for number, block in enumerate(self.blocks, start=1):
            if block.pooling == "none" and (
                block.pool_window != fields["pool_window"].default or block.pool_stride is not None
            ):
                notes.append(Text("Block {number}: window and stride of the pooling have no effect.", number=number))
            if block.groups != fields["groups"].default and self._of(block)[0] != "group":
                notes.append(
                    Text(
                        "Block {number}: the number of groups has no effect: it belongs to group normalization.",
                        number=number,
                    )
                )
        if self.residual and not any(self.shares):
            notes.append(
                Text("Residual connections have no effect: no block keeps the size and the channels of the one before.")
            )
        return notes


def _window(block: Block) -> dict[str, int]:
    return {"window": block.pool_window, "stride": block.window_stride}
