"""Generators for the page Data: each is trained as a job of the compute thread and tells a channel of the hub.

A recipe (training split, updates, seed) has one channel, whoever asks. Who has begun it holds it and lets it go on; the
others watch, and what is finished is everybody's.
"""

from __future__ import annotations

import logging
import math
import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from concurrent.futures import Future
from pathlib import Path
from typing import Any

import numpy as np

from core.catalog.augmentations.synthetic import LearnedAugmentation
from core.errors import BadInput, CoreError, Refused
from core.experiment import Experiment
from core.live.hub import Hub
from core.people import keeps_order
from core.studies.loading import Loading
from core.studies.previews import duration
from core.studies.study import GENERATOR_PREFIX
from core.text import Text
from core.training.compute import Compute, Job
from core.training.gan import FOLDER, Gan, Grid, Shown, gan_key, gan_of, price_s, stored
from core.training.gan_judge import Reference, are_copies, copies, verdict

logger = logging.getLogger(__name__)

SHIPPED = Path(__file__).parents[2] / "assets" / "runs" / "generators"
"""Finished ones that come with the program, to be looked at; runs train their own.

To make one anew train it on the page Data, and copy its folder from those in the data folder.
"""
MOST_CHANNELS = 32
TOLD_EVERY_S = 0.2


class Generators:
    """Shows and trains generators; any thread may ask."""

    def __init__(self, folder: Path, hub: Hub, loading: Loading, compute: Compute) -> None:
        self._folder, self._hub, self._loading, self._compute = folder, hub, loading, compute
        self._lock = threading.Lock()
        self._jobs: OrderedDict[str, GeneratorJob | None] = OrderedDict()
        """By channel; None: nothing was trained there since the program began."""

    def show(self, experiment: Experiment, entry: LearnedAugmentation) -> str:
        """The channel of a recipe: what is going on there, what is kept, or that there is nothing yet."""
        channel = GENERATOR_PREFIX + gan_key(experiment, entry)
        with self._lock:
            if channel not in self._jobs:
                self._open(channel, experiment, entry)
            self._jobs.move_to_end(channel)
            self._forget()
        return channel

    def train(self, experiment: Experiment, entry: LearnedAugmentation, actor: str) -> str:
        """Begin it, unless somebody has; returns its channel."""
        channel = self.show(experiment, entry)
        with self._lock:
            known = self._jobs[channel]
            if known is not None and not known.done:
                return channel
            self._hub.open(channel, self._meta(experiment, entry) | {"state": "queued"})
            data = self._loading.load(experiment, None)

            def make() -> Gan:
                return gan_of(experiment, entry, data.result(), self._folder)

            job = self._jobs[channel] = GeneratorJob(channel, data, make, self._hub, self._compute.wake, actor)
        if not self._compute.offer(job):
            job.closing()
        return channel

    def command(self, channel: str, kind: str, actor: str) -> None:
        """Hold it, let it go on, or give it up. BadInput, Refused; what is over stays as it is."""
        job = self._job(channel)
        if job is None or job.done:
            return
        if job.owner != actor and not keeps_order(actor):
            raise Refused(
                Text("This generator is not yours."),
                Text("Another person has begun to train it; all who look at these data see the same one."),
                Text("Wait for it, or take another seed for one of your own."),
            )
        job.command(kind)

    def is_held(self, channel: str) -> bool:
        """Whether a generator is paused, or not at work at all."""
        job = self._job(channel)
        return job is None or job.done or job.state == "paused"

    def owner(self, channel: str) -> str:
        """Who has begun it; "" where nobody has."""
        job = self._job(channel)
        return job.owner if job is not None else ""

    def at_work(self) -> list[str]:
        """The channels of those that are not over."""
        with self._lock:
            return [channel for channel, job in self._jobs.items() if job is not None and not job.done]

    def _job(self, channel: str) -> GeneratorJob | None:
        with self._lock:
            return self._jobs.get(channel)

    def _open(self, channel: str, experiment: Experiment, entry: LearnedAugmentation) -> None:
        self._jobs[channel] = None
        meta = self._meta(experiment, entry)
        key = channel.removeprefix(GENERATOR_PREFIX)
        for folder, origin in (
            (self._folder / FOLDER, None),
            (SHIPPED, Text("It came with this program; a run trains its own first.")),
        ):
            found = stored(folder, key)
            if found is None:
                continue
            shown = Shown.of(found)
            done = {"state": "finished", "progress": 1.0, "step": shown.num_updates, "origin": origin}
            self._hub.open(channel, meta | done)
            tell_losses(self._hub, channel, shown.losses, 0, shown.num_updates)
            for grid in shown.grids:
                tell_grid(self._hub, channel, grid, shown.num_updates, shown.class_names, shown.real)
            return
        self._hub.open(channel, meta)

    def _meta(self, experiment: Experiment, entry: LearnedAugmentation) -> dict[str, Any]:
        facts = experiment.dataset.facts()  # type: ignore[attr-defined]
        return {
            "state": "untrained",
            "task": "classification",
            "reason": None,
            "progress": 0.0,
            "step": 0,
            "num_steps": entry.num_updates,
            "price": duration(price_s(facts.input_shape, entry.num_updates)),
            "seconds_left": None,
            "origin": None,
        }

    def _forget(self) -> None:
        over = [channel for channel, job in self._jobs.items() if job is None or job.done]
        for channel in over[: max(0, len(over) - MOST_CHANNELS)]:
            del self._jobs[channel]
            self._hub.forget(channel)


