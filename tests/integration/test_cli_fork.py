"""`python -m core fork`: the fields, the exit codes and the bits are those of `train`."""

from __future__ import annotations

import json
import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from core.experiment import Experiment
from core.store.folder import DataFolder, WriteLock
from core.studies.workbench import Workbench
from core.training.events import Event
from core.training.weights import weights_sha256
from tests.command_line import LONG, TINY, Cli, started
from tests.experiments import trained
from tests.polling import until


@pytest.fixture
def parent(cli: Cli, file: Callable) -> dict[str, Any]:
    """The report of a run of 8 updates."""
    return cli("train", file(TINY)).value


def test_a_fork_answers_with_the_fields_of_train_and_the_bits_of_its_recipe(
    cli: Cli, parent: dict[str, Any], tmp_path: Path
):
    answer = cli("fork", parent["run"], "--at", 5, "--set", "optimizer.lr=0.01", "batch_size=8")
    assert answer.code == 0, answer.err
    value = answer.value
    assert set(value) == set(parent)
    assert (value["parent"], value["fork_step"], value["state"]) == (parent["run"], 5, "finished")
    changes = {"optimizer.lr": 0.01, "batch_size": 8}
    assert [(event["kind"], event["values"]) for event in value["events"]] == [
        ("set", changes),
        ("fork", {"parent": parent["run"]}),
    ]
    assert [event["epoch"] for event in value["events"]] == [1.25, 1.25]
    recipe = [Event(5, "set", changes)]
    expected, _ = trained(Experiment.from_json(TINY), tmp_path, recipe=recipe)
    assert value["weights_sha256"] == weights_sha256(expected.parts.model)
    assert value["notes"] == ["Adam goes on with its averages of gradients and averages of squared gradients."]
    assert [run["run"] for run in cli("runs").value] == [parent["run"], value["run"]]
    assert cli("resume", value["run"]).value == value


def test_a_fork_without_a_change_has_its_parents_weights(cli: Cli, parent: dict[str, Any]):
    for at in (0, 3, 8):
        assert cli("fork", parent["run"], "--at", at).value["weights_sha256"] == parent["weights_sha256"]


def test_its_test_error_is_looked_at_where_asked(cli: Cli, parent: dict[str, Any]):
    value = cli("fork", parent["run"], "--at", 3, "--evaluate-test").value
    assert value["test_look"] == 1
    assert value["test_error"] is not None


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--at", "9"], "0 to 8"),
        (["--at", "-1"], "0 to 8"),
        (["--at", "soon"], "cannot be read"),
        ([], "cannot be read"),
        (["--at", "3", "--set", "optimizer.lr"], "changes nothing"),
        (["--at", "3", "--set", "optimizer.lr=-1"], "climbs the loss"),
        (["--at", "3", "--set", "seed=3"], "cannot change in a run that goes on"),
        (["--at", "3", "--set", "speed=3"], "no field"),
        (["--at", "3", "--contaminate"], "no effect alone"),
    ],
)
def test_what_cannot_be_done_is_bad_input_and_makes_no_run(
    words: list[str], said: str, cli: Cli, parent: dict[str, Any]
):
    answer = cli("fork", parent["run"], *words)
    assert answer.code == 2
    assert said in " ".join(answer.value["error"].values())
    assert said in answer.err
    assert len(cli("runs").value) == 1


def test_an_unknown_run_is_bad_input(cli: Cli, parent: dict[str, Any]):
    for run in ("nothing", "../x", "01m8apsg5qbna9mjh7"):
        assert cli("fork", run, "--at", 0).code == 2


def test_a_folder_that_another_process_writes_is_refused(cli: Cli, parent: dict[str, Any], data_folder: Path):
    lock = WriteLock.acquire(DataFolder.find(data_folder))
    try:
        assert cli("fork", parent["run"], "--at", 0).code == 3
    finally:
        lock.release()


def test_an_interrupted_fork_is_told_and_ends_later_as_if_nothing_had_happened(cli: Cli, data_folder: Path):
    with Workbench.open(data_folder, live=False) as bench:
        parent = bench.start(Experiment.from_json(LONG), pace="max", paused=True)
        for _ in range(3):
            bench.command(parent, "step")
        until(lambda: (job := bench.runner.job(parent)) is not None and job.run is not None and job.run.step_count == 3)
        bench.command(parent, "stop")
        bench.wait(parent, 100)
    process = started(data_folder, "fork", parent, "--at", 3, "--set", "optimizer.lr=0.002")
    try:
        until(lambda: [run for run in cli("runs").value if run["parent"] and run["steps"] > 10], every_s=0.1)
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=100)
    finally:
        process.kill()
    told = json.loads(out)
    assert (process.returncode, told["state"], told["fork_step"]) == (130, "interrupted", 3), err
    resumed = cli("resume", told["run"]).value
    expected, _ = trained(Experiment.from_json(LONG), data_folder, recipe=[Event(3, "set", {"optimizer.lr": 0.002})])
    assert resumed["weights_sha256"] == weights_sha256(expected.parts.model)
