"""Sinks: where a run's news go, one after the other. What one of them keeps is kept before the next hears of it."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any, Generic, Protocol, TypeVar

from core.errors import CoreError
from core.training.command import Command
from core.training.evaluation import Evaluation
from core.training.events import Event, Outcome
from core.training.recorder import StepBlock
from core.training.run import Run

if TYPE_CHECKING:
    from core.training.lane import Lane
    from core.training.race import RaceJob

logger = logging.getLogger(__name__)

T = TypeVar("T")

Wait = Callable[[], object]
"""Waits until what was told is kept."""


class RunSink(Protocol):
    """Where a run's news go: the live hub, the store. Called in the compute thread; must not wait.

    What `state` returns is called before the next sink hears of that state.
    """

    def state(self, state: str, run: Run | None, outcome: Outcome | None) -> Wait | None: ...
    def block(self, run: Run, block: StepBlock) -> None: ...
    def evaluation(self, run: Run, evaluation: Evaluation) -> None: ...
    def event(self, run: Run, event: Event, actor: str) -> None: ...
    def applied(self, command: Command, step: int, problem: CoreError | None) -> None: ...
    def progress(self, run: Run, pace: str, seconds_left: float | None) -> None: ...


class RaceSink(Protocol):
    """Where the news of a race as a whole go. Called in the compute thread; must not wait."""

    def state(self, state: str) -> None: ...
    def updated(self, lane: Lane) -> None: ...
    def lane_over(self, lane: Lane) -> None: ...
    def progress(self, race: RaceJob) -> None: ...
    def applied(self, command: Command, step: int, problem: CoreError | None) -> None: ...


def telling(sinks: Sequence[RunSink], state: str, run: Run | None) -> Iterator[Wait]:
    """Tell the sinks a state; whoever asks for the next one has waited."""
    for sink in sinks:
        wait = sink.state(state, run, None)
        if wait is not None:
            yield wait


def telling_end(sinks: Sequence[RunSink], outcome: Outcome, run: Run | None) -> Iterator[Wait]:
    """Tell the sinks of an end. Where that fails with one, the others must hear of it all the same."""
    for sink in sinks:
        wait = _or_logged(sink.state, outcome.state, run, outcome)
        if wait is not None:
            yield partial(_or_logged, wait)


def _or_logged(act: Callable[..., T], *arguments: Any) -> T | None:
    try:
        return act(*arguments)
    except Exception:
        logger.exception("the end of a run could not be passed on")
        return None


class Settling(Generic[T]):
    """What several tell at the same boundary: one wait for the disk serves them all.

    `guarded` does something for one of them, so that no other suffers from it.
    """

    def __init__(self, guarded: Callable[[T, Callable[[], object]], None]) -> None:
        self._guarded = guarded
        self._told: list[tuple[T, Wait, Iterator[Wait]]] = []

    def tell(self, who: T, news: Iterator[Wait]) -> None:
        """Tell the first sink; the others hear of it when everything is settled."""
        wait = next(news, None)
        if wait is not None:
            self._told.append((who, wait, news))

    def settle(self) -> None:
        """Wait until all of it is kept, and tell the others what is."""
        kept: list[tuple[T, Iterator[Wait]]] = []

        def keep(who: T, wait: Wait, rest: Iterator[Wait]) -> None:
            wait()
            kept.append((who, rest))

        while self._told:
            told, self._told = self._told, []
            for one in told:
                self._guarded(one[0], partial(keep, *one))
            while kept:
                who, rest = kept.pop(0)
                self._guarded(who, partial(wait_for, rest))


def wait_for(news: Iterator[Wait]) -> None:
    """Tell all sinks, one after the other."""
    for wait in news:
        wait()
