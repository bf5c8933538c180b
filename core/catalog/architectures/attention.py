"""A small self-attention encoder over the patches of an image or a signal."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Annotated, ClassVar, Literal

from pydantic import Field

from core.catalog.activations import AnyActivation
from core.catalog.activations.rectified import Gelu
from core.catalog.architectures.architecture import Architecture, LayerPlan, check_neighbours
from core.catalog.architectures.dense import output_plan
from core.catalog.entry import Usual
from core.catalog.registry import register
from core.catalog.regularizers.dropout import DropoutRates
from core.errors import BadInput
from core.text import Text

if TYPE_CHECKING:
    from torch import nn


@register
class SelfAttention(Architecture):
    key: ClassVar[str] = "attention"
    title: ClassVar[str] = "self-attention"
    more: ClassVar[bool] = True
    see: ClassVar[str] = "patches_attention"
    why: ClassVar[str] = (
        "Every patch asks all others what they hold and takes a weighted mean of it: any two places are one layer "
        "apart, and what is near is learned rather than built in."
    )
    choose: ClassVar[str] = (
        "For much data, or to see attention maps; on small data sets a CNN knows more about pictures from the start."
    )
    formula: ClassVar[str] = (
        r"x \leftarrow x + W_o\,\operatorname{softmax}\!\Big(\frac{QK^\top}{\sqrt{d}}\Big)V, \quad "
        r"x \leftarrow x + W_2 f(W_1 \operatorname{norm}(x)), \quad Q, K, V = W_{q,k,v} \operatorname{norm}(x)"
    )
    source: ClassVar[str] = (
        "Vaswani et al., Attention Is All You Need, 2017, section 3; Dosovitskiy et al., An Image is Worth 16x16 "
        "Words, 2021, section 3.1"
    )
    input_kinds: ClassVar[tuple[str, ...]] = ("image", "sequence")
    activates_every_layer: ClassVar[bool] = False
    alone_because: ClassVar[Text | None] = Text(
        "Encoders train one by one: most of their time goes into attention, which a stack would compute network by "
        "network, too."
    )

    patch: Annotated[
        int,
        Field(ge=1, le=64, title="patch", description="Side of a patch in pixels, or its length in time steps."),
        Usual(1, 8, "linear", reason="A patch is at least 1 pixel wide."),
    ] = 4
    width: Annotated[
        int,
        Field(ge=1, le=4096, title="width", description="Numbers in each token; the heads share them."),
        Usual(16, 256, "log", reason="A token has at least one number."),
    ] = 64
    heads: Annotated[
        int,
        Field(
            ge=1, le=64, title="heads", description="Attentions side by side in a layer; the width is divided by it."
        ),
        Usual(1, 8, "linear", reason="There is at least one head."),
    ] = 4
    depth: Annotated[
        int,
        Field(ge=1, le=48, title="depth", description="Number of encoder layers."),
        Usual(1, 6, "linear", reason="There is at least one layer."),
    ] = 2
    position: Annotated[
        Literal["learned", "sinusoidal", "none"],
        Field(
            title="positions",
            description="What tells a token where it stands: learned numbers, fixed waves, or nothing at all.",
        ),
    ] = "learned"
    answer: Annotated[
        Literal["token", "mean"],
        Field(
            title="answer from",
            description="What the output layer reads: a token of its own, or the mean of all tokens.",
        ),
    ] = "token"
    expansion: Annotated[
        int,
        Field(ge=1, le=16, title="expansion", description="Units of the dense layer behind each attention ÷ width."),
        Usual(1, 4, "linear", reason="A layer has at least as many units as a token has numbers.", more=True),
    ] = 2
    activation: Annotated[
        AnyActivation, Field(title="activation", description="The function between the two dense layers.")
    ] = Gelu()

    def sizes(self, input_shape: Sequence[int]) -> tuple[int, int]:
        """Patches of a sample, and numbers in one; BadInput for sizes that do not divide."""
        check_neighbours(self, input_shape)
        channels, *sides = input_shape
        if any(side % self.patch for side in sides):
            common = math.gcd(*sides)
            raise BadInput(
                Text(
                    "Patches of {patch} do not cover {sides}.",
                    patch=self.patch,
                    sides="×".join(str(side) for side in sides),
                ),
                Text("Every pixel belongs to one patch, and all patches are of one size."),
                Text(
                    "Use a patch of {fits}.",
                    fits=", ".join(str(side) for side in range(1, common + 1) if common % side == 0),
                ),
            )
        if self.width % self.heads:
            raise BadInput(
                Text("{heads} heads do not share a width of {width}.", heads=self.heads, width=self.width),
                Text("Every head has the same number of the token's numbers."),
                Text(
                    "Use a number of heads out of {fits}.",
                    fits=", ".join(str(heads) for heads in range(1, 65) if self.width % heads == 0),
                ),
            )
        return math.prod(side // self.patch for side in sides), channels * self.patch ** len(sides)

    def plan(self, input_shape: Sequence[int], num_outputs: int) -> list[LayerPlan]:
        num_patches, fan_in = self.sizes(input_shape)
        width, wide = self.width, self.expansion * self.width
        num_tokens = num_patches + (self.answer == "token")
        learned = (self.answer == "token") + (num_tokens if self.position == "learned" else 0)
        dense = 4 * width * width + 2 * width * wide
        activation = Text(self.activation.title)
        embed = LayerPlan(
            "embed",
            Text(
                "{num} patches of {size} numbers, dense, positions {position}",
                num=num_patches,
                size=fan_in,
                position=Text(self.position),
            ),
            (width, num_tokens),
            num_parameters=(fan_in + 1 + learned) * width,
            multiplications=num_patches * fan_in * width,
            fan_in=fan_in,
        )
        layer = LayerPlan(
            "",
            Text("attention with {heads} heads, dense, {activation}", heads=self.heads, activation=activation),
            (width, num_tokens),
            num_parameters=dense + 9 * width + wide + self.activation.num_learned,
            multiplications=num_tokens * dense + 2 * num_tokens**2 * width,
            fan_in=width,
        )
        read = Text("mean of the tokens") if self.answer == "mean" else Text("class token")
        return [
            embed,
            *(replace(layer, name=f"encoder.{number}") for number in range(1, self.depth + 1)),
            LayerPlan("norm", Text("layer normalization"), (width, num_tokens), num_parameters=2 * width),
            LayerPlan("answer", read, (width,)),
            output_plan(width, num_outputs),
        ]

    def build(self, input_shape: Sequence[int], num_outputs: int, dropout: DropoutRates | None = None) -> nn.Module:
        import torch
        from torch import nn

        from core.catalog.architectures.attention_layers import AttentionNet, EncoderLayer, PatchEmbedding

        num_patches, fan_in = self.sizes(input_shape)
        has_class_token = self.answer == "token"
        p = dropout.dense if dropout else 0.0
        with torch.device("meta"):
            embed = PatchEmbedding(self.patch, fan_in, self.width, num_patches, self.position, has_class_token)
            layers = [
                EncoderLayer(self.width, self.heads, self.expansion, self.activation.build, p)
                for _ in range(self.depth)
            ]
            return AttentionNet(embed, layers, nn.LayerNorm(self.width), nn.Linear(self.width, num_outputs))

    @property
    def default_initializer(self) -> str:
        return "xavier"

    @property
    def has_branches(self) -> bool:
        return True

    def dropout_places(self) -> frozenset[str]:
        return frozenset({"dense"})
