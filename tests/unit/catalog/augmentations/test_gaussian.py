"""Gaussian numbers of whole batches are a normal distribution's, independent of each other, and fixed by the seed."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from itertools import pairwise
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest
import torch
from scipy import stats

from core.catalog.augmentations.gaussian import MANY, Draw, Drawn, gaussian, gaussian_of_64_bits, gaussian_of_torch
from core.catalog.augmentations.noise import Noise
from core.experiment import Experiment
from core.seeding import augmentation_seeds, generator
from core.training.assembly import conditions_of
from core.training.device import NOISE_OF_TORCH, noise_on
from core.training.run import Run

NUM = 400_000


def drawn(seed: int = 0, num: int = NUM, std: float = 1.0, draw: Draw = gaussian) -> np.ndarray:
    return draw(torch.empty(num), std, generator("cpu", seed)).numpy().astype(np.float64)


@pytest.fixture(scope="module")
def numbers() -> np.ndarray:
    return drawn()


def test_they_have_the_moments_of_a_normal_distribution(numbers: np.ndarray):
    for power, moment, variance in ((1, 0, 1), (2, 1, 2), (3, 0, 15), (4, 3, 96), (6, 15, 10170)):
        assert abs((numbers**power).mean() - moment) < 4 * math.sqrt(variance / NUM), power


def test_their_distribution_is_the_normal_one(numbers: np.ndarray):
    for part in (numbers, numbers[: NUM // 2], numbers[NUM // 2 :]):
        assert stats.kstest(part, "norm").pvalue > 0.01


def test_their_tails_are_neither_cut_off_nor_fat_and_none_is_zero():
    numbers = np.abs(drawn(num=4_000_000))
    assert numbers.min() > 0
    for at in (3.0, 4.0, 4.5):
        expected = 2 * stats.norm.sf(at) * len(numbers)
        assert abs((numbers > at).sum() - expected) < 4 * math.sqrt(expected), at


@pytest.mark.parametrize("apart", [1, 2, 28, 784, NUM // 2])
def test_neighbours_are_independent_also_the_two_of_one_radius(numbers: np.ndarray, apart: int):
    one, other = numbers[:-apart], numbers[apart:]
    for change in (lambda value: value, np.abs, np.square, lambda value: value**3):
        assert abs(np.corrcoef(change(one), change(other))[0, 1]) < 4 / math.sqrt(len(one))


def test_updates_and_seeds_are_independent():
    seeds = augmentation_seeds(0, "cpu")
    steps = [gaussian(torch.empty(NUM // 4), 1, seeds("noise.0", step)).numpy() for step in range(4)]
    others = [drawn(seed, NUM // 4) for seed in range(4)]
    for one, other in [*pairwise(steps), *pairwise(others), (steps[0], others[0])]:
        assert abs(np.corrcoef(one, other)[0, 1]) < 4 / math.sqrt(NUM // 4)
    together = np.concatenate([each[:500] for each in steps + others])
    assert stats.kstest(together, "norm").pvalue > 0.01


def transformed(even: np.ndarray, turns: np.ndarray) -> np.ndarray:
    """Box and Muller's transform of numbers from 0 to 1, in float64."""
    radius, angle = np.sqrt(-2 * np.log(even)), turns * (2 * math.pi)
    return np.concatenate([radius * np.cos(angle), radius * np.sin(angle)])


def words_of(seed: int, num: int) -> np.ndarray:
    source: Any = Drawn(generator("cpu", seed))
    return np.random.SFC64(source).random_raw(num).view(np.uint32).astype(np.float64)


