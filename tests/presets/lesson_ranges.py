"""What the lessons on generalization say of the pages that they open, as ranges: tried on three seeds, answered by."""

from __future__ import annotations

import math
from typing import NamedTuple


class Between(NamedTuple):
    """From `low` to `high`, both included."""

    low: float
    high: float = math.inf

    def __contains__(self, value: object) -> bool:
        return self.low <= float(value) <= self.high  # type: ignore[arg-type]


FEW_FOLDS_APART, MORE_FOLDS_APART = Between(8, 50), Between(0, 7.9)
"""Points between the best and the worst of five folds, of sixty points and of 455 samples."""
WEAK_TRAIN, WEAK_GAP = Between(0, 5), Between(7)
STRONG_TRAIN, STRONG_VALIDATION = Between(16), Between(16)
"""Errors in percent, and the gap, at both ends of the strengths of a penalty."""
TRAIN_ONCE = Between(3)
"""The training error on all points with the strength that was chosen."""
TEST_FROM_VALIDATION = Between(-2.5, 2.5)
"""How far the test error lies from the validation error, in what chance alone makes of their distance."""
