"""Watch: looks at a run after every so many of its updates, between them, and leaves it as it was."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from core.training.run import Run


class Watch:
    """Works off `look(run)`, in the compute thread, after every `every` updates; 0: never.

    Between two pieces of a look others have their turn, and the run stands still.
    """

    def __init__(self, look: Callable[[Run], Iterator[None]] | None = None, every: int = 0) -> None:
        self.every = every
        self._look = look
        self._pieces: Iterator[None] = iter(())
        self._begun_at = self._seen_at = -1

    def is_due(self, run: Run) -> bool:
        """Whether the run is to be looked at before its next update."""
        if not self.every or self._look is None or run.step_count % self.every:
            return False
        return run.step_count != self._seen_at and not (run.is_over or run.is_ending)

    def piece(self, run: Run) -> None:
        """Do a piece of the look that is due."""
        if run.step_count != self._begun_at and not self._begin(run):
            return
        if next(self._pieces, self) is self:
            self._seen_at = run.step_count

    def _begin(self, run: Run) -> bool:
        # Rows first: updates that nobody has seen yet may have diverged, and then the run does not stand here.
        run.flush()
        if not self.is_due(run) or self._look is None:
            return False
        self._begun_at, self._pieces = run.step_count, self._look(run)
        return True
