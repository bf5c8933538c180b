"""What is kept of the runs of this process while they go on, and for a while after that."""

from __future__ import annotations

import threading
from dataclasses import dataclass

from core.studies.snapshots import SnapshotWriter
from core.training.job import TrainingJob

MAX_ENDED = 64
"""Of so many runs it is kept how they ended here, for whoever still waits for one."""


@dataclass(frozen=True)
class Ended:
    """How a run ended here, without its weights."""

    over: threading.Event
    error: BaseException | None
    snapshots: SnapshotWriter


class AtWork:
    """The runs of this process, by their ids. May be asked from any thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._active: dict[str, tuple[TrainingJob, SnapshotWriter]] = {}
        self._ended: dict[str, Ended] = {}

    def __len__(self) -> int:
        """How many go on, wait or are paused."""
        return len(self._active)

    def begins(self, run: str, job: TrainingJob, snapshots: SnapshotWriter) -> None:
        """A run has its job."""
        with self._lock:
            self._active[run] = job, snapshots
            self._ended.pop(run, None)

    def ends(self, run: str, job: TrainingJob) -> None:
        """The job of a run is over."""
        with self._lock:
            active, snapshots = self._active.get(run, (None, None))
            if active is not job or snapshots is None:
                return
            del self._active[run]
            self._ended[run] = Ended(job.over, job.error, snapshots)
            while len(self._ended) > MAX_ENDED:
                self._ended.pop(next(iter(self._ended)))

    def forget(self, run: str) -> None:
        """Nobody can ask any more how a run has ended."""
        with self._lock:
            self._ended.pop(run, None)

    def job(self, run: str) -> TrainingJob | None:
        """The job of a run that is active."""
        with self._lock:
            return self._active.get(run, (None, None))[0]

    def jobs(self) -> dict[str, TrainingJob]:
        """The jobs of all that are active."""
        with self._lock:
            return {run: job for run, (job, _) in self._active.items()}

    def ended(self, run: str) -> Ended | None:
        """How a run has ended, where that is still known."""
        with self._lock:
            return self._ended.get(run)

    def wait(self, run: str, timeout_s: float | None) -> bool:
        """Wait until a run is over and its snapshots are written; whether it is known here. TimeoutError."""
        with self._lock:
            job, snapshots = self._active.get(run, (None, None))
            ended = self._ended.get(run)
        if job is not None:
            over = job.over
        elif ended is not None:
            over, snapshots = ended.over, ended.snapshots
        else:
            return False
        if not over.wait(timeout_s):
            raise TimeoutError(run)
        assert snapshots is not None
        snapshots.wait(timeout_s)
        return True
