"""Landscapes for a page: each is a job of the compute thread and tells a channel of the hub what is there.

Of one person the two asked for last are worked on at once: that is what is on the screen. Earlier ones rest where they
are until there is room again, and nothing ends one but the command `stop`.
"""

from __future__ import annotations

import hashlib
import json
import logging
import math
import threading
import time
from collections import Counter, OrderedDict
from collections.abc import Callable, Generator, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future
from dataclasses import asdict, replace
from typing import Any, Literal

from core.errors import BadInput, CoreError
from core.experiment import Experiment
from core.landscape.asked import CurvatureRequest, LandscapeRequest, LineRequest, SurfaceRequest, landscape_channel
from core.live.hub import Hub
from core.store.folder import DataFolder
from core.store.records import RunRecord
from core.store.store import Store
from core.studies.alike import check_alike
from core.studies.landscapes import NetworkSurface, network_surface, refined
from core.studies.loading import Loading
from core.studies.network_curvature import network_curvature
from core.studies.network_line import line_between, line_of_update
from core.studies.opened import Doing, Tell, run_name
from core.studies.replay import check_step, last_step
from core.text import Text
from core.training.compute import Compute, Job
from core.training.memory import out_of_memory

logger = logging.getLogger(__name__)

MOST_AT_ONCE = 2
"""So many landscapes of one person are worked on at once."""
MOST_CHANNELS = 128
"""So many of one person that are over are kept for whoever asks again; the one not asked for since longest goes first.

A usual picture takes 20 kB, the largest a quarter of a megabyte, and one click on the snapshots asks for twelve.
"""
MOST_OPEN = 4
"""Of so many surfaces the network and the plane are kept, to refine them without opening the run again."""
TOLD_EVERY_S = 0.2
WAITING = Text("Waiting for its turn")

Work = Generator[Doing, None, Any]


