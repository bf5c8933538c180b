"""Which runs share a stack is a rule of their experiments and of a table: the same answer everywhere, without torch."""

from __future__ import annotations

import subprocess
import sys
from typing import Any

import pytest

from core.experiment import Experiment
from core.training.stacking import plan
from core.training.stacking.plan import MOST_ROWS, stack_of, why_alone
from core.training.stacking.table import SEVERAL_THREADS, TABLE, Limit
from tests.experiments import everything, images, points

FEWEST = TABLE["dense"][0].num_rows


@pytest.fixture(autouse=True)
def one_thread(monkeypatch: pytest.MonkeyPatch):
    """The table of machines on which a solo run has one thread."""
    monkeypatch.setattr(plan, "default_threads", lambda: 1)


def test_what_may_differ_between_the_rows_of_a_stack():
    experiments = [
        points(),
        points(seed=3, optimizer="rmsprop", schedule="cosine"),
        points(regularizers=["l2", "dropout"], initializer="xavier"),
        points(augmentations=["noise"], epochs=9, evaluate_every=2, name="another"),
    ]
    assert stack_of(experiments).stacks == ((0, 1, 2, 3),)
    assert stack_of(experiments).alone == {}


@pytest.mark.parametrize(
    "changes",
    [
        {"architecture": {"key": "mlp", "widths": [9]}},
        {"architecture": {"key": "mlp", "widths": [8], "activation": "tanh"}},
        {"architecture": {"key": "mlp", "widths": [8], "normalization": "batch"}},
        {"dataset": {"key": "moons", "n": 65}},
        {"split_seed": 1},
        {"train_size": 20},
        {"batch_size": 17},
        {"precision": "float64"},
        {"loss": "label_smoothing"},
    ],
    ids=str,
)
def test_what_must_agree(changes: dict[str, Any]):
    here, there = (
        [points(seed=seed) for seed in range(FEWEST)],
        [points(seed=seed, **changes) for seed in range(FEWEST)],
    )
    grouping = stack_of([*here, *there])
    assert grouping.stacks == (tuple(range(FEWEST)), tuple(range(FEWEST, 2 * FEWEST)))


def test_a_networks_own_dropout_may_differ():
    networks = [{**everything().to_json()["architecture"], "dropout": p} for p in (0.0, 0.2, 0.5, 0.5)]
    assert stack_of([everything(architecture=network) for network in networks]).stacks == ((0, 1, 2, 3),)


def test_too_few_runs_of_one_kind_train_alone_and_are_told_so():
    experiments = [points(seed=seed) for seed in range(FEWEST - 1)]
    grouping = stack_of([*experiments, everything()])
    assert grouping.stacks == ()
    assert list(grouping.alone) == list(range(FEWEST))
    assert f"{FEWEST - 1} of these runs have the same network" in str(grouping.alone[0])


def test_who_can_be_no_row_is_told_why(monkeypatch: pytest.MonkeyPatch):
    assert why_alone(points()) is None
    assert "bfloat16" in str(why_alone(points(precision="bfloat16")))
    assert "Only on CPUs" in str(why_alone(points(), "cuda"))
    optimizer = points().optimizer
    monkeypatch.setattr(type(optimizer), "evaluations_per_step", 2)
    assert "more than one gradient" in str(why_alone(points()))
    monkeypatch.undo()
    for key in ("resnet", "efficient_cnn", "rnn", "gru", "lstm", "attention"):
        assert "one by one" in str(why_alone(images(architecture=key))), key


def test_networks_beyond_the_table_train_alone(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setitem(TABLE, "dense", (Limit(plan.multiplications(points()), 2),))
    assert stack_of([points(), points(seed=1)]).stacks == ((0, 1),)
    wider = [points(architecture={"key": "mlp", "widths": [9]}, seed=seed) for seed in (0, 1)]
    assert stack_of(wider).stacks == ()
    assert "no faster" in str(stack_of(wider).alone[0])


def test_where_solo_runs_have_several_threads_only_small_networks_stack():
    for experiment, stacks in ((points(), True), (everything(), False)):
        experiments = [experiment.replace(seed=seed) for seed in range(8)]
        assert bool(stack_of(experiments, threads=3).stacks) == stacks
        assert stack_of(experiments, threads=1).stacks == (tuple(range(8)),)


def test_many_runs_make_several_stacks_of_about_the_same_size():
    grouping = stack_of([points(seed=seed) for seed in range(MOST_ROWS + 2)])
    assert [len(stack) for stack in grouping.stacks] == [MOST_ROWS // 2 + 1] * 2


def test_the_table_grows_with_the_size_of_the_networks():
    for limits in (*TABLE.values(), *SEVERAL_THREADS.values()):
        assert list(limits) == sorted(limits)
        assert all(limit.num_rows >= 2 for limit in limits)


def test_the_rule_loads_no_torch():
    program = (
        "import sys, core.catalog; from core.experiment import Experiment; from core.training.stacking.plan import "
        "stack_of; stack_of([Experiment.from_json({'seed': seed}) for seed in range(8)]); "
        "sys.exit('torch' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", program], check=False, timeout=100).returncode == 0


def test_an_experiment_alone_is_a_stack_of_nobody():
    assert stack_of([Experiment()]).stacks == ()
    assert stack_of([]).stacks == ()
