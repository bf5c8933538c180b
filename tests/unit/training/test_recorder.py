"""What the rows of a run say: norms that neither vanish nor overflow, and three marks for what is no usual number."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn

from core.experiment import Experiment
from core.training.recorder import BLOCK_ROWS, Recorder
from core.training.run import Run
from tests.experiments import Diary, everything, points, row_of, trained

DEEP = {"key": "mlp", "hidden_layers": 40, "width": 16, "activation": "sigmoid"}


def recorder_of(
    squares: list[list[float]], layers: list[str], losses: list[float] | None = None
) -> dict[str, np.ndarray]:
    """The series of rows with these sums of squares (gradients, weights, updates) per tensor, one row."""
    recorder = Recorder("cpu", layers, steps_per_epoch=4, clips=False)
    recorder.loss.fill_((losses or [1.0])[0])
    recorder.norms.copy_(torch.tensor(squares, dtype=torch.float64))
    recorder.end_row(0.1, 12.0)
    recorder.note_time(0.5)
    block = recorder.flush()
    assert block is not None
    return block.columns


def test_norms_are_by_layer_and_logarithmic():
    columns = recorder_of([[9.0, 16.0, 1.0], [4.0, 0.0, 100.0], [0.04, 0.0, 1.0]], ["a", "a", "b"])
    assert 10 ** columns["gradient_norm/a"][0] == pytest.approx(5)
    assert 10 ** columns["gradient_norm/b"][0] == pytest.approx(1)
    assert 10 ** columns["gradient_norm/total"][0] == pytest.approx(26**0.5)
    assert 10 ** columns["weight_norm/a"][0] == pytest.approx(2)
    assert 10 ** columns["update_ratio/a"][0] == pytest.approx(0.1)
    assert 10 ** columns["update_ratio/b"][0] == pytest.approx(0.1)


def test_zero_underflow_and_no_number_are_three_marks():
    tiny = 1e-42  # below float32's normal numbers, far above float64's
    columns = recorder_of([[0.0, tiny**2, math.nan, math.inf]] * 3, ["zero", "tiny", "nan", "inf"])
    assert columns["gradient_norm/zero"][0] == -math.inf
    assert -45 < columns["gradient_norm/tiny"][0] < -37.9
    assert math.isnan(columns["gradient_norm/nan"][0])
    assert columns["gradient_norm/inf"][0] == math.inf
    assert not math.isfinite(columns["gradient_norm/total"][0])


def test_no_update_of_no_weight_is_no_update_and_not_nonsense():
    columns = recorder_of([[1.0, 1.0], [0.0, 4.0], [0.0, 0.0]], ["zeros", "still"])
    assert columns["update_ratio/zeros"][0] == columns["update_ratio/still"][0] == -math.inf


def test_a_network_of_zeros_says_so(tmp_path: Path):
    _, diary = trained(points(initializer="zeros", optimizer="sgd"), tmp_path)
    assert row_of(diary, "weight_norm/hidden.1")[0] == -math.inf
    assert row_of(diary, "update_ratio/hidden.1")[0] == -math.inf
    assert row_of(diary, "gradient_norm/hidden.1")[0] == -math.inf
    assert math.isfinite(row_of(diary, "gradient_norm/output")[0])


@pytest.mark.parametrize("gain", ["xavier", {"key": "normal", "sigma": 0.1}, {"key": "normal", "sigma": 3.0}])
def test_a_deep_sigmoid_networks_norms_equal_those_of_float64(gain: object, tmp_path: Path):
    """In float32 the sums of squares of such gradients would be zero from the tenth layer on."""

    def norms(precision: str) -> dict[str, float]:
        experiment = points(architecture=DEEP, initializer=gain, precision=precision, optimizer="sgd")
        run = Run(experiment, tmp_path, listener=(diary := Diary()))
        reference = Run(points(architecture=DEEP, initializer=gain), tmp_path)
        with torch.no_grad():  # the very same weights in both precisions
            for mine, theirs in zip(run.parts.model.parameters(), reference.parts.model.parameters(), strict=True):
                mine.copy_(theirs)
        run.train(until=1)
        return {name: column[0] for name, column in diary.blocks[0].columns.items() if name.startswith("gradient_norm")}

    single, double = norms("float32"), norms("float64")
    assert len(single) == 42
    exact = [name for name, value in double.items() if value > -36]  # float32 can hold the elements themselves
    assert len(exact) > 10
    for name in exact:
        assert 10 ** (single[name] - double[name]) == pytest.approx(1, rel=1e-3), name
    if gain == "xavier":
        assert len(exact) == 42
        assert min(double.values()) < -20


def test_rows_equal_what_a_plain_loop_measures(tmp_path: Path):
    run, diary = trained(points(optimizer={"key": "sgd", "lr": 0.1}), tmp_path)
    feed, (weights, *_) = Run(run.experiment, tmp_path).parts.feed, Run(run.experiment, tmp_path).parts.loop.parameters
    model = Run(run.experiment, tmp_path).parts.model
    for step in range(16):
        batch = feed.batch(step)
        before = {name: weight.detach().clone() for name, weight in model.named_parameters()}
        model.zero_grad()
        loss = nn.functional.cross_entropy(model(batch.inputs), batch.targets)
        loss.backward()
        gradients = {name: weight.grad.double() for name, weight in model.named_parameters() if weight.grad is not None}
        with torch.no_grad():
            for weight in model.parameters():
                assert weight.grad is not None
                weight -= 0.1 * weight.grad
        norm = sum(
            float(gradient.square().sum()) for name, gradient in gradients.items() if name.startswith("hidden.1")
        )
        update = sum(
            float((weight.detach().double() - before[name].double()).square().sum())
            for name, weight in model.named_parameters()
            if name.startswith("output")
        )
        size = sum(
            float(w.detach().double().square().sum()) for n, w in model.named_parameters() if n.startswith("output")
        )
        assert row_of(diary, "batch/loss")[step] == pytest.approx(float(loss.detach()), rel=1e-5)
        assert 10 ** row_of(diary, "gradient_norm/hidden.1")[step] == pytest.approx(norm**0.5, rel=1e-4)
        assert 10 ** row_of(diary, "weight_norm/output")[step] == pytest.approx(size**0.5, rel=1e-5)
        assert 10 ** row_of(diary, "update_ratio/output")[step] == pytest.approx((update / size) ** 0.5, rel=1e-3)
    assert weights.shape == (8, 2)


def test_the_penalty_stands_beside_the_loss_and_not_in_it(tmp_path: Path):
    experiment = points(regularizers=[{"key": "l2", "strength": 0.1}, {"key": "l1", "strength": 0.01}])
    run, diary = trained(experiment, tmp_path)
    first = Run(experiment, tmp_path)
    weights = [weight.detach().double() for name, weight in first.parts.model.named_parameters() if "weight" in name]
    penalty = sum(0.1 * float(w.square().sum()) + 0.01 * float(w.abs().sum()) for w in weights)
    batch = first.parts.feed.batch(0)
    assert row_of(diary, "batch/penalty")[0] == pytest.approx(penalty, rel=1e-6)
    plain = nn.functional.cross_entropy(first.parts.model(batch.inputs), batch.targets)
    assert row_of(diary, "batch/loss")[0] == float(plain.detach())
    assert run.evaluations[0].train.loss < 1.5, "no penalty in an evaluation"


def test_clipped_updates_are_marked(tmp_path: Path):
    limits = {"never": 1e6, "always": 1e-6}
    for when, limit in limits.items():
        _, diary = trained(points(regularizers=[{"key": "clip_norm", "max_norm": limit}]), tmp_path)
        assert set(row_of(diary, "clipped")) == {float(when == "always")}


@pytest.mark.parametrize("value", [1e6, 1e-4])
def test_clipping_by_norm_after_clipping_by_value_counts_the_norm_that_is_left(value: float, tmp_path: Path):
    by_value, by_norm = {"key": "clip_value", "max_value": value}, {"key": "clip_norm", "max_norm": 0.01}
    optimizer = {"key": "sgd", "lr": 1.0}
    run, diary = trained(points(regularizers=[by_value, by_norm], optimizer=optimizer, epochs=1), tmp_path)
    expected = min(0.01, 10 ** float(row_of(diary, "gradient_norm/total")[0]))
    before, after = Run(run.experiment, tmp_path), Run(run.experiment, tmp_path).train(until=1)
    moved = sum(
        float((one.detach() - two.detach()).double().square().sum())
        for one, two in zip(before.parts.loop.parameters, after.parts.loop.parameters, strict=True)
    )
    if value == 1e6:
        assert moved**0.5 == pytest.approx(expected, rel=1e-4)
    else:
        most = value * sum(weight.numel() for weight in run.parts.loop.parameters) ** 0.5
        assert 0.3 * value < moved**0.5 <= min(most, 0.01) * 1.001
    assert set(row_of(diary, "clipped")) == {1.0}


def test_rows_are_numbered_from_one_and_none_is_lost(tmp_path: Path):
    run, diary = trained(points(epochs=40), tmp_path)
    assert diary.steps == list(range(1, 161))
    assert run.step_count == 160
    assert len(diary.blocks) >= 160 // BLOCK_ROWS
    assert list(row_of(diary, "epoch")) == [step / 4 for step in diary.steps]
    assert all(np.diff(row_of(diary, "train_s")) > 0)


def test_every_layer_of_the_plan_has_its_norms(tmp_path: Path):
    experiment: Experiment = everything()
    _, diary = trained(experiment, tmp_path)
    names = {name.split("/")[1] for name in diary.blocks[0].columns if name.startswith("weight_norm/")}
    facts = experiment.dataset.facts()  # type: ignore[attr-defined]
    plan = experiment.architecture.plan(facts.input_shape, facts.num_outputs)  # type: ignore[attr-defined]
    assert names == {layer.name for layer in plan if layer.num_parameters}
