"""The command line in tests: tiny experiments, how a command ended, and commands in a process of their own."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.polling import until
from tests.sources import ROOT

TINY: dict[str, Any] = {
    "dataset": {"key": "xor", "n": 64},
    "architecture": {"key": "mlp", "hidden_layers": 1, "width": 8},
    "batch_size": 16,
    "epochs": 2,
}
"""8 updates."""

LONG: dict[str, Any] = {"architecture": {"key": "mlp", "width": 512}, "batch_size": 256, "epochs": 45}
"""Updates slow enough that somebody can interfere, and few."""


@dataclass
class Answer:
    """How a command ended."""

    code: int
    out: str
    err: str

    @property
    def value(self) -> Any:
        """The one JSON value on stdout."""
        assert self.out.endswith("\n")
        assert self.out.count("\n") == 1
        return json.loads(self.out, parse_constant=lambda name: pytest.fail(f"{name} is no JSON"))


Cli = Callable[..., Answer]


@contextmanager
def ctrl_c(condition: Callable[[], object]) -> Iterator[None]:
    """Interrupt the command that runs within in this process, once the condition holds."""
    over, pressing = threading.Event(), threading.Lock()

    def press() -> None:
        until(lambda: over.is_set() or condition(), every_s=0.1)
        with pressing:
            if not over.is_set():
                signal.pthread_kill(threading.main_thread().ident or 0, signal.SIGINT)

    waiting = threading.Thread(target=press)
    waiting.start()
    try:
        yield
    finally:
        with pressing:
            over.set()
        waiting.join()


def environment(folder: Path) -> dict[str, str]:
    """The environment of a process that works in a data folder."""
    return {**os.environ, "SADDLEPOINT_DATA": str(folder), "PYTHONPATH": str(ROOT)}


def started(folder: Path, *words: object) -> subprocess.Popen[str]:
    """A command with `--json` in a process of its own."""
    return subprocess.Popen(
        [sys.executable, "-m", "core", *map(str, words), "--json"],
        cwd=ROOT,
        env=environment(folder),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
