"""The valley f(x₁, x₂) = 0.1 x₁² + 2 x₂² from (−5, −2): closed forms, and what each optimizer does there."""

from __future__ import annotations

import cmath
from typing import Any

import pytest
import torch
from torch import nn

from core import catalog
from core.catalog.registry import parse

assert catalog
START, CURVATURE = (-5.0, -2.0), (0.2, 4.0)


def path(document: dict[str, Any], num_steps: int = 20) -> list[list[float]]:
    x = nn.Parameter(torch.tensor(START, dtype=torch.float64))
    optimizer = parse("optimizers", document).build([x])  # type: ignore[attr-defined]
    points = [x.tolist()]
    for _ in range(num_steps):
        x.grad = torch.tensor(CURVATURE, dtype=torch.float64) * x.detach()
        optimizer.step()
        points.append(x.tolist())
    return points


def height(point: list[float]) -> float:
    return 0.1 * point[0] ** 2 + 2 * point[1] ** 2


@pytest.mark.parametrize("lr", [0.4, 0.6])
def test_gradient_descent_equals_its_closed_form(lr: float) -> None:
    for step, point in enumerate(path({"key": "gd", "lr": lr})):
        expected = [x * (1 - lr * h) ** step for x, h in zip(START, CURVATURE, strict=True)]
        assert point == pytest.approx(expected, rel=1e-12)


@pytest.mark.parametrize("lr", [0.4, 0.6])
def test_momentum_equals_its_closed_form(lr: float) -> None:
    """x(t+1) = (1 + γ − ηh) x(t) − γ x(t−1): a sum of powers of the two roots of r² − (1 + γ − ηh) r + γ."""
    gamma = 0.5
    points = path({"key": "momentum", "lr": lr, "momentum": gamma})
    for axis, (x0, h) in enumerate(zip(START, CURVATURE, strict=True)):
        trace = 1 + gamma - lr * h
        root = cmath.sqrt(trace**2 - 4 * gamma)
        r1, r2 = (trace + root) / 2, (trace - root) / 2
        x1 = (1 - lr * h) * x0
        a = (x1 - x0 * r2) / (r1 - r2)
        for step, point in enumerate(points):
            assert point[axis] == pytest.approx((a * r1**step + (x0 - a) * r2**step).real, rel=1e-9, abs=1e-13)


@pytest.mark.parametrize(
    ("document", "expected"),
    [
        ({"key": "sgd", "lr": 0.4}, 0.089),
        ({"key": "sgd", "lr": 0.6}, 5.6e6),
        ({"key": "momentum", "lr": 0.4, "momentum": 0.5}, 4e-4),
        ({"key": "momentum", "lr": 0.6, "momentum": 0.5}, 2e-5),
        ({"key": "adagrad", "lr": 0.4}, 0.62),
        ({"key": "rmsprop", "lr": 0.4, "alpha": 0.9}, 1e-5),
        ({"key": "adadelta"}, 9.9),
        ({"key": "adam", "lr": 0.4}, 0.19),
    ],
)
def test_the_height_after_20_updates_is_the_one_the_course_states(document: dict[str, Any], expected: float) -> None:
    assert height(path(document)[-1]) == pytest.approx(expected, rel=0.3)


def test_epsilon_takes_the_place_of_adadeltas_learning_rate() -> None:
    for epsilon, moved in ((1e-6, 0.07), (0.1, 4.9)):
        end = path({"key": "adadelta", "eps": epsilon})[-1]
        assert end[0] - START[0] == pytest.approx(moved, rel=0.15)


@pytest.mark.parametrize(
    "document",
    [
        {"key": "sgd"},
        {"key": "momentum", "momentum": 0.5},
        {"key": "momentum", "momentum": 0.9},
        {"key": "nesterov", "momentum": 0.5},
        {"key": "nesterov", "momentum": 0.9},
    ],
    ids=str,
)
def test_the_largest_curvature_that_a_rate_bears_is_where_descent_turns_into_growth(document: dict[str, Any]) -> None:
    """In the valley the steeper direction has curvature 4: rates just below and above the limit of 4."""
    entry = parse("optimizers", document)
    rate = entry.sharpness_limit(1.0) / CURVATURE[1]  # type: ignore[attr-defined]
    assert entry.sharpness_limit(rate) == pytest.approx(CURVATURE[1])  # type: ignore[attr-defined]
    assert abs(path({**document, "lr": 0.99 * rate}, 2000)[-1][1]) < 1e-3
    assert abs(path({**document, "lr": 1.01 * rate}, 2000)[-1][1]) > 1e3


@pytest.mark.parametrize("key", ["adam", "rmsprop", "adagrad", "adadelta"])
def test_with_a_rate_for_each_weight_the_hessian_alone_sets_no_limit(key: str) -> None:
    assert parse("optimizers", key).sharpness_limit(0.1) is None  # type: ignore[attr-defined]
