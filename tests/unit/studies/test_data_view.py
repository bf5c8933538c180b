"""What the page Data shows: classes before and after sampling, wrong labels, the spread of the inputs."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from core.experiment import Experiment
from core.figures.data import (
    MOST_BARS,
    ClassCounts,
    InputSpreads,
    count_figure,
    different_figure,
    share_figure,
    spread_figure,
)
from core.figures.invariance import CurveShown, Invariance, invariance_figure
from core.studies.data_view import DataView, data_view, no_view, short_number
from core.text import Text
from core.training.resident import resident
from core.training.splits import split_sizes
from tests.unit.figures.test_augmented import axis_titles, traces


def viewed(folder: Path, **choice) -> DataView:
    experiment = Experiment.from_json({"architecture": "logistic", **choice})
    return data_view(resident(experiment, folder, "cpu"), experiment)


@pytest.mark.parametrize("sampling", ["stratified", "balanced", "random"])
def test_counts_before_and_after_sampling(tmp_path: Path, sampling: str):
    choice = {"dataset": "breast_cancer", "sampling": sampling, "train_size": 60}
    view = viewed(tmp_path, **choice)
    sizes = split_sizes(Experiment.from_json({"architecture": "logistic", **choice}))
    assert view.counts.available.tolist() == [136, 228]
    assert view.counts.used.sum() == sizes.num_train == view.num_train == 60
    assert view.counts.validation.sum() == view.num_validation == sizes.num_validation
    assert view.num_test == sizes.num_test
    if sampling == "balanced":
        assert view.counts.used.tolist() == [30, 30]


def test_numbers_are_counted_in_parts_of_their_range(tmp_path: Path):
    view = viewed(tmp_path, dataset={"key": "linear_200", "n": 50})
    assert view.counts.used.sum() == 50
    assert view.counts.validation.sum() == 1000
    assert len(view.counts.names) == len(view.counts.used) == 12


@pytest.mark.parametrize(
    ("number", "said"), [(0.01234, "0.0123"), (-1.5, "-1.5"), (164.2, "164"), (12345.6, "12300"), (2.5e7, "2.5e+07")]
)
def test_a_part_of_the_range_is_named_by_short_numbers(number: float, said: str):
    assert short_number(number) == said


def test_wrong_labels_are_counted_and_some_images_shown_with_both_classes(tmp_path: Path):
    view = viewed(tmp_path, label_noise=0.1, noisy_splits="both")
    assert (view.wrong.num_train, view.wrong.num_validation) == (115, 29)
    assert view.wrong.images.shape == (10, 8, 8)
    assert all(true != given for true, given in zip(view.wrong.true, view.wrong.given, strict=True))
    assert viewed(tmp_path).wrong.num_train == 0


def test_scaling_makes_spreads_alike(tmp_path: Path):
    raw = viewed(tmp_path, dataset={"key": "wine", "scaling": "raw"}).spreads
    scaled = viewed(tmp_path, dataset="wine").spreads
    assert np.array_equal(raw.raw, raw.scaled)
    assert raw.raw.max() / raw.raw.min() > 1000
    assert np.allclose(scaled.scaled, 1)
    assert np.array_equal(scaled.raw, raw.raw)


def test_the_inputs_of_images_have_names(tmp_path: Path):
    spreads = viewed(tmp_path).spreads
    assert [str(name) for name in spreads.names] == ["brightness"]
    stored, _ = traces(spread_figure(spreads))
    assert list(stored["y"]) == ["brightness"]


def test_data_that_cannot_be_had_say_why():
    assert "no room" in str(no_view(OSError("no room")).problem)


# -- figures ---------------------------------------------------------------------------------------------------------

COUNTS = ClassCounts(("a", "b"), np.array([6, 2]), np.array([2, 2]), np.array([3, 1]))


def test_bars_show_counts_and_shares():
    there, used, validation = traces(count_figure(COUNTS))
    assert [list(bar["y"]) for bar in (there, used, validation)] == [[6, 2], [2, 2], [3, 1]]
    assert [list(bar["y"]) for bar in traces(share_figure(COUNTS))] == [[75, 25], [50, 50], [75, 25]]
    assert "there are no samples" in str(count_figure(ClassCounts((), *[np.empty(0)] * 3)).to_dict()).lower()


def test_of_many_inputs_those_that_spread_most_and_least_are_drawn():
    raw = np.arange(100.0)
    stored, _ = traces(spread_figure(InputSpreads([f"x{place}" for place in range(100)], raw, raw / 10)))
    assert len(stored["y"]) == MOST_BARS
    assert (stored["x"][0], stored["x"][-1]) == (99, 1), "an input that is constant has no spread to draw"


def test_inputs_that_stay_as_they_are_stored_show_both_marks():
    raw = np.array([3.0, 0.1])
    stored, seen = traces(spread_figure(InputSpreads(["a", "b"], raw, raw)))
    assert stored["marker"]["size"] > seen["marker"]["size"] + 2 * seen["marker"]["line"]["width"]


def test_more_epochs_see_more_different_samples():
    without, with_ = traces(different_figure([1, 2], [5, 5], [5, 10]))
    assert (list(without["y"]), list(with_["y"])) == ([5, 5], [5, 10])
    assert axis_titles(different_figure([1], [5], [5])) == ["epochs", "different samples seen"]


@pytest.mark.parametrize("dark", [True, False])
def test_invariance_curves_are_percents_over_the_amounts(dark: bool):
    curves = [CurveShown("one", 0, np.array([0.5, 0.1])), CurveShown("two", 9, np.array([0.2, 0.1]))]
    figure = invariance_figure(Invariance(Text("turned by"), (-10, 0), 0, curves, True), dark=dark)
    assert [list(line["y"]) for line in traces(figure)] == [[50, 10], [20, 10]]
    assert len({(line["marker"]["symbol"], line["line"]["dash"]) for line in traces(figure)}) == 2
    assert axis_titles(figure) == ["turned by", "validation error, %"]
    long = invariance_figure(Invariance(Text(""), (0,), 0, [CurveShown("a name " * 9, 0, np.zeros(1))], True))
    assert len(traces(long)[0]["name"].split("<br>")) == 2, "on a phone a name is not cut"
    empty = invariance_figure(Invariance(Text("turned by"), (0,), 0, [], False))
    assert "Choose a run" in str(empty.to_dict())
