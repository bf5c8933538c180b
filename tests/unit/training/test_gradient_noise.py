"""The noise of mini-batch gradients: the law of sampling without replacement, and no trace in the run."""

from __future__ import annotations

import math
from pathlib import Path

import pytest
import torch

from core.training.gradient_noise import Halves, gradient_noise, halves_of
from core.training.run import Run
from tests.experiments import bits, everything, points


def gradient_of(run: Run, rows: torch.Tensor) -> torch.Tensor:
    batch = run.parts.feed.rows(rows)
    loss = torch.nn.functional.cross_entropy(run.parts.model(batch.inputs), batch.targets)
    gradients = torch.autograd.grad(loss, run.parts.loop.parameters)
    return torch.cat([gradient.flatten() for gradient in gradients]).double()


@pytest.mark.parametrize("batch_size", [1, 4, 16])
def test_it_follows_the_law_of_batches_drawn_without_replacement(batch_size: int, tmp_path: Path):
    """E‖g_B − g‖² = tr Σ / B · (N − B) / (N − 1), with the covariance Σ of the gradients of single samples."""
    run = Run(points(), tmp_path)
    train = run.parts.data.splits.train
    single = torch.stack([gradient_of(run, row) for row in train.split(1)])
    full = single.mean(0)
    trace, count = float((single - full).square().sum(1).mean()), len(train)
    expected = trace / batch_size * (count - batch_size) / (count - 1)
    found = gradient_noise(run, batch_size, num_batches=500)
    assert found == pytest.approx(math.sqrt(expected) / float(full.norm()), rel=0.1)


def test_a_batch_of_all_samples_has_no_noise(tmp_path: Path):
    run = Run(points(), tmp_path)
    assert gradient_noise(run, len(run.parts.data.splits.train), num_batches=3) < 1e-5


def test_the_same_weights_give_the_same_number(tmp_path: Path):
    assert gradient_noise(Run(points(), tmp_path), 4) == gradient_noise(Run(points(), tmp_path), 4)


def test_a_run_is_the_same_with_and_without_it(tmp_path: Path):
    """Dropout, batch statistics and augmentation among it: none of them moves on."""
    asked, left_alone = (Run(everything(), tmp_path) for _ in range(2))
    for step in (0, 3, 7):
        for run in (asked, left_alone):
            run.train(step)
        before = [parameter.grad for parameter in asked.parts.loop.parameters]
        assert gradient_noise(asked, 8) > 0
        assert asked.parts.model.training
        after = [parameter.grad for parameter in asked.parts.loop.parameters]
        assert all(one is other for one, other in zip(before, after, strict=True))
    assert bits(asked.train()) == bits(left_alone.train())


def halves(run: Run, **options: int) -> Halves:
    pieces = halves_of(run, **options)
    while True:
        try:
            next(pieces)
        except StopIteration as end:
            return end.value


@pytest.mark.parametrize("batch_size", [1, 4, 16])
def test_halves_of_batches_estimate_the_same_noise_without_the_full_gradient(batch_size: int, tmp_path: Path):
    run = Run(points(batch_size=batch_size), tmp_path)
    found = halves(run, num_pairs=1500)
    full = gradient_of(run, run.parts.data.splits.train)
    assert found.signal_squared == pytest.approx(float(full.square().sum()), rel=0.1)
    expected = gradient_noise(run, batch_size, num_batches=500)
    assert math.sqrt(found.noise_squared / found.signal_squared) == pytest.approx(expected, rel=0.1)


def test_halves_of_all_samples_have_no_noise_and_other_counters_other_batches(tmp_path: Path):
    run = Run(points(batch_size=10_000), tmp_path)
    assert halves(run).noise_squared == 0
    run = Run(points(batch_size=4), tmp_path)
    assert halves(run, counter=1) == halves(run, counter=1) != halves(run, counter=2)
