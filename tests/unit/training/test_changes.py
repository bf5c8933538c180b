"""A running run can be changed at any update; what follows is what a run with the new settings does."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from core.catalog.optimizers.optimizer import Optimizer
from core.catalog.registry import entries
from core.errors import BadInput
from core.experiment import Experiment
from core.training.batch import Batch
from core.training.changes import LIVE, WHY_NOT, carried_over, change_words, changed, check_rate, computed
from core.training.device import SOLO, STACKED, conditions
from core.training.events import Event
from core.training.run import Run
from core.training.weights import weights_sha256
from tests.experiments import Diary, bits, copy_of, everything, images, numbers, points, row_of, same, trained


def changed_at(experiment: Experiment, folder: Path, step: int, **values: Any) -> tuple[Run, Diary]:
    """A run with some settings changed after `step` updates, trained to its end, as a person's command does it."""
    diary = Diary()
    run = Run(experiment, folder, listener=diary).train(until=step)
    run.apply(Event(0, "set", {path.replace("__", "."): value for path, value in values.items()}))
    return run.train(), diary


def by_hand(run: Run, step: int, values: dict[str, Any]) -> Run:
    run.train(until=step)
    run.apply(Event(0, "set", values))
    return run.train()


# -- what may change ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({"dataset": "digits"}, "different samples"),
        ({"dataset.noise": 0.3}, "different samples"),
        ({"architecture.width": 8}, "another network"),
        ({"seed": 1}, "first weights"),
        ({"epochs": 3}, "adding epochs"),
        ({"schedule": "cosine"}, "one plan"),
        ({"name": "x"}, "changes nothing"),
        ({"rate": 0.1}, "no field"),
        ({"optimizer.lr": -1}, "climbs the loss"),
        ({"lr": "fast"}, "learning rate .lr. is 'fast'"),
        ({"optimizer.speed": 1}, "speed"),
        ({"regularizers.5.strength": 1}, "does not exist"),
        ({"batch_size": 0}, "batch size is 0"),
        ({"frozen": ["hidden.9"]}, "no layer with weights"),
        ({"frozen": ["hidden.1", "output"]}, "left to train"),
        ({"frozen": 3}, "frozen layers are 3"),
        ({"regularizers": ["early_stopping"]}, "all the evaluations"),
        ({"augmentations": ["flip"]}, "cannot change"),
        ({}, "at least one"),
    ],
)
def test_what_cannot_change_is_refused_with_a_reason_and_nothing_is_changed(
    values: dict[str, Any], said: str, tmp_path: Path
):
    run = Run(points(), tmp_path).train(until=3)
    with pytest.raises(BadInput, match=said):
        run.apply(Event(0, "set", values))
    assert run.events == []
    assert run.current == run.experiment
    assert bits(run.train()) == bits(Run(points(), tmp_path).train())


def test_every_field_of_an_experiment_may_change_or_has_a_reason_why_not():
    assert set(Experiment.model_fields) == {*LIVE, *WHY_NOT, "version", "name", "notes"}


def test_the_order_in_which_changes_are_written_does_not_matter():
    one, _ = changed(points(), {"optimizer.momentum": 0.5, "optimizer.key": "momentum"})
    two, _ = changed(points(), {"optimizer.key": "momentum", "optimizer.momentum": 0.5})
    assert one == two
    assert one.to_json()["optimizer"]["momentum"] == 0.5


def test_an_entry_is_taken_out_of_a_list_by_no_value():
    before = points(regularizers=[{"key": "l2"}, {"key": "clip_norm"}])
    after, _ = changed(before, {"regularizers.0": None})
    assert [entry.key for entry in after.regularizers] == ["clip_norm"]


def test_the_events_of_a_run_give_what_it_computes_now():
    events = [Event(1, "set", {"lr": 0.5}), Event(2, "stop"), Event(2, "set", {"optimizer": "sgd", "batch_size": 8})]
    now = computed(points(), events)
    assert (now.optimizer.key, now.optimizer.lr, now.batch_size) == ("sgd", 0.5, 8)


