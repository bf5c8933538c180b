"""Which samples to show of a data set: every class is seen before one is seen twice."""

from __future__ import annotations

import numpy as np


def examples(targets: np.ndarray, among: np.ndarray, num: int) -> np.ndarray:
    """Up to `num` of the rows `among`, one per class first, then a second of each, and so on.

    targets: int64 (N,) classes, or float32 (N, 1) values, for which the first rows are taken; among: int64 row indices.
    """
    if targets.ndim > 1:
        return among[:num]
    classes = targets[among]
    rank = np.empty(len(among), np.int64)
    for label in np.unique(classes):
        members = np.flatnonzero(classes == label)
        rank[members] = np.arange(len(members))
    return among[np.lexsort((classes, rank))[:num]]
