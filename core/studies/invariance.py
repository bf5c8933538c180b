"""Invariance: the error of a trained network on validation samples that were all turned, shifted, … by one amount.

A job of the compute thread, worked off piece by piece: it tells how far it is and can be given up.
"""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass
from functools import partial

import numpy as np
import torch

from core.catalog.augmentations.augmentation import Augmentation
from core.catalog.datasets.examples import examples
from core.errors import BadInput
from core.experiment import Experiment
from core.store.records import RunRecord
from core.studies.blocks_shipped import experiment_of
from core.studies.measured_runs import MeasuredRuns, Measuring
from core.text import Text
from core.training.disturbances import Disturbance, suiting
from core.training.evaluation import score
from core.training.run import Run
from core.training.trend import uncertainty

MOST_SAMPLES = 1_000
"""On so many validation samples the error is measured, spread evenly over the classes."""


@dataclass(frozen=True, eq=False)
class InvarianceCurve:
    """The error at each of the disturbance's amounts, on `num` samples; `uncertainty` is the ± of the undisturbed."""

    errors: np.ndarray
    num: int
    uncertainty: float


class Invariances:
    """Measures curves of stored runs and of the shipped one, each once; any thread may ask."""

    def __init__(self, runs: MeasuredRuns[InvarianceCurve]) -> None:
        self._runs = runs

    def get(self, record: RunRecord | None, key: str, owner: str) -> Measuring[InvarianceCurve]:
        """The curve of a run's last state (None: the shipped run) against a disturbance; one given up is measured anew.

        BadInput where the disturbance does not suit the run's data.
        """
        disturbance = checked(experiment_of(record), key)
        return self._runs.get(record, key, partial(measured, disturbance=disturbance), owner)


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


def measured(
    run: Run, measuring: Measuring[InvarianceCurve], disturbance: Disturbance
) -> Generator[None, None, InvarianceCurve]:
    """The errors of a run's network as it is, one amount after the other."""
    parts = run.parts
    validation = parts.data.splits.validation.cpu().numpy()
    rows = examples(parts.data.targets.cpu().numpy(), validation, MOST_SAMPLES)
    samples = parts.feed.pieces(torch.from_numpy(rows).to(parts.data.device), parts.piece_size)
    scores = []
    for place, amount in enumerate(disturbance.amounts):
        batches = (batch._replace(inputs=disturbance.apply(batch.inputs, amount)) for batch in samples)
        scores.append((yield from score(parts.model, batches, parts.plain_loss, parts.target_spread)))
        measuring.progress = (place + 1) / len(disturbance.amounts)
        yield
    undisturbed = scores[disturbance.amounts.index(disturbance.none)]
    return InvarianceCurve(np.array([found.error for found in scores]), len(rows), uncertainty(undisturbed))


def twin(experiment: Experiment, key: str) -> Experiment:
    """The same experiment with the augmentation of a disturbance in training, or without it where it has it."""
    training = checked(experiment, key).training
    kept = tuple(entry for entry in experiment.augmentations if type(entry) is not type(training))
    changed = kept if len(kept) < len(experiment.augmentations) else (*kept, training)
    return experiment.model_copy(update={"augmentations": changed, "name": ""})


def has_training(experiment: Experiment, key: str) -> bool:
    """Whether a run has the augmentation of a disturbance in training."""
    training = checked(experiment, key).training
    return any(type(entry) is type(training) for entry in experiment.augmentations)


def seen_by(experiment: Experiment, key: str) -> list[Augmentation]:
    """The augmentations in training by which a run has seen a disturbance: its own, and others that make it too."""
    training = checked(experiment, key).training.key
    return [
        entry
        for entry in experiment.augmentations
        if not entry.changes_nothing and (entry.key == training or training in entry.includes)
    ]
