"""PictureJob: while a run is active, show again and again what it has learned."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from typing import Any

from core.training.compute import Job
from core.training.job import TrainingJob
from core.training.pictures import what_it_has_learned, wrong_answers

EVERY_S = 0.5
MOST_A_SECOND = 10


class PictureJob(Job):
    """Draws the pictures of a run that has gone on: at most every half second, at its end, and when it is held.

    Where many go on, `num_going()`, each is drawn more seldom: all together ten times a second.
    """

    priority = "interactive"

    def __init__(
        self,
        training: TrainingJob,
        show: Callable[[str, dict[str, Any]], None],
        owner: str,
        num_going: Callable[[], int],
    ) -> None:
        super().__init__(owner)
        self._training, self._show, self._num_going = training, show, num_going
        self._shown_step, self._next_at = -1, 0.0

    def advance(self, budget_s: float) -> None:
        run, over, now = self._training.run, self._training.done, time.monotonic()
        self.ready_at = now + EVERY_S
        # At the end once more in any case: early stopping has put other weights into place, and no update tells of it.
        if run is not None and (over or (self._is_due(now) and self._has_gone_on)):
            self._shown_step = run.step_count
            self._next_at = now + max(EVERY_S, self._num_going() / MOST_A_SECOND)
            for name, payload in (what_it_has_learned(run), wrong_answers(run)):
                if payload:
                    self._show(name, payload)
        if over:
            self.done = True
            self.ready_at = math.inf
            # Whoever still holds the job holds no weights, optimizer and best state any more.
            self._training.run = None

    def _is_due(self, now: float) -> bool:
        return now >= self._next_at or self._training.state_name == "paused"

    @property
    def _has_gone_on(self) -> bool:
        run = self._training.run
        return run is not None and run.step_count != self._shown_step and not run.is_evaluating
