"""A server that would answer other computers without knowing who they are does not start, and says what to do."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.sources import ROOT

START = """
from streamlit import config
config.set_option("server.address", "0.0.0.0")
import app
app.open_workbench()
"""


@pytest.mark.parametrize(
    "words",
    [["-c", START], ["-m", "uvicorn", "app:app", "--host", "0.0.0.0", "--port", "0"]],
    ids=["streamlit", "uvicorn"],
)
def test_the_start_is_refused_before_the_data_folder_is_held(tmp_path: Path, words: list[str]):
    ended = subprocess.run(
        [sys.executable, *words],
        cwd=ROOT,
        env={"SADDLEPOINT_DATA": str(tmp_path / "data"), "PATH": ""},
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
    )
    assert ended.returncode == 3, ended.stderr
    assert "In laptop mode the server does not listen at 0.0.0.0." in ended.stderr
    assert "make class" in ended.stderr
    assert "Traceback" not in ended.stderr
    assert not (tmp_path / "data").exists()
