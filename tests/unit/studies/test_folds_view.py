"""What is shown of folds: samples outside of the test split, by class or by parts of the range of the numbers."""

from __future__ import annotations

from pathlib import Path

from core.catalog.datasets.polynomial import Polynomial
from core.errors import BadInput
from core.experiment import Experiment
from core.studies.data_view import NUM_BINS
from core.studies.folds_view import folds_view, no_folds
from core.text import Text
from core.training.resident import resident


def test_folds_of_classes_hold_every_sample_outside_of_the_test_split_once(tmp_path: Path):
    experiment = Experiment(dataset="wine", num_folds=4, architecture="logistic")
    shown = folds_view(resident(experiment, tmp_path, "cpu"), experiment).shown
    assert shown is not None
    assert shown.counts.sum() == experiment.dataset.facts().num_train_pool
    assert (shown.counts.max(axis=0) - shown.counts.min(axis=0)).max() <= 1
    assert list(shown.names) == list(experiment.dataset.facts().class_names)


def test_numbers_stand_in_parts_of_their_range(tmp_path: Path):
    experiment = Experiment(dataset=Polynomial(n=30), num_folds=3, architecture="logistic")
    shown = folds_view(resident(experiment, tmp_path, "cpu"), experiment).shown
    assert shown is not None
    assert shown.counts.shape == (3, NUM_BINS)
    assert shown.counts.sum(axis=1).tolist() == [10, 10, 10]


def test_data_that_cannot_be_had_say_why():
    view = no_folds(BadInput(Text("No network."), Text("It is off."), Text("Turn it on.")))
    assert view.shown is None
    assert "No network." in str(view.problem)
