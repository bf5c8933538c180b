"""Every optimizer against its written formula, against torch.optim, and where an update is skipped."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import nn

from core import catalog
from core.catalog.optimizers import Optimizer
from core.catalog.registry import entries, parse

assert catalog
KEYS = list(entries("optimizers"))
State = dict[str, float]


def entry_of(key: str) -> Optimizer:
    entry = parse("optimizers", key)
    assert isinstance(entry, Optimizer)
    return entry


def sgd(w: float, g: float, s: State, lr: float) -> float:
    return w - lr * g


def momentum(w: float, g: float, s: State, lr: float) -> float:
    s["v"] = 0.9 * s.get("v", 0) + g
    return w - lr * s["v"]


def nesterov(w: float, g: float, s: State, lr: float) -> float:
    s["v"] = 0.9 * s.get("v", 0) + g
    return w - lr * (g + 0.9 * s["v"])


def adagrad(w: float, g: float, s: State, lr: float) -> float:
    s["s"] = s.get("s", 0) + g * g
    return w - lr / (math.sqrt(s["s"]) + 1e-10) * g


def rmsprop(w: float, g: float, s: State, lr: float) -> float:
    s["s"] = 0.99 * s.get("s", 0) + 0.01 * g * g
    return w - lr / (math.sqrt(s["s"]) + 1e-8) * g


def adadelta(w: float, g: float, s: State, lr: float) -> float:
    s["s"] = 0.9 * s.get("s", 0) + 0.1 * g * g
    delta = math.sqrt((s.get("u", 0) + 1e-6) / (s["s"] + 1e-6)) * g
    s["u"] = 0.9 * s.get("u", 0) + 0.1 * delta * delta
    return w - lr * delta


def adam(w: float, g: float, s: State, lr: float) -> float:
    s["t"] = s.get("t", 0) + 1
    s["m"] = 0.9 * s.get("m", 0) + 0.1 * g
    s["s"] = 0.999 * s.get("s", 0) + 0.001 * g * g
    m, square = s["m"] / (1 - 0.9 ** s["t"]), s["s"] / (1 - 0.999 ** s["t"])
    return w - lr * m / (math.sqrt(square) + 1e-8)


def adamw(w: float, g: float, s: State, lr: float) -> float:
    return adam(w, g, s, lr) - lr * 0.01 * w


def adam_uncorrected(w: float, g: float, s: State, lr: float) -> float:
    s["m"] = 0.9 * s.get("m", 0) + 0.1 * g
    s["s"] = 0.999 * s.get("s", 0) + 0.001 * g * g
    return w - lr * s["m"] / (math.sqrt(s["s"]) + 1e-8)


def nadam(w: float, g: float, s: State, lr: float) -> float:
    def mu(t: float) -> float:
        return 0.9 * (1 - 0.5 * 0.96 ** (0.004 * t))

    t = s["t"] = s.get("t", 0) + 1
    s["m"] = 0.9 * s.get("m", 0) + 0.1 * g
    s["s"] = 0.999 * s.get("s", 0) + 0.001 * g * g
    product = s["product"] = s.get("product", 1) * mu(t)
    m = mu(t + 1) * s["m"] / (1 - product * mu(t + 1)) + (1 - mu(t)) * g / (1 - product)
    return w - lr * m / (math.sqrt(s["s"] / (1 - 0.999**t)) + 1e-8)


def radam(w: float, g: float, s: State, lr: float) -> float:
    t = s["t"] = s.get("t", 0) + 1
    s["m"] = 0.9 * s.get("m", 0) + 0.1 * g
    s["s"] = 0.999 * s.get("s", 0) + 0.001 * g * g
    m, most, unseen = s["m"] / (1 - 0.9**t), 2 / 0.001 - 1, 0.999**t
    rho = most - 2 * t * unseen / (1 - unseen)
    if rho <= 5:
        return w - lr * m
    trust = math.sqrt((rho - 4) * (rho - 2) * most / ((most - 4) * (most - 2) * rho))
    return w - lr * m * trust * math.sqrt(1 - unseen) / (math.sqrt(s["s"]) + 1e-8)


def adamax(w: float, g: float, s: State, lr: float) -> float:
    s["t"] = s.get("t", 0) + 1
    s["m"] = 0.9 * s.get("m", 0) + 0.1 * g
    s["u"] = max(0.999 * s.get("u", 0), abs(g) + 1e-8)
    return w - lr / (1 - 0.9 ** s["t"]) * s["m"] / s["u"]


def lion(w: float, g: float, s: State, lr: float) -> float:
    way = math.copysign(1, 0.9 * s.get("m", 0) + 0.1 * g)
    s["m"] = 0.99 * s.get("m", 0) + 0.01 * g
    return w - lr * way


RULES: dict[str, Callable[[float, float, State, float], float]] = {
    rule.__name__: rule
    for rule in (
        *(sgd, momentum, nesterov, adagrad, rmsprop, adadelta, adam, adamw),
        *(nadam, radam, adamax, lion, adam_uncorrected),
    )
}
OF_ALL_WEIGHTS = {"muon", "adafactor", "sam", "lbfgs", "schedule_free_adamw"}
"""Their rules have tests of their own: test_rules_of_all_weights.py."""


def test_every_rule_is_tested():
    assert set(RULES) | OF_ALL_WEIGHTS == set(KEYS)


@pytest.mark.parametrize("key", RULES)
def test_updates_equal_the_written_formula_in_float64(key: str) -> None:
    entry = entry_of(key)
    parameter = nn.Parameter(torch.tensor([-5.0, -2.0, 0.3], dtype=torch.float64))
    optimizer = entry.build([parameter])
    expected, states = parameter.tolist(), [State(), State(), State()]
    rows = [[-1.0, 8.0, 0.01], [0.5, -3.0, 0.02], [2.0, 1.0, -0.03], *[[0.7, -0.2, 0.01]] * 5]
    for number, gradients in enumerate(rows):
        lr = entry.learning_rate() * (1 if number < 2 else 0.1)  # the rate changes midway
        for group in optimizer.param_groups:
            group["lr"] = lr
        parameter.grad = torch.tensor(gradients, dtype=torch.float64)
        optimizer.step()
        expected = [RULES[key](w, g, s, lr) for w, g, s in zip(expected, gradients, states, strict=True)]
        # torch keeps NAdam's product of momenta in float32.
        assert parameter.tolist() == pytest.approx(expected, rel=1e-9 if key == "nadam" else 1e-13)


REFERENCES: dict[str, Callable[..., torch.optim.Optimizer]] = {
    "sgd": torch.optim.SGD,
    "momentum": lambda params, lr: torch.optim.SGD(params, lr=lr, momentum=0.9),
    "nesterov": lambda params, lr: torch.optim.SGD(params, lr=lr, momentum=0.9, nesterov=True),
    "adagrad": torch.optim.Adagrad,
    "rmsprop": torch.optim.RMSprop,
    "adadelta": torch.optim.Adadelta,
    "adam": torch.optim.Adam,
    "adamw": torch.optim.AdamW,
    "nadam": torch.optim.NAdam,
    "radam": torch.optim.RAdam,
    "adamax": torch.optim.Adamax,
    "adafactor": torch.optim.Adafactor,
}


def test_torch_has_all_but_the_rules_that_are_ours() -> None:
    """Muon and L-BFGS are torch's, with something around them."""
    ours = {"adam_uncorrected", "lion", "sam", "schedule_free_adamw"}
    assert set(KEYS) - set(REFERENCES) == ours | {"muon", "lbfgs"}


