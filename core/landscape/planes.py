"""Planes: two directions through a checkpoint in the space of all parameters, and how far the picture reaches.

Shape letters: T snapshots, P points, N parameters.
"""

from __future__ import annotations

from collections.abc import Generator, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from core.errors import BadInput
from core.landscape.asked import PlaneKind
from core.landscape.curvature import extremes
from core.landscape.measured import Measured
from core.landscape.trajectory import Trajectory, exact
from core.seeding import generator, seed32
from core.text import Text

MARGIN = 1.2
"""How much farther the picture reaches than the path in it."""
NEW = 1e-6
"""A direction counts as new when it leads farther from those before it than this share of the path's extent."""


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
        """The nearest points of the plane, (P, 2), and the distances to them, (P,); all in float64."""
        directions_2N = exact(self.directions)
        offsets_PN = flats_PN - exact(self.center)
        points_P2 = offsets_PN @ torch.linalg.pinv(directions_2N)
        return points_P2, torch.linalg.vector_norm(offsets_PN - points_P2 @ directions_2N, dim=1)

    def explained_variance(self, trajectory: Trajectory) -> float | None:
        """The share of the path's variance that lies within the plane; None for a path without any."""
        offsets_TN = trajectory.flats - trajectory.flats.mean(0)
        total = float(offsets_TN.square().sum())
        basis_N2 = torch.linalg.qr(exact(self.directions).T).Q
        return min(1.0, float((offsets_TN @ basis_N2).square().sum()) / total) if total > 0 else None


def plane_of(
    kind: PlaneKind, measured: Measured, trajectory: Trajectory, *, seed: int = 0
) -> Generator[int, None, Plane]:
    """The plane of a kind through the measured checkpoint; `trajectory` are the snapshots of its run.

    Yields the number of products with the Hessian after each piece of work, where it needs some.

    random: two filter-normalized directions. pca: the main axes of the path. ends: through the start of the path and
    the best snapshot. hessian: along the eigenvectors of the most negative and the most positive curvature.
    """
    if kind == "random":
        directions = torch.stack([filter_normalized(measured, seed, place) for place in range(2)])
        return Plane(kind, measured.flat, directions, (1.0, 1.0))
    if kind == "hessian":
        return (yield from _along_eigenvectors(measured))
    if kind == "pca":
        return _with_path(kind, measured, trajectory, _main_axes(trajectory), seed)
    return _with_path(kind, measured, trajectory, trajectory.flats[[0, trajectory.best]] - exact(measured.flat), seed)


def filter_normalized(measured: Measured, seed: int, place: int) -> Tensor:
    """A random direction (N,) in which every filter, or row of a matrix, is as long as that of the weights.

    Biases and the parameters of normalizations stay as they are. Source: Li et al., Visualizing the Loss Landscape of
    Neural Nets, 2018, section 4. BadInput where all weights are zero.
    """
    found: dict[str, Tensor] = {}
    tensors = measured.tensors(measured.flat)
    if not any(weight.any() for weight in tensors.values() if weight.dim() > 1):
        raise BadInput(
            Text("There is no filter-normalized direction at update {step}.", step=measured.step),
            Text("All weights are zero there, and the direction would be as long as they are."),
            Text("Choose another update, or the plane of the eigenvectors."),
        )
    for name, weight in tensors.items():
        if weight.dim() < 2:
            found[name] = torch.zeros_like(weight)
            continue
        draws = generator("cpu", seed32(seed, "landscape", name, place))
        drawn = torch.randn(weight.shape, generator=draws, dtype=torch.float64).flatten(1)
        lengths = torch.linalg.vector_norm(weight.double().flatten(1), dim=1, keepdim=True).cpu()
        drawn *= lengths / torch.linalg.vector_norm(drawn, dim=1, keepdim=True)
        found[name] = drawn.view(weight.shape)
    return measured.flat_of(found)


def _along_eigenvectors(measured: Measured) -> Generator[int, None, Plane]:
    """Each direction reaches as far as its curvature alone would change the loss by its own size."""
    found = yield from extremes(measured)
    size = float(torch.linalg.vector_norm(measured.flat))
    bottom, top = found.values.tolist()
    below, above = (
        min(size, (2 * measured.loss_here / abs(value)) ** 0.5) if value else size for value in (bottom, top)
    )
    return Plane("hessian", measured.flat, found.vectors, (below, above), eigenvalues=(bottom, top))


def _main_axes(trajectory: Trajectory) -> Tensor:
    """The two main axes of a path (2, N), by the products of its few snapshots; no longer than rounding without any.

    Each points to where the path began.
    """
    offsets_TN = trajectory.flats - trajectory.flats.mean(0)
    _, vectors_TT = torch.linalg.eigh(offsets_TN @ offsets_TN.T)
    axes_2N = vectors_TT[:, [-1, max(-2, -len(vectors_TT))]].T @ offsets_TN
    return axes_2N * torch.where(axes_2N @ offsets_TN[0] < 0, -1.0, 1.0).unsqueeze(1)


def _with_path(kind: PlaneKind, measured: Measured, trajectory: Trajectory, wanted_2N: Tensor, seed: int) -> Plane:
    """A plane along two wanted directions that shows the whole path.

    One that adds no dimension is replaced by the way to the snapshot farthest from the line so far, or where the
    snapshots have no other dimension by a random direction.
    """
    ways_TN = trajectory.flats - exact(measured.flat)
    least = NEW * float(torch.linalg.vector_norm(ways_TN, dim=1).max())
    found: list[Tensor] = []
    lengths: list[float] = []
    notes: list[Text] = []
    for place in range(2):
        way, length = _farthest(wanted_2N[place : place + 1], found)[1:]
        if length <= least:
            farthest, way, length = _farthest(ways_TN, found)
            step = trajectory.steps[farthest]
            notes.append(Text("Start, end and best do not span a plane: update {step} is in it.", step=step))
        if length <= least:
            notes[-1] = Text("The path does not span a plane: direction {number} is random.", number=place + 1)
            _, way, length = _farthest(exact(filter_normalized(measured, seed, place)).unsqueeze(0), found)
        found.append(way / length)
        lengths.append(length)
    directions_2N = torch.stack(found)
    widths = (ways_TN @ directions_2N.T).abs().amax(0).tolist()
    reach = [MARGIN * width if width > least else length for width, length in zip(widths, lengths, strict=True)]
    return Plane(kind, measured.flat, directions_2N.to(measured.flat), (reach[0], reach[1]), tuple(notes))


def _farthest(ways_PN: Tensor, found: Sequence[Tensor]) -> tuple[int, Tensor, float]:
    """Of several ways the one that leads farthest from the orthonormal directions found so far.

    Its place, what of it is outside of them (N,), and how long that is.
    """
    for _ in range(2):  # Once more for what rounding left.
        for direction in found:
            ways_PN = ways_PN - torch.outer(ways_PN @ direction, direction)
    lengths_P = torch.linalg.vector_norm(ways_PN, dim=1)
    place = int(lengths_P.argmax())
    return place, ways_PN[place], float(lengths_P[place])
