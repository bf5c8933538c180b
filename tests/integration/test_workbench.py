"""Runs from Start to the stored answer: what viewers see, what the store keeps, and how a run goes on later."""

from __future__ import annotations

import gc
import threading
import weakref
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from core.errors import BadInput, Refused
from core.experiment import Experiment
from core.store.records import RunFacts, RunRecord
from core.studies import loading, previews, snapshots
from core.studies.replay import recipe_of
from core.studies.report import notes_of
from core.studies.workbench import LOCAL, Workbench
from core.text import Text
from core.training.checkpoint import read_snapshot, snapshot_path
from core.training.run import Run
from core.training.weights import weights_sha256
from tests.experiments import TIMES, everything, numbers, points, trained
from tests.jobs import four_busy_threads
from tests.polling import until

LONG = {"epochs": 100_000}


@pytest.fixture
def bench(data_folder: Path) -> Iterator[Workbench]:
    with Workbench.open(data_folder) as opened:
        yield opened


def finished(bench: Workbench, experiment: Experiment, **options: Any) -> RunRecord:
    return bench.wait(bench.start(experiment, pace="max", **options), 60)


def steps_done(bench: Workbench, run: str) -> int:
    job = bench.runner.job(run)
    return job.run.step_count if job is not None and job.run is not None else 0


def stored_series(bench: Workbench, run: str) -> dict[str, np.ndarray]:
    return {name: column for name, column in bench.store.read_steps(run).items() if name not in TIMES}


def stored_evaluations(bench: Workbench, run: str) -> list[dict[str, float]]:
    return [
        {"step": float(row.step), **{name: value for name, value in row.values.items() if name not in TIMES}}
        for row in bench.store.read_evaluations(run)
    ]


def stored_events(bench: Workbench, run: str) -> list[tuple[int, str, dict[str, Any]]]:
    return [(event.step, event.kind, dict(event.values)) for event in bench.store.events(run)]


def assert_same_rows(bench: Workbench, run: str, other: str) -> None:
    one, two = stored_series(bench, run), stored_series(bench, other)
    assert one.keys() == two.keys()
    for name, column in one.items():
        np.testing.assert_array_equal(column, two[name], err_msg=name)
    assert stored_evaluations(bench, run) == stored_evaluations(bench, other)


def test_a_run_is_stored_with_its_answer(bench: Workbench, tmp_path: Path):
    experiment = everything()
    record = finished(bench, experiment, name="first")
    run, diary = trained(experiment, tmp_path)
    assert (record.state, record.reason, record.name) == ("finished", None, "first")
    assert Experiment.from_json(record.experiment) == experiment
    answer = record.answer
    assert answer["weights_sha256"] == record.weights_sha256 == weights_sha256(run.parts.model)
    assert run.final is not None
    assert answer["validation_error"] == run.final.validation.error
    assert answer["train_loss"] == run.final.train.loss
    assert answer["gap"] == run.final.gap
    assert (answer["steps"], answer["epochs"], record.step) == (12, 4.0, 12)
    assert (answer["num_train"], answer["num_parameters"]) == (40, run.parts.num_parameters)
    assert (answer["device"], answer["precision"], answer["engine"]) == ("cpu", "float32", "solo")
    assert record.facts.split_hashes == run.parts.data.hashes
    for name, column in stored_series(bench, record.id).items():
        if name != "step":
            assert column.tobytes() == diary.series()[name]
    assert stored_evaluations(bench, record.id) == numbers(run.evaluations)


def test_viewers_see_what_the_store_keeps(bench: Workbench):
    run = bench.start(everything(epochs=20), pace="max")
    bench.command(run, "set", {"lr": 0.01})
    bench.wait(run, 60)
    steps, columns, is_complete = bench.hub.series(run, "update")
    assert is_complete
    stored = bench.store.read_steps(run)
    np.testing.assert_array_equal(steps, stored.pop("step"))
    for name, column in stored.items():
        np.testing.assert_array_equal(columns[name], column.astype(np.float32), err_msg=name)
    steps, columns, _ = bench.hub.series(run, "evaluation")
    rows = bench.store.read_evaluations(run)
    assert [row.step for row in rows] == list(steps)
    for name in rows[0].values:
        expected = np.array([row.values[name] for row in rows], dtype=np.float32)
        np.testing.assert_array_equal(columns[name], expected, err_msg=name)
    assert bench.hub.meta(run)["state"] == "finished"
    reading = bench.hub.read(run)
    assert reading is not None
    assert [event["kind"] for event in reading.events] == [kind for _, kind, _ in stored_events(bench, run)] == ["set"]


