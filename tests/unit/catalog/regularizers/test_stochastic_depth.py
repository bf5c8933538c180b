"""Stochastic depth: which branches are left out how often, and that nothing is in evaluation."""

from __future__ import annotations

from pathlib import Path
from typing import Any, cast

import pytest
import torch

from core.catalog.architectures import Architecture
from core.catalog.architectures.layers import branches
from core.catalog.registry import entries, parse
from core.catalog.regularizers.counter_dropout import BranchDropout
from core.compatibility import check
from core.experiment import Experiment
from core.training.events import Event
from core.training.parts import network_of
from core.training.run import Run
from tests.experiments import NETWORKS, bits, everything, images, points

RESIDUAL = [name for name in NETWORKS if name.startswith("res") or name == "attention"]
MLP = {"key": "mlp", "widths": [8, 8, 8, 8], "residual": True}


def depth(p: float) -> dict[str, Any]:
    return {"key": "stochastic_depth", "p": p}


def layer(p: float, seed: int = 0) -> BranchDropout:
    dropout = BranchDropout(p)
    dropout.generator = torch.Generator().manual_seed(seed)
    return dropout


def rates(experiment: Experiment) -> dict[str, float]:
    model = network_of(experiment, (1, 8, 8), 10)
    return {name: module.p for name, module in model.named_modules() if isinstance(module, BranchDropout)}


@pytest.mark.parametrize("shape", [(2000, 3), (2000, 2, 4, 4), (2000, 5, 4)])
def test_a_sample_keeps_its_whole_branch_or_nothing_and_the_mean_stays(shape: tuple[int, ...]) -> None:
    x = torch.ones(shape, requires_grad=True)
    y = layer(0.3)(x)
    y.sum().backward()
    of_samples = y.detach().flatten(1)
    assert torch.equal(of_samples, of_samples[:, :1].expand_as(of_samples))
    assert of_samples.unique().tolist() == [0.0, pytest.approx(1 / 0.7)]
    assert of_samples.mean().item() == pytest.approx(1, abs=0.05)
    assert x.grad is not None
    assert torch.equal(x.grad.flatten(1), of_samples)


def test_the_bits_are_those_of_torchvisions_operation() -> None:
    """torchvision.ops.stochastic_depth in mode "row": (B, 1, …) drawn with 1 − p, divided by it, times the input."""
    x = torch.randn(50, 3, 4, 4, generator=torch.Generator().manual_seed(1))
    noise = torch.empty(50, 1, 1, 1).bernoulli_(0.8, generator=torch.Generator().manual_seed(7)).div_(0.8)
    assert torch.equal(layer(0.2, seed=7)(x), x * noise)


def test_it_runs_on_meta_is_off_in_evaluation_and_refuses_to_draw_without_a_generator() -> None:
    assert BranchDropout(0.5)(torch.empty(2, 3, device="meta")).shape == (2, 3)
    x = torch.ones(2, 3)
    assert layer(0.5).eval()(x) is x
    with pytest.raises(RuntimeError, match="its own generator"):
        BranchDropout(0.5)(x)


def test_probabilities_grow_in_equal_steps_over_the_branches() -> None:
    mlp = images(architecture=MLP, regularizers=[depth(0.6)])
    assert rates(mlp) == {f"hidden.{n}.skipping": pytest.approx(0.2 * (n - 1)) for n in (2, 3, 4)}
    resnet = {"key": "resnet", "blocks_per_stage": 1, "width": 2}
    assert list(rates(images(architecture=resnet, regularizers=[depth(0.3)])).values()) == pytest.approx(
        [0.1, 0.2, 0.3]
    )
    assert rates(images(architecture={**resnet, "residual": False}, regularizers=[depth(0.3)])) == {}
    assert rates(images(architecture=MLP, regularizers=[depth(0)])) == {}


def test_a_network_without_branches_is_told_so() -> None:
    (note,) = check(points(regularizers=[depth(0.5)]))
    assert "Stochastic depth has no effect" in str(note)
    assert check(points(architecture=MLP, regularizers=[depth(0.5)])) == []


@pytest.mark.parametrize("architecture", [*entries("architectures"), *NETWORKS.values()], ids=str)
def test_a_network_says_whether_it_has_branches(architecture: Any) -> None:
    network = cast(Architecture, parse("architectures", architecture))
    assert network.has_branches == bool(branches(network.build((1, 32, 32), 10)))


def test_a_cnn_keeps_the_dropout_of_its_own() -> None:
    model = network_of(images(architecture="cnn", regularizers=[depth(0.5)]), (1, 28, 28), 10)
    assert [name for name, _ in model.named_modules() if "dropout" in name] == ["dense.1.dropout"]


@pytest.mark.parametrize("name", RESIDUAL)
def test_with_probability_0_nothing_changes_and_else_training_does(name: str, tmp_path: Path) -> None:
    without, never, often = (
        Run(images(architecture=NETWORKS[name], epochs=1, regularizers=regularizers), tmp_path).train()
        for regularizers in ([], [depth(0)], [depth(0.9)])
    )
    assert bits(never) == bits(without)
    assert bits(often) != bits(without)
    assert without.evaluations[0].train == often.evaluations[0].train, "evaluation uses all branches"


def test_it_changes_while_a_run_goes_on_and_the_recipe_gives_the_same_bits(tmp_path: Path) -> None:
    experiment = everything(architecture=MLP)
    run = Run(experiment, tmp_path).train(until=3)
    run.apply(Event(0, "set", {"regularizers.2": depth(0.8)}))
    assert len(run.parts.loop.dropouts) == 3
    run.train(until=6)
    run.apply(Event(0, "set", {"regularizers.2": None}))
    assert run.parts.loop.dropouts == []
    run.train()
    recipe = [event for event in run.events if event.kind in Event.CHANGING]
    assert bits(Run(experiment, tmp_path, recipe=recipe).train()) == bits(run)
    assert bits(Run(experiment, tmp_path).train()) != bits(run)
