"""Shortcuts around layers: what a layer was given is added to its result, so that a gradient has a way past it.

The results are divided by √n where n layers have a shortcut: undivided, each of them would double the spread of what
passes, 10¹⁸ times after 60 layers; so it grows e times at most, at any depth.
Sources: He et al., Deep Residual Learning, 2016, section 3.1; Hayou et al., Stable ResNet, 2021, section 2.
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
            "Each hidden layer that keeps the size of what it is given adds that to its own result, divided by the "
            "root of their number: the gradient passes any depth."
        ),
    ),
]


def shares(has_shortcut: Sequence[bool]) -> list[float]:
    """The factor of each layer's result: 1/√n where n layers have a shortcut, 0 for a layer without."""
    count = sum(has_shortcut)
    return [count**-0.5 if has else 0.0 for has in has_shortcut]


def with_shortcut(row: LayerPlan) -> LayerPlan:
    """The row of a layer around which a shortcut leads."""
    return replace(row, kind=Text("{layer}, plus what it was given", layer=row.kind))
