"""Gradients before training: the numbers of plain autograd in float64, on the weights and the batch of a run."""

from __future__ import annotations

import math
from pathlib import Path

import pytest
import torch
from torch import nn

from core.experiment import Experiment
from core.pieces import worked_off
from core.studies.gradients_asked import Network, Pair, Shared
from core.studies.gradients_before import Profile, first_batch, first_network, profile, profiles
from core.studies.gradients_cases import CASES, Case
from core.training.alarms import of_gradients
from core.training.resident import ResidentData, resident
from core.training.run import Run

LR = 0.03


@pytest.fixture
def data(data_folder: Path) -> ResidentData:
    return resident(Experiment(), data_folder, "cpu")


def measured(data: ResidentData, network: Network, **shared: float) -> Profile:
    pair = Pair(left=network, shared=Shared.of({"lr": LR, **shared}))
    return profile(data, pair.experiment(network), pair.shared.input_scale, LR)


def written_out(experiment: Experiment, data: ResidentData, activation: nn.Module) -> nn.Sequential:
    """The same network as plain layers with the weights that a run starts with."""
    run = Run(experiment, Path(), data=data)
    plain: list[nn.Module] = [nn.Flatten()]
    for layer in run.parts.model.modules():
        if isinstance(layer, nn.Linear):
            copied = nn.Linear(layer.in_features, layer.out_features, dtype=torch.float64)
            copied.load_state_dict(
                {name: value.double() for name, value in layer.state_dict().items() if "." not in name}
            )
            plain += [copied, activation]
    return nn.Sequential(*plain[:-1])


@pytest.mark.parametrize(
    ("activation", "module"), [("sigmoid", nn.Sigmoid()), ("relu", nn.ReLU()), ("tanh", nn.Tanh())]
)
def test_every_number_equals_plain_autograd_in_float64(data: ResidentData, activation: str, module: nn.Module):
    network = Network(depth=4, width=8, activation=activation)
    experiment = Pair().experiment(network)
    model, batch = written_out(experiment, data, module), Run(experiment, Path(), data=data).parts.feed.batch(0)
    x, outputs = 3.0 * batch.inputs.double(), []
    for layer in model:
        x = layer(x)
        outputs.append(x.detach())
    nn.functional.cross_entropy(x, batch.targets).backward()

    found = measured(data, network, input_scale=3.0)
    assert found.layers == ("hidden.1", "hidden.2", "hidden.3", "hidden.4", "output")
    linear = [layer for layer in model if isinstance(layer, nn.Linear)]
    gradients = [torch.cat([layer.weight.grad.flatten(), layer.bias.grad]).norm() for layer in linear]  # type: ignore[union-attr]
    weights = [torch.cat([layer.weight.flatten(), layer.bias]).norm().item() for layer in linear]
    assert found.gradients == pytest.approx([norm.log10().item() for norm in gradients], abs=1e-12)
    ratios = [math.log10(LR * norm.item() / weight) for norm, weight in zip(gradients, weights, strict=True)]
    assert found.ratios == pytest.approx(ratios, abs=1e-12)
    handed_on = [outputs[place] for place in (2, 4, 6, 8, 9)]
    assert found.means == pytest.approx([part.mean().item() for part in handed_on], abs=1e-12)
    assert found.spreads == pytest.approx([part.std().item() for part in handed_on], abs=1e-12)
    dead = [(part == 0).all(0).double().mean().item() for part in handed_on[:4]]
    assert [units.dead for units in found.units.values()] == dead
    low, high = (0, 1) if activation == "sigmoid" else (-1, 1)
    margin = 0.025 * (high - low)
    saturated = [((part < low + margin) | (part > high - margin)).double().mean().item() for part in handed_on[:4]]
    assert [units.saturated for units in found.units.values()] == (saturated if activation != "relu" else [None] * 4)


def test_a_factor_on_the_inputs_saturates_the_first_layer(data: ResidentData):
    network = Network(depth=2, activation="tanh")
    shares = [measured(data, network, input_scale=scale).units["hidden.1"].saturated for scale in (1.0, 30.0)]
    assert shares[0] is not None
    assert shares[1] is not None
    assert shares[0] < 0.1 < 0.5 < shares[1]


@pytest.mark.parametrize("changes", [{"normalization": "batch"}, {"normalization": "layer"}, {"residual": True}])
def test_normalizations_and_shortcuts_are_measured_as_a_run_has_them(data: ResidentData, changes: dict):
    experiment = Pair().experiment(Network(depth=3, width=8, **changes))
    model, batch = first_network(data, experiment), first_batch(data, experiment)
    weights = Run(experiment, Path(), data=data).parts.model.state_dict()
    assert {name: value.float() for name, value in model.state_dict().items()}.keys() == weights.keys()
    assert all(torch.equal(value.to(weights[name].dtype), weights[name]) for name, value in model.state_dict().items())
    nn.functional.cross_entropy(model(batch.inputs), batch.targets).backward()
    squares = sum(value.grad.square().sum().item() for name, value in model.named_parameters() if "hidden.2." in name)  # type: ignore[union-attr]
    found = profile(data, experiment, 1.0, LR)
    assert found.sizes["hidden.2"] == pytest.approx(0.5 * math.log10(squares), abs=1e-12)


def test_a_gradient_of_exactly_zero_is_said_to_be_zero(data: ResidentData):
    experiment = Pair().experiment(Network(depth=2, width=4)).replace(initializer="zeros")
    assert profile(data, experiment, 1.0, LR).gradients[0] == -math.inf
    assert profile(data, experiment, 1.0, LR).ratios[0] == -math.inf


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.key)
@pytest.mark.parametrize("seed", range(3))
def test_what_a_case_is_called_happens_on_every_seed(data: ResidentData, case: Case, seed: int):
    pair = case.pair.model_copy(update={"shared": Shared(seed=seed)})
    alarms = [of_gradients(found.sizes) for found in worked_off(profiles(data, pair))]
    assert [alarm.key if alarm else "" for alarm in alarms] == [case.left, case.right]


@pytest.mark.parametrize("seed", [0, 1, 2])
def test_trained_the_pair_of_the_first_view_shows_what_its_gradients_say(seed: int, data_folder: Path):
    pair = Pair(shared=Shared(seed=seed))
    left, right = (trained_error(pair.experiment(network), data_folder) for network in pair.networks)
    assert left > 0.85
    assert right < 0.8


def trained_error(experiment: Experiment, data_folder: Path) -> float:
    run = Run(experiment, data_folder)
    while not run.is_over:
        run.piece()
    assert run.latest is not None
    return run.latest.validation.error
