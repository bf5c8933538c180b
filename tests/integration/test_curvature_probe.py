"""The curvature is watched while a run trains: shown, kept, and without a trace in what the run computes."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from core.errors import BadInput, Refused
from core.experiment import Experiment
from core.exports.tables import measurement_table
from core.landscape.curvature import extremes
from core.landscape.hessian import Hessian
from core.landscape.measured import Measured
from core.landscape.probe import Probe
from core.pieces import worked_off
from core.studies.comparison import Comparison
from core.studies.curvature_rows import COLUMNS
from core.studies.replay import recorded_conditions
from core.studies.study import study_channel
from core.studies.workbench import Workbench
from core.training.run import Run
from core.training.weights import weights_sha256
from tests.experiments import POINTS, everything, points
from tests.polling import until


def watched(bench: Workbench, experiment: Experiment, every: int) -> str:
    run = bench.start(experiment, pace="max", paused=True)
    bench.command(run, "curvature", {"every": every})
    bench.command(run, "resume")
    bench.wait(run, 100)
    return run


def rows(bench: Workbench, run: str) -> dict[str, np.ndarray]:
    steps, columns, _ = bench.hub.series(run, "curvature")
    return {"step": steps, **columns}


def test_a_run_computes_the_same_bits_with_and_without_being_watched(bench: Workbench, tmp_path: Path):
    """With everything that draws or remembers: dropout, batch statistics, augmentation, the optimizer's memory."""
    experiment = everything(optimizer={"key": "momentum", "lr": 0.05})
    record = bench.wait(watched(bench, experiment, 3))
    alone = Run(experiment, tmp_path, conditions=recorded_conditions(record)).train()
    assert record.weights_sha256 == weights_sha256(alone.parts.model)
    assert list(bench.store.read_curvature(record.id)) == [0, 3, 6, 9, 12]


def test_the_lanes_of_a_comparison_compute_the_same_bits_too(bench: Workbench, tmp_path: Path):
    comparison = Comparison.of(POINTS, ["optimizer=sgd,adam"], rates="hand")
    study = bench.start_comparison(comparison, pace="max", paused=True)
    until(lambda: bench.hub.meta(study_channel(study)).get("state") == "paused")
    bench.command_comparison(study, "curvature", {"every": 4})
    bench.command_comparison(study, "resume")
    bench.wait_comparison(study, 100)
    for record in bench.runs_of(study):
        experiment = Experiment.from_json(record.experiment)
        alone = Run(experiment, tmp_path, conditions=recorded_conditions(record)).train()
        assert record.weights_sha256 == weights_sha256(alone.parts.model)
        assert rows(bench, record.id)["step"].tolist() == [0, 4, 8, 12, 16]
        has_limit = np.isfinite(rows(bench, record.id)["limit"])
        assert has_limit.all() == (experiment.optimizer.key == "sgd") == has_limit.any()


def test_each_row_holds_the_ends_of_the_spectrum_and_the_limit_of_the_rate_then(bench: Workbench, tmp_path: Path):
    experiment = points(optimizer={"key": "momentum", "lr": 0.1, "momentum": 0.5}, schedule="cosine")
    found = rows(bench, watched(bench, experiment, 8))
    assert found["step"].tolist() == [0, 8, 16]
    run = Run(experiment, tmp_path)
    for place, step in enumerate(found["step"].tolist()):
        run.train(step)
        measured = Measured(run)
        wanted = worked_off(extremes(measured))
        assert found["top"][place] == pytest.approx(wanted.values[1], rel=0.05)
        assert found["bottom"][place] == pytest.approx(wanted.values[0], abs=0.05 * wanted.values[1])
        assert found["gradient_norm"][place] == pytest.approx(
            float(worked_off(Hessian(measured).gradient()).norm()), rel=1e-4
        )
    expected = [2 * 1.5 / lr if lr else np.nan for lr in found["lr"]]
    np.testing.assert_allclose(found["limit"], expected, rtol=1e-6)
    assert found["lr"][0] == np.float32(0.1) > found["lr"][1] > found["lr"][2]
    assert (found["noise_squared"] > 0).all()


def test_a_stored_run_shows_again_what_was_found(bench: Workbench):
    run = watched(bench, points(optimizer="adam"), 4)
    live = rows(bench, run)
    bench.hub.forget(run)
    assert bench.hub.known(run)
    again = rows(bench, run)
    assert set(again) == {"step", *COLUMNS} == set(live)
    for name, column in live.items():
        np.testing.assert_array_equal(column, again[name], err_msg=name)


def test_it_begins_and_ends_in_the_midst_of_a_run_that_is_held(bench: Workbench):
    run = bench.start(points(epochs=100_000), pace="max", paused=True)
    bench.command(run, "step")
    until(lambda: bench.hub.meta(run).get("step") == 1)
    bench.command(run, "curvature", {"every": 1})
    until(lambda: bench.hub.meta(run).get("curvature_every") == 1 and len(rows(bench, run)["step"]) == 1)
    bench.command(run, "step")
    until(lambda: len(rows(bench, run)["step"]) == 2)
    bench.command(run, "curvature", {"every": 0})
    bench.command(run, "step")
    until(lambda: bench.hub.meta(run).get("step") == 3)
    bench.command(run, "stop")
    bench.wait(run, 100)
    assert rows(bench, run)["step"].tolist() == [1, 2]
    with pytest.raises(Refused):
        bench.command(run, "curvature", {"every": 1})


