"""Surface: the loss on a grid of a plane, from coarse to fine; what is known is never computed again.

Shape letters: P points, R points computed at once, B samples, K outputs, I inputs, O outputs of a layer, N parameters.
"""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass

import numpy as np
import torch

from core.landscape.asked import check_resolution
from core.landscape.measured import Measured
from core.landscape.plane_losses import plane_losses
from core.landscape.planes import Plane
from core.landscape.trajectory import Trajectory

PREVIEW = 9
"""Points a side of the first picture; then 17, 33, 65."""


@dataclass(frozen=True)
class Grid:
    """A picture: `loss[i, j]` is the loss at (`beta[i]`, `alpha[j]`); both increase and are symmetric around 0."""

    alpha: np.ndarray
    beta: np.ndarray
    loss: np.ndarray


class Surface:
    """The loss on resolution × resolution points of a plane. `num_done` of `num_points` are known.

    `coarser` is an earlier surface of the same plane and function with half as many intervals a side: its points are
    taken over. BadInput for an impossible resolution.
    """

    def __init__(self, plane: Plane, resolution: int, coarser: Surface | None = None) -> None:
        check_resolution(resolution)
        self.plane, self.resolution = plane, resolution
        # A multiple of the reach that is the same number in a grid twice as fine.
        shares = np.arange(1 - resolution, resolution, 2) / (resolution - 1)
        self._alpha, self._beta = (reach * shares for reach in plane.reach)
        self._loss = np.zeros((resolution, resolution))
        self._is_known = np.zeros((resolution, resolution), bool)
        if coarser is not None:
            self._loss[::2, ::2], self._is_known[::2, ::2] = coarser._loss, coarser._is_known

    @property
    def num_points(self) -> int:
        """Points of the whole grid."""
        return self.resolution**2

    @property
    def num_done(self) -> int:
        """Points whose loss is known."""
        return int(self._is_known.sum())

    @property
    def grid(self) -> Grid:
        """The finest picture of which all points are known; an empty one before the preview is there."""
        for stride in reversed(self._strides()):
            if self._is_known[::stride, ::stride].all():
                return Grid(self._alpha[::stride], self._beta[::stride], self._loss[::stride, ::stride])
        return Grid(self._alpha[:0], self._beta[:0], self._loss[:0, :0])

    def pieces(self, measured: Measured) -> Generator[None, None, None]:
        """Compute what is missing, a preview first; yields after every piece, and may be given up between two."""
        for stride in self._strides():
            rows, columns = np.nonzero(~self._is_known[::stride, ::stride])
            rows, columns = rows * stride, columns * stride
            points_P2 = torch.from_numpy(np.stack([self._alpha[columns], self._beta[rows]], 1))
            done = 0
            for losses in plane_losses(measured, self.plane, points_P2):
                places = rows[done : done + len(losses)], columns[done : done + len(losses)]
                self._loss[places], self._is_known[places] = losses.cpu().numpy(), True
                done += len(losses)
                yield

    def _strides(self) -> list[int]:
        """Steps through the grid for each picture, coarsest first: each has twice as many intervals as the one before.

        The first has PREVIEW points a side, or the next larger number that fits.
        """
        strides = [1]
        while (self.resolution - 1) // strides[0] % 2 == 0 and (self.resolution - 1) // strides[0] >= 2 * (PREVIEW - 1):
            strides.insert(0, 2 * strides[0])
        return strides


@dataclass(frozen=True)
class PathPoint:
    """A snapshot and its nearest point of the plane: `true_loss` is the snapshot's, `surface_loss` the plane's."""

    step: int
    alpha: float
    beta: float
    surface_loss: float
    true_loss: float
    off_plane: float


def path_on(plane: Plane, measured: Measured, trajectory: Trajectory) -> Generator[None, None, list[PathPoint]]:
    """The snapshots of a run as they stand to a plane, by increasing step; yields after every piece of work."""
    points_T2, distances_T = plane.coordinates(trajectory.flats)
    heights: list[float] = []
    for losses in plane_losses(measured, plane, points_T2):
        heights += losses.tolist()
        yield
    rows = zip(trajectory.steps, points_T2.tolist(), heights, trajectory.losses, distances_T.tolist(), strict=True)
    return [PathPoint(step, alpha, beta, height, loss, off) for step, (alpha, beta), height, loss, off in rows]
