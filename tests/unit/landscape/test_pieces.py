"""Large samples and bases go in pieces: none is longer than arithmetic says, and the answers are those of the whole."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch

from core.landscape import krylov, measured, plane_losses
from core.landscape.curvature import extremes
from core.landscape.hessian import Hessian
from core.landscape.measured import Measured
from core.landscape.planes import plane_of
from core.landscape.surface import Surface
from core.pieces import worked_off
from core.training.run import Run
from tests.experiments import images, points
from tests.landscapes import path_of

NETS: dict[str, Any] = {
    "mlp": points(),
    "mlp with a penalty": points(regularizers=[{"key": "l2", "strength": 0.01}]),
    "regression": points(dataset={"key": "polynomial", "n": 64}),
    "cnn, batch normalization": images(
        architecture={"key": "cnn", "blocks": [{"channels": 3, "normalization": "batch"}], "dense": [6], "dropout": 0.0}
    ),
}
SAMPLES, ROWS = 40, 7


def here(name: str, folder: Path, **asked: Any) -> Measured:
    """A net of the list, after a few updates."""
    return Measured(Run(NETS[name], folder).train(3), samples=SAMPLES, dtype=torch.float64, **asked)


def split(found: Measured, monkeypatch: pytest.MonkeyPatch, rows: int = ROWS) -> None:
    """Let it be worked off in parts of so many samples."""
    monkeypatch.setattr(measured, "CACHED_MULTIPLICATIONS", rows * found.multiplications)


@pytest.mark.parametrize("name", NETS)
def test_the_parts_of_a_sample_give_what_the_whole_gives(name: str, data_folder: Path, monkeypatch: pytest.MonkeyPatch):
    whole, parts = (here(name, data_folder, with_penalty=True) for _ in range(2))
    state = parts.network.state_dict() | parts.tensors(0.9 * parts.flat)
    vector = next(Hessian(whole).directions(0))
    assert len(whole.parts()) == 1
    wanted = worked_off(Hessian(whole).product(vector)), worked_off(Hessian(whole).gradient())
    losses = whole.loss_here, whole.standard_error, worked_off(whole.true_loss(state))
    split(parts, monkeypatch)
    hessian = Hessian(parts)
    torch.testing.assert_close(worked_off(hessian.product(vector)), wanted[0], rtol=1e-6, atol=1e-12)
    torch.testing.assert_close(worked_off(hessian.gradient()), wanted[1], rtol=1e-6, atol=1e-12)
    assert (parts.loss_here, parts.standard_error, worked_off(parts.true_loss(state))) == pytest.approx(losses)


def test_no_part_is_larger_than_what_is_worked_off_at_once(data_folder: Path, monkeypatch: pytest.MonkeyPatch):
    found = here("cnn, batch normalization", data_folder)
    split(found, monkeypatch)
    sizes = [part.num_samples for part in found.parts()]
    assert sizes == [ROWS] * (SAMPLES // ROWS) + [SAMPLES % ROWS]
    assert max(sizes) * found.multiplications <= measured.CACHED_MULTIPLICATIONS
    hessian, vector = Hessian(found), found.flat
    # The first product has to prepare every part.
    assert [sum(1 for _ in hessian.product(vector)) for _ in range(2)] == [2 * len(sizes) - 1, len(sizes) - 1]
    assert sum(1 for _ in found.look()) == len(sizes) - 1
    assert sum(1 for _ in found.true_loss(found.network.state_dict() | found.tensors(found.flat))) == len(sizes) - 1
    split(found, monkeypatch, rows=0)
    assert found.part_size == 1


def test_statistics_of_the_sample_are_those_of_the_whole_sample(data_folder: Path, monkeypatch: pytest.MonkeyPatch):
    found = here("cnn, batch normalization", data_folder, batch_norm="estimated")
    split(found, monkeypatch)
    assert found.part_size == SAMPLES
    network = here("mlp", data_folder, batch_norm="estimated")
    split(network, monkeypatch)
    assert network.part_size == ROWS


@pytest.mark.parametrize("name", ["mlp", "cnn, batch normalization"])
def test_a_surface_has_the_same_losses_in_smaller_pieces(name: str, data_folder: Path, monkeypatch: pytest.MonkeyPatch):
    found = here(name, data_folder)
    plane = worked_off(plane_of("random", found, path_of(found, [])))
    surfaces = [Surface(plane, 5) for _ in range(2)]
    num_pieces = [sum(1 for _ in surfaces[0].pieces(found))]
    split(found, monkeypatch)
    monkeypatch.setattr(plane_losses, "PIECE_MULTIPLICATIONS", 2 * SAMPLES * found.multiplications)
    num_pieces.append(sum(1 for _ in surfaces[1].pieces(found)))
    assert num_pieces[0] < num_pieces[1]
    assert surfaces[1].grid.loss == pytest.approx(surfaces[0].grid.loss, rel=1e-9)


def test_a_basis_in_blocks_gives_the_same_eigenvectors(data_folder: Path, monkeypatch: pytest.MonkeyPatch):
    found = here("mlp", data_folder)
    wanted = worked_off(extremes(found))
    monkeypatch.setattr(krylov, "BLOCK", 3 * len(found.flat))
    blocks = worked_off(extremes(found))
    assert blocks.num_products == wanted.num_products > 3
    assert blocks.values == pytest.approx(wanted.values, rel=1e-9)
    torch.testing.assert_close(blocks.vectors, wanted.vectors, rtol=1e-6, atol=1e-8)
    assert sum(1 for _ in extremes(found)) > wanted.num_products + 2
