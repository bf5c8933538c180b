"""Masks: rectangles of ones among zeros, and numbers of one batch or another chosen by them.

Finite numbers only: a choice is arithmetic with 0 and 1, which is several times as fast as torch.where.
Shapes: B samples, C channels, H rows, W columns.
"""

from __future__ import annotations

import torch
from torch import Tensor


def spans(length: int, first: Tensor, end: Tensor) -> Tensor:
    """For each sample 1 from place `first` to before place `end`, each (B,), and 0 elsewhere: (B, length)."""
    places = torch.arange(length, dtype=first.dtype, device=first.device)
    return (places - first.unsqueeze(1)).ge_(0).mul_((places - end.unsqueeze(1)).lt_(0))


def rectangles(rows_BH: Tensor, columns_BW: Tensor) -> Tensor:
    """1 where a row and a column are both 1, and 0 elsewhere, for each sample and all of its channels: (B, 1, H, W)."""
    return torch.bmm(rows_BH.unsqueeze(2), columns_BW.unsqueeze(1)).unsqueeze(1)


def covered(values: Tensor, mask: Tensor) -> Tensor:
    """`values` (B, C, H, W), and 0 where `mask` is 1."""
    return values.addcmul(values, mask, value=-1)


def chosen(zeros: Tensor, ones: Tensor, mask: Tensor, out: Tensor) -> Tensor:
    """The numbers of `zeros` where `mask` is 0 and of `ones` where it is 1, in `out`, which may be one of them."""
    return torch.lerp(zeros, ones, mask, out=out)
