"""Disturbances change every sample by the same amount, and by nothing at their neutral one."""

from __future__ import annotations

import pytest
import torch

from core.training.disturbances import DISTURBANCES, suiting

IMAGES = torch.rand(5, 1, 9, 9, generator=torch.Generator().manual_seed(0))


@pytest.mark.parametrize("key", DISTURBANCES)
def test_one_amount_changes_nothing_and_the_others_keep_shape_and_range(key: str):
    item = DISTURBANCES[key]
    assert list(item.amounts) == sorted(item.amounts)
    assert item.none in item.amounts
    assert item.apply(IMAGES, item.none) is IMAGES
    for amount in set(item.amounts) - {item.none}:
        changed = item.apply(IMAGES, amount)
        assert changed.shape == IMAGES.shape
        assert not changed.equal(IMAGES)
        assert 0 <= float(changed.min()) <= float(changed.max()) <= 1
        assert changed.equal(item.apply(IMAGES, amount)), "the same amount gives the same samples"


def test_a_quarter_turn_to_the_left_is_what_torch_calls_it():
    turned = DISTURBANCES["rotation"].apply(IMAGES, 90)
    assert torch.allclose(turned, IMAGES.rot90(1, (2, 3)), atol=1e-5)


def test_a_shift_moves_pixels_to_the_right():
    picture = torch.zeros(1, 1, 1, 10)
    picture[..., 2] = 1
    assert DISTURBANCES["shift"].apply(picture, 30).argmax() == 5


def test_a_dot_grows_with_the_scale():
    picture = torch.zeros(1, 1, 9, 9)
    picture[..., 3:6, 3:6] = 1
    scale = DISTURBANCES["scale"]
    assert scale.apply(picture, 0.5).sum() < picture.sum() < scale.apply(picture, 2).sum()


def test_more_noise_is_the_same_noise_only_larger():
    noise = DISTURBANCES["noise"]
    rows = torch.zeros(4, 3)
    assert torch.allclose(2 * noise.apply(rows, 0.1), noise.apply(rows, 0.2))


def test_tables_know_noise_only():
    assert set(suiting("features")) == {"noise"}
    assert set(suiting("image")) == set(DISTURBANCES)