class Landscapes:
    """Begins landscapes of stored and of running runs; any thread may ask."""

    def __init__(self, folder: DataFolder, store: Store, hub: Hub, loading: Loading, compute: Compute) -> None:
        self._folder, self._store, self._hub = folder, store, hub
        self._loading, self._compute = loading, compute
        self._lock = threading.Lock()
        self._jobs: OrderedDict[str, LandscapeJob] = OrderedDict()
        """By channel, the one asked for last at the end."""
        self._open: OrderedDict[str, NetworkSurface] = OrderedDict()
        """Finished surfaces, by all that decides about them but the resolution; for the compute thread only."""

    def show(self, request: LandscapeRequest, actor: str) -> str:
        """Begin a landscape unless it is there, or being made; returns the channel on which it is told.

        BadInput for runs and updates that there are not, Refused for runs that cannot share a surface.
        """
        named = (request.run,) if isinstance(request, CurvatureRequest) else request.runs
        records = [self._store.get_run(run, actor=actor) for run in named]
        _check(request, records)
        channel = landscape_channel(self._key(request, records))
        meta = {
            "state": "queued",
            "reason": None,
            "doing": WAITING,
            "progress": 0.0,
            "kind": _KINDS[type(request)],
            "run": named[0],
            "step": _step(request, records[0]),
            "notes": [],
        }
        with self._lock:
            known = self._jobs.get(channel)
            if known is None or not known.is_wanted:
                self._jobs[channel] = self._job(channel, request, records, actor)
                self._hub.open(channel, meta)
            self._jobs[channel].asked_at = time.monotonic()
            self._jobs[channel].asked_by(actor)
            self._jobs.move_to_end(channel)
            over = [name for name, job in self._jobs.items() if job.done and job.owner == actor]
            for name in over[: max(0, len(over) - MOST_CHANNELS)]:
                del self._jobs[name]
                self._hub.forget(name)
        self._take_turns()
        return channel

    def may_watch(self, channel: str, actor: str) -> bool:
        """Whether somebody has asked for a landscape and sees its runs, as they did when they asked."""
        with self._lock:
            job = self._jobs.get(channel)
        try:
            return (
                job is not None
                and actor in job.watchers
                and all(self._store.get_run(run, actor=actor) for run in job.runs)
            )
        except BadInput:
            return False

    def command(self, channel: str, kind: str, actor: str) -> None:
        """Give a landscape up, alone or with others who asked for it; one that is over or forgotten stays as it is."""
        if kind != "stop":
            raise BadInput(
                Text("A landscape takes no “{kind}”.", kind=kind),
                Text("It is measured once, as it was asked for."),
                Text("Stop it and ask for another one."),
            )
        with self._lock:
            job = self._jobs.get(channel)
            is_over = job is not None and job.given_up_by(actor)
        if job is not None and is_over:
            job.cancel()

    # -- one after another ---------------------------------------------------------------------------------------

    def _job(self, channel: str, request: LandscapeRequest, records: list[RunRecord], actor: str) -> LandscapeJob:
        """The job of a request. The data, which its runs share, are loaded before its turn in the compute thread."""
        experiment, device = Experiment.from_json(records[0].experiment), records[0].facts.device

        def work(tell: Tell) -> Work:
            return self._work(request, records, tell)

        def load() -> Future[Any]:
            return self._loading.load(experiment, None, device)

        runs = [record.id for record in records]
        return LandscapeJob(channel, runs, work, load, self._hub, self._compute, self._take_turns, actor)

    def _take_turns(self) -> None:
        """Let those asked for last go on, as many as there is room for, and the others rest."""
        with self._lock:
            num_going: Counter[str] = Counter()
            for job in sorted(self._jobs.values(), key=lambda job: job.asked_at, reverse=True):
                if not job.done:
                    num_going[job.owner] += 1
                    job.is_going = num_going[job.owner] <= MOST_AT_ONCE
            jobs = [job for job in self._jobs.values() if not job.done]
        for job in jobs:
            job.go_or_rest()

    # -- what is asked for ---------------------------------------------------------------------------------------

    def _key(self, request: LandscapeRequest, records: Iterable[RunRecord]) -> str:
        """A hash of the request and of all that the store knows and the landscape shows: attempts and snapshots."""
        known = []
        has_paths = isinstance(request, SurfaceRequest)
        for record in records:
            snapshots = [entry.sha256 for entry in self._store.snapshots(record.id)] if has_paths else []
            known.append([record.attempt, _step(request, record), snapshots])
        asked = json.dumps([type(request).__name__, asdict(request), known], sort_keys=True)
        return hashlib.sha256(asked.encode()).hexdigest()[:32]

    def _work(self, request: LandscapeRequest, records: list[RunRecord], tell: Tell) -> Work:
        store, folder, step = self._store, self._folder, request.step
        if isinstance(request, CurvatureRequest):
            return network_curvature(store, folder, records[0], step, request.samples, tell)
        if isinstance(request, SurfaceRequest):
            return self._surface(request, records, tell)
        if len(records) == 1:
            return line_of_update(store, folder, records[0], step, request.samples, request.batch_norm, tell)
        return line_between(store, folder, records, step, request.samples, request.batch_norm, tell)

    def _surface(self, request: SurfaceRequest, records: list[RunRecord], tell: Tell) -> Work:
        asked = request.asked
        key = self._key(replace(request, asked=replace(asked, resolution=3)), records)
        known = self._open.get(key)
        if known is not None:
            found = yield from refined(known, asked.resolution, tell)
        else:
            found = yield from network_surface(self._store, self._folder, records, request.step, asked, tell)
        if known is None or known.asked.resolution < asked.resolution:
            self._open[key] = found
        self._open.move_to_end(key)
        while len(self._open) > MOST_OPEN:
            self._open.popitem(last=False)


