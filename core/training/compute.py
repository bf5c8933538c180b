"""Compute: the one background thread that computes, and the jobs it advances.

A job works in slices and is asked for the next one when its turn comes. Interactive jobs go first, with at most 30 %
of the time while runs are active; runs of different owners take turns; only so many runs are active at once, and the
next one from the queue is that of the owner with the fewest active ones.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any, Literal, TypeVar

logger = logging.getLogger(__name__)

SLICE_S = 0.02
"""Time a job gets before the next one has its turn."""
INTERACTIVE_SHARE = 0.3
MAX_ACTIVE_RUNS = 8

T = TypeVar("T")


class Job:
    """Something to compute. A subclass implements `advance`; the compute thread alone calls it.

    `ready_at` is when it wants its next turn (`time.monotonic()` seconds); `done` ends it. An exception in `advance`
    ends this job, by `failed`, and no other.
    """

    owner = "local"
    priority: Literal["interactive", "run"] = "interactive"

    def __init__(self, owner: str = "local") -> None:
        self.owner = owner
        self.ready_at = 0.0
        self.done = False
        self.used_s = 0.0
        self.is_active = False

    @property
    def progress(self) -> float:
        """Finished share, 0 to 1."""
        return 1.0 if self.done else 0.0

    def advance(self, budget_s: float) -> None:
        """Work for about `budget_s` seconds."""
        raise NotImplementedError

    def cancel(self) -> None:
        """End as soon as possible; called from any thread."""
        self.done = True

    def failed(self, error: BaseException) -> None:
        """`advance` raised `error`; the job is over."""
        logger.error("a job failed", exc_info=error)

    def closing(self) -> None:
        """The compute thread ends: keep what must be kept."""


class Call(Job):
    """A function to be called once in the compute thread; its result is a future."""

    def __init__(self, function: Callable[[], Any], owner: str = "local") -> None:
        super().__init__(owner)
        self.future: Future[Any] = Future()
        self._function = function

    def advance(self, budget_s: float) -> None:
        self.done = True
        self.future.set_result(self._function())

    def cancel(self) -> None:
        super().cancel()
        self.future.cancel()

    def failed(self, error: BaseException) -> None:
        self.future.set_exception(error)


class Compute:
    """Owns the compute thread and the pool for work that does not compute (download, decode, export)."""

    def __init__(self) -> None:
        self._jobs: list[Job] = []
        self._wake = threading.Condition()
        self._closing = False
        self._interactive_s = 0.0
        self._run_s = 0.0
        self._thread = threading.Thread(target=self._work, name="compute", daemon=True)
        self.io = ThreadPoolExecutor(max_workers=4, thread_name_prefix="io")

    def start(self) -> None:
        """Start the thread."""
        self._thread.start()

    def submit(self, job: Job) -> Job:
        """Queue a job; from any thread."""
        with self._wake:
            if self._closing:
                raise RuntimeError("the compute thread is closing")
            self._jobs.append(job)
            self._wake.notify()
        return job

    def call(self, function: Callable[[], T], owner: str = "local") -> Future[T]:
        """Call a function in the compute thread."""
        job = Call(function, owner)
        self.submit(job)
        return job.future

    def wake(self) -> None:
        """Look at the jobs again: one of them has become ready earlier than it said."""
        with self._wake:
            self._wake.notify()

    def queue_length(self, owner: str | None = None) -> int:
        """Runs not over yet, of one owner or of everybody."""
        with self._wake:
            return sum(job.priority == "run" and (owner is None or job.owner == owner) for job in self._jobs)

    def close(self, timeout_s: float = 12.0) -> None:
        """End: every job keeps what it must (snapshots), then the threads stop."""
        with self._wake:
            self._closing = True
            self._wake.notify()
        if self._thread.is_alive():
            self._thread.join(timeout_s)
        self.io.shutdown(wait=True, cancel_futures=True)

    # -- the thread ----------------------------------------------------------------------------------------------

    def _work(self) -> None:
        while True:
            with self._wake:
                self._jobs = [job for job in self._jobs if not job.done]
                if self._closing:
                    break
                self._activate()
                job, wait_s = self._next(time.monotonic())
                if job is None:
                    self._wake.wait(wait_s)
                    continue
            self._advance(job)
        for job in self._jobs:
            try:
                job.closing()
            except Exception as error:
                logger.exception("a job could not keep its state")
                job.failed(error)

    def _advance(self, job: Job) -> None:
        start = time.monotonic()
        try:
            job.advance(SLICE_S)
        except Exception as error:
            job.done = True
            job.failed(error)
        used = time.monotonic() - start
        job.used_s += used
        if job.priority == "interactive":
            self._interactive_s += used
        else:
            self._run_s += used
            # What was not used is not saved up: the share is one of the recent past.
            self._interactive_s = max(0.0, self._interactive_s - used * INTERACTIVE_SHARE / (1 - INTERACTIVE_SHARE))

    def _activate(self) -> None:
        runs = [job for job in self._jobs if job.priority == "run"]
        active = [job for job in runs if job.is_active]
        waiting = [job for job in runs if not job.is_active]
        while waiting and len(active) < MAX_ACTIVE_RUNS:
            count = {job.owner: sum(other.owner == job.owner for other in active) for job in waiting}
            chosen = min(waiting, key=lambda job: count[job.owner])
            # A newcomer starts level with the least served one, so it cannot claim all the time it has not used.
            chosen.used_s = min((job.used_s for job in active), default=0.0)
            chosen.is_active = True
            waiting.remove(chosen)
            active.append(chosen)

    def _next(self, now: float) -> tuple[Job | None, float | None]:
        """The job whose turn it is, or how long to wait (None: until something is submitted)."""
        active = [job for job in self._jobs if job.priority == "interactive" or job.is_active]
        ready = [job for job in active if job.ready_at <= now]
        runs = [job for job in ready if job.priority == "run"]
        interactive = [job for job in ready if job.priority == "interactive"]
        if interactive and (not runs or self._interactive_s <= SLICE_S):
            return min(interactive, key=lambda job: job.used_s), None
        if runs:
            served = {owner: sum(job.used_s for job in runs if job.owner == owner) for owner in {job.owner for job in runs}}
            owner = min(served, key=lambda name: served[name])
            return min((job for job in runs if job.owner == owner), key=lambda job: job.used_s), None
        if not active:
            return None, None
        return None, max(0.0, min(job.ready_at for job in active) - now)
