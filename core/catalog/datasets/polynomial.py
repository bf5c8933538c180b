"""Regression of one noisy polynomial in one variable."""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal

import numpy as np
from pydantic import Field

from core.catalog.datasets.generated import Generated, NumPoints
from core.catalog.entry import Usual
from core.catalog.registry import register


@register
class Polynomial(Generated):
    """Values of a Chebyshev polynomial with normal noise, at evenly distributed random places."""

    key: ClassVar[str] = "polynomial"
    title: ClassVar[str] = "Noisy polynomial"
    see: ClassVar[str] = "polynomial_curve"
    why: ClassVar[str] = "A curve through noisy points shows under- and overfitting without any words."
    choose: ClassVar[str] = "For regression, and to see what width, depth and weight size do to a function."
    formula: ClassVar[str] = (
        r"y = T_d(x) + \sigma\varepsilon, \quad x \sim U(-1, 1), \quad T_d(\cos\varphi) = \cos d\varphi"
    )
    source: ClassVar[str] = (
        "Bishop 2006, Pattern Recognition and Machine Learning, section 1.1 (the polynomial is ours)"
    )
    task: ClassVar[Literal["classification", "regression"]] = "regression"
    input_kind: ClassVar[Literal["image", "sequence", "points", "features"]] = "points"
    more: ClassVar[bool] = True

    n: NumPoints = 40
    degree: Annotated[
        int,
        Field(
            ge=1, le=20, title="degree", description="Degree of the polynomial behind the points: how often it bends."
        ),
        Usual(1, 8, reason="A constant has no spread to explain, and beyond 20 the bends are closer than the points."),
    ] = 3
    noise: Annotated[
        float,
        Field(ge=0, le=10, title="noise", description="Standard deviation of the noise on the values (from −1 to 1)."),
        Usual(0, 0.5, reason="A standard deviation is not negative, and noise above 10 hides every polynomial."),
    ] = 0.2

    def shape(self) -> tuple[int, tuple[str, ...]]:
        return 1, ()

    def truth(self, inputs: np.ndarray) -> np.ndarray:
        return np.cos(self.degree * np.arccos(inputs))

    def draw(self, num: int, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
        x = rng.uniform(-1, 1, (num, 1))
        return x, self.truth(x) + self.noise * rng.standard_normal((num, 1))
