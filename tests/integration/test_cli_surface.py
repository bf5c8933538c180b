"""`python -m core surface`: the fields of the answer, what is refused, and that it needs nobody's leave to read."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from core.store.folder import DataFolder, WriteLock
from tests.command_line import TINY, Cli


@pytest.fixture
def run(cli: Cli, file: Callable) -> dict[str, Any]:
    """The report of a run of 8 updates."""
    return cli("train", file(TINY)).value


@pytest.mark.parametrize("plane", ["random", "pca", "ends", "hessian"])
def test_the_answer_is_a_picture_with_the_path_in_it(plane: str, cli: Cli, run: dict[str, Any]):
    answer = cli("surface", run["run"], "--plane", plane, "--resolution", 5, "--samples", 40)
    assert answer.code == 0, answer.err
    value = answer.value
    assert (value["run"], value["step"], value["plane"], value["num_samples"]) == (run["run"], 8, plane, 40)
    alpha, beta, loss = (np.array(value[name]) for name in ("alpha", "beta", "loss"))
    assert loss.shape == (len(beta), len(alpha)) == (5, 5)
    for axis in (alpha, beta):
        assert (np.diff(axis) > 0).all()
        np.testing.assert_array_equal(axis, -axis[::-1])
    assert loss[2, 2] == pytest.approx(value["center_loss"], rel=1e-5)
    assert ("eigenvalues" in value) == (plane == "hessian")
    assert 0 <= value["explained_variance"] <= 1
    assert (value["nonfinite"], value["with_penalty"], value["batch_norm"]) == ([], False, None)
    last = value["path"][-1]
    assert set(last) == {"step", "alpha", "beta", "surface_loss", "true_loss", "off_plane"}
    assert value["path"][0]["step"] == 0
    assert (last["step"], last["alpha"], last["beta"], last["off_plane"]) == (8, 0, 0, 0)
    assert last["true_loss"] == value["center_loss"]


def test_a_picture_through_an_update_without_a_snapshot(cli: Cli, run: dict[str, Any]):
    value = cli("surface", run["run"], "--step", 5, "--plane", "pca", "--resolution", 3).value
    path = {point["step"]: point for point in value["path"]}
    assert value["step"] == 5
    assert (path[5]["alpha"], path[5]["beta"], path[5]["off_plane"]) == (0, 0, 0)
    assert {0, 5, 8} <= set(path)
    assert cli("surface", run["run"], "--step", 5, "--plane", "pca", "--resolution", 3).value == value


def test_of_an_untrained_run_the_path_begins_there(cli: Cli, run: dict[str, Any]):
    value = cli("surface", run["run"], "--step", 0, "--plane", "ends", "--resolution", 3).value
    assert "update 8 is in it" in value["note"]
    assert value["path"][0]["step"] == value["step"] == 0


def test_a_damaged_snapshot_is_left_out_and_named(cli: Cli, run: dict[str, Any], data_folder: Path):
    snapshots = DataFolder.find(data_folder).snapshots(run["run"])
    path = snapshots / "step-0000000000.safetensors"
    path.write_bytes(path.read_bytes()[:-1] + b"x")
    value = cli("surface", run["run"], "--resolution", 3).value
    assert "The snapshot of update 0 is damaged." in value["note"]
    assert 0 not in [point["step"] for point in value["path"]]


def test_a_table_for_who_wants_no_json(cli: Cli, run: dict[str, Any]):
    answer = cli("surface", run["run"], "--resolution", 3, text=True)
    assert answer.code == 0
    assert "center_loss" in answer.out
    assert "update 8 " in answer.out


def test_it_works_while_another_process_writes(cli: Cli, run: dict[str, Any], data_folder: Path):
    lock = WriteLock.acquire(DataFolder.find(data_folder), timeout_s=1)
    try:
        assert cli("surface", run["run"], "--resolution", 3).code == 0
    finally:
        lock.release()


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--resolution", "32"], "odd number"),
        (["--resolution", "1"], "odd number"),
        (["--resolution", "1001"], "odd number"),
        (["--samples", "0"], "0 samples"),
        (["--step", "9"], "0 to 8"),
        (["--step", "-1"], "0 to 8"),
        (["--plane", "flat"], "cannot be read"),
        (["--batch-norm", "melted"], "cannot be read"),
    ],
)
def test_what_cannot_be_done_is_bad_input(words: list[str], said: str, cli: Cli, run: dict[str, Any]):
    answer = cli("surface", run["run"], *words)
    assert answer.code == 2
    assert said in " ".join(answer.value["error"].values())


def test_an_unknown_run_is_bad_input(cli: Cli):
    assert cli("surface", "nobody").code == 2
