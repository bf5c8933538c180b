"""A run whose numbers stop being numbers ends as diverged, at the exact update, with the state from before it."""

from __future__ import annotations

import dataclasses
import json
import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor

from core import strict_json
from core.catalog.registry import entries
from core.errors import Refused
from core.experiment import Experiment
from core.training.answer import answer
from core.training.batch import Batch
from core.training.evaluation import Evaluation
from core.training.events import Event
from core.training.recorder import BLOCK_ROWS
from core.training.resident import ResidentData, resident
from core.training.run import Run
from core.training.weights import weights_sha256
from tests.experiments import Diary, bits, everything, points, row_of, trained

BAD_STEP = 13
"""In the fourth epoch, behind three evaluations, with every optimizer's memory at work."""
LONG = {"epochs": 40}


class Once:
    """Asked in every pass of a run: whether it is one of the `step`-th update that is begun, counted from 1.

    With `later`, whether it is a later pass than the first of that update.
    """

    def __init__(self, run: Run, step: int, *, later: bool = False) -> None:
        self._step, self._later = step, later
        self._updates = self._passes = 0
        batch_of = run.parts.loop.batch_of

        def counted(number: int) -> Batch:
            self._updates, self._passes = self._updates + 1, 0
            return batch_of(number)

        run.parts.loop.batch_of = counted

    def __call__(self) -> bool:
        self._passes += 1
        return self._updates == self._step and (self._passes > 1 or not self._later)


def spoil_loss(run: Run, step: int, factor: float, *, later: bool = False) -> None:
    """Let the loss of one update, counted from 1, be multiplied by a number that is none."""
    criterion, now = run.parts.loop.criterion, Once(run, step, later=later)

    def spoiled(outputs: Tensor, targets: Tensor) -> Tensor:
        loss = criterion(outputs, targets)
        return loss * factor if now() else loss

    run.parts.loop.criterion = spoiled


def spoil_gradient(run: Run, step: int, factor: float, *, later: bool = False) -> None:
    """Let the gradient of the last bias be none at one update; its loss is finite."""
    now = Once(run, step, later=later)
    run.parts.loop.parameters[-1].register_hook(lambda g: g * factor if now() else g)


SPOILS: dict[str, Callable[[Run], None]] = {
    "loss is NaN": lambda run: spoil_loss(run, BAD_STEP, math.nan),
    "loss is infinite": lambda run: spoil_loss(run, BAD_STEP, math.inf),
    "gradient is NaN": lambda run: spoil_gradient(run, BAD_STEP, math.nan),
    "gradient is infinite": lambda run: spoil_gradient(run, BAD_STEP, -math.inf),
}


def diverged(experiment: Experiment, folder: Path, spoil: Callable[[Run], None], **options: Any) -> tuple[Run, Diary]:
    diary = Diary()
    run = Run(experiment, folder, listener=diary, **options)
    spoil(run)
    run.train()
    assert run.outcome is not None
    assert run.outcome.state == "diverged"
    return run, diary


def state_of(run: Run) -> dict[str, bytes]:
    return {name: value for name, value in bits(run).items() if name.startswith(("model.", "optimizer."))}


@pytest.mark.parametrize("normalization", ["none", "batch"])
@pytest.mark.parametrize("optimizer", list(entries("optimizers")))
def test_the_state_from_before_the_update_is_kept_bit_for_bit(optimizer: str, normalization: str, tmp_path: Path):
    network = {"key": "mlp", "widths": [8, 8], "normalization": normalization}
    experiment = points(optimizer=optimizer, architecture=network, **LONG)
    expected = state_of(Run(experiment, tmp_path).train(until=BAD_STEP - 1))
    for name, spoil in SPOILS.items():
        run, diary = diverged(experiment, tmp_path, spoil)
        assert run.step_count == BAD_STEP - 1
        assert state_of(run) == expected, name
        assert diary.steps == list(range(1, BAD_STEP + 1))
        assert run.final is not None
        assert run.final.step == BAD_STEP - 1
        assert math.isfinite(run.final.validation.loss)


@pytest.mark.parametrize("spoil", [spoil_loss, spoil_gradient])
@pytest.mark.parametrize("optimizer", [key for key, cls in entries("optimizers").items() if cls.needs_closure])  # type: ignore[attr-defined]
def test_a_number_that_is_none_in_a_later_pass_of_an_update_is_found_in_that_update(
    optimizer: str, spoil: Callable[..., None], tmp_path: Path
):
    network = {"key": "mlp", "widths": [8], "normalization": "batch"}
    experiment = points(optimizer=optimizer, architecture=network, **LONG)
    run, diary = diverged(experiment, tmp_path, lambda run: spoil(run, BAD_STEP, math.nan, later=True))
    assert run.step_count == BAD_STEP - 1
    assert state_of(run) == state_of(Run(experiment, tmp_path).train(until=BAD_STEP - 1))
    assert np.isfinite(row_of(diary, "batch/loss")).all()
    assert run.outcome is not None
    assert run.outcome.reason == "nonfinite_gradient"


