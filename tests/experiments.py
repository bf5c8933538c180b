"""Tiny experiments that train in milliseconds, and what two runs must have in common to count as the same."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import torch

import core.catalog  # noqa: F401 - registers every entry
from core.experiment import Experiment
from core.training.evaluation import Evaluation
from core.training.events import Event
from core.training.recorder import StepBlock
from core.training.run import Run
from core.training.weights import weights_sha256

POINTS: dict[str, Any] = {
    "dataset": {"key": "moons", "n": 64},
    "architecture": {"key": "mlp", "widths": [8]},
    "batch_size": 16,
    "epochs": 4,
}
"""64 points, a 2-8-2 network, 4 updates an epoch, 16 in all."""

IMAGES: dict[str, Any] = {
    "dataset": "digits",
    "train_size": 40,
    "architecture": {"key": "cnn", "blocks": [{"channels": 3, "pooling": "max"}], "dense": [6], "dropout": 0.0},
    "batch_size": 16,
    "epochs": 4,
}
"""40 images of 8 × 8, 3 updates an epoch (the last one of 8 images), 12 in all."""

EVERYTHING: dict[str, Any] = {
    **IMAGES,
    "augmentations": ["shift", {"key": "noise"}],
    "architecture": {**IMAGES["architecture"], "normalization": "batch", "dropout": 0.3},
    "regularizers": [{"key": "l2", "strength": 1e-3}, {"key": "clip_norm", "max_norm": 1.0}],
    "schedule": "cosine",
}
"""Images with everything that draws or remembers: shuffling, augmentation, dropout, running statistics, a schedule."""


NETWORKS: dict[str, dict[str, Any]] = {
    "residual mlp": {"key": "mlp", "widths": [8, 8, 8], "residual": True},
    "residual cnn": {
        "key": "cnn",
        "blocks": [{"channels": 3, "padding": "same"}] * 2,
        "global_average": True,
        "dense": [],
        "dropout": 0.0,
        "residual": True,
    },
    "resnet": {"key": "resnet", "blocks_per_stage": 1, "width": 2},
    "efficient_cnn": {"key": "efficient_cnn", "depth": 2, "width": 4, "squeeze_excite": True, "reduction": 2},
    "rnn": {"key": "rnn", "units": 6, "nonlinearity": "relu"},
    "gru": {"key": "gru", "units": 5, "answer": "mean"},
    "lstm": {"key": "lstm", "units": 4, "layers": 2},
    "attention": {"key": "attention", "width": 8, "heads": 2, "depth": 1},
    "attention, waves": {
        "key": "attention",
        "patch": 2,
        "width": 4,
        "heads": 1,
        "position": "sinusoidal",
        "answer": "mean",
    },
}
"""Tiny networks for images, of every kind beyond the plain MLP and CNN."""


def points(**changes: Any) -> Experiment:
    """POINTS with some fields changed."""
    return Experiment.from_json({**POINTS, **changes})


def images(**changes: Any) -> Experiment:
    """IMAGES with some fields changed."""
    return Experiment.from_json({**IMAGES, **changes})


def everything(**changes: Any) -> Experiment:
    """EVERYTHING with some fields changed."""
    return Experiment.from_json({**EVERYTHING, **changes})


class Diary:
    """A listener that keeps all it hears."""

    def __init__(self) -> None:
        self.blocks: list[StepBlock] = []
        self.evaluations: list[Evaluation] = []
        self.events: list[Event] = []

    def on_block(self, block: StepBlock) -> None:
        self.blocks.append(block)

    def on_evaluation(self, evaluation: Evaluation) -> None:
        self.evaluations.append(evaluation)

    def on_event(self, event: Event) -> None:
        self.events.append(event)

    @property
    def steps(self) -> list[int]:
        """The steps of all rows, in the order in which they came."""
        return [int(step) for block in self.blocks for step in block.steps]

    def series(self, after: int = 0) -> dict[str, bytes]:
        """Every series behind step `after`, bit for bit, times left out; {} when there are no rows."""
        blocks = [block for block in self.blocks if block.steps[-1] > after]
        names = {name: None for block in blocks for name in block.columns if name not in TIMES}
        return {
            name: b"".join(
                block.columns[name][block.steps > after].tobytes() for block in blocks if name in block.columns
            )
            for name in names
        }


TIMES = ("train_s", "evaluation_s", "samples_per_s")
"""What may differ between two runs that are the same."""


def trained(experiment: Experiment, folder: Path, **options: Any) -> tuple[Run, Diary]:
    """The experiment trained to its end, and what was heard of it."""
    diary = Diary()
    return Run(experiment, folder, listener=diary, **options).train(), diary


def numbers(evaluations: list[Evaluation], after: int = -1) -> list[dict[str, float]]:
    """Evaluations behind step `after` as rows, times left out."""
    return [
        {"step": float(item.step), **{name: value for name, value in item.to_row().items() if name not in TIMES}}
        for item in evaluations
        if item.step > after
    ]


def bits(run: Run) -> dict[str, bytes]:
    """Weights, buffers and the optimizer's state, bit for bit."""
    tensors, _ = run.state()
    return {name: tensor.contiguous().numpy().tobytes() for name, tensor in tensors.items()}


def same(one: tuple[Run, Diary], two: tuple[Run, Diary]) -> bool:
    """Whether two runs agree in weights, optimizer, series, evaluations and events, bit for bit."""
    (run, diary), (other, heard) = one, two
    return (
        weights_sha256(run.parts.model) == weights_sha256(other.parts.model)
        and bits(run) == bits(other)
        and diary.series() == heard.series()
        and np.array_equal(diary.steps, heard.steps)
        and numbers(run.evaluations) == numbers(other.evaluations)
        and run.events == other.events
        and run.outcome == other.outcome
    )


def row_of(diary: Diary, name: str) -> np.ndarray:
    """One per-update series."""
    return np.concatenate([block.columns[name] for block in diary.blocks])


def copy_of(run: Run) -> tuple[dict[str, torch.Tensor], dict[str, Any]]:
    """The state of a run that later updates leave alone, as a snapshot holds it."""
    tensors, position = run.state()
    return {name: tensor.contiguous().clone() for name, tensor in tensors.items()}, position
