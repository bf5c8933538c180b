"""Causal, de-biased exponential smoothing, computed from every row before anything is thinned.

s_t = β·s_{t−1} + (1−β)·x_t,  shown value s_t / (1 − β^t)  (the de-biasing of Adam: Kingma and Ba 2015, section 3).
Causal: a smoothed value is never revised. A non-finite x_t gives NaN and leaves the state as it was.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

SMOOTHED = frozenset({"batch/loss", "train/loss", "train/error", "validation/loss", "validation/error"})
WEIGHTS = (0.6, 0.9)


def smoothed_name(column: str, weight: float) -> str:
    """The name under which the smoothed column travels."""
    return f"{column}~{weight}"


class Smoother:
    """The running state of one smoothed column."""

    def __init__(self, weight: float, value: float = 0.0, count: float = 0) -> None:
        self.weight = weight
        self._sum = value
        self._count = count

    @classmethod
    def after(cls, weight: float, shown: float) -> Smoother:
        """A state that goes on from a shown value whose beginnings are no longer known."""
        return cls(weight, shown, math.inf) if math.isfinite(shown) else cls(weight)

    def extend(self, values: NDArray[np.floating]) -> NDArray[np.float64]:
        """The smoothed values of the next rows."""
        result = np.empty(len(values))
        for row, value in enumerate(values.tolist()):
            if not math.isfinite(value):
                result[row] = math.nan
                continue
            self._count += 1
            self._sum = self.weight * self._sum + (1 - self.weight) * value
            result[row] = self._sum / (1 - self.weight**self._count)
        return result
