"""A stack's update never waits for the device, nor do its files hold what would."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from core.catalog.registry import entries, parse
from core.experiment import Experiment
from core.training.assembly import conditions_of
from core.training.device import STACKED
from core.training.run import Run
from core.training.stacked import Stack
from tests.experiments import everything, points
from tests.sources import sources
from tests.test_static_gates import found, synchronizing
from tests.unit.training.test_no_synchronisation import OnlyOnTheDevice

EVERY: dict[str, Any] = {key: parse("optimizers", key) for key in entries("optimizers")}
OPTIMIZERS = [key for key, entry in EVERY.items() if entry.stackable and not entry.reads_back]
REGULARIZERS: list[list[str]] = [[], ["l1", "l2"], ["dropout"], ["clip_value", "clip_norm"], ["weight_decay"]]


def experiments(kind: Any, **changes: Any) -> list[Experiment]:
    """A run for each optimizer, with regularizers in turn."""
    found = []
    for place, optimizer in enumerate(OPTIMIZERS):
        terms = [] if EVERY[optimizer].own_weight_decay else REGULARIZERS[place % len(REGULARIZERS)]
        found.append(kind(optimizer=optimizer, regularizers=terms, seed=place % 2, **changes))
    return found


@pytest.mark.parametrize("kind", [points, everything])
@pytest.mark.parametrize("loss", [k for k, cls in entries("losses").items() if "classification" in cls.tasks])  # type: ignore[attr-defined]
def test_no_tensor_of_a_step_leaves_the_device(kind: Any, loss: str, tmp_path: Path):
    chosen = experiments(kind, loss=loss)
    runs = [Run(item, tmp_path, conditions=conditions_of(item, device="meta", engine=STACKED)) for item in chosen]
    stack = Stack(runs)
    with OnlyOnTheDevice("meta") as guard:
        for _ in range(3):
            stack.step()
    assert guard.num_calls > 100
    assert all(run.step_count == 3 for run in runs)


def test_the_files_of_a_stack_hold_nothing_that_waits():
    files = sources("core/training/stacking", "core/training/stacked.py", "core/catalog/architectures/rows.py")
    assert found(synchronizing, (*files, *sources("core/catalog/losses/row_losses.py"))) == []
