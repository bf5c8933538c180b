"""Together: which lanes of a race are advanced in one go, and how a round is divided among them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NoReturn, Protocol

from core.training.lane import Lane
from core.training.run import Run
from core.training.stacked import Faults


class Together(Protocol):
    """Several runs that are advanced by one update in one go, all of them or some, and may be measured in one go."""

    @property
    def runs(self) -> Sequence[Run]: ...
    def step(self, runs: Sequence[Run] | None = None) -> None: ...
    def evaluate(self, run: Run, others: Sequence[Run]) -> None: ...


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

    def evaluate(self, lane: Lane, lanes: Sequence[Lane]) -> None:
        """Where an evaluation of a lane begins, begin with it those of the others in its team that are due."""
        team = self.of(lane)
        if team is not None and lane.run is not None:
            others = [one for one in lanes if one is not lane and not one.done and self.of(one) is team]
            team.evaluate(lane.run, [one.run for one in others if one.run is not None])

    def divided(self, lanes: Sequence[Lane]) -> list[list[Lane]]:
        """Lanes that stand at one boundary, as groups that are advanced in one go, in the order of their first."""
        groups: dict[int, list[Lane]] = {}
        for lane in lanes:
            team = self.of(lane)
            groups.setdefault(id(lane if team is None else team), []).append(lane)
        return list(groups.values())


def advanced(team: Together, lanes: Sequence[Lane]) -> list[tuple[Lane, Callable[[], None]]]:
    """Advance lanes that stand at one boundary in one go; what is left to do for each, which raises for one at fault.

    Where nobody can be blamed, nobody knows what has changed: all fail.
    """
    runs = [lane.run for lane in lanes if lane.run is not None]
    errors: dict[Run, Exception] = {}
    try:
        team.step(runs)
    except Faults as faults:
        errors = faults.errors
    except Exception as error:
        errors = dict.fromkeys(runs, error)
    return [
        (lane, _raising(errors[run]) if run in errors else lane.updated) for lane, run in zip(lanes, runs, strict=True)
    ]


def _raising(error: Exception) -> Callable[[], None]:
    def fail() -> NoReturn:
        raise error

    return fail
