"""The one thread that computes: it is not to be killed by a job, answers calls, and ends as it should."""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Generator
from concurrent.futures import CancelledError
from typing import Literal

import pytest

from core.training import compute as module
from core.training.compute import LONG_SLICE_S, SLICE_S, Compute, Job, Pieces
from tests.jobs import computing
from tests.polling import until
from tests.unit.training.work import Work, run_until


class Broken(Work):
    """Fails when it is advanced, and perhaps when it is told so."""

    def __init__(self, priority: Literal["interactive", "run"] = "run", *, twice: bool = False) -> None:
        super().__init__(priority=priority)
        self.twice = twice
        self.error: BaseException | None = None

    def advance(self, budget_s: float) -> None:
        raise ZeroDivisionError("broken")

    def failed(self, error: BaseException) -> None:
        self.error = error
        if self.twice:
            raise ValueError("and again")


@pytest.mark.parametrize("twice", [False, True])
@pytest.mark.parametrize("priority", ["run", "interactive"])
def test_an_exception_ends_its_own_job_only(priority: Literal["run", "interactive"], twice: bool):
    broken, other = Broken(priority, twice=twice), Work()
    run_until([broken, other], lambda: other.busy_s > 0.05)
    assert isinstance(broken.error, ZeroDivisionError)
    assert broken.done


def test_waiting_for_nothing_but_a_command_does_not_end_the_thread():
    """A lock cannot be waited for until infinity; the thread once died of it."""
    with computing() as compute:
        waiting = Work(num_slices=1)
        waiting.ready_at = math.inf
        compute.submit(waiting)
        assert compute.call(lambda: 7).result(100) == 7
        until(lambda: compute._wake._waiters, what="the thread going to sleep")  # type: ignore[attr-defined]
        assert compute.call(lambda: 8).result(100) == 8
        waiting.ready_at = 0.0
        compute.wake()
        until(lambda: waiting.done)


def test_nothing_ready_means_no_work():
    with computing() as compute:
        later = Work(num_slices=1)
        later.ready_at = time.monotonic() + 0.3
        compute.submit(later)
        used_s = time.thread_time()
        process_s = time.process_time()
        until(lambda: later.done)
        assert time.process_time() - process_s - (time.thread_time() - used_s) < 0.2


def test_a_call_returns_raises_and_can_be_cancelled():
    with computing() as compute:
        assert compute.call(threading.current_thread).result(100).name == "compute"
        with pytest.raises(ZeroDivisionError):
            compute.call(lambda: 1 / 0).result(100)
    compute = Compute()
    never = compute.call(lambda: 1)
    never.cancel()
    kept = compute.call(lambda: 2)
    compute.start()
    assert kept.result(100) == 2
    assert never.cancelled()
    compute.close()


def test_closing_ends_calls_that_nobody_will_make():
    compute = Compute()
    future = compute.call(lambda: 1)
    compute._closing = True
    compute.start()
    with pytest.raises(CancelledError):
        future.result(100)
    compute.close()


def test_closing_lets_every_job_keep_what_it_must():
    kept: list[Job] = []

    class Keeping(Work):
        def closing(self) -> None:
            kept.append(self)
            raise OSError("the disk is full")

    jobs = [Keeping(), Keeping(priority="interactive")]
    compute = Compute()
    for job in jobs:
        compute.submit(job)
    compute.start()
    until(lambda: all(job.busy_s for job in jobs))
    compute.close()
    assert kept == jobs
    with pytest.raises(RuntimeError):
        compute.submit(Work())


def test_the_queue_is_counted_by_owner():
    compute = Compute()
    for owner in ("a", "a", "b"):
        compute.submit(Work(owner))
    compute.submit(Work("a", priority="interactive"))
    assert (compute.queue_length(), compute.queue_length("a"), compute.queue_length("c")) == (3, 2, 0)
    compute.close()


def test_what_goes_on_has_a_place_and_is_not_paused():
    compute = Compute(lambda owner: 1)
    jobs = [Work(owner, num_slices=10**9) for owner in ("a", "a", "b", "c")]
    paused = jobs[2]
    paused.ready_at = math.inf
    for job in (*jobs, Work("c", priority="interactive")):
        compute.submit(job)
    assert compute.num_going() == 0
    compute.start()
    try:
        until(lambda: jobs[0].busy_s and jobs[3].busy_s)
        assert (compute.num_going(), compute.queue_length()) == (2, 3)
    finally:
        compute.close()


def test_the_place_in_the_queue_counts_what_has_not_begun():
    compute = Compute(lambda owner: 1)
    jobs = [Work(owner) for owner in ("a", "b", "a", "b", "b")]
    for job in jobs:
        compute.submit(job)
    jobs[0].is_active = jobs[1].is_active = True
    assert [compute.place_in_queue(owner) for owner in ("a", "b", "c")] == [1, 2, None]
    jobs[2].done = True
    assert [compute.place_in_queue(owner) for owner in ("a", "b")] == [None, 1]
    compute.close()


def test_a_slice_is_short():
    assert SLICE_S <= LONG_SLICE_S <= 0.05
    assert module.INTERACTIVE_SHARE == 0.3


def test_pieces_that_nobody_wants_any_more_end_at_the_next_one_and_are_closed():
    done: list[int] = []

    def counting() -> Generator[None, None, str]:
        try:
            for number in range(10):
                done.append(number)
                yield
        finally:
            done.append(-1)
        return "all"

    whole, broken_off = Pieces(counting()), Pieces(counting())
    whole.advance(60)
    assert (whole.done, whole.future.result(timeout=0)) == (True, "all")
    done.clear()
    broken_off.advance(0)
    broken_off.future.cancel()
    broken_off.advance(60)
    assert broken_off.done
    assert done == [0, -1]
    broken_off.failed(ZeroDivisionError())  # Too late to tell anybody.
    assert broken_off.future.cancelled()
