from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import torch

import core.catalog.augmentations  # noqa: F401  (registers the entries)
from core.catalog.augmentations.pipeline import Seeds, compile_pipeline
from core.training.augmentation_preview import augmentation_seeds
from core.training.batch import Batch


@pytest.fixture
def images() -> torch.Tensor:
    """Eight pictures of 3 channels, 10 rows and 7 columns."""
    return torch.rand((8, 3, 10, 7), generator=torch.Generator().manual_seed(3))


@pytest.fixture
def seeds() -> Seeds:
    return augmentation_seeds(5, torch.device("cpu"))


@pytest.fixture
def augment(seeds: Seeds) -> Callable[..., torch.Tensor]:
    """Apply entries to inputs with the generators of run seed 5."""

    def apply(entries: list[Any], inputs: torch.Tensor, step: int = 0, seeds: Seeds = seeds) -> torch.Tensor:
        batch = Batch(inputs, torch.arange(len(inputs)), torch.arange(len(inputs)))
        return compile_pipeline(entries, tuple(inputs.shape[1:]), len(inputs))(batch, step, seeds).inputs

    return apply
