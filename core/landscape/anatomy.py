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
    "m corrected",
    "s corrected",
    "rate of each coordinate",
    "rate × gradient, downhill",
    "move",
)
"""Everything that a part may be called."""


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
    if path.rates is not None:
        parts.append(Part("rate of each coordinate", path.rates))
    else:
        parts.append(Part("rate × gradient, downhill", -optimizer.learning_rate() * path.gradients, is_way=True))
    return [*parts, Part("move", np.diff(path.positions, axis=0), is_way=True)]
