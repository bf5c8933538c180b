"""What the page Generalization shows of folds: which samples validate with which fold. The test split is in none."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from core.errors import CoreError
from core.experiment import Experiment
from core.figures.folds import FoldsShown
from core.studies.data_view import NUM_BINS, range_names
from core.text import Text
from core.training.resident import ResidentData, host_samples
from core.training.splits import draw_folds


@dataclass(frozen=True, eq=False)
class FoldsView:
    """Folds as they are drawn, or why they could not be had."""

    shown: FoldsShown | None
    problem: Text | None = None


def no_folds(error: BaseException) -> FoldsView:
    """What stands in place of folds of data that could not be had."""
    said = error.text if isinstance(error, CoreError) else Text("The data could not be read: {error}", error=error)
    return FoldsView(None, said)


def folds_view(data: ResidentData, experiment: Experiment) -> FoldsView:
    """The folds of loaded data."""
    samples = host_samples(data)
    rows, numbers = draw_folds(samples, experiment)
    targets = samples.targets[rows]
    if data.class_names:
        return FoldsView(FoldsShown(experiment.num_folds or 0, numbers, targets, data.class_names))
    edges = np.histogram_bin_edges(targets[:, 0], NUM_BINS)
    places = np.clip(np.digitize(targets[:, 0], edges) - 1, 0, NUM_BINS - 1)
    return FoldsView(FoldsShown(experiment.num_folds or 0, numbers, places, range_names(edges)))
