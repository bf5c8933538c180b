"""Passes over the data are counted without a break and done as planned, also where batches change their size."""

from __future__ import annotations

import numpy as np
import pytest

from core.training.epochs import Epochs, epoch_text, tenths
from core.training.plan import Plan


def test_an_epoch_is_written_to_one_decimal_as_in_the_charts():
    assert [tenths(epoch) for epoch in (1 / 6, 1.25, 0.15, 12.0, 0.04)] == [0.2, 1.3, 0.1, 12.0, 0.0]
    assert str(epoch_text(1234.56)) == "1\u202f234.6"
    assert str(epoch_text(7.0)) == "7"


def test_passes_are_counted_in_one_piece_across_changes():
    epochs = Epochs(4)
    epochs.change(6, 16)
    epochs.change(14, 2)
    assert [epochs.at(step) for step in (0, 3, 6, 7, 14, 15)] == [0.0, 0.75, 1.5, 1.5625, 2.0, 2.5]
    assert (epochs.begun_at, epochs.steps_per_epoch) == (14, 2)
    assert [epochs.is_end(step) for step in (14, 15, 16)] == [True, False, True]
    assert epochs.stretches == [[0, 0.0, 4], [6, 1.5, 16], [14, 2.0, 2]]


def test_many_numbers_of_updates_give_what_each_gives():
    epochs = Epochs(7)
    epochs.change(10, 3)
    steps = np.arange(30)
    assert epochs.of(steps).tolist() == [epochs.at(int(step)) for step in steps]


def test_two_changes_at_one_boundary_leave_the_second():
    epochs = Epochs(4)
    epochs.change(4, 8)
    epochs.change(4, 2)
    assert epochs.stretches == [[0, 0.0, 4], [4, 1.0, 2]]


@pytest.mark.parametrize(("step", "each", "total"), [(0, 8, 32), (7, 8, 25), (7, 1, 10), (16, 8, 16), (15, 1, 16)])
def test_the_planned_passes_are_done_whatever_the_size_of_the_batches(step: int, each: int, total: int):
    plan = Plan(4, None, Epochs(4))
    plan.change(step, each)
    assert plan.total_steps == plan.planned_steps == total
    assert 4 <= plan.epochs.at(total) < 4 + 1 / each


def test_passes_that_were_added_are_done_too():
    plan = Plan(4, None, Epochs(4))
    plan.total_steps += 8
    plan.change(10, 8)
    assert plan.epochs.at(plan.total_steps) == 6
    assert plan.epochs.at(plan.planned_steps) == 4


def test_a_schedule_goes_on_from_where_it_was():
    plan = Plan(4, None, Epochs(4))

    def share(step: int, total: int, each: int) -> float:
        assert 0 <= step < total == 4 * each
        return step / total

    before = plan.rate_factor(8, share)
    plan.change(8, 16)
    assert plan.rate_factor(8, share) == before == 0.5
    assert plan.rate_factor(10**6, share) == 63 / 64, "past the end it keeps its last value"


def test_the_rhythm_of_evaluations_is_that_of_the_new_batches_and_begins_anew():
    plan = Plan(4, None, Epochs(4))
    assert plan.evaluate_every == 1
    long = Plan(1000, None, Epochs(4))
    long.change(10, 2)
    assert long.evaluate_every == 2
    assert [long.is_measured(step) for step in (10, 11, 12)] == [True, False, True]
    asked = Plan(4, 3, Epochs(4))
    asked.change(4, 8)
    assert asked.evaluate_every == 3
