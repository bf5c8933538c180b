"""A data folder of an earlier version: what its runs go on with is brought up to date on the way."""

from __future__ import annotations

import json
import sqlite3
from pathlib import Path

import pytest

from core.cli import main
from core.store.folder import DataFolder
from core.store.migrations import HEAD
from core.studies.workbench import Workbench
from tests.experiments import points


@pytest.fixture
def old(data_folder: Path) -> str:
    """The id of a stopped run in a folder of the first form, which knew no studies."""
    with Workbench.open(data_folder, live=False) as bench:
        run = bench.start(points(epochs=50), pace="max", paused=True)
        bench.command(run, "stop")
        bench.wait(run, 100)
    database = DataFolder.find(data_folder).database
    with sqlite3.connect(database) as connection:
        connection.execute("DROP TABLE sp_answer")
        connection.execute("DROP TABLE sp_study")
        connection.execute("UPDATE sp_alembic_version SET version_num = '0001'")
    return run


@pytest.mark.parametrize("words", [["resume"], ["fork", "--at", "0"]])
def test_the_first_command_after_an_update_may_go_on_with_a_run(
    old: str, words: list[str], data_folder: Path, capsys: pytest.CaptureFixture[str]
):
    command, *more = words
    assert main([command, old, *more, "--data", str(data_folder), "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["state"] == "finished"
    database = DataFolder.find(data_folder).database
    with sqlite3.connect(database) as connection:
        assert connection.execute("SELECT version_num FROM sp_alembic_version").fetchone() == (HEAD,)
