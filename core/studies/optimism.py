"""Optimism: how good the best of several networks looks on the samples by which it was chosen."""

from __future__ import annotations

import numpy as np
from scipy.stats import binom


def lowest_error(num_networks: int, error: float, num_samples: int) -> float:
    """The error that the best of so many networks is expected to show on a split of `num_samples`.

    All of them have the true error `error` (0 to 1) and err independently, so each shows a binomial number of wrong
    answers: the expected minimum is Σ_k P(X > k)^num_networks. Networks that err on the same samples show less of it.
    """
    wrong = np.arange(num_samples)
    return float((binom.sf(wrong, num_samples, error) ** num_networks).sum() / num_samples)
