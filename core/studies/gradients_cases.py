"""Pairs of networks to begin with, each named after what happens; tests hold every claim against what is measured."""

from __future__ import annotations

from dataclasses import dataclass

from core.studies.gradients_asked import Network, Pair
from core.text import Text


@dataclass(frozen=True)
class Case:
    """A pair, and the alarm about the gradients of each network: a key of `core.training.alarms.RULES`, "" for none."""

    key: str
    title: Text
    pair: Pair
    left: str
    right: str = ""


_SIGMOID, _RELU = Network(), Network(activation="relu", first_weights="he")

CASES = (
    Case("sigmoid", Text("Sigmoid vanishes, ReLU with He does not"), Pair(left=_SIGMOID, right=_RELU), "vanishing"),
    Case(
        "relu_alone",
        Text("ReLU alone cures nothing"),
        Pair(left=Network(activation="relu", first_weights="framework"), right=_RELU),
        "vanishing",
    ),
    Case(
        "batch_norm",
        Text("Batch norm cures sigmoid"),
        Pair(left=_SIGMOID, right=Network(normalization="batch")),
        "vanishing",
    ),
    Case(
        "residual",
        Text("Residual cures 60 layers"),
        Pair(left=Network(depth=60), right=Network(depth=60, residual=True)),
        "vanishing",
    ),
    Case(
        "exploding",
        Text("He × 2 explodes"),
        Pair(left=Network(activation="relu", first_weights="he_2"), right=_RELU),
        "exploding",
    ),
)
