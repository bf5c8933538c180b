"""A class on one machine: how much one student may ask for, and that everybody's turn comes."""

from __future__ import annotations

import threading
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from threading import Barrier, BrokenBarrierError
from typing import Any

import pytest

from core.catalog.faults import sealed
from core.errors import BadInput, Refused
from core.studies.comparison import Comparison
from core.studies.fair_use import MOST_UNFINISHED
from core.studies.search.asked import Search
from core.studies.workbench import Workbench
from core.text import Text
from core.training.compute import Compute, Job
from tests.experiments import POINTS, points
from tests.polling import until
from tests.stored_runs import LONG, finished

ANNA, BEN, TEACHER = "student-anna", "student-ben", "teacher-eve"


def start(bench: Workbench, actor: str, seed: int = 0, *, paused: bool = False) -> str:
    return bench.start(points(**LONG, seed=seed), actor=actor, pace="1/s", paused=paused)


def state(bench: Workbench, run: str) -> str:
    job = bench.runner.job(run)
    return job.state_name if job is not None else "over"


def test_one_run_of_a_student_goes_on_and_three_wait(bench: Workbench):
    runs = [start(bench, ANNA, seed) for seed in range(MOST_UNFINISHED)]
    until(lambda: state(bench, runs[0]) == "running")
    with pytest.raises(Refused, match="4 runs that are not over"):
        start(bench, ANNA, 9)
    # Others are not concerned, and hers wait although there is room.
    other = start(bench, BEN)
    until(lambda: state(bench, other) == "running")
    assert [state(bench, run) for run in runs] == ["running", "queued", "queued", "queued"]
    bench.command(runs[0], "stop", actor=ANNA)
    until(lambda: state(bench, runs[1]) == "running")
    assert start(bench, ANNA, 9)


def test_a_teacher_and_who_sits_at_the_computer_start_what_they_need(bench: Workbench):
    for actor in (TEACHER, "local"):
        runs = [start(bench, actor, seed) for seed in range(3)]
        until(lambda runs=runs: all(state(bench, run) == "running" for run in runs))
        for run in runs:
            bench.command(run, "stop", actor=actor)


def test_what_trains_a_run_once_more_waits_for_its_owners_place(bench: Workbench):
    over = finished(bench, points(epochs=1), actor=ANNA).id
    run = start(bench, ANNA)
    until(lambda: state(bench, run) == "running")
    measuring = bench.memorized(over, actor=ANNA)
    until(lambda: measuring.job is not None)
    assert measuring.job in bench.runner.compute.unfinished(ANNA)
    assert bench.runner.compute.place_in_queue(ANNA) == 1
    bench.command(run, "stop", actor=ANNA)
    until(measuring.is_over.is_set)
    assert measuring.result is not None


def test_a_comparison_counts_as_one_and_a_paused_run_as_one_that_waits(bench: Workbench):
    comparison = Comparison.of(POINTS | LONG, ["optimizer=sgd,adam"], rates="hand", seeds=2, name="")
    study = bench.start_comparison(comparison, actor=ANNA, pace="1/s", paused=True)
    paused = [start(bench, ANNA, seed, paused=True) for seed in range(3)]
    with pytest.raises(Refused):
        bench.start_comparison(comparison, actor=ANNA)
    with pytest.raises(Refused):
        bench.fork(paused[0], 0, actor=ANNA)
    bench.command_comparison(study, "stop", actor=ANNA)
    bench.wait_comparison(study, 100)
    assert start(bench, ANNA, 5)


def test_a_search_counts_as_one(bench: Workbench):
    search = Search.from_json({"base": POINTS | LONG, "vary": ["seed=0,1,2"]})
    study = bench.start_search(search, actor=ANNA, paused=True)
    runs = [start(bench, ANNA, seed, paused=True) for seed in range(3)]
    with pytest.raises(Refused, match="4 runs that are not over"):
        bench.start_search(search, actor=ANNA)
    bench.command(runs[0], "stop", actor=ANNA)
    bench.wait(runs[0], 60)
    bench.command_search(study, "stop", actor=ANNA)
    bench.wait_search(study, 60)
    assert [start(bench, ANNA, seed) for seed in (7, 8)]


def test_a_paused_run_goes_on_when_no_other_one_of_the_student_does(bench: Workbench):
    first = start(bench, ANNA, 0)
    until(lambda: state(bench, first) == "running")
    bench.command(first, "pause", actor=ANNA)
    until(lambda: not bench.runner.compute.going(ANNA))
    second = start(bench, ANNA, 1)
    until(lambda: state(bench, second) == "running")
    for actor in (ANNA, TEACHER):
        with pytest.raises(Refused, match="another run of its owner"):
            bench.command(first, "resume", actor=actor)
    bench.command(second, "pause", actor=ANNA)
    until(lambda: not bench.runner.compute.going(ANNA))
    bench.command(first, "resume", actor=ANNA)
    until(lambda: state(bench, first) == "running")


