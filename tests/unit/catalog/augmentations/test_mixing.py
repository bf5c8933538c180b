"""MixUp and CutMix: what is blended with what, in which shares, and that targets follow."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from scipy import stats
from torchvision.transforms import v2

from core.catalog.augmentations.mixed import beta, blended_targets
from core.catalog.augmentations.mixing import CutMix, MixUp
from core.catalog.augmentations.pipeline import compile_pipeline
from core.catalog.registry import entries
from core.training.batch import Batch

TARGETS = torch.arange(8) % 3


@pytest.mark.parametrize("alpha", [0.2, 1.0, 4.0])
def test_shares_have_the_beta_distribution(alpha):
    drawn = torch.empty((2, 4000), dtype=torch.float64).uniform_(generator=torch.Generator().manual_seed(0))
    shares = beta(alpha, *drawn.unbind()).numpy()
    assert np.all((shares >= 0) & (shares <= 1))
    assert stats.kstest(shares, stats.beta(alpha, alpha).cdf).pvalue > 0.01


def test_even_the_smallest_shape_gives_numbers():
    drawn = torch.empty((2, 1000)).uniform_(generator=torch.Generator().manual_seed(0))
    shares = beta(1e-4, *drawn.unbind())
    assert torch.isfinite(shares).all()
    assert ((shares < 0.01) | (shares > 0.99)).float().mean() > 0.99


def mixed(entry, images, seeds) -> Batch:
    return compile_pipeline([entry], tuple(images.shape[1:]), 3)(Batch(images, TARGETS, TARGETS), 0, seeds)


def test_mixup_is_torchvisions_with_a_share_of_each_samples_own(images, seeds):
    batch = mixed(MixUp(alpha=1.0), images, seeds)
    share = ((batch.inputs - images.roll(1, 0)) / (images - images.roll(1, 0))).flatten(1)
    own = share.median(1).values
    assert len(set(own.tolist())) == len(own), "one share for each sample"
    theirs = v2.MixUp(num_classes=3)
    for i in range(len(images)):
        params = {"labels": TARGETS, "batch_size": len(images), "lam": float(own[i])}
        expected = theirs.transform(TARGETS, params)[i]
        torch.testing.assert_close(batch.targets[i], expected, atol=1e-4, rtol=0)
        torch.testing.assert_close(batch.inputs[i], theirs.transform(images, params)[i], atol=1e-5, rtol=0)


def test_cutmix_puts_a_box_of_the_sample_before_and_counts_its_area(images, seeds):
    for alpha in (0.3, 1.0):
        batch = mixed(CutMix(alpha=alpha), images, seeds)
        foreign = (batch.inputs == images.roll(1, 0)).all(1)
        assert torch.equal(foreign | (batch.inputs == images).all(1), torch.ones_like(foreign))
        rows, columns = foreign.any(2), foreign.any(1)
        assert torch.equal(foreign, rows.unsqueeze(2) & columns.unsqueeze(1))
        own = 1 - foreign.float().mean((1, 2))
        torch.testing.assert_close(batch.targets, blended_targets(TARGETS, own, 3), atol=1e-6, rtol=0)
    assert foreign.any()


def test_the_boxes_of_cutmix_have_torchvisions_areas(augment):
    count, side = 4000, 28
    inputs = torch.zeros(count, 1, side, side)
    inputs[1::2] = 1
    other = inputs.roll(1, 0)
    areas = (augment([CutMix()], inputs) == other).float().mean((1, 2, 3))
    # torchvision's: λ even, a centre anywhere, half sides rounded down, cut off at the border.
    rng = np.random.default_rng(0)
    half = (0.5 * np.sqrt(1 - rng.random(count)) * side).astype(int)
    spans = []
    for _ in range(2):
        centre = rng.integers(0, side, count)
        spans.append(np.minimum(centre + half, side) - np.maximum(centre - half, 0))
    quantiles = np.linspace(0.05, 0.95, 10)
    expected = np.quantile(spans[0] * spans[1] / side**2, quantiles)
    np.testing.assert_allclose(np.quantile(areas.numpy(), quantiles), expected, atol=0.02)


def test_a_batch_of_one_is_blended_with_itself(seeds):
    image = torch.rand(1, 1, 6, 6)
    for entry in (MixUp(), CutMix()):
        batch = compile_pipeline([entry], (1, 6, 6), 3)(Batch(image, torch.tensor([2]), torch.tensor([0])), 0, seeds)
        torch.testing.assert_close(batch.inputs, image)
        torch.testing.assert_close(batch.targets, torch.tensor([[0.0, 0.0, 1.0]]))


def test_numbers_are_blended_as_numbers(seeds):
    values = torch.tensor([[0.0], [1.0]])
    batch = compile_pipeline([MixUp(alpha=1)], (1,))(Batch(values, values, values), 0, seeds)
    torch.testing.assert_close(batch.targets, batch.inputs)


def test_mixing_twice_keeps_probabilities(images, seeds):
    pipeline = compile_pipeline([MixUp(alpha=1), CutMix()], (3, 10, 7), 3)
    targets = pipeline(Batch(images, TARGETS, TARGETS), 0, seeds).targets
    torch.testing.assert_close(targets.sum(1), torch.ones(8))
    assert targets.min() >= 0


@pytest.mark.parametrize("key", sorted(key for key, cls in entries("losses").items() if "classification" in cls.tasks))  # type: ignore[attr-defined]
def test_every_loss_of_classes_takes_probabilities_and_says_the_same_of_certain_ones(key):
    loss = entries("losses")[key]()
    logits = torch.randn((2, 8, 3), generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    certain = torch.nn.functional.one_hot(TARGETS, 3).double()
    for build, arguments in ((loss.build, logits[0]), (loss.build_rows, logits)):  # type: ignore[attr-defined]
        indices, probabilities = (t if arguments.dim() == 2 else t.expand(2, *t.shape) for t in (TARGETS, certain))
        criterion = build("classification")
        torch.testing.assert_close(criterion(arguments, probabilities), criterion(arguments, indices))
