"""Taken up from any update, a run ends with the bits of one that was never interrupted."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from core.catalog.registry import entries
from core.experiment import Experiment
from core.training.checkpoint import read_snapshot, write_snapshot
from core.training.events import Event
from core.training.run import Run
from core.training.weights import weights_sha256
from tests.experiments import NETWORKS, Diary, bits, copy_of, everything, images, numbers, points, row_of, same, trained

State = tuple[dict[str, Any], dict[str, Any]]


def states_of(
    experiment: Experiment, folder: Path, recipe: list[Event] | None = None
) -> tuple[list[State], Run, Diary]:
    """The state at every update of a run, the run at its end, and what was heard of it."""
    diary = Diary()
    run = Run(experiment, folder, recipe=recipe or (), listener=diary)
    states = []
    while not run.is_over:
        run.train(run.step_count + 1 if states else 0)
        states.append(copy_of(run))
    return states, run, diary


def resumed(experiment: Experiment, folder: Path, state: State, recipe: list[Event] | None = None) -> tuple[Run, Diary]:
    """A run taken up from a state and trained to its end."""
    diary = Diary()
    run = Run(experiment, folder, recipe=recipe or (), listener=diary)
    run.load_state(*state)
    return run.train(), diary


def assert_equal_from_everywhere(experiment: Experiment, folder: Path, recipe: list[Event] | None = None) -> None:
    states, run, diary = states_of(experiment, folder, recipe)
    for tensors, position in states:
        again, heard = resumed(experiment, folder, (tensors, position), recipe)
        step = position["step"]
        assert weights_sha256(again.parts.model) == weights_sha256(run.parts.model), f"from update {step}"
        assert bits(again) == bits(run), f"from update {step}"
        assert heard.series() == diary.series(after=step)
        assert numbers(again.evaluations) == numbers(run.evaluations, after=step)
        assert again.outcome == run.outcome
        assert again.final is not None
        assert run.final is not None
        assert numbers([again.final]) == numbers([run.final])


@pytest.mark.parametrize("optimizer", list(entries("optimizers")))
def test_from_any_update_with_everything_that_draws_or_remembers(optimizer: str, tmp_path: Path):
    assert_equal_from_everywhere(everything(optimizer=optimizer), tmp_path)


@pytest.mark.parametrize("name", NETWORKS)
def test_from_any_update_of_every_network(name: str, tmp_path: Path):
    dropout = {"key": "dropout", "where": "hidden", "p": 0.3}
    changes = {"architecture": NETWORKS[name], "regularizers": [dropout, "stochastic_depth"], "epochs": 2}
    assert_equal_from_everywhere(everything(**changes), tmp_path)
    assert trained(everything(**{**changes, "precision": "bfloat16"}), tmp_path)[0].final is not None


@pytest.mark.parametrize("precision", ["float64", "bfloat16"])
def test_from_any_update_in_other_precisions(precision: str, tmp_path: Path):
    assert_equal_from_everywhere(everything(precision=precision, epochs=2), tmp_path)


def test_from_any_update_of_a_run_that_early_stopping_ends(tmp_path: Path):
    stop = {"key": "early_stopping", "patience": 1}
    experiment = points(regularizers=[stop], optimizer={"key": "sgd", "lr": 3.0}, epochs=6, evaluate_every=3)
    _, run, _ = states_of(experiment, tmp_path)
    assert run.outcome is not None
    assert run.outcome.reason == "early_stopping"
    assert_equal_from_everywhere(experiment, tmp_path)


def test_from_any_update_of_a_run_whose_errors_lower_the_learning_rate(tmp_path: Path):
    schedule = {"key": "plateau", "patience": 1, "gamma": 0.5}
    experiment = points(schedule=schedule, optimizer={"key": "sgd", "lr": 3.0}, epochs=5, evaluate_every=2)
    _, run, diary = states_of(experiment, tmp_path)
    rates = row_of(diary, "lr")
    assert rates[0] == 3.0
    assert run.learning_rate < 3.0
    drops = np.flatnonzero(np.diff(rates)) + 1
    assert len(drops) > 0
    assert set(drops % 2) == {0}
    assert_equal_from_everywhere(experiment, tmp_path)


def test_from_any_update_of_a_run_whose_recipe_has_events(tmp_path: Path):
    recipe = [Event(3, "set", {"lr": 0.03}), Event(5, "extend", {"epochs": 1}), Event(8, "set", {"lr": 0.001})]
    assert_equal_from_everywhere(everything(), tmp_path, recipe)


def test_from_a_file_of_a_network_whose_kernels_stand_in_channels_last_order(tmp_path: Path):
    """A file holds plain contiguous tensors; the optimizer's must get the order of their weights back."""
    architecture = {"key": "cnn", "blocks": [{"channels": 4}, {"channels": 4}], "dense": [6], "dropout": 0.0}
    experiment = images(architecture=architecture, optimizer={"key": "adam", "lr": 0.01})
    whole, heard = trained(experiment, tmp_path)
    assert not whole.parts.model.get_parameter("conv.2.weight").is_contiguous()
    begun = Run(experiment, tmp_path).train(until=5)
    file = write_snapshot(tmp_path, 5, *begun.state(), run="r")
    snapshot = read_snapshot(file.path, run="r")
    again, diary = resumed(experiment, tmp_path, (snapshot.tensors, snapshot.state))
    assert bits(again) == bits(whole)
    assert diary.series() == heard.series(after=5)


