"""TrainingJob: a run as a job of the compute thread. It obeys commands between updates, keeps its pace, reports."""

from __future__ import annotations

import logging
import math
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from typing import Any, Protocol

from torch import Tensor

from core.errors import BadInput, CoreError
from core.text import Text
from core.training.checkpoint import is_root_two_power
from core.training.command import Command, checked_pace
from core.training.compute import Job
from core.training.evaluation import Evaluation
from core.training.events import Event, Outcome
from core.training.memory import OutOfMemory
from core.training.recorder import StepBlock
from core.training.run import Run
from core.training.sink import RunSink, Wait, telling, telling_end, wait_for
from core.training.watch import Watch

logger = logging.getLogger(__name__)

FLUSH_S = 0.05
PROGRESS_S = 0.2
POWER_SNAPSHOT_S = 0.1
"""At most one snapshot in passing in so many seconds of work: what less work has made is soon computed again, while a
young run comes to a power of √2 after every few updates."""
EPOCH_SNAPSHOT_S = 2.0
"""At most one at the end of an epoch in so many seconds of work: a tiny epoch takes milliseconds."""
SNAPSHOT_S = 30.0

REASONS: dict[type[CoreError], str] = {BadInput: "bad_input", OutOfMemory: "out_of_memory"}
"""Reason codes of runs that failed with an explanation; any other is "error"."""


class Snapshots(Protocol):
    """Keeps states on disk; `save` copies at once and writes in the background."""

    def save(self, step: int, kind: str, tensors: dict[str, Tensor], position: dict[str, Any]) -> None: ...
    @property
    def is_busy(self) -> bool: ...


