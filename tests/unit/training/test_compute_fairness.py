"""Whose turn it is on the one thread that computes: fair to owners, and quick for what a person waits for."""

from __future__ import annotations

import itertools
import math

import pytest

from core.training.compute import LONG_SLICE_S, MANY, MAX_ACTIVE_RUNS, SLICE_S, Compute
from tests.jobs import computing
from tests.polling import until
from tests.unit.training.work import Clock, Timed, Work, clock, from_first_turn, run_until

__all__ = ["clock"]


def test_interactive_jobs_have_at_most_thirty_percent_while_runs_go_on(clock: Clock):
    log: list[Work] = []
    runs = [Timed(clock, owner, log=log) for owner in ("a", "b")]
    pictures = [Timed(clock, priority="interactive", slice_s=slice_s, log=log) for slice_s in (0.01, 0.03)]
    run_until([*runs, *pictures], lambda: len(log) > 2000)
    first = log[:2000]
    interactive_s = sum(job.slice_s for job in first if job in pictures)
    assert 0.28 < interactive_s / sum(job.slice_s for job in first) < 0.32


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


def test_owners_are_served_alike_however_many_runs_they_have(clock: Clock):
    log: list[Work] = []
    one, many = Timed(clock, "one", log=log), [Timed(clock, "many", log=log) for _ in range(6)]
    run_until([*many, one], lambda: len(log) > 1000)
    assert 450 < log[:1000].count(one) < 550


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


def test_a_job_that_is_asked_goes_first_and_only_answers(clock: Clock):
    log: list[Work] = []
    answers: list[float] = []

    class Asked(Timed):
        def advance(self, budget_s: float) -> None:
            self.log.append(self)
            self.clock.now_s += self.slice_s if budget_s else 0.0
            answers.append(budget_s)
            self.is_asked = False

    class Asking(Timed):
        def advance(self, budget_s: float) -> None:
            super().advance(budget_s)
            asked.is_asked = True

    asked, asking = Asked(clock, log=log), Asking(clock, log=log)
    run_until([asking, asked, *(Timed(clock, log=log) for _ in range(5))], lambda: len(log) > 500)
    assert {following for job, following in itertools.pairwise(log) if job is asking} == {asked}
    assert set(answers) == {0.0, SLICE_S}


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
