"""A lesson that cannot be used ends the program at its start with a sentence, before it holds the data folder."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from tests.sources import ROOT

START = """
import sys
from functools import partial
from pathlib import Path
import app
app.lessons = partial(app.lessons, Path(sys.argv[1]))
app.open_workbench()
"""


def test_the_start_names_the_lesson_and_what_is_wrong(tmp_path: Path):
    (tmp_path / "broken.toml").write_text("place =", encoding="utf-8")
    ended = subprocess.run(
        [sys.executable, "-c", START, str(tmp_path)],
        cwd=ROOT,
        env={"SADDLEPOINT_DATA": str(tmp_path / "data"), "PATH": ""},
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
    )
    assert ended.returncode == 2, ended.stderr
    assert "Lesson “broken” cannot be used. It is no TOML" in ended.stderr
    assert "Traceback" not in ended.stderr
    assert not (tmp_path / "data").exists()
