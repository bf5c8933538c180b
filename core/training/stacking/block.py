"""Block: runs of one kind with their tensors as rows of common matrices; and their update.

The pieces of each run stay what they are, and are views of its row: evaluation, snapshots, guard and recorder of a run
work as in a solo run. Nothing here reads a tensor back.
"""

from __future__ import annotations

import time
from collections.abc import Hashable, Iterator, Sequence
from dataclasses import replace
from itertools import pairwise
from typing import TYPE_CHECKING, cast

import torch
from torch import Tensor, nn

from core.catalog.architectures.rows import (
    Forward,
    Product,
    Rows,
    Several,
    differentiated,
    forward_of,
    is_batched,
    joined,
)
from core.catalog.losses import Loss, default_loss
from core.catalog.optimizers.optimizer import Optimizer
from core.seeding import seed32
from core.training.batch import Batch
from core.training.feed import Feeds
from core.training.flat import ALIGNMENT
from core.training.instruments.norms import total_norm
from core.training.recorder import BLOCK_ROWS
from core.training.stacking.guards import Guards
from core.training.stacking.matrix import Matrix, matrices
from core.training.stacking.norms import RowNorms
from core.training.stacking.rules import Row, Rules

if TYPE_CHECKING:
    from core.training.run import Run


class Block:
    """Runs as rows. Making it moves their tensors; a block that had them before is of no use after that."""

    def __init__(self, runs: Sequence[Run]) -> None:
        # Rules without a kernel are computed for all their rows at once, and batches of one shape, which must lie
        # beside each other.
        self.runs = sorted(runs, key=lambda run: (type(run.current.optimizer).__name__, run.parts.data.num_train))
        self._parts = [run.parts for run in self.runs]
        self._loops = [parts.loop for parts in self._parts]
        self._networks = [loop.model for loop in self._loops]
        self._matrix = Matrix([loop.parameters for loop in self._loops])
        self._gradients = torch.zeros_like(self._matrix.all)
        self._gradient_rows = list(self._gradients.unbind(0))
        self._gradient_views = [self._matrix.views(row) for row in self._gradient_rows]
        self._bind_recorders_and_guards()
        rows = [self._row(place) for place in range(len(self.runs))]
        self._rules = Rules(self._matrix, rows, self._guards)
        task = self._parts[0].data.task
        loss = cast(Loss, self.runs[0].experiment.loss or default_loss(task))  # type: ignore[arg-type]
        self._criterion = loss.build_rows(task)  # type: ignore[arg-type]
        self._ones = self._matrix.all.new_ones(len(self.runs))
        self._lrs: list[float] = []
        self._forwards: dict[tuple[int, int], Forward] = {}
        self._separate = self._one_by_one()
        # Only rows that have terms are gone through at every step; a change of terms makes a new block.
        self._penalized = [place for place, loop in enumerate(self._loops) if loop.penalties]
        self._clipped = [place for place, loop in enumerate(self._loops) if loop.clips]
        self._decayed = [place for place, loop in enumerate(self._loops) if loop.decays]
        self._projected = [place for place, loop in enumerate(self._loops) if loop.projections]
        self._dropping = [place for place, loop in enumerate(self._loops) if loop.dropouts]
        self._feeds = self._feeds_beside()
        self._bound = [
            (parts, parts.revision, parts.loop, parts.loop.guard, parts.loop.optimizer.state) for parts in self._parts
        ]

    @property
    def is_valid(self) -> bool:
        """Whether the runs still are these rows: nobody else has moved their tensors or exchanged their pieces."""
        for parts, revision, loop, guard, state in self._bound:
            if parts.revision != revision or loop.guard is not guard or loop.optimizer.state is not state:
                return False
        return True

    def differentiate(self) -> None:
        """The first half of an update: the gradients of every run. Where it raises, no run has changed."""
        self._guards.remember()
        try:
            self._lrs = [run.learning_rate for run in self.runs]
            self._backward()
        except Exception:
            for guard in self._guards.rows:
                guard.take_back()
            raise

    def update(self) -> dict[Run, Exception]:
        """The second half, the rows recorded; the runs themselves count it. What went wrong with which of them."""
        with torch.no_grad():
            return {self.runs[row]: error for row, error in self._update().items()}

    def _backward(self) -> None:
        fed = list(self._fed())
        for place in self._dropping:
            loop, count = self._loops[place], self.runs[place].step_count
            for name, dropout in loop.dropouts:
                if dropout.generator is not None:
                    dropout.generator.manual_seed(seed32(loop.seed, "dropout", name, count))
        for parameter, _ in self._separate:
            parameter.grad = None
        losses = [self._losses_of(*rows) for rows in fed]
        del fed  # Its memory serves the rest of the step.
        with torch.no_grad():
            if self._separate:
                torch._foreach_copy_(
                    [view for _, view in self._separate], [cast(Tensor, p.grad) for p, _ in self._separate]
                )
            self._measure(losses[0] if len(losses) == 1 else torch.cat(losses))

    def _losses_of(self, first: int, last: int, inputs: Several, targets: Tensor) -> Tensor:
        """The losses of the rows from `first` up to `last`, on batches of one shape; their gradients are written."""
        if (first, last) not in self._forwards:
            products = self._products(first, last)
            self._forwards[first, last] = forward_of(
                self._networks[first:last], Rows(lambda layer: products[id(layer)])
            )
        forward, ones = self._forwards[first, last], self._ones[: last - first]
        return differentiated(forward, self._criterion, inputs, targets, ones)

    def _measure(self, losses: Tensor) -> None:
        self._losses.copy_(losses)
        for row in self._penalized:
            loop, gradients = self._loops[row], self._gradient_views[row]
            for number, (penalty, places) in enumerate(loop.penalties):
                weights: list[Tensor] = [loop.parameters[place] for place in places]
                value = penalty.value(weights)
                loop.recorder.penalty.copy_(value) if number == 0 else loop.recorder.penalty.add_(value)
                penalty.add_gradient([gradients[place] for place in places], weights)
        self._norms.gradients()
        self._guards.check()
        for row in self._clipped:
            self._clip(row)

    def _update(self) -> dict[int, Exception]:
        self._norms.before_update()
        for row in self._decayed:
            for decay, weights in self._loops[row].decays:
                decay.apply(weights, self._lrs[row], self._loops[row].guard.found)
        faults = self._rules(self._lrs)
        for row in self._projected:
            for projection, weights in self._loops[row].projections:
                projection.apply(weights, self._loops[row].guard.found)
        stamp = time.time()
        self._norms.after_update()
        self._keep_rows()
        for row, loop in enumerate(self._loops):
            if row not in faults:
                loop.recorder.count_row(self._lrs[row], stamp)
        return faults

    def _keep_rows(self) -> None:
        counts = {loop.recorder.num_rows for loop in self._loops}
        if len(counts) == 1:
            self._kept.select(1, counts.pop()).copy_(self._rows)
        else:
            torch._foreach_copy_([loop.recorder.next_row for loop in self._loops], list(self._rows.unbind(0)))

    def _clip(self, row: int) -> None:
        loop = self._loops[row]
        whole = loop.trained is None
        for number, clip in enumerate(loop.clips):
            moving = [self._gradient_rows[row]] if whole else [self._gradient_views[row][p] for p in loop.trained or ()]
            is_measured = number == 0 and whole
            norm = loop.recorder.gradient_squares.sum().sqrt_() if is_measured else total_norm(moving)
            clipped = clip.apply(moving, norm)
            loop.recorder.clipped.copy_(clipped) if number == 0 else loop.recorder.clipped.logical_or_(clipped)

    def _fed(self) -> Iterator[tuple[int, int, Several, Tensor]]:
        """From where to where rows are fed batches of one shape, and the inputs and targets of these."""
        step, feeds = self.runs[0].step_count, self._feeds
        if feeds is not None and all(_is_fed_alone(run) and run.step_count == step for run in self.runs):
            for first, last in _alike([parts.feed.size(step) for parts in self._parts]):
                batch = feeds.batch(first, last, step)
                yield first, last, batch.inputs, batch.targets
            return
        batches = self._batches()
        for first, last in _alike([batch.inputs.shape for batch in batches]):
            inputs, targets, _ = zip(*batches[first:last], strict=True)
            yield first, last, inputs, joined(targets)

    def _batches(self) -> list[Batch]:
        """The batch of each row; rows that are fed the same samples in the same order share it."""
        drawn: dict[Hashable, Batch] = {}
        batches = []
        for run, parts, loop in zip(self.runs, self._parts, self._loops, strict=True):
            step, feed = run.step_count, parts.feed
            stream = (run.experiment.fold, feed.stream, step) if loop.batch_of == feed.batch else run
            batch = drawn.get(stream)
            if batch is None:
                batch = drawn[stream] = loop.batch_of(step)
            if loop.augment is not None:
                batch = loop.augment(batch, step)
            if loop.watch is not None:
                loop.watch(step, batch)
            batches.append(batch)
        return batches

    # -- making ----------------------------------------------------------------------------------------------------

    def _feeds_beside(self) -> Feeds | None:
        """The feeds as one, where each row draws other samples of one data set than the rest.

        What a row's own modules are given begins where a tensor of its own would; products see to that themselves.
        """
        feeds = [parts.feed for parts in self._parts]
        streams = {(run.experiment.fold, feed.stream) for run, feed in zip(self.runs, feeds, strict=True)}
        sample = self._parts[0].data.inputs[0]
        is_aligned = sample.dim() == 1 and is_batched(self._networks[0])
        is_aligned = is_aligned or sample.numel() * self._matrix.all.element_size() % ALIGNMENT == 0
        is_one = len(streams) == len(feeds) > 1 and is_aligned and Feeds.are_beside(feeds)
        return Feeds(feeds) if is_one else None

    def _bind_recorders_and_guards(self) -> None:
        recorders = [loop.recorder for loop in self._loops]
        rows = self._rows = torch.stack([recorder.row for recorder in recorders])
        self._kept = rows.new_empty(len(recorders), BLOCK_ROWS, rows.shape[1])
        for recorder, row, kept in zip(recorders, rows.unbind(0), self._kept.unbind(0), strict=True):
            recorder.write_into(row, kept)
        norms = self._loops[0].norms
        sums, num_watched = recorders[0].norms, recorders[0].watched.shape[0]
        self._losses = rows[:, recorders[0].loss.storage_offset()]
        self._norms = RowNorms(
            self._matrix.all, self._gradients, norms.pieces, rows[:, -sums.numel() :].unflatten(1, sums.shape)
        )
        for loop in self._loops:
            loop.guard.settle()
        buffers = [list(network.buffers()) for network in self._networks]
        statistics = matrices(buffers) if buffers[0] else []
        self._guards = Guards(rows[:, :num_watched], statistics)
        for place, (parts, guard) in enumerate(zip(self._parts, self._guards.rows, strict=True)):
            mine = [matrix[place] for matrix in statistics]
            parts.loop.guard = guard
            parts.frame = replace(parts.frame, statistics=mine, watched=parts.recorder.watched)
            parts.frame.weights.all = self._matrix.all[place]

    def _row(self, place: int) -> Row:
        return Row(
            place,
            self._parts[place],
            cast(Optimizer, self.runs[place].current.optimizer),
            self._matrix.all[place],
            self._gradient_rows[place],
            self._gradient_views[place],
        )

    def _products(self, first: int, last: int) -> dict[int, Product]:
        """The product of rows from `first` up to `last` for each linear layer of the first one, by the layer's id."""
        places = self._places(first)
        matrices = [matrix[first:last] for matrix in (self._matrix.all, self._gradients)]
        anchor = self._matrix.all.new_zeros(()).requires_grad_()
        return {
            id(layer): Product(
                anchor,
                *(
                    None if parameter is None else self._matrix.stacked(places[id(parameter)], matrix)
                    for matrix in matrices
                    for parameter in (layer.weight, layer.bias)
                ),  # type: ignore[arg-type]
            )
            for layer in _batched_layers(self._networks[first])
        }

    def _one_by_one(self) -> list[tuple[Tensor, Tensor]]:
        """The parameters that get their gradients one by one, since no product writes them, and where these go."""
        places = self._places(0)
        batched = {
            places[id(parameter)]
            for layer in _batched_layers(self._networks[0])
            for parameter in (layer.weight, layer.bias)
            if parameter is not None
        }
        return [
            (parameter, views[place])
            for loop, views in zip(self._loops, self._gradient_views, strict=True)
            for place, parameter in enumerate(loop.parameters)
            if place not in batched
        ]

    def _places(self, row: int) -> dict[int, int]:
        """The places of a row's parameters, by their ids."""
        return {id(parameter): place for place, parameter in enumerate(self._loops[row].parameters)}


def _batched_layers(network: nn.Module) -> list[nn.Linear]:
    """The layers of a network whose products are computed for all rows at once."""
    return [layer for layer in network.modules() if isinstance(layer, nn.Linear)] if is_batched(network) else []


def _is_fed_alone(run: Run) -> bool:
    """Whether the network gets the samples as they are drawn, and nobody looks at them."""
    loop = run.parts.loop
    return loop.batch_of == run.parts.feed.batch and loop.augment is None and loop.watch is None


def _alike(shapes: Sequence[object]) -> Iterator[tuple[int, int]]:
    """From where to where they are equal."""
    edges = [row for row in range(1, len(shapes)) if shapes[row] != shapes[row - 1]]
    return pairwise([0, *edges, len(shapes)])