def test_of_two_paused_runs_that_are_told_to_go_on_at_once_one_does(bench: Workbench, monkeypatch: pytest.MonkeyPatch):
    runs = [start(bench, ANNA, seed, paused=True) for seed in range(2)]
    until(lambda: [state(bench, run) for run in runs] == ["paused"] * 2)
    compute, met = bench.runner.compute, Barrier(2)

    def going(owner: str) -> list[Job]:
        found = Compute.going(compute, owner)
        # Whoever looks waits for another one who looks as well: nobody may come.
        with suppress(BrokenBarrierError):
            met.wait(1.0)
        return found

    monkeypatch.setattr(compute, "going", going)

    def resume(run: str) -> bool:
        try:
            bench.command(run, "resume", actor=ANNA)
        except Refused:
            return False
        return True

    with ThreadPoolExecutor() as pool:
        assert sorted(pool.map(resume, runs)) == [False, True]


def test_one_run_of_a_comparison_goes_on_beside_the_others(bench: Workbench):
    comparison = Comparison.of(POINTS | LONG, ["optimizer=sgd,adam"], rates="hand", seeds=1, name="")
    study = bench.start_comparison(comparison, actor=ANNA, pace="1/s")
    first = until(lambda: bench.runs_of(study))[0].id
    until(lambda: state(bench, first) == "running")
    bench.command(first, "pause", actor=ANNA)
    until(lambda: state(bench, first) == "paused")
    bench.command(first, "resume", actor=ANNA)
    until(lambda: state(bench, first) == "running")


def test_what_is_over_takes_a_place_again_when_it_goes_on(bench: Workbench):
    over = finished(bench, points(), actor=ANNA).id
    for seed in range(MOST_UNFINISHED):
        start(bench, ANNA, seed)
    for go_on in (
        lambda: bench.command(over, "extend", {"epochs": 1}, actor=ANNA),
        lambda: bench.resume(over, epochs=1, actor=ANNA),
    ):
        with pytest.raises(Refused):
            go_on()
    assert bench.run(over).state == "finished"


def test_a_student_answers_as_many_questions_as_there_are_and_no_more(
    bench: Workbench, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr("core.studies.fair_use.MOST_ANSWERS", 2)
    for actor in (ANNA, TEACHER):
        for about in ("lesson/a.1", "lesson/a.2"):
            bench.answer(about, "choice", 0, actor=actor)
    with pytest.raises(Refused, match="answered 2 questions"):
        bench.answer("lesson/a.3", "choice", 0, actor=ANNA)
    with pytest.raises(Refused):
        bench.give_up(sealed("wrong_labels"), actor=ANNA)
    bench.answer("lesson/a.2", "choice", 1, actor=ANNA)
    bench.answer("lesson/a.3", "choice", 0, actor=TEACHER)


def test_a_start_that_fails_keeps_no_place(bench: Workbench, monkeypatch: pytest.MonkeyPatch):
    def fail(*_: object, **__: object) -> str:
        raise BadInput(Text("no"), Text("no"), Text("no"))

    with monkeypatch.context() as patched:
        patched.setattr(bench.runner, "start", fail)
        for _ in range(MOST_UNFINISHED + 1):
            with pytest.raises(BadInput, match="no no no"):
                start(bench, ANNA)
    assert start(bench, ANNA)


def test_the_price_says_how_many_others_are_at_work_whenever_it_is_asked_for(bench: Workbench):
    def price() -> str:
        return str(bench.hub.meta(bench.preview(points(), actor=ANNA)).get("price", ""))

    until(price)
    assert "other run" not in price()
    other = start(bench, BEN)
    until(lambda: state(bench, other) == "running")
    assert price().endswith("now: 1 other run")
    bench.command(other, "stop", actor=BEN)
    bench.wait(other, 100)
    until(lambda: "other run" not in price())


def test_a_students_fork_finds_its_way_back_also_when_its_data_come_late(
    bench: Workbench, monkeypatch: pytest.MonkeyPatch
):
    parent = finished(bench, points(), actor=ANNA)
    load, held = bench.runner._forks._loading.load, threading.Event()

    def late(*args: Any) -> Future[Any]:
        loading: Future[Any] = Future()

        def pass_on() -> None:
            held.wait(100)
            loading.set_result(load(*args).result())

        threading.Thread(target=pass_on).start()
        return loading

    monkeypatch.setattr(bench.runner._forks._loading, "load", late)
    fork = bench.fork(parent.id, 8, actor=ANNA, pace="max")
    # The fork has its owner's only place before the search for its first state begins.
    until(lambda: bench.runner.compute.going(ANNA))
    held.set()
    assert bench.wait(fork, 100).state == "finished"