@pytest.mark.parametrize(
    ("before", "values", "words"),
    [
        ({}, {"lr": 0.01}, "learning rate 0.001 → 0.01"),
        ({}, {"optimizer.lr": 0.01}, "learning rate 0.001 → 0.01"),
        ({"optimizer": "adadelta"}, {"lr": 0.5}, "learning rate 0.5"),
        ({}, {"batch_size": 32}, "batch size 16 → 32"),
        ({"regularizers": ["l2"]}, {"regularizers.0.strength": 0.001}, "L2 strength 0.0001 → 0.001"),
        ({"regularizers": ["dropout"]}, {"regularizers.0.p": 0.25}, "dropout 0.5 → 0.25"),
        ({"regularizers": ["l2"]}, {"regularizers": ["l1"]}, "with L1 0.0001, without L2"),
        ({}, {"optimizer": "sgd", "frozen": "hidden.1"}, "optimizer SGD 0.1, frozen: hidden.1"),
        ({"frozen": ["hidden.1"]}, {"frozen": []}, "nothing frozen"),
        ({}, {"optimizer.beta1": 0.5}, "β₁ 0.9 → 0.5"),
        ({}, {"batch_size": 16}, "nothing changed"),
    ],
)
def test_a_change_is_said_in_a_few_words(before: dict[str, Any], values: dict[str, Any], words: str):
    experiment = points(**before)
    assert str(change_words(experiment, changed(experiment, values)[0], values)) == words


# -- what follows ------------------------------------------------------------------------------------------------------

CHANGES: dict[str, dict[str, Any]] = {
    "learning rate": {"optimizer.lr": 0.02},
    "legacy": {"lr": 0.02},
    "optimizer": {"optimizer.key": "momentum"},
    "its parameters": {"optimizer.beta1": 0.5},
    "strength": {"regularizers.0.strength": 0.05},
    "no clipping": {"regularizers": [{"key": "l1", "strength": 0.01}, {"key": "weight_decay"}]},
    "dropout": {"regularizers.2": {"key": "dropout", "p": 0.6, "where": "hidden"}},
    "smaller batches": {"batch_size": 8},
    "larger batches": {"batch_size": 40},
    "augmentation": {"augmentations": ["rotate"]},
    "no augmentation": {"augmentations": []},
    "frozen": {"frozen": ["conv.1"]},
    "all of it": {"optimizer": "adamw", "batch_size": 7, "frozen": ["dense.1"], "augmentations.1": None},
}


@pytest.mark.parametrize(
    ("change", "engine"), [*((name, SOLO) for name in CHANGES), ("frozen", STACKED), ("all of it", STACKED)]
)
def test_a_run_taken_up_from_any_update_around_a_change_ends_with_the_same_bits(
    change: str, engine: str, tmp_path: Path
):
    recipe = [Event(4, "set", CHANGES[change])]
    where = replace(conditions("float32", convolutional=True), engine=engine)
    diary = Diary()
    run = Run(everything(), tmp_path, conditions=where, recipe=recipe, listener=diary)
    states = []
    while not run.is_over:
        run.train(run.step_count + 1 if states else 0)
        states.append(copy_of(run))
    for state in states:
        heard = Diary()
        again = Run(everything(), tmp_path, conditions=where, recipe=recipe, listener=heard)
        again.load_state(*state)
        again.train()
        step = state[1]["step"]
        assert bits(again) == bits(run), f"from update {step}"
        assert heard.series() == diary.series(after=step)
        assert numbers(again.evaluations) == numbers(run.evaluations, after=step)
    plain, _ = trained(everything(), tmp_path)
    assert weights_sha256(plain.parts.model) != weights_sha256(run.parts.model), "it has an effect"


@pytest.mark.parametrize("values", CHANGES.values(), ids=CHANGES)
def test_a_command_gives_what_the_recipe_gives(values: dict[str, Any], tmp_path: Path):
    diary = Diary()
    run = by_hand(Run(everything(), tmp_path, listener=diary), 5, values)
    assert same((run, diary), trained(everything(), tmp_path, recipe=[Event(5, "set", values)]))


