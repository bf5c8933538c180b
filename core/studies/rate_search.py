"""RateSearch: tries the learning rates of a comparison before its race, as one job of the compute thread."""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from pathlib import Path
from typing import Any

from core.studies.comparison import Comparison
from core.studies.engine import engine_of
from core.studies.rates import Found, Try, found, search_meta, tries
from core.text import Text
from core.training.assembly import conditions_of
from core.training.compute import Job
from core.training.run import Run
from core.training.stacked import Faults, Stack

REPORT_S = 0.2


class RateSearch(Job):
    """Trains every try to its end, those of one kind together; the training loss of its last weights is its result.

    `report(search, text)` is called in the compute thread now and then, `finished(search)` once at the end.
    """

    priority = "run"

    def __init__(
        self,
        comparison: Comparison,
        folder: Path,
        prepare: Sequence[Future[Any]],
        wake: Callable[[], None],
        *,
        owner: str,
        paused: bool,
        report: Callable[[RateSearch, Text], None],
        finished: Callable[[RateSearch], None],
    ) -> None:
        super().__init__(owner)
        self.over = threading.Event()
        self.error: BaseException | None = None
        self.losses: dict[tuple[int, float], float] = {}
        self.num_updates: int | None = None
        self._comparison, self._folder = comparison, folder
        self._prepare, self._wake = prepare, wake
        self._report, self._finished = report, finished
        self._experiments = comparison.varied()
        made = tries(comparison)
        engine = engine_of([each.experiment for each in made])
        self.engine = engine.name
        self._left = [[made[place] for place in group] for group in engine.groups]
        self._num = len(made)
        self._group: list[Try] | None = None
        self._going: list[tuple[Try, Run]] = []
        self._stack: Stack | None = None
        self._paused = paused
        self.has_begun = False
        self._reported_at = 0.0
        for future in prepare:
            future.add_done_callback(lambda _: self._ready())

    # -- from any thread -----------------------------------------------------------------------------------------

    def cancel(self) -> None:
        """End without a result."""
        self.is_cancelled = True
        self._ready()

    def pause(self, paused: bool) -> None:
        """Hold the search, or let it go on."""
        self._paused = paused
        self._ready()

    @property
    def is_paused(self) -> bool:
        """Whether it is held."""
        return self._paused

    @property
    def progress(self) -> float:
        going = sum(min(1.0, run.step_count / run.total_steps) for _, run in self._going if not run.is_over)
        return (len(self.losses) + going) / max(1, self._num)

    def results(self) -> list[Found]:
        """What has been found so far."""
        return found(self._comparison, self._experiments, self.losses)

    def doing(self) -> Text:
        """How far it is, in words."""
        return Text(
            "Searching learning rates: {percent:.0f} % of {num} tries", percent=100 * self.progress, num=self._num
        )

    def meta(self, text: Text | None = None) -> dict[str, Any]:
        """What viewers are told of it, with `text` for what it does."""
        return search_meta(
            self.results(), running=not self.done, text=text, num_updates=self.num_updates, engine=self.engine
        )

    def _ready(self) -> None:
        self.ready_at = 0.0
        self._wake()

    # -- in the compute thread -----------------------------------------------------------------------------------

    def advance(self, budget_s: float) -> None:
        if self.is_cancelled:
            self._end()
            return
        self.ready_at = math.inf
        self.has_begun = all(future.done() for future in self._prepare)
        if self._paused or not self.has_begun:
            return
        for future in self._prepare:
            future.result()
        self.ready_at = 0.0
        end = time.monotonic() + budget_s
        while time.monotonic() < end and self._piece():
            pass
        if time.monotonic() - self._reported_at >= REPORT_S:
            self._reported_at = time.monotonic()
            self._report(self, self.doing())
        if not self._left and self._group is None:
            self._end()

    def _piece(self) -> bool:
        """Do the next piece of work; False when there is none left."""
        if self._group is None:
            if not self._left:
                return False
            self._group = self._left.pop(0)
        if len(self._going) < len(self._group):
            self._build(self._group[len(self._going)])
            return True
        living = [run for _, run in self._going if not run.is_over]
        due = next((run for run in living if not run.update_is_next), None)
        if due is not None:
            due.piece()
        elif living and self._stack is not None:
            fewest = min(run.step_count for run in living)
            try:
                self._stack.step([run for run in living if run.step_count == fewest])
            except Faults as faults:
                # A rate that could not be tried would have lost: the search ends, and says why.
                raise next(iter(faults.errors.values())) from None
        elif living:
            living[0].piece()
        else:
            for each, run in self._going:
                self.losses[each.variant, each.rate] = deciding_loss(run)
            self._group, self._going, self._stack = None, [], None
        return True

    def _build(self, each: Try) -> None:
        """Build a run of the group, which goes on when it is complete."""
        assert self._group is not None
        run = Run(each.experiment, self._folder, conditions=conditions_of(each.experiment, engine=self.engine))
        self.num_updates = max(self.num_updates or 0, run.total_steps)
        self._going.append((each, run))
        if len(self._going) == len(self._group) > 1:
            self._stack = Stack([run for _, run in self._going])

    def _end(self) -> None:
        self.done = True
        self._group, self._going, self._stack = None, [], None
        self._finished(self)
        self.over.set()

    def failed(self, error: BaseException) -> None:
        self.error = error
        self._end()

    def closing(self) -> None:
        self.is_cancelled = True
        self._end()


def deciding_loss(run: Run) -> float:
    """The training loss that decides; infinite for a run that diverged."""
    outcome = run.outcome
    if outcome is None or outcome.state == "diverged" or run.latest is None or run.latest.step == 0:
        return math.inf
    loss = run.latest.train.loss
    return loss if math.isfinite(loss) else math.inf
