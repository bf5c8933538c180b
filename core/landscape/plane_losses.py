"""Losses at many points of a plane, as fast as the network allows.

Where all parameters belong to linear layers of usual sizes, many points are computed at once by stacked products, and
the first layer is no product at all: it is linear in the plane, (W₀ + αW₁ + βW₂) x + b₀ + αb₁ + βb₂ = Z₀ + αZ₁ + βZ₂.
Other networks go point by point, in pieces of the sample that stay in the processor's cache.

Shape letters: P points, R points computed at once, B samples, K outputs, I inputs, O outputs of a layer.
"""

from __future__ import annotations

from collections.abc import Generator

import torch
from torch import Tensor, nn
from torch.func import functional_call

from core.catalog.architectures.rows import FixedProduct, Forward, Rows, forward_of, is_batched
from core.landscape.measured import Measured
from core.landscape.planes import Plane
from core.training.evaluation import PIECE_MULTIPLICATIONS, piece_size

STACKED_BYTES = 2 * 2**20
"""What the widest layer gives out for the points computed at once: more leaves the cache, less waits for Python."""


@torch.no_grad()
def plane_losses(measured: Measured, plane: Plane, points_P2: Tensor) -> Generator[Tensor, None, None]:
    """The losses at points (α, β), in order, in pieces of work that take well under 0.2 s; some pieces end no point."""
    if len(points_P2):
        is_small = measured.num_samples * measured.multiplications <= PIECE_MULTIPLICATIONS
        losses = _stacked if is_small and _is_linear_throughout(measured.network) else _point_by_point
        yield from losses(measured, plane, points_P2.to(measured.inputs))


def _is_linear_throughout(network: nn.Module) -> bool:
    """Whether nothing but linear layers has parameters, and the network says how several are computed at once."""
    owners = [module for module in network.modules() if next(module.parameters(recurse=False), None) is not None]
    return is_batched(network) and all(isinstance(module, nn.Linear) for module in owners)


# -- many points at once ---------------------------------------------------------------------------------------------


def _stacked(measured: Measured, plane: Plane, points_P2: Tensor) -> Generator[Tensor, None, None]:
    along = [measured.tensors(flat) for flat in (plane.center, *plane.directions)]
    named = [(name, layer) for name, layer in measured.network.named_modules() if isinstance(layer, nn.Linear)]
    layers = {layer: (_Products if place else _Images)(along, name) for place, (name, layer) in enumerate(named)}
    images = layers[named[0][1]]
    assert isinstance(images, _Images)
    images.of(measured.inputs.flatten(1))
    widest = max(layer.out_features for layer in layers)
    at_once = max(1, STACKED_BYTES // (measured.num_samples * widest * measured.inputs.element_size()))
    rows = Rows(layers.__getitem__, drops=False)
    forwards: dict[int, Forward] = {}
    for points_R2 in points_P2.split(at_once):
        num_points = len(points_R2)
        for layer in layers.values():
            layer.move_to(points_R2)
        if num_points not in forwards:
            forwards[num_points] = forward_of([measured.network] * num_points, rows)
        outputs_RBK = forwards[num_points]([measured.inputs] * num_points)
        losses_R = measured.row_criterion(outputs_RBK, measured.targets.expand(num_points, *measured.targets.shape))
        yield losses_R + measured.penalty(plane.at(points_R2)) if measured.has_penalty else losses_R


class _Products(FixedProduct):
    """A linear layer at several points. Its outputs lie with samples beside each other: the fastest without training.

    `along` are the tensors of the network at the center and along both directions.
    """

    def __init__(self, along: list[dict[str, Tensor]], name: str) -> None:
        self._weight_3OI = torch.stack([tensors[f"{name}.weight"] for tensors in along])
        biases = [tensors[f"{name}.bias"] for tensors in along if f"{name}.bias" in tensors]
        self._bias_3O1 = torch.stack(biases).unsqueeze(2) if biases else None

    def move_to(self, points_R2: Tensor) -> None:
        """Be the layer at these points (α, β)."""
        self._weight_ROI = _at(points_R2, self._weight_3OI)
        self._bias_RO1 = None if self._bias_3O1 is None else _at(points_R2, self._bias_3O1)

    def __call__(self, x_RBI: Tensor) -> Tensor:
        x_RIB = x_RBI.transpose(1, 2)
        if self._bias_RO1 is None:
            return torch.bmm(self._weight_ROI, x_RIB).transpose(1, 2)
        return torch.baddbmm(self._bias_RO1, self._weight_ROI, x_RIB).transpose(1, 2)

    def with_samples_beside_each_other(self, x_RBI: Tensor) -> Tensor:
        return self(x_RBI)


class _Images(_Products):
    """The first layer at several points: sums of what it makes of the samples at the center and along both ways."""

    def of(self, x_BI: Tensor) -> None:
        """Take these samples."""
        z_3OB = self._weight_3OI @ x_BI.T
        self._images_3OB = z_3OB if self._bias_3O1 is None else z_3OB.add_(self._bias_3O1)

    def move_to(self, points_R2: Tensor) -> None:
        self._points = points_R2.tolist()

    def __call__(self, x_RBI: Tensor) -> Tensor:
        center_OB, first_OB, second_OB = self._images_3OB
        sums_ROB = center_OB.new_empty(len(self._points), *center_OB.shape)
        row_beta, row_OB = 0.0, center_OB
        for (alpha, beta), sum_OB in zip(self._points, sums_ROB, strict=True):
            if beta != row_beta:
                row_beta, row_OB = beta, torch.add(center_OB, second_OB, alpha=beta)
            torch.add(row_OB, first_OB, alpha=alpha, out=sum_OB)
        return sums_ROB.transpose(1, 2)


def _at(points_R2: Tensor, along: Tensor) -> Tensor:
    """A tensor at several points: (R, …) of its values at the center and along both directions, (3, …)."""
    flat = along.flatten(1)
    return torch.addmm(flat[0], points_R2, flat[1:]).view(-1, *along.shape[1:])


# -- point by point --------------------------------------------------------------------------------------------------


def _point_by_point(measured: Measured, plane: Plane, points_P2: Tensor) -> Generator[Tensor, None, None]:
    size = piece_size(measured.multiplications, measured.inputs.device.type)
    # Statistics of the sample are those of the whole sample.
    pieces = size if measured.batch_norm == "frozen" else measured.num_samples
    batches = list(zip(measured.inputs.split(pieces), measured.targets.split(pieces), strict=True))
    for point_12 in points_P2.split(1):
        flat = plane.at(point_12)[0]
        tensors = measured.tensors(flat)
        total = flat.new_zeros(())
        for place, (inputs, targets) in enumerate(batches):
            if place:
                yield total.new_empty(0)
            loss = measured.criterion(functional_call(measured.network, tensors, inputs), targets)
            total += loss * (len(targets) / measured.num_samples)
        yield (total + measured.penalty(flat) if measured.has_penalty else total).unsqueeze(0)
