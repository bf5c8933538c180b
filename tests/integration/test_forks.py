"""A run can be branched at any update; without a change the branch is its parent, bit for bit."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from core.errors import BadInput
from core.experiment import Experiment
from core.live.hub import Hub, Reading
from core.store.changes import store_event
from core.store.records import RunRecord
from core.studies import forking
from core.studies.report import notes_of, run_report
from core.studies.workbench import Workbench
from core.training.events import Event
from core.training.run import Run
from core.training.weights import weights_sha256
from tests.experiments import TIMES, everything, points, trained
from tests.polling import until

LONG = {"epochs": 100_000}


def finished(bench: Workbench, experiment: Experiment) -> RunRecord:
    return bench.wait(bench.start(experiment, pace="max"), 60)


def forked(bench: Workbench, run: str, at: int | None, changes: dict[str, Any] | None = None) -> RunRecord:
    return bench.wait(bench.fork(run, at, changes, pace="max"), 60)


def series(bench: Workbench, run: str, after: int = 0) -> dict[str, bytes]:
    columns = bench.store.read_steps(run)
    behind = columns["step"] > after
    return {name: column[behind].tobytes() for name, column in columns.items() if name not in TIMES}


def rows(bench: Workbench, run: str, since: int = 0) -> dict[int, dict[str, float]]:
    return {
        row.step: {name: value for name, value in row.values.items() if name not in TIMES}
        for row in bench.store.read_evaluations(run)
        if row.step >= since
    }


def events(bench: Workbench, run: str, *, recipe: bool = True) -> list[tuple[int, str, dict[str, Any]]]:
    return [
        (event.step, event.kind, dict(event.values)) for event in bench.store.events(run) if event.recipe or not recipe
    ]


def seen(hub: Hub, run: str) -> Reading:
    """What a viewer who opens a run is shown."""
    assert hub.known(run)
    reading = hub.read(run)
    assert reading is not None
    return reading


@pytest.mark.parametrize("at", [0, 1, 5, 6, 11, 12])
def test_a_fork_without_a_change_equals_its_parent(at: int, bench: Workbench):
    parent = finished(bench, everything())
    fork = forked(bench, parent.id, at)
    assert fork.weights_sha256 == parent.weights_sha256
    if at < parent.step:
        assert series(bench, fork.id) == series(bench, parent.id, after=at)
    assert rows(bench, fork.id) == rows(bench, parent.id, since=at)
    assert (fork.state, fork.step, fork.parent, fork.fork_step) == ("finished", parent.step, parent.id, at)
    assert fork.fingerprint == parent.fingerprint
    assert fork.train_s > parent.train_s * at / parent.step / 100


def test_the_first_point_lies_on_the_parents_curve_also_where_the_parent_was_not_measured(bench: Workbench):
    experiment = points(evaluate_every=8, regularizers=[{"key": "early_stopping", "patience": 1}], epochs=40)
    parent = finished(bench, experiment)
    at = 5
    fork = forked(bench, parent.id, at)
    shown, *rest = rows(bench, fork.id)
    assert shown == at
    assert rest == [step for step in rows(bench, parent.id) if step > at]
    replayed = Run(experiment, bench.folder.path).train(until=at)
    replayed.apply(Event(0, "stop"))
    assert rows(bench, fork.id)[at]["validation/loss"] == replayed.train().evaluations[-1].validation.loss
    assert fork.weights_sha256 == parent.weights_sha256, "what is only shown changes no course"
    assert fork.reason == parent.reason == "early_stopping"


def test_a_fork_goes_on_with_what_was_changed_and_its_parent_stays_as_it_was(bench: Workbench, tmp_path: Path):
    parent = finished(bench, everything())
    before = run_report(bench.store, parent)
    changes = {"optimizer.lr": 0.02, "batch_size": 8, "regularizers.0.strength": 0.1}
    fork = forked(bench, parent.id, 7, changes)
    expected, _ = trained(everything(), tmp_path, recipe=[Event(7, "set", changes)])
    assert fork.weights_sha256 == weights_sha256(expected.parts.model)
    assert events(bench, fork.id) == [(7, "set", changes)]
    assert fork.experiment == parent.experiment
    assert run_report(bench.store, bench.store.get_run(parent.id, actor="local")) == before
    assert run_report(bench.store, fork)["fork_step"] == 7


def test_a_fork_has_the_parents_changes_up_to_there_and_none_after(bench: Workbench, tmp_path: Path):
    run = bench.start(everything(), pace="max", paused=True)
    bench.command(run, "set", {"lr": 0.02})
    bench.command(run, "start")
    parent = bench.wait(run, 100)
    bench.command(run, "extend", {"epochs": 2})
    bench.command(run, "pace", {"pace": "max"})
    parent = bench.wait(run, 100)
    early, late = forked(bench, run, 5), forked(bench, run, 14)
    assert events(bench, early.id) == [(0, "set", {"lr": 0.02})]
    assert events(bench, late.id) == [(0, "set", {"lr": 0.02}), (12, "extend", {"epochs": 2})]
    assert (early.step, late.step) == (12, 18)
    assert late.weights_sha256 == parent.weights_sha256


def test_forks_of_forks_and_a_fork_before_its_parent_was_one(bench: Workbench, tmp_path: Path):
    parent = finished(bench, everything())
    child = forked(bench, parent.id, 4, {"batch_size": 8})
    grandchild = forked(bench, child.id, 9, {"optimizer.key": "momentum"})
    recipe = [Event(4, "set", {"batch_size": 8}), Event(9, "set", {"optimizer.key": "momentum"})]
    expected, _ = trained(everything(), tmp_path, recipe=recipe)
    assert grandchild.weights_sha256 == weights_sha256(expected.parts.model)
    assert grandchild.parent == child.id
    assert forked(bench, grandchild.id, 2).weights_sha256 == parent.weights_sha256


def test_a_running_run_is_forked_where_it_is_and_goes_on(bench: Workbench, tmp_path: Path):
    experiment = everything(**LONG)
    run = bench.start(experiment, pace="max")
    until(lambda: (job := bench.runner.job(run)) is not None and job.run is not None and job.run.step_count > 40)
    fork = bench.fork(run, None, {"optimizer.lr": 0.02}, pace="max")
    at = bench.store.get_run(fork, actor="local").fork_step
    assert at is not None
    until(lambda: (job := bench.runner.job(fork)) is not None and job.run is not None and job.run.step_count > at + 5)
    for each in (run, fork):
        bench.command(each, "stop")
    ended = bench.wait(fork, 100)
    assert bench.wait(run, 100).step > at
    recipe = [Event(at, "set", {"optimizer.lr": 0.02}), Event(ended.step, "stop")]
    expected, _ = trained(experiment, tmp_path, recipe=recipe)
    assert ended.weights_sha256 == weights_sha256(expected.parts.model)


def test_a_running_run_is_forked_at_an_earlier_update(bench: Workbench, tmp_path: Path):
    run = bench.start(points(**LONG), pace="max")
    until(lambda: (job := bench.runner.job(run)) is not None and job.run is not None and job.run.step_count > 40)
    fork = bench.fork(run, 21, pace="max", paused=True)
    until(lambda: (job := bench.runner.job(fork)) is not None and job.run is not None)
    bench.command(fork, "stop")
    record = bench.wait(fork, 100)
    bench.command(run, "stop")
    assert record.step == 21
    assert record.weights_sha256 == weights_sha256(Run(points(**LONG), tmp_path).train(until=21).parts.model)


@pytest.mark.parametrize("at", [None, 21])
def test_a_fork_of_a_running_run_waits_for_the_disk_once_and_has_its_parents_clock(
    bench: Workbench, monkeypatch: pytest.MonkeyPatch, at: int | None
):
    run = bench.start(points(**LONG), pace="max")
    until(lambda: (job := bench.runner.job(run)) is not None and job.run is not None and job.run.step_count > 40)
    asked: list[str] = []
    for name in ("flush", "_ask", "_tell"):
        monkeypatch.setattr(bench.store, name, waiting(getattr(bench.store, name), name, asked))
    fork = bench.fork(run, at, {"optimizer.lr": 0.02}, paused=True)
    assert asked == ["_ask"]
    monkeypatch.undo()
    record = bench.store.get_run(fork, actor="local")
    columns = bench.store.read_steps(run)
    row = columns["step"].tolist().index(record.fork_step)
    clock = (columns["epoch"][row], columns["train_s"][row])
    assert clock[1] > 0
    assert [(event.kind, event.epoch, event.train_s, event.recipe) for event in bench.store.events(fork)[:2]] == [
        ("set", *clock, True), ("fork", *clock, False),
    ]  # fmt: skip
    until(lambda: (job := bench.runner.job(fork)) is not None and job.run is not None)
    job = bench.runner.job(fork)
    assert job is not None
    assert job.run is not None
    assert job.run.train_s == clock[1]
    for each in (run, fork):
        bench.command(each, "stop")
        bench.wait(each, 100)


def waiting(act: Callable[..., Any], name: str, asked: list[str]) -> Callable[..., Any]:
    """`act`, which notes that whoever asks for a fork has waited for it."""

    def noted(*arguments: Any, **options: Any) -> Any:
        if threading.current_thread() is threading.main_thread():
            asked.append(name)
        return act(*arguments, **options)

    return noted


def test_a_fork_is_stored_with_its_recipe_and_its_attempt_or_not_at_all(
    bench: Workbench, monkeypatch: pytest.MonkeyPatch
):
    parent = finished(bench, points())

    def failing(connection: Any, event: Any) -> None:
        if event.kind == "fork":
            raise ValueError("no")
        store_event(connection, event)

    monkeypatch.setattr("core.store.changes.store_event", failing)
    with pytest.raises(ValueError, match="no"):
        bench.fork(parent.id, 3, {"optimizer.lr": 0.02})
    assert [run.id for run in bench.runs()] == [parent.id]
    monkeypatch.undo()
    assert forked(bench, parent.id, 3, {"optimizer.lr": 0.02}).state == "finished"


def test_a_fork_can_be_resumed_and_replayed_when_its_parent_is_deleted(bench: Workbench, tmp_path: Path):
    parent = finished(bench, everything(epochs=40))
    fork = bench.fork(parent.id, 30, {"batch_size": 8}, pace="max", paused=True)
    bench.command(fork, "step")
    until(lambda: (job := bench.runner.job(fork)) is not None and job.run is not None and job.run.step_count == 31)
    bench.command(fork, "stop")
    bench.wait(fork, 100)
    assert next(entry.step for entry in bench.store.snapshots(fork)) == 30
    bench.delete(parent.id)
    bench.resume(fork, pace="max")
    ended = bench.wait(fork, 100)
    expected, _ = trained(everything(epochs=40), tmp_path, recipe=[Event(30, "set", {"batch_size": 8})])
    assert ended.weights_sha256 == weights_sha256(expected.parts.model)
    for step in (3, 30, 33):
        replayed = bench.state_at(fork, step)
        original = Run(everything(epochs=40), tmp_path, recipe=[Event(30, "set", {"batch_size": 8})])
        assert weights_sha256(replayed.parts.model) == weights_sha256(original.train(until=step).parts.model)


@pytest.mark.parametrize("at", [-1, 17, 10**9])
def test_an_update_that_the_parent_has_not_done_is_bad_input(at: int, bench: Workbench):
    parent = finished(bench, points())
    with pytest.raises(BadInput, match="0 to 16"):
        bench.fork(parent.id, at)
    assert len(bench.runs()) == 1


def test_what_cannot_change_makes_no_fork(bench: Workbench):
    parent = finished(bench, points())
    for changes in ({"dataset": "xor"}, {"optimizer.lr": -1}, {"frozen": ["nothing"]}):
        with pytest.raises(BadInput):
            bench.fork(parent.id, 3, changes)
    assert len(bench.runs()) == 1


def test_what_of_the_optimizers_memory_goes_on_is_noted(bench: Workbench):
    parent = finished(bench, points())
    assert any("Adam goes on with its" in str(note) for note in notes_of(forked(bench, parent.id, 3)))
    changed = forked(bench, parent.id, 3, {"optimizer.key": "sgd"})
    assert any("were dropped" in str(note) for note in notes_of(changed))


def test_a_change_of_a_running_run_is_stored_drawn_and_noted(bench: Workbench):
    run = bench.start(points(), pace="max", paused=True)
    bench.command(run, "set", {"optimizer.key": "adamw", "batch_size": 32})
    with pytest.raises(BadInput, match="cannot change"):
        bench.command(run, "set", {"seed": 3})
    bench.command(run, "start")
    record = bench.wait(run, 100)
    assert events(bench, run) == [(0, "set", {"optimizer.key": "adamw", "batch_size": 32})]
    assert record.step == 8
    assert "AdamW 0.001" in [str(choice) for choice in bench.hub.meta(run)["choices"]]
    drawn = [event["text"] for event in seen(bench.hub, run).events if event["kind"] == "set"]
    assert [str(text) for text in drawn] == ["optimizer AdamW 0.001, batch size 16 → 32"]
    assert any("AdamW goes on with" in str(note) for note in notes_of(record))


def test_a_viewer_sees_a_fork_from_its_branch_on_dashed_in_a_colour_of_its_own(bench: Workbench):
    parent = finished(bench, points())
    bench.command(parent.id, "extend", {"epochs": 1})
    bench.command(parent.id, "pace", {"pace": "max"})
    bench.wait(parent.id, 100)
    fork = forked(bench, parent.id, 18, {"optimizer.lr": 0.5})
    for hub in (bench.hub, Hub(load=bench._load_stored)):
        reading = seen(hub, fork.id)
        assert [(event["step"], str(event["text"])) for event in reading.events] == [
            (18, "learning rate 0.001 → 0.5"),
            (18, "branched here"),
        ]
        meta = hub.meta(fork.id)
        assert (meta["parent"], meta["fork_step"], meta["slot"]) == (parent.id, 18, fork.colour_slot + 8)
        assert fork.colour_slot != parent.colour_slot
        assert "Adam 0.5" in [str(choice) for choice in meta["choices"]]
        assert "Adam 0.5" in str(meta["name"])
        steps, _, _ = hub.series(fork.id, "evaluation")
        assert steps[0] == 18


def test_what_was_changed_before_a_fork_left_its_parent_is_marked_for_the_fork_too(bench: Workbench):
    run = bench.start(points(), pace="max", paused=True)
    bench.command(run, "set", {"optimizer.lr": 0.01})
    bench.command(run, "start")
    bench.wait(run, 100)
    fork = forked(bench, run, 4, {"optimizer.lr": 0.5})
    for hub in (bench.hub, Hub(load=bench._load_stored)):
        assert [(event["step"], str(event["text"])) for event in seen(hub, fork.id).events] == [
            (0, "learning rate 0.001 → 0.01"),
            (4, "learning rate 0.01 → 0.5"),
            (4, "branched here"),
        ]


def test_a_viewer_is_told_how_passes_are_counted_also_of_a_stored_run(bench: Workbench):
    run = bench.start(points(), pace="max", paused=True)
    for _ in range(6):
        bench.command(run, "step")
    until(lambda: (job := bench.runner.job(run)) is not None and job.run is not None and job.run.step_count == 6)
    bench.command(run, "set", {"batch_size": 8})
    bench.command(run, "start")
    bench.wait(run, 100)
    told = [[0, 0.0, 4], [6, 1.5, 8]]
    assert bench.hub.meta(run)["stretches"] == told
    bench.hub.forget(run)
    seen(bench.hub, run)
    assert bench.hub.meta(run)["stretches"] == told
    assert bench.hub.meta(run)["steps_per_epoch"] == 8


def test_a_fork_is_stopped_while_its_parent_is_replayed_and_nobody_waits_for_it(
    bench: Workbench, monkeypatch: pytest.MonkeyPatch
):
    parent = finished(bench, everything())
    pieces: list[int] = []
    is_over: list[bool] = []

    def endless(*_: Any) -> Iterator[None]:
        try:
            while True:
                pieces.append(len(pieces))
                yield
        finally:
            is_over.append(True)

    monkeypatch.setattr(forking, "replayed_state", endless)
    fork = bench.fork(parent.id, 7, pace="max")
    until(lambda: pieces)
    assert finished(bench, points()).state == "finished", "others have their turn"
    assert "Going back to update 7" in str(bench.hub.meta(fork)["reason"])
    bench.command(fork, "stop")
    assert bench.wait(fork, 100).state == "stopped"
    until(lambda: is_over)


def test_the_narrator_knows_the_first_weights_of_a_fork_until_they_are_deleted(bench: Workbench):
    parent = finished(bench, points(epochs=20, optimizer={"key": "sgd", "lr": 0.1}))
    middle = forked(bench, parent.id, 4)
    fork = forked(bench, middle.id, 6, {"optimizer.lr": 60.0})
    live = bench.hub.meta(fork.id)["status"]["told"]
    (first, *_) = bench.store.read_evaluations(parent.id)
    assert f"{first.values['train/loss']:.3g} at the beginning" in str([str(one["text"]) for one in live])
    bench.hub.forget(fork.id)
    seen(bench.hub, fork.id)
    assert bench.hub.meta(fork.id)["status"]["told"] == live
    bench.delete(parent.id)
    assert not {"diverging", "rate_too_high", "plateau"} & {saying.kind for saying in bench.sayings(fork.id)}


def test_a_stored_run_is_summed_up_with_what_was_changed_while_it_ran(bench: Workbench):
    run = bench.start(points(optimizer={"key": "sgd", "lr": 0.01}), pace="max", paused=True)
    bench.command(run, "set", {"optimizer.lr": 1e30})
    bench.command(run, "start")
    assert bench.wait(run, 100).state == "diverged"
    said = [str(item["label"]) for item in bench.hub.meta(run)["status"]["suggestions"]]
    assert any("1e" in label for label in said), "a rate below the new one"
    bench.hub.forget(run)
    seen(bench.hub, run)
    assert [str(item["label"]) for item in bench.hub.meta(run)["status"]["suggestions"]] == said


def test_a_family_is_the_same_from_each_of_its_runs_and_names_each_before_its_branches(bench: Workbench):
    first = finished(bench, points())
    finished(bench, points(seed=7))
    second, third = forked(bench, first.id, 2), forked(bench, first.id, 3)
    grandchild = forked(bench, second.id, 4)
    family = [first.id, second.id, grandchild.id, third.id]
    assert [[run.id for run in bench.family(member)] for member in family] == [family] * 4
    bench.delete(first.id)
    assert [run.id for run in bench.family(grandchild.id)] == [second.id, grandchild.id]
