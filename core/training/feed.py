"""Feed: which samples each update sees, as a batch on the device, scaled."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import cached_property

import torch
from torch import Tensor

from core.seeding import generator, seed32
from core.training.batch import Batch

SCALED_BYTES = 4 * 2**20
"""So much memory several feeds may hold of a data set that is scaled once in place of every batch."""
KEPT_BYTES = 32 * 2**20
"""So much memory one run may hold of samples that are evaluated again and again, already scaled."""


class Feed:
    """Batches of the training split in an order drawn per pass from (seed, "order", number of the pass).

    With `shuffles` False every pass goes class by class.

    The last batch of an epoch may be smaller; a remainder of one sample joins the batch before it, because batch
    statistics of a single sample do not exist.
    """

    def __init__(
        self,
        inputs: Tensor,
        targets: Tensor,
        train: Tensor,
        shift: Tensor | None,
        factor: Tensor,
        batch_size: int,
        seed: int,
        *,
        channels_last: bool = False,
        shuffles: bool = True,
    ) -> None:
        self._inputs, self._targets, self._train = inputs, targets, train
        self._channels_last, self._shuffles = channels_last, shuffles
        self._shift, self._factor = shift, factor
        self._seed = seed
        self._sizes = batch_sizes(train.shape[0], batch_size)
        self.steps_per_epoch = len(self._sizes)
        self._first_step = self._first_pass = 0
        self._generator = generator("cpu" if train.is_meta else train.device, 0)
        self._epoch = -1
        self._order: tuple[Tensor, ...] = ()

    def batch(self, step: int) -> Batch:
        """The batch of update `step` (counted from 0): inputs (B, …) scaled, targets, rows of the data set (B,)."""
        return self.rows(self.drawn(step))

    def drawn(self, step: int) -> Tensor:
        """The rows of the data set (B,) that are the batch of update `step`."""
        epoch, place = divmod(step - self._first_step, self.steps_per_epoch)
        epoch += self._first_pass
        if epoch != self._epoch:
            self._draw_order(epoch)
        return self._order[place]

    @property
    def stream(self) -> tuple[int, ...]:
        """Feeds of the same data with equal streams give equal batches at equal steps."""
        return self._seed, self._first_step, self._first_pass, self._sizes[0], self.steps_per_epoch

    def size(self, step: int) -> int:
        """How many samples the batch of update `step` has."""
        return self._sizes[(step - self._first_step) % self.steps_per_epoch]

    def begin_anew(self, batch_size: int, step: int) -> None:
        """After `step` updates begin a new pass, with the next order, in batches of another size."""
        passes, place = divmod(step - self._first_step, self.steps_per_epoch)
        self._first_pass += passes + (place > 0)
        self._first_step = step
        self._sizes = batch_sizes(self._train.shape[0], batch_size)
        self.steps_per_epoch = len(self._sizes)
        self._epoch = -1

    def scaled(self, inputs: Tensor) -> Tensor:
        """(x − shift) · factor, in the run's number format."""
        scaled = _scaled(inputs, self._shift, self._factor)
        return scaled.contiguous(memory_format=torch.channels_last) if self._channels_last else scaled

    def rows(self, rows: Tensor) -> Batch:
        """Any rows of the data set, scaled, not augmented."""
        return Batch(self.scaled(self._inputs.index_select(0, rows)), self._targets.index_select(0, rows), rows)

    def pieces(self, rows: Tensor, size: int) -> EvaluatedRows:
        """Rows of the data set (N,) in a fixed order, in batches of at most `size`, to be gone through many times."""
        num_bytes = rows.shape[0] * self._inputs[:1].numel() * self._factor.element_size()
        return EvaluatedRows(self, rows.split(size), num_bytes)

    def _draw_order(self, epoch: int) -> None:
        if self._shuffles:
            self._generator.manual_seed(seed32(self._seed, "order", counter=epoch))
            order = torch.randperm(self._train.shape[0], generator=self._generator, device=self._train.device)
        else:
            order = self._targets.index_select(0, self._train).argsort(stable=True)
        self._order = self._train.index_select(0, order).split(self._sizes)
        self._epoch = epoch


