"""Anatomy of an update: what each of an optimizer's updates was made of, with the numbers of a path."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from core.catalog.optimizers.optimizer import Optimizer
from core.landscape.path import Path

PARTS = (
    "gradient g",
    "velocity v",
    "sum of squares s",
    "average of squares s",
    "average of squared moves u",
    "average of gradients m",
    "largest recent gradient u",
    "m corrected",
    "s corrected",
    "rate of each coordinate",
    "rate × gradient, downhill",
    "rate × velocity, downhill",
    "rate × average m, downhill",
    "move",
)
"""Everything that a part may be called."""


WAYS = {
    "gradient g": "rate × gradient, downhill",
    "velocity v": "rate × velocity, downhill",
    "average of gradients m": "rate × average m, downhill",
}
"""Parts that point somewhere, and what they are called as a way on the map."""


@dataclass(frozen=True)
class Part:
    """One part of every update: its name, and its values (T, 2). `is_way`: a way on the map, which can be an arrow."""

    name: str
    values: np.ndarray
    is_way: bool = False


def anatomy(optimizer: Optimizer, path: Path) -> list[Part]:
    """The parts of a path's updates, from the gradient to the move."""
    parts = [Part("gradient g", path.gradients)]
    parts += [Part(name, values) for name, values in optimizer.parts(path.memory).items()]
    lr = optimizer.learning_rate()
    ways = [Part(WAYS[part.name], -lr * part.values, is_way=True) for part in parts if part.name in WAYS]
    rates = [] if path.rates is None else [Part("rate of each coordinate", path.rates)]
    return [*parts, *rates, *ways, Part("move", np.diff(path.positions, axis=0), is_way=True)]


@dataclass(frozen=True)
class Rule:
    """An update as one line: w ← w − rates · directions − decay · w; rates and directions are (T, 2)."""

    rates: np.ndarray
    directions: np.ndarray
    decay: float


def rule(optimizer: Optimizer, path: Path) -> Rule | None:
    """The line of every update of a path, with its numbers; None for an optimizer whose moves are no such line."""
    directions = optimizer.directions(path.gradients, path.memory)
    if directions is None:
        return None
    lr = optimizer.learning_rate()
    rates = np.full_like(path.gradients, lr) if path.rates is None else path.rates
    return Rule(rates, directions, lr * optimizer.own_weight_decay)
