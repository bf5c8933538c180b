"""RemoteLane: the lane of a run that trains on a cluster. It takes what the run tells, in the compute thread.

The run that it holds is a twin: built like any other, never trained, and kept where the one in the worker stands. A
worker that is lost is replaced by another one, which goes on from the last snapshot.
"""

from __future__ import annotations

import logging
import threading
from collections import deque
from collections.abc import Callable, Mapping
from concurrent.futures import Future
from typing import Any, Protocol

from core.errors import CoreError
from core.executors.cluster import Cluster
from core.executors.outbox import Told
from core.executors.training import Training, WorkerLost
from core.executors.worker import Order, Standing
from core.text import Text
from core.training.changes import computed
from core.training.command import Command
from core.training.evaluation import Evaluation
from core.training.events import Event, Outcome
from core.training.job import Snapshots, TrainingJob
from core.training.lane import Conductor, Lane
from core.training.resident import host_samples
from core.training.run import Run
from core.training.sink import RunSink

logger = logging.getLogger(__name__)

MOST_LOST = 3
"""A run that has lost so many workers without doing an update in between has failed."""


class Remote(Protocol):
    """What a lane on a cluster needs of its study."""

    cluster: Cluster

    @property
    def processes(self) -> int:
        """How many do its updates together."""
        ...

    @property
    def targets(self) -> Mapping[str, object]:
        """What the run tells its news, by the names that its worker calls them."""
        ...

    def order(self, *, pace: str, paused: bool, hashes: bool) -> Order:
        """What the next worker is to do."""
        ...

    def begin_again(self) -> None:
        """Let the next order go on from the last snapshot. Waits for the disk."""
        ...