@pytest.mark.parametrize("num", [MANY, MANY + 1, MANY + 2])
def test_they_are_the_transform_of_box_and_muller_of_the_words_drawn(num: int):
    half = (num + 1) // 2
    words = words_of(3, half // 2 + 1)
    even = (2**31 - words[:half] % 2**31).astype(np.float32) / 2.0**31
    expected = 0.3 * transformed(even.astype(np.float64), (words[1 : half + 1] % 2**16 + 0.5) / 2**16)
    np.testing.assert_allclose(drawn(3, num, 0.3), expected[:num], atol=1e-6)


@pytest.mark.parametrize("functions", [np, torch])
def test_those_of_64_bits_are_the_transform_of_box_and_muller_too(functions: ModuleType):
    num = MANY + 1
    words, half = words_of(3, num // 2 + 1), num // 2 + 1
    expected = 0.3 * transformed((words[:half] % 2**31 + 0.5) / 2**31, words[half:] / 2**32)
    numbers = drawn(3, num, 0.3, partial(gaussian_of_64_bits, functions=functions))
    np.testing.assert_allclose(numbers, expected[:num], atol=1e-4)


def test_radii_say_nothing_about_the_angles_drawn_with_their_words():
    even, other = drawn(num=4_000_000).reshape(2, -1)
    square, angle = even**2 + other**2, np.arctan2(other, even)
    for part in (square > 0, square > 4, square > 9):  # the radius that has an angle's bits is the one after it
        angles = angle[:-1][part[1:]]
        assert stats.kstest(angles, stats.uniform(-math.pi, 2 * math.pi).cdf).pvalue > 0.01
        assert abs(np.corrcoef(square[1:][part[1:]], np.cos(angles))[0, 1]) < 4 / math.sqrt(len(angles))
        assert abs(np.corrcoef(square[1:][part[1:]], np.sin(angles))[0, 1]) < 4 / math.sqrt(len(angles))


@pytest.mark.parametrize(
    "draw",
    [gaussian, partial(gaussian_of_64_bits, functions=np), partial(gaussian_of_64_bits, functions=torch)],
    ids=["32 bits", "64 bits, numpy", "64 bits, torch"],
)
def test_every_word_gives_a_finite_number(monkeypatch: pytest.MonkeyPatch, draw: Draw):
    class Extremes:
        def __init__(self, seed: object) -> None:
            pass

        def random_raw(self, num: int) -> np.ndarray:
            return np.resize([0, -1, -(2**31), 2**31 - 1, 1], 2 * num).astype(np.int32).view(np.uint64)

    monkeypatch.setattr(np.random, "SFC64", Extremes)
    numbers = drawn(num=2 * MANY, draw=draw)
    assert np.isfinite(numbers).all()
    assert 6.5 < np.abs(numbers).max() < 6.7


def test_the_state_of_the_generator_decides_them_and_moves_on():
    before = torch.get_rng_state()
    one, other = generator("cpu", 5), generator("cpu", 5)
    batch = torch.empty(3, 1, 64, 64)
    first = gaussian(batch, 0.1, one)
    assert first.shape == batch.shape
    assert torch.equal(first, gaussian(batch, 0.1, other))
    assert not torch.equal(first, gaussian(batch, 0.1, one))
    assert torch.equal(torch.get_rng_state(), before)


@pytest.mark.parametrize(
    "batch",
    [torch.empty(MANY - 1), torch.empty(MANY, dtype=torch.float64), torch.empty(0, 5)],
    ids=["few", "float64", "none"],
)
def test_few_and_exact_numbers_are_those_of_torch(batch: torch.Tensor):
    assert torch.equal(gaussian(batch, 0.3, generator("cpu", 1)), gaussian_of_torch(batch, 0.3, generator("cpu", 1)))


@pytest.mark.parametrize(
    ("noise", "draw"),
    [
        (NOISE_OF_TORCH, gaussian_of_torch),
        ("numpy 2.4.6", partial(gaussian_of_64_bits, functions=np)),
        ("numpy 2.4.6 and torch", partial(gaussian_of_64_bits, functions=torch)),
        ("numpy 2.4.6, 32 bits", gaussian),
        (noise_on("cpu"), gaussian),
    ],
)
def test_a_run_keeps_to_who_drew_its_noise(data_folder: Path, noise: str, draw: Callable[..., torch.Tensor]):
    experiment = Experiment.from_json({"augmentations": [{"key": "noise", "std": 0.2}], "batch_size": MANY // 64})
    parts = Run(experiment, data_folder, conditions=replace(conditions_of(experiment), noise=noise)).parts
    plain = parts.feed.batch(0)
    seed = augmentation_seeds(experiment.seed, "cpu")("noise.0", 0)
    expected = plain.inputs + draw(plain.inputs, 0.2, seed)
    assert parts.loop.augment is not None
    assert torch.equal(parts.loop.augment(plain, 0).inputs, expected.clamp_(0, 1))


def test_noise_on_many_pictures_is_drawn_for_each_by_itself(augment):
    result = augment([Noise(std=0.5)], torch.full((16, 1, 28, 28), 0.5))
    assert len(result.flatten(1).unique(dim=0)) == 16
    assert (result == 0).any()
    assert (result == 1).any()
