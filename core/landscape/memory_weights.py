"""What is left of past gradients in an average that forgets, and how rare minima are among points without slope."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from core.seeding import seed32


@dataclass(frozen=True)
class PastWeights:
    """Weights of the last gradients, newest first, (T,), in an average that keeps the share `kept` at each update."""

    kept: float
    weights: np.ndarray

    @property
    def memory(self) -> float:
        """About so many gradients count: 1 / (1 − kept)."""
        return 1 / (1 - self.kept)

    @property
    def total(self) -> float:
        """What the weights sum to; after T updates 1 − keptᵀ."""
        return float(self.weights.sum())

    @property
    def corrected(self) -> np.ndarray:
        """The weights after Adam's correction: they sum to 1 (T,)."""
        return self.weights / self.total


def past_weights(kept: float, num_updates: int) -> PastWeights:
    """The weights after so many updates from zero: (1 − kept) · keptᵏ for the gradient k updates ago."""
    return PastWeights(kept, (1 - kept) * kept ** np.arange(num_updates))


def share_of_minima(most: int = 6, samples: int = 20_000, seed: int = 0) -> np.ndarray:
    """Share of random symmetric d × d matrices all of whose eigenvalues are positive, for d = 1 … most, (most,).

    Entries are standard normal, off the diagonal with half the variance: no direction is special (Gaussian orthogonal
    ensemble; Mehta, Random Matrices, 2004, chapter 2). 0 where none of the samples had them.
    """
    rng = np.random.default_rng(seed32(seed, "matrices"))
    shares = []
    for size in range(1, most + 1):
        draw = rng.standard_normal((samples, size, size))
        lowest = np.linalg.eigvalsh((draw + draw.transpose(0, 2, 1)) / 2)[:, 0]
        shares.append(float((lowest > 0).mean()))
    return np.array(shares)