@pytest.mark.parametrize("values", CHANGES.values(), ids=CHANGES)
def test_a_change_before_the_first_update_gives_the_run_that_had_it_from_the_start(
    values: dict[str, Any], tmp_path: Path
):
    run, diary = trained(everything(), tmp_path, recipe=[Event(0, "set", values)])
    other, heard = trained(changed(everything(), values)[0], tmp_path)
    assert weights_sha256(run.parts.model) == weights_sha256(other.parts.model)
    series = {name: values for name, values in diary.series().items() if name in heard.series()}
    assert series == heard.series()
    assert numbers(run.evaluations) == numbers(other.evaluations)


@pytest.mark.parametrize("values", CHANGES.values(), ids=CHANGES)
def test_a_change_that_is_taken_back_at_once_leaves_weights_and_memory_alone(values: dict[str, Any], tmp_path: Path):
    run = Run(everything(), tmp_path).train(until=5)
    before = bits(run)
    back = {path: value for path, value in everything().to_json().items() if path in LIVE}
    run.apply(Event(0, "set", values))
    run.apply(Event(0, "set", back))
    kept = {name: value for name, value in bits(run).items() if "key" not in str(values) or "optimizer" not in name}
    assert kept == {name: before[name] for name in kept}
    assert run.current == run.experiment


def test_after_a_change_batches_have_the_new_size_and_hold_every_sample_once(tmp_path: Path):
    seen: list[Batch] = []
    run = Run(points(), tmp_path).train(until=6)
    run.apply(Event(0, "set", {"batch_size": 8}))
    run.parts.loop.watch = lambda step, batch: seen.append(batch)
    run.train()
    assert [len(batch.inputs) for batch in seen[:8]] == [8] * 8
    for start in (0, 8):
        ids = torch.cat([batch.sample_ids for batch in seen[start : start + 8]])
        assert sorted(ids.tolist()) == sorted(run.parts.data.splits.train.tolist())
    assert run.epoch == run.latest.epoch == 4.0  # type: ignore[union-attr]
    assert run.step_count == 6 + 20


def test_passes_are_counted_on_in_rows_and_evaluations(tmp_path: Path):
    run, diary = changed_at(points(), tmp_path, 6, batch_size=8)
    epochs = row_of(diary, "epoch")
    assert epochs[:8].tolist() == [0.25, 0.5, 0.75, 1.0, 1.25, 1.5, 1.625, 1.75]
    assert epochs[-1] == 4.0
    assert np.all(np.diff(epochs) > 0)
    assert [item.epoch for item in run.evaluations][-1] == 4.0
    steps = [item.step for item in run.evaluations]
    assert 6 in steps
    assert len(steps) == len(set(steps))


def test_after_a_change_of_their_size_batches_come_from_the_next_pass(tmp_path: Path):
    run, _ = changed_at(points(), tmp_path, 6, batch_size=8)
    other = Run(points(batch_size=8), tmp_path)
    for step in range(16):
        one, two = run.parts.feed.batch(6 + step), other.parts.feed.batch(16 + step)
        assert torch.equal(one.sample_ids, two.sample_ids)


def test_a_change_between_passes_begins_the_pass_that_was_next(tmp_path: Path):
    run, _ = changed_at(points(), tmp_path, 8, batch_size=8)
    other = Run(points(batch_size=8), tmp_path)
    for step in range(8):
        one, two = run.parts.feed.batch(8 + step), other.parts.feed.batch(16 + step)
        assert torch.equal(one.sample_ids, two.sample_ids)


