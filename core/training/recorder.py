"""Recorder: one row of float64 per update in preallocated device memory, handed over in blocks."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch

from core.catalog.regularizers.terms import accumulation_dtype
from core.training.epochs import Epochs

BLOCK_ROWS = 64
"""Rows until a block is full: a divergence is seen after so many updates at the latest."""


HEAD = 4
"""Numbers in a row before the norms: the guard's mark, loss, penalty, whether a clipping acted."""


@dataclass(frozen=True)
class StepBlock:
    """Rows of consecutive updates: `steps` counts updates done (the first update's row has step 1)."""

    steps: np.ndarray
    columns: dict[str, np.ndarray]
    stamps: np.ndarray
    first_bad: int | None
    """The step of the first non-finite loss, penalty or gradient; no row follows it."""


class Recorder:
    """Collects the rows of a run whose weights are measured in pieces that belong to `layers` (a layer name for each).

    The step loop writes into `loss`, `penalty`, `clipped` (1 where a clipping acted) and `norms` (3, P), then calls
    `end_row`. `flush` turns the rows since the last flush into named series: norms and ratios as log10, −inf for
    exactly zero. `clips` says whether the run clips at all; `epochs` counts passes over the data. Both may change
    between blocks. `watched` is what must be finite, after the guard's mark.
    """

    def __init__(self, device: torch.device | str, layers: Sequence[str], *, steps_per_epoch: int, clips: bool) -> None:
        self._num_pieces = count = len(layers)
        self._use(torch.zeros(HEAD + 3 * count, dtype=accumulation_dtype(device), device=device))
        self._keep_in(self.row.new_zeros(BLOCK_ROWS, self.row.shape[0]))
        self._lrs: list[float] = []
        self._stamps: list[float] = []
        self._times: list[float] = []
        self.epochs = Epochs(steps_per_epoch)
        self._step = 0
        self.clips = clips
        self.layers = tuple(dict.fromkeys(layers))
        places = np.array([self.layers.index(layer) for layer in layers])
        self._by_layer = np.argsort(places, kind="stable")
        self._first_of_layer = np.searchsorted(places[self._by_layer], np.arange(len(self.layers)))

    def _use(self, row: torch.Tensor) -> None:
        self.row = row
        _, self.loss, self.penalty, self.clipped = row[:HEAD].unbind(0)
        self.norms = row[HEAD:].view(3, self._num_pieces)
        self.watched = row[: HEAD + self._num_pieces]
        self.gradient_squares = self.norms[0]

    def _keep_in(self, block: torch.Tensor) -> None:
        self._block, self._rows = block, list(block.unbind(0))

    def write_into(self, row: torch.Tensor, block: torch.Tensor) -> None:
        """From now on the loop writes into `row`, and `block` keeps the rows; both get what is in the present ones."""
        row.copy_(self.row)
        block.copy_(self._block)
        self._use(row)
        self._keep_in(block)

    @property
    def num_rows(self) -> int:
        """Rows not yet flushed."""
        return len(self._lrs)

    @property
    def is_full(self) -> bool:
        """Whether `flush` must be called before the next update."""
        return len(self._lrs) == BLOCK_ROWS

    def end_row(self, lr: float, stamp: float) -> None:
        """The update is done: keep the row. `stamp` is the wall-clock time in seconds."""
        self.next_row.copy_(self.row)
        self.count_row(lr, stamp)

    @property
    def next_row(self) -> torch.Tensor:
        """Where the row of the present update is to be kept."""
        return self._rows[len(self._lrs)]

    def count_row(self, lr: float, stamp: float) -> None:
        """The row is kept."""
        self._lrs.append(lr)
        self._stamps.append(stamp)

    def note_time(self, train_s: float) -> None:
        """The time spent in updates up to the row just ended, in seconds."""
        self._times.append(train_s)

    def start_at(self, step: int) -> None:
        """Forget unflushed rows; the next row belongs to update `step` + 1."""
        self._lrs.clear()
        self._stamps.clear()
        self._times.clear()
        self._step = step

    def flush(self) -> StepBlock | None:
        """The rows since the last flush as series, or None when there are none."""
        count = len(self._lrs)
        if not count:
            return None
        rows = self._block[:count].cpu().numpy().astype(np.float64)
        host = np.array([self._lrs, self._times, self._stamps])
        steps = np.arange(self._step + 1, self._step + count + 1)
        bad_rows = np.flatnonzero(~np.isfinite(rows[:, : self.watched.shape[0]]).all(axis=1))
        first_bad = None
        if bad_rows.size:
            end = int(bad_rows[0]) + 1
            rows, host, steps = rows[:end], host[:, :end], steps[:end]
            first_bad = int(steps[-1])
        self.start_at(int(steps[-1]))
        lrs, times, stamps = host
        columns = {"epoch": self.epochs.of(steps), "train_s": times, **self._series(rows, lrs)}
        return StepBlock(steps, columns, stamps, first_bad)

    def _series(self, rows: np.ndarray, lrs: np.ndarray) -> dict[str, np.ndarray]:
        squares = rows[:, HEAD:].reshape(len(rows), 3, -1)[:, :, self._by_layer]
        # Summed per layer; a non-finite piece makes its own layer non-finite and no other.
        gradient, weight, update = np.add.reduceat(squares, self._first_of_layer, axis=2).transpose(1, 2, 0)
        with np.errstate(all="ignore"):
            total = 0.5 * np.log10(gradient.sum(axis=0))
            weights = np.log10(weight)
            # No update of no weight is no update, not 0/0.
            ratios = np.where(update == 0, -np.inf, 0.5 * (np.log10(update) - weights))
            norms = {"gradient_norm": 0.5 * np.log10(gradient), "weight_norm": 0.5 * weights, "update_ratio": ratios}
        _, loss, penalty, clipped = rows[:, :HEAD].T
        columns = {"batch/loss": loss, "batch/penalty": penalty, "lr": lrs, "gradient_norm/total": total}
        for place, layer in enumerate(self.layers):
            columns |= {f"{name}/{layer}": values[place] for name, values in norms.items()}
        if self.clips:
            columns["clipped"] = clipped
        return columns
