"""Two interleaved half circles."""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal

import numpy as np
from pydantic import Field

from core.catalog.datasets.generated import Generated
from core.catalog.entry import Usual
from core.catalog.registry import register


@register
class Moons(Generated):
    """Two half circles of radius 1, shifted into each other, with normal noise."""

    key: ClassVar[str] = "moons"
    title: ClassVar[str] = "Two moons"
    see: ClassVar[str] = "overfits_moons"
    why: ClassVar[str] = "The whole boundary between two classes fits into one picture, and no straight line is enough."
    choose: ClassVar[str] = "To watch overfitting: few points and much noise make islands in the boundary."
    formula: ClassVar[str] = (
        r"x = (\cos\varphi, \sin\varphi) + \sigma\varepsilon \;(y = 0), \quad "
        r"x = (1 - \cos\varphi, \tfrac12 - \sin\varphi) + \sigma\varepsilon \;(y = 1), \quad \varphi \in [0, \pi]"
    )
    source: ClassVar[str] = "Pedregosa et al. 2011, scikit-learn, make_moons"
    input_kind: ClassVar[Literal["image", "sequence", "points", "features"]] = "points"

    noise: Annotated[
        float,
        Field(ge=0, le=2, title="noise", description="Standard deviation of the noise on both coordinates."),
        Usual(0, 0.5, reason="A standard deviation is not negative, and above 2 the moons cannot be told apart."),
    ] = 0.2

    def shape(self) -> tuple[int, tuple[str, ...]]:
        return 2, ("upper moon", "lower moon")

    def draw(self, num: int, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
        from sklearn.datasets import make_moons

        seed = int(rng.integers(2**32))
        points, targets = make_moons(num, shuffle=False, noise=self.noise, random_state=seed)
        return np.asarray(points), np.asarray(targets)