def train(optimizer: torch.optim.Optimizer, model: nn.Module, lr: float, num_steps: int = 20) -> None:
    x = torch.randn(32, 5, generator=torch.Generator().manual_seed(2)).to(next(model.parameters()).dtype)
    for step in range(num_steps):
        for group in optimizer.param_groups:
            group["lr"] = lr * (1 if step < 10 else 0.3)
        optimizer.zero_grad()
        model(x).square().mean().backward()
        optimizer.step()


def model_of(dtype: torch.dtype) -> nn.Module:
    model = nn.Sequential(nn.utils.skip_init(nn.Linear, 5, 8), nn.Tanh(), nn.utils.skip_init(nn.Linear, 8, 1)).to(dtype)
    generator = torch.Generator().manual_seed(0)
    for parameter in model.parameters():
        nn.init.normal_(parameter, generator=generator)
    return model


@pytest.mark.parametrize("key", REFERENCES)
def test_a_trajectory_equals_torchs_also_when_the_rate_changes(key: str) -> None:
    entry = entry_of(key)
    ours, theirs = model_of(torch.float64), model_of(torch.float64)
    train(entry.build(ours.parameters()), ours, entry.learning_rate())
    train(REFERENCES[key](theirs.parameters(), lr=entry.learning_rate()), theirs, entry.learning_rate())
    for one, two in zip(ours.parameters(), theirs.parameters(), strict=True):
        torch.testing.assert_close(one, two, rtol=1e-12, atol=1e-13)


