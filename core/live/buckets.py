"""Thinning of a series to what can be drawn: step-aligned dyadic buckets.

The steps 0 … last are cut into buckets of 2**k steps, k the smallest for which at most `max_buckets` are needed; what
remains at the end is cut into the smaller powers of two of its binary expansion, down to single steps. A bucket keeps
its first non-finite value, minimum, maximum and last value at their true steps. So the result depends on the series
alone, the newest value is always there, extremes are exact, and a drawn point only ever goes when two neighbouring
buckets become one (a halving): each bucket of a later cut is a union of buckets of an earlier one, hence
thin(thin(beginning) + rest) = thin(beginning + rest). `assets/live/buckets.js` is the same function.

With `keeps_lows` every value below all before it stays too, and with them when any target was first reached.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

MAX_BUCKETS = 256


def level(last_step: int, max_buckets: int = MAX_BUCKETS) -> int:
    """The smallest k for which the steps 0 … last_step (≥ 0) fit into `max_buckets` (≥ 1) buckets of 2**k steps."""
    return max(0, (last_step // max_buckets).bit_length())


def bucket_starts(last_step: int, max_buckets: int = MAX_BUCKETS) -> NDArray[np.int64]:
    """The first step of every bucket of the cut of 0 … last_step, rising."""
    k = level(last_step, max_buckets)
    length = last_step + 1
    start = (length >> k) << k
    tail = []
    for power in range(k - 1, -1, -1):
        if (length >> power) & 1:
            tail.append(start)
            start += 1 << power
    body = np.arange(0, (length >> k) << k, 1 << k, dtype=np.int64)
    return np.concatenate([body, np.array(tail, dtype=np.int64)])


def thin(
    steps: NDArray[np.int64],
    values: NDArray[np.floating],
    max_buckets: int = MAX_BUCKETS,
    *,
    keeps_lows: bool = False,
) -> NDArray[np.int64]:
    """Indices of the kept rows, rising; `steps` (n,) rise strictly from ≥ 0, `values` (n,) may hold NaN and ±Inf."""
    if len(steps) == 0:
        return np.zeros(0, dtype=np.int64)
    bucket = np.searchsorted(bucket_starts(int(steps[-1]), max_buckets), steps, side="right")
    begins = np.flatnonzero(np.diff(bucket, prepend=-1))
    ends = np.append(begins[1:], len(steps)) - 1
    segment = np.repeat(np.arange(len(begins)), np.diff(np.append(begins, len(steps))))
    finite = np.isfinite(values)
    lowest = np.minimum.reduceat(np.where(finite, values, np.inf), begins)
    highest = np.maximum.reduceat(np.where(finite, values, -np.inf), begins)
    kept = np.concatenate(
        [
            _first_of_each(segment, ~finite),
            _first_of_each(segment, finite & (values == lowest[segment])),
            _first_of_each(segment, finite & (values == highest[segment])),
            ends,
        ]
    )
    if keeps_lows:
        lows = np.minimum.accumulate(np.where(finite, values, np.inf))
        kept = np.concatenate([kept, np.flatnonzero(lows < np.append(np.inf, lows[:-1]))])
    return np.unique(kept)


def _first_of_each(segment: NDArray[np.int64], chosen: NDArray[np.bool_]) -> NDArray[np.int64]:
    """The first chosen row of every segment that has one."""
    rows = np.flatnonzero(chosen)
    return rows[np.unique(segment[rows], return_index=True)[1]]
