"""The update of every row by its own optimizer, on rows of one matrix instead of tensor by tensor.

A fused kernel takes a whole row as one tensor, and rows of equal numbers in one call; rules without a kernel are
computed for all their rows at once, each with its own numbers. A row with frozen layers is updated as its run alone
would be, tensor by tensor.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import cast

import torch
from torch import Tensor

from core.catalog.optimizers.optimizer import Optimizer
from core.training.assembly import Assembly
from core.training.stacking.guards import Guards
from core.training.stacking.matrix import Matrix
from core.training.update import update_of

COUNTER = "step"


@dataclass(frozen=True)
class Row:
    """One row as its optimizer sees it: its place, its run's parts and optimizer, its weights and gradients (N,)."""

    place: int
    parts: Assembly
    entry: Optimizer
    weights: Tensor
    gradients: Tensor
    gradient_views: list[Tensor]

    @property
    def is_whole(self) -> bool:
        """Whether the optimizer moves the whole row, and counts the same updates everywhere in it."""
        return self.parts.loop.trained is None and len(set(self.parts.counted_from)) == 1


class Rules:
    """The optimizers of all rows. Called with the learning rates, it does one update of every row.

    Each run's optimizer keeps its state: its tensors become views of what is used here.
    """

    def __init__(self, matrix: Matrix, rows: Sequence[Row], guards: Guards) -> None:
        self._matrix = matrix
        self._counts = matrix.all.new_zeros(len(rows), dtype=torch.float32)
        self._updates: list[tuple[Sequence[Row], Callable[[Sequence[float]], dict[int, Exception] | None]]] = []
        vectors: dict[type[Optimizer], list[Row]] = {}
        fused: dict[Hashable, list[Row]] = {}
        for row in rows:
            if row.is_whole and row.entry.fused([row.weights]):
                numbers = tuple(sorted(row.entry.fused_options().items()))
                fused.setdefault((row.entry.fused_kernel, row.entry.fused_state, numbers), []).append(row)
            elif row.is_whole and row.entry.row_numbers:
                vectors.setdefault(type(row.entry), []).append(row)
            else:
                self._updates.append(([row], _own(row, guards)))
        self._updates += [(group, _Fused(self, group, guards)) for group in fused.values()]
        self._updates += [(group, _Vectors(self, group, guards)) for group in vectors.values()]

    def __call__(self, lrs: Sequence[float]) -> dict[int, Exception]:
        """One update, without gradients being tracked; `lrs` by place. What went wrong with which row, by place."""
        self._counts.add_(1)
        faults: dict[int, Exception] = {}
        for rows, update in self._updates:
            try:
                faults |= update(lrs) or {}
            except Exception as error:
                faults |= {row.place: error for row in rows}
        return faults

    def keep(self, row: Row, memory: dict[str, Tensor]) -> None:
        """Let what a row's optimizer keeps lie in `memory`, tensors (N,) by name, with what it has kept until now."""
        parameters = row.parts.loop.parameters
        state = row.parts.loop.optimizer.state
        for name, kept in memory.items():
            for parameter, view in zip(parameters, self._matrix.views(kept), strict=True):
                if name in state[parameter]:
                    view.copy_(state[parameter][name])
                state[parameter][name] = view

    def counter(self, row: Row) -> Tensor:
        """How many updates a row's optimizer has made, one tensor for all weights, counted on by `__call__`."""
        parameters = row.parts.loop.parameters
        state = row.parts.loop.optimizer.state
        counter = self._counts[row.place]
        if COUNTER in state[parameters[0]]:
            counter.copy_(state[parameters[0]][COUNTER])
        for parameter in parameters:
            state[parameter][COUNTER] = counter
        return counter


