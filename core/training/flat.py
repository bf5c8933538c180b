"""Flat: tensors that lie one after another in one tensor, so that one call serves all of them."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

ALIGNMENT = 64
"""Every part starts at a multiple of so many bytes, as torch allocates: matrix products depend on it, to the bit."""


class Flat:
    """Moves `tensors` (at least one, of one dtype and device, each dense in memory) into one: `all`, of shape (N,).

    Every tensor keeps its values, shape and strides. The gaps between the parts are zeros and stay zeros.
    """

    def __init__(self, tensors: Sequence[Tensor]) -> None:
        self.parts = list(tensors)
        unit = ALIGNMENT // tensors[0].element_size()
        self.starts = [0]
        """Where each part begins, and at last N."""
        for tensor in tensors:
            self.starts.append(self.starts[-1] + -(-tensor.numel() // unit) * unit)
        self.all = tensors[0].detach().new_zeros(self.starts[-1])
        for tensor, view in zip(self.parts, self.views(self.all), strict=True):
            view.copy_(tensor.detach())
            tensor.data = view

    def views(self, flat: Tensor) -> list[Tensor]:
        """Views into another tensor of shape (N,), laid out like the parts."""
        return [
            flat.as_strided(tensor.shape, tensor.stride(), flat.storage_offset() + start)
            for tensor, start in zip(self.parts, self.starts, strict=False)
        ]


def flatten(tensors: Sequence[Tensor]) -> list[Tensor]:
    """Move tensors of any dtypes into one tensor for each dtype; returns those."""
    by_dtype: dict[torch.dtype, list[Tensor]] = {}
    for tensor in tensors:
        by_dtype.setdefault(tensor.dtype, []).append(tensor)
    return [Flat(group).all for group in by_dtype.values()]
