"""Rules that look at more than one weight, or compute more than one gradient: against references and formulas."""

from __future__ import annotations

import math
from collections.abc import Callable
from copy import deepcopy
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn

import core.catalog  # noqa: F401 - registers every entry
from core.catalog.registry import parse

INPUTS = torch.randn(24, 5, generator=torch.Generator().manual_seed(2), dtype=torch.float64)


def model_of() -> nn.Module:
    model = nn.Sequential(nn.utils.skip_init(nn.Linear, 5, 8), nn.Tanh(), nn.utils.skip_init(nn.Linear, 8, 1)).double()
    draw = torch.Generator().manual_seed(0)
    for parameter in model.parameters():
        nn.init.normal_(parameter, generator=draw)
    return model


def closure_of(model: nn.Module) -> Callable[[], Tensor]:
    """The loss with its gradients; each call is counted in `calls`."""

    def closure() -> Tensor:
        closure.calls += 1  # type: ignore[attr-defined]
        model.zero_grad()
        loss = model(INPUTS).square().mean() + 0.01 * sum(p.pow(4).sum() for p in model.parameters())
        loss.backward()
        return loss

    closure.calls = 0  # type: ignore[attr-defined]
    return closure


def difference(one: nn.Module, two: nn.Module) -> float:
    pairs = zip(one.parameters(), two.parameters(), strict=True)
    return max(float((a - b).detach().abs().max()) for a, b in pairs)


def built(document: Any, model: nn.Module) -> Any:
    entry: Any = parse("optimizers", document)
    return entry.build(model.parameters())


# -- Muon --------------------------------------------------------------------------------------------------------------


def test_muon_moves_matrices_and_adamw_all_else():
    ours, theirs = model_of(), model_of()
    optimizer = built({"key": "muon", "lr": 0.02, "weight_decay": 0.1}, ours)
    matrices, others = ([p for p in theirs.parameters() if (p.dim() == 2) is chosen] for chosen in (True, False))
    options: Any = {"lr": 0.02, "weight_decay": 0.1}
    references = [torch.optim.Muon(matrices, adjust_lr_fn="match_rms_adamw", **options)]
    references.append(torch.optim.AdamW(others, **options))  # type: ignore[arg-type]
    for step in range(12):
        for rule in (optimizer, *references):
            rule.param_groups[0]["lr"] = 0.02 if step < 6 else 0.005
        closure_of(ours)()
        optimizer.step()
        closure_of(theirs)()
        for reference in references:
            reference.step()
    assert difference(ours, theirs) < 1e-12


def test_muon_moves_all_directions_of_a_matrix_alike():
    weights = nn.Parameter(torch.zeros(6, 4))
    optimizer = parse("optimizers", {"key": "muon", "lr": 1.0, "weight_decay": 0.0}).build([weights])  # type: ignore[attr-defined]
    left = torch.linalg.qr(torch.randn(6, 4, generator=torch.Generator().manual_seed(1)))[0]
    weights.grad = left @ torch.diag(torch.tensor([10.0, 5.0, 2.0, 1.0]))
    optimizer.step()
    moved = torch.linalg.svdvals(weights.detach()) / (0.2 * math.sqrt(6))
    assert moved.min() > 0.5
    assert moved.max() < 1.5


def test_convolution_kernels_are_moved_by_adamw():
    kernel, again = (nn.Parameter(torch.ones(3, 2, 3, 3)) for _ in range(2))
    optimizer = parse("optimizers", "muon").build([kernel])  # type: ignore[attr-defined]
    reference = torch.optim.AdamW([again], lr=0.005, weight_decay=0.01)
    for rule, weights in ((optimizer, kernel), (reference, again)):
        weights.grad = torch.full_like(weights, 0.3)
        rule.step()
    torch.testing.assert_close(kernel, again)


# -- Adafactor ---------------------------------------------------------------------------------------------------------


def test_adafactor_equals_its_formula():
    draw = torch.Generator().manual_seed(3)
    weights = nn.Parameter(torch.randn(4, 3, generator=draw, dtype=torch.float64))
    optimizer = parse("optimizers", {"key": "adafactor", "weight_decay": 0.1}).build([weights])  # type: ignore[attr-defined]
    expected = weights.detach().numpy().copy()
    rows, columns = np.zeros((4, 1)), np.zeros((1, 3))
    for step in range(1, 6):
        weights.grad = torch.randn(4, 3, generator=draw, dtype=torch.float64)
        gradient = weights.grad.numpy().copy()
        optimizer.step()
        beta = 1 - step**-0.8
        size = np.sqrt(np.mean(expected**2))
        expected *= 1 - 0.01 * 0.1
        rows = beta * rows + (1 - beta) * np.mean(gradient**2, axis=1, keepdims=True)
        columns = beta * columns + (1 - beta) * np.mean(gradient**2, axis=0, keepdims=True)
        update = gradient / np.sqrt(rows * columns / rows.mean())
        update /= max(1, np.sqrt(np.mean(update**2)))
        expected -= max(1e-3, size) * min(0.01, 1 / math.sqrt(step)) * update
        np.testing.assert_allclose(weights.detach().numpy(), expected, rtol=1e-12)


