"""Weight sizes: how large the weights are that a stored run has ended with."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from core.store.folder import DataFolder
from core.store.records import RunRecord
from core.store.store import Store
from core.studies.replay import nearest
from core.training.checkpoint import Snapshot

SMALL = 1e-3
"""A weight smaller than this counts as near 0: a penalty of |w| leaves weights trembling around it."""
EDGES = np.linspace(-6, 1, 36)
"""Edges of the bins, as powers of ten of |w|."""


@dataclass(frozen=True, eq=False)
class WeightSizes:
    """Shares of the weights (35,) by log₁₀|w| between EDGES, those beyond in the outermost bins; and near 0."""

    shares: np.ndarray
    near_zero: float
    step: int


def weight_sizes(store: Store, folder: DataFolder, record: RunRecord) -> WeightSizes | None:
    """Of the latest snapshot's weight matrices and kernels, without biases; None where no snapshot is left."""
    snapshot = nearest(store, folder, record.id, None)
    return sizes_of(snapshot) if snapshot is not None else None


def sizes_of(snapshot: Snapshot) -> WeightSizes:
    """The same of a snapshot."""
    weights = [
        tensor.double().abs().flatten().numpy()
        for name, tensor in snapshot.tensors.items()
        if name.startswith("model.") and name.endswith("weight") and tensor.dim() > 1
    ]
    sizes = np.concatenate(weights)
    powers = np.clip(np.log10(np.maximum(sizes, 1e-300)), EDGES[0], EDGES[-1])
    counts, _ = np.histogram(powers, EDGES)
    return WeightSizes(counts / len(sizes), float((sizes < SMALL).mean()), snapshot.step)
