"""The four quadrants of a square, opposite ones of one class."""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal

import numpy as np
from pydantic import Field

from core.catalog.datasets.generated import Generated
from core.catalog.entry import Usual
from core.catalog.registry import register

QUADRANTS = np.array([(1, 1), (1, -1), (-1, -1), (-1, 1)])


@register
class Xor(Generated):
    """Points spread evenly over a square; the class says whether both coordinates have the same sign."""

    key: ClassVar[str] = "xor"
    title: ClassVar[str] = "XOR"
    see: ClassVar[str] = "xor_line"
    why: ClassVar[str] = (
        "The classic problem that no single layer solves: each input alone says nothing about the class."
    )
    choose: ClassVar[str] = "To show what a hidden layer is for."
    formula: ClassVar[str] = r"u \sim U(-1, 1)^2, \quad y = [u_1 u_2 < 0], \quad x = u + \sigma\varepsilon"
    source: ClassVar[str] = "Minsky and Papert 1969, Perceptrons, section 2.1"
    input_kind: ClassVar[Literal["image", "sequence", "points", "features"]] = "points"
    more: ClassVar[bool] = True

    noise: Annotated[
        float,
        Field(ge=0, le=2, title="noise", description="Standard deviation of the noise on both coordinates."),
        Usual(0, 0.3, reason="A standard deviation is not negative, and above 2 the quadrants are one cloud."),
    ] = 0.1

    def shape(self) -> tuple[int, tuple[str, ...]]:
        return 2, ("same sign", "opposite signs")

    def draw(self, num: int, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
        quadrant = np.arange(num) % 4
        clean = rng.uniform(0, 1, (num, 2)) * QUADRANTS[quadrant]
        return clean + self.noise * rng.standard_normal((num, 2)), quadrant % 2
