"""The rows of one group of a run: growing columns, their smoothed companions, and their thinned history."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from core.live.buckets import thin
from core.live.smoothing import SMOOTHED, WEIGHTS, Smoother, smoothed_name

Column = tuple[NDArray[np.int64], NDArray[np.float32]]

AIMED_AT = "validation/error"
"""The column of which it is asked when it first reached a target."""


@dataclass(frozen=True)
class Rows:
    """Consecutive rows `first` … `last` − 1: steps (n,), columns (n,) each, stamps (n,) in seconds (NaN: unknown)."""

    first: int
    last: int
    steps: NDArray[np.int64]
    columns: dict[str, NDArray[np.float32]]
    stamps: NDArray[np.float64]

    def of(self, names: Collection[str]) -> Rows:
        """The same rows with some of their columns."""
        return replace(self, columns={name: values for name, values in self.columns.items() if name in names})


@dataclass(frozen=True, eq=False)
class Row:
    """One row: the value (n,) of each of n columns."""

    step: int
    names: tuple[str, ...]
    values: NDArray[np.float32]


@dataclass(frozen=True)
class History:
    """Every column of the first `rows` rows, thinned by itself: name → (steps, values)."""

    rows: int
    columns: dict[str, Column] = field(default_factory=dict)

    def of(self, names: Collection[str]) -> History:
        """Some of the columns."""
        return replace(self, columns={name: column for name, column in self.columns.items() if name in names})

    def extended(self, rows: Rows) -> History:
        """The history with the rows that follow it; computed from the two alone, so no lock is needed."""
        if rows.last == self.rows:
            return self
        columns = {}
        for name, values in rows.columns.items():
            old_steps, old_values = self.columns.get(name, (rows.steps[:0], values[:0]))
            steps = np.concatenate([old_steps, rows.steps])
            both = np.concatenate([old_values, values])
            kept = thin(steps, both, keeps_lows=name == AIMED_AT)
            columns[name] = (steps[kept], both[kept])
        return History(rows.last, columns)


class Series:
    """Rows with rising steps. Not thread-safe: the hub's lock guards it.

    A buffer is written only behind its last row, and replaced when rows are dropped, so views that were handed out
    stay as they are.
    """

    def __init__(self) -> None:
        self.num_rows = 0
        self.first_row = 0
        self.history = History(0)
        self._steps = np.zeros(64, dtype=np.int64)
        self._stamps = np.zeros(64)
        self._columns: dict[str, NDArray[np.float32]] = {}
        self._names: frozenset[str] = frozenset()
        self._smoothers: dict[str, tuple[str, Smoother]] = {}

    @property
    def last_step(self) -> int:
        """The newest step, −1 without rows."""
        if self.num_rows > self.first_row:
            return int(self._steps[self.num_rows - self.first_row - 1])
        return max((int(steps[-1]) for steps, _ in self.history.columns.values() if len(steps)), default=-1)

    @property
    def num_bytes(self) -> int:
        """Memory of the rows held at full resolution."""
        return (self.num_rows - self.first_row) * (16 + 4 * len(self._columns))

    def append(
        self,
        steps: NDArray[np.int64],
        columns: Mapping[str, NDArray[np.floating]],
        stamps: NDArray[np.float64] | None,
    ) -> None:
        """Take rows at the end; rows at or before the last step are left out.

        A column that was not there before is NaN before. Raises ValueError when one is missing that was.
        """
        self._declare(columns)
        fresh = int(np.searchsorted(steps, self.last_step, side="right"))
        steps = steps[fresh:]
        start = self.num_rows - self.first_row
        end = start + len(steps)
        self._reserve(end)
        self._steps[start:end] = steps
        self._stamps[start:end] = np.nan if stamps is None else stamps[fresh:]
        with np.errstate(over="ignore"):  # what is beyond float32 is infinite on a screen
            for name, values in columns.items():
                self._columns[name][start:end] = values[fresh:]
        for name, (source, smoother) in self._smoothers.items():
            self._columns[name][start:end] = smoother.extend(columns[source][fresh:])
        self.num_rows += len(steps)

    def rows(self, first: int) -> Rows:
        """The rows from number `first` on (≥ `first_row`), as views."""
        start, end = first - self.first_row, self.num_rows - self.first_row
        columns = {name: values[start:end] for name, values in self._columns.items()}
        return Rows(first, self.num_rows, self._steps[start:end], columns, self._stamps[start:end])

    def row(self, step: int) -> Row | None:
        """The newest row up to a step; None where there is none at full resolution."""
        rows = self.rows(self.first_row)
        place = int(np.searchsorted(rows.steps, step, side="right")) - 1
        if place < 0:
            return None
        values = np.array([column[place] for column in rows.columns.values()], dtype=np.float32)
        return Row(int(rows.steps[place]), tuple(rows.columns), values)

    def drop_after(self, step: int) -> None:
        """Forget every row behind `step`."""
        kept = self.rows(self.first_row)
        count = int(np.searchsorted(kept.steps, step, side="right"))
        history = {}
        for name, (steps, values) in self.history.columns.items():
            end = int(np.searchsorted(steps, step, side="right"))
            history[name] = (steps[:end], values[:end])
        whole = self.first_row == 0
        self._steps, self._stamps = kept.steps[:count].copy(), kept.stamps[:count].copy()
        self._columns = {name: values[:count].copy() for name, values in kept.columns.items()}
        self.num_rows = self.first_row + count
        self.history = History(0) if whole else History(min(self.history.rows, self.num_rows), history)
        for name, (source, smoother) in list(self._smoothers.items()):
            self._smoothers[name] = (source, self._restored(name, source, smoother.weight, whole))

    def compact(self) -> None:
        """Keep the thinned history only."""
        self.history = self.history.extended(self.rows(max(self.first_row, self.history.rows)))
        self.first_row = self.num_rows
        self._steps, self._stamps = self._steps[:0], self._stamps[:0]
        self._columns = {name: values[:0] for name, values in self._columns.items()}

    def _declare(self, columns: Mapping[str, NDArray[np.floating]]) -> None:
        if not self._columns:
            self._names = frozenset(columns)
            self._columns = {name: np.zeros(len(self._steps), dtype=np.float32) for name in columns}
            for source in sorted(SMOOTHED & self._names):
                for weight in WEIGHTS:
                    name = smoothed_name(source, weight)
                    self._columns[name] = np.zeros(len(self._steps), dtype=np.float32)
                    self._smoothers[name] = (source, Smoother(weight))
        elif self._names != columns.keys():
            if self._names - columns.keys():
                raise ValueError(f"a group keeps its columns: {sorted(self._names - columns.keys())} are missing")
            for name in columns.keys() - self._names:
                self._columns[name] = np.full(len(self._steps), np.nan, dtype=np.float32)
            self._names = frozenset(columns)

    def _reserve(self, count: int) -> None:
        if count <= len(self._steps):
            return
        size = max(64, count + count // 2)
        self._steps = _grown(self._steps, size)
        self._stamps = _grown(self._stamps, size)
        self._columns = {name: _grown(values, size) for name, values in self._columns.items()}

    def _restored(self, name: str, source: str, weight: float, whole: bool) -> Smoother:
        if whole:
            smoother = Smoother(weight)
            smoother.extend(self._columns[source])
            return smoother
        values = self._columns[name]
        if not len(values) and name in self.history.columns:
            values = self.history.columns[name][1]
        return Smoother.after(weight, float(values[-1])) if len(values) else Smoother(weight)


def _grown(old: NDArray[Any], size: int) -> NDArray[Any]:
    new = np.zeros(size, dtype=old.dtype)
    new[: len(old)] = old
    return new
