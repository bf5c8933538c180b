"""What a layer feels, gradients through time, clipping: each against the arithmetic written out."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from concurrent.futures import Future
from pathlib import Path

import pytest
import torch
from torch import nn

from core.experiment import Experiment
from core.pieces import worked_off
from core.studies.gradients import Gradients
from core.studies.gradients_asked import Clipped, Felt, Network, Pair, ThroughTime
from core.studies.gradients_clipped import clipped
from core.studies.gradients_felt import felt
from core.studies.gradients_through_time import gradient_sizes, through_time
from core.training.compute import Compute
from core.training.resident import ResidentData, resident


@pytest.fixture
def data(data_folder: Path) -> ResidentData:
    return resident(Experiment(), data_folder, "cpu")


@pytest.mark.parametrize("seed", range(3))
def test_without_batch_norm_layer_10_feels_the_factor_and_with_it_nothing(data: ResidentData, seed: int):
    without, normalized = worked_off(felt(data, Felt(changed=3, feels=10, factor=1.5, seed=seed)))
    assert without.times(3) == normalized.times(3) == 1.0  # the input of the layer itself comes before its weights
    assert without.times(10) == pytest.approx(1.5)
    assert normalized.times(10) == pytest.approx(1.0, abs=1e-3)


def test_a_deep_layer_is_felt_in_a_network_that_reaches_it(data: ResidentData):
    without, _ = worked_off(felt(data, Felt(changed=1, feels=20)))
    assert len(without.before) == 20


@pytest.mark.parametrize("kind", [nn.RNN, nn.LSTM])
def test_the_gradient_through_time_equals_differences_of_the_last_output(kind: type[nn.RNN | nn.LSTM]):
    rng = torch.Generator().manual_seed(3)
    x_BTF = torch.randn(1, 6, 2, dtype=torch.float64, generator=rng)
    network, direction = kind(2, 4, batch_first=True).double(), torch.ones(4, dtype=torch.float64)
    found = gradient_sizes(network, x_BTF, direction)

    def last(x: torch.Tensor) -> torch.Tensor:
        return network(x)[0][0, -1] @ direction

    for t in range(6):
        slopes = []
        for feature in range(2):
            step = torch.zeros_like(x_BTF)
            step[0, t, feature] = 1e-6
            slopes.append(((last(x_BTF + step) - last(x_BTF - step)) / 2e-6).item())
        assert 10 ** found[t] == pytest.approx((slopes[0] ** 2 + slopes[1] ** 2) ** 0.5, rel=1e-5)


@pytest.mark.parametrize("seed", range(3))
def test_an_open_forget_gate_lets_the_gradient_pass_where_an_rnn_loses_it(seed: int):
    shut, usual, wide = (
        worked_off(through_time(ThroughTime(length=50, forget_bias=bias, seed=seed))) for bias in (-1.0, 1.0, 3.0)
    )
    assert len(wide.rnn) == len(wide.lstm) == 50
    kept = [found.lstm[0] - found.lstm[-1] for found in (shut, usual, wide)]
    assert kept[0] < kept[1] < kept[2]
    assert kept[2] > -1
    assert wide.rnn[0] - wide.rnn[-1] < -8


def test_clipping_shortens_every_longer_gradient_to_the_limit_and_no_other(data: ResidentData):
    without, limited = worked_off(clipped(data, Clipped(limit=30.0, updates=30)))
    assert without.diverged
    assert not limited.diverged
    assert len(limited.losses) == len(limited.before) == len(limited.after) == 30
    assert 0 < limited.num_clipped < 30
    assert limited.num_clipped == sum(10**size > 30 for size in limited.before)
    for before, after in zip(limited.before, limited.after, strict=True):
        assert 10**after == pytest.approx(min(10**before, 30), rel=1e-4)
    assert without.before[:2] == pytest.approx(without.after[:2], abs=1e-6)


@pytest.fixture
def compute() -> Iterator[Compute]:
    running = Compute()
    running.start()
    yield running
    running.close()


def test_a_picture_is_computed_once_in_the_compute_thread(data: ResidentData, compute: Compute):
    loaded: list[str] = []

    def load() -> Future[ResidentData]:
        loaded.append(threading.current_thread().name)
        done: Future[ResidentData] = Future()
        done.set_result(data)
        return done

    gradients = Gradients(compute, load)
    pair = Pair(left=Network(depth=2, width=4), right=Network(depth=3, width=4))
    first = gradients.draw(pair, "anna")
    assert gradients.draw(pair.model_copy(), "bert") is first
    assert len(loaded) == 1
    assert [len(found.layers) for found in first] == [3, 4]
