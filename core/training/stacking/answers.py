"""Answers: what the present networks of several runs say to samples, in evaluation mode.

It works on a copy of the weights, so the runs need be no block, and may be any of those in one. As in an update, no bit
of a row depends on the rows beside it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import torch
from torch import Tensor, nn

from core.catalog.architectures.rows import Chain, FixedProduct, Rows, Several, forward_of, joined
from core.training.assembly import Assembly
from core.training.feed import EvaluatedRows

MOST_BYTES = 4 * 2**20
"""Of weights that are kept between two evaluations, and once more of samples beside each other, of both splits: with
more the products take long beside putting them together anew."""
MOST_KEPT = 8
"""Groups of runs: the largest stack is measured in seven."""


class Again:
    """Answers for whoever asks the same runs again and again."""

    def __init__(self) -> None:
        self._kept: dict[tuple[int, ...], Answers] = {}

    def of(self, several: Sequence[Assembly]) -> Answers:
        """The answers of these runs by their present weights."""
        key = tuple(map(id, several))
        found = self._kept.get(key)
        if found is not None and found.is_valid:
            found.renew()
            return found
        found = Answers(several)
        if found.num_bytes <= MOST_BYTES:
            self._kept.pop(key, None)
            while len(self._kept) >= MOST_KEPT:
                del self._kept[next(iter(self._kept))]
            self._kept[key] = found
        return found


class Samples:
    """The samples of a split on which several runs are measured, side by side, batch after batch.

    Runs of the same samples are given the very same ones. Those of others `are_joined` into one tensor, or are a list.
    """

    def __init__(self, several: Sequence[Assembly], split: int, *, are_joined: bool) -> None:
        self._marks = [one.data.hashes["validation"] for one in several]
        self._rows: dict[str, EvaluatedRows] = {}
        for mark, one in zip(self._marks, several, strict=True):
            self._rows.setdefault(mark, one.evaluated[split])
        # Where all runs have the same ones they are not copied, and who makes them says whether they are kept.
        is_copy = are_joined and len(self._rows) > 1
        num_bytes = sum(self._rows[mark].num_bytes for mark in self._marks)
        self._are_joined, self._are_kept = are_joined, is_copy and num_bytes <= MOST_BYTES // 2
        self._kept: list[tuple[Several, Tensor]] = []
        """Where they are few, what was put together once."""

    def __iter__(self) -> Iterator[tuple[Several, Tensor]]:
        """The inputs of all and their targets (R, B, …)."""
        if self._kept:
            yield from self._kept
            return
        found: list[tuple[Several, Tensor]] = []
        for batches in zip(*self._rows.values(), strict=True):
            of = dict(zip(self._rows, batches, strict=True))
            inputs: Several = [of[mark].inputs for mark in self._marks]
            pair = joined(inputs) if self._are_joined else inputs, joined([of[mark].targets for mark in self._marks])
            found += [pair] if self._are_kept else []
            yield pair
        self._kept = found


class Answers:
    """Networks of one shape as one function: (B, …) for each → (R, B, K). Between calls they are in training mode.

    `samples` are those that they are measured on: of training and of validation.
    """

    def __init__(self, several: Sequence[Assembly]) -> None:
        self._several, self._num_rows = several, len(several)
        self._revisions = self._present_revisions()
        self._weights = torch.stack([parts.frame.weights.all for parts in several])
        self._first = several[0].frame.weights.all.storage_offset()
        rows = Rows(self._product, drops=False)
        self._forward = forward_of([parts.model for parts in several], rows)
        # Modules that compute a row alone are given a tensor of its own: their bits depend on where it begins.
        are_joined = isinstance(self._forward, Chain)
        self.samples = Samples(several, 0, are_joined=are_joined), Samples(several, 1, are_joined=are_joined)

    @property
    def is_valid(self) -> bool:
        """Whether the runs still have the pieces that they had."""
        return self._revisions == self._present_revisions()

    @property
    def num_bytes(self) -> int:
        """Of the copied weights."""
        return self._weights.nbytes

    def renew(self) -> None:
        """Take the present weights."""
        torch.stack([parts.frame.weights.all for parts in self._several], out=self._weights)

    def __call__(self, inputs: Several) -> Tensor:
        # All others are the same in both modes, and going through their modules takes as long as a small product.
        modal = [parts.model for parts in self._several if parts.frame.statistics or parts.loop.dropouts]
        try:
            for model in modal:
                model.eval()
            return self._forward(inputs)
        finally:
            for model in modal:
                model.train()

    def _present_revisions(self) -> list[int]:
        return [parts.revision for parts in self._several]

    def _product(self, layer: nn.Linear) -> FixedProduct:
        return FixedProduct(self._rows_of(layer.weight), None if layer.bias is None else self._rows_of(layer.bias))

    def _rows_of(self, parameter: Tensor) -> Tensor:
        """A parameter of the first network, and those of the others at its place, as one view (R, …)."""
        shape = (self._num_rows, *parameter.shape)
        strides = (self._weights.stride(0), *parameter.stride())
        return self._weights.as_strided(shape, strides, parameter.storage_offset() - self._first)
