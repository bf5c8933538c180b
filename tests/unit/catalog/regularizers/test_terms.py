"""What weight regularizers and clipping do inside a step, against autograd and torch."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from core import catalog
from core.catalog.registry import parse

assert catalog


def weights() -> list[nn.Parameter]:
    generator = torch.Generator().manual_seed(0)
    return [nn.Parameter(torch.randn(shape, dtype=torch.float64, generator=generator)) for shape in ((3, 4), (2, 3))]


@pytest.mark.parametrize("key", ["l1", "l2"])
def test_value_and_gradient_of_a_penalty_equal_autograds(key: str) -> None:
    tensors = weights()
    penalty = parse("regularizers", {"key": key, "strength": 0.3}).build()  # type: ignore[attr-defined]
    order = 1 if key == "l1" else 2
    expected = 0.3 * sum(tensor.abs().pow(order).sum() for tensor in tensors)
    expected_grads = torch.autograd.grad(expected, tensors)  # type: ignore[arg-type]
    grads = [torch.ones_like(tensor) for tensor in tensors]
    penalty.add_gradient(grads, tensors)
    torch.testing.assert_close(penalty.value(tensors), expected.detach(), rtol=1e-14, atol=0)  # type: ignore[union-attr]
    for got, wanted in zip(grads, expected_grads, strict=True):
        torch.testing.assert_close(got - 1, wanted, rtol=0, atol=1e-15)


def test_penalties_act_on_matrices_and_kernels_only_unless_told() -> None:
    model = parse("architectures", {"key": "mlp", "normalization": "batch"}).build((4,), 3)  # type: ignore[attr-defined]
    named = list(model.named_parameters())
    names = {id(tensor): name for name, tensor in named}

    def acted_on(document: dict) -> set[str]:
        return {names[id(tensor)] for tensor in parse("regularizers", document).tensors(named)}  # type: ignore[attr-defined]

    only_weights = {"hidden.1.weight", "hidden.2.weight", "output.weight"}
    for key in ("l1", "l2", "weight_decay"):
        assert acted_on({"key": key}) == only_weights
        assert acted_on({"key": key, "biases": True}) == set(names.values())


def trajectory(document: dict, strength_or_decay: dict, num_steps: int = 50) -> list[torch.Tensor]:
    """Weights of a least-squares fit after some updates with one regularizer."""
    generator = torch.Generator().manual_seed(1)
    x = torch.randn(32, 4, dtype=torch.float64, generator=generator)
    y = torch.randn(32, 2, dtype=torch.float64, generator=generator)
    tensors = [nn.Parameter(torch.randn(4, 2, dtype=torch.float64, generator=generator))]
    entry = parse("optimizers", document)
    optimizer = entry.build(tensors)  # type: ignore[attr-defined]
    regularizer = parse("regularizers", strength_or_decay)
    term = regularizer.build()  # type: ignore[attr-defined]
    for _ in range(num_steps):
        optimizer.zero_grad()
        (x @ tensors[0] - y).square().mean().backward()
        if regularizer.kind == "penalty":  # type: ignore[attr-defined]
            term.add_gradient([tensor.grad for tensor in tensors], tensors)
        else:
            term.apply(tensors, entry.learning_rate())  # type: ignore[attr-defined]
        optimizer.step()
    return [tensor.detach() for tensor in tensors]


def difference(optimizer: dict, decay: float) -> float:
    (penalised,) = trajectory(optimizer, {"key": "l2", "strength": 0.005})
    (decayed,) = trajectory(optimizer, {"key": "weight_decay", "weight_decay": decay})
    return (penalised - decayed).abs().max().item()


def test_l2_equals_weight_decay_of_twice_its_strength_under_sgd() -> None:
    assert difference({"key": "sgd", "lr": 0.1}, 2 * 0.005) <= 1e-12
    assert difference({"key": "sgd", "lr": 0.1}, 0.005) > 1e-3


@pytest.mark.parametrize("key", ["momentum", "adam"])
def test_l2_is_not_weight_decay_under_momentum_or_adam(key: str) -> None:
    assert difference({"key": key, "lr": 0.05}, 2 * 0.005) > 1e-4


def test_weight_decay_before_adam_is_adamw() -> None:
    (apart,) = trajectory({"key": "adam", "lr": 0.01}, {"key": "weight_decay", "weight_decay": 0.1})
    (built_in,) = trajectory({"key": "adamw", "lr": 0.01, "weight_decay": 0.1}, {"key": "l2", "strength": 0})
    torch.testing.assert_close(apart, built_in, rtol=0, atol=1e-14)


def test_a_skipped_decay_changes_no_bit() -> None:
    tensors = weights()
    before = [tensor.clone() for tensor in tensors]
    decay = parse("regularizers", {"key": "weight_decay", "weight_decay": 0.3}).build()  # type: ignore[attr-defined]
    decay.apply(tensors, 0.1, torch.tensor(1.0))
    assert all(torch.equal(a, b) for a, b in zip(tensors, before, strict=True))
    decay.apply(tensors, 0.1, torch.tensor(0.0))
    plain = [tensor.clone() for tensor in before]
    decay.apply(plain, 0.1)
    assert all(torch.equal(a, b) for a, b in zip(tensors, plain, strict=True))
    assert torch.equal(plain[0], before[0] * (1 - 0.1 * 0.3))


@pytest.mark.parametrize(("limit", "acts"), [(0.5, True), (1e3, False)])
def test_clipping_by_norm_equals_torchs(limit: float, acts: bool) -> None:
    tensors = weights()
    for tensor in tensors:
        tensor.grad = tensor.detach() * 3
    grads = [tensor.detach() * 3 for tensor in tensors]
    total = torch.stack(torch._foreach_norm(grads)).norm()  # type: ignore[attr-defined]
    clipped = parse("regularizers", {"key": "clip_norm", "max_norm": limit}).build().apply(grads, total)  # type: ignore[attr-defined]
    nn.utils.clip_grad_norm_(tensors, limit)
    assert bool(clipped) is acts
    for got, tensor in zip(grads, tensors, strict=True):
        torch.testing.assert_close(got, tensor.grad, rtol=1e-5, atol=0)
    if acts:
        assert torch.stack(torch._foreach_norm(grads)).norm().item() == pytest.approx(limit)  # type: ignore[attr-defined]


def test_a_zero_gradient_stays_zero_when_clipped_by_norm() -> None:
    grads = [torch.zeros(3)]
    clipped = parse("regularizers", "clip_norm").build().apply(grads, torch.tensor(0.0, dtype=torch.float64))  # type: ignore[attr-defined]
    assert not clipped
    assert torch.equal(grads[0], torch.zeros(3))


@pytest.mark.parametrize(("limit", "acts"), [(0.5, True), (1e3, False)])
def test_clipping_by_value_equals_torchs(limit: float, acts: bool) -> None:
    tensors = weights()
    for tensor in tensors:
        tensor.grad = tensor.detach() * 3
    grads = [tensor.detach() * 3 for tensor in tensors]
    clipped = parse("regularizers", {"key": "clip_value", "max_value": limit}).build().apply(grads, torch.tensor(1.0))  # type: ignore[attr-defined]
    nn.utils.clip_grad_value_(tensors, limit)
    assert bool(clipped) is acts
    assert all(torch.equal(got, tensor.grad) for got, tensor in zip(grads, tensors, strict=True))  # type: ignore[arg-type]


def test_an_elastic_net_is_l1_and_l2_in_their_shares() -> None:
    net = parse("regularizers", {"key": "elastic_net", "strength": 0.3, "share": 0.2, "biases": True})
    l1, l2 = net.parts  # type: ignore[attr-defined]
    assert (l1.key, l2.key) == ("l1", "l2")
    assert (l1.strength, l2.strength) == pytest.approx((0.06, 0.24))
    assert l1.biases
    assert l2.biases
    tensors = weights()
    value = sum(float(term.value(tensors)) for term in net.build())  # type: ignore[attr-defined]
    expected = sum(0.06 * t.detach().abs().sum().item() + 0.24 * t.detach().square().sum().item() for t in tensors)
    assert value == pytest.approx(expected)


def test_max_norm_shortens_rows_that_are_too_long_and_no_others() -> None:
    kernel = torch.randn((4, 2, 3, 3), dtype=torch.float64, generator=torch.Generator().manual_seed(0))
    for tensor in (*weights(), kernel, kernel.clone().contiguous(memory_format=torch.channels_last)):
        before = tensor.detach().clone()
        lengths = before.flatten(1).norm(dim=1)
        limit = float(lengths.mean())
        term = parse("regularizers", {"key": "max_norm", "max_norm": limit}).build()  # type: ignore[attr-defined]
        with torch.no_grad():
            term.apply([tensor], torch.tensor(1.0))
        assert torch.equal(tensor, before), "skipped"
        term.apply([tensor])
        assert torch.equal(tensor[lengths <= limit], before[lengths <= limit])
        torch.testing.assert_close(tensor.detach().flatten(1).norm(dim=1), lengths.clamp(max=limit))
        longer = lengths > limit
        directions = torch.nn.functional.cosine_similarity(tensor[longer].flatten(1), before[longer].flatten(1))
        torch.testing.assert_close(directions, torch.ones_like(directions))


def test_max_norm_acts_on_the_incoming_weights_of_units() -> None:
    entry = parse("regularizers", "max_norm")
    named = [
        (name, nn.Parameter(torch.zeros(shape)))
        for name, shape in (
            ("hidden.1.weight", (3, 4)),
            ("hidden.1.bias", (3,)),
            ("norm.weight", (3,)),
            ("rnn.weight_hh_l0", (3, 3)),
            ("embed.position", (1, 5, 3)),
        )
    ]
    names = {id(tensor): name for name, tensor in named}
    acted_on = [names[id(tensor)] for tensor in entry.tensors(named)]  # type: ignore[attr-defined]
    assert acted_on == ["hidden.1.weight", "rnn.weight_hh_l0"]