def test_a_run_that_had_ended_stays_at_its_end(tmp_path: Path):
    run, _ = trained(points(regularizers=[{"key": "early_stopping", "patience": 1}]), tmp_path)
    again, heard = resumed(run.experiment, tmp_path, copy_of(run))
    assert (again.step_count, again.outcome, again.final) == (run.step_count, run.outcome, run.final)
    assert bits(again) == bits(run)
    assert heard.blocks == heard.evaluations == heard.events == []


# -- the recipe -------------------------------------------------------------------------------------------------------


def commanded(experiment: Experiment, folder: Path, commands: dict[int, list[Event]]) -> tuple[Run, Diary]:
    """A run that gets commands by hand at the boundaries of these updates, and ends."""
    diary = Diary()
    run = Run(experiment, folder, listener=diary)
    for step in sorted(commands):
        run.train(until=step)
        for event in commands[step]:
            run.apply(event)
    return run.train(), diary


def recipe_of(run: Run) -> list[Event]:
    return [event for event in run.events if event.kind in Event.CHANGING]


def test_the_learning_rate_set_midway_counts_from_the_next_update(tmp_path: Path):
    run, diary = commanded(points(), tmp_path, {5: [Event(0, "set", {"lr": 0.5})]})
    lrs = [lr for block in diary.blocks for lr in block.columns["lr"]]
    assert lrs == [0.001] * 5 + [0.5] * 11
    assert recipe_of(run) == [Event(5, "set", {"lr": 0.5})]


def test_replaying_the_recipe_gives_the_same_bits(tmp_path: Path):
    commands = {
        0: [Event(0, "set", {"lr": 0.01})],
        4: [Event(0, "set", {"lr": 0.002}), Event(0, "set", {"lr": 0.02})],
        7: [Event(0, "extend", {"epochs": 2})],
        15: [Event(0, "stop")],
    }
    one = commanded(everything(), tmp_path, commands)
    assert one[0].outcome is not None
    assert (one[0].step_count, one[0].outcome.state) == (15, "stopped")
    assert same(one, trained(everything(), tmp_path, recipe=recipe_of(one[0])))


@pytest.mark.parametrize("step", range(13))
def test_replaying_to_any_update_gives_the_same_bits(step: int, tmp_path: Path):
    recipe = [Event(2, "set", {"lr": 0.01}), Event(6, "extend", {"epochs": 1})]
    one = Run(everything(), tmp_path, recipe=recipe).train(until=step)
    two = Run(everything(), tmp_path)
    for event in recipe:
        if event.step <= step:
            two.train(until=event.step)
            two.apply(event)
    assert bits(two.train(until=step)) == bits(one)


def test_a_recipe_is_applied_by_step_whatever_the_order_of_its_list(tmp_path: Path):
    recipe = [Event(8, "set", {"lr": 0.1}), Event(3, "set", {"lr": 0.01})]
    assert same(trained(points(), tmp_path, recipe=recipe), trained(points(), tmp_path, recipe=recipe[::-1]))


