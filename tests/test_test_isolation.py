"""Tests have a data folder of their own, and one that writes elsewhere is caught."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from platformdirs import user_data_path

from tests.polling import until
from tests.sources import ROOT


def test_the_data_folder_is_temporary_and_of_this_process(session_folder: Path):
    assert Path(os.environ["SADDLEPOINT_DATA"]).is_relative_to(session_folder)
    assert "saddlepoint-tests-" in session_folder.name


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="only Linux takes its folders from XDG_DATA_HOME")
def test_the_platforms_data_folder_is_where_the_guard_looks(session_folder: Path):
    assert user_data_path("saddlepoint").parent == session_folder / "platform"


def test_a_test_that_writes_into_the_platforms_folder_fails(tmp_path: Path):
    stray = tmp_path / "test_stray.py"
    stray.write_text(
        "from platformdirs import user_data_path\n"
        "def test_stray():\n"
        "    user_data_path('saddlepoint', ensure_exists=True)\n"
    )
    outcome = subprocess.run(
        [
            sys.executable,
            "-m",
            "pytest",
            "-p",
            "tests.conftest",
            "-p",
            "no:cacheprovider",
            "-c",
            "pyproject.toml",
            str(stray),
        ],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
    )
    assert outcome.returncode == 1
    assert "written into the platform's data folder instead of $SADDLEPOINT_DATA: ['saddlepoint']" in outcome.stdout


def test_until_returns_the_first_true_value():
    answers = iter([0, "", 7])
    assert until(lambda: next(answers)) == 7


def test_until_says_what_did_not_come_true():
    with pytest.raises(AssertionError, match="the moon did not come true within 0.05 s"):
        until(lambda: False, within_s=0.05, what="the moon")
