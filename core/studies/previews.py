"""The untrained network, measured before Start: error at the guessing line, what it says, gradient sizes."""

from __future__ import annotations

import time
from collections.abc import Callable
from concurrent.futures import Future
from pathlib import Path
from typing import Any

import numpy as np

from core.describe import choices
from core.errors import CoreError
from core.experiment import Experiment
from core.live.hub import Hub
from core.studies.sinks import guess_facts, live_facts
from core.text import Text
from core.training.compute import Compute, Job
from core.training.guessing import guessing
from core.training.pictures import gradient_sizes, what_it_has_learned
from core.training.run import Run
from core.training.trend import Trend
from core.training.verdict import status

SLOW_STEP_S = 0.5
"""An update that takes longer is announced before Start."""


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
        self._run: Run | None = None

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
            self._compute.submit(self)

    def advance(self, budget_s: float) -> None:
        if self._run is None:
            self._run = Run(self._experiment, self._folder)
            self._describe(self._run)
            return
        run = self._run
        if not run.evaluations:
            run.piece()
            return
        self._show(run)
        self.done = True

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
        said = status(run.experiment, Trend(run.parts.data.task, error, run.evaluations), state="untrained")
        self._hub.update(self._channel, status=said.to_meta(), **self._price(run))

    def _price(self, run: Run) -> dict[str, Any]:
        """What the run will cost, from a few timed updates of this throw-away network."""
        times = []
        for _ in range(3):
            start = time.perf_counter()
            run.step()
            times.append(time.perf_counter() - start)
        step_s = min(times)
        evaluation_s = run.evaluation_s * (run.total_steps / run.evaluate_every + 1)
        total_s = step_s * run.total_steps + evaluation_s
        others = self._compute.queue_length()
        price = (
            Text(
                "{watch} to watch, {compute} of compute",
                watch=_duration(max(10.0, total_s)),
                compute=_duration(total_s),
            )
            if not others
            else Text(
                "{watch} to watch, {compute} of compute; about {wait} now: {others} other runs",
                watch=_duration(max(10.0, total_s)),
                compute=_duration(total_s),
                wait=_duration(total_s * (others + 1)),
                others=others,
            )
        )
        slow = Text(
            "One update takes {seconds} on this machine: the whole run about {total}. Fewer samples, smaller "
            "batches or a smaller network are faster.",
            seconds=_duration(step_s),
            total=_duration(total_s),
        )
        return {"price": price, "warning": slow if step_s > SLOW_STEP_S else None}

    def failed(self, error: BaseException) -> None:
        self.done = True
        if isinstance(error, CoreError):
            text = Text("{what} {why} {fix}", what=error.what, why=error.why, fix=error.fix)
        else:
            super().failed(error)
            text = Text(
                "The untrained network could not be measured: {error}", error=f"{type(error).__name__}: {error}"[:300]
            )
        self._hub.update(self._channel, warning=text)


def _duration(seconds: float) -> Text:
    """A time in words with a unit that suits it."""
    if seconds < 1:
        return Text("{seconds:.1f} s", seconds=max(0.1, seconds))
    if seconds < 90:
        return Text("{seconds:.0f} s", seconds=seconds)
    if seconds < 5400:
        return Text("{minutes:.0f} min", minutes=seconds / 60)
    return Text("{hours:.1f} h", hours=seconds / 3600)
