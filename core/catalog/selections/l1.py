"""Selection by the weights that an L1 penalty leaves."""

from __future__ import annotations

from typing import ClassVar

import numpy as np

from core.catalog.registry import register
from core.catalog.selections.selection import BestInputs, Scores

WEAKER = 100
"""So many times weaker than the penalty at which every weight is zero."""


@register
class L1Weights(BestInputs):
    """The inputs with the largest weights in a linear model with an L1 penalty, on standardized inputs."""

    key: ClassVar[str] = "l1"
    title: ClassVar[str] = "by L1 weights"
    see: ClassVar[str] = "inputs_by_l1"
    why: ClassVar[str] = "The penalty sets most weights to exactly zero; of inputs that say the same, one remains."
    choose: ClassVar[str] = (
        "For a short list without repetitions; beyond the inputs with a weight the last columns follow."
    )
    formula: ClassVar[str] = (
        r"s_j = \sum_c |w_{cj}|, \quad w = \arg\min_w \lVert w \rVert_1 + C \sum_{i,c} \max(0, 1 - y_{ic}\, w_c^\top "
        r"x_i)^2, \quad C = 100\, C_{w = 0}"
    )
    source: ClassVar[str] = "Tibshirani 1996, Regression Shrinkage and Selection via the Lasso"

    def build(self, task: str = "classification") -> Scores:
        return of_classes if task == "classification" else of_numbers


def of_classes(inputs: np.ndarray, targets: np.ndarray) -> np.ndarray:
    """The sizes of the weights that tell classes (N,) apart, each from all others."""
    from sklearn.preprocessing import StandardScaler
    from sklearn.svm import LinearSVC, l1_min_c

    scaled = StandardScaler().fit_transform(inputs)
    strength = WEAKER * l1_min_c(scaled, targets)
    model = LinearSVC(penalty="l1", dual="auto", C=strength, max_iter=100_000, random_state=0)
    return np.abs(model.fit(scaled, targets).coef_).sum(axis=0)


def of_numbers(inputs: np.ndarray, targets: np.ndarray) -> np.ndarray:
    """The sizes of the weights that give values (N,)."""
    from sklearn.linear_model import Lasso
    from sklearn.preprocessing import StandardScaler

    scaled, centred = StandardScaler().fit_transform(inputs), targets - targets.mean()
    strength = np.abs(scaled.T @ centred).max() / len(targets) / WEAKER
    return np.abs(Lasso(alpha=float(strength), max_iter=100_000).fit(scaled, centred).coef_)
