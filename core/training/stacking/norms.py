"""Norms of all rows: the sums of squares that `instruments.norms` gives one run, for several runs in one go."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from core.training.instruments.norms import Piece, SumsOfSquares


class RowNorms:
    """Writes three sums of squares per piece into `sums` (R, 3, P): gradients, weights after the update, update.

    weights, gradients: (R, N), rows laid out as the run's flat weights; `pieces` cut one row.
    """

    def __init__(self, weights: Tensor, gradients: Tensor, pieces: Sequence[Piece], sums: Tensor) -> None:
        self._weights, self._copy = weights, torch.zeros_like(weights)
        gradient, weight, update = sums.unbind(1)
        self.gradients = SumsOfSquares(gradients, pieces, gradient)
        """Measures the gradients as they are when it is called."""
        self._sum_weights = SumsOfSquares(weights, pieces, weight)
        self._sum_update = SumsOfSquares(self._copy, pieces, update)

    def before_update(self) -> None:
        """Keep the weights from before an update."""
        self._copy.copy_(self._weights)

    def after_update(self) -> None:
        """Measure the weights after an update, and the update itself."""
        self._sum_weights()
        self._copy.sub_(self._weights)
        self._sum_update()
