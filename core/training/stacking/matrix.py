"""Matrix: the tensors of several networks as the rows of one tensor, so that one call serves all of them."""

from __future__ import annotations

from collections.abc import Sequence

from torch import Tensor

from core.training.flat import ALIGNMENT


class Matrix:
    """Moves lists of tensors, alike in shapes and strides, into the rows of `all`, of shape (R, N).

    Every tensor keeps its values, shape and strides, and becomes a view of its row; a row is laid out as `Flat` lays
    out its tensors. Gaps are zeros and stay zeros.
    """

    def __init__(self, rows: Sequence[Sequence[Tensor]]) -> None:
        self._like = [(tensor.shape, tensor.stride()) for tensor in rows[0]]
        unit = ALIGNMENT // rows[0][0].element_size()
        self.starts = [0]
        """Where each tensor begins in a row, and at last N."""
        for tensor in rows[0]:
            self.starts.append(self.starts[-1] + -(-tensor.numel() // unit) * unit)
        self.all = rows[0][0].detach().new_zeros(len(rows), self.starts[-1])
        for place, tensors in enumerate(rows):
            for tensor, view in zip(tensors, self.views(self.all[place]), strict=True):
                view.copy_(tensor.detach())
                tensor.data = view

    def views(self, row: Tensor) -> list[Tensor]:
        """Views into a row (N,), of this matrix or of one like it, laid out like the tensors."""
        return [
            row.as_strided(shape, stride, row.storage_offset() + start)
            for (shape, stride), start in zip(self._like, self.starts, strict=False)
        ]

    def stacked(self, place: int, matrix: Tensor) -> Tensor:
        """The tensors at a place, of all rows of a matrix like this one, as one view (R, …)."""
        shape, stride = self._like[place]
        start = matrix.storage_offset() + self.starts[place]
        return matrix.as_strided((matrix.shape[0], *shape), (matrix.stride(0), *stride), start)


def matrices(rows: Sequence[Sequence[Tensor]]) -> list[Tensor]:
    """Move lists of tensors of any dtypes into one matrix for each dtype; returns those."""
    dtypes = dict.fromkeys(tensor.dtype for tensor in rows[0])
    return [Matrix([[t for t in row if t.dtype == dtype] for row in rows]).all for dtype in dtypes]
