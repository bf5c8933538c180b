"""Playback: a stored run watched once more, from moment to moment, by whoever wants to see it.

The curves are with the viewer already. What is missing of an update are its pictures and what was said then: the run is
led there from the nearest earlier state, that of a snapshot or one that it has come by before. On a way that takes long
the pictures of updates in between come first, the earliest at once; each says which update it shows, and the last one
is that of the update asked for.
"""

from __future__ import annotations

import logging
import math
import threading
import time
from bisect import bisect_right
from collections import OrderedDict
from collections.abc import Callable, Generator, Hashable, Mapping, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field
from typing import Any

from torch import Tensor

from core.errors import CoreError, Refused
from core.experiment import Experiment
from core.live.hub import GROUPS, Hub
from core.live.meta import Moment
from core.store.records import RunRecord
from core.store.store import Store
from core.studies.loading import Loading
from core.studies.replay import check_step, last_step, nearest, put_back, recipe_of
from core.studies.replayed import alarms_at, first_of, narrated, stored_evaluations
from core.text import Text
from core.training.changes import computed
from core.training.checkpoint import Snapshot
from core.training.compute import Compute, Job
from core.training.evaluation import Evaluation
from core.training.guessing import guessing
from core.training.health import units_of
from core.training.narrator import Narrator
from core.training.narrator_record import told
from core.training.pictures import what_it_has_learned, wrong_answers
from core.training.run import Run
from core.training.trend import Trend, fine_tuned_from
from core.training.verdict import status

SOON_S = 0.1
"""After so much time on the way it is shown where it is: nobody waits longer for a first picture."""
EVERY_S = 0.4
MOST_REELS = 16
"""Of so many viewers the run stays where it is; the one who has asked for nothing since longest begins anew.

Who waits for an answer gets it all the same.
"""
MOST_MOMENTS = 64
"""So many are kept for whoever asks again, about a quarter of a megabyte each at most."""
NUM_STATES = 128
"""Of a run that is led from one end to the other so many states are kept, as evenly as its updates allow …"""
STATES_BYTES = 128 * 2**20
"""… and of all runs as many as fit into this; the one kept since longest goes first."""

MARKED = 32

Show = Callable[[Moment | CoreError], None]
"""Hears what is there of the moment that was asked for, in the compute thread."""
Attempt = tuple[str, int]
"""A run, and the number of its last attempt."""

logger = logging.getLogger(__name__)


@dataclass(frozen=True, eq=False)
class Wish:
    """The moment after update `step`, and who waits for it."""

    step: int
    show: Show
    since: float = field(default_factory=time.monotonic)


class Playbacks:
    """Leads stored runs to the moments that viewers ask for, of each viewer only to the newest; any thread may ask."""

    def __init__(self, store: Store, hub: Hub, loading: Loading, compute: Compute) -> None:
        self._store, self._hub, self._loading, self._compute = store, hub, loading, compute
        self._lock = threading.Lock()
        self._reels: OrderedDict[Hashable, Reel] = OrderedDict()
        """By viewer, the one who asked last at the end."""
        self._kept = Kept()

    def seek(self, viewer: Hashable, record: RunRecord, step: int, show: Show) -> None:
        """Show a run that is over as it was after update `step`; what this viewer wanted before is given up.

        BadInput for an update that the run has not done, Refused where its data are not on this machine.
        """
        check_step(record, step)
        with self._lock:
            reel = self._reels.get(viewer)
            if reel is not None:
                self._reels.move_to_end(viewer)
        wish = Wish(step, show)
        if reel is None or reel.done or reel.attempt != (record.id, record.attempt):
            self._begin(viewer, record, wish)
        else:
            reel.ask(wish)
            self._compute.wake()

    def leave(self, viewer: Hashable) -> None:
        """The viewer has gone away."""
        with self._lock:
            reel = self._reels.pop(viewer, None)
        if reel is not None:
            reel.cancel()

    def _begin(self, viewer: Hashable, record: RunRecord, wish: Wish) -> None:
        experiment = Experiment.from_json(record.experiment)
        dataset: Any = experiment.dataset
        missing = dataset.available(self._store.folder.path)
        if missing is not None:
            raise Refused(
                Text("The pictures of this run cannot be shown again."),
                Text("Its data are not on this machine. {missing}", missing=missing),
                Text("Train anything on the same data once; until then the curves are replayed alone."),
            )
        self.leave(viewer)
        reel = Reel(record, self._store, self._hub, self._kept)
        reel.ask(wish)
        with self._lock:
            self._reels[viewer] = reel
            idle = [who for who, other in self._reels.items() if not other.is_wanted]
            for who in idle[: max(0, len(self._reels) - MOST_REELS)]:
                self._reels.pop(who).cancel()

        def loaded(data: Future[Any]) -> None:
            error = None if data.cancelled() else data.exception()
            if error is not None:
                reel.failed(error)
            elif not data.cancelled():
                self._compute.offer(reel)

        self._loading.load(experiment, None, record.facts.device).add_done_callback(loaded)


