"""Planes: two directions through a checkpoint in the space of all parameters, and how far the picture reaches.

Shape letters: T snapshots, P points, N parameters.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from core.errors import BadInput
from core.landscape.asked import PlaneKind
from core.landscape.measured import Measured
from core.landscape.trajectory import Trajectory
from core.seeding import generator, seed32
from core.text import Text

MARGIN = 1.2
"""How much farther the picture reaches than the path in it."""
NOTHING = 1e-6
"""A direction counts as new where this share of it, or more, is outside of the directions before it."""


@dataclass(frozen=True, eq=False)
class Plane:
    """θ = center + α·directions[0] + β·directions[1], with |α| ≤ reach[0] and |β| ≤ reach[1] in the picture.

    center (N,), directions (2, N) not parallel. `notes` tell where the plane is not quite what was asked for;
    `eigenvalues` are the curvatures along the directions where these are eigenvectors.
    """

    kind: PlaneKind
    center: Tensor
    directions: Tensor
    reach: tuple[float, float]
    notes: tuple[Text, ...] = ()
    eigenvalues: tuple[float, float] | None = None

    def at(self, points_P2: Tensor) -> Tensor:
        """The parameters at points (α, β) of the plane, (P, N)."""
        return torch.addmm(self.center, points_P2.to(self.center), self.directions)

    def coordinates(self, flats_PN: Tensor) -> tuple[Tensor, Tensor]:
        """The nearest points of the plane, (P, 2), and the distances to them, (P,)."""
        offsets = flats_PN - self.center
        points_P2 = offsets @ torch.linalg.pinv(self.directions)
        return points_P2, torch.linalg.vector_norm(offsets - points_P2 @ self.directions, dim=1)

    def explained_variance(self, trajectory: Trajectory) -> float | None:
        """The share of the path's variance that lies within the plane; None for a path without any."""
        offsets_TN = trajectory.flats - trajectory.flats.mean(0)
        total = float(offsets_TN.square().sum())
        basis_N2 = torch.linalg.qr(self.directions.T).Q
        return min(1.0, float((offsets_TN @ basis_N2).square().sum()) / total) if total > 0 else None


def plane_of(kind: PlaneKind, measured: Measured, trajectory: Trajectory, *, seed: int = 0) -> Plane:
    """The plane of a kind through the measured checkpoint; `trajectory` are the snapshots of its run.

    random: two filter-normalized directions. pca: the main axes of the path. ends: through the start of the path and
    the best snapshot. hessian: along the eigenvectors of the most negative and the most positive curvature.
    """
    if kind == "random":
        directions = torch.stack([filter_normalized(measured, seed, place) for place in range(2)])
        return Plane(kind, measured.flat, directions, (1.0, 1.0))
    if kind == "hessian":
        return _along_eigenvectors(measured)
    if kind == "pca":
        return _with_path(kind, measured, trajectory, _main_axes(trajectory), seed)
    return _with_path(kind, measured, trajectory, trajectory.flats[[0, trajectory.best]] - measured.flat, seed)


def filter_normalized(measured: Measured, seed: int, place: int) -> Tensor:
    """A random direction (N,) in which every filter, or row of a matrix, is as long as that of the weights.

    Biases and the parameters of normalizations stay as they are. Source: Li et al., Visualizing the Loss Landscape of
    Neural Nets, 2018, section 4. BadInput where all weights are zero.
    """
    found: list[Tensor] = []
    tensors = measured.tensors(measured.flat)
    if not any(weight.any() for weight in tensors.values() if weight.dim() > 1):
        raise BadInput(
            Text("There is no filter-normalized direction at update {step}.", step=measured.step),
            Text("All weights are zero there, and the direction would be as long as they are."),
            Text("Choose another update, or the plane of the eigenvectors."),
        )
    for name, weight in tensors.items():
        if weight.dim() < 2:
            found.append(torch.zeros_like(weight))
            continue
        draws = generator("cpu", seed32(seed, "landscape", name, place))
        drawn = torch.randn(weight.shape, generator=draws, dtype=torch.float64).flatten(1)
        lengths = torch.linalg.vector_norm(weight.double().flatten(1), dim=1, keepdim=True).cpu()
        drawn *= lengths / torch.linalg.vector_norm(drawn, dim=1, keepdim=True)
        found.append(drawn.to(weight))
    return torch.cat([part.flatten() for part in found])


