"""Two processes and one data folder: a server that trains, readers beside it, a second writer, and its end by a signal.

The server is the real one. Its buttons are pressed over Streamlit's interface for programs, which only tests switch on.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import urllib.request
from pathlib import Path
from typing import Any

import pytest

from core.experiment import Experiment
from core.store.records import RunRecord
from core.studies.report import run_report
from core.studies.workbench import Workbench
from tests.polling import until
from tests.serving import Server, command, environment, free_port, serving
from tests.sources import ROOT

RUN_ADAM = "run optimizers adam"
"""The key of a button of the page Formulas that starts the default experiment; at its pace the run takes 10 s."""


def press(server: Server, page: str, button: str) -> None:
    """Open a page and press a button on it."""

    def ask(body: dict[str, Any]) -> dict[str, Any]:
        request = urllib.request.Request(
            f"{server.address}/_stcore/agent/interact", json.dumps(body).encode(), {"Content-Type": "application/json"}
        )
        with urllib.request.urlopen(request, timeout=100) as response:
            return json.load(response)

    opened = ask({"page": page})
    pressed = ask({"session_id": opened["session_id"], "trigger": {"key": button}})
    assert (opened["status"], pressed["status"]) == ("ready", "ready"), pressed


def stored(folder: Path) -> list[RunRecord]:
    """The runs in a folder, as another process sees them."""
    with Workbench.reading(folder) as bench:
        return list(bench.runs())


def ended(words: list[str], folder: Path) -> tuple[subprocess.CompletedProcess[str], float]:
    """Run a command to its end; also how many seconds it computed, which other processes cannot prolong."""
    before = os.times()
    done = subprocess.run(
        words, cwd=ROOT, env=environment(folder), input="{}", capture_output=True, text=True, timeout=90, check=False
    )
    after = os.times()
    return done, sum(after[2:4]) - sum(before[2:4])


@pytest.fixture(scope="module")
def uninterrupted(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """The report of the same run when nothing happens to it."""
    with Workbench.open(tmp_path_factory.mktemp("data"), live=False) as bench:
        record = bench.wait(bench.start(Experiment(), pace="max"), 100)
        return run_report(bench.store, record)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_server_that_is_told_to_end_keeps_its_run_for_later(
    tmp_path: Path, uninterrupted: dict[str, Any], number: signal.Signals
):
    folder = tmp_path / "data"
    with serving(folder, "--server.enableAgentApi", "true") as server:
        press(server, "formulas", RUN_ADAM)
        run = until(lambda: [run for run in stored(folder) if run.step > 5], what="a running run", every_s=0.1)[0]
        assert run.state == "running"
        assert server.interrupt(within_s=15, number=number) == 0
        assert "Traceback" not in server.log
    left = stored(folder)
    assert [(run.state, run.reason) for run in left] == [("interrupted", "closed")]
    assert left[0].step < uninterrupted["steps"]
    with Workbench.open(folder, live=False) as bench:
        report = run_report(bench.store, bench.wait(bench.resume(run.id, pace="max"), 100))
    same = ("state", "steps", "weights_sha256", "train_loss", "validation_error", "best_epoch", "fingerprint")
    assert [report[name] for name in same] == [uninterrupted[name] for name in same]


def test_while_a_server_trains_others_read_and_none_writes(tmp_path: Path):
    folder = tmp_path / "data"
    with serving(folder, "--server.enableAgentApi", "true") as server:
        press(server, "formulas", RUN_ADAM)
        until(lambda: [run for run in stored(folder) if run.step > 0], what="a running run", every_s=0.1)

        read, _ = ended([sys.executable, "-m", "core", "runs", "--json"], folder)
        assert read.returncode == 0, read.stderr
        assert [run["state"] for run in json.loads(read.stdout)] in (["running"], ["finished"])

        torch_s = min(ended([sys.executable, "-X", "importtime", "-c", "import torch"], folder)[1] for _ in range(2))
        second = [sys.executable, "-X", "importtime", *command(free_port())[1:]]
        for words in (second, [sys.executable, "-X", "importtime", "-m", "core", "train", "-", "--json"]):
            refused, computed_s = ended(words, folder)
            lines = refused.stderr.splitlines()
            modules = {line.rsplit("|", 1)[1].strip() for line in lines if line.startswith("import time:")}
            said = "\n".join(line for line in lines if not line.startswith("import time:"))
            assert refused.returncode == 3, said
            assert f"Process {server.process.pid} has written it since 20" in said
            assert "--data DIR" in said
            assert "Traceback" not in said
            assert "core.store.folder" in modules
            assert "torch" not in modules
            # The entries of the catalogue take most of what it computes: less, anywhere, than importing torch would.
            # For the lock it waits at most 0.7 s: tests/unit/store/test_folder.py. Others beside it slow a process
            # down: the fastest of a few counts.
            tries = [computed_s]
            while min(tries) >= 1.2 * torch_s and len(tries) < 5:
                tries.append(ended(words, folder)[1])
            assert min(tries) < 1.2 * torch_s

        # On a slow machine the ten seconds of the run may be over by now; nobody else has ended it.
        assert [run.state for run in stored(folder)] in (["running"], ["finished"])
        assert server.process.poll() is None
