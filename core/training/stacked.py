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
from core.training.stacking.block import Block
from core.training.stacking.plan import kind_of

if TYPE_CHECKING:
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


class Stack:
    """Runs whose experiments `stack_of` puts together; they stay runs, which whoever holds them evaluates and saves."""

    def __init__(self, runs: Sequence[Run]) -> None:
        self.runs = list(runs)
        self._blocks: dict[Hashable, Block] = {}

    def step(self, runs: Sequence[Run] | None = None) -> None:
        """Do for every run, or for some of them, what `Run.step` does. Each is charged its share of the time.

        Raises OutOfMemory as `Run.step` does; then no run has changed.
        """
        runs = self.runs if runs is None else runs
        if runs:
            use_threads(runs[0].conditions.threads)
        start = time.perf_counter()
        is_out_of_memory = False
        blocks = self._blocks_of(runs)
        for block in blocks:
            try:
                block.step()
            except RuntimeError as error:
                if not out_of_memory(error):
                    raise
                is_out_of_memory = True
            if is_out_of_memory:
                run = block.runs[0]
                least = run.experiment.architecture.min_batch_size  # type: ignore[attr-defined]
                # Only here is the error gone, and with it what it held of the device's memory.
                raise too_large_batch(run.parts.loop, run.step_count, least)
        share = (time.perf_counter() - start) / max(1, len(runs))
        for run in runs:
            run.stepped(share)

    def _blocks_of(self, runs: Sequence[Run]) -> list[Block]:
        """The runs in blocks whose batches have one shape: those of the last step, or new ones where these differ."""
        groups: dict[Hashable, list[Run]] = {}
        for run in runs:
            groups.setdefault(run.parts.feed.size(run.step_count), []).append(run)
        wanted = {tuple(map(id, group)): group for group in groups.values()}
        if self._blocks.keys() != wanted.keys() or not all(block.is_valid for block in self._blocks.values()):
            self._blocks = {key: Block(group) for key, group in wanted.items()}
        return list(self._blocks.values())