def _along_eigenvectors(measured: Measured) -> Plane:
    """Each direction reaches as far as its curvature alone would change the loss by its own size."""
    from core.landscape.curvature import extreme_directions

    values, directions = extreme_directions(measured)
    size = float(torch.linalg.vector_norm(measured.flat))
    reach = [min(size, (2 * measured.loss_here / abs(value)) ** 0.5) if value else size for value in values.tolist()]
    return Plane(
        "hessian", measured.flat, directions.to(measured.flat), (reach[0], reach[1]), eigenvalues=tuple(values.tolist())
    )


def _main_axes(trajectory: Trajectory) -> Tensor:
    """The two main axes of a path (2, N), by the products of its few snapshots; shorter than NOTHING where it has none.

    Each points to where the path began.
    """
    offsets_TN = trajectory.flats - trajectory.flats.mean(0)
    values, vectors_TT = torch.linalg.eigh((offsets_TN @ offsets_TN.T).double().cpu())
    order = values.argsort(descending=True)[:2]
    axes_2N = vectors_TT[:, order].T.to(offsets_TN) @ offsets_TN
    return axes_2N * torch.where(axes_2N @ offsets_TN[0] < 0, -1.0, 1.0).to(axes_2N).unsqueeze(1)


def _with_path(kind: PlaneKind, measured: Measured, trajectory: Trajectory, wanted: Tensor, seed: int) -> Plane:
    """A plane along two wanted directions that shows the whole path.

    One that adds no dimension is replaced by the way to the snapshot farthest from the line so far, or where the
    snapshots have no other dimension by a random direction.
    """
    ways_TN = trajectory.flats - measured.flat
    scale = float(torch.linalg.vector_norm(ways_TN, dim=1).max())
    found: list[Tensor] = []
    lengths: list[float] = []
    notes: list[Text] = []
    for place in range(2):
        outside, length = _outside(wanted[place : place + 1], found)
        floor = NOTHING * max(scale, 1e-30)
        if float(length) < floor:
            outside, distances = _outside(ways_TN, found)
            farthest = int(distances.argmax())
            outside, length = outside[farthest : farthest + 1], distances[farthest]
            notes.append(
                Text(
                    "Start, end and best do not span a plane: update {step} is in it.", step=trajectory.steps[farthest]
                )
            )
        if float(length) < floor:
            notes[-1] = Text("The path does not span a plane: one direction is random.")
            outside, length = _outside(filter_normalized(measured, seed, place).unsqueeze(0), found)
        found.append(outside[0] / length)
        lengths.append(float(length))
    directions = torch.stack(found)
    farthest_2 = (ways_TN @ directions.T).abs().amax(0).tolist()
    reach = [
        MARGIN * far if far > NOTHING * length else length for far, length in zip(farthest_2, lengths, strict=True)
    ]
    return Plane(kind, measured.flat, directions, (reach[0], reach[1]), tuple(notes))


def _outside(ways_PN: Tensor, found: Sequence[Tensor]) -> tuple[Tensor, Tensor]:
    """What of each way is outside of the orthonormal directions found so far, (P, N), and how long that is, (P,)."""
    for _ in range(2):  # Once more for what rounding left.
        for direction in found:
            ways_PN = ways_PN - torch.outer(ways_PN @ direction, direction)
    return ways_PN, torch.linalg.vector_norm(ways_PN, dim=1)
