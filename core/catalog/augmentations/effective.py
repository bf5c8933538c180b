"""How many different samples an augmented training set holds: D' = A(D), counted."""

from __future__ import annotations

from collections.abc import Sequence
from typing import cast

from core.catalog.augmentations.augmentation import Augmentation
from core.catalog.entry import Entry


def num_different(entries: Sequence[Entry], num_samples: int, epochs: int) -> float:
    """The expected number of different samples that `epochs` passes over `num_samples` samples see.

    num_samples · Σ over a sample's possible versions of 1 − (1 − p)^epochs, where p is the version's probability; where
    no two draws are the same: num_samples · epochs.
    """
    versions = [(1.0, 1)]
    for entry in cast(Sequence[Augmentation], entries):
        if entry.changes_nothing:
            continue
        if entry.outcomes is None:
            return float(num_samples * epochs)
        versions = [(p * q, count * times) for p, count in versions for q, times in entry.outcomes]
    return num_samples * sum(count * (1 - (1 - p) ** epochs) for p, count in versions)
