"""Paths: optimizers that start at one point of a surface and make the same number of updates.

They are the optimizers that train networks, on two parameters. Every update's gradient is computed for all of them at
once; noise, where there is any, is the same for all.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import torch
from torch import Tensor, nn

from core.catalog.optimizers.optimizer import Optimizer
from core.catalog.surfaces.surface import Surface
from core.errors import BadInput, shown
from core.landscape.path import Path
from core.landscape.practice import MOST_STEPS, Practice
from core.seeding import generator, seed32
from core.text import Text
from core.training.update import update_of

Function = Callable[[Tensor, Tensor], Tensor]


def paths_of(practice: Practice) -> list[Path]:
    """The paths of a practice race, in the order of its optimizers."""
    return race(practice.surface, practice.optimizers, practice.begin, practice.steps, seed=practice.seed)


def race(
    surface: Surface,
    optimizers: Sequence[Optimizer],
    start: tuple[float, float],
    steps: int,
    *,
    seed: int = 0,
) -> list[Path]:
    """The paths of optimizers on a surface, in float64; BadInput where the surface has no value at the start."""
    if not 1 <= steps <= MOST_STEPS:
        raise BadInput(
            Text("{count} updates are not possible.", count=shown(steps)),
            Text("A path has from 1 to {most:,} updates.", most=MOST_STEPS),
            Text("Choose a number in between."),
        )
    function = surface.build()
    _check_start(function, start)
    points = torch.tensor([start] * len(optimizers), dtype=torch.float64)
    racers = [_Racer(entry, row, function) for entry, row in zip(optimizers, points.unbind(0), strict=True)]
    noise = surface.noise * torch.randn(
        MOST_STEPS, 2, dtype=torch.float64, generator=generator("cpu", seed32(seed, "surface_noise"))
    )
    positions = points.new_empty(steps + 1, *points.shape)
    losses, norms = points.new_empty(2, steps + 1, len(optimizers)).unbind(0)
    gradients = points.new_empty(steps, *points.shape)
    for step in range(steps + 1):
        positions[step] = points
        losses[step], gradient = _measured(function, points)
        torch.linalg.vector_norm(gradient, dim=1, out=norms[step])
        if step == steps:
            break
        gradients[step] = gradient + noise[step]
        for racer, own in zip(racers, gradients[step].unbind(0), strict=True):
            racer.update(own, noise[step])
    bad = ~(torch.isfinite(positions).all(dim=2) & torch.isfinite(losses))
    positions[bad], losses[bad], norms[bad] = torch.nan, torch.nan, torch.nan
    return [
        Path(
            positions[:, place].numpy(),
            losses[:, place].numpy(),
            norms[:, place].numpy(),
            gradients[:, place].numpy(),
            racer.memory(),
            racer.rates(),
        )
        for place, racer in enumerate(racers)
    ]


class _Racer:
    """One optimizer on a point (2,), which it moves."""

    def __init__(self, entry: Optimizer, point: Tensor, function: Function) -> None:
        self._entry, self._function = entry, function
        self._point = nn.Parameter(point, requires_grad=False)
        self._optimizer = entry.build([self._point])
        self._update = update_of(entry, self._optimizer, [self._point], torch.zeros((), dtype=torch.float32))
        self._kept: dict[str, list[Tensor]] = {name: [] for name in entry.memory}

    def update(self, gradient: Tensor, noise: Tensor) -> None:
        """One update by its gradient; a rule that needs more of them, or others, computes those itself."""
        self._point.grad = gradient
        if self._entry.needs_closure or self._entry.has_eval_mode:

            def closure() -> Tensor:
                losses, gradients = _measured(self._function, self._point.detach().unsqueeze(0))
                self._point.grad = gradients[0] + noise
                return losses[0]

            self._optimizer.step(closure)  # type: ignore[arg-type]
        else:
            with torch.no_grad():
                self._update([gradient], self._entry.learning_rate())
        state = self._optimizer.state[self._point]
        for name, kept in self._kept.items():
            # Some keep one thing for a matrix and another for a point.
            if name in state:
                kept.append(state[name].clone())

    def memory(self) -> dict[str, np.ndarray]:
        """What it kept after each update."""
        return {name: torch.stack(kept).numpy() for name, kept in self._kept.items() if kept}

    def rates(self) -> np.ndarray | None:
        """The learning rate of each coordinate at each update."""
        return self._entry.weight_rates(self.memory())


def _measured(function: Function, points: Tensor) -> tuple[Tensor, Tensor]:
    """Losses (K,) and gradients (K, 2) at points (K, 2)."""
    leaf = points.detach().clone().requires_grad_()
    losses = function(leaf[:, 0], leaf[:, 1])
    if not losses.requires_grad:
        return losses, torch.zeros_like(leaf)
    (gradients,) = torch.autograd.grad(losses.sum(), leaf)
    return losses.detach(), gradients


def _check_start(function: Function, start: tuple[float, float]) -> None:
    point = torch.tensor([start], dtype=torch.float64)
    loss, gradient = _measured(function, point)
    if not (torch.isfinite(loss).all() and torch.isfinite(gradient).all()):
        raise BadInput(
            Text("The surface has no value or no slope at the start ({x:g}, {y:g}).", x=start[0], y=start[1]),
            Text("There it divides by 0, or takes a root or logarithm of a number that has none."),
            Text("Choose another start, or another formula."),
        )
