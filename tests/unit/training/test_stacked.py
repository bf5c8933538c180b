"""A run in a stack is the run it would be alone: equal numbers to a solo run, and bits that no other row can change."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from core.catalog.registry import entries, parse
from core.experiment import Experiment
from core.training.assembly import conditions_of
from core.training.device import STACKED
from core.training.events import Event
from core.training.run import Run
from core.training.stacked import Stack, stacks_of
from tests.experiments import EVERYTHING, IMAGES, POINTS, Diary, bits, copy_of, everything, points, row_of, same
from tests.experiments import NETWORKS as TINY

OPTIMIZERS = [key for key in entries("optimizers") if parse("optimizers", key).stackable]  # type: ignore[attr-defined]
DECAYING = [key for key in OPTIMIZERS if parse("optimizers", key).own_weight_decay]  # type: ignore[attr-defined]
"""They have a weight decay of their own, and are refused another one."""
NUM_STEPS = 20
"""Five epochs: momenta, corrections and rates have changed, and what is drawn has been drawn anew."""
SIGNAL = {
    "dataset": "mnist_1d",
    "train_size": 40,
    "architecture": {"key": "cnn", "blocks": [{"channels": 3, "kernel": 5, "pooling": "max"}], "dense": []},
    "batch_size": 16,
}
ODD = {**POINTS, "batch_size": 15}
"""Batches and layers whose rows end in the middle of a vector."""


def stackable(experiment: Experiment, folder: Path) -> tuple[Run, Diary]:
    diary = Diary()
    return Run(experiment, folder, conditions=conditions_of(experiment, engine=STACKED), listener=diary), diary


def rows(document: dict[str, Any], **changes: Any) -> list[Experiment]:
    """One experiment for each optimizer, with three seeds; no evaluation."""
    long = {"epochs": NUM_STEPS, "evaluate_every": 10**6, **changes}
    return [Experiment.from_json({**document, **long, "optimizer": o, "seed": i % 3}) for i, o in enumerate(OPTIMIZERS)]


def logits(run: Run) -> torch.Tensor:
    """What the network answers for a fixed batch."""
    run.parts.model.eval()
    with torch.no_grad():
        outputs = run.parts.model(run.parts.feed.rows(run.parts.data.splits.validation[:16]).inputs)
    run.parts.model.train()
    return outputs


def beside_solo(experiments: list[Experiment], folder: Path, num_steps: int = NUM_STEPS) -> list[tuple[float, float]]:
    """For each run the largest relative difference from its solo run: of a loss, and of the logits of a fixed batch."""
    found = []
    pairs = [stackable(experiment, folder) for experiment in experiments]
    stack = Stack([run for run, _ in pairs])
    for _ in range(num_steps):
        stack.step()
    for run, diary in pairs:
        run.flush()
        heard = Diary()
        solo = Run(run.experiment, folder, listener=heard)
        for _ in range(num_steps):
            solo.step()
        solo.flush()
        assert diary.series().keys() == heard.series().keys()
        for name in diary.series():
            np.testing.assert_allclose(row_of(diary, name), row_of(heard, name), rtol=1e-4, atol=1e-4, err_msg=name)
        losses, expected = row_of(diary, "batch/loss"), row_of(heard, "batch/loss")
        answers, right = logits(run), logits(solo)
        found.append(
            (
                float(np.max(np.abs(losses - expected) / np.abs(expected))),
                float((answers - right).abs().max() / right.abs().max()),
            )
        )
    return found


def mlp(**fields: Any) -> dict[str, Any]:
    return {**ODD, "architecture": {"key": "mlp", "widths": [8, 6], **fields}}


NETWORKS: dict[str, dict[str, Any]] = {
    "points": POINTS,
    "odd batches": ODD,
    "logistic": {**ODD, "architecture": "logistic"},
    "numbers": {**POINTS, "dataset": "polynomial"},
    "images": IMAGES,
    "images as features": {**IMAGES, "architecture": {"key": "mlp", "widths": [16]}},
    "odd widths": {**IMAGES, "architecture": {"key": "mlp", "widths": [33, 5]}, "batch_size": 7},
    "everything": EVERYTHING,
    "signals": SIGNAL,
    "global average": {**IMAGES, "architecture": {**IMAGES["architecture"], "global_average": True, "dense": []}},
    **{f"{norm} normalization": mlp(normalization=norm, groups=2) for norm in ("batch", "layer", "group")},
    **{f"convolutions, {norm}": {**IMAGES, "architecture": {**IMAGES["architecture"], "normalization": norm}}
       for norm in ("batch", "layer")},
    **{key: mlp(activation=key) for key in entries("activations")},
    "residual": mlp(widths=[7, 7, 7], residual=True, normalization="batch"),
    "residual, odd batches": mlp(widths=[5, 5], residual=True),
    "residual convolutions": {**IMAGES, "architecture": TINY["residual cnn"]},
}  # fmt: skip


@pytest.mark.parametrize("name", NETWORKS)
def test_in_float64_losses_and_logits_equal_those_of_solo_runs(name: str, tmp_path: Path):
    for loss, answer in beside_solo(rows(NETWORKS[name], precision="float64"), tmp_path):
        assert loss < 1e-9
        assert answer < 1e-9


@pytest.mark.parametrize("key", [k for k, cls in entries("losses").items() if "classification" in cls.tasks])  # type: ignore[attr-defined]
def test_every_loss_is_the_one_of_solo_runs(key: str, tmp_path: Path):
    assert np.max(beside_solo(rows(ODD, precision="float64", loss=key), tmp_path)) < 1e-9


TERMS = [["l1"], ["l2"], ["weight_decay"], ["dropout"], ["clip_norm"], ["clip_value"], []]


def test_every_row_has_its_own_regularizers_and_schedule(tmp_path: Path):
    experiments = [
        item.replace(regularizers=terms, schedule=schedule)
        for item, terms, schedule in zip(
            rows(mlp(), precision="float64"), TERMS, ["cosine", "constant"] * 4, strict=False
        )
    ]
    several = ["l1", "l2", {"key": "clip_value", "max_value": 0.1}, {"key": "clip_norm", "max_norm": 0.1}, "dropout"]
    experiments.append(experiments[0].replace(regularizers=several))
    assert np.max(beside_solo(experiments, tmp_path)) < 1e-9


def test_every_row_leaves_out_branches_of_its_own(tmp_path: Path):
    experiments = [
        item.replace(regularizers=[*terms])
        for item, terms in zip(
            rows(NETWORKS["residual"], precision="float64"),
            [["stochastic_depth", "dropout"], [], ["stochastic_depth"]],
            strict=False,
        )
    ]
    assert np.max(beside_solo(experiments, tmp_path)) < 1e-9


@pytest.mark.parametrize("name", ["points", "images as features", "images", "batch normalization", "everything"])
def test_in_float32_losses_of_gradient_descent_agree_to_five_digits(name: str, tmp_path: Path):
    for key in ("sgd", "momentum", "nesterov"):
        experiments = [item.replace(optimizer={"key": key, "lr": 0.02}) for item in rows(NETWORKS[name])[:3]]
        for loss, _ in beside_solo(experiments, tmp_path, 50):  # Roundings add up.
            assert loss < 1e-5


# -- rows do not know of each other --------------------------------------------------------------------------------


def together(experiments: list[Experiment], folder: Path, num_steps: int) -> list[tuple[Run, Diary]]:
    pairs = [stackable(experiment, folder) for experiment in experiments]
    stack = Stack([run for run, _ in pairs])
    for _ in range(num_steps):
        stack.step()
    for run, _ in pairs:
        run.flush()
    return pairs


def alike(one: tuple[Run, Diary], two: tuple[Run, Diary]) -> bool:
    """Equal weights, memory of the optimizer and series, bit for bit."""
    return bits(one[0]) == bits(two[0]) and one[1].series() == two[1].series() and one[1].steps == two[1].steps


@pytest.mark.parametrize(
    "name",
    [
        *("points", "odd batches", "odd widths", "everything", "sigmoid", "gelu", "batch normalization"),
        *("residual, odd batches", "residual convolutions"),
    ],
)
def test_bits_depend_neither_on_the_other_rows_nor_on_their_number(name: str, tmp_path: Path):
    experiments = rows(NETWORKS[name])
    alone = [together([experiment], tmp_path, 13)[0] for experiment in experiments]
    every = range(len(experiments))
    for chosen in (every, every[::-1], [3, 0, 5], [4, 12], [4, 4, 4, 6, 1]):
        for place, pair in zip(chosen, together([experiments[p] for p in chosen], tmp_path, 13), strict=True):
            assert alike(pair, alone[place]), (place, list(chosen))


def test_a_stack_computes_with_one_thread_however_many_there_are(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("core.training.device.default_threads", lambda: 2)
    assert conditions_of(points()).threads == 2
    run, _ = stackable(points(), tmp_path)
    torch.set_num_threads(2)
    Stack([run]).step()
    assert torch.get_num_threads() == run.conditions.threads == 1


def test_a_run_with_this_engine_trains_alone_as_it_does_among_others(tmp_path: Path):
    experiments = [everything(seed=seed, optimizer=key) for seed, key in enumerate(("adam", "rmsprop", "momentum"))]
    pairs = [stackable(experiment, tmp_path) for experiment in experiments]
    (stack,) = stacks_of([run for run, _ in pairs])
    while not all(run.is_over for run, _ in pairs):
        due = [run for run, _ in pairs if not run.is_over and not run.update_is_next]
        for run in due:
            run.piece()
        if not due:
            stack.step([run for run, _ in pairs if not run.is_over])
    for run, diary in pairs:
        run.flush()
        alone = stackable(run.experiment, tmp_path)
        alone[0].train()
        assert same((run, diary), alone)


def test_the_rest_goes_on_where_rows_leave(tmp_path: Path):
    experiments = rows(EVERYTHING)[:4]
    pairs = [stackable(experiment, tmp_path) for experiment in experiments]
    runs = [run for run, _ in pairs]
    stack = Stack(runs)
    for staying in ([0, 1, 2, 3], [0, 1, 3], [1, 3], [3]):
        for _ in range(4):
            stack.step([runs[place] for place in staying])
    for place, (run, diary) in enumerate(pairs):
        run.flush()
        assert alike((run, diary), together([experiments[place]], tmp_path, run.step_count)[0])
    assert [run.step_count for run in runs] == [8, 12, 4, 16]


def test_a_saved_row_goes_on_as_a_stack_of_one(tmp_path: Path):
    experiments = rows(EVERYTHING)
    whole = together(experiments, tmp_path, 11)
    saved = [copy_of(run) for run, _ in together(experiments, tmp_path, 4)]
    for experiment, state, (run, _) in zip(experiments, saved, whole, strict=True):
        resumed, _ = stackable(experiment, tmp_path)
        resumed.load_state(*state)
        for _ in range(7):
            resumed.step()
        assert bits(resumed) == bits(run), experiment.optimizer


def test_a_state_put_back_among_others_is_the_one_that_is_used(tmp_path: Path):
    experiments = rows(mlp())
    pairs = [stackable(experiment, tmp_path) for experiment in experiments]
    stack = Stack([run for run, _ in pairs])
    for _ in range(3):
        stack.step()
    saved = [copy_of(run) for run, _ in pairs]
    after = []
    for _ in range(2):
        for _ in range(4):
            stack.step()
        after.append([bits(run) for run, _ in pairs])
        for (run, _), state in zip(pairs, saved, strict=True):
            run.flush()
            run.load_state(*state)
    assert after[0] == after[1]


# -- divergence -------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("stacked")


@cache
def alone(experiment: Experiment, folder: Path, num_steps: int) -> tuple[Run, Diary]:
    """What the runs beside each bad row are compared with; nobody changes it."""
    return together([experiment], folder, num_steps)[0]


@pytest.mark.parametrize("bad", OPTIMIZERS)
@pytest.mark.parametrize("step", [0, 3])
def test_a_row_that_diverges_keeps_its_state_and_disturbs_no_other(bad: str, step: int, folder: Path):
    experiments = rows(EVERYTHING, regularizers=["l2"] if bad in DECAYING else ["l2", "weight_decay"])
    if bad not in DECAYING:
        experiments = [item for item in experiments if item.optimizer.key not in DECAYING]
    place = [item.optimizer.key for item in experiments].index(bad)
    pairs = [stackable(experiment, folder) for experiment in experiments]
    stack = Stack([run for run, _ in pairs])
    for _ in range(step):
        stack.step()
    run, diary = pairs[place]
    before, _ = copy_of(run)
    spoil(run)
    for _ in range(6):
        stack.step()
    run.flush()
    assert run.is_ending
    assert run.step_count == step
    assert diary.events[-1] == Event(step + 1, "diverged", diary.events[-1].values)
    after, _ = copy_of(run)
    assert {name: tensor.numpy().tobytes() for name, tensor in after.items() if name in before} == {
        name: tensor.numpy().tobytes() for name, tensor in before.items()
    }
    for other, heard in pairs:
        if other is not run:
            other.flush()
            assert alike((other, heard), alone(other.experiment, folder, step + 6))  # type: ignore[arg-type]


def spoil(run: Run) -> None:
    """From now on the run is fed what is no number."""
    batch_of = run.parts.loop.batch_of

    def spoiled(step: int) -> Any:
        batch = batch_of(step)
        return batch._replace(inputs=torch.full_like(batch.inputs, float("nan")))

    run.parts.loop.batch_of = spoiled


# -- changes while it runs --------------------------------------------------------------------------------------------

CHANGES: list[dict[str, Any]] = [
    {"optimizer.lr": 0.003},
    {"optimizer": "adadelta"},
    {"optimizer": {"key": "nesterov", "lr": 0.01}},
    {"batch_size": 8},
    {"frozen": ["conv.1"]},
    {"regularizers": [{"key": "dropout", "p": 0.5}, "l1"]},
    {"augmentations": ["flip"]},
]


@pytest.mark.parametrize("values", CHANGES, ids=str)
def test_a_change_in_one_row_gives_what_it_gives_alone(values: dict[str, Any], tmp_path: Path):
    experiments = [everything(seed=seed, optimizer=key) for seed, key in enumerate(("adam", "rmsprop", "momentum"))]
    pairs = [stackable(experiment, tmp_path) for experiment in experiments]
    stack = Stack([run for run, _ in pairs])
    for step in range(12):
        if step == 5:
            pairs[1][0].apply(Event(5, "set", values))
        stack.step()
    for place, (run, diary) in enumerate(pairs):
        run.flush()
        alone, heard = stackable(experiments[place], tmp_path)
        for step in range(12):
            if step == 5 and place == 1:
                alone.apply(Event(5, "set", values))
            alone.step()
        alone.flush()
        assert alike((run, diary), (alone, heard))


def test_a_frozen_layer_stays_as_it_is(tmp_path: Path):
    pairs = together([item.replace(frozen=["hidden.1"]) for item in rows(mlp())], tmp_path, 5)
    for run, diary in pairs:
        fresh = Run(run.experiment, tmp_path)
        assert torch.equal(run.parts.model.hidden["1"].weight, fresh.parts.model.hidden["1"].weight)  # type: ignore[index]
        assert not torch.equal(run.parts.model.output.weight, fresh.parts.model.output.weight)  # type: ignore[union-attr]
        assert np.all(np.isfinite(row_of(diary, "gradient_norm/hidden.1")))


# -- what is shared ---------------------------------------------------------------------------------------------------


def test_rows_with_one_order_are_fed_the_very_same_batch(tmp_path: Path):
    seen: dict[int, list[Any]] = {}
    pairs = [stackable(points(seed=seed), tmp_path) for seed in (0, 0, 1)]
    for place, (run, _) in enumerate(pairs):
        run.parts.loop.watch = lambda step, batch, place=place: seen.setdefault(place, []).append((step, batch))
    stack = Stack([run for run, _ in pairs])
    for _ in range(3):
        stack.step()
    assert [step for step, _ in seen[0]] == [0, 1, 2]
    assert all(one[1] is two[1] for one, two in zip(seen[0], seen[1], strict=True))
    assert not any(torch.equal(one[1].inputs, two[1].inputs) for one, two in zip(seen[0], seen[2], strict=True))


def test_each_row_is_charged_its_share_of_the_time(tmp_path: Path):
    pairs = together([points(seed=seed) for seed in range(4)], tmp_path, 3)
    assert len({run.train_s for run, _ in pairs}) == 1
    assert all(np.all(np.diff(row_of(diary, "train_s")) > 0) for _, diary in pairs)


def test_runs_are_put_together_by_what_they_compute(tmp_path: Path):
    experiments = [points(seed=0), everything(), points(seed=1), points(batch_size=8)]
    runs = [stackable(experiment, tmp_path)[0] for experiment in experiments]
    solo = Run(points(), tmp_path)
    assert [stack.runs for stack in stacks_of([*runs, solo])] == [[runs[0], runs[2]], [runs[1]], [runs[3]]]
