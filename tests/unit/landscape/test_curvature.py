"""Curvature of tiny networks against their dense Hessians."""

from __future__ import annotations

from collections.abc import Generator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from core.errors import BadInput
from core.landscape import curvature as module
from core.landscape.curvature import Curvature, curvature, extremes
from core.landscape.dense_derivatives import is_dense
from core.landscape.hessian import Hessian
from core.landscape.measured import Measured
from core.pieces import worked_off
from core.training.run import Run
from tests.experiments import NETWORKS, images, points

NETS: dict[str, Any] = {
    "logistic": points(architecture="logistic"),
    "mlp": points(),
    "mlp, tanh, dropout": points(
        architecture={"key": "mlp", "widths": [6, 5], "activation": "tanh"}, regularizers=[{"key": "dropout", "p": 0.5}]
    ),
    "mlp, learned activation": points(architecture={"key": "mlp", "widths": [8], "activation": "prelu"}),
    "mlp, batch normalization": points(architecture={"key": "mlp", "widths": [8, 8], "normalization": "batch"}),
    "mlp, layer normalization": points(architecture={"key": "mlp", "widths": [8, 8], "normalization": "layer"}),
    "cnn": images(),
    "cnn, batch normalization, dropout": images(
        architecture={
            "key": "cnn",
            "blocks": [{"channels": 3, "pooling": "average"}],
            "dense": [6],
            "dropout": 0.5,
            "normalization": "batch",
        }
    ),
    "cnn, group normalization": images(
        architecture={
            "key": "cnn",
            "blocks": [{"channels": 4, "pooling": "max", "normalization": "group", "groups": 2}],
            "global_average": True,
            "dense": [],
        }
    ),
    "cnn on signals": images(
        dataset="mnist_1d",
        architecture={
            "key": "cnn",
            "blocks": [{"channels": 3, "kernel": 5, "stride": 2, "pooling": "max"}],
            "dense": [],
            "dropout": 0.0,
        },
    ),
    "regression": points(dataset={"key": "polynomial", "n": 64}),
    **{name: images(architecture=network) for name, network in NETWORKS.items()},
    "mlp, GELU, squared error": points(
        architecture={"key": "mlp", "widths": [6, 5], "activation": "gelu"}, loss="squared_error"
    ),
    "mlp, leaky ReLU": points(architecture={"key": "mlp", "widths": [6, 5], "activation": "leaky_relu"}),
}
DENSE = {
    "logistic",
    "mlp",
    "mlp, tanh, dropout",
    "mlp, GELU, squared error",
    "mlp, leaky ReLU",
    "regression",
}
"""Those whose derivatives are written out."""
LARGE = {"resnet", "efficient_cnn", "attention, waves"}
"""Those whose dense Hessians take seconds: their products are compared with those in float64 alone."""


def measured(name: str, folder: Path, step: int = 6, dtype: torch.dtype = torch.float64) -> Measured:
    """A net of the list, after a few updates."""
    return Measured(Run(NETS[name], folder).train(step), samples=48, dtype=dtype)


def dense(here: Measured) -> Tensor:
    """The Hessian itself, (N, N)."""
    found = torch.autograd.functional.hessian(here.loss, here.flat)
    assert isinstance(found, Tensor)
    return found


def result(pieces: Generator[int, None, Curvature]) -> tuple[Curvature, int]:
    """What it comes to, and the products that it took."""
    num_products = 0
    while True:
        try:
            num_products = next(pieces)
        except StopIteration as end:
            return end.value, num_products


class Bowl:
    """½ Σ cᵢ wᵢ² as a measured loss."""

    network = nn.Identity()
    num_samples = 1

    def __init__(self, *curvatures: float, at: float = 1.0) -> None:
        self.curvatures = torch.tensor(curvatures, dtype=torch.float64)
        self.flat = torch.full((len(curvatures),), at, dtype=torch.float64)

    def parts(self) -> list[Bowl]:
        return [self]

    def loss(self, flat: Tensor) -> Tensor:
        return 0.5 * (self.curvatures * flat.square()).sum()


@pytest.mark.parametrize("name", [name for name in NETS if name not in LARGE])
def test_ends_products_and_gradient_equal_the_dense_ones(name: str, data_folder: Path):
    here = measured(name, data_folder)
    exact = dense(here)
    values = torch.linalg.eigvalsh(exact)
    assert is_dense(here) == (name in DENSE)
    hessian = Hessian(here)
    vector = next(hessian.directions(1))
    assert torch.allclose(worked_off(hessian.product(vector)), exact @ vector, rtol=1e-8, atol=1e-10)
    assert torch.allclose(worked_off(hessian.gradient()), torch.autograd.functional.jacobian(here.loss, here.flat))
    found = worked_off(extremes(here, tolerance=1e-6))
    wanted = values[[0, -1]].numpy()
    assert (np.abs(found.values - wanted) <= found.residuals).all()
    for value, direction, bound in zip(found.values, found.vectors, found.residuals, strict=True):
        assert float(direction.norm()) == pytest.approx(1)
        assert float((exact @ direction - value * direction).norm()) == pytest.approx(bound, abs=1e-7)


