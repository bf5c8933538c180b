"""A run as a job: it obeys at the next boundary, keeps its pace, and neither fails nor ends unheard."""

from __future__ import annotations

import random
import threading
from concurrent.futures import Future
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from core.errors import BadInput, CoreError
from core.text import Text
from core.training import job as module
from core.training.checkpoint import is_root_two_power
from core.training.command import Command
from core.training.events import Event
from core.training.job import TrainingJob
from core.training.run import Run
from core.training.weights import weights_sha256
from tests.experiments import everything, points, trained
from tests.jobs import Kept, SinkDiary, computing, ended, ready, submitted
from tests.polling import until
from tests.unit.training.work import Clock

LONG = {"epochs": 100_000}


def at_step(job: TrainingJob, step: int) -> bool:
    return job.run is not None and job.run.step_count >= step


def test_two_hundred_commands_at_random_moments_are_obeyed_at_once(tmp_path: Path):
    rng = random.Random(0)
    sent_at: list[int] = []
    kinds = ["pause", "resume", "step", "pace", "set", "extend", "start"]
    values: dict[str, Any] = {"pace": {"pace": "max"}, "set": {"lr": 0.01}, "extend": {"epochs": 1}}
    with computing() as compute:
        job, sink = submitted(compute, everything(**LONG), tmp_path)
        neighbour, _ = submitted(compute, points(**LONG), tmp_path)
        until(lambda: at_step(job, 1) and at_step(neighbour, 1))
        assert job.run is not None
        pause = threading.Event()
        for _ in range(200):
            kind = rng.choice(kinds)
            sent_at.append(job.run.step_count)
            assert job.command(Command(kind, values.get(kind, {})))
            pause.wait(rng.random() * 0.01)
        until(lambda: len(sink.applied_at) == 200)
        for each in (job, neighbour):
            each.command(Command("stop"))
            assert each.over.wait(100)
    assert all(problem is None for _, _, problem in sink.applied_at)
    steps = [step for _, step, _ in sink.applied_at]
    assert steps == sorted(steps), "each at the boundary that the run had reached"
    late = sorted(step - sent for step, sent in zip(steps, sent_at, strict=False))
    # The system may have let a few wait between the look at the run and the command.
    assert (late[0] >= 0, late[179] <= 1) == (True, True)


def test_two_hundred_runs_are_cancelled_at_random_phases(tmp_path: Path):
    """Waiting in the queue, for its data, while it is built, before its first evaluation, and in the midst of it."""
    rng = random.Random(1)
    pause = threading.Event()
    with computing() as compute:
        for number in range(20):
            batch: list[tuple[TrainingJob, SinkDiary]] = []
            for place in range(10):
                data: Future[None] = Future() if place == 0 else ready()
                batch.append(submitted(compute, points(seed=number, **LONG), tmp_path, data=data, paused=place == 1))
            pause.wait(rng.random() * 0.05)
            for job, _ in batch:
                job.cancel()
            for job, _ in batch:
                assert job.over.wait(100)
            assert {sink.outcome.state for _, sink in batch} == {"stopped"}
            assert all([command.kind for command, *_ in sink.applied_at] == ["stop"] for _, sink in batch)


def test_a_command_does_not_wait_for_the_end_of_an_evaluation(tmp_path: Path):
    def slowly_evaluated() -> Run:
        run = Run(points(**LONG), tmp_path)
        run.parts.piece_size = 1
        return run

    with computing() as compute:
        job, sink = submitted(compute, points(), tmp_path, build=slowly_evaluated)
        until(lambda: job.run is not None and job.run.is_evaluating)
        job.command(Command("set", {"lr": 0.5}))
        until(lambda: sink.applied_at)
        assert job.run is not None
        assert job.run.is_evaluating, "the evaluation goes on where it was"
        assert job.run.lr_override == 0.5


def test_a_pause_holds_and_single_updates_are_counted(tmp_path: Path):
    with computing() as compute:
        job, sink = submitted(compute, points(**LONG), tmp_path, paused=True)
        until(lambda: sink.states == ["paused"] and job.run is not None and job.run.evaluations)
        for _ in range(5):
            job.command(Command("step"))
        until(lambda: at_step(job, 5))
        assert compute.call(lambda: job.run is not None and job.run.step_count).result(100) == 5
        assert sink.steps == [1, 2, 3, 4, 5], "each is shown at once"
        assert sink.states == ["paused"]
        job.command(Command("resume"))
        until(lambda: at_step(job, 50))
        job.command(Command("step"))
        until(lambda: sink.applied_at[-1][0].kind == "step" and at_step(job, sink.applied_at[-1][1] + 1))
        held_at = compute.call(lambda: job.run.step_count if job.run else 0).result(100)
        assert sink.applied_at[-1][1] + 1 == held_at
        assert sink.states[-1] == "paused"


