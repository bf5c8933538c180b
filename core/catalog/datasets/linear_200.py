"""The textbook regression with far more inputs than training points."""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal

import numpy as np
from pydantic import Field

from core.catalog.datasets.features import Features
from core.catalog.datasets.generated import Generated, NumPoints
from core.catalog.entry import Usual
from core.catalog.registry import register

NUM_INPUTS = 200


@register
class Linear200(Features, Generated):
    """A linear function of 200 normal inputs with noise, 20 training points by default."""

    key: ClassVar[str] = "linear_200"
    title: ClassVar[str] = "Regression with 200 inputs"
    see: ClassVar[str] = "regression_200"
    why: ClassVar[str] = "200 weights pass through 20 points exactly, and say nothing about the next point."
    choose: ClassVar[str] = "To see what L2 does where there are more weights than points."
    formula: ClassVar[str] = (
        r"y = 0.05 + \sum_{i=1}^{200} 0.01\,x_i + \sigma\varepsilon, \quad x_i, \varepsilon \sim N(0, 1)"
    )
    source: ClassVar[str] = "Zhang et al. 2021, Dive into Deep Learning, section 3.7"
    task: ClassVar[Literal["classification", "regression"]] = "regression"
    more: ClassVar[bool] = True

    n: NumPoints = 20
    noise: Annotated[
        float,
        Field(ge=0, le=10, title="noise", description="Standard deviation of the noise on the values."),
        Usual(0, 0.1, reason="A standard deviation is not negative, and noise above 10 hides the function."),
    ] = 0.01

    def shape(self) -> tuple[int, tuple[str, ...]]:
        return NUM_INPUTS, ()

    def draw(self, num: int, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
        inputs = rng.standard_normal((num, NUM_INPUTS))
        clean = 0.05 + 0.01 * inputs.sum(axis=1, keepdims=True)
        return inputs, clean + self.noise * rng.standard_normal((num, 1))