class Kept:
    """What was come by on the way, of all runs and for all viewers: moments, states; for the compute thread only."""

    def __init__(self) -> None:
        self._moments: OrderedDict[tuple[Attempt, int], Moment] = OrderedDict()
        self._states: OrderedDict[tuple[Attempt, int], Snapshot] = OrderedDict()
        self._num_bytes = 0

    def moment(self, attempt: Attempt, step: int) -> Moment | None:
        """What a run was like after update `step`."""
        return self._moments.get((attempt, step))

    def put_moment(self, attempt: Attempt, moment: Moment) -> None:
        """Keep a moment for whoever asks again."""
        self._moments[attempt, moment.step] = moment
        while len(self._moments) > MOST_MOMENTS:
            self._moments.popitem(last=False)

    def state(self, attempt: Attempt, step: int) -> Snapshot | None:
        """The newest state of a run up to an update."""
        steps = [kept for of, kept in self._states if of == attempt and kept <= step]
        return self._states[attempt, max(steps)] if steps else None

    def put_state(self, attempt: Attempt, run: Run) -> None:
        """Keep the state in which a run is at a boundary."""
        if (attempt, run.step_count) in self._states:
            return
        tensors, position = run.state()
        copies = {name: tensor.detach().to("cpu", copy=True) for name, tensor in tensors.items()}
        self._states[attempt, run.step_count] = Snapshot(run.step_count, copies, position, "")
        self._num_bytes += _num_bytes(copies)
        while self._num_bytes > STATES_BYTES:
            _, oldest = self._states.popitem(last=False)
            self._num_bytes -= _num_bytes(oldest.tensors)


def _num_bytes(tensors: Mapping[str, Tensor]) -> int:
    return sum(tensor.nbytes for tensor in tensors.values())


