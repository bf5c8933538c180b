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
Criterion = Callable[[Tensor, Tensor], Tensor]
"""Outputs (R, B, K) and targets (R, B, …) → losses (R,)."""


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


def through(layers: Sequence[Layer], x: Tensor) -> Tensor:
    """Through one layer after another."""
    for layer in layers:
        x = layer(x)
    return x


class Written:
    """A layer whose way back is written down. It can be part of a graph; where all are such, there need be none."""

    anchor: Tensor | None = None
    """A leaf for the graph, where the layer has weights: they are no leaves."""

    def forward(self, x: Tensor) -> tuple[Tensor, Any]:
        """What becomes of x, and what the way back needs of that."""
        raise NotImplementedError

    def backward(self, dy: Tensor, kept: Any, *, to_input: bool) -> Tensor | None:
        """The gradient of x from that of the result, where it is wanted."""
        raise NotImplementedError

    def __call__(self, x: Tensor) -> Tensor:
        if not torch.is_grad_enabled():
            return self.forward(x)[0]
        return _InGraph.apply(self.anchor, x, self)  # type: ignore[return-value]


class WrittenLoss:
    """A criterion that, for some targets, is a written layer."""

    def written(self, targets: Tensor) -> Written | None:
        """The losses of outputs (R, B, K) as a layer."""
        raise NotImplementedError


class Chain:
    """Networks whose layers follow each other, as one function."""

    def __init__(self, layers: Sequence[Layer]) -> None:
        self._layers = layers
        self._written = [layer for layer in layers if isinstance(layer, Written)]

    def __call__(self, inputs: Several) -> Tensor:
        return through(self._layers, joined(inputs).flatten(2))

    def written(self, criterion: Criterion, targets: Tensor) -> list[Written] | None:
        """The layers with the criterion as the last one; None where one of them is not written."""
        loss = criterion.written(targets) if isinstance(criterion, WrittenLoss) else None
        return [*self._written, loss] if loss and len(self._written) == len(self._layers) else None


def differentiated(forward: Forward, criterion: Criterion, inputs: Several, targets: Tensor, ones: Tensor) -> Tensor:
    """The losses (R,), like `ones`; the gradients of their sum stand where they belong.

    Where all layers are written there is no graph: keeping one takes as long as the products of a small network. What
    is computed is the same.
    """
    written = forward.written(criterion, targets) if isinstance(forward, Chain) else None
    if written is None:
        losses = criterion(forward(inputs), targets)
        torch.autograd.backward(losses, ones)
        return losses.detach()
    x, dy, kept = joined(inputs).flatten(2), ones, []
    with torch.no_grad():
        for layer in written:
            x, needed = layer.forward(x)
            kept.append(needed)
        for place in range(len(written) - 1, -1, -1):
            dy = cast(Tensor, written[place].backward(dy, kept[place], to_input=place > 0))
    return x


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
        return self._product(layer).as_output()

    def each(self, modules: Sequence[nn.Module]) -> Layer:
        """Every row through its own module."""
        return lambda x: torch.stack([module(row) for module, row in zip(modules, x.unbind(0), strict=True)])

    def elementwise(self, modules: Sequence[nn.Module]) -> Layer:
        """A function of single numbers; at once where that cannot change a bit."""
        each, first = self.each(modules), _in_place(modules[0])
        if isinstance(first, nn.ReLU):
            return _Relu()
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

    def as_output(self) -> Layer:
        """The same (R, B, O), in memory (R, O, B)."""

        def with_samples_beside_each_other(x_RBI: Tensor) -> Tensor:
            y_ROB = aligned_empty(self.weight, self.weight.shape[1], x_RBI.shape[1])
            return self.transposed_into(y_ROB, aligned(x_RBI)).transpose(1, 2)

        return with_samples_beside_each_other

    def into(self, y_RBO: Tensor, x_RBI: Tensor) -> Tensor:
        """Write y into memory."""
        return multiplied(x_RBI, self.weight_transposed, self.bias, out=y_RBO)

    def transposed_into(self, y_ROB: Tensor, x_RBI: Tensor) -> Tensor:
        """Write yᵀ = W xᵀ + b into memory."""
        bias = None if self.bias is None else self.bias.transpose(1, 2)
        return multiplied(self.weight, x_RBI.transpose(1, 2), bias, out=y_ROB)


