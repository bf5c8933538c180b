"""Which settings and measurements an export holds."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import numpy as np

import core.catalog  # noqa: F401 - registers every entry
from core.experiment import Experiment
from core.exports.tables import Columns, differing, experiment_of, measurement_table, run_table
from core.store.records import Evaluation, Event, RunFacts, RunRecord


def record(number: int, **experiment: Any) -> RunRecord:
    made = Experiment.from_json(experiment)
    return RunRecord(
        id=f"run{number}",
        owner="local",
        visibility="private",
        study=None,
        name=f"run {number}",
        note="",
        parent=None,
        fork_step=None,
        experiment=made.to_json(),
        fingerprint=made.fingerprint(),
        schema_version=1,
        facts=RunFacts(),
        state="finished",
        reason=None,
        reason_text=None,
        created=datetime(2025, 1, 1, 12, number, tzinfo=UTC),
        answer={"gap": 0.01 * number},
        weights_sha256=None,
        step=10 * number,
        epoch=float(number),
        train_s=0.5,
        colour_slot=0,
        attempt=1,
        best_validation_error=0.1,
        last_validation_error=0.2,
        last_train_error=0.1,
    )


def differing_settings(runs: list[RunRecord]) -> Columns:
    return differing([experiment_of(run) for run in runs])


def test_runs_that_differ_in_one_number_show_that_number_alone():
    runs = [record(1), record(2, optimizer={"key": "adam", "lr": 0.01})]
    assert differing_settings(runs) == {"optimizer.lr": ["0.001", "0.01"]}


def test_equal_runs_differ_in_nothing():
    assert differing_settings([record(1), record(2)]) == {}


def test_a_setting_that_only_one_run_has_is_empty_for_the_other():
    runs = [record(1), record(2, dataset={"key": "moons", "noise": 0.35})]
    columns = differing_settings(runs)
    assert columns["dataset"] == ["digits", "moons"]
    assert columns["dataset.noise"] == ["", "0.35"]
    assert "dataset.n" not in columns, "nobody changed it, and one of the runs has no such setting"


def test_regularizers_are_named_in_one_column_and_their_strength_in_another():
    columns = differing_settings([record(1), record(2, regularizers=[{"key": "l2", "strength": 0.01}])])
    assert columns["regularizers"] == ["", "l2"]
    assert columns["regularizers.0.strength"] == ["", "0.01"]


def test_the_table_of_runs_has_changed_settings_and_results():
    runs = [record(1), record(2, epochs=3)]
    table = run_table(runs, [experiment_of(run) for run in runs])
    assert table["epochs"] == ["", "3"]
    assert table["epochs done"] == [1.0, 2.0]
    assert table["gap"] == [0.01, 0.02]
    assert {len(column) for column in table.values()} == {2}


def test_a_step_with_update_and_evaluation_is_one_row():
    evaluations = [Evaluation(0, 0.0, 0.0, {"train/loss": 2.3}), Evaluation(2, 1.0, 0.1, {"train/loss": 1.0})]
    updates = {"step": np.array([1, 2]), "batch/loss": np.array([2.2, np.nan]), "train_s": np.array([0.05, 0.1])}
    table = measurement_table(evaluations, updates)
    assert table["step"] == [0, 1, 2]
    assert table["train/loss"] == [2.3, None, 1.0]
    assert table["batch/loss"][:2] == [None, 2.2]
    assert np.isnan(table["batch/loss"][2]), "what is not finite is no missing value"
    assert table["train_s"] == [0.0, 0.05, 0.1]


def test_what_was_measured_of_the_curvature_stands_at_its_step():
    updates = {"step": np.array([1, 2]), "batch/loss": np.array([2.2, 2.1])}
    table = measurement_table([], updates, [], {0: {"top": 3.0, "limit": 2.0}, 2: {"top": 4.0}})
    assert table["step"] == [0, 1, 2]
    assert (table["curvature/top"], table["curvature/limit"]) == ([3.0, None, 4.0], [2.0, None, None])


def test_what_happened_to_a_run_stands_at_its_step():
    updates = {"step": np.array([1, 2]), "batch/loss": np.array([2.2, 2.1])}
    table = measurement_table([], updates, [event(2, "set", {"batch_size": 32}), event(2, "stop", {})])
    assert table["event"] == [None, "set batch_size=32; stop"]


def event(step: int, kind: str, values: dict[str, Any]) -> Event:
    return Event("e", "r", 1, step, 0.0, 0.0, datetime.now(UTC), "local", kind, values, recipe=True)


def test_a_run_without_measurements_gives_an_empty_table():
    assert measurement_table([], {"step": np.empty(0, np.int64)}) == {"step": []}