class LandscapeJob(Job):
    """Works a landscape off and tells a channel how it ends: finished, stopped or failed."""

    def __init__(
        self,
        channel: str,
        runs: Sequence[str],
        work: Callable[[Tell], Work],
        load: Callable[[], Future[Any]],
        hub: Hub,
        compute: Compute,
        over: Callable[[], None],
        owner: str,
    ) -> None:
        super().__init__(owner)
        self.channel, self.runs = channel, runs
        self.watchers: set[str] = set()
        """Who has asked for it."""
        self._left: set[str] = set()
        self.state = "queued"
        self.is_going = False
        """Whether it has its turn, and does not rest."""
        self.asked_at = 0.0
        self._told: Literal["", "go", "rest"] = ""
        """What it was told last."""
        self._pieces: Iterator[Doing] = work(self._tell)
        self._load, self._hub, self._compute, self._over = load, hub, compute, over
        self._lock = threading.Lock()
        self._said, self._said_at = "", 0.0

    @property
    def is_wanted(self) -> bool:
        """Whether nobody has given it up, and nothing went wrong."""
        return self.state in ("queued", "running", "finished")

    def asked_by(self, actor: str) -> None:
        """Somebody wants to see it."""
        self.watchers.add(actor)
        self._left.discard(actor)

    def given_up_by(self, actor: str) -> bool:
        """Somebody does not wait for it any more; whether nobody does."""
        self._left.add(actor)
        return self._left >= self.watchers

    def go_or_rest(self) -> None:
        """Begin, go on or rest, as `is_going` says."""
        with self._lock:
            before, self._told = self._told, "go" if self.is_going else "rest" if self._told else ""
            self.ready_at = 0.0 if self.is_going else math.inf
        if before == self._told:
            return
        if not before:
            self._begin()
        elif self.is_going:
            self._tell(doing=Text("Going on"))
            self._compute.wake()
        else:
            self._said = ""
            self._tell(doing=WAITING)

    def _begin(self) -> None:
        """Load the data, then queue for the compute thread."""

        def loaded(data: Future[Any]) -> None:
            error = None if data.cancelled() else data.exception()
            if error is not None:
                self.failed(error)
            elif data.cancelled() or not self._compute.offer(self):
                self.cancel()

        self._tell(doing=Text("Loading the data"))
        self._load().add_done_callback(loaded)

    def advance(self, budget_s: float) -> None:
        end = time.monotonic() + budget_s
        if self.state == "queued":
            self._enter("running")
        for doing in self._pieces:
            now = time.monotonic()
            if now - self._said_at >= TOLD_EVERY_S or doing.words.template != self._said:
                self._said, self._said_at = doing.words.template, now
                progress = {} if doing.share is None else {"progress": doing.share}
                self._tell(doing=doing.words, **progress, **(doing.numbers or {}))
            if now >= end or self.done or not self.is_going:
                return
        self._enter("finished", progress=1.0)

    def cancel(self) -> None:
        self._enter("stopped")

    def closing(self) -> None:
        self.cancel()

    def failed(self, error: BaseException) -> None:
        if isinstance(error, CoreError):
            reason = error.text
        else:
            super().failed(error)
            reason = (
                Text("It could not be measured: the memory is too small for it. Fewer samples need less.")
                if out_of_memory(error)
                else Text("It could not be measured: {error}", error=f"{type(error).__name__}: {error}"[:300])
            )
        self._enter("failed", reason=reason)

    def _enter(self, state: str, **meta: Any) -> None:
        """Go on to a state, unless it is over already; then the next one may begin."""
        with self._lock:
            if self.state not in ("queued", "running"):
                return
            self.state = state
            self._hub.update(self.channel, state=state, **meta)
            if state == "running":
                return
            self.done, self.is_going = True, False
            # A piece may be at work on it; else it goes now, and with it the network it holds.
            self._pieces = iter(())
        self._over()

    def _tell(self, **meta: Any) -> None:
        with self._lock:
            if not self.done:
                self._hub.update(self.channel, **meta)


_KINDS: Mapping[type, str] = {SurfaceRequest: "surface", LineRequest: "line", CurvatureRequest: "curvature"}


def _step(request: LandscapeRequest, record: RunRecord) -> int:
    """The update after which a run is looked at."""
    return last_step(record) if request.step is None else request.step


def _check(request: LandscapeRequest, records: list[RunRecord]) -> None:
    """BadInput for an update that a run has not done, Refused for runs that do not fit together."""
    is_update = isinstance(request, LineRequest) and len(records) == 1
    for record in records if isinstance(request, LineRequest) else records[:1]:
        check_step(record, _step(request, record))
        if is_update and _step(request, record) == 0:
            raise BadInput(
                Text("There is no update before the first weights."),
                Text("A line along an update needs one that the run has done."),
                Text("Choose a later update."),
            )
    check_alike([(run_name(record), Experiment.from_json(record.experiment)) for record in records])
