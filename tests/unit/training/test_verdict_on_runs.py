"""The status rule on real runs: no healthy run of twenty is accused, all ten overfitting runs are found."""

from __future__ import annotations

from pathlib import Path

import pytest

from core import catalog
from core.experiment import Experiment
from core.training.assembly import conditions_of
from core.training.device import STACKED
from core.training.guessing import guessing
from core.training.run import Run
from core.training.trend import Trend
from core.training.verdict import status
from tests.presets.measures import advance

assert catalog


def verdicts(run: Run) -> list[str]:
    """The verdict after each evaluation of a run that is over."""
    trend = Trend(run.parts.data.task, guessing(run.parts.data).error)
    found = []
    for evaluation in run.evaluations:
        trend.add(evaluation)
        found.append(status(run.experiment, trend).verdict)
    return found


@pytest.mark.slow
def test_no_healthy_run_of_twenty_is_ever_called_overfitting(data_folder: Path):
    long = {"epochs": 40, "evaluate_every": 18}
    healthy = [Experiment.from_json({"seed": seed, "split_seed": seed}) for seed in range(12)]
    healthy += [Experiment.from_json({**long, "seed": seed, "split_seed": seed}) for seed in range(8)]
    runs = [Run(item, data_folder, conditions=conditions_of(item, engine=STACKED)) for item in healthy]
    advance(runs)
    assert [run.experiment.to_url() for run in runs if "overfitting" in verdicts(run)] == []


@pytest.mark.slow
def test_ten_of_ten_overfitting_runs_are_found(data_folder: Path):
    moons = Experiment.from_json({"preset": "overfits_moons"})
    stacked = conditions_of(moons, engine=STACKED)
    runs = [Run(moons.replace(seed=seed), data_folder, conditions=stacked) for seed in range(10)]
    advance(runs)
    assert [run.experiment.seed for run in runs if verdicts(run)[-1] != "overfitting"] == []


@pytest.mark.parametrize(("preset", "verdict"), [("sigmoid_20", "not_learning"), ("unscaled_inputs", "not_learning")])
def test_what_does_not_learn_is_said_not_to(preset: str, verdict: str, data_folder: Path):
    run = Run(Experiment.from_json({"preset": preset}), data_folder).train()
    assert verdicts(run)[-1] == verdict
