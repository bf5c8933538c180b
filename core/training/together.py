"""Together: which lanes of a race are advanced in one go, and how a round is divided among them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NoReturn, Protocol

from core.training.lane import Lane
from core.training.memory import OutOfMemory
from core.training.run import Run


class Together(Protocol):
    """Several runs that are advanced by one update in one go, all of them or some."""

    @property
    def runs(self) -> Sequence[Run]: ...
    def step(self, runs: Sequence[Run] | None = None) -> None: ...


Join = Callable[[Sequence[Run]], Sequence[Together]]
"""Says which of several runs are advanced in one go; the others are advanced by themselves."""


class Teams:
    """The lanes of a race by what advances them. It holds the runs, so it ends with the race."""

    def __init__(self, join: Join) -> None:
        self._join = join
        self._by_run: dict[int, Together] = {}

    def form(self, lanes: Sequence[Lane]) -> None:
        """Divide these lanes anew."""
        runs = [lane.run for lane in lanes if lane.run is not None and not lane.done]
        self._by_run = {id(run): stack for stack in self._join(runs) for run in stack.runs}

    def disband(self) -> None:
        """Hold no run any more."""
        self._by_run = {}

    def of(self, lane: Lane) -> Together | None:
        """What advances a lane together with others; None where it is advanced by itself."""
        return self._by_run.get(id(lane.run))

    def divided(self, lanes: Sequence[Lane]) -> list[list[Lane]]:
        """Lanes that stand at one boundary, as groups that are advanced in one go, in the order of their first."""
        groups: dict[int, list[Lane]] = {}
        for lane in lanes:
            team = self.of(lane)
            groups.setdefault(id(lane if team is None else team), []).append(lane)
        return list(groups.values())


def advanced(team: Together, lanes: Sequence[Lane]) -> list[tuple[Lane, Callable[[], None]]]:
    """Advance lanes that stand at one boundary in one go; what is left to do for each, which raises for one at fault.

    Where that goes wrong, only those fail that are at fault: the last whose update was counted, for its rows could not
    be passed on; or those whose batch cannot be had, before anything has changed. The others do the update, or count
    it. Where nobody can be blamed, nobody knows what has changed: all fail that have not done the update.
    """
    runs = [lane.run for lane in lanes if lane.run is not None]
    before = [(run.step_count, run.parts.recorder.num_rows) for run in runs]
    try:
        team.step(runs)
    except Exception as error:
        return _remaining(lanes, runs, before, error)
    return [(lane, lane.updated) for lane in lanes]


def _remaining(
    lanes: Sequence[Lane], runs: Sequence[Run], before: Sequence[tuple[int, int]], error: Exception
) -> list[tuple[Lane, Callable[[], None]]]:
    if isinstance(error, OutOfMemory):
        return [(lane, _raising(error)) for lane in lanes]
    counted = [run.step_count > step for run, (step, _) in zip(runs, before, strict=True)]
    recorded = [run.parts.recorder.num_rows > num for run, (_, num) in zip(runs, before, strict=True)]
    num_counted = sum(counted)
    left: dict[int, Callable[[], None]] = {}
    if num_counted and all(done or kept for done, kept in zip(counted, recorded, strict=True)):
        left[num_counted - 1] = _raising(error)
    undone = [place for place in range(len(runs)) if not counted[place] and not recorded[place]]
    faults = {place: fault for place in undone if (fault := _batch_fault(runs[place])) is not None}
    for place, lane in enumerate(lanes):
        if place in undone:
            fault = faults.get(place, None if faults else error)
            left[place] = lane.update if fault is None else _raising(fault)
        elif place not in left:
            left[place] = lane.updated if counted[place] else _counting(lane)
    return [(lane, left[place]) for place, lane in enumerate(lanes)]


def _batch_fault(run: Run) -> Exception | None:
    """Why the next batch of a run cannot be had."""
    loop = run.parts.loop
    try:
        batch = loop.batch_of(run.step_count)
        if loop.augment is not None:
            loop.augment(batch, run.step_count)
    except Exception as error:
        return error
    return None


def _counting(lane: Lane) -> Callable[[], None]:
    """Count an update that was done."""

    def count() -> None:
        assert lane.run is not None
        lane.run.stepped(0.0)
        lane.updated()

    return count


def _raising(error: Exception) -> Callable[[], None]:
    def fail() -> NoReturn:
        raise error

    return fail
