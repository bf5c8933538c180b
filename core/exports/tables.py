"""The tables that are exported: all runs with their settings and results, and one run's measurements."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from core.experiment import Experiment
from core.store.records import Evaluation, Event, RunRecord
from core.studies.seals import seal_of

Columns = dict[str, list[Any]]

RESULTS = (
    "train_loss",
    "train_error",
    "validation_loss",
    "validation_error",
    "gap",
    "best_epoch",
    "test_error",
    "test_look",
    "contaminated",
)


def experiment_of(run: RunRecord) -> Experiment:
    """A run's experiment without its name and notes, which are the run's own."""
    return Experiment.from_json(
        {name: value for name, value in run.experiment.items() if name not in ("name", "notes")}
    )


def flat_settings(experiment: Experiment) -> dict[str, str]:
    """Every setting as a dotted name: what a link would hold if nothing were left to the defaults."""
    flat: dict[str, str] = {}

    def walk(path: str, value: Any) -> None:
        if isinstance(value, Mapping):
            for name, inner in value.items():
                walk(path if name == "key" else f"{path}.{name}", inner)
        elif isinstance(value, list) and all(isinstance(item, Mapping) and "key" in item for item in value):
            flat[path] = ",".join(item["key"] for item in value)
            for place, item in enumerate(value):
                walk(f"{path}.{place}", {name: inner for name, inner in item.items() if name != "key"})
        else:
            flat[path] = value if isinstance(value, str) else "" if value is None else json.dumps(value)

    for name, value in experiment.to_json().items():
        if name not in ("version", "name", "notes"):
            walk(name, value)
    return flat


def differing(experiments: Sequence[Experiment]) -> Columns:
    """The settings in which these experiments differ, each as a column; "" where one has no such setting.

    A setting counts that some experiment changed from its default, or that all have.
    """
    settings = [flat_settings(experiment) for experiment in experiments]
    changed = {name for experiment in experiments for name in experiment.to_url()}
    names = dict.fromkeys(name for setting in settings for name in setting)
    columns = {
        name: [setting.get(name, "") for setting in settings]
        for name in names
        if name in changed or all(name in setting for setting in settings)
    }
    return {name: column for name, column in columns.items() if len(set(column)) > 1}


def run_table(runs: Sequence[RunRecord], experiments: Sequence[Experiment]) -> Columns:
    """One row a run: what it is, every setting that some run changed, what came out.

    `experiments` is what each run computes at first.
    """
    settings = [experiment.to_url() for experiment in experiments]
    columns: Columns = {
        "run": [run.id for run in runs],
        "name": [run.name for run in runs],
        "note": [run.note for run in runs],
        "state": [run.state for run in runs],
        "created": [run.created.isoformat() for run in runs],
        "fingerprint": [run.fingerprint for run in runs],
    }
    for name in dict.fromkeys(name for setting in settings for name in setting):
        columns[name] = [setting.get(name, "") for setting in settings]
    columns["updates done"] = [run.step for run in runs]
    columns["epochs done"] = [run.epoch for run in runs]
    columns["train_s"] = [run.train_s for run in runs]
    columns["best_validation_error"] = [run.best_validation_error for run in runs]
    columns["test_seal"] = [seal_of(run) for run in runs]
    for name in RESULTS:
        columns[name] = [run.answer.get(name) for run in runs]
    for name in ("test_error", "test_look", "contaminated"):
        columns[name] = [None if seal_of(run) == "sealed" else run.answer.get(name) for run in runs]
    return columns


def measurement_table(
    evaluations: Sequence[Evaluation],
    updates: Mapping[str, np.ndarray],
    events: Sequence[Event] = (),
    curvature: Mapping[int, Mapping[str, float]] | None = None,
) -> Columns:
    """One row a step of one run: its evaluation, its update, what happened; None where a step has no such thing.

    `updates` are equally long columns by series name, among them `step`. An event stands as in `set lr=0.01`.
    `curvature`: what was measured of it, by step.
    """
    curvature = curvature or {}
    evaluated = {
        evaluation.step: {"epoch": evaluation.epoch, "train_s": evaluation.train_s, **evaluation.values}
        for evaluation in evaluations
    }
    updated = updates.get("step", np.empty(0, np.int64)).tolist()
    steps = sorted({*evaluated, *updated, *curvature, *(event.step for event in events)})
    place = {step: row for row, step in enumerate(steps)}
    table: Columns = {"step": list(steps)}
    for name, column in updates.items():
        if name != "step":
            cells = table.setdefault(name, [None] * len(steps))
            for step, value in zip(updated, column.tolist(), strict=True):
                cells[place[step]] = value
    curved = {step: {f"curvature/{name}": value for name, value in row.items()} for step, row in curvature.items()}
    for step, values in (*evaluated.items(), *curved.items()):
        for name, value in values.items():
            table.setdefault(name, [None] * len(steps))[place[step]] = value
    for event in events:
        cells = table.setdefault("event", [None] * len(steps))
        values = (f"{name}={json.dumps(value)}" for name, value in event.values.items())
        row = place[event.step]
        cells[row] = "; ".join(filter(None, (cells[row], " ".join([event.kind, *values]))))
    return table
