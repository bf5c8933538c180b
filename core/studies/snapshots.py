"""Snapshots of one run, written in the background in the order in which they were taken."""

from __future__ import annotations

import logging
import threading
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

from torch import Tensor

from core.errors import CoreError
from core.store.records import SnapshotEntry
from core.store.store import Store
from core.text import Text
from core.training.checkpoint import BUDGET_BYTES, Surplus, remove, stored_sizes, surplus, write_snapshot

logger = logging.getLogger(__name__)

UNASKED = frozenset({"start", "power", "epoch", "end"})
"""Snapshots that nobody has asked for: their place in the index may wait for the next rows, or for who waits for it."""


class SnapshotWriter:
    """Copies states at once and writes them in a pool of one thread.

    A snapshot counts only when it stands in the store's index, which takes it after all rows queued before: so whoever
    resumes from it finds everything up to it, whenever the process was killed.
    """

    def __init__(self, store: Store, run: str, attempt: int, pool: ThreadPoolExecutor) -> None:
        self._store, self._run, self._attempt, self._pool = store, run, attempt, pool
        self._folder = store.folder.snapshots(run)
        self._lock = threading.Lock()
        self._pending: list[Future[None]] = []
        self._is_behind = False
        """Whether the index may lack the last one."""
        self._sizes: dict[int, int] | None = None
        """The bytes of the files by step, once one was written: while the run goes on nobody else changes any."""
        self.trouble: CoreError | None = None
        """Why the last snapshot could not be written."""
        self.note: Text | None = None
        """What the budget in bytes has cost."""

    @property
    def is_busy(self) -> bool:
        """Whether a snapshot is still being written."""
        with self._lock:
            self._pending = [future for future in self._pending if not future.done()]
            return bool(self._pending)

    def begin(self, attempt: int) -> None:
        """Another attempt goes on with the files as they are now."""
        self._attempt, self._sizes = attempt, None

    def save(self, step: int, kind: str, tensors: dict[str, Tensor], position: dict[str, Any]) -> None:
        """Take the state now, write it soon."""
        copies = {name: tensor.detach().to("cpu", copy=True) for name, tensor in tensors.items()}
        with self._lock:
            self._pending.append(self._pool.submit(self._write, step, kind, copies, position))

    def wait(self, timeout_s: float | None = None) -> None:
        """Until everything taken so far is written and stands in the index."""
        with self._lock:
            pending = list(self._pending)
        for future in pending:
            future.result(timeout_s)
        if self._is_behind:
            self._is_behind = not self._store.flush()

    def _write(self, step: int, kind: str, tensors: dict[str, Tensor], position: dict[str, Any]) -> None:
        try:
            sizes = stored_sizes(self._folder) if self._sizes is None else self._sizes
            if step in sizes:
                # Between the exchange of the file and that of its hash in the index it would pass for damaged.
                self._store.forget_snapshots(self._run, [step])
            file = write_snapshot(self._folder, step, tensors, position, run=self._run)
            entry = SnapshotEntry(step, file.path.name, file.sha256, file.num_bytes, kind, self._attempt)
            best = position["best"]["step"] if position["best"] else None
            self._sizes = sizes = {**sizes, step: file.num_bytes}
            gone = surplus(sizes, best=best, budget_bytes=BUDGET_BYTES)
            later = kind in UNASKED and not gone.steps
            self._is_behind = later
            if self._store.record_snapshot(self._run, entry, gone.steps, later=later):
                # What the index names is there at any moment: files go after their entries, else with the next ones.
                remove(self._folder, gone.steps)
                self._sizes = {kept: size for kept, size in sizes.items() if kept not in gone.steps}
            self._say(gone)
            self.trouble = None
        except CoreError as error:
            # Training goes on; the earlier snapshots are whole, and the page says why this one is missing.
            self.trouble = error
            logger.warning("%s", error)
        except Exception:
            # Nobody reads this future while the run goes on.
            logger.exception("the snapshot of update %s of run %s could not be written", step, self._run)
            raise

    def _say(self, gone: Surplus) -> None:
        """Note that snapshots had to go for the budget, or that those which never go exceed it."""
        budget = BUDGET_BYTES / 1e6
        if gone.over_budget_bytes:
            note = Text(
                "The snapshots that are always kept take more room than the {budget:.0f} MB meant for a run.",
                budget=budget,
            )
        elif gone.for_budget:
            note = Text(
                "Snapshots from the middle of the run were removed to stay within {budget:.0f} MB: going back to an "
                "update there takes longer.",
                budget=budget,
            )
        else:
            return
        if note != self.note:
            self.note = note
            self._store.add_note(self._run, note)
