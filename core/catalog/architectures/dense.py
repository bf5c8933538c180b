"""Networks without convolution: logistic regression and the multilayer perceptron."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Annotated, Any, ClassVar

from pydantic import BeforeValidator, Field

from core.catalog.activations import Activation, AnyActivation
from core.catalog.activations.rectified import Relu
from core.catalog.architectures.architecture import Architecture, LayerPlan, num_features
from core.catalog.architectures.normalization import (
    GroupsField,
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
from core.errors import BadInput, shown
from core.text import Text

if TYPE_CHECKING:
    from torch import nn

    from core.catalog.architectures.layers import Dense

ALL_INPUTS = ("image", "sequence", "points", "features")

MAX_WIDTH = 65_536
MAX_DEPTH = 200


def parse_widths(value: Any) -> Any:
    """A list with the units of each layer (or None); BadInput otherwise."""
    if value is None:
        return value
    widths = list(value) if isinstance(value, list | tuple) else [None]
    if len(widths) > MAX_DEPTH or not all(type(width) is int and 1 <= width <= MAX_WIDTH for width in widths):
        raise BadInput(
            Text("The widths of the dense layers are {value}.", value=shown(value)),
            Text(
                "Each is a number of units from 1 to {high}, and there are at most {depth}.",
                high=MAX_WIDTH,
                depth=MAX_DEPTH,
            ),
            Text("Write for example [128, 64] for two layers."),
        )
    return tuple(widths)


Widths = Annotated[tuple[int, ...], BeforeValidator(parse_widths)]


def dense_plan(
    name: str, fan_in: int, width: int, activation: Activation, normalization: Normalization, groups: int
) -> LayerPlan:
    """The row of one hidden dense layer."""
    check_groups(normalization, groups, width, name)
    has_norm = normalization != "none"
    kind = (
        Text("dense, {norm} normalization, {activation}", norm=Text(normalization), activation=Text(activation.title))
        if has_norm
        else Text("dense, {activation}", activation=Text(activation.title))
    )
    return LayerPlan(
        name,
        kind,
        (width,),
        num_parameters=fan_in * width
        + (0 if has_norm else width)
        + num_norm_parameters(normalization, width)
        + activation.num_learned,
        multiplications=fan_in * width,
        fan_in=fan_in,
    )


def output_plan(fan_in: int, num_outputs: int) -> LayerPlan:
    """The row of the last, linear layer."""
    return LayerPlan(
        "output",
        Text("dense, linear"),
        (num_outputs,),
        num_parameters=(fan_in + 1) * num_outputs,
        multiplications=fan_in * num_outputs,
        fan_in=fan_in,
    )


def build_dense(
    fan_in: int,
    width: int,
    activation: Activation,
    normalization: Normalization,
    groups: int,
    dropout: float,
    share: float = 0.0,
) -> Dense:
    """One hidden dense layer on the current default device, with a shortcut where `share` is not 0."""
    from core.catalog.architectures.layers import Dense, ResidualDense

    kind = ResidualDense if share else Dense
    layer = kind(fan_in, width, build_norm(normalization, groups, width, 0), activation.build(), dropout)
    if isinstance(layer, ResidualDense):
        layer.share = share
    return layer


@register
class Logistic(Architecture):
    key: ClassVar[str] = "logistic"
    title: ClassVar[str] = "logistic regression"
    see: ClassVar[str] = "blobs_line"
    why: ClassVar[str] = "One linear layer: classes are separated by straight lines or planes, and the loss is convex."
    choose: ClassVar[str] = "The baseline to beat; also linear regression when the target is a number."
    formula: ClassVar[str] = r"\mathrm{logits} = W x + b"
    source: ClassVar[str] = "Cox, The Regression Analysis of Binary Sequences, 1958, section 2"
    input_kinds: ClassVar[tuple[str, ...]] = ALL_INPUTS
    stacked_as: ClassVar[str] = "dense"

    def plan(self, input_shape: Sequence[int], num_outputs: int) -> list[LayerPlan]:
        return [output_plan(num_features(input_shape), num_outputs)]

    def build(self, input_shape: Sequence[int], num_outputs: int, dropout: DropoutRates | None = None) -> nn.Module:
        import torch
        from torch import nn

        from core.catalog.architectures.layers import Mlp

        with torch.device("meta"):
            return Mlp([], nn.Linear(num_features(input_shape), num_outputs))


@register
class MultilayerPerceptron(Architecture):
    key: ClassVar[str] = "mlp"
    title: ClassVar[str] = "MLP"
    see: ClassVar[str] = "learns"
    why: ClassVar[str] = (
        "Dense layers with an activation between them: every unit sees all outputs of the layer before, so it can "
        "approximate any continuous function, and knows nothing about pictures."
    )
    choose: ClassVar[str] = (
        "For points and tables of features, and for small images; two hidden layers of 64 are a good start."
    )
    formula: ClassVar[str] = r"h_0 = x, \quad h_i = f(W_i h_{i-1} + b_i), \quad \mathrm{logits} = W h_n + b"
    source: ClassVar[str] = "Rumelhart, Hinton and Williams, Learning Representations by Back-propagating Errors, 1986"
    input_kinds: ClassVar[tuple[str, ...]] = ALL_INPUTS
    stacked_as: ClassVar[str] = "dense"
    replaces: ClassVar[Mapping[str, tuple[str, ...]]] = {"widths": ("hidden_layers", "width")}

    hidden_layers: Annotated[
        int,
        Field(
            ge=0,
            le=MAX_DEPTH,
            title="hidden layers",
            description="Number of layers between input and output; 0 is linear.",
        ),
        Usual(1, 8, "linear", reason="A number of layers is between 0 and 200."),
    ] = 2
    width: Annotated[
        int,
        Field(ge=1, le=MAX_WIDTH, title="width", description="Number of units in each hidden layer."),
        Usual(8, 512, "log", reason="A layer has at least one unit."),
    ] = 64
    widths: Annotated[
        tuple[int, ...] | None,
        BeforeValidator(parse_widths),
        Field(
            title="widths, one a layer",
            description="Units of each hidden layer in order, as [128, 64]; it takes the place of depth and width.",
        ),
    ] = None
    activation: Annotated[
        AnyActivation, Field(title="activation", description="The function after each hidden layer.")
    ] = Relu()
    normalization: NormalizationField = "none"
    groups: GroupsField = 8
    residual: ResidualField = False

    @property
    def name(self) -> Text:
        return Text("residual {title}", title=Text(self.title)) if self.residual else Text(self.title)

    @property
    def shares(self) -> list[float]:
        """For each hidden layer the factor of its result where a shortcut leads around it, else 0."""
        widths = self.all_widths
        return shares([self.residual and width == before for before, width in zip((0, *widths), widths, strict=False)])

    @property
    def all_widths(self) -> tuple[int, ...]:
        """Units of each hidden layer in order."""
        return (self.width,) * self.hidden_layers if self.widths is None else self.widths

    def plan(self, input_shape: Sequence[int], num_outputs: int) -> list[LayerPlan]:
        rows, fan_in = [], num_features(input_shape)
        for number, (width, share) in enumerate(zip(self.all_widths, self.shares, strict=True), start=1):
            row = dense_plan(f"hidden.{number}", fan_in, width, self.activation, self.normalization, self.groups)
            rows.append(with_shortcut(row) if share else row)
            fan_in = width
        return [*rows, output_plan(fan_in, num_outputs)]

    def build(self, input_shape: Sequence[int], num_outputs: int, dropout: DropoutRates | None = None) -> nn.Module:
        import torch
        from torch import nn

        from core.catalog.architectures.layers import Mlp

        self.plan(input_shape, num_outputs)  # explains what cannot be built
        p = dropout.dense if dropout else 0.0
        hidden, fan_in = [], num_features(input_shape)
        with torch.device("meta"):
            for width, share in zip(self.all_widths, self.shares, strict=True):
                hidden.append(build_dense(fan_in, width, self.activation, self.normalization, self.groups, p, share))
                fan_in = width
            return Mlp(hidden, nn.Linear(fan_in, num_outputs))

    @property
    def default_initializer(self) -> str:
        return self.activation.gain_family

    @property
    def has_eval_mode(self) -> bool:
        return self.normalization == "batch" and bool(self.all_widths)

    @property
    def min_batch_size(self) -> int:
        return 2 if self.has_eval_mode else 1

    def dropout_places(self) -> frozenset[str]:
        return frozenset({"dense"}) if self.all_widths else frozenset()

    @property
    def hidden_in_order(self) -> tuple[str, ...]:
        return tuple(f"hidden.{number}" for number in range(1, len(self.all_widths) + 1))

    @property
    def has_branches(self) -> bool:
        return any(self.shares)

    def notes(self) -> list[Text]:
        fields = type(self).model_fields
        notes = []
        if self.widths is not None and (
            self.hidden_layers != fields["hidden_layers"].default or self.width != fields["width"].default
        ):
            notes.append(Text("The list of widths is used; the number of hidden layers and the width have no effect."))
        if self.groups != fields["groups"].default and self.normalization != "group":
            notes.append(Text("The number of groups has no effect: it belongs to group normalization."))
        if self.residual and not any(self.shares):
            notes.append(
                Text("Residual connections have no effect: no hidden layer is as wide as the hidden layer before it.")
            )
        return notes