def test_what_is_frozen_keeps_its_bits_and_its_gradients_are_measured(tmp_path: Path):
    regularizers = [{"key": "l2", "strength": 0.1}, {"key": "weight_decay", "weight_decay": 0.1}, {"key": "clip_norm"}]
    experiment = images(regularizers=regularizers, optimizer="adam")
    run = Run(experiment, tmp_path).train(until=4)
    diary = run.listener = Diary()
    run.apply(Event(0, "set", {"frozen": ["conv.1"]}))
    before = {name: tensor.clone() for name, tensor in run.parts.model.state_dict().items()}
    run.train()
    for name, tensor in run.parts.model.state_dict().items():
        assert torch.equal(tensor, before[name]) == name.startswith("conv.1."), name
    assert np.isfinite(row_of(diary, "gradient_norm/conv.1")).all()
    assert (row_of(diary, "update_ratio/conv.1") == -np.inf).all()
    assert np.isfinite(row_of(diary, "update_ratio/output")).all()


def test_layers_can_be_frozen_from_the_start_and_thawed(tmp_path: Path):
    run = Run(points(frozen=["hidden.1"]), tmp_path)
    first = {name: tensor.clone() for name, tensor in run.parts.model.state_dict().items()}
    run.train(until=6)
    assert torch.equal(run.parts.model.state_dict()["hidden.1.weight"], first["hidden.1.weight"])
    run.apply(Event(0, "set", {"frozen": []}))
    run.train()
    assert not torch.equal(run.parts.model.state_dict()["hidden.1.weight"], first["hidden.1.weight"])


def test_clipping_counts_only_what_moves(tmp_path: Path):
    clip = {"regularizers": [{"key": "clip_norm", "max_norm": 1e-3}], "optimizer": {"key": "sgd", "lr": 1.0}}
    run = Run(points(frozen=["hidden.1"], precision="float64", **clip), tmp_path)
    before = run.parts.model.state_dict()["output.weight"].clone(), run.parts.model.state_dict()["output.bias"].clone()
    run.step()
    moved = sum(
        float((run.parts.model.state_dict()[name] - old).square().sum())
        for name, old in zip(("output.weight", "output.bias"), before, strict=True)
    )
    assert moved**0.5 == pytest.approx(1e-3)


def test_clipping_that_is_added_is_recorded_from_then_on(tmp_path: Path):
    _, diary = changed_at(points(), tmp_path, 5, regularizers=[{"key": "clip_norm", "max_norm": 1e-6}])
    with_clipping = [block for block in diary.blocks if "clipped" in block.columns]
    assert with_clipping[0].steps[0] == 6
    assert all((block.columns["clipped"] == 1).all() for block in with_clipping)


def test_a_penalty_that_is_taken_out_is_no_longer_recorded(tmp_path: Path):
    experiment = points(regularizers=[{"key": "l2", "strength": 0.1}])
    _, diary = changed_at(experiment, tmp_path, 5, regularizers=[])
    penalty = row_of(diary, "batch/penalty")
    assert (penalty[:5] > 0).all()
    assert (penalty[5:] == 0).all()


def test_a_dropout_that_changes_during_an_evaluation_leaves_the_evaluation_alone(tmp_path: Path):
    evaluations = []
    for p in (0.0, 0.9):
        run = Run(images(), tmp_path)
        run.parts.piece_size = 16
        while not run.is_evaluating:
            run.piece()
        run.apply(Event(0, "set", {"regularizers": [{"key": "dropout", "p": p}]}))
        run.train(until=0)
        evaluations.append(numbers(run.evaluations))
    assert evaluations[0] == evaluations[1]


@pytest.mark.parametrize("step", [1, 5])
def test_an_update_that_diverges_after_a_change_of_optimizer_is_taken_back(step: int, tmp_path: Path):
    recipe = [Event(4, "set", {"optimizer": {"key": "adagrad"}})]
    run = Run(points(), tmp_path, recipe=recipe).train(until=4 + step - 1)
    before = bits(run)
    plain = run.parts.loop.criterion
    run.parts.loop.criterion = lambda outputs, targets: plain(outputs, targets) * float("nan")
    run.train()
    assert run.outcome is not None
    assert run.outcome.state == "diverged"
    kept = {name: value for name, value in bits(run).items() if not name.startswith("best.")}
    assert kept == {name: before[name] for name in kept}


