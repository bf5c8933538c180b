"""Gaussian numbers for whole batches: on a CPU drawn by NumPy, where there are many, since torch takes twice as long.

Why, and what was rejected: docs/decisions/noise.md.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from types import ModuleType

import numpy as np
import torch
from numpy.random.bit_generator import ISeedSequence

Draw = Callable[[torch.Tensor, float, torch.Generator | None], torch.Tensor]
"""From a batch, a standard deviation and a generator of its device to Gaussian numbers of mean 0, one a value."""

MANY = 8192
"""From so many numbers on NumPy is faster, though it takes 12 µs to start; fewer are torch's."""


class Drawn(ISeedSequence):
    """A seed of NumPy's generators that is drawn from one of torch's."""

    def __init__(self, generator: torch.Generator | None) -> None:
        self.generator = generator

    def generate_state(self, n_words: int, dtype: type = np.uint64) -> np.ndarray:
        state = np.empty(n_words, dtype)
        torch.from_numpy(state.view(np.int64)).random_(-(2**63), None, generator=self.generator)
        return state


def gaussian_of_torch(values: torch.Tensor, std: float, generator: torch.Generator | None) -> torch.Tensor:
    """As `gaussian`, all drawn by torch: what runs were computed with before there was another way."""
    return values.new_empty(values.shape).normal_(0, std, generator=generator)


def gaussian(values: torch.Tensor, std: float, generator: torch.Generator | None) -> torch.Tensor:
    """Gaussian numbers of mean 0, one for each of `values`; many float32 ones on a CPU from NumPy's random words.

    A word of 32 random bits gives a radius √(−2·ln u), the lowest 16 bits of the next word an angle, whose cosine and
    sine are two numbers, half of the batch apart. Of a radius these bits are the last digits.
    Source: Box and Muller, A Note on the Generation of Random Normal Deviates, 1958.
    """
    num = values.numel()
    if num < MANY or values.device.type != "cpu" or values.dtype != torch.float32:
        return gaussian_of_torch(values, std, generator)
    half = (num + 1) // 2
    random = np.random.SFC64(Drawn(generator))  # type: ignore[arg-type]  (any seed sequence)
    words = random.random_raw(half // 2 + 1).view(np.int32)
    turns = words[1 : half + 1].astype(np.int16)
    words = words[:half]
    words |= -(2**31)
    # All else happens in the memory of the result and of the words: more of it would not stay in the second cache.
    # torch has the faster functions, NumPy the faster arithmetic.
    radius, angle = numbers = np.empty((2, half), np.float32)
    cosine = words.view(np.float32)
    radius_there, angle_there, cosine_there = (torch.from_numpy(part) for part in (radius, angle, cosine))
    radius[:], angle[:] = words, turns
    radius *= -(2.0**-31)
    torch.log(radius_there, out=radius_there)
    radius *= -2 * std * std
    torch.sqrt(radius_there, out=radius_there)
    angle += 0.5  # so that no angle gives a 0
    angle *= math.pi * 2.0**-15
    torch.cos(angle_there, out=cosine_there)
    torch.sin(angle_there, out=angle_there)
    angle *= radius
    radius *= cosine
    return torch.from_numpy(numbers.reshape(-1)[:num].reshape(values.shape))


def gaussian_of_64_bits(
    values: torch.Tensor, std: float, generator: torch.Generator | None, functions: ModuleType
) -> torch.Tensor:
    """As `gaussian`, with 31 bits for a radius and 32 others for an angle: what runs were computed with before.

    `functions`: the module, numpy or torch, whose functions are used.
    """
    num = values.numel()
    if num < MANY or values.device.type != "cpu" or values.dtype != torch.float32:
        return gaussian_of_torch(values, std, generator)
    half = (num + 1) // 2
    words = np.random.SFC64(Drawn(generator)).random_raw(half)  # type: ignore[arg-type]  (any seed sequence)
    bits = words.view(np.int32)
    bits[:half] &= 0x7FFFFFFF
    radius, angle, drawn = bits[:half].astype(np.float32), bits[half:].astype(np.float32), bits.view(np.float32)
    if functions is torch:
        radius, angle, drawn = (torch.from_numpy(numbers) for numbers in (radius, angle, drawn))
    radius += 0.5
    radius *= 2.0**-31
    functions.log(radius, out=radius)
    radius *= -2 * std * std
    functions.sqrt(radius, out=radius)
    angle *= math.pi * 2.0**-31
    for function, part in ((functions.cos, drawn[:half]), (functions.sin, drawn[half:])):
        function(angle, out=part)
        part *= radius
    return torch.from_numpy(bits.view(np.float32)[:num].reshape(values.shape))
