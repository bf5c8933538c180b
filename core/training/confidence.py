"""Confidence: how sure a network is of its answers, and how often it is right when it is that sure.

The confidence of an answer is the softmax probability of the class that is named.
Source: Guo et al., On Calibration of Modern Neural Networks, 2017, section 2.
"""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from core.catalog.datasets.examples import examples
from core.errors import BadInput
from core.experiment import Experiment
from core.text import Text
from core.training.batch import Batch
from core.training.pictures import evaluating
from core.training.run import Run

NUM_BINS = 10
MOST_SAMPLES = 10_000
"""So many samples of each split are asked at most, spread evenly over the classes."""


@dataclass(frozen=True, eq=False)
class Calibration:
    """Answers of one split, in ten bins of equal width by their confidence.

    `nums` (10,) counts the answers of a bin, `confidences` and `rights` (10,) are their mean confidence and the share
    of right ones, NaN where a bin is empty. `of_right` and `of_wrong` are mean confidences, NaN where there are none.
    """

    num: int
    num_wrong: int
    of_right: float
    of_wrong: float
    nums: np.ndarray
    confidences: np.ndarray
    rights: np.ndarray

    @property
    def error(self) -> float:
        """Expected calibration error: the mean distance of confidence and share of right answers, 0 to 1."""
        filled = self.nums > 0
        distances = np.abs(self.confidences[filled] - self.rights[filled])
        return float((self.nums[filled] * distances).sum() / self.num)


@dataclass(frozen=True)
class Confidence:
    """The same network on training and on validation samples, unaugmented and in evaluation mode."""

    training: Calibration
    validation: Calibration


def check_classes(experiment: Experiment) -> None:
    """BadInput where a network answers with a number."""
    if experiment.dataset.task != "classification":  # type: ignore[attr-defined]
        raise BadInput(
            Text("There is no confidence to be shown."),
            Text("This network answers with a number, and a number comes without a probability."),
            Text("Choose a run that tells classes apart."),
        )


def calibration(confidences: np.ndarray, is_right: np.ndarray) -> Calibration:
    """Sort answers into bins: their confidences (num,), 0 to 1, and whether each is right (num,); at least one."""
    edges = np.linspace(0, 1, NUM_BINS + 1)[1:-1]
    bins = np.searchsorted(edges, confidences)
    nums = np.bincount(bins, minlength=NUM_BINS)
    with np.errstate(invalid="ignore"):
        means = np.bincount(bins, confidences, NUM_BINS) / nums
        rights = np.bincount(bins, is_right, NUM_BINS) / nums
    return Calibration(
        len(confidences),
        int((~is_right).sum()),
        float(confidences[is_right].mean()) if is_right.any() else float("nan"),
        float(confidences[~is_right].mean()) if not is_right.all() else float("nan"),
        nums,
        means,
        rights,
    )


def confidence_of(run: Run) -> Generator[float, None, Confidence]:
    """Ask the network of a run that tells classes apart, as it is; yields the finished share."""
    splits = run.parts.data.splits
    training = yield from _asked(run, splits.train, 0.0)
    validation = yield from _asked(run, splits.validation, 0.5)
    return Confidence(training, validation)


def _asked(run: Run, rows: Tensor, done: float) -> Generator[float, None, Calibration]:
    data = run.parts.data
    chosen = examples(data.targets.cpu().numpy(), rows.cpu().numpy(), MOST_SAMPLES)
    confidences, is_right, num = [], [], 0
    for batch in run.parts.feed.pieces(torch.from_numpy(chosen).to(data.device), run.parts.piece_size):
        probabilities, named = _answers(run, batch)
        confidences.append(probabilities)
        is_right.append(named == batch.targets)
        num += len(named)
        yield done + num / len(chosen) / 2
    return calibration(torch.cat(confidences).double().cpu().numpy(), torch.cat(is_right).cpu().numpy())


def _answers(run: Run, batch: Batch) -> tuple[Tensor, Tensor]:
    with evaluating(run.parts.model):
        best = run.parts.model(batch.inputs).float().softmax(1).max(1)
    return best.values, best.indices
