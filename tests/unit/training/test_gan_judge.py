"""What is said of a generator's samples: mode collapse, and copies of training images."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from core.catalog.augmentations.synthetic import Synthetic
from core.experiment import Experiment
from core.training.gan import FOLDER, Gan, Shown, gan_key, gan_of, stored
from core.training.gan_judge import (
    COLLAPSED_BELOW,
    NUM_COMPARED,
    are_copies,
    copies,
    neighbours,
    reference,
    spread_of,
    variety,
    verdict,
)
from core.training.resident import resident

DRAWS = torch.Generator().manual_seed(3)
REAL = [torch.rand(NUM_COMPARED, 1, 4, 4, generator=DRAWS) for _ in range(3)]
NAMES = ("a", "b", "c")


def test_distances_are_root_mean_squares_over_the_pixels():
    pair = torch.stack([torch.zeros(1, 4, 4), torch.full((1, 4, 4), 0.5)])
    assert spread_of(pair) == pytest.approx(0.5)
    place, distance = neighbours(pair[:1], [torch.ones(2, 1, 4, 4), torch.full((1, 1, 4, 4), 0.25)])
    assert (place.tolist(), distance.tolist()) == ([2], pytest.approx([0.25]))


def test_real_samples_are_as_varied_as_real_ones_and_are_copies():
    known = reference(REAL)
    shares = variety(torch.stack(REAL), known)
    assert shares == pytest.approx(np.ones(3))
    said = verdict(shares, 1.0, NAMES)
    assert not said["alarm"]
    assert "No mode collapse" in str(said["text"])
    _, distances = neighbours(torch.cat(REAL), REAL)
    assert are_copies(distances.numpy(), known)
    assert str(copies(distances.numpy(), known)).startswith("They are copies")


def test_a_class_whose_samples_are_all_alike_has_collapsed():
    samples = torch.stack(REAL)
    samples[1] = samples[1, :1] + 0.01 * samples[1]
    said = verdict(variety(samples, reference(REAL)), 1.0, NAMES)
    assert said["alarm"]
    assert str(said["text"]).startswith("Mode collapse in 1 of 3 classes: in class b two samples differ by only 1 %")


def test_nothing_is_said_too_early():
    assert not verdict(np.zeros(3), 0.29, NAMES)["alarm"]
    assert verdict(np.zeros(3), 0.3, NAMES)["alarm"]


def test_a_class_of_one_image_is_not_judged():
    known = reference([REAL[0], REAL[1][:1]])
    shares = variety(torch.stack(REAL[:2]), known)
    assert np.isnan(shares[1])
    assert not verdict(shares, 1.0, NAMES[:2])["alarm"]


def test_where_no_two_real_images_differ_nothing_is_said_of_variety_or_copies():
    known = reference([group[:1].expand(count, -1, -1, -1) for count, group in zip((1, 5, 5), REAL, strict=True)])
    said = verdict(variety(torch.stack(REAL), known), 1.0, NAMES)
    assert not said["alarm"]
    assert str(said["text"]).startswith("How varied they should be is not known: no class has two")
    assert "whether they are copies is not known: no class has two" in str(copies(np.ones((3, 6)), known))
    assert not are_copies(np.zeros((3, 6)), known)


def test_a_class_without_an_image_is_not_judged_either():
    known = reference([REAL[0][:0], REAL[1]])
    assert np.isnan(known.spread[0])
    assert known.nearest > 0


def of_digits(seed: int, updates: int, folder) -> Gan:
    experiment = Experiment()
    gan = gan_of(experiment, Synthetic(seed=seed, updates=updates), resident(experiment, folder, "cpu"), folder)
    while not gan.is_done:
        gan.piece()
    return gan


def test_a_generator_that_pays_no_heed_to_its_noise_is_flagged(tmp_path):
    gan = of_digits(0, 2, tmp_path)
    with torch.no_grad():
        gan.network.noise.weight.zero_()
    gan._look()
    said = verdict(gan.grids[-1].variety, 1.0, gan.class_names)
    assert said["alarm"]
    assert "in 10 of 10 classes" in str(said["text"])


def test_the_shipped_one_is_varied_and_no_copy():
    from core.studies.generators import SHIPPED

    found = stored(SHIPPED, gan_key(Experiment(), Synthetic()))
    assert found is not None
    shown = Shown.of(found)
    last = shown.grids[-1]
    assert (last.step, len(shown.grids)) == (Synthetic().updates, 11)
    assert not verdict(last.variety, 1.0, shown.class_names)["alarm"]
    assert not are_copies(last.distances, shown.real)
    assert str(copies(last.distances, shown.real)).startswith("No copies")


@pytest.mark.slow
@pytest.mark.parametrize("seed", [0, 1, 2])
def test_a_healthy_generator_is_not_flagged(seed, tmp_path):
    gan = of_digits(seed, 400, tmp_path)
    said = [verdict(grid.variety, grid.step / gan.num_updates, gan.class_names)["alarm"] for grid in gan.grids]
    assert said[-1] is False
    assert gan.grids[-1].variety.min() > 1.1 * COLLAPSED_BELOW
    assert gan.grids[0].variety.max() < COLLAPSED_BELOW  # It begins with hardly any variety: the rule can tell.
    assert (tmp_path / FOLDER).is_dir()
