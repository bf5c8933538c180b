"""Layerwise pre-training: hidden layers learn one at a time, from the input on, before the whole network does."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, ClassVar, Literal

from pydantic import Field

from core.catalog.entry import Entry, Usual
from core.catalog.registry import register
from core.catalog.regularizers.regularizer import Kind, Regularizer
from core.text import Text

if TYPE_CHECKING:
    from core.catalog.architectures.architecture import Architecture

Objective = Literal["autoencoding", "supervised"]
NEARLY = 1e-9
"""A share of a run comes as a quotient of floats."""


@dataclass(frozen=True)
class Stages:
    """The first `share` of a run, divided equally among its hidden layers; then the whole network learns."""

    objective: Objective
    share: float

    def at(self, done: float, num_layers: int) -> int | None:
        """The place of the layer that learns once this share of the run is done; None: the whole network."""
        place = int(num_layers * (done / self.share) + NEARLY)
        return place if place < num_layers else None

    def begins(self, num_updates: int, num_layers: int) -> list[int]:
        """After how many of the run's updates each layer begins to learn, and at last the whole network."""
        each = self.share * num_updates / num_layers
        return [math.ceil((place - NEARLY) * each) for place in range(num_layers + 1)]


@register
class LayerwisePretraining(Regularizer):
    key: ClassVar[str] = "pretraining"
    title: ClassVar[str] = "layerwise pre-training"
    see: ClassVar[str] = "pretrained_supervised"
    kind: ClassVar[Kind] = "pretraining"
    more: ClassVar[bool] = True
    alone_because: ClassVar[Text | None] = Text(
        "Its layers are pre-trained one at a time, and common updates know whole networks only."
    )
    fixed_because: ClassVar[Text | None] = Text("It says what the first updates of a run were.")
    why: ClassVar[str] = (
        "One hidden layer at a time learns right behind its own loss, so no gradient has to pass the layers above; "
        "fine-tuning of the whole network begins where the layers already say something."
    )
    choose: ClassVar[str] = (
        "To see how deep networks were first trained; with ReLU, good first weights, batch normalization or residual "
        "connections it only costs updates."
    )
    formula: ClassVar[str] = (
        r"\min_{W_l, b_l, V, c} L\big(V h_l + c,\, t\big), \quad h_l = f(W_l h_{l-1} + b_l), \quad "
        r"\text{auto-encoding: } t = \frac{h_{l-1} - \bar h_{l-1}}{\operatorname{std}(h_{l-1})} \qquad "
        r"\text{supervised: } t = y"
    )
    source: ClassVar[str] = (
        "Bengio et al., Greedy Layer-Wise Training of Deep Networks, 2007, sections 3.1 and 4; Hinton and "
        "Salakhutdinov, Reducing the Dimensionality of Data with Neural Networks, 2006"
    )

    objective: Annotated[
        Objective,
        Field(
            title="each layer learns to",
            description="autoencoding: give back what it was given; supervised: tell the targets. Through a linear "
            "layer of its own that is thrown away afterwards.",
        ),
    ] = "autoencoding"
    share: Annotated[
        float,
        Field(
            gt=0,
            lt=1,
            title="share of the run",
            description="Updates before fine-tuning, divided equally among the hidden layers.",
        ),
        Usual(0.1, 0.9, "linear", reason="At 1 nothing would be left for the network as a whole."),
    ] = 0.5

    def build(self) -> Stages:
        return Stages(self.objective, self.share)


def stages_of(regularizers: Sequence[Entry], architecture: Architecture) -> Stages | None:
    """How the hidden layers of a network are pre-trained; None where they are not, or where it has none for that."""
    if not architecture.hidden_in_order:
        return None
    return next((entry.build() for entry in regularizers if isinstance(entry, LayerwisePretraining)), None)
