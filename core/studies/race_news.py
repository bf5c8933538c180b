"""RaceNews: where the news of a race go, the hub and the referee; what lasts is stored when the race is over."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from typing import Any

from core.errors import CoreError
from core.live.hub import Hub
from core.studies.doing import Waiting
from core.studies.fairness import Referee
from core.text import Text
from core.training.command import Command
from core.training.lane import Lane
from core.training.race import RaceJob

FAIRNESS_S = 2.0
"""The badge is computed anew so often; a change is told at once then."""


class RaceNews:
    """A race's sink. `keep` stores facts, and must not wait."""

    def __init__(
        self,
        hub: Hub | None,
        channel: str,
        referee: Referee,
        keep: Callable[[Mapping[str, Any]], None],
    ) -> None:
        self._hub, self._channel, self._keep = hub, channel, keep
        self.referee = referee
        self.keys: dict[int, tuple[int, int]] = {}
        """Which variant and seed a lane has, by its `id`."""
        self._num_applied = 0
        self._judged_at = 0.0
        self.facts: dict[str, Any] = {}
        """What is known of the race: fairness, sizes, whether seconds can be compared."""
        self._told: dict[str, Any] = {}
        self._waiting = Waiting()
        self._kept: list[tuple[str, bool, bool]] | None = None

    def state(self, state: str) -> None:
        if self._hub and state not in ("finished", "stopped", "diverged", "failed"):
            self._hub.update(self._channel, state=state)

    def updated(self, lane: Lane) -> None:
        self.referee.settle(self.keys[id(lane)], lane.fed)

    def lane_over(self, lane: Lane) -> None:
        key = self.keys[id(lane)]
        if self.referee.knows(key):
            self.referee.over(key)

    def progress(self, race: RaceJob) -> None:
        if time.monotonic() - self._judged_at >= FAIRNESS_S or race.done:
            self.judge(race)
        if self._hub:
            news = {name: fact for name, fact in self.facts.items() if fact != self._told.get(name)}
            self._told = dict(self.facts)
            position = {"step": race.step, "num_steps": race.num_steps, "pace": race.pace}
            self._hub.update(self._channel, **{**news, **position, "seconds_left": race.seconds_left()})
            runs = (lane.run for lane in race.lanes if lane.run)
            self._hub.update(self._channel, **self._waiting.meta(runs, race.doing))

    def judge(self, race: RaceJob) -> None:
        """Compute the badge, and what else is known of the race once it is built."""
        runs = [lane.run for lane in race.lanes if lane.run is not None]
        if not runs:
            return
        self._judged_at = time.monotonic()
        fairness = self.referee.report()
        machine = next(item for item in fairness.items if item.key == "machine")
        is_solo = all(run.conditions.engine == "solo" for run in runs)
        self.facts |= {
            "fairness": fairness.to_meta(),
            "num_steps": race.num_steps,
            "steps_per_epoch": min(run.steps_per_epoch for run in runs),
            "epochs": max(run.epochs.at(run.total_steps) for run in runs),
            "engine": runs[0].conditions.engine if len({run.conditions.engine for run in runs}) == 1 else "mixed",
            "seconds_comparable": machine.is_matched and is_solo,
        }
        # Stored when it is known and when it changes, so that it outlives a process that is killed.
        found = [(item.key, item.is_matched, item.is_known) for item in fairness.items]
        if found != self._kept or race.done:
            self._kept = found
            self._keep(self.facts)

    def applied(self, command: Command, step: int, problem: CoreError | None) -> None:
        self._num_applied += 1
        text: Text | None = problem.text if problem else None
        if self._hub:
            applied = {"number": self._num_applied, "kind": command.kind, "step": step, "text": text}
            self._hub.update(self._channel, applied=applied)
