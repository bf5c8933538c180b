"""A workbench on an empty data folder, the command line within the test's process, and files for it."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from core.cli import main
from core.studies.workbench import Workbench
from tests.command_line import Answer, Cli
from tests.databases import quick_databases

__all__ = ["quick_databases"]


@pytest.fixture
def bench(data_folder: Path, quick_databases: None) -> Iterator[Workbench]:
    """A workbench on an empty data folder."""
    with Workbench.open(data_folder) as opened:
        yield opened


@pytest.fixture
def cli(data_folder: Path, quick_databases: None, capsys: pytest.CaptureFixture[str]) -> Cli:
    """Run a command in this process."""

    def run(*words: object, text: bool = False) -> Answer:
        code = main([*map(str, words), *([] if text else ["--json"])])
        captured = capsys.readouterr()
        return Answer(code, captured.out, captured.err)

    return run


@pytest.fixture
def file(tmp_path: Path) -> Callable[[Any], Path]:
    """Write an experiment into a file."""

    def write(document: Any) -> Path:
        path = tmp_path / "experiment.json"
        path.write_text(document if isinstance(document, str) else json.dumps(document), encoding="utf-8")
        return path

    return write
