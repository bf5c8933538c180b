"""Which runs go on when a comparison does: those that were stopped one by one stay out."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from core.errors import CoreError, Refused
from core.store.records import RunRecord
from core.text import Text
from core.training.command import Command
from core.training.lane import Lane
from core.training.race import RaceJob


class Dropped:
    """A race's sink that notes who was stopped alone. `keep` stores facts, and may wait a moment."""

    def __init__(self, keep: Callable[[Mapping[str, Any]], None], earlier: Iterable[str] = ()) -> None:
        self._keep = keep
        self._dropped = list(earlier)
        self._run_of: dict[int, str] = {}

    def seat(self, lane: Lane, run: str) -> None:
        """Say which run a lane is."""
        self._run_of[id(lane)] = run

    def lane_over(self, lane: Lane) -> None:
        run = self._run_of.get(id(lane))
        if lane.is_dropped and lane.state_name == "stopped" and run is not None and run not in self._dropped:
            self._dropped.append(run)
            self._keep({"dropped": list(self._dropped)})

    def meant(self, runs: Sequence[RunRecord], command: Command) -> list[RunRecord]:
        """The runs that a command to go on means: those it names, or else those that were not dropped.

        One that was dropped, has gone on since then and is not stopped counts.
        """
        if command.only:
            return [run for run in runs if command.means(run.id)]
        return [run for run in runs if not (run.state == "stopped" and run.id in self._dropped)]

    def state(self, state: str) -> None:
        """Nothing to note."""

    def updated(self, lane: Lane) -> None:
        """Nothing to note."""

    def progress(self, race: RaceJob) -> None:
        """Nothing to note."""

    def applied(self, command: Command, step: int, problem: CoreError | None) -> None:
        """Nothing to note."""


def able(study: str, runs: Sequence[RunRecord], command: Command) -> list[RunRecord]:
    """The runs of a comparison that is over which can go on; Refused where none can."""
    named = [run for run in runs if command.means(run.id)]
    found = [run for run in named if run.state != "diverged" and (command.kind == "extend" or run.state != "finished")]
    if not found:
        raise Refused(
            Text("Comparison {id} cannot go on.", id=study),
            Text("None of its runs can.") if runs else Text("It was ended before its first run."),
            Text("Start it again."),
        )
    return found
