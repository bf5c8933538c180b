"""Averages of the weights: what a network answers is the mean, what is trained is what would be trained without."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch

from core.errors import BadInput
from core.experiment import Experiment
from core.training.average import Average
from core.training.events import Event
from core.training.run import Run
from core.training.stacking.plan import stack_of, why_alone
from core.training.weights import weights_sha256
from tests.experiments import bits, copy_of, everything, points
from tests.unit.training.test_resume import assert_equal_from_everywhere

AVERAGES: list[dict[str, Any]] = [{"key": "ema", "beta": 0.8}, {"key": "swa", "start": 1.0, "every": 2}]
each_average = pytest.mark.parametrize("average", AVERAGES, ids=lambda document: document["key"])


def vector(run: Run) -> torch.Tensor:
    """The weights that the network has, as float64."""
    return torch.cat([tensor.detach().flatten() for tensor in run.parts.loop.parameters]).double()


def average_of(run: Run) -> Average:
    assert run.parts.loop.average is not None
    return run.parts.loop.average


def own(run: Run) -> torch.Tensor:
    """The weights that are trained."""
    with average_of(run).put_aside():
        return vector(run)


@each_average
def test_the_network_has_the_mean_by_the_formula_and_trains_what_it_would_without(average, tmp_path: Path):
    weights: list[torch.Tensor] = []
    plain = Run(points(), tmp_path)
    run = Run(points(regularizers=[average]), tmp_path)
    begun: list[torch.Tensor] = []
    for step in range(1, 17):
        plain.step()
        run.step()
        weights.append(vector(plain))
        assert torch.equal(own(run), vector(plain))
        if average["key"] == "ema":
            shares = torch.tensor([0.8 ** (step - 1 - place) for place in range(step)], dtype=torch.float64)
            expected = (shares.unsqueeze(1) * torch.stack(weights)).sum(0) / shares.sum()
        else:
            begun += [weights[-1]] if run.epoch >= 1.0 and step % 2 == 0 else []
            expected = torch.stack(begun).mean(0) if begun else weights[-1]
        torch.testing.assert_close(vector(run), expected, rtol=1e-5, atol=1e-6)


@each_average
def test_from_any_update_a_run_goes_on_with_its_average(average, tmp_path: Path):
    assert_equal_from_everywhere(everything(regularizers=[average, "max_norm"], epochs=2), tmp_path)


def test_errors_best_weights_and_the_end_are_those_of_the_mean(tmp_path: Path):
    run = Run(points(regularizers=[{"key": "ema", "beta": 0.9}], epochs=6, evaluate_every=3), tmp_path).train()
    assert run.final is not None
    data, shown = run.parts.data, vector(run)
    batch = run.parts.feed.rows(data.splits.validation)
    wrong = (run.parts.model.eval()(batch.inputs).argmax(1) != batch.targets).sum()
    assert run.final.validation.wrong == int(wrong)
    assert not torch.equal(shown, own(run))
    assert run.best is not None
    again = Run(run.experiment, tmp_path).train(until=run.best.step)
    kept = run.measuring.best_weights.state()
    for name, tensor in again.parts.model.state_dict().items():
        assert torch.equal(kept[f"best.{name}"], tensor)


def test_early_stopping_puts_back_the_best_mean_and_an_extension_goes_on_from_the_last(tmp_path: Path):
    stop = {"key": "early_stopping", "patience": 1}
    experiment = points(regularizers=["ema", stop], epochs=30, optimizer={"key": "sgd", "lr": 3.0})
    run = Run(experiment, tmp_path)
    run.train()
    assert run.measuring.best_weights.are_back
    best, trained = vector(run), own_without_showing(run)
    tensors, position = copy_of(run)
    again = Run(experiment, tmp_path)
    again.load_state(tensors, position)
    for one in (run, again):
        assert torch.equal(vector(one), best)
        assert torch.equal(own_without_showing(one), trained)
        one.apply(Event(one.step_count, "extend", {"epochs": 1}))
        one.train(until=one.step_count + 2)
    assert bits(run) == bits(again)


def own_without_showing(run: Run) -> torch.Tensor:
    """The weights that are trained, by the state: the best ones stay in the network."""
    state = average_of(run).state()
    return torch.cat([state[f"own.{name}"].flatten() for name, _ in run.parts.model.named_parameters()])


def test_a_run_that_diverges_keeps_the_mean_of_its_finite_updates(tmp_path: Path):
    def run_to(step: int, **changes: Any) -> Run:
        return Run(points(regularizers=["ema"], optimizer={"key": "sgd", "lr": 1e20}, **changes), tmp_path).train(step)

    run = run_to(16)
    assert run.outcome is not None
    assert run.outcome.state == "diverged"
    assert run.step_count > 0
    before = Run(run.experiment, tmp_path)
    for _ in range(run.step_count):
        before.step()
    assert torch.equal(vector(run), vector(before))
    assert torch.equal(own(run), own(before))


def test_an_average_may_come_change_and_go_while_a_run_goes_on(tmp_path: Path):
    plain = Run(points(), tmp_path)
    run = Run(points(), tmp_path)
    for step in range(12):
        if step == 4:
            run.apply(Event(4, "set", {"regularizers.0": {"key": "ema", "beta": 0.5}}))
            assert torch.equal(vector(run), vector(plain)), "it begins with the weights as they are"
        if step == 8:
            mean = vector(run)
            run.apply(Event(8, "set", {"regularizers.0.beta": 0.9}))
            assert torch.equal(vector(run), mean), "and goes on with the mean that it has"
        plain.step()
        run.step()
    assert torch.equal(own(run), vector(plain))
    run.apply(Event(12, "set", {"regularizers.0": None}))
    assert torch.equal(vector(run), vector(plain))


def test_statistics_averaged_with_the_weights_serve_as_well_as_those_counted_anew(tmp_path: Path):
    """docs/decisions/averages.md: errors with both kinds of statistics differ by a few samples."""
    experiment = Experiment.from_json(
        {
            "train_size": 300,
            "architecture": {"key": "mlp", "widths": [16], "normalization": "batch"},
            "regularizers": [{"key": "ema", "beta": 0.9}],
            "optimizer": {"key": "adam", "lr": 0.02},
            "epochs": 10,
        }
    )
    run = Run(experiment, tmp_path).train()
    assert run.final is not None
    model, feed, splits = run.parts.model, run.parts.feed, run.parts.data.splits
    for module in model.modules():
        if isinstance(module, torch.nn.BatchNorm1d):
            module.momentum = 1.0
    with torch.no_grad():
        model.train()(feed.rows(splits.train).inputs)  # one batch of all: its statistics become the running ones
        batch = feed.rows(splits.validation)
        anew = (model.eval()(batch.inputs).argmax(1) != batch.targets).double().mean()
    assert run.final.validation.error < 0.3
    assert float(anew) == pytest.approx(run.final.validation.error, abs=0.03)


def test_a_run_with_an_average_trains_alone_and_says_why(tmp_path: Path):
    experiment = points(regularizers=["ema"])
    assert "average of its weights" in str(why_alone(experiment))
    assert stack_of([experiment, points(), points(seed=1)]).alone.keys() >= {0}


def test_two_averages_and_an_average_beside_an_optimizers_own_are_refused():
    from core.compatibility import check

    with pytest.raises(BadInput, match="Two averages of the weights are chosen"):
        check(points(regularizers=["ema", "swa"]))
    for regularizer in ("ema", "max_norm"):
        with pytest.raises(BadInput, match="answers with an average of its own"):
            check(points(regularizers=[regularizer], optimizer="schedule_free_adamw"))


def test_the_hash_of_a_run_is_that_of_the_network_it_answers_with(tmp_path: Path):
    run = Run(points(regularizers=["ema"]), tmp_path).train()
    with average_of(run).put_aside():
        trained = weights_sha256(run.parts.model)
    assert weights_sha256(run.parts.model) != trained
    assert weights_sha256(Run(points(), tmp_path).train().parts.model) == trained
