"""The untrained network, measured before Start: error at the guessing line, what it says, gradient sizes."""

from __future__ import annotations

import math
import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Generator
from concurrent.futures import Future
from pathlib import Path
from typing import Any

import numpy as np

from core.describe import choices
from core.errors import CoreError
from core.experiment import Experiment
from core.live.hub import Hub
from core.studies.loading import Loading
from core.studies.sinks import guess_facts, live_facts
from core.studies.study import PREVIEW_PREFIX
from core.text import Text
from core.training.alarms import alarms
from core.training.compute import Compute, Job
from core.training.evaluation import score
from core.training.guessing import guessing
from core.training.health import units_of
from core.training.pictures import gradient_sizes, what_it_has_learned
from core.training.run import Run
from core.training.trend import Trend
from core.training.verdict import status

SLOW_STEP_S = 0.5
"""An update that takes longer is announced before Start."""
RETRY_S = 30.0
"""What failed (a download) is tried again after this time, when somebody asks."""
SHORT_S = 2.0
"""An evaluation that takes no longer is measured once more for the price: the first one has warmed everything up."""
NUM_TIMED = 3
"""Updates that are timed for the price; the fastest counts."""
MAX_PREVIEWS = 200
"""So many untrained networks stay measured; one that was not asked for since long is measured anew."""


def preview_channel(experiment: Experiment) -> str:
    """The channel of the hub on which an experiment's untrained network is shown."""
    return f"{PREVIEW_PREFIX}{experiment.fingerprint()[:32]}"


class Previews:
    """Measures untrained networks, each once, unless that failed; any thread may ask."""

    def __init__(self, folder: Path, hub: Hub, loading: Loading, compute: Compute) -> None:
        self._folder, self._hub, self._loading, self._compute = folder, hub, loading, compute
        self._lock = threading.Lock()
        self._jobs: OrderedDict[str, PreviewJob] = OrderedDict()

    def show(self, experiment: Experiment) -> str:
        """Measure an experiment's untrained network where that was not done yet; returns its channel."""
        channel = preview_channel(experiment)
        with self._lock:
            job = self._jobs.get(channel)
            if job is None or job.wants_another_try:
                job = PreviewJob(experiment, self._folder, self._hub, channel, self._loading.load, self._compute)
                self._jobs[channel] = job
                job.open()
            job.tell_price()
            self._jobs.move_to_end(channel)
            while len(self._jobs) > MAX_PREVIEWS:
                forgotten, _ = self._jobs.popitem(last=False)
                self._loading.forget(forgotten)
                self._hub.forget(forgotten)
        return channel


