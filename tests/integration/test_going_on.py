"""How a run goes on that was stopped, interrupted or over: to the same bits as one that never paused."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from core.errors import Refused
from core.people import LOCAL
from core.store.records import RunFacts
from core.studies import loading
from core.studies.replay import recipe_of
from core.studies.report import notes_of
from core.studies.workbench import Workbench
from core.training.checkpoint import snapshot_path
from core.training.run import Run
from core.training.weights import weights_sha256
from tests.experiments import everything, points
from tests.polling import until
from tests.stored_runs import (
    LONG,
    assert_same_rows,
    finished,
    steps_done,
    stopped,
    stored_events,
    stored_series,
)


def test_extending_a_finished_run_goes_on_from_its_last_weights(bench: Workbench, tmp_path: Path):
    run = finished(bench, everything()).id
    bench.command(run, "extend", {"epochs": 2})
    bench.command(run, "pace", {"pace": "max"})
    record = bench.wait(run, 100)
    reference = Run(everything(), tmp_path).train()
    last_rate = reference.learning_rate
    assert (record.state, record.step, record.attempt) == ("finished", 18, 2)
    rates = bench.store.read_steps(run, ["lr"])["lr"]
    assert list(rates[12:]) == [rates[11]] * 6 == [last_rate] * 6
    assert [step for step, kind, _ in stored_events(bench, run) if kind == "extend"] == [12]
    other = bench.start(everything(), pace="max", paused=True)
    bench.command(other, "extend", {"epochs": 2})
    bench.command(other, "start")
    whole = bench.wait(other, 100)
    assert whole.weights_sha256 == record.weights_sha256
    assert_same_rows(bench, run, other)


def test_extending_after_early_stopping_goes_on_from_the_last_weights_too(bench: Workbench):
    experiment = points(
        regularizers=[{"key": "early_stopping", "patience": 1}],
        optimizer={"key": "sgd", "lr": 3.0},
        epochs=8,
        evaluate_every=3,
    )
    first = finished(bench, experiment)
    assert first.reason == "early_stopping"
    bench.resume(first.id, pace="max")
    again = bench.wait(first.id, 100)
    assert (again.step, again.weights_sha256) == (first.step, first.weights_sha256), "it has ended"
    assert again.answer["validation_error"] == first.answer["validation_error"]
    bench.command(first.id, "extend", {"epochs": 2})
    bench.command(first.id, "pace", {"pace": "max"})
    longer = bench.wait(first.id, 100)
    assert longer.step > first.step
    assert [kind for _, kind, _ in stored_events(bench, first.id)][:2] == ["early_stop", "extend"]


def test_a_stopped_run_resumes_and_ends_like_one_that_never_stopped(bench: Workbench):
    whole = finished(bench, everything(epochs=30))
    run = bench.start(everything(epochs=30), pace="1min")
    until(lambda: steps_done(bench, run) >= 4)
    bench.command(run, "stop")
    stopped = bench.wait(run, 100)
    assert (stopped.state, stopped.reason) == ("stopped", "by_user")
    assert stopped.answer["validation_error"] == bench.store.read_evaluations(run)[-1].values["validation/error"]
    bench.command(run, "resume")
    bench.command(run, "pace", {"pace": "max"})
    record = bench.wait(run, 100)
    assert (record.state, record.step) == ("finished", 90)
    assert record.weights_sha256 == whole.weights_sha256
    np.testing.assert_array_equal(stored_series(bench, run)["batch/loss"], stored_series(bench, whole.id)["batch/loss"])
    assert [kind for _, kind, _ in stored_events(bench, run)] == ["stop", "continue"]


def test_extending_a_stopped_run_adds_epochs_from_there_and_keeps_the_planned_schedule(
    bench: Workbench, tmp_path: Path
):
    experiment = points(**LONG, schedule="cosine")
    run = stopped(bench, experiment)
    stopped_at = bench.store.get_run(run, actor=LOCAL).step
    bench.command(run, "extend", {"epochs": 2})
    bench.command(run, "pace", {"pace": "max"})
    record = bench.wait(run, 100)
    assert (record.state, record.step) == ("finished", stopped_at + 8)
    assert [(step, kind) for step, kind, _ in stored_events(bench, run)] == [
        (stopped_at, "stop"),
        (stopped_at, "extend"),
    ]
    whole = Run(experiment, tmp_path).train(until=record.step)
    assert record.weights_sha256 == weights_sha256(whole.parts.model)
    replay = Run(experiment, tmp_path, recipe=recipe_of(bench.store, run)).train()
    assert (replay.step_count, weights_sha256(replay.parts.model)) == (record.step, record.weights_sha256)
    bench.command(run, "extend", {"epochs": 1})
    bench.command(run, "pace", {"pace": "max"})
    assert bench.wait(run, 100).step == stopped_at + 12


def test_closing_with_active_runs_leaves_them_interrupted_and_resumable(data_folder: Path):
    """Running, paused, and queued behind too many others."""
    with Workbench.open(data_folder) as bench:
        whole = finished(bench, everything(epochs=60))
        running = bench.start(everything(epochs=60), pace="1min")
        paused = bench.start(everything(epochs=60), pace="max", paused=True)
        bench.command(paused, "step")
        queued = [bench.start(points(**LONG), pace="max") for _ in range(9)]
        until(lambda: steps_done(bench, running) >= 5 and steps_done(bench, paused) == 1)
    with Workbench.open(data_folder) as bench:
        states = {record.id: record.state for record in bench.runs()}
        assert {states[run] for run in (running, paused, *queued)} == {"interrupted"}
        assert states[whole.id] == "finished"
        for run in (running, paused):
            assert bench.store.snapshots(run)[-1].step == bench.store.read_steps(run)["step"][-1]
            bench.resume(run, pace="max")
            record = bench.wait(run, 100)
            assert (record.state, record.weights_sha256) == ("finished", whole.weights_sha256)
            assert_same_rows(bench, run, whole.id)
        bench.delete(queued[0])
        assert bench.find(queued[0]) is None


def test_a_viewer_of_a_resumed_run_sees_no_gap_and_nothing_twice(data_folder: Path):
    with Workbench.open(data_folder) as bench:
        run = bench.start(everything(epochs=30), pace="1min")
        until(lambda: steps_done(bench, run) >= 5)
    with Workbench.open(data_folder) as bench:
        assert bench.hub.known(run), "shown from the store, before it is resumed"
        bench.resume(run, pace="max")
        bench.wait(run, 100)
        assert bench.hub.series(run, "update")[0].tolist() == list(range(1, 91))
        evaluated = bench.hub.series(run, "evaluation")[0].tolist()
        assert evaluated == [row.step for row in bench.store.read_evaluations(run)] == list(range(91))


def test_two_requests_to_resume_start_one_attempt(bench: Workbench):
    run = bench.start(points(**LONG), pace="max")
    until(lambda: steps_done(bench, run) >= 1)
    bench.command(run, "stop")
    bench.wait(run, 100)
    refused: list[Refused] = []

    def resume() -> None:
        try:
            bench.resume(run, pace="max")
        except Refused as error:
            refused.append(error)

    threads = [threading.Thread(target=resume) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(refused) == 3
    bench.command(run, "stop")
    assert bench.wait(run, 100).attempt == 2


def test_a_run_that_is_just_being_resumed_is_not_deleted(bench: Workbench, monkeypatch: pytest.MonkeyPatch):
    run = stopped(bench)
    resuming, go_on, real = threading.Event(), threading.Event(), bench.store.begin_attempt

    def slowly(*arguments: Any, **options: Any) -> int:
        resuming.set()
        assert go_on.wait(100)
        return real(*arguments, **options)

    monkeypatch.setattr(bench.store, "begin_attempt", slowly)
    refused: list[Refused] = []

    def delete() -> None:
        try:
            bench.delete(run)
        except Refused as error:
            refused.append(error)

    threads = [threading.Thread(target=bench.resume, args=(run,)), threading.Thread(target=delete)]
    threads[0].start()
    assert resuming.wait(100)
    threads[1].start()
    threads[1].join(0.2)
    go_on.set()
    for thread in threads:
        thread.join(100)
    assert len(refused) == 1
    bench.command(run, "stop")
    assert bench.wait(run, 100).state == "stopped"


def test_a_run_of_a_device_that_is_not_here_is_refused_and_stays_as_it_is(bench: Workbench):
    absent = "mps" if torch.cuda.is_available() else "cuda"
    run = stopped(bench)
    bench.store.forget_snapshots(run, [entry.step for entry in bench.store.snapshots(run)])
    environment = bench.store.get_run(run, actor=LOCAL).facts.environment or {}
    elsewhere = {**environment, "conditions": {**environment["conditions"], "device": absent}}
    facts = RunFacts(device=absent, environment=elsewhere)
    bench.store.set_state(run, "stopped", actor=LOCAL, facts=facts)
    before = bench.store.get_run(run, actor=LOCAL)
    with pytest.raises(Refused, match=f"no device “{absent}”"):
        bench.resume(run)
    with pytest.raises(Refused, match=f"no device “{absent}”"):
        bench.state_at(run, 0)
    assert bench.store.get_run(run, actor=LOCAL) == before


@pytest.mark.parametrize("how", ["resume", "fork"])
def test_what_gets_no_job_waits_for_nobody(how: str, bench: Workbench, monkeypatch: pytest.MonkeyPatch):
    def broken(*_: Any) -> Any:
        raise OSError("the disk is gone")

    run = stopped(bench)
    before = bench.run(run)
    with monkeypatch.context() as patched:
        patched.setattr("core.studies.runner.curvature_watch", broken)
        with pytest.raises(OSError, match="the disk is gone"):
            bench.resume(run) if how == "resume" else bench.fork(run, before.step, {})
    bench.store.flush()
    assert bench.run(run).state == "stopped"
    assert bench.hub.meta(run)["state"] == "stopped"
    if how == "fork":
        fork = bench.runs()[-1]
        assert (fork.parent, fork.state, bench.hub.meta(fork.id)["state"]) == (run, "failed", "failed")
        assert "the disk is gone" in str(fork.reason_text)
        bench.delete(fork.id)
    bench.resume(run, pace="max")
    bench.command(run, "stop")
    assert bench.wait(run, 100).state == "stopped"


def test_a_resumed_run_has_its_data_where_it_has_computed(bench: Workbench, monkeypatch: pytest.MonkeyPatch):
    run = stopped(bench)
    devices: list[str] = []
    real = loading.resident
    monkeypatch.setattr(loading, "resident", lambda *given: devices.append(given[2]) or real(*given))
    monkeypatch.setenv("SADDLEPOINT_DEVICE", "meta")
    bench.resume(run, pace="max")
    bench.command(run, "stop")
    assert bench.wait(run, 100).state == "stopped"
    assert set(devices) == {"cpu"}


def test_a_run_that_is_to_go_on_counts_as_active_while_its_data_are_loaded(
    bench: Workbench, monkeypatch: pytest.MonkeyPatch
):
    run = stopped(bench)
    loaded, real = threading.Event(), loading.resident

    def slowly(*arguments: Any) -> Any:
        assert loaded.wait(100)
        return real(*arguments)

    monkeypatch.setattr(loading, "resident", slowly)
    bench.resume(run, pace="max")
    assert bench.store.get_run(run, actor=LOCAL).state == "queued"
    with pytest.raises(Refused, match="deleted"):
        bench.delete(run)
    loaded.set()
    bench.command(run, "stop")
    assert bench.wait(run, 100).state == "stopped"


def test_resuming_a_paused_run_lets_it_go_on(bench: Workbench):
    run = bench.start(points(), pace="max", paused=True)
    until(lambda: bench.store.get_run(run, actor=LOCAL).state == "paused")
    assert bench.resume(run) == run
    record = bench.wait(run, 100)
    assert (record.state, record.attempt) == ("finished", 1)


def test_a_damaged_snapshot_is_passed_over_and_said(bench: Workbench):
    run = stopped(bench)
    last = bench.store.snapshots(run)[-1]
    path = snapshot_path(bench.folder.snapshots(run), last.step)
    path.write_bytes(path.read_bytes()[:-1])
    bench.resume(run, pace="max")
    bench.command(run, "stop")
    record = bench.wait(run, 100)
    assert any(f"snapshot of update {last.step} is damaged" in str(note) for note in notes_of(record))
