"""Operations: fourteen changes of images, dealt out to the samples of a batch.

Each sample gets any change with the same probability, and of each kind there are as many as of any other, to within
one: so every change is computed for its own samples only, and how many these are is known without asking the device.

Shapes: B samples, C channels, H rows, W columns, n samples of one kind.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import reduce
from itertools import pairwise

import torch
from torch import Tensor

from core.catalog.augmentations.affine import Affine
from core.catalog.augmentations.masks import chosen
from core.catalog.augmentations.pipeline import base_grid, warp
from core.catalog.augmentations.policies import NUM_STRENGTHS
from core.catalog.augmentations.tone import grey

NUM_VALUES = 256
"""Of a pixel of 8 bits."""


@dataclass(frozen=True)
class Ranges:
    """What each change does at full strength.

    Shifts are the smaller of `translate_pixels` and the share `translate` of the side; `factor` is how far brightness,
    colour, contrast and sharpness go from 1; `bits` are those that are dropped.
    """

    shear: float
    translate: float
    translate_pixels: float
    degrees: float
    factor: float
    bits: int


RAND = Ranges(0.3, 150 / 331, math.inf, 30, 0.9, 4)
TRIVIAL = Ranges(0.99, 1.0, 32, 135, 0.99, 6)

Recolour = Callable[[Ranges, Tensor, Tensor], Tensor]
"""From the ranges, images (n, C, H, W) between 0 and 1 and signed strengths (n, 1, 1, 1) to images."""


def policy(
    ranges: Ranges, num_ops: int, probability: float, magnitude: int | None = None
) -> Callable[[Tensor, torch.Generator | None], Tensor]:
    """`num_ops` changes of every sample, of strength `magnitude` ÷ 30 or, where that is None, of any strength."""
    bases: dict[tuple[torch.Size, torch.dtype, torch.device], Tensor] = {}

    def changed(inputs: Tensor, generator: torch.Generator | None) -> Tensor:
        kind = (inputs.shape[2:], inputs.dtype, inputs.device)
        if kind not in bases:
            bases[kind] = base_grid(inputs)
        drawn = inputs.new_empty((1 + 3 * num_ops, inputs.shape[0])).uniform_(generator=generator)
        # Which kinds get a sample more than others differs from update to update; a seed is known without reading.
        turn = 0 if generator is None else generator.initial_seed()
        result = inputs
        for order, strength, sign in drawn[1:].view(num_ops, 3, -1).unbind():
            if magnitude is None:
                strength.mul_(NUM_STRENGTHS + 1).floor_().clamp_(max=NUM_STRENGTHS).div_(NUM_STRENGTHS)
            else:
                strength.fill_(magnitude / NUM_STRENGTHS)
            signed = strength.copysign_(sign.sub_(0.5))
            result = dealt_out(ranges, result, order.argsort(), hands(inputs.shape[0], turn), signed, bases[kind])
            turn //= NUM_KINDS
        if probability < 1:
            is_changed = (drawn[0] < probability).type_as(inputs).view(-1, 1, 1, 1)
            result = chosen(inputs, result, is_changed, out=result)
        return result

    return changed


def hands(count: int, turn: int) -> list[int]:
    """How many of `count` samples get each kind of change; `turn` says which kinds get one more than others."""
    edges = [place * count // NUM_KINDS for place in range(NUM_KINDS + 1)]
    sizes = [end - start for start, end in pairwise(edges)]
    return [sizes[(kind + turn) % NUM_KINDS] for kind in range(NUM_KINDS)]


def dealt_out(
    ranges: Ranges, inputs: Tensor, order: Tensor, sizes: Sequence[int], signed: Tensor, base: Tensor
) -> Tensor:
    """Images (B, C, H, W): the first `sizes[0]` rows of `order` (B,) as they are, the next with the next kind ….

    `signed` (B,) are strengths with directions, `base` is `base_grid(inputs)`.
    """
    images, amounts = inputs.index_select(0, order), signed.index_select(0, order)
    num_still, movements, recoloured = sizes[0], sizes[1 : 1 + NUM_MOVEMENTS], sizes[1 + NUM_MOVEMENTS :]
    parts = [num_still, sum(movements), *recoloured]
    (still, moved, *others), (_, ways, *strengths) = images.split(parts), amounts.split(parts)
    inverse = movement(ranges, ways, movements, inputs.shape[2], inputs.shape[3])
    results = [still, warp(moved, inverse, "bilinear", base)]
    for recolour, some, strength in zip(RECOLOURS, others, strengths, strict=True):
        results.append(recolour(ranges, some, strength.view(-1, 1, 1, 1)) if len(some) else some)
    return torch.cat(results).index_select(0, order.argsort())


def movement(ranges: Ranges, signed: Tensor, sizes: Sequence[int], height: int, width: int) -> Affine:
    """Shear across and down, shift across and down, turn: so many samples of each, one after the other."""
    across, down, right, low, turn = torch.block_diag(*signed.split(list(sizes))).unbind()
    pixels = [min(ranges.translate * side, ranges.translate_pixels) for side in (width, height)]
    angle = turn * math.radians(ranges.degrees)
    cos, sin = angle.cos(), angle.sin()
    return Affine(
        xx=cos,
        xy=across * ranges.shear - sin,
        x0=-(right * pixels[0]).trunc_(),
        yx=sin + down * ranges.shear,
        yy=cos,
        y0=-(low * pixels[1]).trunc_(),
    )


def _brightness(ranges: Ranges, images: Tensor, signed: Tensor) -> Tensor:
    return (images * (1 + signed * ranges.factor)).clamp_(0, 1)


def _color(ranges: Ranges, images: Tensor, signed: Tensor) -> Tensor:
    return grey(images).lerp(images, 1 + signed * ranges.factor).clamp_(0, 1)


def _contrast(ranges: Ranges, images: Tensor, signed: Tensor) -> Tensor:
    mean = grey(images).mean((2, 3), keepdim=True)
    return mean.lerp(images, 1 + signed * ranges.factor).clamp_(0, 1)


def _sharpness(ranges: Ranges, images: Tensor, signed: Tensor) -> Tensor:
    """Away from the blurred picture, in which a pixel weighs five times as much as each of its eight neighbours."""
    blurred = images.clone()
    height, width = images.shape[2] - 2, images.shape[3] - 2
    if min(height, width) > 0:
        rows = [images.narrow(2, row, height) for row in range(3)]
        first, second, *others = [row.narrow(3, column, width) for row in rows for column in range(3)]
        # The bits of avg_pool2d in half of its time. By a number CUDA would not divide, but multiply with its inverse.
        mean = reduce(Tensor.add_, others, first + second).div_(images.new_full((), 9))
        blurred[:, :, 1:-1, 1:-1].mul_(4).add_(mean, alpha=9).div_(13)
    return blurred.lerp(images, 1 + signed * ranges.factor).clamp_(0, 1)


def _posterize(ranges: Ranges, images: Tensor, signed: Tensor) -> Tensor:
    """Values of 8 bits without the lowest ones."""
    unit = torch.exp2((signed.abs() * ranges.bits).round_())
    coarse = (images * (NUM_VALUES - 1)).round_().div_(unit).floor_().mul_(unit).div_(NUM_VALUES - 1)
    return chosen(images, coarse, (unit > 1).type_as(images), out=coarse)


def _solarize(ranges: Ranges, images: Tensor, signed: Tensor) -> Tensor:
    """Bright pixels turned into dark ones; at strength 0 white ones too stay as they are."""
    strength = signed.abs()
    dark = 1 - images
    is_bright = (images >= 1 - strength).logical_and_(strength > 0)
    return chosen(images, dark, is_bright.type_as(images), out=dark)


def _auto_contrast(ranges: Ranges, images: Tensor, signed: Tensor) -> Tensor:
    """Each channel stretched to 0…1; a plain one stays."""
    low, high = images.amin((2, 3), keepdim=True), images.amax((2, 3), keepdim=True)
    width = high - low
    is_plain = width == 0
    stretched = (images - low).div_(width.masked_fill_(is_plain, 1))
    return chosen(stretched, images, is_plain.type_as(images), out=stretched)


def _equalize(ranges: Ranges, images: Tensor, signed: Tensor) -> Tensor:
    """Each channel with its values, of 8 bits, spread evenly over 0…1, by the scheme of Pillow and torchvision.

    A value becomes (half a step + the number of pixels below it) ÷ step, where a step is a 255th of the pixels without
    those of the largest value; where that is less than one pixel, the channel stays.
    """
    count, channels, height, width = images.shape
    values = (images * (NUM_VALUES - 1)).round_().long().view(count * channels, height * width)
    counts = images.new_zeros(count * channels, NUM_VALUES)
    counts.scatter_add_(1, values, counts.new_ones(()).expand(values.shape))
    below = counts.cumsum(1) - counts
    num_largest = counts.gather(1, values.amax(1, keepdim=True))
    step = ((height * width - num_largest) / (NUM_VALUES - 1)).floor_()
    table = (below + (step / 2).floor_()).div_(step.clamp(min=1)).floor_().clamp_(0, NUM_VALUES - 1)
    spread = table.div_(NUM_VALUES - 1).gather(1, values).view(images.shape)
    return chosen(images, spread, (step > 0).type_as(images).view(count, channels, 1, 1), out=spread)


NUM_MOVEMENTS = 5
RECOLOURS: tuple[Recolour, ...] = (
    _brightness,
    _color,
    _contrast,
    _sharpness,
    _posterize,
    _solarize,
    _auto_contrast,
    _equalize,
)
NUM_KINDS = 1 + NUM_MOVEMENTS + len(RECOLOURS)
"""Of changes, with the one that leaves a sample as it is; in torchvision's order."""
