"""Spiral arms wound around each other."""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal

import numpy as np
from pydantic import Field

from core.catalog.datasets.generated import Generated
from core.catalog.entry import Usual
from core.catalog.registry import register


@register
class Spirals(Generated):
    """Archimedean spirals, one arm a class, with normal noise."""

    key: ClassVar[str] = "spirals"
    title: ClassVar[str] = "Spirals"
    see: ClassVar[str] = "spirals"
    why: ClassVar[str] = "The hardest of the plane sets: the boundary winds, and a small network visibly cannot follow."
    choose: ClassVar[str] = "To compare widths, depths and activations by the picture they draw."
    formula: ClassVar[str] = (
        r"x = 2t\,(\cos\varphi, \sin\varphi) + \sigma\varepsilon, \quad "
        r"\varphi = 2\pi\,(w t + \tfrac{y}{K}), \quad t \in [0.05, 1]"
    )
    source: ClassVar[str] = "Lang and Witbrock 1988, Learning to Tell Two Spirals Apart"
    input_kind: ClassVar[Literal["image", "sequence", "points", "features"]] = "points"

    classes: Annotated[
        int,
        Field(ge=2, le=5, title="classes", description="Number of arms, each a class of its own."),
        Usual(2, 4, reason="There is nothing to tell apart with one arm, and more than five arms touch."),
    ] = 2
    turns: Annotated[
        float,
        Field(gt=0, le=4, title="turns", description="How often an arm winds around the middle."),
        Usual(0.5, 2.5, reason="An arm of no turns is a line; with more than four the arms touch."),
    ] = 1.25
    noise: Annotated[
        float,
        Field(ge=0, le=2, title="noise", description="Standard deviation of the noise on both coordinates."),
        Usual(0, 0.3, reason="A standard deviation is not negative, and above 2 no arm is left."),
    ] = 0.05

    def shape(self) -> tuple[int, tuple[str, ...]]:
        return 2, tuple(f"arm {i + 1}" for i in range(self.classes))

    def draw(self, num: int, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
        targets = np.arange(num) % self.classes
        # The square root puts as many points on each piece of the arm as its length asks for.
        t = np.sqrt(rng.uniform(0.05**2, 1, num))
        angle = 2 * np.pi * (self.turns * t + targets / self.classes)
        points = 2 * t[:, None] * np.stack([np.cos(angle), np.sin(angle)], axis=1)
        return points + self.noise * rng.standard_normal((num, 2)), targets
