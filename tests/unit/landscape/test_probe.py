"""Probes along a run."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch
from torch import nn

from core.landscape.curvature import BOTTOM, TOP, extremes
from core.landscape.hessian import Hessian
from core.landscape.measured import Measured
from core.landscape.probe import AHEAD, MOST_PRODUCTS, Probe, ahead
from core.pieces import worked_off
from core.training.run import Run
from tests.experiments import images, points

NETS: dict[str, Any] = {
    "mlp": points(),
    "cnn, batch normalization": images(
        architecture={"key": "cnn", "blocks": [{"channels": 3, "normalization": "batch"}], "dense": [6], "dropout": 0.5}
    ),
}


@pytest.mark.parametrize("name", NETS)
def test_a_probe_measures_the_network_as_it_is_now_and_leaves_it_alone(name: str, data_folder: Path):
    run = Run(NETS[name], data_folder).train(1)
    probe = Probe(Measured(run, samples=48, dtype=torch.float64))
    for step in range(2, 6):
        state = run.train(step).parts.model.state_dict()
        before = {key: tensor.clone() for key, tensor in state.items()}
        found = probe(state)
        here = Measured(run, samples=48, dtype=torch.float64)
        wanted = worked_off(extremes(here))
        assert found.gradient_norm == pytest.approx(float(worked_off(Hessian(here).gradient()).norm()))
        assert [found.bottom, found.top] == pytest.approx(wanted.values, rel=0.05)
        assert all(torch.equal(tensor, before[key]) for key, tensor in state.items())


def test_the_probe_before_saves_products(data_folder: Path):
    run = Run(NETS["cnn, batch normalization"], data_folder).train(6)
    measured = Measured(run, samples=48)
    probe = Probe(measured)
    first = probe(run.parts.model.state_dict())
    second = probe(run.train(7).parts.model.state_dict())
    assert second.num_products < first.num_products <= MOST_PRODUCTS
    assert Probe(measured)(run.parts.model.state_dict()).num_products > second.num_products


def test_others_have_their_turn_after_each_product_and_after_the_gradient(data_folder: Path):
    run = Run(NETS["mlp"], data_folder).train(6)
    state = run.parts.model.state_dict()
    whole, probe = Probe(Measured(run, samples=48)), Probe(Measured(run, samples=48))
    for _ in range(2):
        assert sum(1 for _ in probe.pieces(state)) == whole(state).num_products + 1


def test_a_loss_without_any_curvature_is_told_as_that():
    class Slope:
        network, num_samples = nn.Identity(), 1
        flat = torch.ones(5)

        def move_to(self, state: object) -> None:
            pass

        def parts(self) -> list[Any]:
            return [self]

        def loss(self, flat: torch.Tensor) -> torch.Tensor:
            return flat.sum()

    slope: Any = Slope()
    probe = Probe(slope)
    for _ in range(2):
        found = probe({})
        assert (found.bottom, found.top, found.residuals) == (0, 0, (0, 0))
        assert found.gradient_norm == pytest.approx(5**0.5)


def test_one_end_takes_fewer_products(data_folder: Path):
    run = Run(NETS["mlp"], data_folder).train(6)
    state = run.parts.model.state_dict()
    found, top, bottom = (Probe(Measured(run, samples=48), ends)(state) for ends in ((BOTTOM, TOP), (TOP,), (BOTTOM,)))
    assert top.num_products < found.num_products
    assert top.top == pytest.approx(found.top, rel=0.05)
    assert bottom.bottom == pytest.approx(found.bottom, rel=0.1)


def test_a_probe_starts_from_where_the_vectors_go_whatever_their_signs():
    before = torch.tensor([[1.0, 0.0, 0.0], [0.0, 1.0, 0.0]])
    now = torch.tensor([[0.8, 0.6, 0.0], [0.0, 0.8, 0.6]])
    moved = now + AHEAD * (now - before)
    signs = torch.tensor([[-1.0], [1.0]])
    assert torch.allclose(ahead(now, signs * before), moved)
    assert torch.allclose(ahead(signs * now, before), signs * moved)


def test_the_same_states_give_the_same_bits(data_folder: Path):
    run = Run(NETS["mlp"], data_folder)
    one, two = (Probe(Measured(run, samples=48)) for _ in range(2))
    for step in range(4):
        state = run.train(step).parts.model.state_dict()
        assert one(state) == two(state)
