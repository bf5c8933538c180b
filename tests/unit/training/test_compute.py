"""The one thread that computes: fair to owners, quick for what a person waits for, and not to be killed by a job."""

from __future__ import annotations

import itertools
import math
import threading
import time
from collections.abc import Callable, Generator, Sequence
from concurrent.futures import CancelledError
from typing import Any, Literal

import pytest

from core.training import compute as module
from core.training.compute import LONG_SLICE_S, MANY, MAX_ACTIVE_RUNS, SLICE_S, Compute, Job, Pieces
from tests.jobs import computing
from tests.polling import until


class Work(Job):
    """A job of so many slices, each of about the given length."""

    def __init__(
        self,
        owner: str = "local",
        *,
        priority: Literal["interactive", "run"] = "run",
        num_slices: int = 10**9,
        slice_s: float = 0.002,
        log: list[Work] | None = None,
    ) -> None:
        super().__init__(owner)
        self.priority = priority
        self.left, self.slice_s = num_slices, slice_s
        self.log: list[Work] = [] if log is None else log
        self.busy_s = 0.0

    def advance(self, budget_s: float) -> None:
        start = time.monotonic()
        self.log.append(self)
        while time.monotonic() < start + self.slice_s:
            pass
        self.busy_s += time.monotonic() - start
        self.left -= 1
        self.done = self.left <= 0


class Clock:
    """Time that passes in slices alone: what a turn takes then depends on no other process."""

    def __init__(self) -> None:
        self.now_s = 0.0

    def monotonic(self) -> float:
        return self.now_s


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr(module, "time", clock)
    return clock


class Timed(Work):
    """Takes time of a clock, not of the machine."""

    def __init__(self, clock: Clock, owner: str = "local", **options: Any) -> None:
        super().__init__(owner, **options)
        self.clock = clock

    def advance(self, budget_s: float) -> None:
        self.log.append(self)
        self.clock.now_s += self.slice_s


def from_first_turn(log: list[Work], job: Work) -> list[Work]:
    """The hundred turns from the first one of `job`, of a log to which a thread still adds."""
    until(lambda: job in log and len(log) >= log.index(job) + 100)
    return log[log.index(job) :][:100]


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


def run_until(
    jobs: Sequence[Job], condition: Callable[[], bool], places: Callable[[str], float] = lambda owner: math.inf
) -> None:
    """Let a compute thread work on jobs that were all there before it began."""
    compute = Compute(places)
    for job in jobs:
        compute.submit(job)
    compute.start()
    try:
        until(condition)
    finally:
        compute.close()


def test_interactive_jobs_have_at_most_thirty_percent_while_runs_go_on():
    run, other = Work(), Work("b")
    pictures = [Work(priority="interactive", slice_s=0.01), Work(priority="interactive", slice_s=0.03)]
    run_until([run, other, *pictures], lambda: run.busy_s + other.busy_s > 1.0)
    interactive_s = sum(job.busy_s for job in pictures)
    assert 0.2 < interactive_s / (interactive_s + run.busy_s + other.busy_s) < 0.35


def test_an_interactive_job_goes_first():
    order: list[Work] = []
    runs = [Work(log=order) for _ in range(4)]
    picture = Work(priority="interactive", num_slices=1, log=order)
    run_until([*runs, picture], lambda: len(order) > 10)
    assert order[0] is picture


def test_what_interactive_jobs_used_while_nothing_else_was_ready_is_not_held_against_them(clock: Clock):
    """A run at a slow pace is ready now and then; pictures beside it must not wait for it afterwards."""
    log: list[Work] = []
    idle, picture = Timed(clock, log=log), Timed(clock, priority="interactive", log=log)
    idle.ready_at = math.inf
    with computing() as compute:
        compute.submit(idle)
        compute.submit(picture)
        until(lambda: len(log) > 1000)
        idle.ready_at = 0.0
        assert 20 < from_first_turn(log, idle).count(picture) < 40


def test_everyones_first_run_starts_before_anyones_third():
    order: list[Work] = []
    many = [Work("many", num_slices=3, log=order) for _ in range(50)]
    singles = [Work(f"single {number}", num_slices=3, log=order) for number in range(10)]
    run_until([*many, *singles], lambda: all(job.done for job in (*many, *singles)))
    third = order.index(many[2])
    assert all(order.index(single) < third for single in singles)


def test_an_owner_with_one_place_has_one_run_at_a_time_and_everyones_first_starts_at_once():
    order: list[Work] = []
    one = [Work("one", num_slices=3, log=order) for _ in range(4)]
    others = [Work(f"other {number}", num_slices=9, log=order) for number in range(29)]
    run_until([*one, *others], lambda: all(job.done for job in (*one, *others)), lambda owner: 1)
    for job, following in itertools.pairwise(one):
        assert order.index(following) > max(place for place, done in enumerate(order) if done is job)
    # Thirty places are there, so nobody's first run waits for the end of anybody's.
    assert max(order.index(other) for other in others) < order.index(one[1])


