"""The tables that are exported: all runs with their settings and results, and one run's measurements."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from core.experiment import Experiment
from core.store.records import Evaluation, RunRecord

Columns = dict[str, list[Any]]

RESULTS = ("train_loss", "train_error", "validation_loss", "validation_error", "gap", "best_epoch", "test_error")


def settings_of(run: RunRecord) -> dict[str, str]:
    """A run's settings as dotted names, only what differs from the defaults, as in a link."""
    fields = {name: value for name, value in run.experiment.items() if name not in ("name", "notes")}
    return Experiment.from_json(fields).to_url()


def differing_settings(runs: Sequence[RunRecord]) -> Columns:
    """The settings in which these runs differ, each as a column; "" is the default."""
    settings = [settings_of(run) for run in runs]
    names = dict.fromkeys(name for setting in settings for name in setting)
    columns = {name: [setting.get(name, "") for setting in settings] for name in names}
    return {name: column for name, column in columns.items() if len(set(column)) > 1}


def run_table(runs: Sequence[RunRecord]) -> Columns:
    """One row a run: what it is, every setting that some run changed, what came out."""
    settings = [settings_of(run) for run in runs]
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
    columns["updates"] = [run.step for run in runs]
    columns["epochs"] = [run.epoch for run in runs]
    columns["train_s"] = [run.train_s for run in runs]
    columns["best_validation_error"] = [run.best_validation_error for run in runs]
    for name in RESULTS:
        columns[name] = [run.answer.get(name) for run in runs]
    return columns


def measurement_table(evaluations: Sequence[Evaluation], updates: Mapping[str, np.ndarray]) -> Columns:
    """One row a step of one run: its evaluation, its update, or both; None where a step has no such measurement.

    `updates` are equally long columns by series name, among them `step`.
    """
    evaluated = {
        evaluation.step: {"epoch": evaluation.epoch, "train_s": evaluation.train_s, **evaluation.values}
        for evaluation in evaluations
    }
    updated = updates.get("step", np.empty(0, np.int64)).tolist()
    steps = sorted({*evaluated, *updated})
    place = {step: row for row, step in enumerate(steps)}
    table: Columns = {"step": list(steps)}
    for name, column in updates.items():
        if name != "step":
            cells = table.setdefault(name, [None] * len(steps))
            for step, value in zip(updated, column.tolist(), strict=True):
                cells[place[step]] = value
    for step, values in evaluated.items():
        for name, value in values.items():
            table.setdefault(name, [None] * len(steps))[place[step]] = value
    return table
