"""Every schedule equals the one of torch, and keeps its last value past the planned end."""

from __future__ import annotations

import json
import math
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
    ("polynomial", lambda o: reference.PolynomialLR(o, TOTAL, 1.0), 1),
    ({"key": "polynomial", "power": 0.9}, lambda o: reference.PolynomialLR(o, TOTAL, 0.9), 1),
    ("cosine_restarts", lambda o: reference.CosineAnnealingWarmRestarts(o, 15), 1),
    ({"key": "cosine_restarts", "epochs": 1, "times": 2},
     lambda o: reference.CosineAnnealingWarmRestarts(o, PER_EPOCH, 2), 1),
    ({"key": "cosine_restarts", "epochs": 1.5, "times": 1, "final": 0.1},
     lambda o: reference.CosineAnnealingWarmRestarts(o, 9, 1, eta_min=0.1), 1),
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


ERRORS = [0.5, 0.4, 0.4, 0.3999, 0.41, 0.3, 0.3, *[0.31] * 12, 0.2, math.nan, *[0.2] * 30]


@pytest.mark.parametrize("fields", [{}, {"gamma": 0.5, "patience": 0, "threshold": 0.05}, {"least": 0.2}])
def test_reductions_equal_those_of_torch_and_go_on_from_their_state(fields: dict[str, float]):
    entry = schedule_of({"key": "plateau", "patience": 2, **fields})
    optimizer = torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=1.0)
    options: Any = {name: getattr(entry, name) for name in ("patience", "threshold")}
    theirs = reference.ReduceLROnPlateau(optimizer, factor=entry.gamma, min_lr=entry.least, **options)  # type: ignore[attr-defined]
    ours = entry.watch()
    assert ours is not None
    factors = []
    for error in ERRORS:
        again = entry.watch()
        assert again is not None
        again.load_state_dict(json.loads(json.dumps(ours.state_dict())))
        ours = again
        ours.observe(error)
        theirs.step(error)
        factors.append(ours.factor)
        assert ours.factor == pytest.approx(optimizer.param_groups[0]["lr"], abs=1e-12)
    assert factors[-1] < factors[0] == 1


def test_the_earliest_reductions_are_those_of_errors_that_never_fall():
    entry = schedule_of({"key": "plateau", "patience": 3, "gamma": 0.1, "least": 0.005})
    watch = entry.watch()
    assert watch is not None
    for evaluations in range(20):
        watch.observe(0.5)
        assert entry.earliest(evaluations) == pytest.approx(watch.factor)


def test_only_this_schedule_follows_the_run():
    assert [key for key in entries("schedules") if schedule_of(key).watch() is not None] == ["plateau"]


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


@pytest.mark.parametrize("key", ["constant", "step", "exponential", "cosine", "polynomial"])
def test_decays_never_rise(key: str) -> None:
    factor = schedule_of(key).build(TOTAL, PER_EPOCH)
    factors = [factor(step) for step in range(TOTAL)]
    assert factors == sorted(factors, reverse=True)
    assert factors[0] == 1