class _Fused:
    """Rows of one kernel and equal numbers. One call while they have one rate and none is marked, else one for each.

    Called, it returns what went wrong with which row. In a call for all nobody knows with which, and it is raised.
    """

    def __init__(self, rules: Rules, rows: Sequence[Row], guards: Guards) -> None:
        entry = rows[0].entry
        kernel: Callable[..., None] = getattr(torch, entry.fused_kernel.removeprefix("aten::"))
        self._kernel = partial(kernel, **entry.fused_options())
        self._guards, self._places = guards, [row.place for row in rows]
        self._found = [guards.found[place] for place in self._places]
        self._each = [self._lists(rules, row) for row in rows]
        self._all = [[tensor for part in parts for tensor in part] for parts in zip(*self._each, strict=True)]

    def __call__(self, lrs: Sequence[float]) -> dict[int, Exception]:
        rates = {lrs[place] for place in self._places}
        faults: dict[int, Exception] = {}
        if len(rates) == 1 and self._guards.are_clear:
            self._kernel(*self._all, lr=rates.pop(), found_inf=self._found[0])
            return faults
        for place, lists, found in zip(self._places, self._each, self._found, strict=True):
            try:
                self._kernel(*lists, lr=lrs[place], found_inf=found)
            except Exception as error:
                faults[place] = error
        return faults

    @staticmethod
    def _lists(rules: Rules, row: Row) -> list[list[Tensor]]:
        """The row's weights, gradients and state as the kernel takes them."""
        kept = {name: torch.zeros_like(row.weights) for name in row.entry.memory}
        rules.keep(row, kept)
        if COUNTER in row.entry.fused_state:
            kept[COUNTER] = rules.counter(row)
        # What an optimizer does not keep with the parameters it has (momentum 0: no velocity) is an empty list too.
        states = [[kept[name]] if name in kept else [] for name in row.entry.fused_state]
        return [[row.weights], [row.gradients], *states]


class _Vectors:
    """Rows of one rule without a kernel. Marked rows have the numbers that leave everything as it is."""

    def __init__(self, rules: Rules, rows: Sequence[Row], guards: Guards) -> None:
        self._rule = rows[0].entry.update_rows
        self._places = [row.place for row in rows]
        first, last = self._places[0], self._places[-1] + 1
        assert last - first == len(rows), "rows of one rule lie beside each other"
        row = rows[0].weights
        self._weights, self._gradients = (
            tensor.as_strided((len(rows), row.shape[0]), (row.shape[0], 1), tensor.storage_offset())
            for tensor in (rows[0].weights, rows[0].gradients)
        )
        self._marked = guards.marked[first:last]
        self._memory = {name: torch.zeros_like(self._weights) for name in rows[0].entry.memory}
        for number, item in enumerate(rows):
            rules.keep(item, {name: kept[number] for name, kept in self._memory.items()})
            rules.counter(item)
        names = list(rows[0].entry.row_numbers)
        self._numbers = {name: row.new_empty(len(rows), 1) for name in names}
        self._still = {name: row.new_empty(len(rows), 1) for name in names}
        for number, item in enumerate(rows):
            for name, (value, still) in item.entry.row_numbers.items():
                self._numbers[name][number].fill_(value)
                self._still[name][number].fill_(still)
        self._lr = row.new_empty(len(rows), 1)
        self._lrs: list[float | None] = [None] * len(rows)

    def __call__(self, lrs: Sequence[float]) -> None:
        for number, place in enumerate(self._places):
            if lrs[place] != self._lrs[number]:
                self._lrs[number] = lrs[place]
                self._lr[number].fill_(lrs[place])
        self._gradients.masked_fill_(self._marked, 0.0)
        numbers = {name: torch.where(self._marked, self._still[name], value) for name, value in self._numbers.items()}
        self._rule(self._weights, self._gradients, self._memory, {**numbers, "lr": self._lr})


def _own(row: Row, guards: Guards) -> Callable[[Sequence[float]], None]:
    """The update of a row as a solo run does it; where there is no fused kernel, marked updates are taken back."""
    loop, place = row.parts.loop, row.place
    optimizer = loop.optimizer
    places = range(len(loop.parameters)) if loop.trained is None else loop.trained
    parameters = [loop.parameters[number] for number in places]
    gradients = [row.gradient_views[number] for number in places]
    update = update_of(row.entry, optimizer, parameters, guards.found[place])
    is_fused = row.entry.fused(parameters)
    marked = guards.marked[place, 0]

    def run_alone(lrs: Sequence[float]) -> None:
        for group in optimizer.param_groups:
            group["lr"] = lrs[place]
        for parameter, gradient in zip(parameters, gradients, strict=True):
            parameter.grad = gradient
        now = [] if is_fused else _changing(row, optimizer)
        before = [tensor.clone() for tensor in now]
        update(gradients, lrs[place])
        for tensor, old in zip(now, before, strict=True):
            torch.where(marked, old, tensor, out=tensor)
        for parameter in parameters:
            parameter.grad = None

    return run_alone


def _changing(row: Row, optimizer: torch.optim.Optimizer) -> list[Tensor]:
    kept = [values[name] for values in optimizer.state.values() for name in row.entry.memory if name in values]
    return [row.weights, *(tensor for tensor in cast(list[Tensor], kept) if tensor.device == row.weights.device)]
