"""Shortcuts: the published networks weight by weight, and a gradient that passes any depth."""

from __future__ import annotations

import math
from typing import Any, cast

import pytest
import torch

from core import catalog
from core.catalog.architectures import Architecture
from core.catalog.initializers import Initializer, initialize
from core.catalog.registry import parse
from core.seeding import seed32

assert catalog


def built(document: Any, shape: tuple[int, ...] = (1, 8, 8), dtype: torch.dtype = torch.float64) -> torch.nn.Module:
    """A network with its first values."""
    architecture = cast(Architecture, parse("architectures", document))
    model = architecture.build(shape, 10).to(dtype).to_empty(device="cpu")
    entry = cast(Initializer, parse("initializers", architecture.default_initializer))
    initialize(model, entry, lambda name: seed32(0, "init", name))
    return model


@pytest.mark.parametrize(("blocks", "depth", "count"), [(3, 20, 269_722), (5, 32, 464_154), (9, 56, 853_018)])
@pytest.mark.parametrize("residual", [True, False])
def test_the_cifar_family_has_the_published_numbers_of_weights(blocks: int, depth: int, count: int, residual: bool):
    """He et al. 2016, table 6: 0.27, 0.46 and 0.85 million; shortcuts of option A have none."""
    network = parse("architectures", {"key": "resnet", "blocks_per_stage": blocks, "residual": residual})
    assert isinstance(network, Architecture)
    plan = network.plan((3, 32, 32), 10)
    assert sum(row.num_parameters for row in plan) == count
    model = network.build((3, 32, 32), 10)
    assert sum(parameter.numel() for parameter in model.parameters()) == count
    convolutions = [module for module in model.modules() if isinstance(module, torch.nn.Conv2d)]
    assert len(convolutions) + 1 == depth
    assert str(network.words([])) == (f"ResNet-{depth} ReLU" if residual else f"plain net of {depth} layers ReLU")


def test_a_shortcut_takes_every_second_pixel_and_leaves_new_channels_empty() -> None:
    block = built({"key": "resnet", "blocks_per_stage": 1, "width": 2}).get_submodule("block.2")
    x = torch.arange(2 * 5 * 5, dtype=torch.float64).view(1, 2, 5, 5)
    (y,) = cast(Any, block).shortcut(x)
    assert torch.equal(y[1:3], x[0, :, ::2, ::2])
    assert not y[[0, 3]].any()


@pytest.mark.parametrize("activation", ["relu", "sigmoid", "tanh"])
@pytest.mark.parametrize("key", ["mlp", "cnn"])
def test_sixty_residual_layers_pass_a_usable_gradient(key: str, activation: str) -> None:
    blocks = [{"channels": 8, "kernel": 3, "padding": "same"}] * 50
    deep = {"blocks": blocks, "dense": [], "dropout": 0.0} if key == "cnn" else {"hidden_layers": 60}
    model = built({"key": key, **deep, "activation": activation, "residual": True})
    generator = torch.Generator().manual_seed(0)
    inputs = torch.randn(32, 1, 8, 8, dtype=torch.float64, generator=generator)
    targets = torch.randint(10, (32,), generator=generator)
    loss = torch.nn.functional.cross_entropy(model(inputs), targets)
    loss.backward()
    sizes = [float(p.grad.norm()) for p in model.parameters() if p.dim() > 1 and p.grad is not None]
    assert len(sizes) == (51 if key == "cnn" else 61)
    assert loss < 10
    powers = [math.log10(size / sizes[-1]) for size in sizes]
    assert max(powers[1:-1]) - min(powers[1:-1]) < 1, "layers with a shortcut get gradients of one size"
    assert min(powers) > -3.5


def test_shortcuts_lead_around_layers_that_keep_the_size_and_share_one_step() -> None:
    mlp = cast(Any, parse("architectures", {"key": "mlp", "widths": [8, 8, 4, 4, 8], "residual": True}))
    assert mlp.shares == [0, 0.5, 0, 0.5, 0]
    x = torch.randn(3, 8, dtype=torch.float64)
    layer = cast(Any, built({"key": "mlp", "widths": [8, 8, 8], "residual": True}).get_submodule("hidden.2"))
    torch.testing.assert_close(layer(x), x + 0.5 * torch.relu(x @ layer.weight.T + layer.bias))
    blocks = [{"channels": 4, "padding": 1}, {"channels": 4, "padding": 1}, {"channels": 4, "padding": 1, "stride": 2}]
    blocks += [{"channels": 4, "kernel": 2, "padding": "same"}, {"channels": 5, "padding": 1}]
    cnn = cast(Any, parse("architectures", {"key": "cnn", "blocks": blocks, "residual": True}))
    assert [share > 0 for share in cnn.shares] == [False, True, False, True, False]


@pytest.mark.parametrize(
    "document",
    [{"key": "mlp", "widths": [8, 6]}, {"key": "mlp", "hidden_layers": 1}, {"key": "cnn"}],
)
def test_a_switch_without_effect_is_said(document: dict[str, Any]) -> None:
    network = cast(Architecture, parse("architectures", {**document, "residual": True}))
    assert "Residual connections have no effect" in str(network.notes()[0])
    assert network.name == parse("architectures", {**document, "residual": True}).name  # type: ignore[attr-defined]
    assert not cast(Architecture, parse("architectures", document)).notes()
