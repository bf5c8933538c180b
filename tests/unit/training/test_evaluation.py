"""Losses and errors are plain, measured in evaluation mode, and equal those of a loop anybody would write."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from sklearn.metrics import accuracy_score, root_mean_squared_error
from torch import nn

from core.experiment import Experiment
from core.training.batch import Batch
from core.training.evaluation import Evaluation, piece_size, score
from core.training.resident import NUM_EVALUATED
from core.training.run import Run
from tests.experiments import everything, points, trained


def outputs_of(run: Run, split: str) -> tuple[torch.Tensor, torch.Tensor]:
    """What the network answers to a split in one piece, and the targets."""
    batch = run.parts.feed.rows(getattr(run.parts.data.splits, split))
    run.parts.model.eval()
    with torch.no_grad():
        outputs = run.parts.model(batch.inputs)
    run.parts.model.train()
    return outputs, batch.targets


@pytest.mark.parametrize("pieces", [1_000_000, 7])
@pytest.mark.parametrize("loss", ["cross_entropy", {"key": "label_smoothing", "epsilon": 0.3}])
def test_an_evaluation_equals_a_plain_loop_without_gradients(loss: Any, pieces: int, tmp_path: Path):
    run = Run(everything(loss=loss, augmentations=["noise"]), tmp_path)
    run.parts.piece_size = pieces
    run.train()
    final = run.final
    assert final is not None
    for split, found in (("train", final.train), ("validation", final.validation)):
        outputs, targets = outputs_of(run, split)
        wrong = 1 - accuracy_score(targets.numpy(), outputs.argmax(1).numpy())
        assert found.error == pytest.approx(wrong, abs=1e-12)
        assert found.wrong == round(wrong * len(targets))
        assert found.num == len(targets)
        plain = nn.functional.cross_entropy(outputs.double(), targets)
        assert found.loss == pytest.approx(float(plain), rel=1e-6)
    assert final.gap == final.validation.error - final.train.error


def test_of_equal_outputs_the_first_is_the_answer_and_what_is_no_number_comes_before_all():
    outputs_BK = torch.tensor([[1.0, 2, 2], [0, 0, 0], [1, math.nan, 3], [math.nan] * 3, [2, 1, math.inf]])
    for answer in range(3):
        for layout in (outputs_BK, outputs_BK.t().contiguous().t()):
            batch = Batch(layout, torch.full((5,), answer), torch.arange(5))
            pieces = score(nn.Identity(), [batch], nn.functional.cross_entropy, None)
            with pytest.raises(StopIteration) as done:
                next(pieces)
            assert done.value.value.wrong == int((outputs_BK.argmax(1) != answer).sum())


def test_the_error_of_a_regression_is_relative_to_guessing_the_mean(tmp_path: Path):
    run, _ = trained(Experiment.from_json({"dataset": {"key": "polynomial", "n": 64}, "epochs": 3}), tmp_path)
    assert run.final is not None
    outputs, targets = outputs_of(run, "validation")
    _, train_targets = outputs_of(run, "train")
    expected = root_mean_squared_error(targets.numpy(), outputs.numpy()) / np.std(train_targets.numpy())
    assert run.final.validation.error == pytest.approx(expected, rel=1e-5)
    assert run.final.validation.wrong is None
    with torch.no_grad():  # a network that always says the mean
        for parameter in run.parts.model.parameters():
            parameter.zero_()
        run.parts.model.get_parameter("output.bias").fill_(float(train_targets.mean()))
    guess = Run(run.experiment, tmp_path)
    guess.parts.model.load_state_dict(run.parts.model.state_dict())
    guess.train(until=0)
    assert guess.evaluations[0].train.error == pytest.approx(1, rel=1e-5)


def test_large_training_splits_are_measured_on_a_fixed_stratified_part(tmp_path: Path):
    dataset = {"key": "moons", "n": NUM_EVALUATED + 2000}
    run = Run(points(dataset=dataset, batch_size=4096, epochs=1), tmp_path).train(until=0)
    train, measured = run.parts.data.splits.train, run.parts.data.splits.evaluation
    assert (len(train), len(measured)) == (12_000, NUM_EVALUATED)
    assert run.evaluations[0].train.num == NUM_EVALUATED
    assert torch.equal(measured, Run(points(dataset=dataset, seed=9), tmp_path).parts.data.splits.evaluation)
    assert set(measured.tolist()) < set(train.tolist())
    targets = run.parts.data.targets
    assert targets[measured].bincount().tolist() == [5000, 5000]


def test_small_training_splits_are_measured_whole(tmp_path: Path):
    data = Run(points(), tmp_path).parts.data
    assert torch.equal(data.splits.evaluation, data.splits.train)


def test_an_evaluation_changes_nothing(tmp_path: Path):
    often, seldom = (
        Run(everything(evaluate_every=1), tmp_path).train(),
        Run(everything(evaluate_every=12), tmp_path).train(),
    )
    one, two = often.parts.model.state_dict(), seldom.parts.model.state_dict()
    assert all(torch.equal(one[name], two[name]) for name in one)
    assert [item.step for item in often.evaluations] == list(range(13))
    assert [item.step for item in seldom.evaluations] == [0, 12]


def test_the_default_rhythm_is_the_smaller_of_an_epoch_and_a_hundredth_of_the_run(tmp_path: Path):
    assert Run(points(epochs=4), tmp_path).evaluate_every == 1
    assert Run(points(epochs=1000), tmp_path).evaluate_every == 4
    assert Run(points(epochs=50), tmp_path).evaluate_every == 2


def test_pieces_are_small_enough_for_commands_between_them():
    assert piece_size(10, "cpu") == piece_size(10, "cuda") == 4096
    assert piece_size(10**6, "cpu") == 200
    assert piece_size(10**6, "cuda") == 2000
    assert piece_size(10**12, "cpu") == piece_size(10**12, "cuda") == 64


def test_an_evaluation_comes_back_from_json(tmp_path: Path):
    run, _ = trained(points(epochs=1), tmp_path)
    for evaluation in run.evaluations[1:]:
        assert Evaluation.from_json(evaluation.to_json()) == evaluation


def test_samples_per_second_counts_the_small_last_batch_as_what_it_is(tmp_path: Path):
    run, _ = trained(everything(evaluate_every=3), tmp_path)  # 40 samples in 3 updates
    one, two = run.evaluations[1:3]
    assert two.samples_per_s * (two.train_s - one.train_s) == pytest.approx(40)
