"""Colour jitter, against torchvision's functions."""

from __future__ import annotations

import pytest
import torch
from torchvision.transforms.v2 import functional

from core.catalog.augmentations.color_jitter import ColorJitter
from core.catalog.augmentations.tone import Tone
from core.compatibility import check
from core.experiment import Experiment


def column(*values: float) -> torch.Tensor:
    return torch.tensor(values).view(-1, 1, 1, 1)


@pytest.fixture
def colours() -> torch.Tensor:
    """Four images, of which the last holds grey and pure colours too."""
    images = torch.rand((4, 3, 6, 5), generator=torch.Generator().manual_seed(0))
    images[3, :, 0] = 0.5
    images[3, :, 1] = 0
    images[3, 0, 1] = 1
    return images


def test_saturation_and_hue_equal_torchvisions(colours):
    factors, turns = (0.0, 0.5, 1.0, 1.5), (0.0, 0.1, -0.3, 0.5)
    saturated, turned = Tone(colours, owned=False), Tone(colours, owned=False)
    saturated.saturate(column(*factors))
    turned.turn_hue(column(*turns))
    for i in range(4):
        expected = functional.adjust_saturation(colours[i], factors[i])
        # torchvision weighs red by 0.2989, so its weights miss a sum of 1 by 1e-4.
        torch.testing.assert_close(saturated.finish(clamp=True)[i], expected, atol=1e-4, rtol=0)
        expected = functional.adjust_hue(colours[i], turns[i])
        torch.testing.assert_close(turned.finish(clamp=True)[i], expected, atol=2e-6, rtol=0)


def test_the_four_changes_come_in_their_order(colours):
    tone = Tone(colours, owned=False)
    tone.brighten(column(0.9, 0.9, 0.9, 0.9))
    tone.stretch(column(0.8, 0.8, 0.8, 0.8))
    tone.saturate(column(0.7, 0.7, 0.7, 0.7))
    tone.turn_hue(column(0.1, 0.1, 0.1, 0.1))
    expected = functional.adjust_contrast(functional.adjust_brightness(colours, 0.9), 0.8)
    expected = functional.adjust_hue(functional.adjust_saturation(expected, 0.7), 0.1)
    torch.testing.assert_close(tone.finish(clamp=True), expected, atol=2e-4, rtol=0)


def test_amounts_bound_what_is_drawn(augment):
    grey = torch.full((3000, 1, 2, 2), 0.4)
    result = augment([ColorJitter(brightness=0.5, contrast=0, saturation=0, hue=0)], grey)[:, 0, 0, 0]
    assert 0.2 <= result.min() < 0.205
    assert 0.595 < result.max() <= 0.6 + 1e-6
    red = torch.zeros(3000, 3, 2, 2)
    red[:, 0] = 1
    result = augment([ColorJitter(brightness=0, contrast=0, saturation=0, hue=1 / 6)], red)[:, :, 0, 0]
    # A sixth of a turn either way: green or blue rises up to 1, and red stays.
    assert torch.equal(result[:, 0], torch.ones(3000))
    assert result[:, 1:].amax(1).max() > 0.98
    assert (result[:, 1:].amin(1) == 0).all()


def test_changing_one_amount_leaves_the_other_draws(colours, augment):
    few = augment([ColorJitter(brightness=0.1, contrast=0, saturation=0, hue=0)], colours)
    more = augment([ColorJitter(brightness=0.1, contrast=0, saturation=1e-12, hue=0)], colours)
    torch.testing.assert_close(few, more, atol=1e-6, rtol=0)


@pytest.mark.parametrize(("fields", "num"), [({}, 1), ({"saturation": 0, "hue": 0}, 0)])
def test_what_has_no_effect_on_grey_images_is_said(fields, num):
    document = {"dataset": "digits", "augmentations": [{"key": "color_jitter", **fields}]}
    notes = [str(note) for note in check(Experiment.from_json(document))]
    assert len(notes) == num
    assert all(
        "have no effect: these images have no colours. Brightness and contrast remain." in note for note in notes
    )
    assert check(Experiment.from_json({**document, "dataset": "cifar10"})) == []
