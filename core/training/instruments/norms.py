"""Norms: sums of squares per parameter tensor, in float64, of gradients, weights and the last update.

In float32 a deep sigmoid network shows false zeros (1e-25 squared underflows) and norms of 1e20 overflow; float64
accumulation shows both as what they are.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from core.catalog.regularizers.terms import accumulation_dtype


class Norms:
    """Writes three float64 sums of squares per parameter tensor into a row.

    `row` has shape (3, T) for T parameter tensors: gradients, weights after the update, update (new − old weights).
    Everything passes through one float64 buffer, which stays in the processor's cache.
    """

    def __init__(self, parameters: Sequence[Tensor], row: Tensor) -> None:
        size = sum(parameter.numel() for parameter in parameters)
        self._parameters = [parameter.detach() for parameter in parameters]
        self._shaped, self._vectors = _views(row.new_zeros(size), parameters)
        self._before = [torch.empty_like(parameter) for parameter in self._parameters]
        self._gradient_row, self._weight_row, self._update_row = (list(part.unbind(0)) for part in row.unbind(0))

    def gradients(self, gradients: list[Tensor]) -> None:
        """Measure the gradients as they are now."""
        self._measure(gradients, self._gradient_row)

    def before_update(self) -> None:
        """Keep the weights from before an update."""
        torch._foreach_copy_(self._before, self._parameters)

    def after_update(self) -> None:
        """Measure the weights after an update, and the update itself."""
        self._measure(self._parameters, self._weight_row)
        torch._foreach_sub_(self._before, self._parameters)
        self._measure(self._before, self._update_row)

    def _measure(self, tensors: list[Tensor], row: list[Tensor]) -> None:
        torch._foreach_copy_(self._shaped, tensors)
        for vector, out in zip(self._vectors, row, strict=True):
            torch.dot(vector, vector, out=out)


def total_norm(tensors: list[Tensor]) -> Tensor:
    """The norm over all tensors together, without axes, accumulated in float64."""
    norms = torch._foreach_norm(tensors, dtype=accumulation_dtype(tensors[0]))
    return torch.linalg.vector_norm(torch.stack(norms))


def _views(flat: Tensor, parameters: Sequence[Tensor]) -> tuple[list[Tensor], list[Tensor]]:
    """Per parameter: a view in its shape and memory order, and the same elements as a vector."""
    shaped, vectors, start = [], [], 0
    for parameter in parameters:
        vector = flat.narrow(0, start, parameter.numel())
        start += parameter.numel()
        vectors.append(vector)
        # The parameter's own strides: a copy is then one straight run of memory in any memory format.
        shaped.append(vector.as_strided(parameter.shape, parameter.stride(), vector.storage_offset()))
    return shaped, vectors
