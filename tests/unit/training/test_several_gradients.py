"""Optimizers that compute several gradients for an update, or take them beside the weights: by trait, never by name."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor

from core.catalog.optimizers.optimizer import Optimizer
from core.catalog.registry import entries, parse
from core.training.assembly import conditions_of
from core.training.device import STACKED
from core.training.events import Event
from core.training.run import Run
from core.training.stacked import Stack
from tests.experiments import Diary, bits, copy_of, everything, points, row_of, trained

EVERY: dict[str, Optimizer] = {key: parse("optimizers", key) for key in entries("optimizers")}  # type: ignore[misc]
CLOSURES = [key for key, entry in EVERY.items() if entry.needs_closure]
ALONE = [key for key, entry in EVERY.items() if not entry.stackable]


def passes_of(run: Run, act: Callable[[], Any]) -> int:
    """How many forward passes through the criterion something takes."""
    criterion, count = run.parts.loop.criterion, 0

    def counted(outputs: Tensor, targets: Tensor) -> Tensor:
        nonlocal count
        count += 1
        return criterion(outputs, targets)

    run.parts.loop.criterion = counted
    act()
    run.parts.loop.criterion = criterion
    return count


def test_the_traits_of_several_gradients_agree():
    several = [key for key, entry in EVERY.items() if entry.evaluations_per_step > 1]
    assert several == CLOSURES
    assert {key: EVERY[key].evaluations_per_step for key in several} == {"sam": 2, "lbfgs": 10}
    assert [key for key, entry in EVERY.items() if entry.has_eval_mode] == ["schedule_free_adamw"]


@pytest.mark.parametrize("key", EVERY)
def test_an_update_computes_as_many_gradients_as_the_trait_says(key: str, tmp_path: Path):
    run = Run(points(optimizer=key), tmp_path)
    counts = {passes_of(run, run.step) for _ in range(3)}
    most = EVERY[key].evaluations_per_step
    # The search along a line may be content with fewer.
    assert counts <= set(range(2, most + 1)) if key == "lbfgs" else counts == {most}


@pytest.mark.parametrize("key", CLOSURES)
def test_all_passes_of_an_update_have_one_batch_and_one_mask_of_dropout(key: str, tmp_path: Path):
    run = Run(everything(optimizer=key), tmp_path)
    loop = run.parts.loop
    (_, dropout), *_ = loop.dropouts
    seen: list[tuple[int, Any, Tensor, Tensor]] = []
    batches: list[Any] = []
    loss_of = loop.loss_of
    loop.loss_of = lambda batch: (batches.append(batch), loss_of(batch))[1]  # type: ignore[method-assign]
    dropout.register_forward_hook(
        lambda _, given, out: seen.append((run.step_count, batches[-1], out.ne(0), out.eq(0) & given[0].ne(0)))
    )
    for _ in range(3):
        run.step()
    for step in range(3):
        passes = [found for found in seen if found[0] == step]
        assert len(passes) > 1
        assert all(batch is passes[0][1] for _, batch, _, _ in passes)
        assert not any((kept & dropped).any() for *_, kept, _ in passes for *_, dropped in passes)
    (*_, kept, _), (*_, dropped) = (next(found for found in seen if found[0] == step) for step in (0, 1))
    assert (kept & dropped).any()


@pytest.mark.parametrize("key", ALONE)
def test_running_statistics_are_counted_once_an_update(key: str, tmp_path: Path):
    run = Run(everything(optimizer=key), tmp_path)
    for _ in range(3):
        run.step()
    counts = [tensor for name, tensor in run.parts.model.named_buffers() if name.endswith("num_batches_tracked")]
    assert counts
    assert all(int(count) == 3 for count in counts)


@pytest.mark.parametrize("terms", [[{"key": "l2", "strength": 0.05}], [{"key": "weight_decay", "weight_decay": 0.1}]])
def test_a_penalty_is_part_of_every_gradient_and_decay_follows_the_rule(terms: list[Any], tmp_path: Path):
    experiment = points(precision="float64", optimizer={"key": "sam", "lr": 0.1}, regularizers=terms)
    run, fresh = Run(experiment, tmp_path).train(until=6), Run(experiment, tmp_path)
    parts, optimizer = fresh.parts, fresh.parts.fresh_optimizer()
    weights = [parameter for parameter in parts.loop.parameters if parameter.dim() > 1]
    for step in range(6):
        batch = parts.feed.batch(step)

        def closure(batch: Any = batch) -> Tensor:
            optimizer.zero_grad()
            loss = parts.loop.loss_of(batch)
            if terms[0]["key"] == "l2":
                loss = loss + 0.05 * sum(weight.square().sum() for weight in weights)
            loss.backward()
            return loss

        optimizer.step(closure)  # type: ignore[arg-type]
        if terms[0]["key"] == "weight_decay":
            with torch.no_grad():
                for weight in weights:
                    weight.mul_(1 - 0.1 * 0.1)
    for ours, theirs in zip(run.parts.loop.parameters, parts.loop.parameters, strict=True):
        torch.testing.assert_close(ours, theirs, rtol=1e-11, atol=1e-12)


def test_clipping_acts_on_every_gradient(tmp_path: Path):
    clip = {"key": "clip_norm", "max_norm": 1e-3}
    optimizer = {"key": "sam", "lr": 1.0, "momentum": 0.0}
    run, diary = trained(points(optimizer=optimizer, regularizers=[clip], precision="float64", epochs=1), tmp_path)
    assert row_of(diary, "clipped").tolist() == [1.0] * run.step_count
    fresh = Run(run.experiment, tmp_path).parts.frame.weights.all
    assert float((run.parts.frame.weights.all - fresh).norm()) < 1.01e-3 * run.step_count


@pytest.mark.parametrize("key", ALONE)
def test_however_often_it_is_measured_a_run_has_the_same_bits(key: str, tmp_path: Path):
    ends = []
    for every in (1, 100):
        run, diary = trained(points(optimizer=key, evaluate_every=every), tmp_path)
        kept = {name: value for name, value in bits(run).items() if not name.startswith("best.")}
        ends.append((kept, diary.series()))
    assert ends[0] == ends[1]


def test_what_is_measured_and_kept_is_the_average(tmp_path: Path):
    run = Run(points(optimizer={"key": "schedule_free_adamw", "lr": 0.05}), tmp_path).train(until=8)
    tensors, _ = run.state()
    weights = run.parts.loop.parameters[0]
    z = run.parts.loop.optimizer.state[weights]["z"]
    assert not torch.equal(weights, z)
    name = run.parts.frame.named[0][0]
    assert torch.equal(tensors[f"model.{name}"], weights)
    assert torch.equal(tensors["optimizer.0.z"], z)
    assert run.latest is not None
    error = run.latest.validation.error
    outputs = run.parts.model.eval()(run.parts.feed.rows(run.parts.data.splits.validation).inputs)
    targets = run.parts.feed.rows(run.parts.data.splits.validation).targets
    assert float((outputs.argmax(1) != targets).double().mean()) == pytest.approx(error)


@pytest.mark.parametrize("key", ALONE)
def test_layers_freeze_and_thaw_while_it_runs(key: str, tmp_path: Path):
    recipe = [Event(3, "set", {"frozen": ["hidden.1"]}), Event(6, "set", {"frozen": []})]
    run = Run(points(optimizer=key), tmp_path, recipe=recipe)
    first = run.parts.loop.parameters[0]
    kept = []
    for step in (3, 6, 9):
        run.train(until=step)
        kept.append(first.detach().clone())
    assert torch.equal(kept[0], kept[1])
    assert not torch.equal(kept[1], kept[2])
    state = copy_of(Run(points(optimizer=key), tmp_path, recipe=recipe).train(until=7))
    again = Run(points(optimizer=key), tmp_path, recipe=recipe)
    again.load_state(*state)
    assert bits(again.train()) == bits(run.train())


@pytest.mark.parametrize("key", ALONE)
def test_a_row_that_changes_to_such_an_optimizer_goes_on_by_itself_and_may_come_back(key: str, tmp_path: Path):
    """The run keeps its engine; the others do not notice, and a replay of it alone has the same bits."""

    def begun(experiment: Any, recipe: list[Event]) -> tuple[Run, Diary]:
        diary = Diary()
        where = conditions_of(experiment, engine=STACKED)
        return Run(experiment, tmp_path, conditions=where, recipe=recipe, listener=diary), diary

    recipe = [Event(4, "set", {"optimizer": {"key": key}}), Event(8, "set", {"optimizer": {"key": "adam"}})]
    experiments = [everything(seed=seed) for seed in range(3)]
    pairs = [begun(experiment, recipe if place == 1 else []) for place, experiment in enumerate(experiments)]
    stack = Stack([run for run, _ in pairs])
    while not all(run.is_over for run, _ in pairs):
        due = [run for run, _ in pairs if not run.is_over and not run.update_is_next]
        for run in due:
            run.piece()
        if not due:
            stack.step([run for run, _ in pairs if not run.is_over])
    for place, (run, diary) in enumerate(pairs):
        run.flush()
        alone, heard = begun(experiments[place], recipe if place == 1 else [])
        alone.train()
        assert bits(run) == bits(alone)
        assert diary.series() == heard.series()
    assert (row_of(pairs[1][1], "gradient_norm/total") != row_of(pairs[0][1], "gradient_norm/total")).all()
