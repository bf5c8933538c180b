"""Selection by variance."""

from __future__ import annotations

from typing import ClassVar

from core.catalog.registry import register
from core.catalog.selections.selection import BestInputs, Scores


@register
class Variance(BestInputs):
    """The inputs that vary most, in the units in which they are stored."""

    key: ClassVar[str] = "variance"
    title: ClassVar[str] = "by variance"
    see: ClassVar[str] = "inputs_by_variance"
    why: ClassVar[str] = "An input that hardly changes can tell no two samples apart; the labels are never looked at."
    choose: ClassVar[str] = "To leave out what is nearly constant; one unit for all, or the largest numbers win."
    formula: ClassVar[str] = r"s_j = \frac{1}{n} \sum_{i=1}^{n} (x_{ij} - \bar{x}_j)^2"
    source: ClassVar[str] = "Pedregosa et al. 2011, scikit-learn, VarianceThreshold"

    asks_targets: ClassVar[bool] = False

    def build(self, task: str = "classification") -> Scores:
        return lambda inputs, targets: inputs.var(axis=0)