def test_with_everything_that_draws_or_remembers_too(tmp_path: Path):
    experiment = everything(epochs=20, optimizer="adam")
    run, _ = diverged(experiment, tmp_path, SPOILS["loss is NaN"])
    assert state_of(run) == state_of(Run(experiment, tmp_path).train(until=BAD_STEP - 1))


@pytest.mark.parametrize("optimizer", list(entries("optimizers")))
def test_divergence_at_the_very_first_update_keeps_the_first_weights(optimizer: str, tmp_path: Path):
    network = {"key": "mlp", "widths": [8], "normalization": "batch"}
    experiment = points(optimizer=optimizer, architecture=network, **LONG)
    run, diary = diverged(experiment, tmp_path, lambda run: spoil_loss(run, 1, math.nan))
    assert run.step_count == 0
    assert state_of(run) == state_of(Run(experiment, tmp_path))
    assert diary.steps == [1]
    assert [event.step for event in diary.events] == [1]


def test_the_exact_update_and_the_reason_are_recorded(tmp_path: Path):
    for name, spoil in SPOILS.items():
        run, diary = diverged(points(**LONG), tmp_path, spoil)
        is_loss = name.startswith("loss")
        assert diary.events == [Event(BAD_STEP, "diverged", {"loss_is_finite": not is_loss})]
        assert run.outcome is not None
        assert run.outcome.reason == ("nonfinite_loss" if is_loss else "nonfinite_gradient")
        assert f"update {BAD_STEP}" in str(run.outcome.reason_text)
        assert np.isfinite(row_of(diary, "batch/loss")[:-1]).all()
        assert np.isfinite(row_of(diary, "batch/loss")[-1]) != is_loss
        assert not np.isfinite(row_of(diary, "gradient_norm/total")[-1])


def test_it_is_seen_after_a_block_of_updates_at_the_latest(tmp_path: Path):
    run = Run(points(evaluate_every=160, **LONG), tmp_path)
    spoil_loss(run, 3, math.nan)
    done = 0
    while not run.is_ending:
        run.piece()
        done += 1
        assert done <= BLOCK_ROWS + 10
    assert run.step_count == 2


def test_an_evaluation_that_came_after_the_bad_update_is_not_told(tmp_path: Path):
    """The update and the evaluation stand in one block: the rows are looked at before the evaluation is believed."""
    run, diary = diverged(points(evaluate_every=4, **LONG), tmp_path, lambda run: spoil_loss(run, 6, math.nan))
    assert [item.step for item in run.evaluations] == [0, 4, 5]
    assert [item.step for item in diary.evaluations] == [0, 4, 5]


def test_a_flush_in_the_middle_of_an_evaluation_leaves_the_network_in_training_mode(tmp_path: Path):
    run = Run(points(evaluate_every=4, **LONG), tmp_path)
    run.parts.piece_size = 500
    spoil_loss(run, 3, math.nan)
    while not (run.step_count == 4 and run.is_evaluating):
        run.piece()
    run.flush()
    assert run.step_count == 2
    assert not run.is_evaluating
    assert run.parts.model.training
    assert run.train().outcome is not None


# -- causes in the wild -----------------------------------------------------------------------------------------------


def spoiled_data(experiment: Experiment, folder: Path, split: str, value: float) -> ResidentData:
    """The experiment's data with one number of one sample of a split replaced."""
    data = resident(experiment, folder, "cpu")
    inputs = data.inputs.clone()
    inputs[getattr(data.splits, split)[5], 0] = value
    return dataclasses.replace(data, inputs=inputs)


@pytest.mark.parametrize("optimizer", ["sgd", "momentum", "nesterov"])
def test_a_learning_rate_of_a_million_diverges_and_leaves_finite_weights(optimizer: str, tmp_path: Path):
    experiment = Experiment.from_json(
        {
            "dataset": {"key": "polynomial", "n": 64},
            "optimizer": {"key": optimizer, "lr": 1e6},
            "batch_size": 16,
            "evaluate_every": 40,
        }
    )
    run, diary = diverged(experiment, tmp_path, lambda run: None)
    assert [event.kind for event in diary.events] == ["diverged"]
    assert diary.events[0].step == diary.steps[-1] == run.step_count + 1
    assert run.step_count > 0
    assert all(torch.isfinite(parameter).all() for parameter in run.parts.model.parameters())
    again, _ = trained(experiment, tmp_path)
    assert weights_sha256(again.parts.model) == weights_sha256(run.parts.model)


