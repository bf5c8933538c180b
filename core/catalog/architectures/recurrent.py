"""Recurrent networks: the plain RNN, GRU and LSTM over the rows of an image or the values of a signal."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated, ClassVar, Literal

from pydantic import Field

from core.catalog.architectures.architecture import Architecture, LayerPlan, check_neighbours
from core.catalog.architectures.dense import output_plan
from core.catalog.entry import Usual
from core.catalog.registry import register
from core.catalog.regularizers.dropout import DropoutRates
from core.text import Text

if TYPE_CHECKING:
    from torch import nn


class RecurrentNetwork(Architecture):
    """Layers of one of torch's recurrent modules; a subclass says which and how many gates it has."""

    input_kinds: ClassVar[tuple[str, ...]] = ("image", "sequence")
    alone_because: ClassVar[Text | None] = Text(
        "Recurrent networks train one by one: torch goes through the steps of one network in a single call, and has no "
        "such call for several."
    )
    num_gates: ClassVar[int]
    """Pairs of weight matrices of a layer, one for the input and one for the state."""

    layers: Annotated[
        int,
        Field(
            ge=1, le=20, title="layers", description="Number of recurrent layers, each reads the states of the last."
        ),
        Usual(1, 3, "linear", reason="There is at least one layer, and 20 take longer than anybody waits."),
    ] = 1
    units: Annotated[
        int,
        Field(ge=1, le=4096, title="units", description="Numbers in the state of each layer."),
        Usual(8, 256, "log", reason="A state has at least one number."),
    ] = 64
    answer: Annotated[
        Literal["last", "mean"],
        Field(
            title="answer from",
            description="What the output layer reads: the state after the last step, or the mean of all states.",
        ),
    ] = "last"

    def plan(self, input_shape: Sequence[int], num_outputs: int) -> list[LayerPlan]:
        check_neighbours(self, input_shape)
        num_steps, fan_in = input_shape[1], math.prod(input_shape) // input_shape[1]
        rows = []
        for number in range(1, self.layers + 1):
            num_weights = self.num_gates * self.units * (fan_in + self.units)
            rows.append(
                LayerPlan(
                    f"recurrent.{number}",
                    Text("{kind}, {steps} steps of {size}", kind=self._kind, steps=num_steps, size=fan_in),
                    (self.units, num_steps),
                    num_parameters=num_weights + 2 * self.num_gates * self.units,
                    multiplications=num_steps * num_weights,
                    fan_in=fan_in,
                )
            )
            fan_in = self.units
        read = Text("mean of the states") if self.answer == "mean" else Text("last state")
        return [*rows, LayerPlan("answer", read, (self.units,)), output_plan(self.units, num_outputs)]

    def build(self, input_shape: Sequence[int], num_outputs: int, dropout: DropoutRates | None = None) -> nn.Module:
        import torch
        from torch import nn

        from core.catalog.architectures.recurrent_layers import Recurrent, RecurrentNet

        self.plan(input_shape, num_outputs)  # explains what cannot be built
        fan_in = math.prod(input_shape) // input_shape[1]
        p = dropout.dense if dropout else 0.0
        with torch.device("meta"):
            layers = [
                Recurrent(self.steps(fan_in if number == 0 else self.units), p, self.first_biases)
                for number in range(self.layers)
            ]
            return RecurrentNet(layers, self.answer == "mean", nn.Linear(self.units, num_outputs))

    def steps(self, fan_in: int) -> nn.RNNBase:
        """torch's module of one layer."""
        raise NotImplementedError

    @property
    def first_biases(self) -> dict[int, float]:
        """First values of the biases of some gates, by their place in torch's order."""
        return {}

    @property
    def _kind(self) -> Text:
        return Text(self.title)

    @property
    def default_initializer(self) -> str:
        return "orthogonal"

    def dropout_places(self) -> frozenset[str]:
        return frozenset({"dense"})


