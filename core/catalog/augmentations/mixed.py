"""What MixUp and CutMix compute: shares from a Beta distribution, rectangles, blended targets.

Shapes: B samples, C channels, H rows, W columns, K outputs.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor

from core.catalog.augmentations.masks import chosen, rectangles


def beta(alpha: float, even: Tensor, angle: Tensor) -> Tensor:
    """Numbers from Beta(α, α), of two that are each drawn evenly from 0 to 1.

    1/2 ± 1/2 · (1 + 1/((U^(−1/α) − 1) cos² 2πV))^(−1/2): exact for every α > 0, without rejection.
    (Devroye: Random Variate Generation in One Line of Code, 1996, section 3.) Beta(1, 1) is even itself.
    """
    if alpha == 1:
        return even
    cos = (angle * (2 * math.pi)).cos_()
    spread = even.pow(-1 / alpha).sub_(1).mul_(cos).mul_(cos)
    return spread.reciprocal_().add_(1).rsqrt_().mul_(cos.sign_()).add_(1).div_(2)


class Blended:
    """Called with samples (B, …), blends each with the one before, and returns the share (B,) that is its own too."""

    def __init__(self, alpha: float) -> None:
        self._alpha = alpha

    def __call__(self, inputs: Tensor, generator: torch.Generator | None) -> tuple[Tensor, Tensor]:
        own = beta(self._alpha, *inputs.new_empty((2, len(inputs))).uniform_(generator=generator).unbind())
        return inputs.roll(1, 0).lerp_(inputs, _along(inputs, own)), own


class Pasted:
    """Called with images (B, C, H, W), puts a rectangle of the one before into each.

    Returns the images, and the share (B,) of the area that is still their own.
    """

    def __init__(self, alpha: float) -> None:
        self._alpha = alpha
        self._kept: dict[tuple[torch.Size, torch.dtype, torch.device], tuple[Tensor, Tensor]] = {}

    def __call__(self, inputs: Tensor, generator: torch.Generator | None) -> tuple[Tensor, Tensor]:
        height, width = inputs.shape[2:]
        sides_211, middles = self._constants(inputs)
        drawn = inputs.new_empty((4, len(inputs), 1)).uniform_(generator=generator)
        part = beta(self._alpha, drawn[0], drawn[1]).sqrt_().div_(2)  # 1 − λ has the distribution of λ
        centres, halves = (drawn[2:] * sides_211).floor_(), (part * sides_211).floor_()
        marked = (middles - centres).abs_().lt_(halves)
        rows_BH, columns_BW = marked.unbind()
        num_rows, num_columns = marked.sum(2).unbind()
        own = 1 - num_rows * num_columns / (height * width)
        if height != width:
            rows_BH, columns_BW = rows_BH[:, :height], columns_BW[:, :width]
        others = inputs.roll(1, 0)
        return chosen(inputs, others, rectangles(rows_BH, columns_BW), out=others), own

    def _constants(self, inputs: Tensor) -> tuple[Tensor, Tensor]:
        """The sides (2, 1, 1) of images, and the middles of the pixels along both (2, 1, L), ∞ beyond the shorter."""
        key = (inputs.shape[2:], inputs.dtype, inputs.device)
        if key not in self._kept:
            sides_211 = inputs.new_empty(2, 1, 1)
            sides_211[0], sides_211[1] = inputs.shape[2:]
            middles = torch.arange(0.5, max(inputs.shape[2:]), dtype=inputs.dtype, device=inputs.device)
            self._kept[key] = sides_211, middles.where(middles < sides_211, torch.inf)
        return self._kept[key]


def blended_targets(targets: Tensor, own: Tensor, num_outputs: int) -> Tensor:
    """Targets with those of the sample before, in shares `own` (B,) and 1 − own; of classes as probabilities (B, K)."""
    if not targets.is_floating_point():
        targets = torch.eye(num_outputs, dtype=own.dtype, device=own.device).index_select(0, targets)
    return targets.roll(1, 0).lerp_(targets, _along(targets, own).type_as(targets))


def _along(samples: Tensor, numbers: Tensor) -> Tensor:
    """One number a sample (B,), of a shape that multiplies the samples (B, …)."""
    return numbers.view(-1, *[1] * (samples.dim() - 1))
