"""Weights of past gradients against torch's own averages; how rare minima are against what is known exactly."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from core.landscape.memory_weights import past_weights, share_of_minima


@pytest.mark.parametrize("kept", [0.5, 0.9])
def test_the_weights_make_adams_average_and_its_correction(kept: float):
    gradients = np.random.default_rng(0).normal(size=12)
    weight = torch.zeros(1, dtype=torch.float64)
    optimizer = torch.optim.Adam([weight], betas=(kept, 0.9))
    for gradient in gradients:
        weight.grad = torch.tensor([gradient])
        optimizer.step()
    found = past_weights(kept, 12)
    assert float(optimizer.state[weight]["exp_avg"]) == pytest.approx(found.weights @ gradients[::-1], rel=1e-12)
    assert found.total == pytest.approx(1 - kept**12)
    assert found.corrected.sum() == pytest.approx(1)
    assert found.memory == pytest.approx(1 / (1 - kept))


def test_minima_are_rarer_than_coins_say():
    shares = share_of_minima(4, 20_000)
    assert shares[0] == pytest.approx(0.5, abs=0.02)
    # Two directions: (2 − √2) / 4 exactly.
    assert shares[1] == pytest.approx((2 - 2**0.5) / 4, abs=0.01)
    assert (shares[1:] < 0.5 ** np.arange(2, 5)).all()
