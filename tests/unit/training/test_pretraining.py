"""Layerwise pre-training: what each stage trains, by which loss, for how long, and that a run stays an ordinary run."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn import functional

from core.catalog.regularizers.pretraining import Stages
from core.compatibility import check
from core.errors import BadInput
from core.experiment import Experiment
from core.training.alarms import alarms, sizes_of
from core.training.events import Event
from core.training.run import Run
from core.training.stacking.plan import why_alone
from core.training.trend import Trend, fine_tuned_from
from core.training.verdict import status
from core.training.weights import weights_sha256
from tests.experiments import Diary, points, trained
from tests.unit.training.test_resume import assert_equal_from_everywhere

OBJECTIVES = ("autoencoding", "supervised")
each_objective = pytest.mark.parametrize("objective", OBJECTIVES)
WIDTHS = [6, 5, 4]


def pretrained(objective: str = "supervised", **changes: Any) -> Experiment:
    """Three hidden layers of sigmoid, 12 updates of each and 36 of the whole network; changes may add more to it."""
    more = changes.pop("beside", [])
    fields = {
        "architecture": {"key": "mlp", "widths": WIDTHS, "activation": "sigmoid"},
        "regularizers": [{"key": "pretraining", "objective": objective}, *more],
        "optimizer": {"key": "sgd", "lr": 0.5},
        "epochs": 18,
        **changes,
    }
    return points(**fields)


def weights_of(run: Run) -> dict[str, torch.Tensor]:
    """Every parameter of the network as it is now."""
    return {name: tensor.detach().clone() for name, tensor in run.parts.model.named_parameters()}


def rows_of(diary: Diary) -> list[dict[str, float]]:
    """What was recorded of each update."""
    return [
        {name: values[place] for name, values in block.columns.items()}
        for block in diary.blocks
        for place in range(len(block.steps))
    ]


@each_objective
def test_a_stage_has_the_losses_of_a_plain_loop_in_float64(objective: str, tmp_path: Path):
    diary = Diary()
    experiment = pretrained(objective, precision="float64", epochs=30)
    run = Run(experiment, tmp_path, listener=diary)
    run.train(until=20)
    layers = [nn.Linear(*sizes, dtype=torch.float64) for sizes in pairwise([2, *WIDTHS])]
    second = {name: tensor.clone() for name, tensor in run.parts.model.state_dict().items()}
    for number, layer in enumerate(layers, start=1):
        layer.load_state_dict({name: second[f"hidden.{number}.{name}"] for name in ("weight", "bias")})
    head = nn.Linear(5, 2 if objective == "supervised" else 6, dtype=torch.float64)
    head.load_state_dict(run.parts.head)
    assert run.parts.layer == "hidden.2"
    optimizer = torch.optim.SGD([*layers[1].parameters(), *head.parameters()], lr=0.5)
    expected = []
    for step in range(20, 40):
        batch = run.parts.feed.batch(step)
        with torch.no_grad():
            given = torch.sigmoid(layers[0](batch.inputs))
        answers = head(torch.sigmoid(layers[1](given)))
        if objective == "supervised":
            loss = functional.cross_entropy(answers, batch.targets)
        else:
            from_mean = given - given.mean(0)
            loss = ((answers - from_mean / from_mean.pow(2).mean().sqrt()) ** 2).mean()
        expected.append(loss.item())
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    run.train(until=40)
    found = np.concatenate([block.columns["batch/loss"] for block in diary.blocks])[20:]
    np.testing.assert_allclose(found, expected, rtol=1e-9)
    for name in ("weight", "bias"):
        now = run.parts.model.get_parameter(f"hidden.2.{name}")
        torch.testing.assert_close(now.detach(), getattr(layers[1], name).detach())


@each_objective
def test_only_the_layer_of_its_stage_moves(objective: str, tmp_path: Path):
    run = Run(pretrained(objective, optimizer="adam", beside=["l2", "weight_decay"]), tmp_path)
    for layer in ("hidden.1", "hidden.2", "hidden.3", None):
        assert run.parts.layer == layer
        before = weights_of(run)
        for _ in range(12):
            run.step()
        moved = {name for name, tensor in weights_of(run).items() if not torch.equal(tensor, before[name])}
        assert moved == {name for name in before if layer is None or name.startswith(layer)}


def test_both_sides_take_as_many_gradients_and_one_layers_is_the_only_one_of_its_updates(tmp_path: Path):
    whole, diary = trained(pretrained(regularizers=[]), tmp_path)[0], Diary()
    run = Run(pretrained(), tmp_path, listener=diary).train()
    assert run.step_count == whole.step_count == len(diary.steps) == 72
    having = [[layer for layer, size in sizes_of(row).items() if size > -np.inf] for row in rows_of(diary)]
    every = ["hidden.1", "hidden.2", "hidden.3", "output"]
    assert having == [[layer] for layer in every[:3] for _ in range(12)] + [every] * 36
    assert [(event.step, event.values) for event in diary.events] == [
        (12, {"layer": "hidden.2"}),
        (24, {"layer": "hidden.3"}),
        (36, {"layer": None}),
    ]


@pytest.mark.parametrize("num_updates", [40, 72, 1000])
@pytest.mark.parametrize("share", [0.3, 0.5, 0.9])
@pytest.mark.parametrize("num_layers", [1, 3, 6])
def test_where_stages_begin_is_where_they_are_first_on(num_updates: int, share: float, num_layers: int):
    stages = Stages("supervised", share)
    course = [stages.at(step / num_updates, num_layers) for step in range(num_updates + 1)]
    assert stages.begins(num_updates, num_layers) == [course.index(stage) for stage in [*range(num_layers), None]]


@pytest.mark.parametrize("optimizer", ["adam", "rmsprop", "schedule_free_adamw", "sam", "muon"])
def test_from_any_update_the_stages_go_on_to_the_bit(optimizer: str, tmp_path: Path):
    network = {"key": "mlp", "widths": [6, 6], "activation": "sigmoid", "normalization": "batch", "residual": True}
    experiment = pretrained(
        "autoencoding",
        architecture=network,
        optimizer=optimizer,
        epochs=4,
        beside=[{"key": "dropout", "p": 0.2}, "clip_norm"],
    )
    assert_equal_from_everywhere(experiment, tmp_path)


def test_from_any_update_also_where_it_was_changed_within_a_stage(tmp_path: Path):
    changes = [(1, {"optimizer": "adam"}), (4, {"batch_size": 8}), (6, {"frozen": ["hidden.3"]})]
    recipe = [*(Event(step, "set", values) for step, values in changes), Event(20, "extend", {"epochs": 1})]
    experiment = pretrained("supervised", epochs=4, beside=["ema"])
    assert_equal_from_everywhere(experiment, tmp_path, recipe)


@pytest.mark.parametrize("optimizer", ["adam", "rmsprop"])
def test_a_stage_that_diverges_leaves_the_state_from_before(optimizer: str, tmp_path: Path):
    run = Run(pretrained(optimizer=optimizer), tmp_path)
    run.train(until=15)
    before = {name: tensor.clone() for name, tensor in run.parts.state().items()}
    with torch.no_grad():
        feed = run.parts.feed
        feed.scaled, plain = lambda inputs: plain(inputs) * np.nan, feed.scaled
    run.step()
    run.flush()
    assert run.is_ending
    assert run.step_count == 15
    after = run.parts.state()
    assert before.keys() == after.keys()
    assert all(torch.equal(before[name], after[name]) for name in before)


def test_neither_early_stopping_nor_a_plateau_takes_the_stages_for_a_standstill(tmp_path: Path):
    stop, plateau = {"key": "early_stopping", "patience": 2}, {"key": "plateau", "patience": 2, "gamma": 0.1}
    run = Run(pretrained(beside=[stop], schedule=plateau, optimizer={"key": "sgd", "lr": 1e-9}), tmp_path)
    run.train(until=36)
    assert run.learning_rate == 1e-9
    run.train()
    assert run.outcome is not None
    assert run.outcome.reason == "early_stopping"
    assert run.epoch == pytest.approx(9 + 2, abs=1)


def test_what_is_said_of_a_network_is_said_from_its_fine_tuning_on(tmp_path: Path):
    experiment, diary = pretrained(optimizer={"key": "sgd", "lr": 1e-9}, evaluate_every=4), Diary()
    run = Run(experiment, tmp_path, listener=diary)
    trend = Trend("classification", 0.5, since=fine_tuned_from(experiment))
    run.train(until=32)
    for evaluation in run.evaluations:
        trend.add(evaluation)
    said = status(experiment, trend)
    assert said.verdict == "pretraining"
    assert str(said.text).startswith("Pre-training: until epoch 9 one hidden layer learns at a time.")
    assert all(not alarms(sizes_of(row), {}) for row in rows_of(diary))
    run.train()
    for evaluation in run.evaluations[-10:]:
        trend.add(evaluation)
    assert status(experiment, trend).verdict != "pretraining"
    assert trend.lowest is not None
    assert trend.lowest.epoch >= 9


def test_pre_training_is_fixed_once_a_run_goes_on_and_trains_alone(tmp_path: Path):
    run = Run(pretrained(), tmp_path)
    run.train(until=5)
    with pytest.raises(BadInput, match="pre-training cannot change in a run that goes on"):
        run.apply(Event(5, "set", {"regularizers": []}))
    assert "one at a time" in str(why_alone(pretrained()))


@pytest.mark.parametrize(
    ("changes", "what"),
    [
        ({"epochs": 1}, "3 layers are to be pre-trained in 2 updates"),
        ({"batch_size": 1}, "batches of one sample"),
    ],
)
def test_what_cannot_be_pre_trained_is_said(changes: dict[str, Any], what: str):
    with pytest.raises(BadInput, match=what):
        check(pretrained("autoencoding", **changes))


@pytest.mark.parametrize("network", ["logistic", {"key": "mlp", "hidden_layers": 0}])
def test_without_hidden_layers_it_has_no_effect_and_says_so(network: Any, tmp_path: Path):
    experiment = pretrained(architecture=network, epochs=2)
    assert "Layerwise pre-training has no effect" in str(check(experiment)[-1])
    assert fine_tuned_from(experiment) == 0
    run, plain = (trained(item, tmp_path)[0] for item in (experiment, experiment.replace(regularizers=[])))
    assert weights_sha256(run.parts.model) == weights_sha256(plain.parts.model)
