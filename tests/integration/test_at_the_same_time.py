"""What happens at the same time: stopping what is still loading, showing what is being resumed, loading slow data."""

from __future__ import annotations

import threading
from concurrent.futures import Future
from pathlib import Path
from typing import Any

import pytest

from core.catalog.datasets.digits import Digits
from core.experiment import Experiment
from core.studies import replayed
from core.studies.report import notes_of, run_report
from core.studies.workbench import Workbench
from tests.experiments import points
from tests.polling import until

LONG = {"epochs": 100_000}


def broken_off(bench: Workbench, **changes: Any) -> str:
    """A run that was stopped after a while, with everything stored."""
    run = bench.start(points(**LONG, **changes), pace="max")
    until(lambda: bench.store.get_run(run, actor="local").step > 50, what="some updates")
    bench.command(run, "stop")
    bench.wait(run, 100)
    return run


def test_a_resumed_run_that_is_stopped_while_its_data_load_keeps_its_numbers(
    bench: Workbench, monkeypatch: pytest.MonkeyPatch
):
    run = broken_off(bench)
    before = run_report(bench.store, bench.find(run))  # type: ignore[arg-type]
    monkeypatch.setattr(bench.runner._loading, "load", lambda *_: Future())
    bench.resume(run, pace="max")
    bench.command(run, "stop")
    record = bench.wait(run, 100)
    assert record.state == "stopped"
    after = run_report(bench.store, record)
    for name in ("steps", "validation_error", "train_error", "weights_sha256", "num_parameters"):
        assert after[name] == before[name] is not None, name


def test_a_viewer_who_comes_while_a_run_is_resumed_sees_it_go_on(bench: Workbench, monkeypatch: pytest.MonkeyPatch):
    run = broken_off(bench)
    bench.hub.forget(run)
    reading, go_on = threading.Event(), threading.Event()
    shown = replayed.show_stored

    def slowly(*arguments: Any) -> None:
        reading.set()
        assert go_on.wait(100)
        shown(*arguments)

    monkeypatch.setattr(replayed, "show_stored", slowly)
    viewer = threading.Thread(target=bench.hub.known, args=(run,))
    viewer.start()
    assert reading.wait(100)
    resuming = threading.Thread(target=bench.resume, args=(run,), kwargs={"pace": "max"})
    resuming.start()
    go_on.set()
    viewer.join(100)
    resuming.join(100)
    at = bench.store.get_run(run, actor="local").step
    until(lambda: bench.hub.series(run, "update")[0][-1] > at + 50, what="updates in the viewer's chart")
    assert bench.hub.meta(run)["state"] == "running"
    bench.command(run, "stop")
    bench.wait(run, 100)


def test_slow_data_hold_up_no_run_on_other_data(bench: Workbench, monkeypatch: pytest.MonkeyPatch):
    arrived = threading.Event()
    load = Digits.load

    def slowly(self: Digits, *arguments: Any) -> Any:
        assert arrived.wait(100)
        return load(self, *arguments)

    monkeypatch.setattr(Digits, "load", slowly)
    slow = [bench.runner._loading.load(Experiment(seed=seed), None) for seed in range(12)]
    record = bench.wait(bench.start(points(), pace="max"), 30)
    assert record.state == "finished"
    assert not any(future.done() for future in slow)
    arrived.set()
    assert len({id(future.result(100).inputs) for future in slow}) == 1, "they share one copy"


def test_on_how_many_samples_the_training_error_is_measured_is_said_for_good(
    bench: Workbench, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr("core.training.resident.NUM_EVALUATED", 20)
    record = bench.wait(bench.start(points(), pace="max"), 30)
    said = "Training error is measured on a fixed 20 of 64 samples."
    assert said in [str(note) for note in notes_of(record)]
    bench.hub.forget(record.id)
    assert bench.hub.known(record.id)
    assert said in [str(note) for note in bench.hub.meta(record.id)["notes"]]


def test_who_only_reads_sees_that_a_run_was_left_behind(data_folder: Path):
    with Workbench.open(data_folder) as bench:
        run = bench.start(points(**LONG), pace="1/s")
        until(lambda: bench.store.get_run(run, actor="local").state == "running")
        with Workbench.reading(data_folder) as reader:
            assert [record.state for record in reader.runs()] == ["running"]
            (data_folder / "write.lock.json").unlink()  # as after a kill: nobody living says that it writes
            (left,) = reader.runs()
        assert (left.state, left.reason) == ("interrupted", "process_ended")