class GeneratorJob(Job):
    """Trains a generator and tells its channel; a run that needs the same one may do a part of the work."""

    priority = "run"

    def __init__(
        self,
        channel: str,
        data: Future[Any],
        make: Callable[[], Gan],
        hub: Hub,
        wake: Callable[[], None],
        owner: str,
    ) -> None:
        super().__init__(owner)
        self.state = "queued"
        self.has_begun = False
        self._channel, self._data, self._make, self._hub, self._wake = channel, data, make, hub, wake
        self._gan: Gan | None = None
        self._paused = False
        self._told_step, self._told_grids, self._told_at = 0, 0, 0.0
        data.add_done_callback(lambda _: self._ready())

    @property
    def progress(self) -> float:
        return self._gan.progress if self._gan is not None else 0.0

    @property
    def _waits(self) -> bool:
        """Whether it has nothing to do: it is held, or its data are still being loaded."""
        return self._paused or not self._data.done()

    def command(self, kind: str) -> None:
        """Obey at the next update; from any thread. BadInput for what a generator cannot be told."""
        if kind not in ("start", "resume", "pause", "stop"):
            raise BadInput(
                Text("A generator takes no “{kind}”.", kind=kind),
                Text("It is trained as it was asked for."),
                Text("Pause, resume or stop it."),
            )
        self._paused = kind == "pause"
        self.is_cancelled = self.is_cancelled or kind == "stop"
        self._ready()

    def cancel(self) -> None:
        self.command("stop")

    def _ready(self) -> None:
        self.ready_at, self.is_asked = 0.0, True
        self._wake()

    def advance(self, budget_s: float) -> None:
        self.is_asked = False
        if self._waits:
            self.ready_at = math.inf
            if not self._waits:  # a command has come meanwhile
                self.ready_at = 0.0
        if self.is_cancelled:
            self._end("stopped")
            return
        if not self._data.done():
            return
        if self._gan is None:
            self._gan, self.has_begun = self._make(), True
        self._enter("paused" if self._paused else "running")
        end = time.monotonic() + budget_s
        while not (self._paused or self.is_cancelled or self._gan.is_done) and time.monotonic() < end:
            self._gan.piece()
        if time.monotonic() - self._told_at >= TOLD_EVERY_S or self._paused:
            self._tell(self._gan)
        if self._gan.is_done:
            self._end("finished")

    def failed(self, error: BaseException) -> None:
        if isinstance(error, CoreError):
            reason = error.text
        else:
            super().failed(error)
            reason = Text("It could not be trained: {error}", error=f"{type(error).__name__}: {error}"[:300])
        self._end("failed", reason)

    def closing(self) -> None:
        self._end("interrupted")

    def _tell(self, gan: Gan) -> None:
        """Hand over what is new."""
        step, self._told_at = gan.step, time.monotonic()
        tell_losses(self._hub, self._channel, gan.losses, self._told_step, step)
        for grid in gan.grids[self._told_grids :]:
            assert gan.real is not None
            tell_grid(self._hub, self._channel, grid, gan.num_updates, gan.class_names, gan.real)
        self._told_step, self._told_grids = step, len(gan.grids)
        self._hub.update(self._channel, progress=gan.progress, step=step, seconds_left=gan.seconds_left)

    def _enter(self, state: str) -> None:
        if state != self.state:
            self.state = state
            self._hub.update(self._channel, state=state)

    def _end(self, state: str, reason: Text | None = None) -> None:
        if self._gan is not None and state != "failed":
            self._tell(self._gan)  # what it has done since it last told
        self.state, self.done, self._gan = state, True, None
        self._hub.update(self._channel, state=state, reason=reason)


def tell_losses(hub: Hub, channel: str, losses: np.ndarray, since: int, until: int) -> None:
    """Append the losses (2, …) of updates `since` + 1 to `until`, of generator and discriminator."""
    if until > since:
        of_generator, of_discriminator = losses[:, since:until]
        columns = {"generator/loss": of_generator, "discriminator/loss": of_discriminator}
        hub.append(channel, 0, "update", np.arange(since + 1, until + 1), columns)


def tell_grid(
    hub: Hub, channel: str, grid: Grid, num_updates: int, class_names: tuple[str, ...], real: Reference
) -> None:
    """Show samples beside their nearest training images, with what is to be said of them."""
    said = verdict(grid.variety, grid.step / num_updates, class_names)
    payload = {
        "step": grid.step,
        "images": _as_pictures(grid.images),
        "nearest": _as_pictures(grid.nearest),
        "distances": grid.distances,
        "class_names": list(class_names),
        "alarm": said["alarm"],
        "variety": said["text"],
        "are_copies": are_copies(grid.distances, real),
        "copies": copies(grid.distances, real),
    }
    hub.picture(channel, f"grid-{grid.step}", payload)


def _as_pictures(images_KNCHW: np.ndarray) -> np.ndarray:
    """(K, n, C, H, W) as (K · n, H, W), or (K · n, H, W, 3) in colours."""
    images = images_KNCHW.reshape(-1, *images_KNCHW.shape[2:])
    return np.ascontiguousarray(images[:, 0] if images.shape[1] == 1 else images.transpose(0, 2, 3, 1))
