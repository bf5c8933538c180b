"""The contract of the store for what a training tells: evaluations, series and attempts."""

from __future__ import annotations

import json
import math

import numpy as np
import pytest

from core.store import schema, writer
from core.store.records import Evaluation
from core.store.store import Store
from tests.contract.conftest import Place
from tests.contract.stores import ME, count, new_run, rows_of, snapshot
from tests.polling import until


def test_metrics_come_back_exactly_with_nan_infinity_and_unknown_names(store: Store):
    run = new_run(store)
    attempt = store.begin_attempt(run, 0, "start", actor=ME)
    given = [
        Evaluation(0, 0.0, 0.0, {"train/loss": math.nan, "validation/error": 0.9, "gap": -math.inf, "top5/error": 0.1}),
        Evaluation(7, 0.7, 0.1 + 0.2, {"train/loss": 1e-310, "validation/error": 0.1, "top5/error": math.inf}),
        Evaluation(9, 0.9, 0.5, {"train/error": 0.25, "validation/error": 0.3}),
    ]
    store.append_evaluations(run, attempt, given)
    assert store.flush(60)
    read = store.read_evaluations(run)
    assert [json.dumps(row.__dict__, sort_keys=True) for row in read] == [
        json.dumps(row.__dict__, sort_keys=True) for row in given
    ]
    record = store.get_run(run, actor=ME)
    assert (record.step, record.best_validation_error, record.last_validation_error, record.last_train_error) == (
        9, 0.1, 0.3, 0.25,
    )  # fmt: skip


def test_series_come_back_bit_for_bit_and_the_run_knows_its_position(store: Store):
    run = new_run(store)
    attempt = store.begin_attempt(run, 0, "start", actor=ME)
    strange = np.array([math.nan, -math.inf, math.inf, -0.0, 5e-324, 1e308, 0.1, 1 / 3])
    store.append_steps(run, attempt, rows_of(1, 8, norm=strange))
    store.append_steps(run, attempt, rows_of(9, 10))
    assert store.flush(60)
    series = store.read_steps(run)
    assert series["step"].tolist() == list(range(1, 11))
    assert series["norm"][:8].tobytes() == strange.tobytes()
    assert np.isnan(series["norm"][8:]).all()
    assert list(store.read_steps(run, ["batch/loss"])) == ["step", "batch/loss"]
    record = store.get_run(run, actor=ME)
    assert (record.step, record.epoch, record.train_s) == (10, 1.0, 0.1)


def test_a_snapshot_that_may_wait_comes_into_the_index_with_the_rows_before_it(
    store: Store, monkeypatch: pytest.MonkeyPatch
):
    run = new_run(store)
    attempt = store.begin_attempt(run, 0, "start", actor=ME)
    assert store.flush(60)
    monkeypatch.setattr(writer, "FLUSH_S", 60.0)
    store.append_steps(run, attempt, rows_of(1, 4))
    assert not store.record_snapshot(run, snapshot(4, attempt), later=True)
    store.append_steps(run, attempt, rows_of(5, 8))
    assert store.snapshots(run) == ()
    assert store.flush(60)
    assert store.snapshots(run) == (snapshot(4, attempt),)
    assert store.read_steps(run)["step"].tolist() == list(range(1, 9))


def test_epoch_and_time_come_from_evaluations_where_the_series_have_none(store: Store):
    run = new_run(store)
    attempt = store.begin_attempt(run, 0, "start", actor=ME)
    store.append_steps(run, attempt, {"step": np.arange(1, 31), "lr": np.ones(30)})
    store.append_evaluations(run, attempt, [Evaluation(step, step / 10, step / 100) for step in (0, 10, 20)])
    assert store.flush(60)
    record = store.get_run(run, actor=ME)
    assert (record.step, record.epoch, record.train_s) == (30, 2.0, 0.2)
    store.begin_attempt(run, 15, "resume", actor=ME)
    assert store.flush(60)
    record = store.get_run(run, actor=ME)
    assert (record.step, record.epoch, record.train_s) == (15, 1.0, 0.1)


def test_a_block_may_be_overwritten_by_its_owner_as_soon_as_it_is_queued(store: Store):
    run = new_run(store)
    attempt = store.begin_attempt(run, 0, "start", actor=ME)
    columns = rows_of(1, 4)
    expected = columns["batch/loss"].copy()
    store.append_steps(run, attempt, columns)
    columns["batch/loss"][:] = 0
    assert store.flush(60)
    assert store.read_steps(run)["batch/loss"].tobytes() == expected.tobytes()