@pytest.mark.parametrize("every", [-1, 1.5, True, "often", None])
def test_how_often_must_be_a_number_of_updates(bench: Workbench, every: Any):
    run = bench.start(points(epochs=100_000), pace="max", paused=True)
    with pytest.raises(BadInput):
        bench.command(run, "curvature", {"every": every})


def test_a_probe_that_fails_is_told_and_ends_no_run(bench: Workbench, monkeypatch: pytest.MonkeyPatch):
    def fails(probe: Probe, state: Any) -> Any:
        raise RuntimeError("no such kernel")

    monkeypatch.setattr(Probe, "pieces", fails)
    run = watched(bench, points(), 4)
    assert bench.wait(run).state == "finished"
    assert "no such kernel" in str(bench.hub.meta(run)["curvature_problem"])
    assert bench.store.read_curvature(run) == {}


def test_a_run_that_goes_on_is_watched_as_before_and_keeps_what_lies_before_its_snapshot(bench: Workbench):
    run = watched(bench, points(), 4)
    bench.command(run, "extend", {"epochs": 2})
    bench.command(run, "pace", {"pace": "max"})
    bench.wait(run, 100)
    assert bench.hub.meta(run)["curvature_every"] == 4
    assert rows(bench, run)["step"].tolist() == [0, 4, 8, 12, 16, 20, 24]


def test_a_run_that_another_process_has_left_is_watched_as_before(data_folder: Path):
    with Workbench.open(data_folder) as bench:
        run = bench.start(points(epochs=100_000), pace="max", paused=True)
        bench.command(run, "step")
        until(lambda: bench.hub.meta(run).get("step") == 1)
        for every in (3, 7):
            bench.command(run, "curvature", {"every": every})
        until(lambda: bench.hub.meta(run).get("curvature_every") == 7)
        snapshots = bench.folder.snapshots(run)
    # It goes on from before the update at which it was asked for.
    (snapshots / "step-0000000001.safetensors").unlink()
    with Workbench.open(data_folder) as bench:
        bench.resume(run, pace="max")
        until(lambda: len(rows(bench, run)["step"]) > 2)
        assert rows(bench, run)["step"].tolist()[:3] == [0, 7, 14]


def test_who_was_watched_no_more_stays_so(bench: Workbench):
    run = bench.start(points(), pace="max", paused=True)
    for every in (4, 0):
        bench.command(run, "curvature", {"every": every})
    bench.command(run, "resume")
    bench.wait(run, 100)
    bench.command(run, "extend", {"epochs": 2})
    bench.command(run, "pace", {"pace": "max"})
    bench.wait(run, 100)
    assert max(bench.store.read_curvature(run), default=0) == 0


def test_the_runs_of_a_comparison_that_goes_on_are_watched_as_before(bench: Workbench):
    study = bench.start_comparison(Comparison.of(POINTS, ["optimizer=sgd,adam"], rates="hand"), pace="max", paused=True)
    bench.command_comparison(study, "curvature", {"every": 8})
    bench.command_comparison(study, "resume")
    bench.wait_comparison(study, 100)
    bench.command_comparison(study, "extend", {"epochs": 3})
    bench.command_comparison(study, "pace", {"pace": "max"})
    bench.wait_comparison(study, 100)
    assert {tuple(bench.store.read_curvature(run.id)) for run in bench.runs_of(study)} == {(0, 8, 16, 24)}


def test_a_branch_of_a_watched_run_has_no_rows_of_its_own_until_it_is_watched(bench: Workbench):
    run = watched(bench, points(), 4)
    branch = bench.fork(run, 6, pace="max", paused=True)
    bench.command(branch, "curvature", {"every": 4})
    bench.command(branch, "resume")
    bench.wait(branch, 100)
    assert list(bench.store.read_curvature(branch)) == [8, 12, 16]
    bench.hub.forget(branch)
    assert bench.hub.known(branch)
    assert rows(bench, branch)["step"].tolist() == [8, 12, 16]


def test_what_was_measured_is_no_event_and_stands_in_the_file_of_a_run(bench: Workbench):
    """A page reads the events of a run at every click: there may be thousands of measurements beside them."""
    run, store = watched(bench, points(), 4), bench.store
    assert [event.kind for event in store.events(run)] == ["curvature_every"]
    curvature = store.read_curvature(run)
    table = measurement_table(store.read_evaluations(run), store.read_steps(run), store.events(run), curvature)
    assert table["curvature/top"][::4] == [curvature[step]["top"] for step in range(0, 17, 4)]


def test_a_comparison_that_still_searches_its_rates_is_watched_in_its_race(bench: Workbench):
    comparison = Comparison.of({**POINTS, "epochs": 2}, ["optimizer=sgd,momentum"], rates="own")
    study = bench.start_comparison(comparison, pace="max")
    bench.command_comparison(study, "curvature", {"every": 4})
    bench.wait_comparison(study, 100)
    assert {tuple(rows(bench, run.id)["step"]) for run in bench.runs_of(study)} == {(0, 4, 8)}


def test_a_run_that_diverges_is_measured_up_to_there_and_ends_as_it_does_alone(bench: Workbench, tmp_path: Path):
    experiment = points(optimizer={"key": "sgd", "lr": 1e20})
    run = watched(bench, experiment, 1)
    record = bench.wait(run)
    alone = Run(experiment, tmp_path, conditions=recorded_conditions(record)).train()
    assert alone.outcome is not None
    assert (record.state, record.weights_sha256) == ("diverged", weights_sha256(alone.parts.model))
    assert alone.outcome.state == "diverged"
    assert max(bench.store.read_curvature(run)) <= alone.step_count
