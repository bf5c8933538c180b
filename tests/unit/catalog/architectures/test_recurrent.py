"""Recurrent networks: torch's own modules, fed with rows of pixels, drawn gate by gate."""

from __future__ import annotations

from typing import Any, cast

import pytest
import torch
from torch import nn
from torch.func import functional_call

from core.catalog.architectures.recurrent_layers import as_steps
from core.errors import BadInput
from tests.unit.catalog.architectures.test_shortcuts import built

KEYS = ("rnn", "gru", "lstm")


def test_a_row_of_pixels_or_a_value_of_each_channel_is_a_step() -> None:
    image = torch.arange(2 * 3 * 4).view(1, 2, 3, 4)
    assert as_steps(image).shape == (1, 3, 8)
    assert torch.equal(as_steps(image)[0, 1], torch.cat([image[0, 0, 1], image[0, 1, 1]]))
    signal = torch.arange(2 * 5).view(1, 2, 5)
    assert torch.equal(as_steps(signal)[0, 3], signal[0, :, 3])


@pytest.mark.parametrize("answer", ["last", "mean"])
@pytest.mark.parametrize("key", KEYS)
def test_the_answer_is_that_of_torchs_module(key: str, answer: str) -> None:
    model = built({"key": key, "units": 5, "answer": answer})
    x = torch.randn(4, 1, 8, 8, dtype=torch.float64)
    states = cast(Any, model.get_submodule("recurrent.1.steps"))(x[:, 0])[0]
    read = states.mean(1) if answer == "mean" else states[:, -1]
    torch.testing.assert_close(model(x), cast(nn.Linear, model.get_submodule("output"))(read))


@pytest.mark.parametrize("key", KEYS)
def test_each_gate_has_orthogonal_first_weights_of_its_own(key: str) -> None:
    steps = cast(nn.LSTM, built({"key": key, "units": 6}).get_submodule("recurrent.1.steps"))
    gates = cast(torch.Tensor, steps.weight_hh_l0).split(6)
    assert len(gates) == {"rnn": 1, "gru": 3, "lstm": 4}[key]
    for gate in gates:
        torch.testing.assert_close(gate @ gate.T, torch.eye(6, dtype=torch.float64))
    assert len({gate.detach().numpy().tobytes() for gate in gates}) == len(gates)


@pytest.mark.parametrize("bias", [1.0, -2.5])
def test_only_the_forget_gate_begins_with_a_bias(bias: float) -> None:
    steps = cast(nn.LSTM, built({"key": "lstm", "units": 3, "forget_bias": bias}).get_submodule("recurrent.1.steps"))
    together = cast(torch.Tensor, steps.bias_ih_l0) + cast(torch.Tensor, steps.bias_hh_l0)
    assert together.tolist() == [0, 0, 0, bias, bias, bias, 0, 0, 0, 0, 0, 0]


@pytest.mark.parametrize("key", KEYS)
def test_weights_given_from_outside_are_the_ones_that_count(key: str) -> None:
    """torch's recurrent modules keep a list of their weights that torch.func does not exchange."""
    model, other = (built({"key": key, "units": 4, "layers": 2}) for _ in range(2))
    given = {name: 2 * tensor.detach() for name, tensor in model.named_parameters()}
    other.load_state_dict(given)
    x = torch.randn(2, 1, 8, 8, dtype=torch.float64)
    torch.testing.assert_close(functional_call(model, given, x), other(x))
    assert not torch.allclose(model(x), other(x))


@pytest.mark.parametrize("key", [*KEYS, "attention", "resnet", "efficient_cnn"])
def test_points_without_neighbours_are_refused(key: str) -> None:
    with pytest.raises(BadInput, match="without neighbours"):
        built({"key": key}, (4,))
