"""What MixUp and CutMix compute: shares from a Beta distribution, rectangles, blended targets.

Shapes: B samples, C channels, H rows, W columns, K outputs.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor


def beta(alpha: float, even: Tensor, angle: Tensor) -> Tensor:
    """Numbers from Beta(α, α), of two that are each drawn evenly from 0 to 1.

    1/2 ± 1/2 · (1 + 1/((U^(−1/α) − 1) cos² 2πV))^(−1/2): exact for every α > 0, without rejection.
    (Devroye: Random Variate Generation in One Line of Code, 1996, section 3.)
    """
    cos = (angle * (2 * math.pi)).cos_()
    spread = even.pow(-1 / alpha).sub_(1).mul_(cos).mul_(cos)
    return spread.reciprocal_().add_(1).rsqrt_().mul_(cos.sign_()).add_(1).div_(2)


def blended(inputs: Tensor, alpha: float, generator: torch.Generator | None) -> tuple[Tensor, Tensor]:
    """Samples (B, …) with the one before each, and the share (B,) that is their own."""
    own = beta(alpha, *inputs.new_empty((2, len(inputs))).uniform_(generator=generator).unbind())
    return inputs.roll(1, 0).lerp_(inputs, own.view(-1, *[1] * (inputs.dim() - 1))), own


def pasted(inputs: Tensor, alpha: float, generator: torch.Generator | None) -> tuple[Tensor, Tensor]:
    """Images (B, C, H, W) with a rectangle of the one before, and the share (B,) of the area that is their own."""
    height, width = inputs.shape[2:]
    drawn = inputs.new_empty((4, len(inputs))).uniform_(generator=generator)
    part = beta(alpha, drawn[0], drawn[1]).sqrt_().div_(2)  # 1 − λ has the distribution of λ
    sides = inputs.new_empty(2, 1)
    sides[0], sides[1] = height, width
    centres, halves = (drawn[2:] * sides).floor_(), (part * sides).floor_()
    middles = torch.arange(0.5, max(height, width), dtype=inputs.dtype, device=inputs.device)
    marked = ((middles - centres.unsqueeze(2)).abs_() < halves.unsqueeze(2)).to(inputs.dtype)
    rows_BH, columns_BW = marked[0, :, :height], marked[1, :, :width]
    own = 1 - rows_BH.sum(1) * columns_BW.sum(1) / (height * width)
    inside = (rows_BH.unsqueeze(2) * columns_BW.unsqueeze(1)).unsqueeze(1)
    # Between finite numbers lerp by 0 or 1 copies one of them, six times as fast as torch.where.
    return inputs.lerp(inputs.roll(1, 0), inside), own


def blended_targets(targets: Tensor, own: Tensor, num_outputs: int) -> Tensor:
    """Targets with those of the sample before, in shares `own` (B,) and 1 − own; of classes as probabilities (B, K)."""
    if not targets.is_floating_point():
        targets = own.new_zeros(len(targets), num_outputs).scatter_(1, targets.unsqueeze(1), 1)
    return targets.roll(1, 0).lerp_(targets, own.unsqueeze(1).to(targets.dtype))
