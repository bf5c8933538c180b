"""Shortcuts around layers: what a layer was given is added to its result, so that a gradient has a way past it.

The results are divided by n where n layers have a shortcut, as Euler's method takes n steps of 1/n. Undivided, each
layer whose result is as large as what it was given could double that, 10¹⁸ times after 60; so what passes grows by
(1 + 1/n)ⁿ < e at most, at any depth and with any activation.
Sources: He et al., Deep Residual Learning, 2016, section 3.1; Chen et al., Neural Ordinary Differential Equations,
2018, equations 1 and 2.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Annotated

from pydantic import Field

from core.catalog.architectures.architecture import LayerPlan
from core.text import Text

ResidualField = Annotated[
    bool,
    Field(
        title="residual connections",
        description=(
            "Each hidden layer that keeps the size of what it is given adds its result, divided by the number of such "
            "layers, to that: the gradient passes any depth."
        ),
    ),
]


def shares(has_shortcut: Sequence[bool]) -> list[float]:
    """The factor of each layer's result: 1/n where n layers have a shortcut, 0 for a layer without."""
    count = sum(has_shortcut)
    return [1 / count if has else 0.0 for has in has_shortcut]


def with_shortcut(row: LayerPlan) -> LayerPlan:
    """The row of a layer around which a shortcut leads."""
    return replace(row, kind=Text("{layer}, plus what it was given", layer=row.kind))
