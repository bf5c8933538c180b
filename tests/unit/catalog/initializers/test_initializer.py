"""First values: each tensor from its own seed, equal to torch's own functions."""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import partial

import pytest
import torch
from torch import nn
from torch.nn import init

from core import catalog
from core.catalog.architectures import Architecture
from core.catalog.initializers import Initializer, initialize
from core.catalog.registry import entries, parse
from core.seeding import seed32

assert catalog
SEED_OF = partial(seed32, 3, "init")


def network(document: dict | str, initializer: dict | str = "he", shape: tuple[int, ...] = (1, 8, 8)) -> nn.Module:
    architecture, entry = parse("architectures", document), parse("initializers", initializer)
    assert isinstance(architecture, Architecture)
    assert isinstance(entry, Initializer)
    model = architecture.build(shape, 10).to_empty(device="cpu")
    initialize(model, entry, SEED_OF)
    return model


@pytest.mark.parametrize(
    ("document", "expected"),
    [
        ("he", partial(init.kaiming_normal_, nonlinearity="relu")),
        ({"key": "he", "distribution": "uniform"}, partial(init.kaiming_uniform_, nonlinearity="relu")),
        ("xavier", init.xavier_uniform_),
        ({"key": "xavier", "distribution": "normal"}, init.xavier_normal_),
        ({"key": "normal", "sigma": 0.3}, partial(init.normal_, std=0.3)),
        ({"key": "orthogonal", "gain": 1.5}, partial(init.orthogonal_, gain=1.5)),
        ("framework", partial(init.kaiming_uniform_, a=math.sqrt(5))),
    ],
)
@pytest.mark.parametrize("shape", [(6, 10), (4, 3, 3, 3), (5, 2, 3)])
def test_weights_equal_those_of_torch_nn_init(
    document: dict | str, expected: Callable[..., torch.Tensor], shape: tuple[int, ...]
) -> None:
    drawn, reference = torch.zeros(shape), torch.zeros(shape)
    fill = parse("initializers", document).build()  # type: ignore[attr-defined]
    fill("weight", drawn, math.prod(shape[1:]), torch.Generator().manual_seed(5))
    expected(reference, generator=torch.Generator().manual_seed(5))
    assert torch.equal(drawn, reference)


def test_hes_gain_multiplies_the_same_weights() -> None:
    once, twice = network("mlp", "he"), network("mlp", {"key": "he", "gain": 2.0})
    assert torch.equal(2 * once.get_parameter("hidden.1.weight"), twice.get_parameter("hidden.1.weight"))


@pytest.mark.parametrize("key", list(entries("initializers")))
def test_biases_are_zero_except_for_the_frameworks_own(key: str) -> None:
    bias = torch.ones(50)
    parse("initializers", key).build()("bias", bias, 16, torch.Generator().manual_seed(0))  # type: ignore[attr-defined]
    if key == "framework":
        assert 0.2 < bias.abs().max() <= 0.25  # within 1/√16
    else:
        assert not bias.any()


def test_the_frameworks_own_has_the_law_of_a_plain_linear_layer() -> None:
    model = network({"key": "mlp", "widths": [400]}, "framework")
    weight, bias = model.get_parameter("hidden.1.weight"), model.get_parameter("hidden.1.bias")
    assert weight.std().item() == pytest.approx(1 / math.sqrt(3 * 64), rel=0.05)
    assert bias.abs().max().item() == pytest.approx(1 / 8, rel=0.05)


@pytest.mark.parametrize(("sparsity", "fan_in", "kept"), [(0.9, 64, 6), (0.9, 2, 1), (0.0, 10, 10)])
def test_sparse_leaves_each_unit_a_few_inputs_and_at_least_one(sparsity: float, fan_in: int, kept: int) -> None:
    weight = torch.zeros(20, fan_in)
    fill = parse("initializers", {"key": "sparse", "sparsity": sparsity}).build()  # type: ignore[attr-defined]
    fill("weight", weight, fan_in, torch.Generator().manual_seed(0))
    assert ((weight != 0).sum(dim=1) == kept).all()


def test_constant_and_zeros_are_what_they_say() -> None:
    model = network("mlp", "constant")
    assert (model.get_parameter("hidden.1.weight") == 0.1).all()
    model = network("mlp", "zeros")
    assert not any(parameter.any() for parameter in model.parameters())


def test_another_layer_or_a_batch_normalization_leaves_the_other_draws_unchanged() -> None:
    small = dict(network({"key": "mlp", "widths": [16, 16]}).named_parameters())
    deeper = dict(network({"key": "mlp", "widths": [16, 16, 16]}).named_parameters())
    normalized = dict(network({"key": "mlp", "widths": [16, 16], "normalization": "batch"}).named_parameters())
    for other in (deeper, normalized):
        for name in ("hidden.1.weight", "hidden.2.weight", "output.weight"):
            assert torch.equal(small[name], other[name])
    assert not torch.equal(small["hidden.2.weight"], deeper["hidden.3.weight"])


@pytest.mark.parametrize("key", list(entries("initializers")))
@pytest.mark.parametrize("document", ["mlp", "logistic", {"key": "cnn", "blocks": [{"normalization": "batch"}]}])
def test_building_and_initializing_draw_nothing_from_the_default_generator(key: str, document: dict | str) -> None:
    before = torch.get_rng_state()
    first = network(document, key)
    torch.rand(3)
    torch.set_rng_state(before)
    second = network(document, key)
    assert torch.equal(torch.get_rng_state(), before)
    for (name, one), (_, two) in zip(first.state_dict().items(), second.state_dict().items(), strict=True):
        assert torch.equal(one, two), name


def test_normalizations_and_learned_slopes_start_at_their_neutral_values() -> None:
    model = network({"key": "mlp", "normalization": "batch", "activation": {"key": "prelu", "init_slope": 0.1}})
    state = model.state_dict()
    assert (state["hidden.1.norm.weight"] == 1).all()
    assert not state["hidden.1.norm.bias"].any()
    assert not state["hidden.1.norm.running_mean"].any()
    assert (state["hidden.1.norm.running_var"] == 1).all()
    assert state["hidden.1.norm.num_batches_tracked"] == 0
    assert state["hidden.2.activation.weight"].item() == pytest.approx(0.1)


def test_memory_format_does_not_change_the_draws() -> None:
    architecture, entry = parse("architectures", "cnn"), parse("initializers", "he")
    assert isinstance(architecture, Architecture)
    assert isinstance(entry, Initializer)
    plain = architecture.build((1, 28, 28), 10).to_empty(device="cpu")
    last = architecture.build((1, 28, 28), 10).to_empty(device="cpu").to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    initialize(plain, entry, SEED_OF)
    initialize(last, entry, SEED_OF)
    assert all(torch.equal(a, b) for a, b in zip(plain.parameters(), last.parameters(), strict=True))
    assert last.get_parameter("conv.2.weight").is_contiguous(memory_format=torch.channels_last)
