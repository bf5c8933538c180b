"""Gradient and Hessian products of a perceptron, written out: about twice as fast as through autograd's graph.

Layer i makes z = W a + b of what it is given, and hands on f(z), with samples beside each other. Where d is ∂L/∂z, and
r_z and r_d are what z and d change by along v, with primes for the layer after:

    r_z = V a + v_b + W r_a,    r_a' = f'(z) r_z
    r_d = f'(z) (W'ᵀ r_d' + V'ᵀ d') + f''(z) r_z (W'ᵀ d')
    H v = r_d aᵀ + d r_aᵀ for the weights, Σ r_d for the biases

Source: Pearlmutter, Fast Exact Multiplication by the Hessian, 1994, section 4. Shape letters: N parameters, B samples,
K outputs of the network, I inputs, O outputs of a layer.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from core.landscape.measured import Measured
from core.landscape.perceptron import hidden_layers, is_perceptron


def is_dense(measured: Measured) -> bool:
    """Whether the loss is that of linear layers and fixed functions of single numbers, without a penalty."""
    return is_perceptron(measured.network) and not measured.has_penalty


class DenseDerivatives:
    """The gradient of a share of the measured loss where it stands, and products of its Hessian with vectors.

    Kept for each layer: W, a and d; for each hidden one f'(z), and f''(z) W'ᵀd' or None where that is 0 everywhere.
    Kept too are places for v and H v with views of their pieces: to make these anew takes a tenth of a small product.
    """

    @torch.no_grad()
    def __init__(self, measured: Measured, share: float) -> None:
        self._sizes = [shape.numel() for shape in measured.shapes]
        self._shapes = measured.shapes[::2]
        self._weights, biases = self._split(measured.flat)
        self._given = [measured.inputs.flatten(1).T]
        self._slopes: list[Tensor] = []
        self._bends: list[Tensor | None] = []
        activations = [layer.activation for layer in hidden_layers(measured.network)]
        for place, bias_O in enumerate(biases):
            z_OB = torch.addmm(bias_O.unsqueeze(1), self._weights[place], self._given[place])
            if place < len(activations):
                a_OB, slope_OB, bend_OB = _through(activations[place], z_OB)
                self._given.append(a_OB)
                self._slopes.append(slope_OB)
                self._bends.append(bend_OB)
        self._vector, self._product = measured.flat.clone(), measured.flat.clone()
        self._along, biases_along = self._split(self._vector)
        self._biases_along = [bias_O.unsqueeze(1) for bias_O in biases_along]
        self._by_weights, self._by_biases = self._split(self._product)
        self._loss = (_CrossEntropy if measured.is_cross_entropy else _AnyLoss)(measured, share, z_OB)
        self._deltas = [self._loss.gradient_KB]
        for weight_OI, slope_IB, bend_IB in zip(
            self._weights[:0:-1], reversed(self._slopes), reversed(self._bends), strict=True
        ):
            d_IB = weight_OI.T @ self._deltas[0]
            if bend_IB is not None:
                bend_IB.mul_(d_IB)
            self._deltas.insert(0, d_IB.mul_(slope_IB))

    @torch.no_grad()
    def gradient(self) -> Tensor:
        """(N,)."""
        found: list[Tensor] = []
        for d_OB, a_IB in zip(self._deltas, self._given, strict=True):
            found += (d_OB @ a_IB.T).flatten(), d_OB.sum(1)
        return torch.cat(found)

    @torch.no_grad()
    def product(self, vector: Tensor) -> Tensor:
        """H · vector, (N,)."""
        self._vector.copy_(vector)
        changed_z: list[Tensor] = []
        changed_a: list[Tensor] = []
        for place, along_OI in enumerate(self._along):
            r_OB = torch.addmm(self._biases_along[place], along_OI, self._given[place])
            if place:
                changed_a.append(changed_z[-1] * self._slopes[place - 1])
                r_OB.addmm_(self._weights[place], changed_a[-1])
            changed_z.append(r_OB)
        r_OB = self._loss.change(changed_z[-1])
        for place in reversed(range(len(self._along))):
            torch.mm(r_OB, self._given[place].T, out=self._by_weights[place])
            torch.sum(r_OB, 1, out=self._by_biases[place])
            if place:
                self._by_weights[place].addmm_(self._deltas[place], changed_a[place - 1].T)
                r_OB = (self._weights[place].T @ r_OB).addmm_(self._along[place].T, self._deltas[place])
                r_OB.mul_(self._slopes[place - 1])
                bend_OB = self._bends[place - 1]
                if bend_OB is not None:
                    r_OB.addcmul_(bend_OB, changed_z[place - 1])
        return self._product.clone()

    def _split(self, flat: Tensor) -> tuple[list[Tensor], Sequence[Tensor]]:
        """The weights (O, I) and the biases (O,) of all layers, as views of a tensor (N,)."""
        pieces = flat.split(self._sizes)
        return [piece.view(shape) for piece, shape in zip(pieces[::2], self._shapes, strict=True)], pieces[1::2]


def _through(activation: nn.Module, z: Tensor) -> tuple[Tensor, Tensor, Tensor | None]:
    """f(z), f'(z), and f''(z), None where that is 0 everywhere."""
    if isinstance(activation, nn.ReLU):
        value = z.relu_()
        return value, value.sign(), None
    with torch.enable_grad():
        z = z.requires_grad_()
        value = activation(z)
        (slope,) = torch.autograd.grad(value.sum(), z, create_graph=True)
        if not slope.requires_grad:
            return value.detach(), slope, None
        (bend,) = torch.autograd.grad(slope.sum(), z, materialize_grads=True)
    return value.detach(), slope.detach(), bend if bend.any() else None


class _CrossEntropy:
    """A share of the mean cross-entropy as a function of the outputs; the targets are classes."""

    def __init__(self, measured: Measured, share: float, outputs_KB: Tensor) -> None:
        targets_1B = measured.targets.unsqueeze(0)
        share /= measured.num_samples
        self._p_KB = outputs_KB.softmax(0)
        self._shared_KB = self._p_KB * share
        less_1B = self._p_KB.new_full((), -share).expand_as(targets_1B)
        self.gradient_KB = self._shared_KB.scatter_add(0, targets_1B, less_1B)

    def change(self, r_KB: Tensor) -> Tensor:
        """What the gradient changes by when the outputs change by r."""
        changed_KB = self._shared_KB * r_KB
        return changed_KB.addcmul_(self._p_KB, changed_KB.sum(0), value=-1)


class _AnyLoss:
    """A share of another loss as a function of the outputs."""

    def __init__(self, measured: Measured, share: float, outputs_KB: Tensor) -> None:
        with torch.enable_grad():
            self._outputs_KB = outputs_KB.detach().requires_grad_()
            loss = share * measured.criterion(self._outputs_KB.T, measured.targets)
            (self._gradient_KB,) = torch.autograd.grad(loss, self._outputs_KB, create_graph=True)
        self.gradient_KB = self._gradient_KB.detach()

    def change(self, r_KB: Tensor) -> Tensor:
        """What the gradient changes by when the outputs change by r."""
        if not self._gradient_KB.requires_grad:
            return torch.zeros_like(r_KB)
        (changed_KB,) = torch.autograd.grad(
            self._gradient_KB, self._outputs_KB, r_KB, retain_graph=True, materialize_grads=True
        )
        return changed_KB