class TrainingJob(Job):
    """Trains the run that `prepare` loads the data for (any thread) and `build` makes (compute thread).

    `paused` starts it waiting at its first step, for "one update" before Start. `is_fork`: no snapshot of the run is
    there yet, although it does not begin at update 0.
    """

    priority = "run"
    flush_s = FLUSH_S
    """Recorded rows are handed over after so many seconds at the latest, or when 64 have come together."""

    def __init__(
        self,
        prepare: Future[Any],
        build: Callable[[], Run],
        sinks: list[RunSink],
        snapshots: Snapshots,
        wake: Callable[[], None],
        *,
        owner: str = "local",
        pace: str = "max",
        paused: bool = False,
        is_fork: bool = False,
        watch: Watch | None = None,
        finished: Callable[[TrainingJob], None] | None = None,
    ) -> None:
        super().__init__(owner)
        self.run: Run | None = None
        self.has_begun = False
        self.over = threading.Event()
        self.error: BaseException | None = None
        self._prepare, self._build = prepare, build
        self._sinks, self._snapshots, self._wake = sinks, snapshots, wake
        self._watch = watch or Watch()
        self._lock = threading.Lock()
        self._commands: deque[Command] = deque()
        self._paused, self._num_single = paused, 0
        self._pace = pace
        self._next_step_at = 0.0
        self._flushed_at = self._reported_at = self._saved_at = self._saved_work_s = 0.0
        self._saved_step = -1
        self._is_fork = is_fork
        self._state = "queued"
        self._actor = owner
        self._finished = finished
        prepare.add_done_callback(lambda _: self._ready())

    # -- from any thread -----------------------------------------------------------------------------------------

    def command(self, command: Command) -> bool:
        """Hand over a command; it is applied at the next boundary. False when the job is over and takes none."""
        with self._lock:
            if self.done:
                return False
            self._commands.append(command)
            self.is_asked = True
        self.is_cancelled = self.is_cancelled or (command.kind == "stop" and self.run is None)
        self._ready()
        return True

    def cancel(self) -> None:
        self.command(Command("stop"))

    @property
    def progress(self) -> float:
        run = self.run
        return 0.0 if run is None else min(1.0, run.step_count / run.total_steps)

    @property
    def pace(self) -> str:
        """The pace it keeps."""
        return self._pace

    @property
    def state_name(self) -> str:
        """queued, running, paused, or how it ended."""
        return self._state

    @property
    def doing(self) -> Text | None:
        """What it waits for that is not in this process."""
        return None

    def _ready(self) -> None:
        self.ready_at = 0.0
        self._wake()

    # -- in the compute thread -----------------------------------------------------------------------------------

    def advance(self, budget_s: float) -> None:
        if self.run is None and not self._start():
            return
        run = self.run
        assert run is not None
        end = time.monotonic() + budget_s
        self._obey(run)
        while not run.is_over and not self._commands:
            now = time.monotonic()
            if now >= end or not self._may_go_on(run, now):
                break
            self._piece(run)
        self._report(run)
        if run.is_over:
            self._end(run)
        elif not self._commands:
            self.ready_at = self._next_turn(run)
            if self._commands:
                self.ready_at = 0.0

    def _start(self) -> bool:
        """Build the run once its data are there; False while they are not."""
        if self.is_cancelled:
            self._prepare.cancel()
            for command in list(self._commands):
                self._acknowledge(command, 0, None)
            self._close(Outcome("stopped", "by_user", Text("Stopped while it was waiting.")))
            return False
        self.ready_at = math.inf
        if not self._prepare.done():
            return False
        self.ready_at = 0.0
        self._prepare.result()
        run = self._build()
        run.listener = self
        self.run, self.has_begun = run, True
        self._state = "paused" if self._paused else "running"
        self._tell(telling(self._sinks, self._state, run))
        # A resumed run has the snapshot it comes from.
        self._saved_step = -1 if self._is_fork else run.step_count or -1
        self._saved_at, self._saved_work_s = time.monotonic(), run.work_s
        return True

    def _piece(self, run: Run) -> None:
        """Do the next piece of work; before the run goes on it is looked at, where that is due."""
        if self._watch.is_due(run):
            self._watch.piece(run)
        else:
            run.piece()
            self._snapshot_if_due(run)

    def _waits_for_nothing(self, run: Run) -> bool:
        """Whether the next piece is no update, so that no pace holds it up; and no pause, but where it is to learn."""
        is_last = run.step_count >= run.total_steps
        learns = run.learns_next and (not self._paused or self._num_single > 0)
        return is_last or learns or run.evaluation_due or run.is_ending or self._watch.is_due(run)

    def _may_go_on(self, run: Run, now: float) -> bool:
        """Whether the next piece may be done now: evaluations always, updates by pause and pace."""
        if self._waits_for_nothing(run):
            return True
        if self._paused:
            if not self._num_single:
                return False
            self._num_single -= 1
            return True
        interval = self._interval(run)
        if interval <= 0:
            return True
        if now < self._next_step_at:
            return False
        # Time lost to others is not made up for by a burst.
        self._next_step_at = max(self._next_step_at, now - 0.1) + interval
        return True

    def _interval(self, run: Run) -> float:
        """Seconds between updates at the present pace; 0 for as fast as possible."""
        whole = {"10s": 10.0, "1min": 60.0}.get(self._pace)
        if whole is not None:
            return whole / run.planned_steps
        return 1.0 if self._pace == "1/s" else 0.0

    def _next_turn(self, run: Run) -> float:
        if self._waits_for_nothing(run):
            return 0.0
        if self._paused:
            return 0.0 if self._num_single else math.inf
        return self._next_step_at if self._interval(run) > 0 else 0.0

    # -- commands ------------------------------------------------------------------------------------------------

    def _obey(self, run: Run) -> None:
        self.is_asked = False
        while self._commands:
            command = self._commands.popleft()
            self._actor = command.actor
            problem = None
            try:
                self._apply(run, command)
            except CoreError as error:
                problem = error
            self._acknowledge(command, run.step_count, problem)
            self._actor = self.owner

    def _acknowledge(self, command: Command, step: int, problem: CoreError | None) -> None:
        for sink in self._sinks:
            sink.applied(command, step, problem)

    def _apply(self, run: Run, command: Command) -> None:
        kind, values = command.kind, command.values
        if kind in ("start", "resume"):
            self._paused, self._num_single = False, 0
            self._next_step_at = 0.0
            self._set_state("running")
        elif kind == "pause":
            self._pause(run)
        elif kind == "step":
            if not self._paused:
                self._pause(run)
            self._num_single += 1
        elif kind == "pace":
            self._pace = checked_pace(values.get("pace"))
            self._next_step_at = 0.0
        elif kind in Event.CHANGING:
            run.apply(Event(run.step_count, kind, values))
            if kind == "stop":
                self._paused = False
        elif kind == "curvature":
            self._watch.every = values["every"]
        else:
            raise BadInput(
                Text("“{kind}” is no command.", kind=kind),
                Text("A run knows a few commands."),
                Text("Use start, pause, resume, step, stop, extend, set, pace or curvature."),
            )

    def _pause(self, run: Run) -> None:
        if run.is_ending or run.is_over:
            return  # Nothing is left that could be held.
        self._paused, self._num_single = True, 0
        self._set_state("paused")
        if not run.evaluation_due:
            self._save(run, "pause")

    # -- reporting -----------------------------------------------------------------------------------------------

    def on_block(self, block: StepBlock) -> None:
        assert self.run is not None
        for sink in self._sinks:
            sink.block(self.run, block)

    def on_evaluation(self, evaluation: Evaluation) -> None:
        assert self.run is not None
        for sink in self._sinks:
            sink.evaluation(self.run, evaluation)

    def on_event(self, event: Event) -> None:
        assert self.run is not None
        for sink in self._sinks:
            sink.event(self.run, event, self._actor)

    def _report(self, run: Run) -> None:
        now = time.monotonic()
        idle = self._paused or self._interval(run) > self.flush_s
        if idle or run.is_over or now - self._flushed_at >= self.flush_s:
            run.flush()
            self._flushed_at = now
        if idle or run.is_over or now - self._reported_at >= PROGRESS_S:
            self._reported_at = now
            for sink in self._sinks:
                sink.progress(run, self._pace, self._seconds_left(run))

    def _seconds_left(self, run: Run) -> float | None:
        left = run.total_steps - run.step_count
        if run.step_count == 0:
            return left * self._interval(run) or None
        cost = run.work_s / run.step_count
        return left * max(cost, self._interval(run))

    def _set_state(self, state: str) -> None:
        if state == self._state:
            return
        self._state = state
        wait_for(telling(self._sinks, state, self.run))

    def _tell(self, news: Iterator[Wait]) -> None:
        """Pass on how the run begins or ends."""
        wait_for(news)

    # -- snapshots -----------------------------------------------------------------------------------------------

    def _snapshot_if_due(self, run: Run) -> None:
        kind = None if run.step_count == self._saved_step else self._snapshot_due(run)
        if kind is None or run.evaluation_due or run.is_over:
            return
        if self._paused or not self._snapshots.is_busy:
            self._save(run, kind)

    def _snapshot_due(self, run: Run) -> str | None:
        """The kind of snapshot that this update calls for."""
        if self._paused:
            return "pause"
        if self._saved_step < 0:
            return "start"
        work_s = run.work_s - self._saved_work_s
        if work_s >= EPOCH_SNAPSHOT_S and run.epochs.is_end(run.step_count):
            return "epoch"
        is_passed = work_s >= POWER_SNAPSHOT_S and is_root_two_power(run.step_count)
        return "power" if is_passed or time.monotonic() - self._saved_at >= SNAPSHOT_S else None

    def _save(self, run: Run, kind: str) -> None:
        # Rows first: a snapshot says that everything up to it is recorded, and a divergence must be seen before.
        run.flush()
        if run.step_count == self._saved_step and kind != "end":
            return
        self._saved_step, self._saved_at, self._saved_work_s = run.step_count, time.monotonic(), run.work_s
        self._snapshots.save(run.step_count, kind, *run.state())

    # -- the end -------------------------------------------------------------------------------------------------

    def _end(self, run: Run) -> None:
        assert run.outcome is not None
        self._save(run, "end")
        with self._lock:
            if self._commands:
                # They came before anybody could know of the end: an extension among them takes it back.
                self.ready_at = 0.0
                return
            self.done = True
        self._close(run.outcome)

    def _close(self, outcome: Outcome) -> None:
        with self._lock:
            self.done = True
        self._state, self._watch = outcome.state, Watch()
        self._tell(self._ending(outcome))

    def _ending(self, outcome: Outcome) -> Iterator[Wait]:
        """Tell the sinks of the end, then whoever waits for it."""
        yield from telling_end(self._sinks, outcome, self.run)
        if self._finished is not None:
            self._finished(self)
        self.over.set()

    def failed(self, error: BaseException) -> None:
        self.error = error
        if self.run is not None:
            try:
                self.run.flush()
            except Exception:
                logger.exception("the last updates of a failed run are lost")
        if isinstance(error, CoreError):
            reason = next((code for kind, code in REASONS.items() if isinstance(error, kind)), "error")
            self._close(Outcome("failed", reason, error.text))
        else:
            super().failed(error)
            text = Text("It failed: {error}", error=f"{type(error).__name__}: {error}"[:500])
            self._close(Outcome("failed", "exception", text))

    def closing(self) -> None:
        """The program ends: keep the state, so that the run can be resumed."""
        if self.run is not None and not self.run.is_over:
            self._save(self.run, "closing")
        text = Text("The program was closed; the run can be resumed.")
        self._close(Outcome("interrupted", "closed", text))
