"""Before and after: what a run's augmentations make of given samples, for pages that show them."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from core.catalog.augmentations.pipeline import Seeds, compile_pipeline
from core.catalog.entry import Entry
from core.training.batch import Batch
from core.training.seeding import generator, seed32

MOST_SAMPLES = 64
"""The most samples a page may compute on; more belong to the compute thread."""


def augmentation_seeds(run_seed: int, device: torch.device) -> Seeds:
    """The generators of a run's augmentations: one generator, seeded anew by (run seed, entry and occurrence, step).

    Nothing is drawn on the meta device, which has no generators; the CPU's stands in.
    """
    shared = generator("cpu" if device.type == "meta" else device, 0)

    def seeded(name: str, step: int) -> torch.Generator:
        return shared.manual_seed(seed32(run_seed, "augment", name, step))

    return seeded


def preview(entries: Sequence[Entry], inputs: Tensor, seed: int, k: int = 1) -> Tensor:
    """`k` augmented versions (k, B, …) of at most 64 `inputs` (B, …), scaled as the network sees them.

    Version i is what a run with this seed makes of the samples in step i when they are its batch. Nothing else is
    changed or drawn from; any thread may call it. Raises BadInput when an entry does not suit the samples.
    """
    assert 0 < inputs.shape[0] <= MOST_SAMPLES, "a page computes on 1 to 64 samples"
    assert k > 0, "a preview shows at least one version"
    pipeline = compile_pipeline(entries, tuple(inputs.shape[1:]))
    seeds = augmentation_seeds(seed, inputs.device)
    nothing = torch.empty(0, device=inputs.device)
    versions = [pipeline(Batch(inputs, nothing, nothing), step, seeds).inputs for step in range(k)]
    return torch.stack(versions)
