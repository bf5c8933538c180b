"""What a step does on a CPU only: it looks at its own memory, where it would have to wait for another device.

`Tensor.numpy` is refused for memory that lies elsewhere, so nothing here can wait unnoticed.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from math import isfinite, isnan

import numpy as np
from torch import Tensor

LOW, HIGH = 1e-24, 1e30
"""A sum of squares in float32 between these has lost nothing to the format's range."""


class Watched:
    """What a guard watches, values (W,) or (R, W) for several runs. The first one of a run is its mark: 0 or NaN."""

    def __init__(self, values: Tensor) -> None:
        self._values = values.numpy()
        self._marks = self._values[..., 0]

    @property
    def is_marked(self) -> bool:
        """Whether an update of any run was marked."""
        return any(map(isnan, self._marks.ravel().tolist()))

    @property
    def is_finite(self) -> bool:
        """Whether all values are finite."""
        return all(map(isfinite, self._values.ravel().tolist()))


def sums_of_squares(parts: Sequence[Tensor], places: Sequence[slice], sums: Tensor) -> Callable[[], None]:
    """What writes the sums over the last axis of the squared `parts` (…, K, N) to their `places` of `sums` (…, P).

    They are summed in their own format, and in float64 where that was too narrow for one of the K.
    """
    out, arrays = sums.numpy(), [part.numpy() for part in parts]
    narrow, exact = np.zeros(out.shape, dtype=arrays[0].dtype), np.zeros_like(out)
    to_narrow = [(array, narrow[..., place]) for array, place in zip(arrays, places, strict=True)]
    to_exact = [(array, exact[..., place]) for array, place in zip(arrays, places, strict=True)]

    @np.errstate(over="ignore")
    def by_blas() -> None:
        for array, found in to_narrow:
            np.vecdot(array, array, out=found)
        out[...] = narrow
        values = narrow.ravel().tolist()  # For so few numbers faster than NumPy's own.
        if min(values) > LOW and max(values) < HIGH:
            return
        for array, found in to_exact:
            wide = array.astype(np.float64)
            np.vecdot(wide, wide, out=found)
        np.copyto(out, exact, where=~((narrow > LOW) & (narrow < HIGH)))

    return by_blas
