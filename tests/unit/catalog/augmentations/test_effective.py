"""How many different samples augmentation makes: counted where they can be counted."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from core.catalog.augmentations.crop import Crop
from core.catalog.augmentations.effective import num_different
from core.catalog.augmentations.flip import Flip
from core.catalog.augmentations.noise import Noise
from core.catalog.augmentations.pipeline import compile_pipeline
from core.catalog.augmentations.rotate import Rotate
from core.seeding import augmentation_seeds
from core.training.batch import Batch


def test_without_augmentation_every_epoch_sees_the_same_samples():
    assert num_different([], 100, 10) == 100
    assert num_different([Noise(std=0.0)], 100, 10) == 100


@pytest.mark.parametrize("endless", [Rotate(), Noise()])
def test_where_no_two_draws_are_the_same_every_epoch_sees_new_ones(endless):
    assert num_different([Flip(), endless], 100, 10) == 1000


def test_flips_make_two_of_each_and_flips_both_ways_four():
    assert num_different([Flip(horizontal=0.5)], 100, 1000) == pytest.approx(200)
    assert num_different([Flip(horizontal=0.5, vertical=0.5)], 100, 1000) == pytest.approx(400)
    assert num_different([Flip(horizontal=1.0)], 100, 1000) == pytest.approx(100)


def test_one_epoch_sees_every_sample_once():
    assert num_different([Flip(), Crop(padding=1)], 100, 1) == pytest.approx(100)


def test_the_count_is_the_mean_of_what_is_drawn():
    entries = [Flip(horizontal=0.3), Crop(padding=1)]
    images = torch.rand((64, 1, 6, 6), generator=torch.Generator().manual_seed(1))
    pipeline, epochs = compile_pipeline(entries, (1, 6, 6)), 8
    nothing = torch.empty(0)
    seeds = augmentation_seeds(5, "cpu")
    drawn = [pipeline(Batch(images, nothing, nothing), epoch, seeds).inputs.numpy() for epoch in range(epochs)]
    counts = [len({epoch[sample].tobytes() for epoch in drawn}) for sample in range(64)]
    assert np.mean(counts) == pytest.approx(num_different(entries, 1, epochs), abs=float(4 * np.std(counts) / 8))