def test_a_stored_run_shown_again_equals_what_was_seen_live(bench: Workbench, monkeypatch: pytest.MonkeyPatch):
    run = finished(bench, everything(), name="again").id
    layers = bench.hub.meta(run)["layers"]
    live = {group: bench.hub.series(run, group) for group in ("update", "evaluation")}
    bench.hub.forget(run)
    decoded: list[str] = []
    real = bench.store.read_steps
    monkeypatch.setattr(bench.store, "read_steps", lambda *given: decoded.append(given[0]) or real(*given))
    assert bench.hub.known(run)
    assert decoded == [run], "the rows are decoded once"
    assert bench.hub.meta(run)["layers"] == layers
    for group, (steps, columns, _) in live.items():
        again, stored, _ = bench.hub.series(run, group)
        np.testing.assert_array_equal(steps, again)
        assert columns.keys() == stored.keys()
        for name, column in columns.items():
            np.testing.assert_array_equal(column, stored[name], err_msg=name)


def test_extending_a_finished_run_goes_on_from_its_last_weights(bench: Workbench, tmp_path: Path):
    run = finished(bench, everything()).id
    bench.command(run, "extend", {"epochs": 2})
    record = bench.wait(run, 60)
    reference = Run(everything(), tmp_path).train()
    last_rate = reference.learning_rate
    assert (record.state, record.step, record.attempt) == ("finished", 18, 2)
    rates = bench.store.read_steps(run, ["lr"])["lr"]
    assert list(rates[12:]) == [rates[11]] * 6 == [last_rate] * 6
    assert [step for step, kind, _ in stored_events(bench, run) if kind == "extend"] == [12]
    other = bench.start(everything(), pace="max", paused=True)
    bench.command(other, "extend", {"epochs": 2})
    bench.command(other, "start")
    whole = bench.wait(other, 60)
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
    again = bench.wait(first.id, 60)
    assert (again.step, again.weights_sha256) == (first.step, first.weights_sha256), "it has ended"
    assert again.answer["validation_error"] == first.answer["validation_error"]
    bench.command(first.id, "extend", {"epochs": 2})
    longer = bench.wait(first.id, 60)
    assert longer.step > first.step
    assert [kind for _, kind, _ in stored_events(bench, first.id)][:2] == ["early_stop", "extend"]


def test_a_stopped_run_resumes_and_ends_like_one_that_never_stopped(bench: Workbench):
    whole = finished(bench, everything(epochs=30))
    run = bench.start(everything(epochs=30), pace="1min")
    until(lambda: steps_done(bench, run) >= 4)
    bench.command(run, "stop")
    stopped = bench.wait(run, 60)
    assert (stopped.state, stopped.reason) == ("stopped", "by_user")
    assert stopped.answer["validation_error"] == bench.store.read_evaluations(run)[-1].values["validation/error"]
    bench.command(run, "resume")
    bench.command(run, "pace", {"pace": "max"})
    record = bench.wait(run, 60)
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
    record = bench.wait(run, 60)
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
    assert bench.wait(run, 60).step == stopped_at + 12


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
            record = bench.wait(run, 60)
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
        bench.wait(run, 60)
        assert bench.hub.series(run, "update")[0].tolist() == list(range(1, 91))
        evaluated = bench.hub.series(run, "evaluation")[0].tolist()
        assert evaluated == [row.step for row in bench.store.read_evaluations(run)] == list(range(91))


def test_two_requests_to_resume_start_one_attempt(bench: Workbench):
    run = bench.start(points(**LONG), pace="max")
    until(lambda: steps_done(bench, run) >= 1)
    bench.command(run, "stop")
    bench.wait(run, 60)
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
    assert bench.wait(run, 60).attempt == 2


def test_a_diverged_run_is_stored_as_a_result_and_not_resumed(bench: Workbench):
    experiment = Experiment.from_json(
        {"dataset": {"key": "polynomial", "n": 64}, "optimizer": {"key": "sgd", "lr": 1e6}, "evaluate_every": 40}
    )
    record = finished(bench, experiment)
    assert (record.state, record.reason) == ("diverged", "nonfinite_loss")
    [(step, kind, _)] = stored_events(bench, record.id)
    assert (step, kind) == (record.answer["steps"] + 1, "diverged")
    rows = bench.store.read_steps(record.id)
    assert rows["step"][-1] == step
    assert not np.isfinite(rows["batch/loss"][-1])
    with pytest.raises(Refused, match="diverged"):
        bench.resume(record.id)
    with pytest.raises(Refused):
        bench.command(record.id, "extend", {"epochs": 1})
    [snapshot] = [entry for entry in bench.store.snapshots(record.id) if entry.step == record.answer["steps"]]
    state = read_snapshot(snapshot_path(bench.folder.snapshots(record.id), snapshot.step), run=record.id)
    assert all(torch.isfinite(tensor).all() for tensor in state.tensors.values())


