"""Selection by mutual information."""

from __future__ import annotations

from functools import partial
from typing import ClassVar

from core.catalog.registry import register
from core.catalog.selections.selection import BestInputs, Scores


@register
class MutualInformation(BestInputs):
    """The inputs that by themselves say most about the target, estimated from nearest neighbours."""

    key: ClassVar[str] = "mutual_information"
    title: ClassVar[str] = "by mutual information"
    see: ClassVar[str] = "inputs_by_information"
    why: ClassVar[str] = "It asks each input how much it says about the target, straight line or not."
    choose: ClassVar[str] = "Where the connection may be bent; two inputs that say the same are both kept."
    formula: ClassVar[str] = r"s_j = I(x_j; y) = \iint p(x_j, y) \ln \frac{p(x_j, y)}{p(x_j)\,p(y)} \,dx_j\,dy"
    source: ClassVar[str] = (
        "Ross 2014, Mutual Information between Discrete and Continuous Data Sets; for values Kraskov et al. 2004, "
        "Estimating Mutual Information"
    )

    def build(self, task: str = "classification") -> Scores:
        from sklearn.feature_selection import mutual_info_classif, mutual_info_regression

        # Equal values are told apart by a little noise, which has a seed.
        return partial(mutual_info_classif if task == "classification" else mutual_info_regression, random_state=0)
