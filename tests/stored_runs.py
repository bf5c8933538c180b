"""Runs of a workbench in tests, and what its store keeps of them."""

from __future__ import annotations

from typing import Any

import numpy as np

from core.experiment import Experiment
from core.store.records import RunRecord
from core.studies.workbench import Workbench
from tests.experiments import TIMES, points
from tests.polling import until

LONG = {"epochs": 100_000}


def finished(bench: Workbench, experiment: Experiment, **options: Any) -> RunRecord:
    """The record of a run of the experiment from its start to its end."""
    return bench.wait(bench.start(experiment, pace="max", **options), 60)


def steps_done(bench: Workbench, run: str) -> int:
    """How many updates a run that is under way has done."""
    job = bench.runner.job(run)
    return job.run.step_count if job is not None and job.run is not None else 0


def stopped(bench: Workbench, experiment: Experiment | None = None) -> str:
    """A run that was stopped after twenty updates or more."""
    run = bench.start(experiment or points(**LONG), pace="max")
    until(lambda: steps_done(bench, run) >= 20)
    bench.command(run, "stop")
    assert bench.wait(run, 100).state == "stopped"
    return run


def stored_series(bench: Workbench, run: str) -> dict[str, np.ndarray]:
    """The stored series of a run, times left out."""
    return {name: column for name, column in bench.store.read_steps(run).items() if name not in TIMES}


def stored_evaluations(bench: Workbench, run: str) -> list[dict[str, float]]:
    """The stored evaluations of a run as rows, times left out."""
    return [
        {"step": float(row.step), **{name: value for name, value in row.values.items() if name not in TIMES}}
        for row in bench.store.read_evaluations(run)
    ]


def stored_events(bench: Workbench, run: str) -> list[tuple[int, str, dict[str, Any]]]:
    """The stored events of a run: update, kind, values."""
    return [(event.step, event.kind, dict(event.values)) for event in bench.store.events(run)]


def assert_same_rows(bench: Workbench, run: str, other: str) -> None:
    """Two stored runs have the same series and evaluations, bit for bit, times left out."""
    one, two = stored_series(bench, run), stored_series(bench, other)
    assert one.keys() == two.keys()
    for name, column in one.items():
        np.testing.assert_array_equal(column, two[name], err_msg=name)
    assert stored_evaluations(bench, run) == stored_evaluations(bench, other)