def test_extending_goes_on_from_the_last_weights_with_the_last_value_of_the_schedule(tmp_path: Path):
    experiment = everything()
    run, diary = commanded(experiment, tmp_path, {12: [Event(0, "extend", {"epochs": 2})]})
    assert run.step_count == 18
    lrs = [lr for block in diary.blocks for lr in block.columns["lr"]]
    assert lrs[12:] == [lrs[11]] * 6
    assert diary.steps == list(range(1, 19))
    _, short = trained(experiment, tmp_path)
    assert all(diary.series()[name].startswith(values) for name, values in short.series().items())


def test_extending_a_run_that_has_ended_equals_extending_it_before(tmp_path: Path):
    experiment = points(evaluate_every=3)
    before = commanded(experiment, tmp_path, {7: [Event(0, "extend", {"epochs": 1})]})
    diary = Diary()
    after = Run(experiment, tmp_path, listener=diary).train()
    after.apply(Event(0, "extend", {"epochs": 1}))
    after.train()
    assert bits(after) == bits(before[0])
    assert diary.series() == before[1].series()
    assert [item.step for item in after.evaluations] == [0, 3, 6, 9, 12, 15, 16, 18, 20]
    replay, _ = trained(experiment, tmp_path, recipe=recipe_of(after))
    assert numbers(replay.evaluations) == numbers(after.evaluations)


STOPPED_EARLY = {
    "regularizers": [{"key": "early_stopping", "patience": 1}],
    "optimizer": {"key": "sgd", "lr": 3.0},
    "epochs": 8,
    "evaluate_every": 3,
}


def test_extending_after_early_stopping_goes_on_from_the_last_weights_and_replays_to_the_same_bits(tmp_path: Path):
    experiment = points(**STOPPED_EARLY)
    plain = Run(points(**{**STOPPED_EARLY, "regularizers": []}), tmp_path)
    run, _ = trained(experiment, tmp_path)
    assert run.best is not None
    ended_at = run.step_count
    assert run.best.step < ended_at < run.total_steps
    run.apply(Event(0, "extend", {"epochs": 2}))
    assert weights_sha256(run.parts.model) == weights_sha256(plain.train(until=ended_at).parts.model)
    run.train()
    assert run.step_count > ended_at, "patience begins anew"
    again, _ = trained(experiment, tmp_path, recipe=recipe_of(run))
    assert bits(again) == bits(run)
    assert numbers(again.evaluations) == numbers(run.evaluations)


def test_early_stopping_restores_the_best_weights_and_describes_them(tmp_path: Path):
    run, diary = trained(points(**STOPPED_EARLY), tmp_path)
    assert run.best is not None
    assert run.outcome is not None
    assert (run.outcome.state, run.outcome.reason) == ("finished", "early_stopping")
    assert run.final == run.best == min(run.evaluations, key=lambda item: item.validation.error)
    plain = Run(points(**{**STOPPED_EARLY, "regularizers": []}), tmp_path).train(until=run.best.step)
    assert weights_sha256(run.parts.model) == weights_sha256(plain.parts.model)
    expected = {"best_step": run.best.step, "best_epoch": run.best.epoch}
    assert diary.events == [Event(run.step_count, "early_stop", expected)]


def test_a_stop_before_the_evaluation_that_would_end_the_run_is_a_stop_in_the_replay_too(tmp_path: Path):
    whole, _ = trained(points(**STOPPED_EARLY), tmp_path)
    run = Run(points(**STOPPED_EARLY), tmp_path).train(until=whole.step_count - 1)
    run.step()
    assert run.evaluation_due
    run.apply(Event(0, "stop"))
    run.train()
    assert run.outcome is not None
    assert run.outcome.state == "stopped"
    again, _ = trained(run.experiment, tmp_path, recipe=recipe_of(run))
    assert again.outcome == run.outcome
    assert bits(again) == bits(run)


def test_a_stopped_run_that_continues_ends_like_one_that_never_stopped(tmp_path: Path):
    recipe = [Event(5, "stop"), Event(5, "continue")]
    one, diary = trained(everything(), tmp_path, recipe=recipe)
    two, heard = trained(everything(), tmp_path)
    assert weights_sha256(one.parts.model) == weights_sha256(two.parts.model)
    assert diary.series() == heard.series()
    assert one.outcome == two.outcome


def test_stopping_measures_the_weights_it_stops_with(tmp_path: Path):
    run, _ = commanded(points(evaluate_every=16), tmp_path, {5: [Event(0, "stop")]})
    assert [item.step for item in run.evaluations] == [0, 5]
    assert run.final == run.evaluations[-1]
