"""Invariance: the error of a trained network on validation samples that were all turned, shifted, … by one amount.

A job of the compute thread, worked off piece by piece: it tells how far it is and can be given up.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Generator
from concurrent.futures import Future
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import torch

from core.catalog.datasets.examples import examples
from core.errors import BadInput, CoreError
from core.experiment import Experiment
from core.store.folder import DataFolder
from core.store.records import RunRecord
from core.store.store import Store
from core.studies.opened import opened
from core.studies.replay import last_step
from core.text import Text
from core.training.batch import Batch
from core.training.compute import Compute, Pieces
from core.training.disturbances import Disturbance, suiting
from core.training.evaluation import score
from core.training.resident import ResidentData
from core.training.run import Run

MOST_SAMPLES = 1_000
"""On so many validation samples the error is measured, spread evenly over the classes."""
MOST_KEPT = 64
"""So many curves are kept for whoever looks again."""


@dataclass(frozen=True, eq=False)
class InvarianceCurve:
    """The error at each of the disturbance's amounts, on `num` samples; `standard_error` where they are undisturbed."""

    errors: np.ndarray
    num: int
    standard_error: float


@dataclass(eq=False)
class Measuring:
    """A curve that is being measured: how far it is, and at the end the curve or why there is none."""

    progress: float = 0.0
    curve: InvarianceCurve | None = None
    problem: Text | None = None
    job: Pieces | None = None
    is_cancelled: bool = False
    is_over: threading.Event = field(default_factory=threading.Event)

    def cancel(self) -> None:
        """Give it up; from any thread."""
        self.is_cancelled = True
        if self.job is not None:
            self.job.cancel()
        self.is_over.set()


class Invariances:
    """Measures curves of stored runs, each once; any thread may ask."""

    def __init__(
        self,
        folder: DataFolder,
        store: Store,
        load: Callable[[Experiment, str | None], Future[ResidentData]],
        compute: Compute,
    ) -> None:
        self._folder, self._store, self._load, self._compute = folder, store, load, compute
        self._lock = threading.Lock()
        self._known: OrderedDict[tuple[str, int, int, str], Measuring] = OrderedDict()

    def get(self, record: RunRecord, key: str, owner: str) -> Measuring:
        """The curve of a run's last state against a disturbance; one that was given up is measured anew.

        BadInput where the disturbance does not suit the run's data.
        """
        experiment = Experiment.from_json(record.experiment)
        disturbance = checked(experiment, key)
        place = (record.id, record.attempt, last_step(record), key)
        with self._lock:
            known = self._known.get(place)
            if known is not None and not known.is_cancelled:
                return known
            measuring = self._known[place] = Measuring()
            while len(self._known) > MOST_KEPT:
                _, forgotten = self._known.popitem(last=False)
                forgotten.cancel()
        device = record.facts.device

        def loaded(data: Future[ResidentData]) -> None:
            error = None if data.cancelled() else data.exception()
            if error is not None:
                _fail(measuring, error)
                return
            if data.cancelled() or measuring.is_cancelled:
                measuring.is_over.set()
                return
            job = Pieces(curve_of(self._store, self._folder, record, disturbance, measuring), owner)
            measuring.job = job
            job.future.add_done_callback(lambda result: _take(measuring, result))
            if not self._compute.offer(job):
                measuring.cancel()

        self._load(experiment, device).add_done_callback(loaded)
        return measuring


def checked(experiment: Experiment, key: str) -> Disturbance:
    """The disturbance of this key; BadInput where it does not suit the experiment's data."""
    known = suiting(experiment.dataset.input_kind)  # type: ignore[attr-defined]
    if key not in known:
        raise BadInput(
            Text("“{key}” cannot disturb {data}.", key=key[:80], data=Text(experiment.dataset.title)),
            Text("Only images can be turned, shifted, enlarged or brightened."),
            Text("Choose one of: {known}.", known=", ".join(known)),
        )
    return known[key]


def curve_of(
    store: Store, folder: DataFolder, record: RunRecord, disturbance: Disturbance, measuring: Measuring
) -> Generator[None, None, InvarianceCurve]:
    """Go back to the run's last state and measure it; yields after every piece."""
    pieces = opened(store, folder, record)
    while True:
        try:
            next(pieces)
        except StopIteration as end:
            run: Run = end.value
            break
        yield
    return (yield from measured(run, disturbance, measuring))


def measured(run: Run, disturbance: Disturbance, measuring: Measuring) -> Generator[None, None, InvarianceCurve]:
    """The errors of a run's network as it is, one amount after the other."""
    parts = run.parts
    validation = parts.data.splits.validation.cpu().numpy()
    rows = examples(parts.data.targets.cpu().numpy(), validation, MOST_SAMPLES)
    samples = parts.feed.pieces(torch.from_numpy(rows).to(parts.data.device), parts.piece_size)
    errors = []
    for place, amount in enumerate(disturbance.amounts):
        batches = (_disturbed(batch, disturbance, amount) for batch in samples)
        found = yield from score(parts.model, batches, parts.plain_loss, parts.target_spread)
        errors.append(found.error)
        measuring.progress = (place + 1) / len(disturbance.amounts)
        yield
    plain = errors[disturbance.amounts.index(disturbance.none)]
    spread = (plain * (1 - plain) / len(rows)) ** 0.5 if parts.target_spread is None else float("nan")
    return InvarianceCurve(np.array(errors), len(rows), spread)


def _disturbed(batch: Batch, disturbance: Disturbance, amount: float) -> Batch:
    with torch.no_grad():
        return batch._replace(inputs=disturbance.apply(batch.inputs, amount))


def _take(measuring: Measuring, result: Future[Any]) -> None:
    if not result.cancelled():
        error = result.exception()
        if error is not None:
            _fail(measuring, error)
            return
        measuring.curve = result.result()
    measuring.is_over.set()


def _fail(measuring: Measuring, error: BaseException) -> None:
    measuring.problem = (
        error.text
        if isinstance(error, CoreError)
        else Text("It could not be measured: {error}", error=f"{type(error).__name__}: {error}"[:300])
    )
    measuring.is_over.set()


def twin(experiment: Experiment, key: str) -> Experiment:
    """The same experiment with the augmentation of a disturbance in training, or without it where it has it."""
    training = checked(experiment, key).training
    kept = tuple(entry for entry in experiment.augmentations if type(entry) is not type(training))
    changed = kept if len(kept) < len(experiment.augmentations) else (*kept, training)
    return experiment.model_copy(update={"augmentations": changed, "name": ""})


def has_training(experiment: Experiment, key: str) -> bool:
    """Whether a run has seen a disturbance in training."""
    training = checked(experiment, key).training
    return any(type(entry) is type(training) for entry in experiment.augmentations)