class PreviewJob(Job):
    """Builds an experiment's network, evaluates it untrained and times one update, on a channel of its own."""

    def __init__(
        self,
        experiment: Experiment,
        folder: Path,
        hub: Hub,
        channel: str,
        load: Callable[[Experiment, str], Future[Any]],
        compute: Compute,
    ) -> None:
        super().__init__()
        self._experiment, self._folder, self._hub, self._channel = experiment, folder, hub, channel
        self._load, self._compute = load, compute
        self._failed_at = math.inf
        self._alone: tuple[Text, float] | None = None
        """The price and the seconds of compute while nothing else is at work, once they are known."""
        self._told_others = 0
        self._pieces = self._work()

    @property
    def wants_another_try(self) -> bool:
        """Whether it failed a while ago: the network may be back by now, or the disk have room."""
        return time.monotonic() - self._failed_at > RETRY_S

    def open(self) -> None:
        """Let the channel appear and queue the job once the data are there."""
        experiment = self._experiment
        self._hub.open(
            self._channel,
            {
                "state": "untrained",
                "task": experiment.dataset.task,  # type: ignore[attr-defined]
                "choices": choices(experiment),
                "epochs": experiment.epochs,
            },
        )
        self._hub.attempt(self._channel, 1, 0)
        self._load(experiment, self._channel).add_done_callback(self._loaded)

    def _loaded(self, data: Future[Any]) -> None:
        error = None if data.cancelled() else data.exception()
        if error is not None:
            self.failed(error)
        elif not data.cancelled():
            self._compute.offer(self)

    def advance(self, budget_s: float) -> None:
        self.done = next(self._pieces, True)

    def _work(self) -> Generator[bool, None, None]:
        """Yields False after every piece: in between others have their turn."""
        run = Run(self._experiment, self._folder)
        self._describe(run)
        yield False
        while not run.evaluations:
            run.piece()
            yield False
        self._show(run)
        learning_s = run.parts.learning_s
        run.parts.gans = {}  # An update takes as long with samples of a generator that has learned nothing.
        times = []
        while len(times) < NUM_TIMED:
            yield False
            start = time.perf_counter()
            run.step()
            times.append(time.perf_counter() - start)
        evaluation_s = run.evaluation_s
        if evaluation_s < SHORT_S:
            yield False
            evaluation_s = min(evaluation_s, (yield from _evaluated(run)))
        self._hub.update(self._channel, **self._price(run, min(times), evaluation_s, learning_s))
        self.tell_price()

    def _describe(self, run: Run) -> None:
        self._hub.update(self._channel, reason=None, **guess_facts(run.parts.data), **live_facts(run))

    def _show(self, run: Run) -> None:
        evaluation = run.evaluations[0]
        columns = {name: np.array([value]) for name, value in evaluation.to_row().items()}
        columns["epoch"] = np.array([0.0])
        self._hub.append(self._channel, 1, "evaluation", np.array([0]), columns)
        sizes = gradient_sizes(run)
        self._hub.append(
            self._channel,
            1,
            "update",
            np.array([0]),
            {"epoch": np.array([0.0])} | {f"gradient_norm/{layer}": np.array([size]) for layer, size in sizes.items()},
        )
        name, payload = what_it_has_learned(run)
        self._hub.picture(self._channel, name, payload)
        error, _, _ = guessing(run.parts.data)
        trend = Trend(run.parts.data.task, error, run.evaluations)
        said = status(run.experiment, trend, state="untrained", alarms=alarms(sizes, units_of(run)))
        self._hub.update(self._channel, status=said.to_meta())

    def _price(self, run: Run, step_s: float, evaluation_s: float, learning_s: float) -> dict[str, Any]:
        """What the run will cost, where an update and an evaluation of this throw-away network took so many seconds.

        `learning_s`: what has to be learned before its first update takes.
        """
        num_evaluations = run.total_steps / run.evaluate_every + 1
        total_s = step_s * run.total_steps + evaluation_s * num_evaluations
        watch, compute = duration(max(10.0, total_s) + learning_s), duration(total_s + learning_s)
        price = Text("{watch} to watch, {compute} of compute", watch=watch, compute=compute)
        if learning_s:
            learning = duration(learning_s)
            price = Text("{price}, {learning} of it to train the generator first", price=price, learning=learning)
        self._alone = price, total_s + learning_s
        slow = Text(
            "One update takes {seconds} on this machine: the whole run about {total}. Fewer samples, smaller "
            "batches or a smaller network are faster.",
            seconds=duration(step_s),
            total=duration(total_s),
        )
        return {"price": price, "warning": slow if step_s > SLOW_STEP_S else None}

    def tell_price(self) -> None:
        """Say it again where other runs have come or gone since."""
        others = self._compute.queue_length()
        if self._alone is not None and others != self._told_others:
            self._told_others = others
            price, total_s = self._alone
            self._hub.update(self._channel, price=with_queue(price, total_s, others))

    def failed(self, error: BaseException) -> None:
        self.done = True
        self._failed_at = time.monotonic()
        if isinstance(error, CoreError):
            text = error.text
        else:
            super().failed(error)
            text = Text(
                "The untrained network could not be measured: {error}", error=f"{type(error).__name__}: {error}"[:300]
            )
        self._hub.update(self._channel, state="failed", reason=text)


def _evaluated(run: Run) -> Generator[bool, None, float]:
    """Evaluate once more, in pieces; the seconds that they took."""
    seconds = 0.0
    for batches in run.parts.evaluated:
        start = time.perf_counter()
        for _ in score(run.parts.model, batches, run.parts.plain_loss, run.parts.target_spread):
            seconds += time.perf_counter() - start
            yield False
            start = time.perf_counter()
        seconds += time.perf_counter() - start
    return seconds


def with_queue(price: Text, total_s: float, others: int) -> Text:
    """A price, and what becomes of it while `others` runs are waiting or going on."""
    if not others:
        return price
    wait = duration(total_s * (others + 1))
    queue = Text("1 other run") if others == 1 else Text("{others} other runs", others=others)
    return Text("{price}; about {wait} now: {queue}", price=price, wait=wait, queue=queue)


def duration(seconds: float) -> Text:
    """A time in words with a unit that suits it."""
    if seconds < 1:
        return Text("{seconds:.1f} s", seconds=max(0.1, seconds))
    if seconds < 90:
        return Text("{seconds:.0f} s", seconds=seconds)
    if seconds < 5400:
        return Text("{minutes:.0f} min", minutes=seconds / 60)
    return Text("{hours:.1f} h", hours=seconds / 3600)
