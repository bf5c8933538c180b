"""One circle inside another."""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal

import numpy as np
from pydantic import Field

from core.catalog.datasets.generated import Generated
from core.catalog.entry import Usual
from core.catalog.registry import register


@register
class Circles(Generated):
    """Two concentric circles with normal noise."""

    key: ClassVar[str] = "circles"
    title: ClassVar[str] = "Circles"
    see: ClassVar[str] = "three_hidden_units"
    why: ClassVar[str] = "No line and no pair of lines parts the classes; the boundary has to close."
    choose: ClassVar[str] = "To see how many hidden units a closed boundary takes: three at least."
    formula: ClassVar[str] = r"x = r_y\,(\cos\varphi, \sin\varphi) + \sigma\varepsilon, \quad r_0 = 1,\; r_1 = r"
    source: ClassVar[str] = "Pedregosa et al. 2011, scikit-learn, make_circles"
    input_kind: ClassVar[Literal["image", "sequence", "points", "features"]] = "points"
    more: ClassVar[bool] = True

    noise: Annotated[
        float,
        Field(ge=0, le=2, title="noise", description="Standard deviation of the noise on both coordinates."),
        Usual(0, 0.3, reason="A standard deviation is not negative, and above 2 the circles cannot be told apart."),
    ] = 0.1
    radius: Annotated[
        float,
        Field(gt=0, lt=1, title="inner radius", description="Radius of the inner circle; the outer one has radius 1."),
        Usual(0.2, 0.8, reason="The inner circle lies inside the outer one, whose radius is 1."),
    ] = 0.5

    def shape(self) -> tuple[int, tuple[str, ...]]:
        return 2, ("outer circle", "inner circle")

    def draw(self, num: int, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
        from sklearn.datasets import make_circles

        seed = int(rng.integers(2**32))
        points, targets = make_circles(num, shuffle=False, noise=self.noise, factor=self.radius, random_state=seed)
        return np.asarray(points), np.asarray(targets)
