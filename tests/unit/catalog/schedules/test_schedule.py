"""Every schedule equals the one of torch, and keeps its last value past the planned end."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch.optim import lr_scheduler as reference

from core import catalog
from core.catalog.registry import entries, parse
from core.catalog.schedules import Schedule

assert catalog
TOTAL, PER_EPOCH = 60, 6


def schedule_of(document: Any) -> Schedule:
    entry = parse("schedules", document)
    assert isinstance(entry, Schedule)
    return entry


REFERENCES: list[tuple[Any, Callable[[torch.optim.Optimizer], Any], int]] = [
    ("constant", lambda o: reference.ConstantLR(o, factor=1), 1),
    ({"key": "step", "every": 3, "gamma": 0.5}, lambda o: reference.StepLR(o, 3 * PER_EPOCH, 0.5), 1),
    ({"key": "exponential", "gamma": 0.9}, lambda o: reference.ExponentialLR(o, 0.9), PER_EPOCH),
    ("cosine", lambda o: reference.CosineAnnealingLR(o, TOTAL), 1),
    ({"key": "cosine", "final": 0.1}, lambda o: reference.CosineAnnealingLR(o, TOTAL, eta_min=0.1), 1),
    ({"key": "warm_up", "epochs": 2, "start": 0.1}, lambda o: reference.LinearLR(o, 0.1, 1, 2 * PER_EPOCH), 1),
    ("one_cycle", lambda o: reference.OneCycleLR(o, max_lr=1.0, total_steps=TOTAL, cycle_momentum=False), 1),
]  # fmt: skip


@pytest.mark.parametrize(("document", "make", "every"), REFERENCES)
def test_values_equal_those_of_torch(document: Any, make: Callable[[torch.optim.Optimizer], Any], every: int) -> None:
    """`every`: torch's exponential schedule is stepped by epoch, ours moves at each update."""
    optimizer = torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=1.0)
    scheduler = make(optimizer)
    factor = schedule_of(document).build(TOTAL, PER_EPOCH)
    for step in range(0, TOTAL, every):
        assert factor(step) == pytest.approx(optimizer.param_groups[0]["lr"], abs=1e-12)
        optimizer.step()
        if step + every < TOTAL:
            scheduler.step()


def test_warm_up_then_cosine_equals_torchs_sequence() -> None:
    optimizer = torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=1.0)
    warm, rest = 2 * PER_EPOCH, TOTAL - 2 * PER_EPOCH
    first = reference.LinearLR(optimizer, 0.1, 1, warm)
    factor = schedule_of({"key": "warm_up", "epochs": 2, "then": "cosine"}).build(TOTAL, PER_EPOCH)
    for step in range(warm):
        assert factor(step) == pytest.approx(optimizer.param_groups[0]["lr"], abs=1e-12)
        optimizer.step()
        first.step()
    second = reference.CosineAnnealingLR(optimizer, rest)
    for step in range(warm, TOTAL):
        assert factor(step) == pytest.approx(optimizer.param_groups[0]["lr"], abs=1e-12)
        optimizer.step()
        second.step()


@pytest.mark.parametrize("key", list(entries("schedules")))
def test_past_the_planned_end_the_last_value_stays(key: str) -> None:
    schedule = schedule_of(key)
    last = schedule.factor(TOTAL - 1, TOTAL, PER_EPOCH)
    assert [schedule.factor(step, TOTAL, PER_EPOCH) for step in (TOTAL, TOTAL + 1, 10 * TOTAL)] == [last] * 3
    assert last > 0


@pytest.mark.parametrize("key", list(entries("schedules")))
@pytest.mark.parametrize(("total", "per_epoch"), [(1, 1), (2, 1), (3, 5), (100, 7)])
def test_every_factor_of_every_plan_lies_above_0_and_up_to_1(key: str, total: int, per_epoch: int) -> None:
    schedule = schedule_of(key)
    factors = [schedule.factor(step, total, per_epoch) for step in range(total + 2)]
    assert all(0 < factor <= 1 for factor in factors)


@pytest.mark.parametrize("key", ["constant", "step", "exponential", "cosine"])
def test_decays_never_rise(key: str) -> None:
    factor = schedule_of(key).build(TOTAL, PER_EPOCH)
    factors = [factor(step) for step in range(TOTAL)]
    assert factors == sorted(factors, reverse=True)
    assert factors[0] == 1
