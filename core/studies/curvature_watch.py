"""The curvature of a run's loss while it trains: measured between its updates, shown at once, kept with the run."""

from __future__ import annotations

import logging
from collections.abc import Generator, Iterator, Mapping

from core.errors import CoreError
from core.landscape.measured import Measured
from core.landscape.probe import Probe
from core.live.hub import Hub
from core.store.records import CURVATURE
from core.store.store import Store
from core.studies.curvature_rows import show_curvature, stored_every
from core.text import Text
from core.training.gradient_noise import halves_of
from core.training.memory import out_of_memory
from core.training.run import Run
from core.training.watch import Watch

logger = logging.getLogger(__name__)

SAMPLES, LEAST_SAMPLES = 512, 64
MOST_MULTIPLICATIONS = 5 * 10**8
"""Of one pass through the network: a large one is measured on fewer samples, so that its training goes on soon."""


def curvature_watch(store: Store, hub: Hub | None, run: str, attempt: int, actor: str) -> Watch:
    """A watch over the curvature of a run: as often as was asked for last, in an earlier attempt too."""
    every = stored_every(store, run) if attempt > 1 else 0
    if hub:
        hub.update(run, curvature_every=every)
    return watch_of(store, hub, run, attempt, actor, every)


def watch_of(store: Store, hub: Hub | None, run: str, attempt: int, actor: str, every: int) -> Watch:
    """A watch after every so many updates."""
    return Watch(_Look(store, hub, run, attempt, actor), every)


class _Look:
    """Measures one row of `COLUMNS` at each call, in pieces."""

    def __init__(self, store: Store, hub: Hub | None, run: str, attempt: int, actor: str) -> None:
        self._store, self._hub, self._run, self._attempt, self._actor = store, hub, run, attempt, actor
        self._probe: Probe | None = None
        self._num_samples = 0

    def __call__(self, run: Run) -> Iterator[None]:
        problem = None
        try:
            self._tell(run, (yield from self._measured(run)))
        except CoreError as error:
            problem = error.text
        except Exception as error:
            # A picture that fails is no reason to end the training it is a picture of.
            logger.exception("the curvature of run %s could not be measured", self._run)
            problem = (
                Text("The curvature was not measured: the memory is too small for it.")
                if out_of_memory(error)
                else Text("The curvature was not measured: {error}", error=f"{type(error).__name__}: {error}"[:300])
            )
        if self._hub:
            self._hub.update(self._run, curvature_problem=problem)

    def _measured(self, run: Run) -> Generator[None, None, dict[str, float]]:
        if self._probe is None:
            fitting = MOST_MULTIPLICATIONS // max(1, run.parts.multiplications)
            measured = Measured(run, samples=max(LEAST_SAMPLES, min(SAMPLES, fitting)))
            self._probe, self._num_samples = Probe(measured), measured.num_samples
            yield
        found = yield from self._probe.pieces(run.parts.model.state_dict())
        halves = yield from halves_of(run, counter=run.step_count)
        lr = run.learning_rate
        limit = run.current.optimizer.sharpness_limit(lr) if lr else None  # type: ignore[attr-defined]
        return {
            "bottom": found.bottom,
            "top": found.top,
            "residual_bottom": found.residuals[0],
            "residual_top": found.residuals[1],
            "gradient_norm": found.gradient_norm,
            "lr": lr,
            **({} if limit is None else {"limit": limit}),
            "noise_squared": halves.noise_squared,
            "signal_squared": halves.signal_squared,
            "num_samples": self._num_samples,
        }

    def _tell(self, run: Run, values: Mapping[str, float]) -> None:
        step = run.step_count
        if self._hub:
            show_curvature(self._hub, self._run, self._attempt, {step: values})
        self._store.add_event(
            self._run,
            CURVATURE,
            actor=self._actor,
            step=step,
            epoch=run.epoch,
            train_s=run.train_s,
            values=values,
            recipe=False,
        )
