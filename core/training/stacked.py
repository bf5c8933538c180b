"""Stack: several runs of one architecture that are advanced by one update in one go.

A row's numbers depend on its own run only, to the bit: not on the rows beside it, nor on how many there are. So a run
may leave a stack at any update, be saved, and go on elsewhere as a stack of one.
"""

from __future__ import annotations

import time
from collections.abc import Hashable, Sequence
from typing import TYPE_CHECKING

from core.training.device import STACKED, use_threads
from core.training.memory import out_of_memory, too_large_batch
from core.training.stacking.answers import Again
from core.training.stacking.block import Block
from core.training.stacking.plan import kind_of, mixes_targets

if TYPE_CHECKING:
    from core.experiment import Experiment
    from core.training.run import Run


def stacks_of(runs: Sequence[Run]) -> list[Stack]:
    """The stacks of runs that were begun with this engine: whoever began them has asked `stack_of`.

    A run keeps its engine: what it shares with others decides only how fast it is. Runs of the other engine are left
    out.
    """
    kinds: dict[Hashable, list[Run]] = {}
    for run in runs:
        if run.conditions.engine == STACKED:
            kinds.setdefault((kind_of(run.experiment), run.conditions), []).append(run)
    return [Stack(group) for group in kinds.values()]


class Faults(Exception):
    """What went wrong with some runs of a stack; the others have done their update."""

    def __init__(self, errors: dict[Run, Exception]) -> None:
        super().__init__(errors)
        self.errors = errors


class Stack:
    """Runs whose experiments `stack_of` puts together; they stay runs, which whoever holds them saves and ends."""

    def __init__(self, runs: Sequence[Run]) -> None:
        self.runs = list(runs)
        self._blocks: dict[Hashable, Block] = {}
        self._divided: tuple[list[tuple[Run, Experiment]], list[list[Run]]] = [], []
        """What was divided last, and the groups of that."""
        self._is_too_large = False
        self._answers = Again()

    def step(self, runs: Sequence[Run] | None = None) -> None:
        """Do for every run, or for some of them, what `Run.step` does. Each is charged its share of the time.

        Raises Faults when something went wrong with some of several runs, the error itself when there is only one; for
        too little memory that is OutOfMemory. A run at fault is as it was, unless its optimizer failed or its update is
        done and could not be told.
        """
        runs = self.runs if runs is None else runs
        if runs:
            use_threads(runs[0].conditions.threads)
        start = time.perf_counter()
        faults: dict[Run, Exception] = {}
        for group in self._groups(runs):
            faults |= self._updated(group)
        share = (time.perf_counter() - start) / max(1, len(runs))
        for run in runs:
            if run not in faults:
                try:
                    run.stepped(share)
                except Exception as error:
                    faults[run] = error
        for run in [run for run, error in faults.items() if out_of_memory(error)]:
            # The error goes first, and with it what it held of the device's memory.
            del faults[run]
            faults[run] = too_large_batch(run.parts.loop, run.step_count, run.experiment.architecture.min_batch_size)  # type: ignore[attr-defined]
        if faults:
            raise Faults(faults) if len(runs) > 1 else faults[runs[0]]

    def evaluate(self, run: Run, others: Sequence[Run]) -> None:
        """Where an evaluation of a run begins, begin with it those of the others that are due. Their pieces follow."""
        if run.evaluation_begins:
            due = [other.measuring for other in others if other.evaluation_begins]
            run.measuring.begin_with(due, self._answers)

    def _groups(self, runs: Sequence[Run]) -> list[list[Run]]:
        """The runs by what their targets are, each that cannot be a row any more by itself.

        Blocks that are none of these groups are let go of.
        """
        now = [(run, run.current) for run in runs]
        if now == self._divided[0]:
            return self._divided[1]
        groups: dict[Hashable, list[Run]] = {}
        for run in runs:
            alone = None if run.is_stackable else run
            groups.setdefault((mixes_targets(run.current), alone), []).append(run)
        keys = {_key(group) for group in groups.values()}
        self._blocks = {key: block for key, block in self._blocks.items() if key in keys}
        self._divided = now, list(groups.values())
        return self._divided[1]

    def _updated(self, group: Sequence[Run]) -> dict[Run, Exception]:
        """Update runs that may be rows of one block; what went wrong with which.

        What goes wrong with several, before any has changed, is done again one by one: the bits are the same, and only
        those end that are at fault. Where none is, there are too many for the memory, and they stay one by one.
        """
        faults = None if self._is_too_large and len(group) > 1 else self._updated_at_once(group)
        if faults is None:
            faults = {}
            for run in group:
                self._blocks.clear()  # What the memory of the device holds of the others may be wanted.
                faults |= self._updated_at_once([run]) or {}
            self._is_too_large = self._is_too_large or not faults
        return faults

    def _updated_at_once(self, group: Sequence[Run]) -> dict[Run, Exception] | None:
        """Update runs in one go; what went wrong with which. None where nobody knows, and nothing has changed."""
        if not group[0].is_stackable:
            try:
                group[0].update_alone()
            except Exception as error:
                return {group[0]: error}
            return {}
        try:
            block = self._block_of(group)
            block.differentiate()
        except Exception as error:
            return {group[0]: error} if len(group) == 1 else None
        return block.update()

    def _block_of(self, group: Sequence[Run]) -> Block:
        """The block of the last step, or a new one where it is none any more."""
        block = self._blocks.get(_key(group))
        if block is None or not block.is_valid:
            block = self._blocks[_key(group)] = Block(group)
        return block


def _key(group: Sequence[Run]) -> Hashable:
    return tuple(map(id, group))
