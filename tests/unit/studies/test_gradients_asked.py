"""What the Gradients page asks for: links, limits, and the comparison that trains what was looked at."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from core.errors import BadInput
from core.experiment import Experiment
from core.studies.gradients_asked import Asked, Clipped, Felt, Network, Pair, Shared, ThroughTime
from core.studies.gradients_before import first_network
from core.studies.gradients_cases import CASES
from core.training.resident import resident
from core.training.run import Run


@pytest.mark.parametrize(
    "asked",
    [
        Network(),
        Network(depth=60, width=16, activation="tanh", first_weights="he_2", normalization="batch", residual=True),
        Shared(input_scale=0.05, lr=2.0, seed=7),
        Felt(changed=1, feels=12, factor=0.5),
        ThroughTime(length=200, forget_bias=-2.0),
        Clipped(limit=10.0, updates=20),
    ],
)
def test_a_link_holds_what_differs_and_gives_the_same_again(asked: Asked):
    query = asked.to_url("left")
    assert type(asked).from_url("left", {**query, "right.depth": "3", "tab": "before"}) == asked
    assert (query == {}) == (asked == type(asked)())


@pytest.mark.parametrize(
    ("values", "named"),
    [
        ({"depth": 61}, "depth is 61"),
        ({"depth": 0}, "depth is 0"),
        ({"activation": "sine"}, "activation is 'sine'"),
        ({"first_weights": "hers"}, "first_weights is 'hers'"),
        ({"normalization": "group"}, "normalization is 'group'"),
        ({"colour": "red"}, "colour is 'red'"),
    ],
)
def test_what_cannot_be_drawn_is_named(values: dict, named: str):
    with pytest.raises(BadInput) as refused:
        Network.of(values)
    assert str(refused.value.what) == f"{named}."


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.key)
def test_train_both_starts_from_the_weights_that_were_looked_at(case, data_folder: Path):
    data = resident(Experiment(), data_folder, "cpu")
    lanes = case.pair.comparison().experiments()
    assert len(lanes) == 2
    for network, lane in zip(case.pair.networks, lanes, strict=True):
        looked_at = first_network(data, case.pair.experiment(network)).state_dict()
        started = Run(lane.experiment, data_folder, data=data).parts.model.state_dict()
        assert looked_at.keys() == started.keys()
        assert all(torch.equal(value.to(started[name].dtype), started[name]) for name, value in looked_at.items())


@pytest.mark.parametrize("with_cures", [False, True])
def test_two_equal_networks_make_no_comparison(with_cures: bool):
    with pytest.raises(BadInput):
        Pair(left=Network(), right=Network()).comparison(with_cures=with_cures)


def test_with_cures_each_network_also_trains_clipped_and_with_a_penalty():
    lanes = [lane.experiment for lane in Pair().comparison(with_cures=True).experiments()]
    alone = [lane.experiment for lane in Pair().comparison().experiments()]
    assert lanes[:2] == alone
    assert [lane.replace(regularizers=[]) for lane in lanes] == 3 * alone
    assert [[cure.key for cure in lane.regularizers] for lane in lanes[2:]] == 2 * [["clip_norm"]] + 2 * [["l2"]]


def test_the_clipped_pair_differs_in_the_clipping_alone():
    without, limited = (lane.experiment for lane in Clipped(limit=2.0).comparison().experiments())
    assert not without.regularizers
    assert limited.regularizers[0].max_norm == 2.0
    assert limited.replace(regularizers=[]) == without
