"""What an update does, against a loop anybody would write."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch
from torch import nn

from core.catalog.registry import entries
from core.errors import BadInput, Refused
from core.seeding import generator, seed32
from core.training.batch import Batch
from core.training.device import Conditions, conditions, default_threads
from core.training.run import Run
from core.training.weights import weights_sha256
from tests.experiments import everything, images, numbers, points, trained

WITHOUT_KERNEL = ("rmsprop", "adadelta")


def weights(run: Run) -> list[torch.Tensor]:
    return [parameter.detach() for parameter in run.parts.loop.parameters]


def plainly(run: Run) -> Run:
    """Train a fresh run's network by a bare loop with its own batches and optimizer."""
    parts = run.parts
    optimizer: Any = parts.fresh_optimizer()
    entry = run.experiment.optimizer
    norms = [module for module in parts.model.modules() if isinstance(module, nn.modules.batchnorm._BatchNorm)]
    for step in range(run.total_steps):
        batch = parts.feed.batch(step)

        def closure(batch: Any = batch) -> torch.Tensor:
            optimizer.zero_grad()
            loss = nn.functional.cross_entropy(parts.model(batch.inputs), batch.targets)
            loss.backward()
            for norm in norms:
                norm.track_running_stats = False  # From the second pass on running statistics stay.
            return loss

        if entry.has_eval_mode:
            optimizer.train()
            closure()
            optimizer.eval()
        elif not entry.needs_closure:
            closure()
        optimizer.step(*([closure] if entry.needs_closure else []))
        for norm in norms:
            norm.track_running_stats = True
    return run


@pytest.mark.parametrize("optimizer", list(entries("optimizers")))
def test_the_instruments_change_no_bit(optimizer: str, tmp_path: Path):
    architecture = {"key": "mlp", "widths": [8], "normalization": "batch"}
    experiment = points(optimizer=optimizer, architecture=architecture)
    run, _ = trained(experiment, tmp_path)
    bare = plainly(Run(experiment, tmp_path))
    assert weights_sha256(run.parts.model) == weights_sha256(bare.parts.model)


def test_convolutions_change_no_bit_either(tmp_path: Path):
    run, _ = trained(images(), tmp_path)
    assert weights_sha256(run.parts.model) == weights_sha256(plainly(Run(images(), tmp_path)).parts.model)


def test_l2_equals_weight_decay_of_twice_its_strength_under_sgd(tmp_path: Path):
    def after(optimizer: str, regularizer: dict[str, Any]) -> list[torch.Tensor]:
        sgd = {"key": optimizer, "lr": 0.1}
        return weights(trained(points(precision="float64", optimizer=sgd, regularizers=[regularizer]), tmp_path)[0])

    l2, decay = {"key": "l2", "strength": 0.01}, {"key": "weight_decay", "weight_decay": 0.02}
    for one, two in zip(after("sgd", l2), after("sgd", decay), strict=True):
        torch.testing.assert_close(one, two, rtol=1e-12, atol=1e-12)
    different = zip(after("adam", l2), after("adam", decay), strict=True)
    assert max(float((one - two).abs().max()) for one, two in different) > 1e-4


def test_bfloat16_computes_short_and_keeps_float32_weights(tmp_path: Path):
    quick = {"optimizer": {"key": "adam", "lr": 0.01}, "epochs": 10}
    run, diary = trained(images(precision="bfloat16", **quick), tmp_path)
    assert all(weight.dtype == torch.float32 for weight in weights(run))
    assert run.conditions.precision == "bfloat16"
    assert run.outcome is not None
    assert run.outcome.state == "finished"
    assert run.evaluations[-1].train.loss < run.evaluations[0].train.loss
    plain, heard = trained(images(**quick), tmp_path)
    assert weights_sha256(plain.parts.model) != weights_sha256(run.parts.model)
    assert diary.series().keys() == heard.series().keys()


def test_float64_is_used_throughout(tmp_path: Path):
    run, _ = trained(everything(precision="float64"), tmp_path)
    tensors, _ = run.state()
    assert {str(tensor.dtype) for name, tensor in tensors.items() if name.startswith("model.") and tensor.dim()} == {
        "torch.float64"
    }


def test_a_run_goes_from_its_first_weights_to_its_last_update(tmp_path: Path):
    run, diary = trained(points(), tmp_path)
    assert run.step_count == run.total_steps == 16
    assert run.epoch == 4
    assert run.outcome is not None
    assert (run.outcome.state, run.outcome.reason) == ("finished", None)
    assert [item.step for item in run.evaluations] == list(range(17))
    assert numbers(diary.evaluations) == numbers(run.evaluations)
    assert run.final == run.evaluations[-1]
    assert run.best == min(run.evaluations, key=lambda item: item.validation.error)
    run.piece()
    assert run.step_count == 16, "nothing is left to do"


def test_training_is_done_with_the_conditions_it_is_given(tmp_path: Path):
    where = conditions("float32")
    assert where.threads == default_threads()
    assert Conditions.from_json(where.to_json()) == where
    given = Conditions(**{**where.to_json(), "threads": 1})
    assert Run(points(), tmp_path, conditions=given).conditions == given


def test_a_run_recorded_before_noise_was_drawn_by_numpy_draws_it_as_it_did(tmp_path: Path):
    noisy = images(augmentations=["noise"], train_size=200, batch_size=160, epochs=1)
    record = conditions("float32", device="cpu").to_json()
    assert record.pop("noise").startswith("numpy")
    batch = Batch(torch.full((160, 1, 8, 8), 0.5), torch.zeros(160), torch.arange(160))
    drawn = {}
    for where in (None, Conditions.from_json(record)):
        run = Run(noisy, tmp_path, conditions=where)
        assert run.parts.loop.augment is not None
        drawn[where is None] = run.parts.loop.augment(batch, 3).inputs
        for std in (0.2, 0.1):
            run.change({"augmentations": [{"key": "noise", "std": std}]}, 0)
        assert torch.equal(run.parts.loop.augment(batch, 3).inputs, drawn[where is None])
    seeded = generator("cpu", seed32(noisy.seed, "augment", "noise.0", 3))
    before = torch.empty(batch.inputs.shape).normal_(0, 0.1, generator=seeded).add_(batch.inputs).clamp_(0, 1)
    assert torch.equal(drawn[False], before)
    assert not torch.equal(drawn[True], before)


@pytest.mark.skipif(torch.cuda.is_available(), reason="this machine has a CUDA device")
def test_a_run_of_another_machines_device_is_refused(tmp_path: Path):
    elsewhere = conditions("float32", device="cuda")
    with pytest.raises(Refused, match="no device “cuda”"):
        Run(points(), tmp_path, conditions=elsewhere)


def test_parts_that_do_not_fit_are_bad_input(tmp_path: Path):
    with pytest.raises(BadInput):
        Run(points(architecture="cnn"), tmp_path)


def test_the_time_in_updates_leaves_evaluations_out(tmp_path: Path):
    run, diary = trained(points(), tmp_path)
    assert run.train_s > 0
    assert run.evaluation_s > 0
    assert diary.blocks[-1].columns["train_s"][-1] == run.train_s