def test_a_paused_run_can_be_stopped_and_ends_when_its_last_update_is_done_by_hand(tmp_path: Path):
    with computing() as compute:
        stopped, heard = submitted(compute, points(**LONG), tmp_path, paused=True)
        by_hand, _ = submitted(compute, points(epochs=1), tmp_path, paused=True)
        for _ in range(4):
            by_hand.command(Command("step"))
        until(lambda: stopped.run is not None)
        stopped.command(Command("stop"))
        run, sink = ended(stopped, heard)
        assert (run.step_count, sink.outcome.state) == (0, "stopped")  # type: ignore[attr-defined]
        assert by_hand.over.wait(100)
        assert by_hand.state_name == "finished"


def test_stopping_before_the_data_are_there(tmp_path: Path):
    data: Future[Any] = Future()
    with computing() as compute:
        job, sink = submitted(compute, points(), tmp_path, data=data)
        until(lambda: job.is_active and job.ready_at > 1e9, what="waiting for the data")
        job.command(Command("stop"))
        assert job.over.wait(100)
    assert (sink.outcome.state, sink.outcome.reason) == ("stopped", "by_user")
    assert job.run is None
    assert data.cancelled()


def test_data_that_come_just_when_the_job_looks_are_not_missed(tmp_path: Path):
    """Between the look and the decision to wait for the data there must be no gap in which their arrival is lost."""

    class Arriving(Future[None]):
        def done(self) -> bool:
            is_done = super().done()
            if not is_done and threading.current_thread().name == "compute":
                self.set_result(None)
            return is_done

    with computing() as compute:
        job, _ = submitted(compute, points(), tmp_path, data=Arriving())
        assert job.over.wait(100)
        assert job.state_name == "finished"


def test_data_that_cannot_be_had_end_the_run_with_the_reason(tmp_path: Path):
    data: Future[Any] = Future()
    data.set_exception(BadInput(Text("No data."), Text("No network."), Text("Use digits.")))
    with computing() as compute:
        job, sink = submitted(compute, points(), tmp_path, data=data)
        assert job.over.wait(100)
    assert (sink.outcome.state, sink.outcome.reason) == ("failed", "bad_input")
    assert str(sink.outcome.reason_text) == "No data. No network. Use digits."


# -- the end ----------------------------------------------------------------------------------------------------------


def test_an_extension_sent_at_the_last_moment_is_obeyed_or_refused_and_never_lost(tmp_path: Path):
    pause = threading.Event()
    obeyed = refused = 0
    with computing() as compute:
        for number in range(40):
            job, sink = submitted(compute, points(epochs=2), tmp_path)
            until(lambda job=job, number=number: at_step(job, 5) or job.done)
            pause.wait(number * 0.0005)
            if job.command(Command("extend", {"epochs": 1})):
                obeyed += 1
                run, _ = ended(job, sink)
                assert run.step_count == 12
                assert len(sink.applied_at) == 1
            else:
                refused += 1
                assert job.over.wait(100)
    assert obeyed + refused == 40


def test_a_command_in_the_moment_of_the_end_takes_it_back(tmp_path: Path):
    class Late(Kept):
        def save(self, step: int, kind: str, tensors: Any, position: Any) -> None:
            super().save(step, kind, tensors, position)
            if kind == "end" and len(self.taken) < 20 and step == 16:
                assert job.command(Command("extend", {"epochs": 1}))

    with computing() as compute:
        job, sink = submitted(compute, points(), tmp_path, snapshots=Late())
        run, _ = ended(job, sink)
    assert run.step_count == 20
    assert sink.states == ["running", "finished"]
    assert not job.command(Command("extend", {"epochs": 1})), "now it is too late"


