"""Units: which of a network's units are dead, and which of their values saturated, on the batch it is given.

Looked at are the modules that a layer calls its `activation`. A unit is dead where it gives exactly 0 for every sample
(of a feature map: at every place). A value is saturated where it lies within 2.5 % of a bounded range's ends: there
the slope of sigmoid and tanh is below a tenth of its largest.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from typing import Any, cast

import torch
from torch import Tensor, nn

from core.catalog.activations import Activation
from core.catalog.architectures.architecture import layer_of
from core.catalog.registry import entries

NEAR_END = 0.025
"""A value so near an end, as a share of the range, is saturated."""


@dataclass(frozen=True)
class Units:
    """One layer's shares, 0 to 1; `saturated` is None where the activation's range has no ends."""

    dead: float
    saturated: float | None


class Watched:
    """What the activations of a network have given in the forward pass since they were watched."""

    def __init__(self) -> None:
        self._found: dict[str, tuple[Tensor, Tensor | None]] = {}

    def note(self, layer: str, values: Tensor, ends: tuple[float, float] | None) -> None:
        """Take the values (B, units, …) of a layer."""
        is_dead = (values == 0).all(dim=[0, *range(2, values.dim())])
        saturated = None
        if ends is not None:
            low, high = ends
            margin = NEAR_END * (high - low)
            saturated = ((values < low + margin) | (values > high - margin)).double().mean()
        self._found[layer] = is_dead.double().mean(), saturated

    def units(self) -> dict[str, Units]:
        """By layer, from the input on."""
        return {
            layer: Units(dead.item(), None if saturated is None else saturated.item())
            for layer, (dead, saturated) in self._found.items()
        }


@contextmanager
def watching(model: nn.Module) -> Iterator[Watched]:
    """The activations of a model, watched while the block runs."""
    watched = Watched()
    handles = [
        module.register_forward_hook(_hook(watched, layer_of(name)))
        for name, module in model.named_modules()
        if name.endswith(".activation")
    ]
    try:
        yield watched
    finally:
        for handle in handles:
            handle.remove()


def _hook(watched: Watched, layer: str) -> Any:
    def hook(module: nn.Module, _: Any, values: Tensor) -> None:
        with torch.no_grad():
            watched.note(layer, values, _ends().get(type(module)))

    return hook


@cache
def _ends() -> dict[type[nn.Module], tuple[float, float] | None]:
    """The ends of each activation's range, by the module that computes it."""
    activations = [cast(Activation, cls()) for cls in entries("activations").values()]
    return {type(activation.build()): activation.ends for activation in activations}
