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

from core.catalog.augmentations.gaussian import MANY, Drawn, gaussian, gaussian_of_torch
from core.catalog.augmentations.noise import Noise
from core.experiment import Experiment
from core.seeding import augmentation_seeds, generator
from core.training.assembly import conditions_of
from core.training.device import NOISE_OF_TORCH
from core.training.run import Run

NUM = 400_000


def drawn(seed: int = 0, num: int = NUM, std: float = 1.0, functions: ModuleType | None = None) -> np.ndarray:
    return gaussian(torch.empty(num), std, generator("cpu", seed), functions).numpy().astype(np.float64)


@pytest.fixture(scope="module")
def numbers() -> np.ndarray:
    return drawn()


def test_they_have_the_moments_of_a_normal_distribution(numbers: np.ndarray):
    for power, moment, variance in ((1, 0, 1), (2, 1, 2), (3, 0, 15), (4, 3, 96), (6, 15, 10170)):
        assert abs((numbers**power).mean() - moment) < 4 * math.sqrt(variance / NUM), power


def test_their_distribution_is_the_normal_one(numbers: np.ndarray):
    for part in (numbers, numbers[: NUM // 2], numbers[NUM // 2 :]):
        assert stats.kstest(part, "norm").pvalue > 0.01


def test_their_tails_are_neither_cut_off_nor_fat():
    numbers = np.abs(drawn(num=4_000_000))
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


@pytest.mark.parametrize("functions", [np, torch])
def test_they_are_the_transform_of_box_and_muller_of_the_words_drawn(functions: ModuleType):
    num = MANY + 1
    seed: Any = Drawn(generator("cpu", 3))
    words = np.random.SFC64(seed).random_raw(num // 2 + 1).view(np.uint32)
    first, second = words[: num // 2 + 1].astype(np.float64) % 2**31, words[num // 2 + 1 :].astype(np.float64)
    radius, angle = np.sqrt(-2 * np.log((first + 0.5) / 2**31)), second * (2 * math.pi / 2**32)
    expected = 0.3 * np.concatenate([radius * np.cos(angle), radius * np.sin(angle)])[:num]
    np.testing.assert_allclose(drawn(3, num, 0.3, functions), expected, atol=1e-4)


@pytest.mark.parametrize("functions", [np, torch])
def test_every_word_gives_a_finite_number(monkeypatch: pytest.MonkeyPatch, functions: ModuleType):
    class Extremes:
        def __init__(self, seed: object) -> None:
            pass

        def random_raw(self, num: int) -> np.ndarray:
            return np.resize([0, -1, -(2**31), 2**31 - 1, 1], 2 * num).astype(np.int32).view(np.uint64)

    monkeypatch.setattr(np.random, "SFC64", Extremes)
    numbers = drawn(num=2 * MANY, functions=functions)
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
        ("numpy 2.4.6", partial(gaussian, functions=np)),
        ("numpy 2.4.6 and torch", partial(gaussian, functions=torch)),
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