class Reel(Job):
    """A stored run that is led from moment to moment for one viewer; its data are loaded before it is queued."""

    def __init__(self, record: RunRecord, store: Store, hub: Hub, kept: Kept) -> None:
        super().__init__(record.owner)
        self.attempt = record.id, record.attempt
        self._record, self._store, self._hub, self._kept = record, store, hub, kept
        self._snapshots = [entry.step for entry in store.snapshots(record.id)]
        self._spacing = max(1, last_step(record) // NUM_STATES)
        self._trends: Trends | None = None
        self._narrator: Narrator | None = None
        self._recipe = recipe_of(store, record.id)
        self._lock = threading.Lock()
        self._wish: Wish | None = None
        self._taken: Wish | None = None
        self._pieces: Generator[None, None, None] | None = None
        self._run: Run | None = None

    @property
    def is_wanted(self) -> bool:
        """Whether somebody waits for a moment of it."""
        return self._wish is not None and not self.done

    def ask(self, wish: Wish) -> None:
        """Wish for another moment than before; from any thread."""
        with self._lock:
            self._wish, self.ready_at = wish, 0.0

    def advance(self, budget_s: float) -> None:
        end = time.monotonic() + budget_s
        with self._lock:
            wish = self._wish
            if wish is None:
                self.ready_at = math.inf
                return
        if wish is not self._taken or self._pieces is None:
            self._taken, self._pieces = wish, self._lead(wish)
        for _ in self._pieces:
            if time.monotonic() >= end:
                return
        with self._lock:
            if self._wish is wish:
                self._wish = None

    def failed(self, error: BaseException) -> None:
        self.done = True
        if not isinstance(error, CoreError):
            logger.error("run %s could not be replayed", self._record.id, exc_info=error)
            error = CoreError(
                Text("The pictures of this run cannot be shown again."),
                Text("The program met an error of its own; it is in the log."),
                Text("The curves are replayed all the same."),
            )
        if self._wish is not None:
            self._wish.show(error)

    def _lead(self, wish: Wish) -> Generator[None, None, None]:
        """Lead the run to the moment wished for; yields after every piece of the way."""
        known = self._kept.moment(self.attempt, wish.step)
        if known is not None:
            wish.show(known)
            return
        run = self._run = self._begun(wish.step)
        due = wish.since + SOON_S
        for _ in run.pieces(wish.step):
            if time.monotonic() >= due and not run.is_evaluating and run.step_count < wish.step:
                wish.show(self._moment(run, wish.step))
                due = time.monotonic() + EVERY_S
            if run.step_count % self._spacing == 0 and run.update_is_next:
                run.flush()  # If it has diverged, this is not the update that it seems to be.
                self._kept.put_state(self.attempt, run)
            yield
        moment = self._moment(run, wish.step)
        self._kept.put_moment(self.attempt, moment)
        wish.show(moment)

    def _begun(self, step: int) -> Run:
        """The run at the nearest update from which it can go on to `step`: where it is, or at a state of it."""
        kept = self._kept.state(self.attempt, step)
        stored = max((stored for stored in self._snapshots if stored <= step), default=0)
        if self._run is not None and max(stored, kept.step if kept else 0) <= self._run.step_count <= step:
            return self._run
        if kept is None or kept.step < stored:
            kept = nearest(self._store, self._store.folder, self._record.id, step)
        return put_back(self._store, self._store.folder, self._record, kept)

    def _moment(self, run: Run, step: int) -> Moment:
        """The pictures that the run gives now, and what was measured and said at update `step`."""
        if self._trends is None:
            data, evaluations = run.parts.data, stored_evaluations(self._store, self._record.id)
            self._trends = Trends(
                Trend(
                    data.task,
                    guessing(data).error,
                    since=fine_tuned_from(run.experiment),
                    first=first_of(self._store, self._record),
                ),
                evaluations,
            )
        now = computed(run.experiment, [event for event in self._recipe if event.step <= step])
        is_over = step == last_step(self._record)
        trend = self._trends.at(step)
        if self._narrator is None:
            self._narrator = narrated(self._trends.at(last_step(self._record)), self._record)
        epoch = math.inf if is_over or trend.latest is None else trend.latest.epoch
        said = status(
            now,
            trend,
            state=self._record.state if is_over else "running",
            reason=self._record.reason_text if is_over else None,
            alarms=alarms_at(self._hub, self._record.id, step, units_of(run)),
            told=told(self._narrator.at(epoch)),
        )
        return Moment(
            run.step_count,
            {name: payload for name, payload in (what_it_has_learned(run), wrong_answers(run)) if payload},
            said.to_meta(),
            {group: vars(row) for group in GROUPS if (row := self._hub.row(self._record.id, group, step))},
        )


class Trends:
    """What the evaluations of a run add up to at any of its updates. Of a long run that takes a tenth of a second."""

    def __init__(self, beginning: Trend, evaluations: Sequence[Evaluation]) -> None:
        self._evaluations = evaluations
        self._marks = [beginning]
        """The trend after every `MARKED`-th evaluation, as far as was asked for."""

    def at(self, step: int) -> Trend:
        """The trend at update `step`."""
        count = bisect_right(self._evaluations, step, key=lambda evaluation: evaluation.step)
        while len(self._marks) <= count // MARKED:
            self._marks.append(self._after((len(self._marks) - 1) * MARKED, len(self._marks) * MARKED))
        return self._after(count // MARKED * MARKED, count)

    def _after(self, mark: int, count: int) -> Trend:
        trend = self._marks[mark // MARKED].copied()
        for evaluation in self._evaluations[mark:count]:
            trend.add(evaluation)
        return trend
