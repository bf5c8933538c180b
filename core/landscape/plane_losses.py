"""Losses at many points of a plane, as fast as the network allows.

A perceptron of usual size is computed at many points at once by stacked products, and its first layer is no product at
all: it is linear in the plane, (W₀ + αW₁ + βW₂) x + b₀ + αb₁ + βb₂ = Z₀ + αZ₁ + βZ₂.
Other networks go point by point, in pieces of the sample that stay in the processor's cache.

Shape letters: P points, R points computed at once, B samples, K outputs, I inputs, O outputs of a layer.
"""

from __future__ import annotations

from collections.abc import Generator

import torch
from torch import Tensor

from core.landscape.measured import Measured
from core.landscape.perceptron import hidden_layers, is_perceptron
from core.landscape.planes import Plane
from core.pieces import saying
from core.training.evaluation import PIECE_MULTIPLICATIONS

STACKED_BYTES = 4 * 2**20
"""What the widest layer gives out for the points computed at once: more leaves the cache, less waits for Python."""


@torch.no_grad()
def plane_losses(measured: Measured, plane: Plane, points_P2: Tensor) -> Generator[Tensor, None, None]:
    """The losses at points (α, β), in order, in pieces of work that take well under 0.2 s; some pieces end no point."""
    if len(points_P2):
        is_small = measured.num_samples * measured.multiplications <= PIECE_MULTIPLICATIONS
        losses = _stacked if is_small and is_perceptron(measured.network) else _point_by_point
        yield from losses(measured, plane, points_P2.to(measured.inputs))


# -- many points at once ---------------------------------------------------------------------------------------------


def _stacked(measured: Measured, plane: Plane, points_P2: Tensor) -> Generator[Tensor, None, None]:
    activations = [layer.activation for layer in hidden_layers(measured.network)]
    along = [measured.tensors(flat) for flat in (plane.center, *plane.directions)]
    first_3OI, bias_3O = (torch.stack([tensors[name] for tensors in along]) for name in measured.names[:2])
    images_3OB = torch.baddbmm(bias_3O.unsqueeze(2), first_3OI, measured.inputs.flatten(1).T.expand(3, -1, -1))
    yield images_3OB.new_empty(0)
    widest = max(shape[0] for shape in measured.shapes)
    at_once = STACKED_BYTES // (measured.num_samples * widest * measured.inputs.element_size())
    at_once = max(1, min(at_once, PIECE_MULTIPLICATIONS // (measured.num_samples * measured.multiplications)))
    sizes = [shape.numel() for shape in measured.shapes[2:]]
    later, laters = (flats[..., len(measured.flat) - sum(sizes) :] for flats in (plane.center, plane.directions))
    for points_R2 in points_P2.split(at_once):
        pieces = torch.addmm(later, points_R2, laters).split(sizes, 1)
        tensors = [piece.unflatten(1, shape) for piece, shape in zip(pieces, measured.shapes[2:], strict=True)]
        y_ROB = _images(points_R2, images_3OB)
        for activation, weight_ROI, bias_RO in zip(activations, tensors[::2], tensors[1::2], strict=True):
            y_ROB = torch.baddbmm(bias_RO.unsqueeze(2), weight_ROI, activation(y_ROB))
        losses_R = _losses(measured, y_ROB)
        yield losses_R + measured.penalty(plane.at(points_R2)) if measured.has_penalty else losses_R


def _images(points_R2: Tensor, images_3OB: Tensor) -> Tensor:
    """What the first layer makes of the samples at several points, (R, O, B); neighbours often share their β."""
    center_OB, first_OB, second_OB = images_3OB
    sums_ROB = center_OB.new_empty(len(points_R2), *center_OB.shape)
    betas, counts = points_R2[:, 1].unique_consecutive(return_counts=True)
    sizes, alpha_R11 = counts.tolist(), points_R2[:, 0].view(-1, 1, 1)
    rows = zip(betas.tolist(), alpha_R11.split(sizes), sums_ROB.split(sizes), strict=True)
    for beta, alpha_R11, row_ROB in rows:
        torch.addcmul(torch.add(center_OB, second_OB, alpha=beta), alpha_R11, first_OB, out=row_ROB)
    return sums_ROB


def _losses(measured: Measured, outputs_RKB: Tensor) -> Tensor:
    """The data losses at several points, (R,)."""
    targets = measured.targets.expand(len(outputs_RKB), *measured.targets.shape)
    if measured.is_cross_entropy:  # With samples beside each other, which the rows' losses would not keep so.
        return -outputs_RKB.log_softmax(1).gather(1, targets.unsqueeze(1)).mean((1, 2))
    return measured.row_criterion(outputs_RKB.transpose(1, 2), targets)


# -- point by point --------------------------------------------------------------------------------------------------


def _point_by_point(measured: Measured, plane: Plane, points_P2: Tensor) -> Generator[Tensor, None, None]:
    for point_12 in points_P2.split(1):
        flat = plane.at(point_12)[0]
        outputs_BK = yield from saying(flat.new_empty(0), measured.outputs_in_pieces(measured.tensors(flat)))
        yield measured.loss_of(outputs_BK, flat).unsqueeze(0)
