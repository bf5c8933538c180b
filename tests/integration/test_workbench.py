"""Runs from Start to the stored answer: what viewers see and what the store keeps."""

from __future__ import annotations

import gc
import weakref
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from core.errors import BadInput, Refused
from core.experiment import Experiment
from core.people import LOCAL
from core.studies import loading, previews, snapshots
from core.studies.report import notes_of
from core.studies.workbench import Workbench
from core.text import Text
from core.training.checkpoint import read_snapshot, snapshot_path
from core.training.run import Run
from core.training.weights import weights_sha256
from tests.experiments import everything, numbers, points, trained
from tests.jobs import four_busy_threads
from tests.polling import until
from tests.stored_runs import (
    LONG,
    finished,
    stored_evaluations,
    stored_events,
    stored_series,
)


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
    bench.wait(run, 100)
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
    bench.wait(active, 100)


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
        records = [bench.wait(run, 100) for run in runs]
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
    assert bench.wait(run, 100).step == 20
    assert "damaged_snapshot" not in [kind for _, kind, _ in stored_events(bench, run)]


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
    assert [str(note) for note in notes_of(bench.wait(run, 100)) if said in str(note)]


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
