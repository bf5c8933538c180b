"""Inputs that say nothing about the labels."""

from __future__ import annotations

from typing import Annotated, ClassVar

import numpy as np
from pydantic import Field

from core.catalog.datasets.features import Features
from core.catalog.datasets.generated import Generated, NumPoints
from core.catalog.entry import Usual
from core.catalog.registry import register


@register
class PureNoise(Features, Generated):
    """Normal inputs, and two classes that have nothing to do with them: whoever is better than chance has cheated."""

    key: ClassVar[str] = "pure_noise"
    title: ClassVar[str] = "Pure noise"
    see: ClassVar[str] = "noise_chosen_outside"
    why: ClassVar[str] = "There is nothing to learn, so an error below one half on new samples shows a mistake."
    choose: ClassVar[str] = "To try whether a way of measuring is honest, such as feature selection before the folds."
    formula: ClassVar[str] = r"x \sim N(0, I_F), \quad y \in \{0, 1\} \text{ independent of } x"
    source: ClassVar[str] = "Hastie, Tibshirani and Friedman 2009, The Elements of Statistical Learning, section 7.10.2"
    more: ClassVar[bool] = True

    n: NumPoints = 60
    inputs: Annotated[
        int,
        Field(ge=2, le=2000, title="inputs", description="How many inputs each sample has, all of them without use."),
        Usual(10, 1000, "log", reason="Among one input nothing can be chosen, and thousands only take long."),
    ] = 300

    def shape(self) -> tuple[int, tuple[str, ...]]:
        return self.inputs, ("one side", "other side")

    def draw(self, num: int, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
        return rng.standard_normal((num, self.inputs)), np.arange(num) % 2
