"""Lane: a run that takes part in a race. It obeys and reports as any run does; the race says when it is advanced."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import Future
from typing import Any, Protocol

from core.errors import BadInput, CoreError
from core.text import Text
from core.training.command import Command
from core.training.device import use_threads
from core.training.job import Snapshots, TrainingJob
from core.training.ledger import Fed
from core.training.run import Run
from core.training.sink import RunSink, Settling, Wait
from core.training.watch import Watch


class Conductor(Protocol):
    """The race, as far as a lane knows it."""

    def wake_up(self) -> None: ...
    def lane_asked(self) -> None: ...
    def interval(self) -> float: ...
    def seconds_left(self) -> float | None: ...
    @property
    def pace(self) -> str: ...


class Lane(TrainingJob):
    """A training job that is never submitted: its race calls it, in the compute thread."""

    def __init__(
        self,
        prepare: Future[Any],
        build: Callable[[], Run],
        sinks: list[RunSink],
        snapshots: Snapshots,
        race: Conductor,
        *,
        owner: str = "local",
        paused: bool = False,
        watch: Watch | None = None,
        finished: Callable[[TrainingJob], None] | None = None,
    ) -> None:
        self._race = race
        self.news: Settling[Lane] | None = None
        """Where it tells how it begins and ends once it takes part."""
        self.is_told_over = False
        """Whether the race has said that this lane is over."""
        self.is_dropped = False
        """Whether it was stopped by itself, not with the whole race."""
        self.fed: Fed | None = None
        """What was hashed of its batches in another process, where it trains there."""
        super().__init__(
            prepare,
            build,
            sinks,
            snapshots,
            race.wake_up,
            owner=owner,
            pace=race.pace,
            paused=paused,
            watch=watch,
            finished=finished,
        )

    def command(self, command: Command) -> bool:
        """Hand over a command to this lane alone."""
        self.is_dropped = self.is_dropped or (command.kind == "stop" and not self.done)
        return self.pass_on(command)

    def cancel(self) -> None:
        self.pass_on(Command("stop"))

    def pass_on(self, command: Command) -> bool:
        """Hand over a command that all lanes get."""
        if not super().command(command):
            return False
        self._race.lane_asked()
        self._race.wake_up()
        return True

    # -- what the race asks --------------------------------------------------------------------------------------

    @property
    def is_set_back(self) -> bool:
        """Whether it waits because it has lost what it had."""
        return False

    @property
    def is_told(self) -> bool:
        """Whether a command of its own waits."""
        return bool(self._commands)

    @property
    def can_begin(self) -> bool:
        """Whether it waits for nothing but to be built."""
        return self.run is None and not self.done and (self.is_cancelled or self._prepare.done())

    @property
    def has_work(self) -> bool:
        """Whether something is due that is no update: a look at it, an evaluation, an event of its recipe, its end, or
        what has to be learned before its first one."""
        run = self.run
        if run is None or self.done:
            return False
        if self._watch.is_due(run) or not run.goes_on:
            return True
        return run.parts.learning is not None and (not self._paused or self.is_single)

    @property
    def is_measured_next(self) -> bool:
        """Whether its next piece belongs to an evaluation."""
        return self.run is not None and self.run.evaluation_due

    @property
    def is_going(self) -> bool:
        """Whether it may do an update now, where it has no work."""
        run = self.run
        if run is None or self.done or run.parts.learning is not None:
            return False
        return not self._paused or self._num_single > 0

    @property
    def is_single(self) -> bool:
        """Whether it is held back but for single updates that were asked for."""
        return self._paused and self._num_single > 0

    @property
    def num_updates(self) -> int:
        """Updates done."""
        return self.run.step_count if self.run is not None else 0

    # -- what the race tells -------------------------------------------------------------------------------------

    def begin(self) -> None:
        """Build the run if its data are there."""
        self._start()

    def obey(self) -> None:
        """Apply its own commands, at the boundary between two rounds."""
        assert self.run is not None
        self._obey(self.run)

    def take(self, command: Command) -> CoreError | None:
        """Apply a command that all lanes get; the problem with it, if there is one."""
        assert self.run is not None
        problem = None
        self._actor = command.actor
        try:
            if command.kind == "pace":
                self._pace = self._race.pace
            else:
                super()._apply(self.run, command)
        except CoreError as error:
            problem = error
        self._acknowledge(command, self.run.step_count, problem)
        self._actor = self.owner
        return problem

    def work(self) -> None:
        """Do a piece of what is due besides updates."""
        run = self.run
        assert run is not None
        self._piece(run)
        if run.is_over:
            self._report(run)
            self._end(run)

    def update(self) -> None:
        """Do one update."""
        assert self.run is not None
        use_threads(self.run.conditions.threads)
        self.run.step()
        self.updated()

    def updated(self) -> None:
        """One update has been done, by itself or together with others."""
        assert self.run is not None
        if self._paused:
            self._num_single -= 1
        self._snapshot_if_due(self.run)

    def report(self) -> None:
        """Hand over rows and progress when it is time."""
        assert self.run is not None
        self._report(self.run)

    # -- what differs from a run by itself -----------------------------------------------------------------------

    def _tell(self, news: Iterator[Wait]) -> None:
        if self.news is None:
            super()._tell(news)
        else:
            self.news.tell(self, news)

    def _apply(self, run: Run, command: Command) -> None:
        if command.kind == "pace":
            raise BadInput(
                Text("The pace of this run alone cannot be changed."),
                Text("It is part of a comparison, whose runs go on in lock-step."),
                Text("Change the pace of the comparison."),
            )
        super()._apply(run, command)

    def _interval(self, run: Run) -> float:
        return self._race.interval()

    def _seconds_left(self, run: Run) -> float | None:
        return self._race.seconds_left()
