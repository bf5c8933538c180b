"""Before and after: what a run's augmentations make of given samples, for pages that show them."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from core.catalog.augmentations.pipeline import compile_pipeline
from core.catalog.entry import Entry
from core.seeding import augmentation_seeds
from core.training.batch import Batch

MOST_SAMPLES = 64
"""The most samples a page may compute on; more belong to the compute thread."""


def preview(entries: Sequence[Entry], inputs: Tensor, seed: int, k: int = 1, first: int = 0) -> Tensor:
    """`k` augmented versions (k, B, …) of at most 64 `inputs` (B, …), scaled as the network sees them.

    Version i is what a run with this seed makes of the samples in step `first` + i when they are its batch. Nothing
    else is changed or drawn from; any thread may call it. Raises BadInput when an entry does not suit the samples.
    """
    assert 0 < inputs.shape[0] <= MOST_SAMPLES, "a page computes on 1 to 64 samples"
    assert k > 0, "a preview shows at least one version"
    pipeline = compile_pipeline(entries, tuple(inputs.shape[1:]))
    seeds = augmentation_seeds(seed, inputs.device)
    targets = inputs.new_zeros(len(inputs), 1)  # Only inputs are shown, but an entry may blend targets too.
    ids = torch.arange(len(inputs), device=inputs.device)
    versions = [pipeline(Batch(inputs, targets, ids), step, seeds).inputs for step in range(first, first + k)]
    return torch.stack(versions)
