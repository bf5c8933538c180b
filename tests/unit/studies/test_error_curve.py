"""Error curves: which strength is chosen, and how large weights are."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from core.errors import BadInput
from core.experiment import Experiment
from core.studies.error_curve import Point, depths, one_standard_error, sizes, widths
from core.studies.weight_sizes import EDGES, sizes_of
from core.training.checkpoint import Snapshot
from core.training.splits import split_sizes


def point(value: float, *errors: float) -> Point:
    return Point(value, 10, 10, errors, errors, errors[0], errors[0], 0.0)


def test_the_simplest_within_one_standard_error_of_the_lowest_is_chosen():
    points = [point(1, 0.30, 0.34), point(2, 0.10, 0.20), point(3, 0.18, 0.20), point(4, 0.21, 0.23)]
    # The lowest mean is 0.15, its standard error 0.1 / sqrt(2) / sqrt(2) = 0.05: 0.19 is within, 0.22 is not.
    assert [chosen.value for chosen in one_standard_error(points)] == [2, 3]
    assert [chosen.value for chosen in one_standard_error(points[:1])] == [1, 1]


def test_sizes_go_up_to_all_that_train():
    path, spec = sizes(Experiment())
    most = split_sizes(Experiment()).num_train
    assert (path, spec) == ("train_size", f"log({max(23, most // 50)},{most})x6")
    assert sizes(Experiment.from_json({"dataset": "moons"}))[0] == "dataset.n"
    with pytest.raises(BadInput, match="too small for a learning curve"):
        sizes(Experiment.from_json({"dataset": {"key": "moons", "n": 10}}))


def test_depths_are_those_of_the_network_and_as_wide_as_it():
    assert depths(Experiment()) == ("architecture.hidden_layers", "1,2,3,4,6,8")
    named = Experiment.from_json({"architecture": {"key": "mlp", "widths": [9, 5]}})
    path, values = depths(named)
    assert path == "architecture.widths"
    assert values.startswith("[9],[9, 9],[9, 9, 9]")


def test_only_an_mlp_is_widened_by_itself():
    assert widths(Experiment())[0] == "architecture.width"
    with pytest.raises(BadInput, match="is not varied by itself"):
        widths(Experiment.from_json({"architecture": "cnn"}))


def test_weights_are_counted_by_size_without_biases():
    tensors = {
        "model.hidden.1.weight": torch.tensor([[1.0, -0.1], [0.0, 5e-4]]),
        "model.hidden.1.bias": torch.zeros(50),
        "optimizer.0.exp_avg": torch.zeros(2, 50),
        "best.hidden.1.weight": torch.zeros(2, 50),
    }
    found = sizes_of(Snapshot(3, tensors, {}, ""))
    assert found.near_zero == 0.5
    assert found.shares.sum() == pytest.approx(1)
    middles = (EDGES[:-1] + EDGES[1:]) / 2
    assert np.allclose(middles[found.shares > 0], [-5.9, -3.3, -0.9, 0.1], atol=0.11)