@pytest.mark.parametrize("where", ["state", "block", "evaluation", "progress"])
def test_a_sink_that_fails_ends_that_run_only_and_the_others_hear_of_it(where: str, tmp_path: Path):
    class Failing(SinkDiary):
        pass

    def fail(*_: Any) -> None:
        raise OSError("the disk is gone")

    setattr(Failing, where, fail)
    heard, finished = SinkDiary(), []
    with computing() as compute:
        other, _ = submitted(compute, points(epochs=40), tmp_path)
        job = TrainingJob(
            ready(), lambda: Run(points(), tmp_path), [Failing(), heard], Kept(), compute.wake, finished=finished.append
        )
        compute.submit(job)
        assert job.over.wait(100)
        assert other.over.wait(100)
        assert compute.call(lambda: 1).result(100) == 1
    assert heard.outcome.state == "failed"
    assert "the disk is gone" in str(heard.outcome.reason_text)
    assert isinstance(job.error, OSError)
    assert finished == [job]
    assert other.state_name == "finished"


@pytest.mark.parametrize("part", ["criterion", "batch_of", "augment", "update", "recorder.end_row", "guard.check"])
def test_an_exception_in_any_part_of_an_update_ends_that_run_only(part: str, tmp_path: Path):
    def broken() -> Run:
        run = Run(everything(), tmp_path)
        *path, name = part.split(".")
        target: Any = run.parts.loop
        for step in path:
            target = getattr(target, step)
        real = getattr(target, name)

        def after_five(*arguments: Any) -> Any:
            if run.step_count == 5:
                raise ZeroDivisionError("in the midst of it")
            return real(*arguments)

        setattr(target, name, after_five)
        return run

    with computing() as compute:
        job, sink = submitted(compute, everything(), tmp_path, build=broken)
        other, heard = submitted(compute, everything(), tmp_path)
        run, _ = ended(job, sink)
        whole, _ = ended(other, heard)
    assert (sink.outcome.state, sink.outcome.reason) == ("failed", "exception")
    assert "ZeroDivisionError" in str(sink.outcome.reason_text)
    assert sink.steps == [1, 2, 3, 4, 5], "what was done before it is kept"
    assert run.step_count == 5
    assert weights_sha256(whole.parts.model) == weights_sha256(trained(everything(), tmp_path)[0].parts.model)


def test_closing_keeps_the_state_and_says_that_the_run_can_be_resumed(tmp_path: Path):
    snapshots = Kept()
    with computing() as compute:
        job, sink = submitted(compute, points(**LONG), tmp_path, snapshots=snapshots)
        waiting, unheard = submitted(compute, points(), tmp_path, data=Future())
        until(lambda: at_step(job, 20))
    assert job.run is not None
    assert snapshots.taken[-1][0] == job.run.step_count
    assert sink.states == ["running", "interrupted"]
    assert unheard.states == ["interrupted"]
    assert sink.steps == list(range(1, job.run.step_count + 1))
    assert waiting.over.is_set()


# -- rhythm -----------------------------------------------------------------------------------------------------------


def moments(job: TrainingJob, clock: Clock, count: int) -> list[float]:
    """When a job does its next updates, as one that gets every turn it wants."""
    found: list[float] = []
    job.advance(0)
    assert job.run is not None
    while len(found) < count:
        clock.now_s, before = max(clock.now_s, job.ready_at), job.run.step_count
        job.advance(1)
        found += [clock.now_s] * (job.run.step_count - before)
    return found


