"""The update of the step loop is torch.optim's, bit for bit."""

from __future__ import annotations

from copy import deepcopy
from typing import cast

import pytest
import torch
from torch import nn

from core.catalog.optimizers.optimizer import Optimizer
from core.catalog.registry import entries, parse
from core.training.update import update_of

SHAPES = [(5, 3), (33,), (), (64,)]


def parameters() -> list[nn.Parameter]:
    draw = torch.Generator().manual_seed(1)
    return [nn.Parameter(torch.randn(shape, generator=draw)) for shape in SHAPES]


def gradients(step: int) -> list[torch.Tensor]:
    draw = torch.Generator().manual_seed(100 + step)
    return [torch.randn(shape, generator=draw) * 10.0 ** -(step % 5) for shape in SHAPES]


class Pair:
    """The same optimizer twice: as torch steps it, and as the step loop does."""

    def __init__(self, key: str) -> None:
        entry = cast(Optimizer, parse("optimizers", key))
        self.theirs, self.ours = parameters(), parameters()
        self.optimizer, self.own = entry.build(self.theirs), entry.build(self.ours)
        self.found = torch.zeros(())
        self.needs_closure = entry.needs_closure
        self.update = update_of(entry, self.own, self.ours, self.found)

    @torch.no_grad()
    def step(self, number: int, lr: float) -> None:
        self.give(self.theirs, number)
        self.optimizer.param_groups[0]["lr"] = lr
        if self.needs_closure:
            self.optimizer.step(lambda: self.give(self.theirs, number))  # type: ignore[arg-type]
        else:
            self.optimizer.step()
        self.step_ours(number, lr)

    def give(self, weights: list[nn.Parameter], number: int) -> torch.Tensor:
        """The gradients of a step and, as a closure does, its loss: the same wherever the weights are."""
        for parameter, gradient in zip(weights, gradients(number), strict=True):
            parameter.grad = gradient
        return torch.tensor(float(number))

    @torch.no_grad()
    def step_ours(self, number: int, lr: float) -> None:
        self.give(self.ours, number)
        self.own.param_groups[0]["lr"] = lr
        self.update(gradients(number), lr, lambda: self.give(self.ours, number))

    def assert_equal(self) -> None:
        for theirs, ours in zip(self.theirs, self.ours, strict=True):
            assert torch.equal(theirs, ours)
            state = self.own.state[ours]
            for name, value in self.optimizer.state[theirs].items():
                assert value is None or torch.equal(value, state[name]), name


@pytest.mark.parametrize("key", list(entries("optimizers")))
def test_weights_and_state_equal_torchs_also_when_the_rate_changes(key: str):
    pair = Pair(key)
    for number in range(9):
        pair.step(number, 0.1 if number < 4 else 0.003)
        pair.assert_equal()


@pytest.mark.parametrize("key", list(entries("optimizers")))
def test_a_state_that_was_loaded_is_the_one_that_is_used(key: str):
    pair = Pair(key)
    for number in range(3):
        pair.step(number, 0.05)
    pair.own.load_state_dict(deepcopy(pair.optimizer.state_dict()))
    for number in range(3, 6):
        pair.step(number, 0.05)
        pair.assert_equal()


FUSED = [key for key in entries("optimizers") if cast(Optimizer, parse("optimizers", key)).fused(parameters())]


def test_most_optimizers_have_a_fused_kernel_here():
    assert {"sgd", "momentum", "nesterov", "adagrad", "adam", "adamw"} <= set(FUSED)


@pytest.mark.parametrize("key", FUSED)
@pytest.mark.parametrize("first", [0, 3])
def test_a_fused_update_leaves_everything_as_it_is_where_told_to(key: str, first: int):
    pair = Pair(key)
    for number in range(first):
        pair.step(number, 0.05)
    before = [parameter.detach().clone() for parameter in pair.ours]
    pair.found.fill_(1)
    for number in range(first, first + 2):
        pair.step_ours(number, 0.05)
    for parameter, old in zip(pair.ours, before, strict=True):
        assert torch.equal(parameter, old)
    if first:
        for theirs, ours in zip(pair.theirs, pair.ours, strict=True):
            for name, value in pair.optimizer.state[theirs].items():
                assert name == "step" or value is None or torch.equal(value, pair.own.state[ours][name]), name