def test_a_paused_run_keeps_no_other_one_of_its_owner_from_the_place():
    paused, other = Work("one", num_slices=10**9), Work("one", num_slices=3)
    compute = Compute(lambda owner: 1)
    compute.submit(paused)
    compute.submit(other)
    compute.start()
    try:
        until(lambda: paused.busy_s > 0)
        assert (compute.going("one"), compute.unfinished("one")) == ([paused], [paused, other])
        paused.ready_at = math.inf
        compute.wake()
        until(lambda: other.done)
    finally:
        compute.close()


def test_who_comes_late_starts_before_those_who_have_many_get_another():
    order: list[Work] = []
    many = [Work("many", num_slices=30, log=order) for _ in range(50)]
    late = [Work(f"late {number}", num_slices=3, log=order) for number in range(10)]
    with computing() as compute:
        for job in many:
            compute.submit(job)
        until(lambda: len(order) > 20)
        for job in late:
            compute.submit(job)
        until(lambda: all(job.done for job in late))
    assert len({id(job) for job in order if job.owner == "many"}) <= MAX_ACTIVE_RUNS + 2


def test_owners_are_served_alike_however_many_runs_they_have():
    one, many = Work("one"), [Work("many") for _ in range(6)]
    run_until([*many, one], lambda: one.busy_s > 0.25)
    assert 0.6 < sum(job.busy_s for job in many) / one.busy_s < 1.5


def test_a_newcomer_does_not_stop_the_others(clock: Clock):
    log: list[Work] = []
    old, new = [Timed(clock, "a", log=log) for _ in range(4)], Timed(clock, "b", log=log)
    with computing() as compute:
        for job in old:
            compute.submit(job)
        until(lambda: len(log) > 1000)
        compute.submit(new)
        assert 45 < from_first_turn(log, new).count(new) < 55


def test_a_run_that_goes_on_after_a_pause_does_not_stop_the_others(clock: Clock):
    log: list[Work] = []
    one, two = Timed(clock, log=log), Timed(clock, log=log)
    two.ready_at = math.inf
    with computing() as compute:
        compute.submit(one)
        compute.submit(two)
        until(lambda: len(log) > 1000)
        two.ready_at = 0.0
        assert 45 < from_first_turn(log, two).count(two) < 55


def test_a_job_that_is_asked_goes_first_and_only_answers():
    budgets: list[float] = []
    order: list[Work] = []
    places: list[int] = []

    class Asked(Work):
        def advance(self, budget_s: float) -> None:
            budgets.append(budget_s)
            places.append(len(order))
            self.is_asked = False

    others = [Work(slice_s=0.01, log=order) for _ in range(6)]
    turns_of_others: list[int] = []
    with computing() as compute:
        for job in others:
            compute.submit(job)
        job = Asked()
        compute.submit(job)
        until(lambda: budgets)
        for _ in range(10):
            before, count = len(order), len(places)
            job.is_asked = True
            until(lambda count=count: len(places) > count)
            turns_of_others.append(places[count] - before)
    # Whose thread the system lets wait asks late: that says nothing of the turns.
    assert sorted(turns_of_others)[5] <= 2
    assert set(budgets) == {0.0, SLICE_S}


@pytest.mark.parametrize(("num_owners", "slice_s"), [(MANY, SLICE_S), (MANY + 2, LONG_SLICE_S)])
def test_where_many_take_turns_each_turn_is_longer(num_owners: int, slice_s: float):
    budgets: dict[str, float] = {}

    class Noting(Work):
        def advance(self, budget_s: float) -> None:
            super().advance(budget_s)
            budgets[self.owner] = budget_s

    jobs = [Noting(str(number)) for number in range(num_owners)]
    run_until(jobs, lambda: len(budgets) == num_owners and set(budgets.values()) == {slice_s})


def test_only_so_many_runs_of_one_owner_are_active():
    jobs = [Work() for _ in range(20)]
    run_until(jobs, lambda: all(job.busy_s for job in jobs[:MAX_ACTIVE_RUNS]))
    assert sum(job.is_active for job in jobs) == MAX_ACTIVE_RUNS


def test_paused_runs_keep_nobody_from_starting():
    paused = [Work() for _ in range(MAX_ACTIVE_RUNS)]
    last = Work()
    for job in paused:
        job.ready_at = math.inf
    run_until([*paused, last], lambda: last.busy_s > 0)


def test_a_cancelled_job_waits_for_no_place():
    jobs = [Work(num_slices=10**9) for _ in range(MAX_ACTIVE_RUNS)]
    queued = Work(num_slices=1)
    queued.is_cancelled = True
    run_until([*jobs, queued], lambda: queued.done)
    assert not queued.is_active


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
