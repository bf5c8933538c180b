"""No selection."""

from __future__ import annotations

from typing import ClassVar

import numpy as np

from core.catalog.registry import register
from core.catalog.selections.selection import Scores, Selection


@register
class AllInputs(Selection):
    """The network gets every input and finds out by itself which it needs."""

    key: ClassVar[str] = "all"
    title: ClassVar[str] = "all inputs"
    see: ClassVar[str] = "diagnosis"
    why: ClassVar[str] = "A network learns by itself which inputs it needs, as long as there are samples enough."
    choose: ClassVar[str] = "As a rule; select only where inputs are many and samples few, or where each one costs."
    formula: ClassVar[str] = r"S = \{1, \dots, F\}"
    source: ClassVar[str] = "Guyon and Elisseeff 2003, An Introduction to Variable and Feature Selection, section 1"

    def build(self, task: str = "classification") -> Scores:
        return lambda inputs, targets: np.ones(inputs.shape[1])
