"""Max-norm after updates, and batches whose targets are probabilities: alone, in a stack, taken up, changed."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch

from core.experiment import Experiment
from core.training.assembly import conditions_of
from core.training.device import STACKED
from core.training.events import Event
from core.training.run import Run
from core.training.stacked import Stack
from core.training.stacking.plan import kind_of
from core.training.weights import weights_sha256
from tests.experiments import bits, everything, points
from tests.unit.training.test_resume import assert_equal_from_everywhere

LIMIT = 0.4
MAX_NORM: dict[str, Any] = {"key": "max_norm", "max_norm": LIMIT}
STRONG: list[Any] = [{"key": "mixup", "alpha": 1.0}, "cutmix", {"key": "cutout", "size": 3}, "rand_augment"]


def stacked(experiment: Experiment, folder: Path) -> Run:
    return Run(experiment, folder, conditions=conditions_of(experiment, engine=STACKED))


def lengths(run: Run) -> torch.Tensor:
    """The lengths of the incoming weights of every unit."""
    return torch.cat([t.detach().flatten(1).norm(dim=1) for t in run.parts.loop.parameters if t.dim() >= 2])


@pytest.mark.parametrize("optimizer", ["sgd", "adam", "rmsprop", "sam"])
def test_after_every_update_no_units_weights_are_too_long(optimizer: str, tmp_path: Path):
    free = Run(points(optimizer=optimizer), tmp_path)
    run = Run(points(optimizer=optimizer, regularizers=[MAX_NORM]), tmp_path)
    for _ in range(6):
        free.step()
        run.step()
        assert lengths(run).max() <= LIMIT * (1 + 1e-6)
    assert lengths(free).max() > LIMIT


def test_a_diverged_run_with_max_norm_keeps_the_state_before(tmp_path: Path):
    wild = {"key": "rmsprop", "lr": 1e38}, {"key": "sgd", "lr": 1e38}
    for optimizer in wild:
        run = Run(points(optimizer=optimizer, regularizers=[{"key": "l2", "strength": 1e30}, MAX_NORM]), tmp_path)
        run.train()
        assert run.outcome is not None
        assert run.outcome.state == "diverged"
        again = Run(run.experiment, tmp_path)
        for _ in range(run.step_count):
            again.step()
        assert weights_sha256(run.parts.model) == weights_sha256(again.parts.model)


def test_rows_of_a_stack_are_bounded_each_by_itself(tmp_path: Path):
    bounded = [stacked(points(regularizers=[MAX_NORM], optimizer=o), tmp_path) for o in ("adam", "rmsprop")]
    free = stacked(points(), tmp_path)
    stack = Stack([*bounded, free])
    for _ in range(6):
        stack.step()
    assert all(lengths(run).max() <= LIMIT * (1 + 1e-6) for run in bounded)
    assert lengths(free).max() > LIMIT
    for run in bounded:
        alone = stacked(run.experiment, tmp_path)
        for _ in range(6):
            alone.step()
        assert bits(run) == bits(alone)


def test_from_any_update_with_blended_targets(tmp_path: Path):
    assert_equal_from_everywhere(everything(augmentations=STRONG, epochs=2), tmp_path)


@pytest.mark.parametrize("loss", ["cross_entropy", "label_smoothing", "squared_error", "softmax_twice"])
def test_blended_targets_in_a_stack_give_the_bits_of_a_row_alone(loss: str, tmp_path: Path):
    experiments = [points(augmentations=["mixup"], loss=loss, seed=seed) for seed in range(3)]
    runs = [stacked(experiment, tmp_path) for experiment in experiments]
    stack = Stack(runs)
    for _ in range(6):
        stack.step()
    alone, solo = stacked(experiments[1], tmp_path), Run(experiments[1], tmp_path)
    for _ in range(6):
        alone.step()
        solo.step()
    assert bits(runs[1]) == bits(alone)
    for mine, theirs in zip(alone.parts.loop.parameters, solo.parts.loop.parameters, strict=True):
        torch.testing.assert_close(mine, theirs, rtol=1e-4, atol=1e-5)


def test_rows_with_blended_targets_are_no_neighbours_of_others(tmp_path: Path):
    assert kind_of(points(augmentations=["mixup"])) != kind_of(points())
    pair = [stacked(points(seed=seed), tmp_path) for seed in range(2)]
    stack = Stack(pair)
    stack.step()
    pair[0].apply(Event(1, "set", {"augmentations.0": "mixup"}))
    for _ in range(3):
        stack.step()
    alone = stacked(pair[0].experiment, tmp_path)
    alone.step()
    alone.apply(Event(1, "set", {"augmentations.0": "mixup"}))
    for _ in range(3):
        alone.step()
    assert bits(pair[0]) == bits(alone)


def test_an_average_that_comes_to_a_row_takes_it_out_of_the_stack(tmp_path: Path):
    pair = [stacked(points(seed=seed, optimizer="adam"), tmp_path) for seed in range(2)]
    beside = stacked(points(seed=1, optimizer="adam"), tmp_path)
    stack = Stack(pair)
    stack.step()
    beside.step()
    pair[0].apply(Event(1, "set", {"regularizers.0": {"key": "ema", "beta": 0.5}}))
    for _ in range(3):
        stack.step()
        beside.step()
    assert pair[0].parts.loop.average is not None
    assert bits(pair[1]) == bits(beside)
    pair[0].apply(Event(4, "set", {"regularizers.0": None}))
    stack.step()
    beside.step()
    assert bits(pair[1]) == bits(beside)
