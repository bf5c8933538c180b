"""Base of the architectures: what a network is planned as, before any torch is loaded."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from core.catalog.entry import Entry
from core.catalog.regularizers.dropout import DropoutRates
from core.errors import BadInput
from core.text import Text

if TYPE_CHECKING:
    from torch import nn


MOST_SIZES = 6
"""Of deeper networks the first three sizes and the last one are told, and how many there are."""


@dataclass(frozen=True)
class LayerPlan:
    """One row of the layer table: what a layer is, what it gives out and what it costs.

    `output_shape` is for one sample, channels or features first; `receptive_field` is the side, in input pixels, of the
    patch that one output value sees (None where a layer sees the whole input); `multiplications` are per sample;
    `fan_in` is the number of inputs of one unit (0 for a layer without weights).
    """

    name: str
    kind: Text
    output_shape: tuple[int, ...]
    num_parameters: int = 0
    multiplications: int = 0
    receptive_field: int | None = None
    fan_in: int = 0


class Architecture(Entry):
    """A network: its plan as numbers and its torch module, parameters named by layer (`hidden.2.weight`)."""

    family: ClassVar[str] = "architectures"
    input_kinds: ClassVar[tuple[str, ...]] = ()
    """The kinds of input it takes: image (C, H, W), sequence (C, L), points (F,), features (F,)."""
    stacked_as: ClassVar[str] = ""
    """What networks of this kind mostly are when several train as one stack: dense, convolution; "" where none do."""
    activates_every_layer: ClassVar[bool] = True
    """Whether what each hidden layer gives out has passed its activation, where it has one."""
    alone_because: ClassVar[Text | None] = None
    """Why none do, for those that name no kind."""
    replaces: ClassVar[Mapping[str, tuple[str, ...]]] = {}
    """Parameters that, once they have a value, take the place of these others."""

    def plan(self, input_shape: Sequence[int], num_outputs: int) -> list[LayerPlan]:
        """The layer table; BadInput names the layer, the size that arrived and what to change."""
        raise NotImplementedError

    def build(self, input_shape: Sequence[int], num_outputs: int, dropout: DropoutRates | None = None) -> nn.Module:
        """The network on the meta device: no memory is filled and no random number drawn.

        `input_shape` is one sample's; the module maps (B, *input_shape) to (B, num_outputs). `dropout` takes the place
        of the dropout that the architecture has of its own; None keeps that.
        """
        raise NotImplementedError

    @property
    def default_initializer(self) -> str:
        """The key of the initializer that suits the activation."""
        return "xavier"

    @property
    def has_eval_mode(self) -> bool:
        """Whether training and evaluation compute different things without a dropout regularizer."""
        return False

    @property
    def min_batch_size(self) -> int:
        """The fewest samples a training batch can have: batch normalization needs two to have a spread."""
        return 1

    @property
    def own_dropout(self) -> float:
        """Dropout that the network has unless a dropout regularizer takes its place."""
        return 0.0

    @property
    def own_rates(self) -> DropoutRates | None:
        """The rates of a dropout regularizer that would mean the same as `own_dropout`; None where none does."""
        return None

    @property
    def without_dropout(self) -> Architecture:
        """The same network without dropout of its own: networks for which this is equal have the same parameters."""
        return self

    def words(self, sizes: Sequence[int]) -> Text:
        """The network in a few words; `sizes` are those of its layers with weights, in order."""
        shown = [*map(str, sizes[:3]), "…", str(sizes[-1])] if len(sizes) > MOST_SIZES else [*map(str, sizes)]
        words = Text("{title} {sizes}", title=self.name, sizes="-".join(shown))
        activation = getattr(self, "activation", None)
        if isinstance(activation, Entry):
            words = Text("{network} {activation}", network=words, activation=Text(activation.title))
        return Text("{network}, {count} layers", network=words, count=len(sizes)) if len(sizes) > MOST_SIZES else words

    @property
    def name(self) -> Text:
        """What this network is called: its title, or what a setting makes of it."""
        return Text(self.title)

    def fitted(self, input_shape: Sequence[int]) -> Architecture:
        """This network, or the nearest that inputs of this shape fit, where it knows one."""
        return self

    def dropout_places(self) -> frozenset[str]:
        """Where a dropout regularizer can act: "dense", "convolution"."""
        return frozenset()

    @property
    def hidden_in_order(self) -> tuple[str, ...]:
        """Its hidden layers by name where each takes nothing but what the one before it gives, else none."""
        return ()

    @property
    def has_branches(self) -> bool:
        """Whether shortcuts lead around parts of it, which stochastic depth can leave out."""
        return False

    def notes(self) -> list[Text]:
        """Settings of this network that have no effect, each as a sentence."""
        return []


def check_neighbours(architecture: Architecture, input_shape: Sequence[int]) -> None:
    """BadInput for an input that is neither an image nor a signal."""
    if len(input_shape) not in (2, 3):
        raise BadInput(
            Text(
                "{network} cannot take an input of {num} numbers without neighbours.",
                network=Text(architecture.title),
                num=math.prod(input_shape),
            ),
            Text("It reads neighbouring pixels or time steps."),
            Text("Choose a data set of images or signals, or the MLP."),
        )


def num_features(shape: Sequence[int]) -> int:
    """Numbers in one sample of this shape."""
    return math.prod(shape)


def layer_of(parameter_name: str) -> str:
    """The layer a parameter or buffer belongs to: `hidden.1.norm.weight` → `hidden.1`, `output.bias` → `output`."""
    parts = parameter_name.split(".")
    return ".".join(parts[:2]) if len(parts) > 1 and parts[1].isdigit() else parts[0]
