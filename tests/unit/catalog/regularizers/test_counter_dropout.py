"""Dropout with a generator of its own has the bits of torch's dropout."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from core.catalog.regularizers.counter_dropout import CounterDropout


def layer(p: float, seed: int = 0) -> CounterDropout:
    dropout = CounterDropout(p)
    dropout.generator = torch.Generator().manual_seed(seed)
    return dropout


@pytest.mark.parametrize("p", [0.1, 0.5, 0.9])
@pytest.mark.parametrize("shape", [(64, 64), (5, 3, 7, 7)])
def test_bits_equal_torchs_dropout_with_the_same_generator_state(p: float, shape: tuple[int, ...]) -> None:
    ours = torch.randn(shape, generator=torch.Generator().manual_seed(1)).requires_grad_()
    theirs = ours.detach().clone().requires_grad_()
    before = torch.get_rng_state()
    kept = layer(p, seed=7)(ours)
    kept.square().sum().backward()
    assert torch.equal(torch.get_rng_state(), before)
    torch.manual_seed(7)
    expected = nn.Dropout(p)(theirs)
    expected.square().sum().backward()
    torch.set_rng_state(before)
    assert torch.equal(kept, expected)
    assert ours.grad is not None
    assert theirs.grad is not None
    assert torch.equal(ours.grad, theirs.grad)


def test_the_expectation_is_kept_and_dropped_units_have_no_gradient() -> None:
    x = torch.ones(1000, 100, requires_grad=True)
    y = layer(0.3)(x)
    y.sum().backward()
    assert y.mean().item() == pytest.approx(1, abs=0.01)
    assert (y == 0).float().mean().item() == pytest.approx(0.3, abs=0.01)
    assert x.grad is not None
    assert not x.grad[y == 0].any()


def test_it_is_off_in_evaluation() -> None:
    x = torch.ones(4, 4)
    assert layer(0.5).eval()(x) is x


def test_the_same_seed_gives_the_same_mask_and_another_seed_another() -> None:
    x = torch.ones(8, 8)
    assert torch.equal(layer(0.5, 1)(x), layer(0.5, 1)(x))
    assert not torch.equal(layer(0.5, 1)(x), layer(0.5, 2)(x))


def test_it_runs_on_meta_and_refuses_to_draw_without_a_generator() -> None:
    assert CounterDropout(0.5)(torch.empty(2, 3, device="meta")).shape == (2, 3)
    with pytest.raises(RuntimeError, match="its own generator"):
        CounterDropout(0.5)(torch.ones(2))
