"""Runs with a sealed fault: an experiment that every fault fits, and what was recorded of a run."""

from __future__ import annotations

from pathlib import Path
from typing import Any, cast

import numpy as np

from core.catalog.faults import Fault, Series, sealed
from core.catalog.registry import entries
from core.experiment import Experiment
from core.training.run import Run
from tests.experiments import IMAGES, Diary

FAULTS = cast("dict[str, type[Fault]]", dict(entries("faults")))

FITS_ALL: dict[str, Any] = {
    **IMAGES,
    "architecture": {"key": "mlp", "widths": [8]},
    "regularizers": [{"key": "dropout"}],
    "optimizer": "adamw",
}
"""40 images, classes, ReLU, dropout, weight decay, a learning rate: there is something for every fault to act on."""


def with_fault(key: str, **changes: Any) -> Experiment:
    """FITS_ALL with some fields changed and a fault sealed in."""
    return Experiment.from_json({**FITS_ALL, **changes, "sealed": sealed(key)})


def example(key: str, seed: int) -> Experiment:
    """The healthy experiment on which a fault shows, on one seed, other samples too; measured a few times only."""
    cls = FAULTS[key]
    found = Experiment.from_json(dict(cls.example or {"preset": cls.see}))
    return found.replace(seed=seed, split_seed=seed, evaluate_every=20)


def recorded(experiment: Experiment, folder: Path) -> Series:
    """The series of a whole run."""
    diary = Diary()
    run = Run(experiment, folder, listener=diary).train()
    rows = [evaluation.to_row() for evaluation in run.evaluations]
    updates = {
        name: np.concatenate([block.columns[name] for block in diary.blocks]) for name in diary.blocks[0].columns
    }
    return updates | {name: np.array([row[name] for row in rows]) for name in rows[0]}
