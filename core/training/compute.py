"""Compute: the one background thread that computes, and the jobs it advances.

A job works in slices and is asked for the next one when its turn comes. Interactive jobs go first, with at most 30 %
of the time while runs are ready to go on; owners take turns, and so do the runs of one owner. Only so many runs are
active at once; the next one from the queue is that of the owner with the fewest active ones, and an owner without any
waits for nobody. An owner may be given fewer places than there are.
"""

from __future__ import annotations

import logging
import math
import threading
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Generator
from concurrent.futures import Future
from typing import Any, Literal, TypeVar

from core.training.allocator import keep_freed_memory
from core.training.io_pool import IoPool
from core.training.turns import Turns

logger = logging.getLogger(__name__)

SLICE_S, LONG_SLICE_S = 0.02, 0.04
"""Time a job gets before the next one has its turn; a run gets the longer one where more than `MANY` jobs wait for one,
since every turn has a price: its rows are handed over, stored and sent."""
MANY = 8
INTERACTIVE_SHARE = 0.3
MAX_ACTIVE_RUNS = 8
"""So many runs go on at once (paused ones do not count) …"""
MAX_ACTIVE_OWNERS = 32
"""… and more only while each is the first of its owner, up to this many."""

T = TypeVar("T")


class Job:
    """Something to compute. A subclass implements `advance`; the compute thread alone calls it.

    `ready_at` is when it wants its next turn (`time.monotonic()` seconds; infinite: when it is told to go on); `done`
    ends it. An exception in `advance` ends this job, by `failed`, and no other.
    """

    owner = "local"
    priority: Literal["interactive", "run"] = "interactive"
    is_here = True
    """What it works on lies in this process; of a run that trains elsewhere no weights do."""
    is_shared = False
    """Several processes do the updates of its run together, and are told nothing but the learning rate."""

    def __init__(self, owner: str = "local") -> None:
        self.owner = owner
        self.ready_at = 0.0
        self.done = False
        self.is_active = False
        self.has_begun = True
        """It does not wait for its data any more; a subclass that does says so."""
        self.is_asked = False
        """Somebody waits for its answer to a command: it is advanced at once, with a budget of 0."""
        self.is_cancelled = False
        """It wants to end, and waits for no place in the queue to do so."""

    @property
    def progress(self) -> float:
        """Finished share, 0 to 1."""
        return 1.0 if self.done else 0.0

    def advance(self, budget_s: float) -> None:
        """Work for about `budget_s` seconds; with 0 only take what has been asked for."""
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
        if self.future.set_running_or_notify_cancel():
            self.future.set_result(self._function())

    def cancel(self) -> None:
        super().cancel()
        self.future.cancel()

    def failed(self, error: BaseException) -> None:
        self.future.set_exception(error)

    def closing(self) -> None:
        self.future.cancel()


class Pieces(Job):
    """A generator worked off piece by piece in the compute thread; what it returns is a future."""

    def __init__(self, pieces: Generator[None, None, Any], owner: str = "local") -> None:
        super().__init__(owner)
        self.future: Future[Any] = Future()
        self._pieces = pieces

    def advance(self, budget_s: float) -> None:
        end = time.monotonic() + budget_s
        try:
            while not self.future.cancelled():
                next(self._pieces)
                if time.monotonic() >= end:
                    return
        except StopIteration as over:
            self.done = True
            if self.future.set_running_or_notify_cancel():
                self.future.set_result(over.value)
        else:
            self.done = True
            self._pieces.close()

    def cancel(self) -> None:
        super().cancel()
        self.future.cancel()

    def failed(self, error: BaseException) -> None:
        if self.future.set_running_or_notify_cancel():
            self.future.set_exception(error)

    def closing(self) -> None:
        self.future.cancel()