class RemoteLane(Lane):
    """A lane whose updates come as news. `sinks` hear only what no worker can tell any more."""

    is_here = False

    def __init__(
        self,
        prepare: Future[Any],
        build: Callable[[], Run],
        sinks: list[RunSink],
        snapshots: Snapshots,
        race: Conductor,
        remote: Remote,
        *,
        owner: str,
        paused: bool,
        finished: Callable[[TrainingJob], None],
    ) -> None:
        self._remote, self.is_shared = remote, remote.processes > 1
        self._training: Training | None = None
        self._handing = threading.Lock()
        self._is_given_up = False
        self._news: deque[Told] = deque()
        self._unheard: list[Command] = []
        """What the run was told and has not acknowledged."""
        self._num_lost = 0
        self.where: tuple[str, int] | None = None
        """The machine on which it trains, and the process there; None while it waits for one."""
        super().__init__(prepare, build, sinks, snapshots, race, owner=owner, paused=paused, finished=finished)

    # -- what the race asks --------------------------------------------------------------------------------------

    @property
    def doing(self) -> Text | None:
        if self.run is None or self.done or self.where is not None:
            return None
        if self.is_set_back:
            return Text("A process of the cluster was lost: another one goes on from the last snapshot.")
        return Text("Waits for a process of the cluster, which takes up to a minute the first time.")

    @property
    def is_set_back(self) -> bool:
        return self._num_lost > 0 and self.where is None

    @property
    def has_work(self) -> bool:
        """Everything that is due is done elsewhere."""
        return False

    @property
    def is_going(self) -> bool:
        """Whether there is news."""
        return not self.done and bool(self._news)

    @property
    def is_single(self) -> bool:
        """News waits for nobody who is behind it, and for no pace."""
        return self.is_going

    # -- what the race tells -------------------------------------------------------------------------------------

    def take(self, command: Command) -> CoreError | None:
        """Pass on a command that all lanes get; a problem with it is told by the run."""
        if command.kind == "stop" and self._state == "queued":
            self._give_up(Outcome("stopped", "by_user", Text("Stopped while it was waiting.")))
            return None
        if command.kind == "pace":
            self._pace = self._race.pace
        with self._handing:
            self._unheard.append(command)
            if self._training is not None:
                self._training.command(command)
        return None

    def obey(self) -> None:
        """Pass on its own commands."""
        self.is_asked = False
        while self._commands and not self.done:
            self.take(self._commands.popleft())

    def update(self) -> None:
        """Take the news."""
        while self._news and not self.done:
            told = self._news.popleft()
            told.to(self if told.target == "lane" else self._remote.targets[told.target])

    def report(self) -> None:
        """The run reports by itself."""

    def closing(self) -> None:
        """The program ends, and with it the worker: the last snapshot is what the run goes on from."""
        self._end_training()
        super().closing()

    def failed(self, error: BaseException) -> None:
        self._end_training()
        super().failed(error)

    # -- in a thread of its own ----------------------------------------------------------------------------------

    def _follow(self, *, is_again: bool) -> None:
        """Hand the run over and wait for its news, to its end."""
        try:
            if self._is_given_up:
                return
            if is_again:
                self._remote.begin_again()
            run = self.run
            assert run is not None
            order = self._remote.order(pace=self._pace, paused=self._paused, hashes=run.parts.loop.watch is not None)
            samples = host_samples(run.parts.data)
            training = Training(self._remote.cluster, order, samples)
            with self._handing:
                if self._is_given_up:
                    return
                self._training = training
                for command in self._unheard:
                    training.command(command)
            for told in training.news():
                self._hand(*told)
        except WorkerLost as error:
            self._hand(Told("lane", "lost", (error,), {}))
        except Exception as error:
            logger.exception("a run on the cluster has ended for its owner")
            self._hand(Told("lane", "ended", (None, error), {}))

    def _hand(self, *told: Told) -> None:
        self._news.extend(told)
        self._race.wake_up()

    # -- what the run tells --------------------------------------------------------------------------------------

    def located(self, node: str, process: int) -> None:
        """It trains there."""
        self.where = node, process

    def stands(self, at: Standing) -> None:
        """It has done so much."""
        run = self.run
        assert run is not None
        if at.step > run.step_count:
            self._num_lost = 0
        run.step_count, run.plan.total_steps, run.train_s = at.step, at.total_steps, at.train_s
        run.measuring.seconds = at.evaluation_s
        self.fed = at.fed

    def shows(self, state: str) -> None:
        """It is running, or paused."""
        self._state, self._paused = state, state == "paused"

    def evaluated(self, evaluation: Evaluation) -> None:
        """Its errors were measured."""
        assert self.run is not None
        self.run.measuring.evaluations.append(evaluation)

    def happened(self, event: Event) -> None:
        """Something has changed it."""
        run = self.run
        assert run is not None
        run.previous, run.current = run.current, computed(run.current, [event])

    def heard(self, command: Command) -> None:
        """It has obeyed a command, or said why not."""
        with self._handing:
            if command in self._unheard:
                self._unheard.remove(command)

    def lost(self, error: WorkerLost) -> None:
        """Its worker is gone: another one goes on, unless that happens again and again."""
        self._num_lost += 1
        if self._num_lost >= MOST_LOST:
            raise error
        logger.warning("%s", error)
        with self._handing:
            self._training = None
        self.where = None
        self._begin_following(is_again=True)

    def ended(self, outcome: Outcome | None, error: BaseException | None) -> None:
        """It is over and has told so; without an `outcome` nobody could."""
        if outcome is None:
            raise error or RuntimeError("the run ended without a word")
        assert self.run is not None
        self._sinks, self.error, self.run.outcome = [], error, outcome
        self._close(outcome)

    # -- within --------------------------------------------------------------------------------------------------

    def _start(self) -> bool:
        """Build the twin and hand the run over once its data are there; False while they are not."""
        if self.is_cancelled or not self._prepare.done():
            return super()._start()
        self._prepare.result()
        self.run, self.has_begun = self._build(), True
        self._begin_following(is_again=False)
        return True

    def _begin_following(self, *, is_again: bool) -> None:
        threading.Thread(target=self._follow, kwargs={"is_again": is_again}, name="cluster", daemon=True).start()

    def _give_up(self, outcome: Outcome) -> None:
        self._end_training()
        self._close(outcome)

    def _end_training(self) -> None:
        with self._handing:
            self._is_given_up = True
            if self._training is not None:
                self._training.give_up()

    def _save(self, run: Run, kind: str) -> None:
        """The worker takes the snapshots."""
