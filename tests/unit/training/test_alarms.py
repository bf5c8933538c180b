"""Alarms about gradients and units: the written rules, and live runs that stay the same when they are looked at."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn

from core.experiment import Experiment
from core.text import Text
from core.training.alarms import RULES, alarms, of_gradients, power, sizes_of, three_digits
from core.training.health import Health, units_of
from core.training.recorder import StepBlock
from core.training.run import Run
from core.training.trend import Trend
from core.training.units import Units, watching
from core.training.verdict import status
from core.training.weights import weights_sha256


def sizes(*values: float) -> dict[str, float]:
    """Gradient norms, log10, of so many hidden layers and the output."""
    return {f"hidden.{number}": value for number, value in enumerate(values[:-1], start=1)} | {"output": values[-1]}


@pytest.mark.parametrize(
    ("found", "said"),
    [
        (sizes(-9.5, -3.0, -1.0, 0.0), "Vanishing: layer 1 gets 3·10⁻⁹ of layer 3."),
        (sizes(-math.inf, -1.0, 0.0), "Vanishing: layer 1 gets exactly 0 of layer 2."),
        (sizes(4.0, 2.0, 0.5, 0.0), "Exploding: layer 1 gets 3\u202f162 times layer 3."),
        (sizes(6.0, 6.0, 6.0), "Exploding: the gradient is 2·10⁶ long."),
        (sizes(-4.0, 0.0), "Vanishing: layer 1 gets 10⁻⁴ of the output layer."),
        ({"conv.1": -5.0, "dense.1": -1.0, "output": 0.0}, "Vanishing: conv.1 gets 10⁻⁴ of dense.1."),
        (sizes(-2.9, 0.0, 0.0), None),
        (sizes(2.0, 0.0, 0.0), None),
        (sizes(-30.0, -29.0, -30.0), None),
        (sizes(-math.inf, -math.inf, 0.0), "Vanishing: layer 1 gets exactly 0 of the output layer."),
        (sizes(-math.inf, -math.inf, 17.0), "Exploding: the gradient is 10¹⁷ long."),
        (sizes(-math.inf, -math.inf, -math.inf), None),
        (sizes(math.inf, 0.0, 0.0), None),
        ({"output": -5.0}, None),
        ({}, None),
    ],
)
def test_gradients_that_vanish_or_explode_are_named_with_their_numbers(found: dict[str, float], said: str | None):
    alarm = of_gradients(found)
    assert (str(alarm.text) if alarm else None) == said
    if alarm:
        assert alarm.rule is RULES[alarm.key]
        assert len(alarm.numbers) == 3


@pytest.mark.parametrize(
    ("units", "said"),
    [
        (
            {"hidden.1": Units(0.2, None), "hidden.2": Units(0.75, None)},
            ["Dead units: 75 % of layer 2 give 0 for every sample."],
        ),
        ({"hidden.1": Units(0.0, 0.6), "hidden.2": Units(0.0, 0.1)}, ["Saturated: 60 % of the values of layer 1."]),
        ({"hidden.1": Units(0.49, 0.49)}, []),
        ({}, []),
    ],
)
def test_dead_and_saturated_units_are_named_from_half_of_a_layer_on(units: dict[str, Units], said: list[str]):
    assert [str(alarm.text) for alarm in alarms({}, units)] == said


@pytest.mark.parametrize(
    ("exponent", "written"),
    [
        (-math.inf, "exactly 0"),
        (-8.5, "3·10⁻⁹"),
        (-12.0, "10⁻¹²"),
        (-3.0, "10⁻³"),
        (-0.5, "0.32"),
        (0.0, "1"),
        (2.5, "316"),
        (9.98, "10¹⁰"),
    ],
)
def test_powers_are_written_as_people_write_them(exponent: float, written: str):
    assert str(power(exponent)) == written


def test_a_number_has_three_digits_and_a_power_of_ten_where_it_is_long():
    numbers = (2.302585, 316.2, 1_530_412.0, 4.2e-9, 1e-8, math.inf)
    assert [three_digits(number) for number in numbers] == ["2.3", "316", "1.53·10⁶", "4.2·10⁻⁹", "10⁻⁸", "inf"]


def test_units_and_values_are_counted_as_they_are():
    relu, sigmoid = nn.ReLU(), nn.Sigmoid()
    layers = {"relu": nn.ModuleDict({"activation": relu}), "sigmoid": nn.ModuleDict({"activation": sigmoid})}
    model = nn.ModuleDict(layers)
    x_BF = torch.tensor([[-1.0, -2.0, 3.0, 9.0], [-4.0, 5.0, -6.0, 9.0]])
    with watching(model) as watched:
        relu(x_BF)
        sigmoid(x_BF)
    assert watched.units() == {"relu": Units(0.25, None), "sigmoid": Units(0.0, 5 / 8)}
    with watching(model):
        pass
    assert not relu._forward_hooks


class Listening:
    """Follows a run as the live page does."""

    def __init__(self) -> None:
        self.health = Health()
        self.run: Run | None = None
        self.said: list[list[str]] = []

    def on_block(self, block: Any) -> None:
        self.health.block(block)

    def on_evaluation(self, evaluation: Any) -> None:
        assert self.run is not None
        self.health.look(self.run)
        self.said.append([alarm.key for alarm in self.health.alarms])

    def on_event(self, event: Any) -> None: ...


DEEP = {
    "architecture": {"key": "mlp", "hidden_layers": 8, "width": 8, "activation": "sigmoid"},
    "train_size": 64,
    "epochs": 2,
}
NOISY = {
    "architecture": {"key": "mlp", "width": 8, "normalization": "batch"},
    "regularizers": [{"key": "dropout"}],
    "train_size": 64,
    "epochs": 2,
}


@pytest.mark.parametrize("document", [DEEP, NOISY], ids=["deep", "noisy"])
def test_a_run_is_the_same_with_and_without_being_looked_at(document: dict, data_folder: Path):
    plain = Run(Experiment.from_json(document), data_folder).train()
    listening = Listening()
    listening.run = seen = Run(Experiment.from_json(document), data_folder, listener=listening)
    seen.train()
    assert weights_sha256(seen.parts.model) == weights_sha256(plain.parts.model)
    assert listening.said


def test_a_run_whose_gradients_vanish_says_so_with_rule_and_numbers(data_folder: Path):
    listening = Listening()
    listening.run = run = Run(Experiment.from_json(DEEP), data_folder, listener=listening)
    run.train()
    assert listening.said[-1] == ["vanishing"]
    said = status(
        run.experiment, Trend("classification", 0.9, run.evaluations), alarms=listening.health.alarms
    ).to_meta()
    assert "Vanishing: layer 1 gets" in str(said["more"])
    assert "Vanishing: the first layer's gradient is at most 10⁻³" in str(said["rule"])
    assert [str(label) for label, _ in said["numbers"]][-1] == "length of the whole gradient"
    (alone,) = said["alarms"]
    assert str(alone["text"]) in str(said["more"])
    assert alone["numbers"] == said["numbers"][-3:]


def test_before_a_divergence_the_last_finite_update_counts():
    columns = {"gradient_norm/hidden.1": [0.0, 7.0, math.inf], "gradient_norm/output": [0.0, 6.0, math.nan]}
    health = Health()
    health.block(
        StepBlock(np.arange(1, 4), {name: np.array(values) for name, values in columns.items()}, np.zeros(3), 3)
    )
    (alarm,) = health.alarms
    assert str(alarm.text) == "Exploding: the gradient is 10⁷ long."


def test_without_an_alarm_the_sentence_is_as_it_was(data_folder: Path):
    run = Run(Experiment.from_json({"train_size": 64, "epochs": 1}), data_folder).train()
    trend = Trend("classification", 0.9, run.evaluations)
    assert alarms({}, units_of(run)) == ()
    said = status(run.experiment, trend).to_meta()
    assert said["more"] is None
    assert said["alarms"] == []
    assert isinstance(said["rule"], Text)
    assert said["rule"] is status(run.experiment, trend).rule


def test_only_layers_are_read_from_a_recorded_row():
    row = {"batch/loss": 1.0, "gradient_norm/total": 0.0, "gradient_norm/hidden.1": -1.0, "gradient_norm/output": -2.0}
    assert sizes_of(row) == {"hidden.1": -1.0, "output": -2.0}