# -- the optimizer's memory --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("key", list(entries("optimizers")))
def test_an_optimizer_names_what_it_keeps(key: str, tmp_path: Path):
    run = Run(points(optimizer=key), tmp_path)
    run.step()
    entry: Optimizer = run.experiment.optimizer
    kept = {name.split(".", 1)[1] for name in run.parts.optimizer_state()} - {"step"}
    assert kept == set(entry.memory)


@pytest.mark.parametrize(
    ("old", "new", "is_carried", "said"),
    [
        ("momentum", "nesterov", True, "Nesterov momentum goes on with velocities as momentum had left them."),
        ("adam", "adamw", True, "AdamW goes on with"),
        ("adam", {"key": "adam", "beta1": 0.5}, True, "Adam goes on with its"),
        ("momentum", "adam", False, "Adam starts with its"),
        ("sgd", "momentum", False, "SGD had kept nothing"),
        ("adam", "sgd", False, "were dropped"),
        ("sgd", {"key": "momentum", "momentum": 0.0}, False, "Nothing had to be carried over"),
        ("rmsprop", "adadelta", False, "mean something else"),
    ],
)
def test_what_means_the_same_is_carried_over_and_it_is_said(
    old: Any, new: Any, is_carried: bool, said: str, tmp_path: Path
):
    run = Run(points(optimizer=old), tmp_path).train(until=5)
    before = {name: tensor.clone() for name, tensor in run.parts.optimizer_state().items()}
    run.apply(Event(0, "set", {"optimizer": new}))
    after = run.parts.optimizer_state()
    assert said in str(run.carried_over())
    if is_carried:
        assert after.keys() == before.keys()
        assert all(torch.equal(after[name], before[name]) for name in after)
    else:
        assert not any(tensor.any() for tensor in after.values())


def test_momentum_that_becomes_nesterovs_is_what_a_loop_with_the_same_buffers_gives(tmp_path: Path):
    run, _ = changed_at(points(optimizer={"key": "momentum", "lr": 0.05}), tmp_path, 5, optimizer__key="nesterov")
    plain = Run(points(optimizer={"key": "momentum", "lr": 0.05}), tmp_path)
    parts = plain.parts
    first = parts.fresh_optimizer()
    for step in range(16):
        if step == 5:
            buffers = [first.state[parameter]["momentum_buffer"] for parameter in parts.loop.parameters]
            first = torch.optim.SGD(parts.loop.parameters, lr=0.05, momentum=0.9, nesterov=True, fused=True)
            for parameter, buffer in zip(parts.loop.parameters, buffers, strict=True):
                first.state[parameter]["momentum_buffer"] = buffer
        batch = parts.feed.batch(step)
        first.zero_grad()
        parts.loop.loss_of(batch).backward()
        first.step()
    assert weights_sha256(run.parts.model) == weights_sha256(parts.model)


def test_what_is_carried_over_when_layers_thaw_is_said():
    text = str(carried_over(points(frozen=["hidden.1"]), points()))
    assert "those of hidden.1 start at 0" in text


def test_the_loop_shows_the_very_batch_that_the_network_is_fed(tmp_path: Path):
    run = Run(everything(), tmp_path)
    seen: list[tuple[int, Batch]] = []
    fed: list[torch.Tensor] = []
    run.parts.loop.watch = lambda step, batch: seen.append((step, batch))
    run.parts.model.register_forward_pre_hook(lambda _, args: fed.append(args[0]) if run.parts.model.training else None)
    while run.step_count < 4:
        run.step()
    assert [step for step, _ in seen] == [0, 1, 2, 3]
    assert all(batch.inputs is tensor for (_, batch), tensor in zip(seen, fed, strict=True))


def test_a_learning_rate_is_refused_where_there_is_none():
    with pytest.raises(BadInput, match=r"no learning rate to set.*AdaDelta"):
        check_rate(points(optimizer="adadelta"), {"lr": 0.01})
    check_rate(points(optimizer="adam"), {"lr": 0.01})
