"""The engine of several runs that are compared: all as rows of stacks, or all by themselves. Decided before step 0.

Two engines round differently and take other times, so runs of one comparison never have both.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from core.experiment import Experiment
from core.text import Text
from core.training.device import SOLO, STACKED, default_device
from core.training.stacking.plan import stack_of


@dataclass(frozen=True)
class Engine:
    """`groups` are positions of runs that are advanced together; `why` says why none are, where none are."""

    name: str
    groups: tuple[tuple[int, ...], ...]
    why: Text | None = None


def engine_of(experiments: Sequence[Experiment]) -> Engine:
    """Stacks where every run belongs to one, else each run by itself."""
    grouping = stack_of(experiments, default_device())
    if grouping.stacks and not grouping.alone:
        return Engine(STACKED, grouping.stacks)
    why = next(iter(grouping.alone.values()), None)
    return Engine(SOLO, tuple((place,) for place in range(len(experiments))), why)
