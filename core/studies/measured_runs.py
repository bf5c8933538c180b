"""Measures something of stored runs, each once, in the compute thread: its progress is seen, and it can be given up."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Generator, Hashable
from concurrent.futures import Future
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar

from core.errors import CoreError
from core.experiment import Experiment
from core.pieces import saying
from core.store.folder import DataFolder
from core.store.records import RunRecord
from core.store.store import Store
from core.studies.blocks_shipped import at_its_end, device_of, experiment_of
from core.studies.replay import last_step, put_back
from core.text import Text
from core.training.compute import Compute, Pieces
from core.training.resident import ResidentData
from core.training.run import Run

T = TypeVar("T")

MOST_KEPT = 64
"""So many results are kept for whoever looks again."""


@dataclass(eq=False)
class Measuring(Generic[T]):
    """What is being measured: how far it is (0 to 1), and at the end the result or why there is none."""

    progress: float = 0.0
    result: T | None = None
    problem: Text | None = None
    job: Pieces | None = None
    is_cancelled: bool = False
    is_over: threading.Event = field(default_factory=threading.Event)

    def cancel(self) -> None:
        """Give it up; from any thread."""
        self.is_cancelled = True
        job, self.job = self.job, None  # It holds the run, which nobody needs any more.
        if job is not None:
            job.cancel()
        self.is_over.set()

    def take(self, result: Future[Any]) -> None:
        """How the work has ended."""
        self.job = None  # A failed one would hold the run by its traceback.
        if not result.cancelled():
            error = result.exception()
            if error is not None:
                self.fail(error)
                return
            self.result = result.result()
        self.is_over.set()

    def fail(self, error: BaseException) -> None:
        """There will be no result."""
        self.problem = (
            error.text
            if isinstance(error, CoreError)
            else Text("It could not be measured: {error}", error=f"{type(error).__name__}: {error}"[:300])
        )
        self.is_over.set()


Measure = Callable[[Run, Measuring[T]], Generator[None, None, T]]
"""Measures a run as it is and tells its progress; yields after every piece."""


def told_progress(work: Callable[[Run], Generator[float, None, T]]) -> Measure[T]:
    """Work on a run that yields its finished share, as a measurement."""

    def measure(run: Run, measuring: Measuring[T]) -> Generator[None, None, T]:
        pieces = work(run)
        while True:
            try:
                measuring.progress = next(pieces)
            except StopIteration as end:
                return end.value
            yield

    return measure


class _Work(Pieces):
    """Works on one measurement; one that trains takes its turns, and its owner's place, among the runs."""

    def __init__(
        self, pieces: Generator[None, None, Any], measuring: Measuring[Any], owner: str, *, trains: bool
    ) -> None:
        super().__init__(pieces, owner)
        self._measuring = measuring
        self.priority = "run" if trains else "interactive"

    @property
    def progress(self) -> float:
        return self._measuring.progress


class MeasuredRuns(Generic[T]):
    """The measurements of one kind in this process; any thread may ask. `train`: for each its run is trained anew."""

    def __init__(
        self,
        folder: DataFolder,
        store: Store,
        load: Callable[[Experiment, str | None], Future[ResidentData]],
        compute: Compute,
        *,
        train: bool = False,
    ) -> None:
        self._folder, self._store, self._load, self._compute = folder, store, load, compute
        self._train = train
        self._lock = threading.Lock()
        self._known: OrderedDict[tuple[Hashable, ...], Measuring[T]] = OrderedDict()

    def get(self, record: RunRecord | None, what: Hashable, measure: Measure[T], owner: str) -> Measuring[T]:
        """`measure` of a run (None: the shipped one), known by `what`; one given up is measured anew.

        It is asked for the run in its last state; where runs are trained anew, for that before the first update.
        """
        place = (*(() if record is None else (record.id, record.attempt, last_step(record))), what)
        with self._lock:
            known = self._known.get(place)
            if known is not None and not known.is_cancelled:
                return known
            measuring = self._known[place] = Measuring()
            while len(self._known) > MOST_KEPT:
                _, forgotten = self._known.popitem(last=False)
                forgotten.cancel()

        def loaded(data: Future[ResidentData]) -> None:
            if data.cancelled():
                measuring.cancel()
                return
            error = data.exception()
            if error is not None:
                measuring.fail(error)
                return
            pieces = self._pieces(record, data.result(), measure, measuring)
            job = _Work(pieces, measuring, owner, trains=self._train)
            job.future.add_done_callback(measuring.take)
            measuring.job = job
            # Who has given it up before there was a job has not reached it.
            if measuring.is_cancelled or not self._compute.offer(job):
                measuring.cancel()

        self._load(experiment_of(record), device_of(record)).add_done_callback(loaded)
        return measuring

    def _pieces(
        self,
        record: RunRecord | None,
        data: ResidentData,
        measure: Measure[T],
        measuring: Measuring[T],
    ) -> Generator[None, None, T]:
        """Go to where the run is measured, and measure it; yields after every piece."""
        if self._train:
            assert record is not None, "the shipped run is only known as it was at its end"
            run = put_back(self._store, self._folder, record, None)
        else:
            run = yield from saying(None, at_its_end(self._store, self._folder, record, data))
        return (yield from measure(run, measuring))
