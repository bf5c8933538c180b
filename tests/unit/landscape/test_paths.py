"""Paths on surfaces: closed forms, torch's own optimizers, and what can go wrong on the way."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from torch import nn

import core.catalog  # noqa: F401 - registers every entry
from core.catalog.optimizers.optimizer import Optimizer
from core.catalog.registry import entries, parse
from core.catalog.surfaces import Surface
from core.errors import BadInput
from core.landscape.path import Path
from core.landscape.paths import race


def on(surface: Any, *optimizers: Any, start: tuple[float, float] | None = None, steps: int = 20) -> list[Path]:
    found: Surface = parse("surfaces", surface)  # type: ignore[assignment]
    chosen: list[Optimizer] = [parse("optimizers", optimizer) for optimizer in optimizers]  # type: ignore[misc]
    return race(found, chosen, start or found.start, steps)


def test_gradient_descent_on_the_valley_is_its_closed_form():
    (path,) = on("quadratic", {"key": "sgd", "lr": 0.4})
    powers = np.arange(21)
    np.testing.assert_allclose(path.positions[:, 0], -5 * (1 - 0.4 * 0.2) ** powers, rtol=1e-12)
    np.testing.assert_allclose(path.positions[:, 1], -2 * (1 - 0.4 * 4.0) ** powers, rtol=1e-12)


def test_momentum_on_the_valley_is_its_linear_recurrence():
    (path,) = on("quadratic", {"key": "momentum", "lr": 0.6, "momentum": 0.5})
    for axis, curvature in enumerate((0.2, 4.0)):
        # (w, v) → (w − η(γv + λw), γv + λw)
        once = np.array([[1 - 0.6 * curvature, -0.6 * 0.5], [curvature, 0.5]])
        state = np.array([(-5.0, -2.0)[axis], 0.0])
        for step in range(21):
            assert path.positions[step, axis] == pytest.approx(state[0], rel=1e-10, abs=1e-13)
            state = once @ state


@pytest.mark.parametrize("key", list(entries("optimizers")))
def test_a_path_is_that_of_the_optimizer_which_trains_networks(key: str):
    entry: Any = parse("optimizers", key)
    surface: Any = parse("surfaces", "saddle")
    (path,) = race(surface, [entry], (1.0, 0.1), 30)
    point = nn.Parameter(torch.tensor([1.0, 0.1], dtype=torch.float64))
    optimizer = entry.build([point])
    function = surface.build()

    def closure() -> torch.Tensor:
        optimizer.zero_grad()
        loss = function(point[0], point[1])
        loss.backward()
        return loss

    for step in range(30):
        assert path.positions[step].tolist() == point.tolist()
        optimizer.step(closure)
    assert path.positions[30].tolist() == point.tolist()


def test_neighbours_change_no_bit():
    alone = on("saddle", "adam")
    beside = on("saddle", "sgd", "adam", "rmsprop")
    assert alone[0].positions.tobytes() == beside[1].positions.tobytes()


def test_noise_is_the_same_for_all_and_belongs_to_its_seed():
    surface: Any = parse("surfaces", {"key": "quadratic", "noise": 0.3})
    sgd: Any = parse("optimizers", "sgd")
    slow: Any = parse("optimizers", {"key": "sgd", "lr": 0.01})
    one, other = race(surface, [sgd, slow], (1.0, 1.0), 10, seed=3)
    noise = one.gradients - one.positions[:-1] * [0.2, 4.0]
    np.testing.assert_allclose(noise, other.gradients - other.positions[:-1] * [0.2, 4.0], atol=1e-12)
    assert np.abs(noise).max() > 0.05
    (longer,) = race(surface, [sgd], (1.0, 1.0), 15, seed=3)
    assert longer.positions[:11].tobytes() == one.positions.tobytes()
    (elsewhere,) = race(surface, [sgd], (1.0, 1.0), 10, seed=4)
    assert not np.array_equal(elsewhere.positions, one.positions)


def test_updates_to_leave_the_saddle_are_those_of_the_preset():
    fast = [{"key": key, "lr": 0.1} for key in ("adam", "adagrad", "momentum", "sgd")]
    paths = on("saddle", {"key": "rmsprop", "lr": 0.1, "alpha": 0.9}, *fast, "adadelta", steps=100)
    left = [int(np.argmax(np.abs(path.positions[:, 1]) > 0.5)) for path in paths]
    assert left == [2, 6, 7, 34, 73, 30]


def test_a_path_that_leaves_every_bound_ends_in_nan_and_says_where():
    (path,) = on("rosenbrock", {"key": "sgd", "lr": 0.4})
    assert 1 < path.num_finite < 21
    assert np.isnan(path.positions[path.num_finite :]).all()
    assert np.isnan(path.losses[path.num_finite :]).all()
    assert path.left_at(entries("surfaces")["rosenbrock"].domain) == 1  # type: ignore[attr-defined]


@pytest.mark.parametrize("key", ["adagrad", "rmsprop", "adadelta", "adam"])
def test_a_learning_rate_for_each_coordinate_times_the_direction_is_the_move(key: str):
    (path,) = on("beale", key, start=(1.0, 1.5))
    assert path.rates is not None
    direction = path.gradients
    if key == "adam":
        counts = np.arange(1, 21)[:, None]
        direction = path.memory["exp_avg"] / (1 - 0.9**counts)
    moves = np.diff(path.positions, axis=0)
    np.testing.assert_allclose(moves, -path.rates * direction, rtol=1e-6, atol=1e-12)


@pytest.mark.parametrize(
    ("text", "start"), [("1/0", (0, 0)), ("log(x)", (-1, 0)), ("1/x", (0, 1)), ("sqrt(x)", (0, 1))]
)
def test_a_start_without_a_value_is_refused(text: str, start: tuple[float, float]):
    with pytest.raises(BadInput, match="no value or no slope"):
        on({"key": "own", "text": text}, "sgd", start=start)


def test_a_flat_formula_moves_nobody():
    (path,) = on({"key": "own", "text": "3"}, "adam")
    assert (path.positions == path.positions[0]).all()
    assert (path.losses == 3).all()


@pytest.mark.parametrize("steps", [0, -1, 10_001])
def test_impossible_numbers_of_updates_are_refused(steps: int):
    with pytest.raises(BadInput, match="updates"):
        on("saddle", "sgd", steps=steps)