@pytest.mark.parametrize("name", NETWORKS)
def test_kernels_of_a_runs_own_precision_can_be_differentiated_twice(name: str, data_folder: Path):
    single, double = (measured(name, data_folder, dtype=dtype) for dtype in (torch.float32, torch.float64))
    vector = next(Hessian(double).directions(1))
    exact = worked_off(Hessian(double).product(vector))
    found = worked_off(Hessian(single).product(vector.float()))
    assert float((found - exact).norm()) < 1e-3 * float(exact.norm())


@pytest.mark.parametrize("name", ["mlp", "cnn, batch normalization, dropout", "regression"])
def test_a_small_network_is_known_in_full(name: str, data_folder: Path):
    here = measured(name, data_folder)
    values = torch.linalg.eigvalsh(dense(here)).numpy()
    found, num_products = result(curvature(here))
    assert num_products == len(values)
    assert found.spectrum.values == pytest.approx(values, abs=1e-9)
    assert found.spectrum.negative_share == pytest.approx((values < -1e-12).mean(), abs=0.02)
    assert found.extremes.values == pytest.approx(values[[0, -1]])
    assert found.gradient_norm == pytest.approx(float(worked_off(Hessian(here).gradient()).norm()))


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_a_larger_network_is_known_from_a_few_products(
    dtype: torch.dtype, data_folder: Path, monkeypatch: pytest.MonkeyPatch
):
    here = measured("cnn", data_folder, dtype=dtype)
    values = torch.linalg.eigvalsh(dense(measured("cnn", data_folder))).numpy()
    for name, number in {"WHOLE": 0, "STARTS": 8, "DEPTH": 24}.items():
        monkeypatch.setattr(module, name, number)
    found, num_products = result(curvature(here))
    assert num_products < len(values)
    assert found.extremes.values == pytest.approx(values[[0, -1]], rel=1e-3)
    negative = (values < -1e-9).mean()
    assert 0.6 * negative < found.spectrum.negative_share < 1.1 * negative
    assert found.spectrum.shares.sum() == pytest.approx(1)
    spread = np.sqrt(2 * np.square(values).sum() / module.STARTS) / len(values)
    assert float(found.spectrum.values @ found.spectrum.shares) == pytest.approx(values.mean(), abs=3 * spread)


def test_the_density_adds_up_to_one(data_folder: Path):
    found, _ = result(curvature(measured("mlp", data_folder)))
    bottom, top = found.extremes.values
    places = np.linspace(bottom - 1, top + 1, 4001)
    density = found.spectrum.density(places, width=0.05)
    assert np.trapezoid(density, places) == pytest.approx(1, rel=1e-6)


def test_products_can_be_bounded(data_folder: Path):
    found = worked_off(extremes(measured("cnn", data_folder), most=3))
    assert found.num_products == 3
    assert (found.residuals > 0).all()


def test_a_seed_gives_the_same_bits(data_folder: Path):
    one, two, other = (
        result(curvature(measured("cnn", data_folder, dtype=torch.float32), seed=seed))[0] for seed in (1, 1, 2)
    )
    assert one.spectrum.values.tobytes() == two.spectrum.values.tobytes()
    assert torch.equal(one.extremes.vectors, two.extremes.vectors)
    assert one.spectrum.values.tobytes() != other.spectrum.values.tobytes()


@pytest.mark.parametrize(
    ("curvatures", "bottom", "top", "share"),
    [
        ((0.0, 0.0, 0.0), 0, 0, 0),
        ((3.0,), 3, 3, 0),
        ((-2.0,), -2, -2, 1),
        ((4.0,) * 6, 4, 4, 0),
        ((1.0, -3.0), -3, 1, 0.5),
    ],
)
def test_degenerate_losses(curvatures: tuple[float, ...], bottom: float, top: float, share: float):
    bowl: Any = Bowl(*curvatures)
    found, _ = result(curvature(bowl))
    assert found.extremes.values.tolist() == pytest.approx([bottom, top])
    assert found.spectrum.negative_share == pytest.approx(share)
    ends = worked_off(extremes(bowl))
    assert ends.values.tolist() == pytest.approx([bottom, top])
    if len(curvatures) > 1:
        assert torch.allclose(ends.vectors @ ends.vectors.T, torch.eye(2, dtype=torch.float64), atol=1e-9)


def test_a_loss_that_is_a_plane_has_no_curvature():
    class Slope(Bowl):
        def loss(self, flat: Tensor) -> Tensor:
            return flat.sum()

    slope: Any = Slope(1.0, 1.0)
    found, _ = result(curvature(slope))
    assert found.extremes.values.tolist() == [0, 0]
    assert found.gradient_norm == pytest.approx(2**0.5)


def test_what_is_beyond_every_number_gets_a_sentence():
    bowl: Any = Bowl(1e200, 1.0, at=1e200)
    with pytest.raises(BadInput, match="no curvature"):
        worked_off(extremes(bowl))
