"""The real app as a process of its own, started as the README says, on a data folder and a port of its own."""

from __future__ import annotations

import os
import random
import signal
import socket
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from tests.polling import until
from tests.sources import ROOT

START_WITHIN_S = 180
"""Importing torch and Streamlit takes 5 s on an idle machine."""


@dataclass(frozen=True)
class Server:
    """A running app: its address, its data folder, and the file with everything it has printed."""

    process: subprocess.Popen[bytes]
    address: str
    folder: Path
    log_file: Path

    @property
    def log(self) -> str:
        """What it has printed so far."""
        return self.log_file.read_text(encoding="utf-8", errors="replace")

    def interrupt(self, within_s: float, number: int = signal.SIGINT) -> int:
        """Send a signal (Ctrl-C) and return the exit code; AssertionError when it does not end in time."""
        self.process.send_signal(number)
        try:
            return self.process.wait(within_s)
        except subprocess.TimeoutExpired:
            raise AssertionError(
                f"the server did not end within {within_s} s of signal {number}:\n{self.log}"
            ) from None


def free_port() -> int:
    """A port that nobody uses now, and that the system gives to no connection until a server has it."""
    while True:
        port = random.SystemRandom().randrange(10_000, 32_000)
        with socket.socket() as probe, suppress(OSError):
            probe.bind(("127.0.0.1", port))
            return port


def command(port: int, *options: str) -> list[str]:
    """`streamlit run app.py` with this Python, on a port."""
    return [sys.executable, "-m", "streamlit", "run", "app.py", "--server.port", str(port), *options]


def environment(folder: Path, **own_too: str) -> dict[str, str]:
    """The environment of a server that keeps everything in `folder`."""
    own = {
        "SADDLEPOINT_DATA": str(folder),
        "SADDLEPOINT_DEVICE": "cpu",
        "OMP_NUM_THREADS": "1",
        # An editor at work must not change what is tested.
        "STREAMLIT_SERVER_FILE_WATCHER_TYPE": "none",
        "PYTHONUNBUFFERED": "1",
    }
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("COV_")}
    return {**inherited, **own, **own_too}


def answers(address: str) -> bool:
    """Whether a server says it is well."""
    try:
        with urllib.request.urlopen(f"{address}/_stcore/health", timeout=5) as response:
            return response.status == 200
    except (OSError, urllib.error.URLError):
        return False


@contextmanager
def serving(folder: Path, *options: str, **variables: str) -> Iterator[Server]:
    """A server that answers, with these variables, too; ended at the end, if it has not ended by itself."""
    port = free_port()
    log_file = folder.parent / f"{folder.name}-{port}.log"
    with log_file.open("wb") as log:
        process = subprocess.Popen(
            command(port, *options),
            cwd=ROOT,
            env=environment(folder, **variables),
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
        )
    server = Server(process, f"http://127.0.0.1:{port}", folder, log_file)
    try:
        until(
            lambda: process.poll() is not None or answers(server.address),
            START_WITHIN_S,
            "the server's first answer",
            every_s=0.1,
        )
        assert process.poll() is None, f"the server ended with code {process.returncode}:\n{server.log}"
        yield server
    finally:
        if process.poll() is None:
            process.kill()
        process.wait(100)