# -- SAM ---------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("momentum", [0.0, 0.9])
def test_sam_equals_its_formula(momentum: float):
    def gradient(w: np.ndarray) -> np.ndarray:
        return np.array([4 * w[0] ** 3, 0.6 * w[1], np.cos(w[2])])

    point = nn.Parameter(torch.tensor([1.0, -2.0, 0.3], dtype=torch.float64))
    optimizer = parse("optimizers", {"key": "sam", "rho": 0.1, "momentum": momentum}).build([point])  # type: ignore[attr-defined]
    expected, velocity = point.detach().numpy().copy(), np.zeros(3)
    calls = []

    def closure() -> Tensor:
        calls.append(point.tolist())
        optimizer.zero_grad()
        loss = point[0] ** 4 + 0.3 * point[1] ** 2 + torch.sin(point[2])
        loss.backward()
        return loss

    for _ in range(5):
        optimizer.step(closure)
        here = gradient(expected)
        uphill = gradient(expected + 0.1 * here / np.linalg.norm(here))
        velocity = momentum * velocity + uphill
        expected = expected - 0.05 * velocity
        np.testing.assert_allclose(point.detach().numpy(), expected, rtol=1e-11)
    assert len(calls) == 5 * 2


# -- L-BFGS ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("search", ["strong_wolfe", "none"])
def test_lbfgs_is_torchs_also_when_its_memory_is_full_and_the_rate_changes(search: str):
    ours, theirs = model_of(), model_of()
    entry: Any = parse("optimizers", {"key": "lbfgs", "line_search": search, "history": 3, "max_iter": 6, "lr": 0.5})
    optimizer = entry.build(ours.parameters())
    options: Any = {"max_eval": 5, "line_search_fn": search} if search != "none" else {"max_eval": 6}
    reference = torch.optim.LBFGS(theirs.parameters(), lr=0.5, max_iter=6, history_size=3, **options)
    for step in range(8):
        for rule in (optimizer, reference):
            rule.param_groups[0]["lr"] = 0.5 if step < 5 else 0.2
        closure = closure_of(ours)
        optimizer.step(closure)
        assert closure.calls <= entry.evaluations_per_step  # type: ignore[attr-defined]
        reference.step(closure_of(theirs))
        assert difference(ours, theirs) < 1e-12


def test_the_memory_of_lbfgs_stays_where_it_is_and_is_all_there_is_to_save():
    ours, theirs = model_of(), model_of()
    optimizer, other = (built({"key": "lbfgs", "history": 2, "max_iter": 3}, model) for model in (ours, theirs))
    optimizer.step(closure_of(ours))
    (state,) = optimizer.state.values()
    places = {name: kept.data_ptr() for name, kept in state.items()}
    optimizer.step(closure_of(ours))
    assert {name: kept.data_ptr() for name, kept in state.items()} == places
    theirs.load_state_dict(ours.state_dict())
    other.load_state_dict(deepcopy(optimizer.state_dict()))
    for rule, model in ((optimizer, ours), (other, theirs)):
        for _ in range(3):
            rule.step(closure_of(model))
    assert difference(ours, theirs) == 0


@pytest.mark.parametrize(("before", "after"), [(2, 5), (5, 2)])
def test_lbfgs_goes_on_with_as_many_moves_as_it_may_remember_now(before: int, after: int):
    ours, theirs = model_of(), model_of()
    first = built({"key": "lbfgs", "history": before, "max_iter": 4}, ours)
    for _ in range(3):
        first.step(closure_of(ours))
    theirs.load_state_dict(ours.state_dict())
    second = built({"key": "lbfgs", "history": after, "max_iter": 4}, theirs)
    second.state[next(theirs.parameters())] = dict(first.state[next(ours.parameters())])
    loss = closure_of(theirs)().item()
    second.step(closure_of(theirs))
    assert closure_of(theirs)().item() < loss
    (state,) = second.state.values()
    assert state["moves_and_changes"].shape[0] == 2 * after + 2


# -- schedule-free AdamW -----------------------------------------------------------------------------------------------


def test_schedule_free_adamw_equals_its_formula_also_where_the_rate_changes():
    curvature, decay = np.array([1.0, 0.1, 4.0]), 0.05
    point = nn.Parameter(torch.tensor([1.0, -2.0, 0.3], dtype=torch.float64))
    optimizer = parse("optimizers", {"key": "schedule_free_adamw", "weight_decay": decay}).build([point])  # type: ignore[attr-defined]
    x = z = point.detach().numpy().copy()
    squares, largest, weights = np.zeros(3), 0.0, 0.0
    for step in range(1, 9):
        lr = [0.001, 0.1, 0.01][step // 3]
        optimizer.param_groups[0]["lr"] = lr
        optimizer.train()
        y = 0.1 * z + 0.9 * x
        np.testing.assert_allclose(point.detach().numpy(), y, rtol=1e-12)
        point.grad = torch.from_numpy(curvature * point.detach().numpy())
        optimizer.eval()
        assert point.detach().numpy().tolist() == pytest.approx(x.tolist(), rel=1e-12)
        optimizer.step()
        gradient = curvature * y
        squares = 0.999 * squares + 0.001 * gradient**2
        z = z - lr * (gradient / (np.sqrt(squares / (1 - 0.999**step)) + 1e-8) + decay * y)
        largest = max(largest, lr)
        weights += largest**2
        x = x + largest**2 / weights * (z - x)
        np.testing.assert_allclose(point.detach().numpy(), x, rtol=1e-11)


def test_the_average_is_there_again_to_the_bit():
    model = model_of().float()
    optimizer = built("schedule_free_adamw", model)
    for _ in range(3):
        optimizer.train()
        model(INPUTS.float()).square().mean().backward()
        optimizer.eval()
        optimizer.step()
    before = [parameter.detach().clone() for parameter in model.parameters()]
    for _ in range(5):
        optimizer.train()
        assert not all(torch.equal(one, two) for one, two in zip(model.parameters(), before, strict=True))
        optimizer.eval()
    assert all(torch.equal(one, two) for one, two in zip(model.parameters(), before, strict=True))
