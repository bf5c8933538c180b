"""SearchNews: a race's sink that tells how far the trials are, and ends those that Optuna gives up."""

from __future__ import annotations

import logging
from collections import defaultdict
from collections.abc import Callable

from core.errors import CoreError
from core.live.hub import Hub
from core.studies.search.asked import Search
from core.studies.search.trials import Trials
from core.training.command import Command
from core.training.lane import Lane
from core.training.race import RaceJob

logger = logging.getLogger(__name__)


class SearchNews:
    """`seat` every lane before the race begins. `over`: a trial has come to its end before all others have."""

    def __init__(self, hub: Hub | None, channel: str, trials: Trials, search: Search, over: Callable[[], None]) -> None:
        self._hub, self._channel, self._trials, self._over = hub, channel, trials, over
        self._prunes, self._num_runs = search.pruning != "none", search.folds or 1
        self._by_lane: dict[int, int] = {}
        self._told: dict[int, tuple[int, int]] = {}
        """How many evaluations of a lane are known, and the last epoch of them."""
        self._errors: dict[tuple[int, int], list[float]] = defaultdict(list)
        self.lanes: list[Lane] = []
        self._pruned: set[int] = set()

    def seat(self, lane: Lane, number: int) -> None:
        """Say to which trial a lane belongs."""
        self.lanes.append(lane)
        self._by_lane[id(lane)] = number

    def state(self, state: str) -> None:
        if self._hub and state in ("running", "paused"):
            self._hub.update(self._channel, state=state)

    def updated(self, lane: Lane) -> None:
        """Where the lane has come to the end of an epoch, ask Optuna whether its trial goes on."""
        run = lane.run
        if not self._prunes or run is None:
            return
        number, (known, last) = self._by_lane[id(lane)], self._told.get(id(lane), (0, 0))
        for evaluation in run.evaluations[known:]:
            epoch = int(evaluation.epoch)
            if epoch > last and number not in self._pruned:
                last = epoch
                self._reached(number, epoch, evaluation.validation.error)
        self._told[id(lane)] = len(run.evaluations), last

    def _reached(self, number: int, epoch: int, error: float) -> None:
        errors = self._errors[number, epoch]
        errors.append(error)
        if len(errors) < self._num_runs:
            return
        try:
            is_beaten = self._trials.is_beaten(number, epoch, sum(errors) / len(errors))
        except Exception:
            # Without an answer a trial goes on to its end, which is only slower.
            logger.exception("Optuna could not be told of trial %s; no more trials are pruned", number)
            self._prunes = False
            return
        if is_beaten:
            self._pruned.add(number)
            for lane in self.lanes:
                if self._by_lane[id(lane)] == number:
                    lane.pass_on(Command("stop", {"pruned": True}, lane.owner))

    def lane_over(self, lane: Lane) -> None:
        """Say when a trial is over while others go on; what came out is read from the store."""
        number = self._by_lane[id(lane)]
        is_over = all(one.done for one in self.lanes if self._by_lane[id(one)] == number)
        if is_over and not all(one.done for one in self.lanes):
            self._over()

    def progress(self, race: RaceJob) -> None:
        if self._hub:
            # All of them, not the one that is furthest: on a cluster some are over while others wait.
            position = {"step": round(race.progress * race.num_steps), "num_steps": race.num_steps}
            self._hub.update(self._channel, **position, seconds_left=race.seconds_left())

    def applied(self, command: Command, step: int, problem: CoreError | None) -> None:
        """Holding, going on and stopping show in the state."""
