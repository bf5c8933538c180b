"""Every entry of the catalogue says whether its runs can share a stack, and what it says is true."""

from __future__ import annotations

from pathlib import Path
from typing import Any, cast

import pytest
import torch

from core.catalog.architectures.architecture import Architecture
from core.catalog.architectures.rows import is_batched
from core.catalog.losses.loss import Loss
from core.catalog.optimizers.optimizer import Optimizer
from core.catalog.registry import entries, parse
from core.training.assembly import conditions_of
from core.training.device import STACKED
from core.training.run import Run
from core.training.stacked import Stack
from core.training.stacking.plan import why_alone
from core.training.stacking.table import TABLE
from tests.experiments import images

ROWS, BATCH, CLASSES = 3, 7, 4


def tasks_of(cls: type) -> tuple[str, ...]:
    return cast(type[Loss], cls).tasks


@pytest.mark.parametrize("key", entries("architectures"))
def test_an_architecture_names_a_line_of_the_table_or_none(key: str):
    assert cast(Architecture, parse("architectures", key)).stacked_as in ("", *TABLE)


@pytest.mark.parametrize("key", entries("architectures"))
def test_stacked_networks_say_how_their_rows_are_computed_at_once(key: str):
    architecture = cast(Architecture, parse("architectures", key))
    network = architecture.build((1, 28, 28), 10)
    assert is_batched(network) == bool(architecture.stacked_as)
    assert (architecture.alone_because is None) == bool(architecture.stacked_as)


OPTIMIZERS = {key: cast(Optimizer, parse("optimizers", key)) for key in entries("optimizers")}
STACKABLE = [key for key, entry in OPTIMIZERS.items() if entry.stackable]


def test_an_optimizer_that_cannot_be_a_row_says_why():
    alone = {key: str(why_alone(images(optimizer=key))) for key in OPTIMIZERS if key not in STACKABLE}
    assert alone == {
        "sam": "SAM needs more than one gradient for an update.",
        "lbfgs": "L-BFGS needs more than one gradient for an update.",
        "schedule_free_adamw": "schedule-free AdamW takes gradients beside the weights that are measured.",
    }


@pytest.mark.parametrize("key", STACKABLE)
def test_every_optimizer_moves_its_row(key: str, tmp_path: Path):
    experiments = [images(optimizer=key, seed=seed) for seed in (0, 1)]
    runs = [Run(item, tmp_path, conditions=conditions_of(item, engine=STACKED)) for item in experiments]
    before = [[parameter.detach().clone() for parameter in run.parts.loop.parameters] for run in runs]
    stack = Stack(runs)
    for _ in range(2):
        stack.step()
    for run, old in zip(runs, before, strict=True):
        assert all(not torch.equal(now, then) for now, then in zip(run.parts.loop.parameters, old, strict=True))


VECTOR_FORMS = [key for key, entry in OPTIMIZERS.items() if entry.row_numbers]


def test_only_these_are_computed_row_by_row():
    """Rules that count their updates, and rules of whole matrices."""
    alone = {key for key in STACKABLE if not OPTIMIZERS[key].fused_kernel and key not in VECTOR_FORMS}
    assert alone == {"nadam", "radam", "adamax", "muon", "adafactor"}


@pytest.mark.parametrize("key", VECTOR_FORMS)
def test_the_form_for_many_rows_is_the_rule_of_torch(key: str):
    draw = torch.Generator().manual_seed(1)
    entry = cast(Optimizer, parse("optimizers", key))
    weights = torch.randn(2, 9, generator=draw, dtype=torch.float64)
    theirs = torch.nn.Parameter(weights[1].clone())
    optimizer = entry.build([theirs], lr_override=0.03)
    memory = {name: torch.zeros_like(weights) for name in entry.memory}
    numbers = {name: torch.full((2, 1), value, dtype=torch.float64) for name, (value, _) in entry.row_numbers.items()}
    numbers["lr"] = torch.tensor([[7.0], [0.03]], dtype=torch.float64)
    for _ in range(5):
        gradients = torch.randn(2, 9, generator=draw, dtype=torch.float64)
        theirs.grad = gradients[1].clone()
        optimizer.step()
        entry.update_rows(weights, gradients, memory, numbers)
    torch.testing.assert_close(weights[1], theirs.detach(), rtol=1e-13, atol=0)


@pytest.mark.parametrize("key", VECTOR_FORMS)
def test_the_numbers_of_a_marked_row_leave_everything_as_it_is(key: str):
    entry = cast(Optimizer, parse("optimizers", key))
    weights = torch.tensor([[1.5, -0.0, 1e-40, 3e38]])
    memory = {name: torch.tensor([[0.0, 1e-42, 2.0, 3e38]]) for name in entry.memory}
    if "exp_avg" in memory:
        memory["exp_avg"][0, 1:].neg_()
    for squares in [name for name in entry.memory if name.endswith(("square_avg", "_sq"))]:
        memory[squares][0, 3] = float("inf")  # A gradient of 1e20 squared.
    before = {name: kept.clone() for name, kept in {**memory, "weights": weights}.items()}
    numbers = {name: torch.full((1, 1), still) for name, (_, still) in entry.row_numbers.items()}
    entry.update_rows(weights, torch.zeros(1, 4), memory, {**numbers, "lr": torch.full((1, 1), 0.5)})
    after = {**memory, "weights": weights}
    assert {n: t.numpy().tobytes() for n, t in after.items()} == {n: t.numpy().tobytes() for n, t in before.items()}


@pytest.mark.parametrize(("key", "task"), [(k, t) for k, cls in entries("losses").items() for t in tasks_of(cls)])
def test_the_loss_of_many_rows_is_the_loss_of_each(key: str, task: Any):
    loss = cast(Loss, parse("losses", key))
    draw = torch.Generator().manual_seed(2)
    outputs = torch.randn(ROWS, BATCH, CLASSES, generator=draw, dtype=torch.float64, requires_grad=True)
    targets = [torch.randint(CLASSES, (ROWS, BATCH), generator=draw)]
    targets.append(torch.softmax(torch.randn(ROWS, BATCH, CLASSES, generator=draw, dtype=torch.float64), 2))
    if task == "regression":
        outputs = outputs[:, :, :1].detach().requires_grad_()
        targets = [torch.randn(ROWS, BATCH, 1, generator=draw, dtype=torch.float64)]
    for given in targets:
        by_rows = loss.build_rows(task)(outputs, given)
        one_by_one = torch.stack([loss.build(task)(*row) for row in zip(outputs, given, strict=True)])
        assert by_rows.shape == (ROWS,)
        torch.testing.assert_close(by_rows, one_by_one, rtol=1e-12, atol=1e-14)
        factors = torch.randn(ROWS, generator=draw, dtype=torch.float64)
        gradients = [torch.autograd.grad(value, outputs, factors)[0] for value in (by_rows, one_by_one)]
        torch.testing.assert_close(*gradients, rtol=1e-12, atol=1e-14)
