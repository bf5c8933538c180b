"""Disturbances: every sample changed by the same amount, to ask how much of it a trained network withstands.

An augmentation draws its amount anew for each sample; here the amount is given and is the same for all.
Shapes: B samples, C channels, H rows, W columns; images lie between 0 and 1.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

from core.catalog.augmentations.affine import Affine
from core.catalog.augmentations.augmentation import Augmentation
from core.catalog.augmentations.brightness import Brightness
from core.catalog.augmentations.noise import Noise
from core.catalog.augmentations.pipeline import base_grid, warp
from core.catalog.augmentations.rotate import Rotate
from core.catalog.augmentations.scale import Scale
from core.catalog.augmentations.shift import Shift
from core.seeding import generator, seed32
from core.text import Text


@dataclass(frozen=True)
class Disturbance:
    """A kind of change. `amounts` are those it is tried with, one of which is `none` and changes nothing.

    `training` is the augmentation that makes a network used to it; `unit` stands behind an amount.
    """

    key: str
    title: Text
    axis: Text
    amounts: tuple[float, ...]
    none: float
    training: Augmentation
    change: Callable[[Tensor, float], Tensor]
    unit: str = ""

    def said(self, amount: float) -> str:
        """An amount as it is written in a sentence: −90°."""
        return f"{amount:g}{self.unit}".replace("-", "−")

    def apply(self, inputs: Tensor, amount: float) -> Tensor:
        """`inputs` (B, …), scaled as the network sees them, changed by `amount`."""
        return inputs if amount == self.none else self.change(inputs, amount)


def _warped(inputs: Tensor, inverse: Affine) -> Tensor:
    return warp(inputs, inverse, "bilinear", base_grid(inputs))


def _rotated(inputs: Tensor, degrees: float) -> Tensor:
    angle = inputs.new_full((inputs.shape[0],), math.radians(degrees))
    height, width = inputs.shape[2:]
    return _warped(inputs, Rotate().inverse(height, width, angle))


def _shifted(inputs: Tensor, percent: float) -> Tensor:
    return _warped(inputs, Affine(x0=-percent / 100 * inputs.shape[3]))


def _scaled(inputs: Tensor, factor: float) -> Tensor:
    return _warped(inputs, Affine(xx=1 / factor, yy=1 / factor))


def _noisy(inputs: Tensor, std: float) -> Tensor:
    # The same noise for every amount, only larger: the curve shows the amount, not the draw.
    drawn = generator(inputs.device, seed32(0, "disturb", "noise"))
    noise = torch.empty_like(inputs, memory_format=torch.contiguous_format).normal_(generator=drawn)
    changed = inputs + std * noise
    return changed.clamp_(0, 1) if inputs.dim() == 4 else changed


def _brightened(inputs: Tensor, factor: float) -> Tensor:
    return (inputs * factor).clamp_(0, 1)


DISTURBANCES: dict[str, Disturbance] = {
    item.key: item
    for item in (
        Disturbance(
            "rotation",
            Text("Rotation"),
            Text("turned leftwards by, degrees"),
            (-90, -60, -45, -30, -15, 0, 15, 30, 45, 60, 90),
            0,
            Rotate(degrees=30),
            _rotated,
            "°",
        ),
        Disturbance(
            "shift",
            Text("Shift"),
            Text("shifted to the right by, % of the width"),
            (-40, -30, -20, -10, -5, 0, 5, 10, 20, 30, 40),
            0,
            Shift(horizontal=0.2, vertical=0.2),
            _shifted,
            " %",
        ),
        Disturbance(
            "scale",
            Text("Scale"),
            Text("enlarged by the factor"),
            (0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1, 1.1, 1.2, 1.4, 1.6, 1.8, 2),
            1,
            Scale(low=0.6, high=1.6),
            _scaled,
        ),
        Disturbance(
            "noise",
            Text("Noise"),
            Text("standard deviation of the noise"),
            (0, 0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 0.7, 1),
            0,
            Noise(std=0.3),
            _noisy,
        ),
        Disturbance(
            "brightness",
            Text("Brightness"),
            Text("every value multiplied by"),
            (0.1, 0.2, 0.3, 0.5, 0.7, 0.85, 1, 1.25, 1.5, 2, 3),
            1,
            Brightness(amount=0.5),
            _brightened,
        ),
    )
}


def suiting(input_kind: str) -> dict[str, Disturbance]:
    """The disturbances that make sense for a kind of input: where their augmentation does."""
    return {key: item for key, item in DISTURBANCES.items() if input_kind in item.training.input_kinds}
