"""Watch: looks at a run after every so many of its updates, between them, and leaves it as it was."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from core.training.run import Run


class Watch:
    """Calls `look(run)`, in the compute thread, after every `every` updates; 0: never."""

    def __init__(self, look: Callable[[Run], None] | None = None) -> None:
        self.every = 0
        self._look = look
        self._seen_at = -1

    def is_due(self, run: Run) -> bool:
        """Whether the run is to be looked at before its next update."""
        if not self.every or self._look is None or run.step_count % self.every:
            return False
        return run.step_count != self._seen_at and not (run.is_over or run.is_ending)

    def look(self, run: Run) -> None:
        """Look at the run that is due."""
        # Rows first: updates that nobody has seen yet may have diverged, and then the run does not stand here.
        run.flush()
        if self.is_due(run) and self._look is not None:
            self._seen_at = run.step_count
            self._look(run)
