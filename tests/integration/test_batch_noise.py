"""A comparison of batch sizes measures the noise of their gradients beside its race, and touches none of its runs."""

from __future__ import annotations

from pathlib import Path

from core.experiment import Experiment
from core.studies.batch_noise import compares_batches
from core.studies.comparison import Comparison
from core.studies.race_meta import texts
from core.studies.replay import recorded_conditions
from core.studies.study import study_channel
from core.studies.workbench import Workbench
from core.training.gradient_noise import gradient_noise
from core.training.run import Run
from core.training.weights import weights_sha256
from tests.experiments import POINTS
from tests.polling import until


def test_the_noise_of_every_size_is_measured_at_the_first_weights_and_stored(bench: Workbench, tmp_path: Path):
    comparison = Comparison.of(POINTS, ["batch_size=4,16"], rates="hand", seeds=2)
    study = bench.wait_comparison(bench.start_comparison(comparison, pace="max"), 60)
    found = texts(study.facts)["noise"]
    expected = [gradient_noise(Run(each, tmp_path), each.batch_size) for each in comparison.varied()]
    assert [(point["variant"], point["batch_size"]) for point in found["points"]] == [(0, 4), (1, 16)]
    assert [point["noise"] for point in found["points"]] == expected
    assert found["num_train"] == len(Run(comparison.base, tmp_path).parts.data.splits.train)
    assert bench.hub.meta(study_channel(study.id))["noise"] == found
    for run in bench.runs_of(study.id):
        alone = Run(Experiment.from_json(run.experiment), tmp_path, conditions=recorded_conditions(run)).train()
        assert weights_sha256(alone.parts.model) == run.weights_sha256


def test_a_comparison_that_was_broken_off_before_the_noise_was_stored_measures_it_when_it_goes_on(data_folder: Path):
    comparison = Comparison.of({**POINTS, "epochs": 100_000}, ["batch_size=4,16"], rates="hand")
    with Workbench.open(data_folder) as bench:
        study = bench.start_comparison(comparison, pace="max", paused=True)
        until(lambda: bench.hub.meta(study_channel(study))["state"] == "paused")
    with Workbench.open(data_folder) as bench:
        assert "noise" not in bench.study(study).facts
        bench.command_comparison(study, "resume")
        until(lambda: bench.hub.meta(study_channel(study))["noise"] is not None)
        bench.command_comparison(study, "stop")
        assert len(bench.wait_comparison(study, 100).facts["noise"]["points"]) == 2


def test_a_comparison_of_something_else_measures_none(bench: Workbench):
    comparison = Comparison.of(POINTS, ["optimizer=sgd,adam"], rates="hand", seeds=1)
    assert not compares_batches(comparison)
    study = bench.wait_comparison(bench.start_comparison(comparison, pace="max"), 60)
    assert "noise" not in texts(study.facts)
