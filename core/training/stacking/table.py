"""The shipped table: from how many rows on, and up to what size of network, a stack is no slower than solo runs.

Measured by `python -m bench.stacked` and read, in place of a clock, before step 0.
"""

from __future__ import annotations

from typing import NamedTuple


class Limit(NamedTuple):
    """For networks of up to so many multiplications in the forward pass of an update: the least rows of a stack."""

    multiplications: int
    num_rows: int


TABLE: dict[str, tuple[Limit, ...]] = {
    "dense": (Limit(50_000_000, 3), Limit(100_000_000, 6)),
    "convolution": (Limit(100_000_000, 4),),
}
"""By the trait `stacked_as` of the architectures, increasing; a larger network than the last limit trains alone.

On two cores, one thread: with these numbers of rows from 1.05 times as fast (784-512-512-10, batch 128) to 2 times
(2-8-2, batch 16), with eight rows up to 4 times. Two rows are no gain where layers go row by row, as normalizations do;
a CNN of 2.8 million multiplications a sample, batch 128, is 0.95 times as fast.
"""
SEVERAL_THREADS: dict[str, tuple[Limit, ...]] = {"dense": (Limit(1_000_000, 3),)}
"""The table where solo runs compute with several threads and a stack, as always, with one."""


def limit_of(family: str, multiplications: int, threads: int) -> Limit | None:
    """The line of the table for a network that alone would have so many threads; None where it trains alone."""
    limits = (TABLE if threads == 1 else SEVERAL_THREADS).get(family, ())
    return next((limit for limit in limits if multiplications <= limit.multiplications), None)
