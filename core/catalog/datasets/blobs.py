"""Round clouds of points on a circle."""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal

import numpy as np
from pydantic import Field

from core.catalog.datasets.generated import Generated
from core.catalog.entry import Usual
from core.catalog.registry import register


@register
class Blobs(Generated):
    """Normal clouds whose centres stand evenly on the circle of radius 2."""

    key: ClassVar[str] = "blobs"
    title: ClassVar[str] = "Blobs"
    see: ClassVar[str] = "blobs_line"
    why: ClassVar[str] = (
        "The easy case: the best boundary is known to be straight, so whatever bends has been learned from noise."
    )
    choose: ClassVar[str] = "For several classes in the plane, and for logistic regression."
    formula: ClassVar[str] = r"x = 2\,(\cos\tfrac{2\pi y}{K}, \sin\tfrac{2\pi y}{K}) + \sigma\varepsilon"
    source: ClassVar[str] = "Hastie, Tibshirani and Friedman 2009, The Elements of Statistical Learning, section 4.3"
    input_kind: ClassVar[Literal["image", "sequence", "points", "features"]] = "points"
    more: ClassVar[bool] = True

    classes: Annotated[
        int,
        Field(ge=2, le=10, title="classes", description="Number of clouds, each a class of its own."),
        Usual(2, 6, reason="There is nothing to tell apart with one class, and ten are the most a colour can show."),
    ] = 3
    noise: Annotated[
        float,
        Field(
            gt=0, le=5, title="noise", description="Standard deviation of every cloud; centres lie 2 from the middle."
        ),
        Usual(0.2, 1.5, reason="A cloud needs some width, and above 5 the clouds are one."),
    ] = 0.6

    def shape(self) -> tuple[int, tuple[str, ...]]:
        return 2, tuple(f"blob {i + 1}" for i in range(self.classes))

    def draw(self, num: int, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
        targets = np.arange(num) % self.classes
        angle = 2 * np.pi * targets / self.classes
        centers = 2 * np.stack([np.cos(angle), np.sin(angle)], axis=1)
        return centers + self.noise * rng.standard_normal((num, 2)), targets