def test_memory_that_runs_out_is_a_reason_that_is_stored(bench: Workbench, monkeypatch: pytest.MonkeyPatch):
    from core.training.loop import Loop

    real = Loop.loss_of

    def short_of_memory(self: Loop, batch: Any) -> torch.Tensor:
        if len(batch.inputs) > 8:
            raise torch.OutOfMemoryError("CUDA out of memory.")
        return real(self, batch)

    monkeypatch.setattr(Loop, "loss_of", short_of_memory)
    record = finished(bench, points())
    assert (record.state, record.reason) == ("failed", "out_of_memory")
    assert "batch size of 8 or less" in str(record.reason_text)
    assert finished(bench, points(batch_size=8)).state == "finished"


def test_deleting_takes_everything_away(bench: Workbench):
    run = finished(bench, points()).id
    active = bench.start(points(**LONG), pace="max")
    with pytest.raises(Refused):
        bench.delete(active)
    bench.delete(run)
    assert bench.find(run) is None
    assert not bench.folder.run(run).exists()
    assert run not in bench.hub.runs()
    with pytest.raises(BadInput):
        bench.command(run, "resume")
    bench.command(active, "stop")
    bench.wait(active, 60)


def test_a_run_that_is_just_being_resumed_is_not_deleted(bench: Workbench, monkeypatch: pytest.MonkeyPatch):
    run = stopped(bench)
    resuming, go_on, real = threading.Event(), threading.Event(), bench.store.begin_attempt

    def slowly(*arguments: Any, **options: Any) -> int:
        resuming.set()
        assert go_on.wait(60)
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
    assert resuming.wait(10)
    threads[1].start()
    threads[1].join(0.2)
    go_on.set()
    for thread in threads:
        thread.join(60)
    assert len(refused) == 1
    bench.command(run, "stop")
    assert bench.wait(run, 60).state == "stopped"


