"""Leaving a saddle: after how many updates a path has gone far along the way down that begins there."""

from __future__ import annotations

from collections.abc import Generator, Sequence

import numpy as np
import torch
from torch import Tensor

from core.catalog.optimizers.optimizer import Optimizer
from core.catalog.surfaces.surface import Surface
from core.landscape.path import Path
from core.landscape.paths import race

NEAR, FAR = 0.1, 0.5
"""A path begins at a saddle when it starts so near along the way down, and has left it when it is so far."""


def way_down(surface: Surface, start: tuple[float, float]) -> tuple[np.ndarray, np.ndarray] | None:
    """The saddle at which a start lies, (2,), and the direction of its most negative curvature, (2,); else None."""
    function = surface.build()

    def loss(point: Tensor) -> Tensor:
        return function(point[0], point[1])

    for point in surface.critical:
        place = torch.tensor([point.x, point.y], dtype=torch.float64)
        if point.kind != "saddle" or point.signs[0] >= 0:
            continue
        _, directions = torch.linalg.eigh(torch.autograd.functional.hessian(loss, place))
        down = directions[:, 0].numpy()
        if abs(down @ (np.array(start) - place.numpy())) < NEAR:
            return place.numpy(), down
    return None


def updates_to_leave(path: Path, saddle: np.ndarray, down: np.ndarray) -> int | None:
    """After how many updates a path is `FAR` from the saddle along the way down; None where it never is."""
    far = np.abs((path.positions - saddle) @ down) > FAR
    return int(np.argmax(far)) if far.any() else None


def leaving_by_rate(
    surface: Surface, optimizers: Sequence[Optimizer], start: tuple[float, float], rates: Sequence[float], steps: int
) -> Generator[None, None, list[list[int | None]]]:
    """For each optimizer, which has a learning rate, the updates to leave the saddle at each of these rates.

    Yields after every rate.
    """
    saddle = way_down(surface, start)
    assert saddle is not None, "only asked where the start lies at a saddle"
    left: list[list[int | None]] = [[] for _ in optimizers]
    for rate in rates:
        paths = race(surface, [optimizer.model_copy(update={"lr": rate}) for optimizer in optimizers], start, steps)
        for path, found in zip(paths, left, strict=True):
            found.append(updates_to_leave(path, *saddle))
        yield
    return left
