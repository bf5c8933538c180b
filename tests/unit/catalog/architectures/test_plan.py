"""The layer table is the network: sizes, parameters and multiplications agree with the module that is built."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import nn

from core import catalog
from core.catalog.architectures import REFERENCE_NETS, Architecture, layer_of
from core.catalog.registry import parse
from core.errors import BadInput

assert catalog

IMAGE, SIGNAL, POINT = (3, 28, 20), (2, 40), (2,)
NO_MODULES = {"flatten", "answer"}
"""Rows of the table that no module stands for."""
NETS: list[tuple[Any, tuple[int, ...]]] = [
    ("logistic", IMAGE),
    ("mlp", POINT),
    ("mlp", IMAGE),
    ({"key": "mlp", "hidden_layers": 0}, POINT),
    ({"key": "mlp", "widths": [8, 4, 16], "activation": "prelu", "normalization": "batch"}, SIGNAL),
    ({"key": "mlp", "width": 24, "normalization": "layer"}, POINT),
    ({"key": "mlp", "width": 24, "normalization": "group", "groups": 4}, POINT),
    ("cnn", (1, 28, 28)),
    ("cnn", (3, 32, 32)),
    ({"key": "cnn", "normalization": "batch", "activation": "tanh", "global_average": True, "dense": []}, IMAGE),
    ({"key": "cnn", "blocks": [{"kernel": 4, "padding": "same", "stride": 2, "pooling": "average"}]}, IMAGE),
    ({"key": "cnn", "blocks": [{"kernel": 5, "padding": 3, "pooling": "max", "pool_window": 3, "pool_stride": 1}]},
     IMAGE),
    ({"key": "cnn", "blocks": [{"normalization": "group", "activation": "prelu"}, {"normalization": "layer"}]}, IMAGE),
    ({"key": "cnn", "blocks": [{"kernel": 3, "normalization": "batch", "pooling": "max"}], "dense": [9, 7]}, SIGNAL),
    ({"key": "mlp", "widths": [8, 8, 4, 4], "residual": True, "normalization": "batch"}, IMAGE),
    ({"key": "cnn", "blocks": [{"channels": 3, "padding": "same"}] * 3, "residual": True, "normalization": "batch"},
     IMAGE),
    ({"key": "cnn", "blocks": [{"channels": 3, "kernel": 5, "padding": 2}] * 2, "residual": True}, SIGNAL),
    ("resnet", IMAGE),
    ({"key": "resnet", "blocks_per_stage": 1, "width": 4, "activation": "prelu", "normalization": "none"}, (1, 5, 5)),
    ({"key": "resnet", "blocks_per_stage": 1, "normalization": "group", "residual": False}, SIGNAL),
    ("efficient_cnn", IMAGE),
    ({"key": "efficient_cnn", "squeeze_excite": True, "kernel": 4, "activation": "prelu", "normalization": "none"},
     (1, 9, 9)),
    ({"key": "efficient_cnn", "squeeze_excite": True, "depth": 3}, SIGNAL),
    *(({"key": key, "layers": 2, "units": 7}, shape) for key in ("rnn", "gru", "lstm") for shape in (IMAGE, SIGNAL)),
    ({"key": "lstm", "answer": "mean"}, SIGNAL),
    ("attention", IMAGE),
    ({"key": "attention", "patch": 2, "position": "sinusoidal", "answer": "mean", "activation": "prelu"}, IMAGE),
    ({"key": "attention", "patch": 8, "position": "none", "width": 6, "heads": 3, "expansion": 3, "depth": 1}, SIGNAL),
    *((net["architecture"], (1, 40) if key == "cnn_1d" else (1, 28, 28)) for key, net in REFERENCE_NETS.items()),
]  # fmt: skip


def build(document: Any, shape: tuple[int, ...]) -> tuple[Architecture, torch.nn.Module]:
    architecture = parse("architectures", document)
    assert isinstance(architecture, Architecture)
    return architecture, architecture.build(shape, 5)


@pytest.mark.parametrize(("document", "shape"), NETS)
def test_the_plan_has_the_sizes_and_parameters_of_the_network(document: Any, shape: tuple[int, ...]) -> None:
    architecture, model = build(document, shape)
    plan = architecture.plan(shape, 5)
    sizes: dict[str, tuple[int, ...]] = {}
    for row in plan:
        if row.name in NO_MODULES:
            continue
        module = model.get_submodule(row.name)

        def note(_module: Any, inputs: Any, output: torch.Tensor, name: str = row.name) -> None:
            if name.endswith(".pool"):
                sizes[name.removesuffix(".pool")] = tuple(inputs[0].shape[1:])
            features_last = output.dim() == 3 and any(
                kind in name for kind in ("recurrent", "embed", "encoder", "norm")
            )
            shape = output.transpose(1, 2).shape if features_last else output.shape
            sizes.setdefault(name, tuple(shape[1:]))

        module.register_forward_hook(note)
    logits = model.eval()(torch.empty(2, *shape, device="meta"))
    assert tuple(logits.shape) == (2, 5)
    assert {row.name: row.output_shape for row in plan if row.name not in NO_MODULES} == sizes
    counts: dict[str, int] = {}
    for name, parameter in model.named_parameters():
        counts[layer_of(name)] = counts.get(layer_of(name), 0) + parameter.numel()
    assert {row.name: row.num_parameters for row in plan if row.num_parameters} == counts


@pytest.mark.parametrize(("document", "shape"), NETS)
def test_multiplications_are_half_of_torchs_count_of_operations(document: Any, shape: tuple[int, ...]) -> None:
    from torch.utils.flop_counter import FlopCounterMode

    architecture, model = build(document, shape)
    with FlopCounterMode(display=False) as counter:
        model.eval()(torch.empty(1, *shape, device="meta"))
    assert 2 * sum(row.multiplications for row in architecture.plan(shape, 5)) == counter.get_total_flops()


@pytest.mark.parametrize(("document", "shape"), NETS)
def test_layers_before_a_normalization_have_no_bias_and_all_lies_on_meta(document: Any, shape: tuple[int, ...]) -> None:
    _, model = build(document, shape)
    assert all(tensor.is_meta for tensor in model.state_dict().values())
    for module in model.modules():
        if hasattr(module, "norm") and isinstance(module, nn.Linear | nn.Conv1d | nn.Conv2d):
            assert (module.bias is None) == (module.norm is not None)


def test_the_default_cnn_has_93_322_parameters_and_dropout_before_the_last_layer() -> None:
    architecture = parse("architectures", "cnn")
    assert isinstance(architecture, Architecture)
    plan = architecture.plan((1, 28, 28), 10)
    assert sum(row.num_parameters for row in plan) == 93_322
    assert [row.output_shape for row in plan] == [
        (32, 26, 26), (32, 13, 13), (64, 11, 11), (64, 5, 5), (64, 3, 3), (576,), (64,), (10,),
    ]  # fmt: skip
    model = architecture.build((1, 28, 28), 10)
    assert sum(parameter.numel() for parameter in model.parameters()) == 93_322
    assert model.get_submodule("dense.1.dropout").p == 0.5


def test_the_receptive_field_is_the_patch_whose_change_reaches_one_output() -> None:
    architecture = parse("architectures", {"key": "cnn", "blocks": [
        {"kernel": 3, "pooling": "average"}, {"kernel": 5, "stride": 2}, {"kernel": 3, "pooling": "average"},
    ], "activation": "identity"})  # fmt: skip
    assert isinstance(architecture, Architecture)
    model = architecture.build((1, 60, 60), 3).to_empty(device="cpu")
    for parameter in model.parameters():
        torch.nn.init.constant_(parameter, 0.1)
    picture = torch.zeros(1, 1, 60, 60, requires_grad=True)
    x = picture
    for block in model.get_submodule("conv").values():  # type: ignore[operator]
        x = block(x)
    x[0, 0, 1, 1].backward()
    assert picture.grad is not None
    seen = (picture.grad[0, 0] != 0).any(dim=0).nonzero().flatten()
    row = architecture.plan((1, 60, 60), 3)[4]
    assert row.name == "conv.3.pool"
    assert row.receptive_field == int(seen[-1] - seen[0]) + 1


@pytest.mark.filterwarnings("ignore:Using padding='same' with even kernel lengths:UserWarning")
@pytest.mark.parametrize("kernel", [1, 2, 3, 4, 5])
def test_same_padding_equals_torchs_and_keeps_the_size(kernel: int) -> None:
    _, model = build({"key": "cnn", "blocks": [{"channels": 2, "kernel": kernel, "padding": "same"}],
                      "activation": "identity"}, (1, 9, 7))  # fmt: skip
    block = model.to_empty(device="cpu").get_submodule("conv.1")
    torch.nn.init.normal_(block.weight, generator=torch.Generator().manual_seed(0))  # type: ignore[arg-type]
    torch.nn.init.zeros_(block.bias)  # type: ignore[arg-type]
    x = torch.randn(1, 1, 9, 7, generator=torch.Generator().manual_seed(1))
    assert block(x).shape == (1, 2, 9, 7)
    torch.testing.assert_close(block(x), torch.nn.functional.conv2d(x, block.weight, padding="same"))  # type: ignore[arg-type]


def test_an_impossible_size_says_which_block_what_arrived_and_what_fits() -> None:
    architecture = parse("architectures", "cnn")
    assert isinstance(architecture, Architecture)
    with pytest.raises(BadInput) as caught:
        architecture.build((1, 8, 8), 10)
    assert str(caught.value.what) == "Block 2: a pooling window of 2 does not fit into the 1×1 that arrives there."
    assert "8×8" in str(caught.value.why)
    assert str(caught.value.fix) == (
        "Remove the pooling there, use the padding “same”, or take inputs of at least 18 a side."
    )
    architecture.plan((1, 18, 18), 10)
    with pytest.raises(BadInput):
        architecture.plan((1, 17, 17), 10)


def test_a_kernel_that_is_too_large_is_explained() -> None:
    architecture = parse("architectures", {"key": "cnn", "blocks": [{"kernel": 9}]})
    with pytest.raises(BadInput, match="a kernel of 9 does not fit into the 8×8") as caught:
        architecture.plan((1, 8, 8), 10)  # type: ignore[attr-defined]
    assert str(caught.value.why).startswith("A kernel without padding"), "nothing has shrunk before the first block"
    assert str(caught.value.fix).startswith("Use a kernel of at most 8 there, use the padding “same”")
    parse("architectures", {"key": "cnn", "blocks": [{"kernel": 8}]}).plan((1, 8, 8), 10)  # type: ignore[attr-defined]


def test_a_pooling_window_that_is_too_large_is_told_what_fits() -> None:
    block = {"kernel": 3, "pooling": "max", "pool_window": 9}
    with pytest.raises(BadInput) as caught:
        parse("architectures", {"key": "cnn", "blocks": [block]}).plan((1, 8, 8), 10)  # type: ignore[attr-defined]
    assert str(caught.value.fix) == "Use a pooling window of at most 6 there, or take inputs of at least 11 a side."
    fitting = {"key": "cnn", "blocks": [{**block, "pool_window": 6}]}
    parse("architectures", fitting).plan((1, 8, 8), 10)  # type: ignore[attr-defined]


def test_a_cnn_refuses_numbers_without_neighbours() -> None:
    with pytest.raises(BadInput, match="without neighbours"):
        parse("architectures", "cnn").plan((13,), 3)  # type: ignore[attr-defined]


def test_groups_that_do_not_divide_the_channels_are_explained() -> None:
    mlp = parse("architectures", {"key": "mlp", "width": 12, "normalization": "group", "groups": 5})
    with pytest.raises(BadInput, match="1, 2, 3, 4, 6, 12"):
        mlp.plan((4,), 3)  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("document", "sentence"),
    [
        ({"key": "cnn", "blocks": []}, "a list of 1 to 50 objects"),
        ({"key": "cnn", "blocks": [{}, {"kernel": 0}]}, "Block 2: kernel is 0"),
        ({"key": "cnn", "blocks": [{"chanels": 3}]}, "Did you mean “channels”"),
        ({"key": "cnn", "blocks": [{"padding": "full"}]}, "Use valid, same, or a number"),
        ({"key": "cnn", "blocks": [{"padding": -1}]}, "Use valid, same, or a number"),
        ({"key": "cnn", "blocks": [3]}, "A block is an object"),
        ({"key": "mlp", "widths": [64, 0]}, "from 1 to 65536"),
        ({"key": "mlp", "activation": "rel"}, "Did you mean relu"),
    ],
)
def test_bad_settings_inside_a_list_are_explained(document: dict[str, Any], sentence: str) -> None:
    with pytest.raises(BadInput, match=sentence):
        parse("architectures", document)


@pytest.mark.parametrize(
    ("document", "sentence"),
    [
        ({"key": "mlp", "widths": [9], "width": 30}, "The list of widths is used"),
        ({"key": "mlp", "groups": 4}, "number of groups has no effect"),
        ({"key": "cnn", "blocks": [{}, {"pool_window": 3}]}, "Block 2: window and stride"),
        ({"key": "cnn", "blocks": [{"groups": 4}]}, "Block 1: the number of groups"),
    ],
)
def test_settings_without_effect_are_reported(document: dict[str, Any], sentence: str) -> None:
    (note,) = parse("architectures", document).notes()  # type: ignore[attr-defined]
    assert sentence in str(note)


def test_the_defaults_have_nothing_to_report() -> None:
    assert [parse("architectures", key).notes() for key in ("logistic", "mlp", "cnn")] == [[], [], []]  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("name", "layer"),
    [("hidden.1.norm.weight", "hidden.1"), ("output.bias", "output"), ("conv.12.weight", "conv.12"),
     ("hidden.2.activation.weight", "hidden.2")],
)  # fmt: skip
def test_a_parameter_belongs_to_its_layer(name: str, layer: str) -> None:
    assert layer_of(name) == layer
