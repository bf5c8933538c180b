"""RaceJob: several runs in lock-step as one job of the compute thread.

In every round each run under way does one update, in a fixed order; what is due at that boundary, evaluations above
all, is done by all before the next round. A run that was held back or joins later catches up first, as fast as it can.
"""

from __future__ import annotations

import logging
import math
import threading
import time
from collections import deque
from collections.abc import Callable, Sequence

from core.errors import CoreError
from core.text import Text
from core.training.command import Command, checked_pace
from core.training.compute import Job
from core.training.job import PROGRESS_S
from core.training.lane import Lane
from core.training.race_pace import interval_of, seconds_left, share_flushes
from core.training.sink import RaceSink, Settling
from core.training.together import Join, Teams, advanced

logger = logging.getLogger(__name__)


class RaceJob(Job):
    """Advances its lanes in lock-step. A command to the race goes to all of them, one to a lane to that one alone.

    `together` says, once all lanes are built, which of their runs are advanced as one.
    """

    priority = "run"

    def __init__(
        self,
        sinks: Sequence[RaceSink],
        wake: Callable[[], None],
        *,
        owner: str = "local",
        pace: str = "max",
        finished: Callable[[RaceJob], None] | None = None,
        together: Join = lambda runs: (),
    ) -> None:
        super().__init__(owner)
        self.lanes: list[Lane] = []
        self.over = threading.Event()
        self.error: BaseException | None = None
        self._sinks, self._wake, self._finished = sinks, wake, finished
        self._teams = Teams(together)
        self._lock = threading.Lock()
        self._joining: deque[Lane] = deque()
        self._commands: deque[tuple[Command, Sequence[Lane]]] = deque()
        """What waits for the end of the round, each with the lanes that it does not concern."""
        self._left: list[list[Lane]] = []
        self._news: Settling[Lane] = Settling(self._guarded)
        self._ended: list[Lane] = []
        self._pace = pace
        self._next_round_at = self._reported_at = 0.0
        self._state = "queued"
        self.has_begun = False
        self.unheard: list[Command] = []
        """Commands that came when the last lane had just ended, for whoever can still do something about them."""

    # -- from any thread -----------------------------------------------------------------------------------------

    def add(
        self, lanes: Sequence[Lane], command: Command | None = None, admitted: Callable[[], object] | None = None
    ) -> bool:
        """Let lanes take part, and hand over a command to all others with that; False when the race is over.

        `admitted` is called before either, if they may.
        """
        with self._lock:
            if self.done:
                return False
            if admitted is not None:
                admitted()
            self._joining.extend(lanes)
            if command is not None:
                self._commands.append((command, lanes))
                self.is_asked = True
        self.wake_up()
        return True

    def command(self, command: Command) -> bool:
        """Hand over a command to all lanes; applied at the end of the round. False when the race is over."""
        with self._lock:
            if self.done:
                return False
            self._commands.append((command, ()))
            self.is_asked = True
        if command.kind == "stop" and self._state == "queued":
            self.cancel()
        self.wake_up()
        return True

    def cancel(self) -> None:
        """Stop every lane, also those that wait."""
        self.is_cancelled = True
        with self._lock:
            lanes = [*self.lanes, *self._joining]
        for lane in lanes:
            lane.cancel()
        self.wake_up()

    def wake_up(self) -> None:
        """One of the lanes has been told something, or its data have come."""
        self.ready_at = 0.0
        self._wake()

    def lane_asked(self) -> None:
        """A lane has a command and wants its turn."""
        self.is_asked = True

    @property
    def progress(self) -> float:
        lanes = self.lanes
        return sum(1.0 if lane.done else lane.progress for lane in lanes) / len(lanes) if lanes else 0.0

    @property
    def pace(self) -> str:
        """The pace it keeps."""
        return self._pace

    @property
    def state_name(self) -> str:
        """queued, running, paused, or how it ended."""
        return self._state

    @property
    def step(self) -> int:
        """Updates that the furthest lane has done."""
        return max((lane.run.step_count for lane in self.lanes if lane.run), default=0)

    @property
    def num_steps(self) -> int:
        """Updates that the longest lane is to do."""
        return max((lane.run.total_steps for lane in self.lanes if lane.run), default=0)

    def interval(self) -> float:
        """Seconds between rounds at the present pace; 0 for as fast as possible."""
        return interval_of(self._pace, self.lanes)

    def seconds_left(self) -> float | None:
        """How long it will take at the present pace; None while that cannot be known."""
        return None if self.doing else seconds_left(self.interval(), self.lanes)

    @property
    def doing(self) -> Text | None:
        """What all lanes wait for that is not in this process, or one that has lost its own."""
        lanes = [lane for lane in self.lanes if lane.run is not None and not lane.done]
        waiting = [lane for lane in lanes if lane.doing]
        set_back = [lane for lane in waiting if lane.is_set_back]
        return (set_back or waiting)[0].doing if set_back or (lanes and len(waiting) == len(lanes)) else None

    # -- in the compute thread -----------------------------------------------------------------------------------

    def advance(self, budget_s: float) -> None:
        end = time.monotonic() + budget_s
        if self._begun(end):
            self._settle()
            self._obey()
            while time.monotonic() < end and self._piece():
                pass
        self._report()
        self._rest()

    def _begun(self, end: float) -> bool:
        """Build the runs whose data are there, one after another; whether the race can go on.

        At the start it waits for all. Who joins later keeps nobody waiting.
        """
        with self._lock:
            for lane in self._joining:
                lane.news = self._news
            self.lanes += self._joining
            self._joining.clear()
        waiting = [lane for lane in self.lanes if lane.run is None and not lane.done]
        if not waiting:
            return True
        self.ready_at = math.inf
        for place, lane in enumerate(waiting):
            if place and time.monotonic() >= end:
                self.ready_at = 0.0
                return self.has_begun
            self._guarded(lane, lane.begin)
        is_complete = all(lane.run is not None or lane.done for lane in waiting)
        if is_complete:
            self.ready_at = 0.0
            self.has_begun = True
            self._teams.form(self.lanes)
            share_flushes(self.lanes)
        return self.has_begun

    def _obey(self) -> None:
        """Apply what was asked for, at the boundary between two rounds."""
        self.is_asked = False
        if self._left:
            return
        while self._commands:
            command, others = self._commands.popleft()
            problem = None
            try:
                if command.kind == "pace":
                    self._pace = checked_pace(command.values.get("pace"))
                concerned = [lane for lane in self.lanes if not lane.done and lane not in others]
                problems = [self._told(lane, command) for lane in concerned]
                problem = next(iter(problems), None) if all(problems) else None
            except CoreError as error:
                problem = error
            self._next_round_at = 0.0
            for sink in self._sinks:
                sink.applied(command, self.step, problem)
        for lane in self.lanes:
            if lane.run is not None and not lane.done and lane.is_told:
                self._guarded(lane, lane.obey)

    def _told(self, lane: Lane, command: Command) -> CoreError | None:
        """The problem that a lane has with a command for all; one that is not built yet will obey when it is."""
        if lane.run is not None:
            try:
                return lane.take(command)
            except Exception as error:
                self._fail(lane, error)
                return None
        if command.kind != "pace":
            lane.pass_on(command)
        return None

    @property
    def _is_told(self) -> bool:
        """Whether a command waits for the end of the round."""
        return bool(self._commands) or any(
            lane.is_told for lane in self.lanes if lane.run is not None and not lane.done
        )

    def _piece(self) -> bool:
        """Do the next piece of work, at most one update of one lane or stack; False when there is none now."""
        if self._left:
            self._update(self._left.pop(0))
            return True
        if self._is_told:
            return False
        working = [lane for lane in self.lanes if lane.has_work]
        if working:
            # Measured first, then ended: the end of the first is stored together with the rows of all.
            lane = min(working, key=lambda lane: not lane.is_measured_next)
            self._teams.evaluate(lane, self.lanes)
            self._guarded(lane, lane.work)
            return True
        self._settle()
        self._left = self._next_round()
        return bool(self._left)

    def _next_round(self) -> list[list[Lane]]:
        """Who is updated next, those together that are advanced as one; [] when nobody may go on now."""
        going = [lane for lane in self.lanes if lane.is_going]
        if not going:
            return []
        if self._keeps_pace(going):
            now = time.monotonic()
            if now < self._next_round_at:
                return []
            # Time lost to others is not made up for by a burst.
            self._next_round_at = max(self._next_round_at, now - 0.1) + self.interval()
        # An update that was asked for waits for nobody who is behind it.
        first = [lane for lane in going if lane.is_single] or going
        fewest = min(lane.num_updates for lane in first)
        return self._teams.divided([lane for lane in first if lane.num_updates == fewest])

    def _keeps_pace(self, going: Sequence[Lane]) -> bool:
        """Whether the next round waits for its time: single updates and who catches up do not, for others wait."""
        is_level = len({lane.num_updates for lane in going}) == 1
        return self.interval() > 0 and is_level and not any(lane.is_single for lane in going)

    def _update(self, group: list[Lane]) -> None:
        """Advance lanes that stand at the same boundary by one update: a stack in one go, any other lane by itself."""
        team = self._teams.of(group[0])
        if team is not None:
            for lane, act in advanced(team, group):
                self._guarded(lane, act)
                if not lane.done:
                    self._tell_updated(lane)
            return
        for lane in group:
            self._guarded(lane, lane.update)
            self._tell_updated(lane)

    def _tell_updated(self, lane: Lane) -> None:
        for sink in self._sinks:
            sink.updated(lane)

    def _guarded(self, lane: Lane, act: Callable[[], object]) -> None:
        """What goes wrong with one lane ends that one, and no other."""
        try:
            act()
        except Exception as error:
            self._fail(lane, error)
        if lane.done:
            self._tell_over(lane)

    def _fail(self, lane: Lane, error: BaseException) -> None:
        lane.done = True
        try:
            lane.failed(error)
        except Exception:
            logger.exception("a run failed, and so did saying so")
        self._tell_over(lane)

    def _tell_over(self, lane: Lane) -> None:
        if not lane.is_told_over:
            lane.is_told_over = True
            self._ended.append(lane)

    def _settle(self) -> None:
        """Let whoever is to hear of beginnings and ends hear of them, once they are stored."""
        self._news.settle()
        while self._ended:
            lane = self._ended.pop(0)
            for sink in self._sinks:
                sink.lane_over(lane)

    # -- reporting and the end -----------------------------------------------------------------------------------

    def _report(self) -> None:
        now = time.monotonic()
        for lane in self.lanes:
            if not lane.done and lane.run is not None and not self._left:
                self._guarded(lane, lane.report)
        if self.has_begun or self._ended:
            self._settle()
        living = [lane for lane in self.lanes if not lane.done]
        if self.has_begun and living:
            # Who waits for a place elsewhere cannot be held; it begins held.
            begun = [lane for lane in living if lane.doing is None] or living
            self._set_state("paused" if all(lane.state_name == "paused" for lane in begun) else "running")
        idle = self._state == "paused" or self.interval() > PROGRESS_S
        if idle or now - self._reported_at >= PROGRESS_S:
            self._reported_at = now
            for sink in self._sinks:
                sink.progress(self)

    def _rest(self) -> None:
        """Say when there is something to do again, or end."""
        if not all(lane.done for lane in self.lanes):
            if self.has_begun:
                self.ready_at = self._next_turn()
                # What has come since the turn began has woken a race that was awake.
                if self._is_told or self._joining or any(lane.can_begin for lane in self.lanes):
                    self.ready_at = 0.0
            return
        with self._lock:
            if self._joining:
                self.ready_at = 0.0
                return
            self.done = True
            self.unheard = [command for command, _ in self._commands]
        states = [lane.state_name for lane in self.lanes]
        self._close(next((state for state in ("finished", "stopped", "diverged") if state in states), "failed"))

    def _next_turn(self) -> float:
        if self._left or any(lane.has_work for lane in self.lanes):
            return 0.0
        going = [lane for lane in self.lanes if lane.is_going]
        if not going:
            return math.inf
        return self._next_round_at if self._keeps_pace(going) else 0.0

    def _set_state(self, state: str) -> None:
        if state != self._state:
            self._state = state
            for sink in self._sinks:
                sink.state(state)

    def _close(self, state: str) -> None:
        self._settle()
        self.done = True
        for sink in self._sinks:
            try:
                sink.progress(self)
                sink.state(state)
            except Exception:
                logger.exception("the end of a race could not be passed on")
        self._state = state
        if self._finished is not None:
            self._finished(self)  # first, so that what follows elsewhere need not wait for memory to be freed
        for lane in self.lanes:
            # Whoever still holds the race holds no weights any more.
            lane.run = None
        self._teams.disband()
        self.over.set()

    def failed(self, error: BaseException) -> None:
        self.error = error
        super().failed(error)
        for lane in [*self.lanes, *self._joining]:
            if not lane.done:
                self._fail(lane, error)
        self._close("failed")

    def closing(self) -> None:
        """The program ends: every lane keeps its state, so that it can be resumed."""
        for lane in [*self.lanes, *self._joining]:
            if not lane.done:
                try:
                    lane.closing()
                except Exception as error:
                    self._fail(lane, error)
        self._close("interrupted")
