"""Shift and strength of sequences."""

from __future__ import annotations

import pytest
import torch

from core.catalog.augmentations.effective import num_different
from core.catalog.augmentations.pipeline import compile_pipeline
from core.catalog.augmentations.signals import SignalScale, SignalShift
from core.errors import BadInput


def test_a_shifted_sequence_is_its_own_turned_round_by_any_allowed_distance_alike(augment):
    signals = torch.arange(9.0).expand(7000, 2, 9)
    result = augment([SignalShift(most=3)], signals)
    turned = torch.stack([torch.arange(9.0).roll(distance) for distance in range(-3, 4)])
    same = (result[:, 0].unsqueeze(1) == turned).all(2)
    assert (same.sum(1) == 1).all()
    assert torch.equal(result[:, 0], result[:, 1])
    assert (same.float().mean(0) - 1 / 7).abs().max() < 0.02


def test_its_results_are_counted():
    assert num_different([SignalShift(most=3)], 10, 1000) == pytest.approx(70)


def test_strength_is_a_factor_within_its_bounds_and_nothing_is_cut_off(augment):
    result = augment([SignalScale(amount=0.25)], torch.full((4000, 1, 5), -2.0))
    assert torch.equal(result, result[:, :, :1].expand_as(result))
    factor = result[:, 0, 0] / -2
    assert 0.75 - 1e-6 <= factor.min() < 0.76
    assert 1.24 < factor.max() <= 1.25 + 1e-6
    assert float(factor.mean()) == pytest.approx(1, abs=0.01)


def test_a_distance_of_more_than_half_the_length_is_refused():
    compile_pipeline([SignalShift(most=19)], (1, 40))
    with pytest.raises(BadInput, match=r"largest distance is 20 .*of 40 places.*Use a distance of 19 or less"):
        compile_pipeline([SignalShift(most=20)], (1, 40))
