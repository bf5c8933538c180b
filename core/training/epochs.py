"""Epochs: passes over the training split as a function of the updates done, also where the batch size has changed."""

from __future__ import annotations

from bisect import bisect_right
from decimal import ROUND_HALF_UP, Decimal

import numpy as np

from core.text import Text


def tenths(epoch: float) -> float:
    """An epoch to one decimal, a half upwards, as the charts in the browser write it."""
    return float(Decimal(epoch).quantize(Decimal("0.1"), ROUND_HALF_UP))


def epoch_text(epoch: float) -> Text:
    """An epoch, which is no whole number where it was measured between two."""
    return Text("{epoch:,.10g}", epoch=tenths(epoch))


class Epochs:
    """Counts passes in stretches with a number of updates per pass each; where two meet, the count goes on unbroken."""

    def __init__(self, steps_per_epoch: int) -> None:
        self._starts: list[int] = [0]
        self._stretches: list[tuple[float, int]] = [(0.0, steps_per_epoch)]

    @property
    def steps_per_epoch(self) -> int:
        """Updates in one pass now."""
        return self._stretches[-1][1]

    @property
    def begun_at(self) -> int:
        """The update after which passes have this length."""
        return self._starts[-1]

    @property
    def stretches(self) -> list[list[float]]:
        """For each stretch: the updates done before it, the passes done before it, its updates per pass."""
        return [[start, *stretch] for start, stretch in zip(self._starts, self._stretches, strict=True)]

    def at(self, step: int) -> float:
        """Passes after `step` updates."""
        place = bisect_right(self._starts, step) - 1
        first, each = self._stretches[place]
        return first + (step - self._starts[place]) / each

    def of(self, steps: np.ndarray) -> np.ndarray:
        """Passes after each number of updates, float64 of the same shape."""
        starts = np.array(self._starts)
        first, each = np.array(self._stretches).T
        place = np.searchsorted(starts, steps, side="right") - 1
        return first[place] + (steps - starts[place]) / each[place]

    def change(self, step: int, steps_per_epoch: int) -> None:
        """From `step` updates on a pass, begun there, has so many."""
        now = self.at(step)
        if self._starts[-1] == step:
            self._starts.pop()
            self._stretches.pop()
        self._starts.append(step)
        self._stretches.append((now, steps_per_epoch))

    def is_end(self, step: int) -> bool:
        """Whether `step` updates end a pass."""
        return (step - self._starts[-1]) % self._stretches[-1][1] == 0