def test_of_an_ended_run_no_weights_are_kept(bench: Workbench, monkeypatch: pytest.MonkeyPatch):
    runs: list[weakref.ref[Run]] = []
    real = Run.__init__

    def seen(self: Run, *arguments: Any, **options: Any) -> None:
        runs.append(weakref.ref(self))
        real(self, *arguments, **options)

    monkeypatch.setattr(Run, "__init__", seen)
    finished(bench, points())
    monkeypatch.setattr(Run, "step", lambda self: 1 // 0)
    failed = finished(bench, points())
    assert failed.state == "failed"
    assert isinstance(bench.runner.error(failed.id), ZeroDivisionError)

    def all_gone() -> bool:
        gc.collect()
        return [run() for run in runs] == [None, None]

    until(all_gone)


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


def test_a_resumed_run_has_its_data_where_it_has_computed(bench: Workbench, monkeypatch: pytest.MonkeyPatch):
    run = stopped(bench)
    devices: list[str] = []
    real = loading.resident
    monkeypatch.setattr(loading, "resident", lambda *given: devices.append(given[2]) or real(*given))
    monkeypatch.setenv("SADDLEPOINT_DEVICE", "meta")
    bench.resume(run, pace="max")
    bench.command(run, "stop")
    assert bench.wait(run, 60).state == "stopped"
    assert set(devices) == {"cpu"}


def test_commands_to_runs_that_cannot_take_them_are_refused_with_a_reason(bench: Workbench):
    run = finished(bench, points()).id
    with pytest.raises(Refused, match="not running"):
        bench.command(run, "pause")
    with pytest.raises(BadInput, match="number of epochs"):
        bench.command(run, "extend", {"epochs": 0})
    with pytest.raises(BadInput, match="learning rate"):
        bench.command(run, "set", {"lr": float("nan")})


def test_neighbours_previews_and_busy_threads_change_no_bit(bench: Workbench, tmp_path: Path):
    experiment = everything(epochs=20, optimizer="adam")
    expected = weights_sha256(trained(experiment, tmp_path)[0].parts.model)
    with four_busy_threads():
        runs = [
            bench.start(item, pace="max") for item in (experiment, everything(seed=3, epochs=20), points(epochs=20))
        ]
        for seed in range(4):
            bench.preview(everything(seed=10 + seed))
        records = [bench.wait(run, 60) for run in runs]
    assert records[0].weights_sha256 == expected
    assert {record.state for record in records} == {"finished"}


def test_a_snapshot_never_stands_alone_and_a_second_one_of_a_step_is_no_damage(bench: Workbench):
    run = finished(bench, points()).id
    entries = {entry.step: entry for entry in bench.store.snapshots(run)}
    assert {0, 16} <= entries.keys()
    for step, entry in entries.items():
        found = read_snapshot(snapshot_path(bench.folder.snapshots(run), step), run=run, sha256=entry.sha256)
        assert found.step == step
    bench.resume(run, epochs=1, pace="max")
    assert bench.wait(run, 60).step == 20
    assert "damaged_snapshot" not in [kind for _, kind, _ in stored_events(bench, run)]


def stopped(bench: Workbench, experiment: Experiment | None = None) -> str:
    run = bench.start(experiment or points(**LONG), pace="max")
    until(lambda: steps_done(bench, run) >= 20)
    bench.command(run, "stop")
    assert bench.wait(run, 60).state == "stopped"
    return run


def test_a_run_that_is_to_go_on_counts_as_active_while_its_data_are_loaded(
    bench: Workbench, monkeypatch: pytest.MonkeyPatch
):
    run = stopped(bench)
    loaded, real = threading.Event(), loading.resident

    def slowly(*arguments: Any) -> Any:
        assert loaded.wait(60)
        return real(*arguments)

    monkeypatch.setattr(loading, "resident", slowly)
    bench.resume(run, pace="max")
    assert bench.store.get_run(run, actor=LOCAL).state == "queued"
    with pytest.raises(Refused, match="deleted"):
        bench.delete(run)
    loaded.set()
    bench.command(run, "stop")
    assert bench.wait(run, 60).state == "stopped"


def test_resuming_a_paused_run_lets_it_go_on(bench: Workbench):
    run = bench.start(points(), pace="max", paused=True)
    until(lambda: bench.store.get_run(run, actor=LOCAL).state == "paused")
    assert bench.resume(run) == run
    record = bench.wait(run, 60)
    assert (record.state, record.attempt) == ("finished", 1)


def test_a_damaged_snapshot_is_passed_over_and_said(bench: Workbench):
    run = stopped(bench)
    last = bench.store.snapshots(run)[-1]
    path = snapshot_path(bench.folder.snapshots(run), last.step)
    path.write_bytes(path.read_bytes()[:-1])
    bench.resume(run, pace="max")
    bench.command(run, "stop")
    record = bench.wait(run, 60)
    assert any(f"snapshot of update {last.step} is damaged" in str(note) for note in notes_of(record))


@pytest.mark.parametrize(("budget", "said"), [(1, "always kept take more room"), (20_000, "from the middle")])
def test_what_the_budget_of_snapshots_costs_is_said(
    budget: int, said: str, bench: Workbench, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(snapshots, "BUDGET_BYTES", budget)
    run = bench.start(points(**LONG), pace="max", paused=True)

    def one_update_later() -> bool:
        bench.command(run, "step")
        return said in str(bench.hub.meta(run).get("saving_delayed"))

    until(one_update_later)
    bench.command(run, "stop")
    assert [str(note) for note in notes_of(bench.wait(run, 60)) if said in str(note)]


def test_a_preview_that_failed_is_tried_again_after_a_while(bench: Workbench, monkeypatch: pytest.MonkeyPatch):
    real = loading.resident

    def offline(*_: Any) -> None:
        raise BadInput(Text("There is no network."), Text("It is off."), Text("Try again."))

    monkeypatch.setattr(loading, "resident", offline)
    channel = bench.preview(points())
    until(lambda: bench.hub.meta(channel)["state"] == "failed")
    monkeypatch.setattr(loading, "resident", real)
    bench.preview(points())
    assert "no network" in str(bench.hub.meta(channel)["reason"])
    monkeypatch.setattr("core.studies.previews.RETRY_S", 0.0)
    bench.preview(points())
    until(lambda: "price" in bench.hub.meta(channel))
    assert bench.hub.meta(channel)["warning"] is None


def test_only_so_many_previews_are_kept(bench: Workbench, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(previews, "MAX_PREVIEWS", 2)
    first, second, third = (points(seed=seed) for seed in range(3))
    channels = [bench.preview(chosen) for chosen in (first, second, first, third)]
    assert set(bench.hub.runs()) == {channels[0], channels[3]}


def test_nothing_is_downloaded_to_show_a_stored_run(bench: Workbench, monkeypatch: pytest.MonkeyPatch):
    run = finished(bench, points()).id
    bench.hub.forget(run)
    monkeypatch.setattr(type(points().dataset), "available", lambda self, folder: Text("It is not here."))
    monkeypatch.setattr(loading, "resident", lambda *_: pytest.fail("it was loaded"))
    assert bench.hub.known(run)
    assert bench.hub.meta(run)["state"] == "finished"


def test_the_local_actor_is_the_default(bench: Workbench):
    record = finished(bench, points())
    assert record.owner == LOCAL
    assert bench.runs()[-1].id == record.id
    assert bench.running() is None
    assert bench.queue_length() == 0