@pytest.mark.parametrize(("pace", "interval_s"), [("1/s", 1.0), ("10s", 0.01), ("1min", 0.06)])
def test_a_pace_is_what_it_says_and_lost_time_is_not_made_up_for(
    pace: str, interval_s: float, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    clock, experiment = Clock(), points(epochs=250)  # 1000 updates
    monkeypatch.setattr(module, "time", clock)
    job = TrainingJob(ready(), lambda: Run(experiment, tmp_path), [], Kept(), lambda: None, pace=pace)
    assert moments(job, clock, 100) == pytest.approx(interval_s * np.arange(100))
    clock.now_s += 50
    held_up = moments(job, clock, 100)
    assert held_up[-1] - held_up[0] >= 98 * interval_s - 0.1
    job.command(Command("pace", {"pace": "max"}))
    assert set(moments(job, clock, 100)) == {clock.now_s}


def test_a_run_that_waits_for_its_next_update_hears_of_another_pace(tmp_path: Path):
    with computing() as compute:
        job, _ = submitted(compute, points(**LONG), tmp_path, pace="1/s")
        until(lambda: at_step(job, 2))
        job.command(Command("pace", {"pace": "max"}))
        until(lambda: at_step(job, 1000))


def test_an_unknown_pace_or_command_is_refused_and_the_run_goes_on(tmp_path: Path):
    with computing() as compute:
        job, sink = submitted(compute, points(**LONG), tmp_path)
        job.command(Command("pace", {"pace": "warp"}))
        job.command(Command("fly"))
        until(lambda: len(sink.applied_at) == 2)
        assert all(isinstance(problem, CoreError) for _, _, problem in sink.applied_at)
        until(lambda: at_step(job, 5))


def test_snapshots_are_taken_at_powers_of_root_two_and_at_the_end(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(Run, "work_s", property(lambda run: 1.5 * run.step_count * module.POWER_SNAPSHOT_S))
    snapshots = Kept()
    with computing() as compute:
        job, sink = submitted(compute, points(), tmp_path, snapshots=snapshots)
        ended(job, sink)
    assert snapshots.taken == [(0, "start"), *((step, "power") for step in (1, 2, 3, 4, 6, 8, 11, 16)), (16, "end")]
    assert [step for step in range(100) if is_root_two_power(step)] == [1, 2, 3, 4, 6, 8, 11, 16, 23, 32, 45, 64, 91]


def test_between_two_snapshots_in_passing_lies_work_that_is_worth_a_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    """Five folds that each saved at every power of √2 spent a fifth of their time on files that nobody needed."""
    monkeypatch.setattr(Run, "work_s", property(lambda run: run.step_count * module.POWER_SNAPSHOT_S / 4.5))
    snapshots = Kept()
    with computing() as compute:
        ended(*submitted(compute, points(), tmp_path, snapshots=snapshots))
    assert snapshots.taken == [(0, "start"), (6, "power"), (11, "power"), (16, "power"), (16, "end")]


@pytest.mark.parametrize(("update_s", "epochs_kept"), [(2.0, True), (0.0, False)])
def test_the_end_of_an_epoch_is_kept_after_two_seconds_of_work_however_long_the_run_had_to_wait(
    update_s: float, epochs_kept: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(Run, "work_s", property(lambda run: update_s * run.step_count))
    snapshots = Kept()
    with computing() as compute:
        run, _ = ended(*submitted(compute, points(), tmp_path, snapshots=snapshots))
    ends = list(range(run.steps_per_epoch, run.step_count + 1, run.steps_per_epoch))
    assert ends
    assert [step for step, kind in snapshots.taken if kind == "epoch"] == (ends if epochs_kept else [])


def test_a_snapshot_stands_behind_the_evaluation_of_its_step(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(module, "POWER_SNAPSHOT_S", 0.0)
    evaluated: list[bool] = []

    class Looking(Kept):
        def save(self, step: int, kind: str, tensors: Any, position: Any) -> None:
            super().save(step, kind, tensors, position)
            evaluated.append(position["evaluated_step"] == step or step % 3 != 0)

    with computing() as compute:
        job, sink = submitted(compute, points(evaluate_every=3), tmp_path, snapshots=Looking(), paused=True)
        for _ in range(7):
            job.command(Command("step"))
            job.command(Command("pause"))
        job.command(Command("resume"))
        ended(job, sink)
    assert len(evaluated) > 8
    assert all(evaluated)


def test_rows_are_handed_over_before_the_snapshot_that_stands_on_them(tmp_path: Path):
    class Looking(Kept):
        def save(self, step: int, kind: str, tensors: Any, position: Any) -> None:
            super().save(step, kind, tensors, position)
            assert sinks[0].steps == list(range(1, step + 1))

    sinks: list[SinkDiary] = [SinkDiary()]
    with computing() as compute:
        job = TrainingJob(ready(), lambda: Run(points(), tmp_path), sinks, Looking(), compute.wake)  # type: ignore[arg-type]
        compute.submit(job)
        assert job.over.wait(100)
    assert job.state_name == "finished"


def test_events_carry_the_actor_who_caused_them(tmp_path: Path):
    actors: list[tuple[str, str]] = []

    class Looking(SinkDiary):
        def event(self, run: Run, event: Event, actor: str) -> None:
            actors.append((event.kind, actor))

    with computing() as compute:
        job = TrainingJob(
            ready(), lambda: Run(points(**LONG), tmp_path), [Looking()], Kept(), compute.wake, owner="ann"
        )
        compute.submit(job)
        until(lambda: at_step(job, 1))
        job.command(Command("set", {"lr": 0.1}, actor="bob"))
        job.command(Command("stop", actor="eve"))
        assert job.over.wait(100)
    assert actors == [("set", "bob"), ("stop", "eve")]