def _scaled(inputs: Tensor, shift: Tensor | None, factor: Tensor) -> Tensor:
    if inputs.dtype == factor.dtype:
        return inputs * factor if shift is None else (inputs - shift).mul_(factor)
    # Into the number format first: twice as fast as arithmetic between two formats.
    scaled = torch.empty_like(inputs, dtype=factor.dtype).copy_(inputs)
    if shift is not None:
        scaled.sub_(shift)
    return scaled.mul_(factor)


class Feeds:
    """Feeds that draw different samples of one data set, or draw them in another order: a batch of each in one go.

    Their values are those of `Feed.batch`, row by row.
    """

    def __init__(self, feeds: Sequence[Feed]) -> None:
        self._feeds = feeds
        self._inputs, self._targets = feeds[0]._inputs, feeds[0]._targets
        shifts = [feed._shift for feed in feeds if feed._shift is not None]
        self._shift = torch.stack(shifts).unsqueeze(1) if shifts else None
        self._factor = torch.stack([feed._factor for feed in feeds]).unsqueeze(1)

    @staticmethod
    def are_beside(feeds: Sequence[Feed]) -> bool:
        """Whether they draw from the same tensors, which are scaled by the same rule."""
        return len({(id(feed._inputs), id(feed._targets), feed._shift is None) for feed in feeds}) == 1 and not any(
            feed._channels_last for feed in feeds
        )

    def batch(self, first: int, last: int, step: int) -> Batch:
        """The batches of update `step` of the feeds from `first` up to `last`, of one size, with the feeds in front."""
        rows = torch.cat([feed.drawn(step) for feed in self._feeds[first:last]])
        samples = self._inputs if self._scaled is None else self._scaled
        inputs, targets = (
            tensor.index_select(0, rows).view(last - first, -1, *tensor.shape[1:])
            for tensor in (samples, self._targets)
        )
        if self._scaled is None:
            shift = None if self._shift is None else self._shift[first:last]
            inputs = _scaled(inputs, shift, self._factor[first:last])
        return Batch(inputs, targets, rows.view(last - first, -1))

    @cached_property
    def _scaled(self) -> Tensor | None:
        """All samples, scaled once in place of every batch; None where they are many, or a feed scales otherwise."""
        one = self._feeds[0]
        num_bytes = self._inputs.numel() * one._factor.element_size()
        is_one_scale = num_bytes <= SCALED_BYTES and all(_scale_alike(one, feed) for feed in self._feeds)
        return one.scaled(self._inputs) if is_one_scale else None


def _scale_alike(one: Feed, other: Feed) -> bool:
    """Whether feeds that are beside each other scale with the same numbers."""
    is_shifted_alike = one._shift is None or other._shift is None or torch.equal(one._shift, other._shift)
    return is_shifted_alike and torch.equal(one._factor, other._factor)


def batch_sizes(count: int, batch_size: int) -> list[int]:
    """The sizes of the batches of one pass over `count` samples."""
    starts = list(range(0, count, batch_size))
    if batch_size > 1 and len(starts) > 1 and count - starts[-1] == 1:
        starts.pop()
    return [end - start for start, end in zip(starts, [*starts[1:], count], strict=True)]


class EvaluatedRows:
    """Batches in the same order each time, scaled anew or, where they are small, once: the same values either way."""

    def __init__(self, feed: Feed, pieces: Sequence[Tensor], num_bytes: int) -> None:
        self._feed, self._pieces, self.num_bytes = feed, pieces, num_bytes
        self._is_kept = num_bytes <= KEPT_BYTES // 2
        self._kept: list[Batch] = []

    def __iter__(self) -> Iterator[Batch]:
        for place, rows in enumerate(self._pieces):
            if place < len(self._kept):
                yield self._kept[place]
                continue
            batch = self._feed.rows(rows)
            if self._is_kept:
                self._kept.append(batch)
            yield batch