@register
class Rnn(RecurrentNetwork):
    key: ClassVar[str] = "rnn"
    title: ClassVar[str] = "RNN"
    more: ClassVar[bool] = True
    see: ClassVar[str] = "rows_rnn"
    why: ClassVar[str] = (
        "One state is carried from step to step through the same weights, so any length can be read; the gradient "
        "passes these weights once a step, and vanishes or explodes with the length."
    )
    choose: ClassVar[str] = "For short sequences, and to see what the gates of GRU and LSTM are good for."
    formula: ClassVar[str] = r"h_t = f(W x_t + b + U h_{t-1} + c), \quad \mathrm{logits} = V h_T + d"
    source: ClassVar[str] = "Elman, Finding Structure in Time, 1990, section 3"
    num_gates: ClassVar[int] = 1

    nonlinearity: Annotated[
        Literal["tanh", "relu"],
        Field(title="activation", description="The function of every step: tanh, or ReLU, which may explode."),
    ] = "tanh"

    def steps(self, fan_in: int) -> nn.RNNBase:
        from torch import nn

        return nn.RNN(fan_in, self.units, nonlinearity=self.nonlinearity, batch_first=True)

    @property
    def _kind(self) -> Text:
        return Text("{title}, {activation}", title=Text(self.title), activation=Text(self.nonlinearity))


@register
class Gru(RecurrentNetwork):
    key: ClassVar[str] = "gru"
    title: ClassVar[str] = "GRU"
    more: ClassVar[bool] = True
    see: ClassVar[str] = "rows_gru"
    why: ClassVar[str] = (
        "Two gates decide how much of the old state is kept and how much of it is read: kept states pass unchanged, "
        "and gradients with them."
    )
    choose: ClassVar[str] = (
        "For sequences of some length; nearly as good as the LSTM with three fourths of its weights."
    )
    formula: ClassVar[str] = (
        r"r, z = \sigma(W_{r,z} x_t + U_{r,z} h_{t-1} + b_{r,z}), \quad "
        r"n = \tanh(W_n x_t + b_n + r \odot (U_n h_{t-1} + c_n)), \quad h_t = (1 - z) \odot n + z \odot h_{t-1}"
    )
    source: ClassVar[str] = "Cho et al., Learning Phrase Representations using RNN Encoder-Decoder, 2014, section 2.3"
    num_gates: ClassVar[int] = 3

    def steps(self, fan_in: int) -> nn.RNNBase:
        from torch import nn

        return nn.GRU(fan_in, self.units, batch_first=True)


@register
class Lstm(RecurrentNetwork):
    key: ClassVar[str] = "lstm"
    title: ClassVar[str] = "LSTM"
    more: ClassVar[bool] = True
    see: ClassVar[str] = "rows_lstm"
    why: ClassVar[str] = (
        "A cell is added to rather than rewritten: while the forget gate is open its content and its gradient pass "
        "many steps unchanged."
    )
    choose: ClassVar[str] = (
        "For long sequences; begin with a forget gate that is open, a bias of 1 or more, so that nothing is forgotten "
        "before anything is learned."
    )
    formula: ClassVar[str] = (
        r"i, f, o = \sigma(W_{i,f,o} x_t + U_{i,f,o} h_{t-1} + b_{i,f,o}), \quad "
        r"c_t = f \odot c_{t-1} + i \odot \tanh(W_g x_t + U_g h_{t-1} + b_g), \quad h_t = o \odot \tanh c_t"
    )
    source: ClassVar[str] = (
        "Hochreiter and Schmidhuber, Long Short-Term Memory, 1997, section 4; Gers et al., Learning to Forget, 2000; "
        "the bias: Jozefowicz et al. 2015, section 4"
    )
    num_gates: ClassVar[int] = 4

    forget_bias: Annotated[
        float,
        Field(
            ge=-20,
            le=20,
            title="forget-gate bias",
            description="First value of the forget gate's bias: above 0 the cell begins by keeping what it holds.",
        ),
        Usual(-1, 5, "linear", reason="Beyond 20 the gate is shut or open to the last bit, and never learns."),
    ] = 1.0

    def steps(self, fan_in: int) -> nn.RNNBase:
        from torch import nn

        return nn.LSTM(fan_in, self.units, batch_first=True)

    @property
    def first_biases(self) -> dict[int, float]:
        return {1: self.forget_bias}