@pytest.mark.parametrize("key", REFERENCES)
def test_the_bits_are_those_of_the_fastest_stock_form(key: str) -> None:
    entry = entry_of(key)
    ours, theirs = model_of(torch.float32), model_of(torch.float32)
    optimizer = entry.build(ours.parameters())
    reference = REFERENCES[key](theirs.parameters(), lr=entry.learning_rate())
    for group in reference.param_groups:
        group["fused" if entry.fused(theirs.parameters()) else "foreach"] = True
    train(optimizer, ours, entry.learning_rate())
    train(reference, theirs, entry.learning_rate())
    assert all(torch.equal(one, two) for one, two in zip(ours.parameters(), theirs.parameters(), strict=True))


def test_on_the_cpu_sgd_adam_and_adagrad_are_fused() -> None:
    parameter = nn.Parameter(torch.ones(2))
    fused = {key for key in KEYS if entry_of(key).fused([parameter])}
    assert fused == {"sgd", "momentum", "nesterov", "adagrad", "adam", "adamw"}


@pytest.mark.parametrize("first", [True, False])
@pytest.mark.parametrize("key", [key for key in KEYS if entry_of(key).fused_kernel])
def test_a_flagged_update_changes_no_bit_of_weights_or_state(key: str, first: bool) -> None:
    entry = entry_of(key)
    model = model_of(torch.float32)
    optimizer = entry.build(model.parameters())
    found = torch.zeros(())
    optimizer.found_inf = found  # type: ignore[attr-defined]
    if not first:
        train(optimizer, model, entry.learning_rate(), num_steps=3)
    weights = [parameter.detach().clone() for parameter in model.parameters()]
    states = [{n: v.clone() for n, v in optimizer.state[p].items()} for p in model.parameters() if p in optimizer.state]
    found.fill_(1.0)
    for parameter in model.parameters():
        parameter.grad = torch.full_like(parameter, math.nan)
    optimizer.step()
    for parameter, weight in zip(model.parameters(), weights, strict=True):
        assert torch.equal(parameter, weight)
    for parameter, state in zip(model.parameters(), states or [{}] * len(weights), strict=False):
        for name, value in optimizer.state[parameter].items():
            assert torch.equal(value, state.get(name, torch.zeros_like(value))), name
    found.zero_()
    ours, untouched = model, model_of(torch.float32)
    fresh = entry.build(untouched.parameters())
    if not first:
        train(fresh, untouched, entry.learning_rate(), num_steps=3)
    train(optimizer, ours, entry.learning_rate(), num_steps=2)
    train(fresh, untouched, entry.learning_rate(), num_steps=2)
    assert all(torch.equal(one, two) for one, two in zip(ours.parameters(), untouched.parameters(), strict=True))


@pytest.mark.parametrize("key", [key for key in KEYS if not entry_of(key).reads_back])
def test_an_optimizer_works_on_meta(key: str) -> None:
    parameter = nn.Parameter(torch.empty(3, 4, device="meta"))
    optimizer = entry_of(key).build([parameter])

    def closure() -> torch.Tensor:
        parameter.grad = torch.empty_like(parameter)
        return torch.empty((), device="meta")

    optimizer.step(closure)  # type: ignore[arg-type]
    counters = ("step", "mu_product")
    assert all(value.is_meta for name, value in optimizer.state[parameter].items() if name not in counters)


@pytest.mark.parametrize("key", KEYS)
def test_every_optimizer_descends_on_a_convex_quadratic(key: str) -> None:
    entry = entry_of(key)
    parameter = nn.Parameter(torch.tensor([1.0, -1.0], dtype=torch.float64))
    optimizer = entry.build([parameter], lr_override=None if key == "adadelta" else 0.002)

    def closure() -> torch.Tensor:
        optimizer.zero_grad()
        loss = parameter.square().sum()
        loss.backward()
        return loss

    losses = [optimizer.step(closure).item() for _ in range(20)]  # type: ignore[arg-type]
    assert losses == sorted(losses, reverse=True)
    assert losses[-1] < losses[0]


def test_adadelta_has_no_learning_rate() -> None:
    entry = entry_of("adadelta")
    assert "lr" not in type(entry).model_fields
    assert entry.learning_rate() == 1.0


def test_gd_is_a_synonym_that_is_echoed() -> None:
    entry = parse("optimizers", "gd")
    assert entry == parse("optimizers", "sgd")
    assert entry.model_dump()["key"] == "gd"


@pytest.mark.parametrize(("key", "own"), [("adam", 0.0), ("adamw", 0.01), ("muon", 0.01), ("sgd", 0.0)])
def test_only_these_decay_by_themselves(key: Any, own: float) -> None:
    assert entry_of(key).own_weight_decay == own
    decaying = {key for key in KEYS if "weight_decay" in type(entry_of(key)).model_fields}
    assert decaying == {"adamw", "lion", "muon", "adafactor", "schedule_free_adamw"}
