"""Each loss against its formula; targets as classes and as probabilities."""

from __future__ import annotations

import math
from typing import Any

import pytest
import torch

from core import catalog
from core.catalog.losses import default_loss
from core.catalog.registry import entries, parse
from core.errors import BadInput

assert catalog
LOGITS = torch.randn(6, 4, dtype=torch.float64, generator=torch.Generator().manual_seed(0))
CLASSES = torch.tensor([0, 3, 1, 2, 2, 0])
ONE_HOT = torch.nn.functional.one_hot(CLASSES, 4).double()


def value(document: Any, targets: torch.Tensor = CLASSES, *, plain: bool = False) -> float:
    entry = parse("losses", document)
    criterion = entry.plain("classification") if plain else entry.build("classification")  # type: ignore[attr-defined]
    loss = criterion(LOGITS, targets)
    assert loss.shape == ()
    return loss.item()


PROBABILITIES = LOGITS.softmax(1)
FORMULAS: list[tuple[Any, float]] = [
    ("cross_entropy", -PROBABILITIES.log()[range(6), CLASSES].mean().item()),
    ("squared_error", (PROBABILITIES - ONE_HOT).square().sum(1).mean().item()),
    ({"key": "squared_error", "half": True}, (PROBABILITIES - ONE_HOT).square().sum(1).mean().item() / 2),
    ({"key": "label_smoothing", "epsilon": 0.2},
     -((0.8 * ONE_HOT + 0.2 / 4) * PROBABILITIES.log()).sum(1).mean().item()),
    ("softmax_twice", -PROBABILITIES.softmax(1).log()[range(6), CLASSES].mean().item()),
]  # fmt: skip


@pytest.mark.parametrize(("document", "expected"), FORMULAS)
def test_a_loss_equals_its_formula(document: Any, expected: float) -> None:
    assert value(document) == pytest.approx(expected, rel=1e-12)


@pytest.mark.parametrize("key", list(entries("losses")))
def test_probabilities_that_are_certain_mean_the_same_as_classes(key: str) -> None:
    assert value(key, ONE_HOT) == pytest.approx(value(key), rel=1e-12)


@pytest.mark.parametrize("key", list(entries("losses")))
def test_mixed_targets_lie_between(key: str) -> None:
    mixed = 0.3 * ONE_HOT + 0.7 * ONE_HOT.flip(0)
    assert math.isfinite(value(key, mixed))
    if key != "squared_error":  # linear in the target
        expected = 0.3 * value(key) + 0.7 * value(key, CLASSES.flip(0))
        assert value(key, mixed) == pytest.approx(expected, rel=1e-12)


def test_evaluation_reports_the_loss_without_smoothing() -> None:
    smoothed = {"key": "label_smoothing", "epsilon": 0.2}
    assert value(smoothed, plain=True) == value("cross_entropy")
    assert value(smoothed) != value("cross_entropy")
    for key in ("cross_entropy", "squared_error", "softmax_twice"):
        assert value(key, plain=True) == value(key)


def test_softmax_twice_stays_above_1_46_for_ten_classes_even_when_certain() -> None:
    criterion = parse("losses", "softmax_twice").build()  # type: ignore[attr-defined]
    certain = 1e4 * torch.eye(10)
    assert criterion(certain, torch.arange(10)).item() == pytest.approx(1.4612, abs=1e-4)


def test_regression_has_the_mean_squared_error_and_its_half() -> None:
    outputs, targets = torch.tensor([[1.0], [3.0]]), torch.tensor([[0.0], [1.0]])
    assert parse("losses", "mse").build("regression")(outputs, targets).item() == 2.5  # type: ignore[attr-defined]
    half = parse("losses", {"key": "squared_error", "half": True})
    assert half.build("regression")(outputs, targets).item() == 1.25  # type: ignore[attr-defined]


@pytest.mark.parametrize("key", ["cross_entropy", "label_smoothing", "softmax_twice"])
def test_losses_of_classes_refuse_numbers(key: str) -> None:
    with pytest.raises(BadInput, match="Use squared_error"):
        parse("losses", key).build("regression")  # type: ignore[attr-defined]


def test_each_task_has_its_default() -> None:
    assert default_loss("classification").key == "cross_entropy"
    assert default_loss("regression").key == "squared_error"
