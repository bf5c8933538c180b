"""Rows: the layers of several networks of one shape computed at once, a row of the result for each network.

Products of dense layers are batched; every other layer goes row by row through the row's own module. No value of a row
depends on the rows beside it, down to the bit: matrices of a row begin where a solo tensor would begin, and functions
whose vectorized and scalar forms round differently never see the end of one row in the middle of a vector.

Shape letters: R rows, B batch, I inputs, O outputs; "…" is what one sample of the layer has.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from copy import copy
from typing import Any, cast

import torch
from torch import Tensor, nn

from core.catalog.regularizers.counter_dropout import BranchDropout, CounterDropout

ALIGNMENT = 64
"""Rows of a product begin at a multiple of so many bytes: matrix products depend on it, to the bit."""
WHOLE_VECTORS = 64
"""A row of a multiple of so many numbers is made of whole vectors on every CPU."""

Layer = Callable[[Tensor], Tensor]
"""A layer of all networks: (R, B, …) → (R, B, …)."""
Several = Sequence[Tensor] | Tensor
"""A tensor for each network, or all of them as one with the networks in front."""
Forward = Callable[[Several], Tensor]
"""All networks: inputs (B, …) of each → outputs (R, B, K). Inputs that are one tensor are read once."""


def forward_of(networks: Sequence[nn.Module], rows: Rows) -> Forward:
    """The networks as one function: their own `in_rows`, else one after the other."""
    if is_batched(networks[0]):
        return cast(Any, networks[0]).in_rows(rows, networks)
    return lambda inputs: joined([network(x) for network, x in zip(networks, inputs, strict=True)])


def is_batched(network: nn.Module) -> bool:
    """Whether the network says how several of its kind are computed at once; its linear layers then are `linear`."""
    return hasattr(network, "in_rows")


def joined(rows: Several) -> Tensor:
    """Tensors of one shape as one tensor with the rows in front."""
    if isinstance(rows, Tensor):
        return rows
    first = rows[0]
    if all(row is first for row in rows):
        return first.unsqueeze(0).expand(len(rows), *first.shape)
    return torch.stack(list(rows))


def is_whole(row_size: int) -> bool:
    """Whether a function of single numbers may be computed for all rows at once, by one thread, to the same bits."""
    return row_size % WHOLE_VECTORS == 0


class Rows:
    """Layers of several networks. `product` gives, for a linear layer of the first network, that of all."""

    def __init__(self, product: Callable[[nn.Linear], FixedProduct], *, drops: bool = True) -> None:
        self._product, self._drops = product, drops

    def linear(self, layer: nn.Linear) -> Layer:
        """A linear layer, named by that of the first network."""
        return self._product(layer)

    def output(self, layer: nn.Linear) -> Layer:
        """The last linear layer: its few outputs are computed with samples beside each other, as losses want them."""
        return self._product(layer).with_samples_beside_each_other

    def each(self, modules: Sequence[nn.Module]) -> Layer:
        """Every row through its own module."""
        return lambda x: torch.stack([module(row) for module, row in zip(modules, x.unbind(0), strict=True)])

    def elementwise(self, modules: Sequence[nn.Module]) -> Layer:
        """A function of single numbers; at once where that cannot change a bit."""
        each, first = self.each(modules), _in_place(modules[0])
        if isinstance(first, nn.ReLU):
            return _Relu.apply  # type: ignore[return-value]
        if next(first.parameters(), None) is not None:
            return each

        def at_once(x: Tensor) -> Tensor:
            return first(x) if is_whole(x.numel() // x.shape[0]) else each(x)

        return at_once

    def dropout(self, modules: Sequence[CounterDropout | None]) -> list[Layer]:
        """Dropout, each row with its own probability and generator, or without; no layer where nothing is dropped."""
        if not self._drops or not any(modules):
            return []
        whole_samples = any(isinstance(module, BranchDropout) for module in modules)

        def dropped(x: Tensor) -> Tensor:
            mask = torch.empty_like(x[..., :1] if whole_samples else x, memory_format=torch.contiguous_format)
            for module, row in zip(modules, mask.unbind(0), strict=True):
                if module is None:
                    row.fill_(1)
                else:
                    row.bernoulli_(1 - module.p, generator=module.generator).div_(1 - module.p)
            return x * mask

        return [dropped]


def _in_place(module: nn.Module) -> nn.Module:
    """The same function, writing over its input where it can: in a stack nobody else reads that."""
    if hasattr(module, "inplace"):
        module = copy(module)
        module.inplace = True  # type: ignore[assignment]
    return module


class FixedProduct:
    """The linear layers of all rows: y = x Wᵀ + b, weights (R, O, I), biases (R, O). They have no gradients."""

    def __init__(self, weight_ROI: Tensor, bias_RO: Tensor | None) -> None:
        self.weight, self.weight_transposed = weight_ROI, weight_ROI.transpose(1, 2)
        self.bias = None if bias_RO is None else bias_RO.unsqueeze(1)

    def __call__(self, x_RBI: Tensor) -> Tensor:
        return self.into(aligned_empty(self.weight, x_RBI.shape[1], self.weight.shape[1]), aligned(x_RBI))

    def with_samples_beside_each_other(self, x_RBI: Tensor) -> Tensor:
        """The same (R, B, O), in memory (R, O, B)."""
        y_ROB = aligned_empty(self.weight, self.weight.shape[1], x_RBI.shape[1])
        return self.transposed_into(y_ROB, aligned(x_RBI)).transpose(1, 2)

    def into(self, y_RBO: Tensor, x_RBI: Tensor) -> Tensor:
        """Write y into memory."""
        if self.bias is None:
            return torch.bmm(x_RBI, self.weight_transposed, out=y_RBO)
        return torch.baddbmm(self.bias, x_RBI, self.weight_transposed, out=y_RBO)

    def transposed_into(self, y_ROB: Tensor, x_RBI: Tensor) -> Tensor:
        """Write yᵀ = W xᵀ + b into memory."""
        if self.bias is None:
            return torch.bmm(self.weight, x_RBI.transpose(1, 2), out=y_ROB)
        return torch.baddbmm(self.bias.transpose(1, 2), self.weight, x_RBI.transpose(1, 2), out=y_ROB)


class Product(FixedProduct):
    """The same while the weights are trained.

    The backward pass writes the gradients of W and b where they belong; it does not add. `anchor` is any leaf of the
    graph, for the weights are none. Called again, it uses its memory again: keep no result beyond a step.
    """

    def __init__(
        self,
        anchor: Tensor,
        weight_ROI: Tensor,
        bias_RO: Tensor | None,
        weight_gradient: Tensor,
        bias_gradient: Tensor | None,
    ) -> None:
        super().__init__(weight_ROI, bias_RO)
        self._anchor = anchor
        self.weight_gradient, self.bias_gradient = weight_gradient, bias_gradient
        self._memory: dict[tuple[str, int], Tensor] = {}
        side_by_side = weight_gradient.new_empty(weight_gradient.shape)
        is_aligned = side_by_side[0].nbytes % ALIGNMENT == 0
        self._side_by_side = side_by_side if is_aligned and not weight_gradient.is_contiguous() else None

    def __call__(self, x_RBI: Tensor) -> Tensor:
        return _Product.apply(self._anchor, x_RBI, self)  # type: ignore[return-value]

    def with_samples_beside_each_other(self, x_RBI: Tensor) -> Tensor:
        return _Transposed.apply(self._anchor, x_RBI, self).transpose(1, 2)  # type: ignore[union-attr]

    def put_weight_gradient(self, dy_ROB: Tensor, x_RBI: Tensor) -> None:
        """Write the gradient of W, (R, O, I), where it belongs.

        By way of memory of its own, where all rows of that are aligned: torch multiplies them in one call only where
        the results lie side by side, and that and a copy is faster than a call for each.
        """
        side_by_side = self._side_by_side
        torch.bmm(dy_ROB, x_RBI, out=self.weight_gradient if side_by_side is None else side_by_side)
        if side_by_side is not None:
            self.weight_gradient.copy_(side_by_side)

    def outputs(self, batch: int) -> Tensor:
        """Memory for y, (R, batch, O), rows aligned."""
        return self._buffer("outputs", batch, self.weight.shape[1])

    def transposed_outputs(self, batch: int) -> Tensor:
        """Memory for yᵀ, (R, O, batch), rows aligned."""
        if ("transposed", batch) not in self._memory:
            self._memory["transposed", batch] = aligned_empty(self.weight, self.weight.shape[1], batch)
        return self._memory["transposed", batch].detach()

    def input_gradients(self, batch: int) -> Tensor:
        """Memory for the gradient of x, (R, batch, I), rows aligned."""
        return self._buffer("input_gradients", batch, self.weight.shape[2])

    def _buffer(self, what: str, batch: int, size: int) -> Tensor:
        if (what, batch) not in self._memory:
            self._memory[what, batch] = aligned_empty(self.weight, batch, size)
        # A new tensor on the same memory: what autograd notes of the last step's is not this one's.
        return self._memory[what, batch].detach()


def aligned(x: Tensor) -> Tensor:
    """The same values (R, B, I), every row beginning at a multiple of ALIGNMENT bytes; a copy where needed."""
    _, batch, size = x.shape
    unit = ALIGNMENT // x.element_size()
    row_stride, line_stride, stride = x.stride()
    is_regular = stride == 1 and line_stride in (size, -(-size // WHOLE_VECTORS) * WHOLE_VECTORS)
    if is_regular and row_stride % unit == 0 and x.storage_offset() % unit == 0:
        return x
    return aligned_empty(x, batch, size).copy_(x)


def aligned_empty(like: Tensor, batch: int, size: int) -> Tensor:
    """A new tensor (R, batch, size) whose rows begin at multiples of ALIGNMENT bytes; like: (R, …)."""
    unit = ALIGNMENT // like.element_size()
    length = -(-batch * size // unit) * unit
    return like.new_empty((like.shape[0], length)).as_strided((like.shape[0], batch, size), (length, size, 1))


class _Relu(torch.autograd.Function):
    """ReLU over its input; what it passes back lies where its output was, which nobody needs any more by then."""

    @staticmethod
    def forward(ctx: Any, x: Tensor) -> Tensor:  # pyright: ignore[reportIncompatibleMethodOverride]
        ctx.mark_dirty(x)
        ctx.y = x.relu_()
        return ctx.y

    @staticmethod
    def backward(ctx: Any, dy: Tensor) -> Any:  # pyright: ignore[reportIncompatibleMethodOverride]
        return torch.ops.aten.threshold_backward.grad_input(dy, ctx.y, 0.0, grad_input=ctx.y)


class _Product(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, anchor: Tensor, x_RBI: Tensor, product: Product) -> Tensor:  # pyright: ignore[reportIncompatibleMethodOverride]
        x_RBI = aligned(x_RBI)
        ctx.product, ctx.x_RBI = product, x_RBI
        return product.into(product.outputs(x_RBI.shape[1]), x_RBI)

    @staticmethod
    def backward(ctx: Any, dy_RBO: Tensor) -> Any:  # pyright: ignore[reportIncompatibleMethodOverride]
        product, x_RBI = ctx.product, ctx.x_RBI
        dy_RBO = aligned(dy_RBO)
        product.put_weight_gradient(dy_RBO.transpose(1, 2), x_RBI)
        if product.bias_gradient is not None:
            torch.sum(dy_RBO, 1, out=product.bias_gradient)
        if not ctx.needs_input_grad[1]:
            return None, None, None
        return None, torch.bmm(dy_RBO, product.weight, out=product.input_gradients(x_RBI.shape[1])), None


class _Transposed(torch.autograd.Function):
    """yᵀ = W xᵀ + b."""

    @staticmethod
    def forward(ctx: Any, anchor: Tensor, x_RBI: Tensor, product: Product) -> Tensor:  # pyright: ignore[reportIncompatibleMethodOverride]
        x_RBI = aligned(x_RBI)
        ctx.product, ctx.x_RBI = product, x_RBI
        return product.transposed_into(product.transposed_outputs(x_RBI.shape[1]), x_RBI)

    @staticmethod
    def backward(ctx: Any, dy_ROB: Tensor) -> Any:  # pyright: ignore[reportIncompatibleMethodOverride]
        product, x_RBI = ctx.product, ctx.x_RBI
        dy_ROB = aligned(dy_ROB)
        product.put_weight_gradient(dy_ROB, x_RBI)
        if product.bias_gradient is not None:
            torch.sum(dy_ROB, 2, out=product.bias_gradient)
        if not ctx.needs_input_grad[1]:
            return None, None, None
        return (
            None,
            torch.bmm(dy_ROB.transpose(1, 2), product.weight, out=product.input_gradients(x_RBI.shape[1])),
            None,
        )