def test_metrics_are_stored_within_a_second_without_being_asked_for(store: Store):
    run = new_run(store)
    attempt = store.begin_attempt(run, 0, "start", actor=ME)
    store.append_steps(run, attempt, rows_of(1, 4))
    until(lambda: len(store.read_steps(run)["step"]) == 4, what="the flush of metrics")
    assert writer.FLUSH_S <= 1


def test_blocks_of_one_flush_are_one_row_and_a_finished_run_is_packed(place: Place, store: Store):
    run = new_run(store)
    attempt = store.begin_attempt(run, 0, "start", actor=ME)
    for first in range(1, 60, 3):
        store.append_steps(run, attempt, rows_of(first, first + 2))
    assert store.flush(60)
    assert count(place, schema.steps) <= 2, "a slow machine may flush once in between"
    for first in range(61, 70, 3):
        store.append_steps(run, attempt, rows_of(first, first + 2))
        store.flush()
    before = store.read_steps(run)
    store.set_state(run, "finished", actor=ME)
    until(lambda: count(place, schema.steps) == 1, what="the packing, which nobody has to ask for")
    assert all(store.read_steps(run)[name].tobytes() == before[name].tobytes() for name in before)


def test_a_state_is_stored_after_the_rows_that_came_before_it(store: Store):
    run = new_run(store)
    attempt = store.begin_attempt(run, 0, "start", actor=ME)
    store.append_steps(run, attempt, rows_of(1, 4))
    assert store.set_state(run, "paused", actor=ME) or store.flush(60)
    assert len(store.read_steps(run)["step"]) == 4


def test_a_new_attempt_supersedes_what_lies_after_its_snapshot(store: Store):
    run = new_run(store)
    first = store.begin_attempt(run, 0, "start", actor=ME)
    store.append_evaluations(run, first, [Evaluation(step, step / 10, 0.0, {"gap": 0.0}) for step in (0, 5, 10, 15)])
    store.append_steps(run, first, rows_of(1, 8))
    assert store.flush(60)
    store.append_steps(run, first, rows_of(9, 20))
    for step in (5, 10, 15):
        store.record_snapshot(run, snapshot(step, first))
    store.add_event(run, "best", actor=ME, step=12, values={"error": math.nan})
    lr = store.add_event(run, "set", actor=ME, step=13, values={"lr": 0.5}, recipe=True)
    early = store.add_event(run, "pause", actor=ME, step=4)
    second = store.begin_attempt(run, 10, "resume", actor=ME)
    assert store.flush(60)
    assert (first, second) == (1, 2)
    assert [row.step for row in store.read_evaluations(run)] == [0, 5, 10]
    assert store.read_steps(run)["step"].tolist() == list(range(1, 11))
    assert [entry.step for entry in store.snapshots(run)] == [5, 10]
    assert store.events(run) == (lr, early)
    record = store.get_run(run, actor=ME)
    assert (record.step, record.epoch, record.train_s, record.attempt) == (10, 1.0, 0.1, 2)
    assert [(attempt.n, attempt.from_step, attempt.cause, attempt.outcome) for attempt in store.attempts(run)] == [
        (1, 0, "start", "interrupted"), (2, 10, "resume", None),
    ]  # fmt: skip
    store.append_steps(run, second, rows_of(11, 12))
    store.set_state(run, "stopped", actor=ME)
    assert store.flush(60)
    assert store.read_steps(run)["step"].tolist() == list(range(1, 13))
    assert [attempt.outcome for attempt in store.attempts(run)] == ["interrupted", "stopped"]
    assert all(attempt.ended is not None for attempt in store.attempts(run))


def test_neither_doubled_steps_nor_an_older_attempt_are_taken(store: Store):
    run = new_run(store)
    first = store.begin_attempt(run, 0, "start", actor=ME)
    store.append_steps(run, first, rows_of(1, 5))
    with pytest.raises(ValueError, match="has step 5 already"):
        store.append_steps(run, first, rows_of(5, 6))
    with pytest.raises(ValueError, match="increase"):
        store.append_steps(run, first, {"step": np.array([7, 7])})
    store.begin_attempt(run, 3, "resume", actor=ME)
    with pytest.raises(ValueError, match="begun last"):
        store.append_steps(run, first, rows_of(6, 7))
    with pytest.raises(ValueError, match="begun last"):
        store.append_evaluations(run, first, [])


def test_attempts_go_on_counting_in_another_process(place: Place):
    with place.open() as store:
        run = new_run(store)
        assert store.begin_attempt(run, 0, "start", actor=ME) == 1
    with place.open() as store:
        assert store.begin_attempt(run, 0, "resume", actor=ME) == 2
