"""What the layers of a network make of images: sums, normalized, activated and pooled values, with the weights.

Shape letters: B batch, C channels, H height, W width, I channels that come in, O channels that go out, F features.
"""

from __future__ import annotations

import copy
from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor, nn

from core.training.pictures import evaluating

END, NUM_PLACES = 12.0, 4801
"""An activation is told at so many places from −END to END, 0 among them; between and beyond them lines go on."""


@dataclass(frozen=True, eq=False)
class Stages:
    """One layer at work on a batch: what it is given, its sums w·x + b, and what follows; None where nothing does."""

    module: nn.Module
    given: Tensor
    summed: Tensor
    normalized: Tensor | None
    activated: Tensor
    pooled: Tensor | None


@dataclass(frozen=True, eq=False)
class Kernels:
    """The arithmetic of a convolution: weights (O, I, k, k), bias (O,) or None, where its kernels go, and what follows.

    A sum z of channel c is normalized to `scale`[c] · z + `shift`[c]; both are None where nothing is normalized.
    """

    weights: np.ndarray
    bias: np.ndarray | None
    stride: int
    before: int
    after: int
    groups: int
    scale: np.ndarray | None
    shift: np.ndarray | None
    activation: np.ndarray


@dataclass(frozen=True, eq=False)
class Layer:
    """A layer's values for one image, float32 (C, H, W) or (F,) by stage, the input and, of a convolution, its kernels.

    `weights` are those of a dense layer, (units, inputs).
    """

    name: str
    given: np.ndarray
    stages: Mapping[str, np.ndarray]
    kernels: Kernels | None
    weights: np.ndarray | None


def stages(model: nn.Module, inputs: Tensor) -> dict[str, Stages]:
    """Every convolution and dense layer that has an activation, by name, in evaluation mode on inputs (B, …)."""
    layers = {
        name: module
        for name, module in model.named_modules()
        if isinstance(module, nn.Conv1d | nn.Conv2d | nn.Linear) and isinstance(_part(module, "activation"), nn.Module)
    }
    seen: dict[nn.Module, tuple[Tensor, Tensor]] = {}

    def keep(module: nn.Module, given: tuple[Tensor, ...], result: Tensor) -> None:
        seen[module] = given[0], result

    with ExitStack() as hooks, evaluating(model):
        for layer in layers.values():
            for module in (layer, *(_part(layer, name) for name in ("norm", "activation", "pool"))):
                if module is not None:
                    hooks.callback(module.register_forward_hook(keep).remove)
        model(inputs)
    return {name: _stages(layer, seen) for name, layer in layers.items() if layer in seen}


def _stages(layer: nn.Module, seen: Mapping[nn.Module, tuple[Tensor, Tensor]]) -> Stages:
    norm, activation, pool = (_part(layer, name) for name in ("norm", "activation", "pool"))
    assert activation is not None
    return Stages(
        layer,
        seen[layer][0],
        seen[activation if norm is None else norm][0],
        None if norm is None else seen[norm][1],
        seen[activation][1],
        None if pool is None else seen[pool][1],
    )


def _part(layer: nn.Module, name: str) -> nn.Module | None:
    part = getattr(layer, name, None)
    return part if isinstance(part, nn.Module) else None


def layers(model: nn.Module, image: Tensor) -> list[Layer]:
    """What every layer makes of one image (1, C, H, W), from the input to the output."""
    found = []
    for name, at_work in stages(model, image).items():
        module = at_work.module
        values = {
            stage: _numbers(value[0])
            for stage in ("summed", "normalized", "activated", "pooled")
            if (value := getattr(at_work, stage)) is not None
        }
        is_dense = isinstance(module, nn.Linear)
        found.append(
            Layer(
                name,
                _numbers(at_work.given[0]),
                values,
                _kernels(module, at_work) if isinstance(module, nn.Conv2d) else None,
                _numbers(module.weight) if is_dense else None,
            )
        )
    return found


def _kernels(module: nn.Conv2d, at_work: Stages) -> Kernels:
    before = int(module.padding[0])
    extra = getattr(module, "extra_padding", ())
    scale, shift = normalizing(_part(module, "norm"), at_work.summed)
    activation = _part(module, "activation")
    assert activation is not None
    places = torch.linspace(-END, END, NUM_PLACES, dtype=torch.float64)
    return Kernels(
        _numbers(module.weight),
        None if module.bias is None else _numbers(module.bias),
        module.stride[0],
        before,
        before + (extra[1] if extra else 0),
        module.groups,
        scale,
        shift,
        curve(activation, places)[0].astype(np.float32),
    )


def normalizing(norm: nn.Module | None, summed: Tensor) -> tuple[np.ndarray | None, np.ndarray | None]:
    """The factor and the offset of each channel that a normalization means for the first sample of (B, C, …)."""
    if norm is None:
        return None, None
    assert isinstance(norm, nn.GroupNorm | nn.BatchNorm1d | nn.BatchNorm2d)
    weight, bias = (part.detach().double() for part in (norm.weight, norm.bias))
    if isinstance(norm, nn.GroupNorm):
        parts = summed[0].detach().double().reshape(norm.num_groups, -1)
        repeats = len(weight) // norm.num_groups
        variance = parts.var(1, correction=0).repeat_interleave(repeats)
        mean = parts.mean(1).repeat_interleave(repeats)
    else:
        assert norm.running_mean is not None
        assert norm.running_var is not None
        mean, variance = norm.running_mean.double(), norm.running_var.double()
    scale = weight / (variance + norm.eps).sqrt()
    return _numbers(scale), _numbers(bias - mean * scale)


def curve(activation: nn.Module, places: Tensor) -> tuple[np.ndarray, np.ndarray]:
    """Value and derivative of an activation at places (N,), by torch in float64."""
    places = places.detach().cpu().double().requires_grad_()
    values = copy.deepcopy(activation).cpu().double()(places)
    (slopes,) = torch.autograd.grad(values.sum(), places)
    return values.detach().numpy(), slopes.numpy()


def _numbers(tensor: Tensor) -> np.ndarray:
    return tensor.detach().float().cpu().contiguous().numpy()