class Compute:
    """Owns the compute thread and the pool for work that does not compute (download, decode).

    `places` says how many runs of an owner go on at the same time.
    """

    def __init__(self, places: Callable[[str], float] = lambda owner: math.inf) -> None:
        self._places = places
        self._jobs: list[Job] = []
        self._wake = threading.Condition()
        self._closing = False
        self._interactive_s = 0.0
        self._owners: Turns[str] = Turns()
        self._turns: defaultdict[tuple[str, str], Turns[Job]] = defaultdict(Turns)
        self._thread = threading.Thread(target=self._work, name="compute", daemon=True)
        self.io = IoPool(4, "io")

    def start(self) -> None:
        """Start the thread."""
        keep_freed_memory()
        self._thread.start()

    def submit(self, job: Job) -> Job:
        """Queue a job; from any thread. RuntimeError when the thread is closing."""
        if not self.offer(job):
            raise RuntimeError("the compute thread is closing")
        return job

    def offer(self, job: Job) -> bool:
        """Queue a job unless the thread is closing; whether it was queued."""
        with self._wake:
            if not self._closing:
                self._jobs.append(job)
                self._wake.notify()
            return not self._closing

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
        """Runs that compute or want to, of one owner or of everybody; a paused one takes no time from others."""
        with self._wake:
            return sum(
                job.priority == "run" and job.ready_at < math.inf and (owner is None or job.owner == owner)
                for job in self._jobs
            )

    def unfinished(self, owner: str) -> list[Job]:
        """The runs of an owner that are not over: waiting, going on or paused."""
        with self._wake:
            return [job for job in self._jobs if job.priority == "run" and job.owner == owner and not job.done]

    def going(self, owner: str) -> list[Job]:
        """The runs of an owner that have a place and are not paused."""
        return [job for job in self.unfinished(owner) if _goes(job)]

    def num_going(self) -> int:
        """How many runs have a place and are not paused."""
        with self._wake:
            return sum(job.priority == "run" and _goes(job) for job in self._jobs)

    def place_in_queue(self, owner: str) -> int | None:
        """At which place, from 1, an owner's first run waits among those that have not begun; None where none does."""
        with self._wake:
            waiting = [job.owner for job in self._jobs if job.priority == "run" and not (job.is_active or job.done)]
        return waiting.index(owner) + 1 if owner in waiting else None

    def close(self, timeout_s: float = 12.0) -> None:
        """End: every job keeps what it must (snapshots), then the threads stop."""
        with self._wake:
            self._closing = True
            self._wake.notify()
        if self._thread.is_alive():
            self._thread.join(timeout_s)
        self.io.close()

    # -- the thread ----------------------------------------------------------------------------------------------

    def _work(self) -> None:
        while self._take_turn():
            pass
        for job in self._jobs:
            try:
                job.closing()
            except Exception as error:
                logger.exception("a job could not keep its state")
                self._end(job, error)

    def _take_turn(self) -> bool:
        """Advance the job whose turn it is, or wait until there may be one; False when the thread is to end."""
        with self._wake:
            self._forget_done()
            if self._closing:
                return False
            self._activate()
            now = time.monotonic()
            ready = [job for job in self._jobs if _takes_part(job) and job.ready_at <= now]
            if not ready:
                self._wake.wait(self._idle_s(now))
                return True
            asked = [job for job in ready if job.is_asked]
            job, is_contested = (asked[0], False) if asked else self._next(ready)
            slice_s = LONG_SLICE_S if job.priority == "run" and len(ready) > MANY else SLICE_S
        start = time.monotonic()
        self._advance(job, 0.0 if asked else slice_s)
        self._charge(job, time.monotonic() - start, is_contested)
        return True

    def _advance(self, job: Job, budget_s: float) -> None:
        try:
            job.advance(budget_s)
        except Exception as error:
            self._end(job, error)

    @staticmethod
    def _end(job: Job, error: Exception) -> None:
        job.done = True
        try:
            job.failed(error)
        except Exception:
            # Nothing that goes wrong with one job may end the thread that serves them all.
            logger.exception("a job failed, and so did saying so")

    def _charge(self, job: Job, used_s: float, is_contested: bool) -> None:
        self._turns[_queue(job)].charge(job, used_s)
        if job.priority == "run":
            self._owners.charge(job.owner, used_s)
            # What was not used is not saved up: the share is one of the recent past.
            share_s = used_s * INTERACTIVE_SHARE / (1 - INTERACTIVE_SHARE)
            self._interactive_s = max(0.0, self._interactive_s - share_s)
        elif is_contested:
            self._interactive_s += used_s

    def _forget_done(self) -> None:
        if any(job.done for job in self._jobs):
            self._jobs = [job for job in self._jobs if not job.done]
            self._owners.forget({job.owner for job in self._jobs})
            self._turns = defaultdict(Turns, {key: self._turns[key] for key in {_queue(job) for job in self._jobs}})
            for turns in self._turns.values():
                turns.forget(set(self._jobs))

    def _activate(self) -> None:
        runs = [job for job in self._jobs if job.priority == "run"]
        active = [job for job in runs if job.is_active]
        num_of = Counter(job.owner for job in active)
        # A paused run keeps its place, and keeps nobody else from one.
        num_going = sum(job.ready_at < math.inf for job in active)
        going = Counter(job.owner for job in active if _goes(job))
        waiting = [job for job in runs if not job.is_active]
        while waiting := [job for job in waiting if going[job.owner] < self._places(job.owner)]:
            chosen = min(waiting, key=lambda job: num_of[job.owner])
            if num_going >= (MAX_ACTIVE_OWNERS if num_of[chosen.owner] == 0 else MAX_ACTIVE_RUNS):
                return
            chosen.is_active = True
            waiting.remove(chosen)
            num_of[chosen.owner] += 1
            going[chosen.owner] += _goes(chosen)
            num_going += chosen.ready_at < math.inf

    def _next(self, ready: list[Job]) -> tuple[Job, bool]:
        """The job whose turn it is, and whether an interactive one takes time from runs."""
        runs = [job for job in ready if job.priority == "run"]
        interactive = [job for job in ready if job.priority == "interactive"]
        if interactive and (not runs or self._interactive_s <= SLICE_S):
            return self._turns[_queue(interactive[0])].next(interactive), bool(runs)
        owner = self._owners.next(list(dict.fromkeys(job.owner for job in runs)))
        mine = [job for job in runs if job.owner == owner]
        return self._turns[_queue(mine[0])].next(mine), False

    def _idle_s(self, now: float) -> float | None:
        """How long to wait when nothing is ready; None: until something is submitted or woken."""
        next_at = min((job.ready_at for job in self._jobs if _takes_part(job)), default=math.inf)
        return None if math.isinf(next_at) else max(0.0, next_at - now)


def _queue(job: Job) -> tuple[str, str]:
    """Among whom a job takes turns: the runs of its owner, or everything interactive."""
    return (job.priority, job.owner if job.priority == "run" else "")


def _goes(job: Job) -> bool:
    """Whether a job goes on, or will by itself: it is not paused."""
    return job.is_active and (job.ready_at < math.inf or not job.has_begun)


def _takes_part(job: Job) -> bool:
    return job.priority == "interactive" or job.is_active or job.is_cancelled
