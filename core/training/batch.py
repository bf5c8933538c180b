"""A batch: samples on the device, scaled. B samples, K outputs."""

from __future__ import annotations

from typing import NamedTuple

from torch import Tensor


class Batch(NamedTuple):
    """Samples on the device.

    inputs: floating point (B, ...), scaled; targets: int64 (B,) classes, floating point (B, K) class probabilities or
    (B, 1) values; sample_ids: int64 (B,) rows of the resident tensor.
    """

    inputs: Tensor
    targets: Tensor
    sample_ids: Tensor