class Product(Written, FixedProduct):
    """The same while the weights are trained.

    The way back writes the gradients of W and b where they belong; it does not add. Called again, it uses its memory
    again: keep no result beyond a step.
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
        self.anchor = anchor
        self.weight_gradient, self.bias_gradient = weight_gradient, bias_gradient
        self._memory: dict[tuple[str, int, int], Tensor] = {}
        side_by_side = weight_gradient.new_empty(weight_gradient.shape)
        is_aligned = side_by_side[0].nbytes % ALIGNMENT == 0
        self._side_by_side = side_by_side if is_aligned and not weight_gradient.is_contiguous() else None

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        x_RBI = aligned(x)
        batch, size = x_RBI.shape[1], self.weight.shape[1]
        return self.into(self.memory("outputs", batch, size), x_RBI), x_RBI

    def backward(self, dy: Tensor, kept: Tensor, *, to_input: bool) -> Tensor | None:
        dy_RBO = aligned(dy)
        self.put_weight_gradient(dy_RBO.transpose(1, 2), kept)
        if self.bias_gradient is not None:
            torch.sum(dy_RBO, 1, out=self.bias_gradient)
        return self.input_gradient(dy_RBO) if to_input else None

    def as_output(self) -> Layer:
        return _Transposed(self)

    def put_weight_gradient(self, dy_ROB: Tensor, x_RBI: Tensor) -> None:
        """Write the gradient of W, (R, O, I), where it belongs.

        By way of memory of its own, where all rows of that are aligned: torch multiplies them in one call only where
        the results lie side by side, and that and a copy is faster than a call for each.
        """
        side_by_side = self._side_by_side
        multiplied(dy_ROB, x_RBI, out=self.weight_gradient if side_by_side is None else side_by_side)
        if side_by_side is not None:
            self.weight_gradient.copy_(side_by_side)

    def input_gradient(self, dy_RBO: Tensor) -> Tensor:
        """The gradient of x, (R, B, I)."""
        batch, size = dy_RBO.shape[1], self.weight.shape[2]
        return multiplied(dy_RBO, self.weight, out=self.memory("input_gradients", batch, size))

    def memory(self, what: str, batch: int, size: int) -> Tensor:
        """The same memory (R, batch, size), rows aligned, in every step."""
        if (what, batch, size) not in self._memory:
            self._memory[what, batch, size] = aligned_empty(self.weight, batch, size)
        return self._memory[what, batch, size]


class _Transposed(Written):
    """A product whose results lie in memory as yᵀ = W xᵀ + b."""

    def __init__(self, product: Product) -> None:
        self._product, self.anchor = product, product.anchor

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        x_RBI, product = aligned(x), self._product
        y_ROB = product.memory("transposed", product.weight.shape[1], x_RBI.shape[1])
        return product.transposed_into(y_ROB, x_RBI).transpose(1, 2), x_RBI

    def backward(self, dy: Tensor, kept: Tensor, *, to_input: bool) -> Tensor | None:
        product, dy_ROB = self._product, aligned(dy.transpose(1, 2))
        product.put_weight_gradient(dy_ROB, kept)
        if product.bias_gradient is not None:
            torch.sum(dy_ROB, 2, out=product.bias_gradient)
        return product.input_gradient(dy_ROB.transpose(1, 2)) if to_input else None


def multiplied(left: Tensor, right: Tensor, bias: Tensor | None = None, *, out: Tensor) -> Tensor:
    """left · right + bias of all rows, (R, M, K) · (R, K, N), written to `out`.

    One row alone is computed twice where a side is 1: MKL has another routine for a single product of vectors, which
    rounds differently on some processors.
    """
    if left.shape[0] == 1 and 1 in (*left.shape[1:], right.shape[2]):
        twice = [None if tensor is None else tensor.expand(2, *tensor.shape[1:]) for tensor in (left, right, bias)]
        both = aligned_empty(out.expand(2, *out.shape[1:]), *out.shape[1:])
        return out.copy_(multiplied(*twice, out=both)[:1])  # type: ignore[arg-type]
    return torch.bmm(left, right, out=out) if bias is None else torch.baddbmm(bias, left, right, out=out)


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


class _Relu(Written):
    """ReLU over its input; what it passes back lies where its output was, which nobody needs any more by then."""

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        y = x.relu_()
        return y, y

    def backward(self, dy: Tensor, kept: Tensor, *, to_input: bool) -> Tensor:
        return torch.ops.aten.threshold_backward.grad_input(dy, kept, 0.0, grad_input=kept)


class _InGraph(torch.autograd.Function):
    """A written layer as a part of a graph."""

    @staticmethod
    def forward(ctx: Any, anchor: Tensor | None, x: Tensor, layer: Written) -> Tensor:  # pyright: ignore[reportIncompatibleMethodOverride]
        y, ctx.kept = layer.forward(x)
        ctx.layer = layer
        if y is x:
            ctx.mark_dirty(x)
            return y
        # A new tensor on the same memory: what autograd notes of the last step's is not this one's.
        return y.detach()

    @staticmethod
    def backward(ctx: Any, dy: Tensor) -> Any:  # pyright: ignore[reportIncompatibleMethodOverride]
        return None, ctx.layer.backward(dy, ctx.kept, to_input=ctx.needs_input_grad[1]), None
