"""Synthetic samples: how many take whose place, and where they cannot be made."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import Tensor

from core.catalog.augmentations.mixing import MixUp
from core.catalog.augmentations.pipeline import compile_pipeline
from core.catalog.augmentations.synthetic import LearnedAugmentation, Synthetic
from core.compatibility import check
from core.errors import BadInput, Refused
from core.experiment import Experiment
from core.exports.script.augmentation import augmentation_code
from core.training.batch import Batch


def drawing(classes: Tensor, generator: torch.Generator | None) -> Tensor:
    """An image as bright as its class."""
    return classes.view(-1, 1, 1, 1).expand(-1, 1, 8, 8).float() / 10


def mixed(entry: LearnedAugmentation, inputs: Tensor, targets: Tensor, *others: Any) -> Batch:
    pipeline = compile_pipeline([entry, *others], (1, 8, 8), 10, dict.fromkeys([entry], drawing))
    return pipeline(Batch(inputs, targets, targets), 0, lambda name, step: torch.Generator().manual_seed(step))


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize(("share", "count"), [(0.25, 2), (0.5, 4), (0.75, 6)])
def test_a_share_of_the_batch_is_replaced_each_by_one_of_its_class(share, count, dtype):
    inputs, targets = torch.full((8, 1, 8, 8), 0.95, dtype=dtype), torch.arange(8)
    batch = mixed(Synthetic(share=share), inputs, targets)
    assert batch.inputs.dtype == dtype
    assert batch.targets is targets
    assert torch.equal(batch.inputs[count:], inputs[count:])
    assert torch.equal(batch.inputs[:count, 0, 0, 0].float(), targets[:count] / 10)
    assert (inputs == 0.95).all()


def test_what_follows_changes_synthetic_samples_too():
    inputs, targets = torch.rand(8, 1, 8, 8, generator=torch.Generator().manual_seed(0)), torch.arange(8)
    batch = mixed(Synthetic(share=0.5), inputs, targets, MixUp(alpha=1))
    assert batch.targets.shape == (8, 10)


def test_where_nothing_was_learned_samples_stay_as_they_are():
    inputs = torch.rand(8, 1, 8, 8)
    pipeline = compile_pipeline([Synthetic()], (1, 8, 8), 10)
    assert pipeline(Batch(inputs, inputs, inputs), 0, lambda name, step: None).inputs is inputs


@pytest.mark.parametrize("shape", [(1, 3, 8), (3, 64, 64), (1, 40), (2,)])
def test_other_sizes_are_refused(shape):
    with pytest.raises(BadInput):
        compile_pipeline([Synthetic()], shape)


def test_it_cannot_follow_what_mixes_classes():
    with pytest.raises(BadInput, match="Put it before MixUp"):
        check(Experiment.from_json({"augmentations": ["mixup", "synthetic"]}))
    check(Experiment.from_json({"augmentations": ["synthetic", "mixup"]}))


def test_points_have_no_synthetic_images():
    with pytest.raises(BadInput, match="Synthetic samples cannot change"):
        check(Experiment.from_json({"dataset": "moons", "augmentations": ["synthetic"]}))


def test_a_plain_script_does_not_pretend_to_hold_it():
    with pytest.raises(Refused, match="Synthetic samples"):
        augmentation_code(Experiment.from_json({"augmentations": ["synthetic"]}))
