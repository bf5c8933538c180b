"""The log file takes tracebacks and leaves the screen to sentences."""

from __future__ import annotations

import logging
from pathlib import Path

import pytest

from core.log_file import log_to


def test_a_traceback_goes_into_the_file_and_a_warning_to_the_screen_too(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    with log_to(tmp_path / "logs") as path:
        assert not path.exists()
        logging.getLogger("core.x").error("it broke", exc_info=ZeroDivisionError("zero"))
        logging.getLogger("core.x").warning("it is late")
        logging.getLogger("core.x").info("it goes on")
    kept = path.read_text(encoding="utf-8")
    assert "ZeroDivisionError: zero" in kept
    assert "it is late" in kept
    assert "it goes on" not in kept
    assert capsys.readouterr() == ("", "it is late\n")


def test_a_folder_that_cannot_be_made_ends_nothing(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    (tmp_path / "logs").write_text("a file stands here")
    with log_to(tmp_path / "logs"):
        logging.getLogger("core.x").warning("all the same")
    assert capsys.readouterr().err == "all the same\n"


def test_nothing_is_left_behind(tmp_path: Path):
    before = list(logging.getLogger().handlers)
    with log_to(tmp_path):
        assert len(logging.getLogger().handlers) == len(before) + 2
    assert logging.getLogger().handlers == before