def test_one_nan_among_the_training_inputs_is_said_before_the_first_update(tmp_path: Path):
    experiment = points(**LONG)
    run, diary = diverged(
        experiment, tmp_path, lambda run: None, data=spoiled_data(experiment, tmp_path, "train", math.nan)
    )
    assert run.outcome is not None
    assert (run.step_count, run.outcome.reason) == (0, "nonfinite_evaluation")
    assert "training samples" in str(run.outcome.reason_text)
    assert diary.events == [Event(0, "diverged")]
    assert weights_sha256(run.parts.model) == weights_sha256(Run(experiment, tmp_path).parts.model)


def test_an_infinite_loss_of_finite_inputs_diverges(tmp_path: Path):
    experiment = Experiment.from_json({"dataset": {"key": "polynomial", "n": 64}, "batch_size": 16})
    data = resident(experiment, tmp_path, "cpu")
    run, _ = diverged(
        experiment, tmp_path, lambda run: None, data=dataclasses.replace(data, targets=data.targets * 1e30)
    )
    assert run.outcome is not None
    assert run.outcome.reason == "nonfinite_evaluation"


def test_a_nan_that_only_the_validation_split_has_ends_the_run(tmp_path: Path):
    experiment = points(**LONG)
    data = spoiled_data(experiment, tmp_path, "validation", math.nan)
    run, diary = diverged(experiment, tmp_path, lambda run: None, data=data)
    assert run.outcome is not None
    assert run.outcome.reason == "nonfinite_evaluation"
    assert "validation samples" in str(run.outcome.reason_text)
    assert diary.events == [Event(0, "diverged")]


def test_an_evaluation_that_stops_being_finite_midway_is_marked_at_its_update(tmp_path: Path, monkeypatch: Any):
    run = Run(points(evaluate_every=4, **LONG), tmp_path)
    plain = run.measuring._evaluation

    def spoiled(train: Any, validation: Any, *where: Any) -> Evaluation:
        evaluation = plain(train, validation, *where)
        return (
            dataclasses.replace(evaluation, validation=dataclasses.replace(validation, loss=math.nan))
            if (evaluation.step == 8)
            else evaluation
        )

    monkeypatch.setattr(run.measuring, "_evaluation", spoiled)
    run.train()
    assert run.outcome is not None
    assert run.outcome.state == "diverged"
    assert run.events == [Event(8, "diverged")]
    assert [item.step for item in run.evaluations] == [0, 4, 8]
    assert state_of(run) == state_of(Run(run.experiment, tmp_path).train(until=8))


# -- afterwards -------------------------------------------------------------------------------------------------------


def test_the_answer_of_a_diverged_run_is_json(tmp_path: Path):
    experiment = points(**LONG)
    run, _ = diverged(
        experiment, tmp_path, lambda run: None, data=spoiled_data(experiment, tmp_path, "train", math.nan)
    )
    told = answer(run)
    assert math.isnan(told["train_loss"])
    values, nonfinite = strict_json.finite(told)
    json.dumps(values, allow_nan=False)
    assert "train_loss" in nonfinite
    assert values["train_loss"] is None
    assert told["weights_sha256"] == weights_sha256(run.parts.model)


@pytest.mark.parametrize("command", [Event(0, "set", {"lr": 0.1}), Event(0, "extend", {"epochs": 1}), Event(0, "stop")])
def test_a_diverged_run_takes_no_commands(command: Event, tmp_path: Path):
    """Also while nobody has seen the divergence yet: the rows are looked at first."""
    run = Run(points(**LONG), tmp_path)
    spoil_loss(run, 3, math.nan)
    run.train(until=0)
    for _ in range(5):
        run.step()
    with pytest.raises(Refused, match="diverged at update 3"):
        run.apply(command)
    assert run.step_count == 2
    assert run.train().outcome is not None
    assert [event.kind for event in run.events] == ["diverged"]


@pytest.mark.parametrize("optimizer", ["adam", "rmsprop"])
def test_the_state_that_was_kept_can_be_trained_on(optimizer: str, tmp_path: Path):
    """The loss was spoiled once; done again, the same update gives what it would have given."""
    experiment = everything(optimizer=optimizer, epochs=20)
    run, diary = diverged(experiment, tmp_path, SPOILS["gradient is NaN"])
    for _ in range(3):
        run.step()
    run.flush()
    assert diary.steps[-3:] == [BAD_STEP, BAD_STEP + 1, BAD_STEP + 2]
    assert state_of(run) == state_of(Run(experiment, tmp_path).train(until=BAD_STEP + 2))


def test_training_to_an_update_behind_the_divergence_ends_the_run(tmp_path: Path):
    run = Run(points(**LONG), tmp_path)
    spoil_loss(run, 3, math.nan)
    run.train(until=5)
    assert run.outcome is not None
    assert run.step_count == 2
