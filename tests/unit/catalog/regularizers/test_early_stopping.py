"""When early stopping stops, and which weights it calls the best."""

from __future__ import annotations

import json
import math

from core.catalog.regularizers.early_stopping import EarlyStopping, Stopper


def test_it_stops_after_patience_epochs_without_improvement_and_knows_the_best() -> None:
    stopper = EarlyStopping(patience=2).build()
    assert stopper.metric == "validation/error"
    answers = [stopper.observe(10 * epoch, epoch, value) for epoch, value in enumerate([0.9, 0.5, 0.5, 0.6])]
    assert answers == [(True, False), (True, False), (False, False), (False, True)]
    assert (stopper.best, stopper.best_step, stopper.best_epoch) == (0.5, 10, 1)


def test_evaluations_within_an_epoch_do_not_use_up_patience() -> None:
    stopper = EarlyStopping(patience=1).build()
    stopper.observe(0, 0.0, 0.5)
    assert [stopper.observe(step, step / 10, 0.6)[1] for step in range(1, 11)] == [False] * 9 + [True]


def test_a_smaller_improvement_than_asked_for_does_not_count() -> None:
    stopper = EarlyStopping(patience=1, min_delta=0.1, monitor="loss").build()
    assert stopper.metric == "validation/loss"
    stopper.observe(0, 0.0, 1.0)
    assert stopper.observe(1, 0.5, 0.95) == (False, False)
    assert stopper.observe(2, 1.0, 0.85) == (True, False)


def test_a_value_that_is_no_number_is_never_the_best() -> None:
    stopper = Stopper("validation/error", 3, 0.0)
    assert stopper.observe(0, 0.0, math.nan) == (False, False)
    assert stopper.observe(1, 1.0, 0.4) == (True, False)
    assert stopper.observe(2, 2.0, math.nan) == (False, False)


def test_a_restored_stopper_goes_on_as_if_it_had_never_stopped() -> None:
    one = EarlyStopping(patience=2).build()
    for state_after in range(3):
        two = EarlyStopping(patience=2).build()
        two.load_state_dict(json.loads(json.dumps(one.state_dict())))
        assert vars(two) == vars(one)
        one.observe(state_after, state_after, 1.0 - state_after)
