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


class PictureJob(Job):
    """Draws the pictures of a run whenever it has gone on, at most every half second, and once at its end."""

    priority = "interactive"

    def __init__(self, training: TrainingJob, show: Callable[[str, dict[str, Any]], None], owner: str) -> None:
        super().__init__(owner)
        self._training, self._show = training, show
        self._shown_step = -1

    def advance(self, budget_s: float) -> None:
        run, over = self._training.run, self._training.done
        self.ready_at = time.monotonic() + EVERY_S
        # At the end once more in any case: early stopping has put other weights into place, and no update tells of it.
        if run is not None and (over or (run.step_count != self._shown_step and not run.is_evaluating)):
            self._shown_step = run.step_count
            for name, payload in (what_it_has_learned(run), wrong_answers(run)):
                if payload:
                    self._show(name, payload)
        if over:
            self.done = True
            self.ready_at = math.inf
            # Whoever still holds the job holds no weights, optimizer and best state any more.
            self._training.run = None
