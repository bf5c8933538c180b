"""`make`: what it lists, what it says when something is in the way, and that a torch in .venv stays."""

from __future__ import annotations

import re
import shutil
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from tests.sources import ROOT

pytestmark = pytest.mark.skipif(shutil.which("make") is None, reason="make is not installed (Debian: apt install make)")

FAKE_PYTHON = """#!/bin/sh
# Answers for a .venv: the version check, `pip list`, and a record of what would be installed.
case "$*" in
  *"pip list"*) printf 'numpy==2.0.0\\n{installed}' ;;
  *"pip install"*) echo "$*" >> .venv/asked ;;
esac
"""


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A folder with the Makefile and the requirements."""
    for name in ("Makefile", "requirements.txt", "requirements-dev.txt", "requirements-ray.txt"):
        shutil.copy(ROOT / name, tmp_path)
    return tmp_path


def make(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(["make", *arguments], cwd=folder, capture_output=True, text=True, timeout=100, check=False)


def venv(folder: Path, script: str) -> None:
    """A `.venv` whose Python is a script."""
    python = folder / ".venv" / "bin" / "python"
    python.parent.mkdir(parents=True)
    python.write_text(script)
    python.chmod(0o755)


@pytest.fixture
def ready(project: Path) -> Path:
    """A folder in which everything is installed."""
    venv(project, f'#!/bin/sh\nexec "{sys.executable}" "$@"\n')
    (project / ".venv" / "ready").touch()
    return project


def test_make_alone_lists_every_command():
    answer = make(ROOT)
    phony = re.search(r"^\.PHONY: (.*)$", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE)
    assert phony
    assert answer.returncode == 0
    assert re.findall(r"^  make (\w+) +\S", answer.stdout, re.MULTILINE) == phony[1].split()


def test_a_busy_port_is_named_with_what_to_do(ready: Path):
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        answer = make(ready, "run", f"PORT={port}")
    assert answer.returncode != 0
    assert f"Port {port} is busy" in answer.stderr
    assert f"http://127.0.0.1:{port}" in answer.stderr
    assert re.search(r"make run PORT=\d+", answer.stderr)
    assert "Traceback" not in answer.stderr


@pytest.mark.parametrize("port", ["http", "0", "65536", "80 80"])
def test_a_port_that_is_none_is_refused(ready: Path, port: str):
    answer = make(ready, "run", f"PORT={port}")
    assert answer.returncode != 0
    assert f"PORT={port} is no port" in answer.stderr


def test_a_python_that_is_too_old_is_refused_before_anything_is_made(project: Path):
    old = project / "old-python"
    old.write_text("#!/bin/sh\nexit 1\n")
    old.chmod(0o755)
    answer = make(project, "run", f"PYTHON={old}")
    assert answer.returncode != 0
    assert "No Python 3.11 or newer was found" in answer.stderr
    assert "make run PYTHON=" in answer.stderr
    assert not (project / ".venv").exists()


def test_a_python_without_venv_is_refused_with_debians_remedy(project: Path):
    bare = project / "bare-python"
    bare.write_text('#!/bin/sh\ncase "$*" in *ensurepip*) exit 1;; esac\n')
    bare.chmod(0o755)
    answer = make(project, "run", f"PYTHON={bare}")
    assert answer.returncode != 0
    assert "apt install python3-venv" in answer.stderr
    assert not (project / ".venv").exists()


@pytest.mark.parametrize(
    ("installed", "kept"),
    [
        ("torch==2.13.0+cpu\\n", ["torch==2.13.0+cpu"]),
        ("torch==2.13.0+cpu\\ntorchvision==0.28.0+cpu\\n", ["torch==2.13.0+cpu", "torchvision==0.28.0+cpu"]),
    ],
)
def test_a_torch_in_the_environment_is_kept(project: Path, installed: str, kept: list[str]):
    venv(project, FAKE_PYTHON.format(installed=installed))
    answer = make(project, ".venv/ready")
    assert answer.returncode == 0, answer.stderr
    wanted = (project / ".venv" / "wanted.txt").read_text().splitlines()
    assert [line for line in wanted if line.startswith("torch")] == ["torchvision"]
    assert "streamlit==1.67.0" in wanted
    assert (project / ".venv" / "kept.txt").read_text().splitlines() == kept
    assert "-c .venv/kept.txt" in (project / ".venv" / "asked").read_text()
    assert f"Keeping the {' '.join(kept)} of .venv." in answer.stdout


def test_a_torchvision_of_another_build_is_named(project: Path):
    broken = FAKE_PYTHON.replace("esac", '  *"import torchvision"*) exit 1 ;;\nesac')
    venv(project, broken.format(installed="torch==2.13.0+cpu\\n"))
    answer = make(project, ".venv/ready")
    assert answer.returncode == 0
    assert "The torchvision of .venv does not work with its torch" in answer.stdout


def test_without_a_torch_the_pinned_one_is_installed(project: Path):
    venv(project, FAKE_PYTHON.format(installed=""))
    assert make(project, ".venv/ready").returncode == 0
    wanted = (project / ".venv" / "wanted.txt").read_text().splitlines()
    assert [line for line in wanted if line.startswith("torch")] == ["torch==2.14.1", "torchvision==0.29.1"]


def test_a_second_time_installs_nothing(project: Path):
    venv(project, FAKE_PYTHON.format(installed=""))
    make(project, ".venv/ready-dev")
    assert make(project, ".venv/ready", ".venv/ready-dev").returncode == 0
    assert len((project / ".venv" / "asked").read_text().splitlines()) == 1


def test_a_failed_installation_is_tried_again(project: Path):
    venv(project, '#!/bin/sh\ncase "$*" in *"pip install"*) exit 1;; esac\n')
    answer = make(project, ".venv/ready")
    assert answer.returncode != 0
    assert "run the same command to go on" in answer.stderr
    assert not (project / ".venv" / "ready").exists()
