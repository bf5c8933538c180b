"""Every activation's drawn curve is the function that trains."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from core import catalog
from core.catalog.activations import Activation
from core.catalog.registry import entries, parse

assert catalog
POINTS = np.array([-20.0, -3.0, -1.0, -0.1, 0.1, 0.5, 2.0, 20.0])


@pytest.mark.parametrize("key", list(entries("activations")))
def test_the_curve_and_its_slope_are_those_of_the_module(key: str) -> None:
    entry = parse("activations", key)
    assert isinstance(entry, Activation)
    x = torch.tensor(POINTS, requires_grad=True)
    y = entry.build().double()(x)
    y.sum().backward()
    value, slope = entry.curve(POINTS)
    assert x.grad is not None
    np.testing.assert_allclose(value, y.detach().numpy(), atol=1e-12)
    np.testing.assert_allclose(slope, x.grad.numpy(), atol=1e-12)


def test_the_slope_of_a_sigmoid_is_at_most_a_quarter() -> None:
    x = np.linspace(-5, 5, 1001)
    _, slope = parse("activations", "sigmoid").curve(x)  # type: ignore[attr-defined]
    assert slope.max() == pytest.approx(0.25)
    assert abs(x[slope.argmax()]) < 1e-9


@pytest.mark.parametrize("slope", [0.01, 0.02, 0.5])
def test_leaky_relu_is_the_maximum_of_kx_and_x(slope: float) -> None:
    module = parse("activations", {"key": "leaky_relu", "slope": slope}).build()  # type: ignore[attr-defined]
    x = torch.tensor(POINTS)
    torch.testing.assert_close(module(x), torch.maximum(slope * x, x))


@pytest.mark.parametrize(
    ("key", "initializer"),
    [("relu", "he"), ("leaky_relu", "he"), ("prelu", "he"), ("gelu", "he"), ("sigmoid", "xavier"), ("tanh", "xavier"),
     ("identity", "xavier")],
)  # fmt: skip
def test_the_relu_family_starts_with_he_and_the_others_with_xavier(key: str, initializer: str) -> None:
    mlp = parse("architectures", {"key": "mlp", "activation": key})
    assert mlp.default_initializer == initializer  # type: ignore[attr-defined]
