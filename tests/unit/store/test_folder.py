"""The data folder is found by its rule, and one process at a time writes it."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import platformdirs
import pytest

from core.errors import BadInput, CoreError, Refused
from core.store.folder import DataFolder, WriteLock
from core.store.store import Store
from tests.sources import ROOT

HOLDER = """
import sys
from core.store.folder import DataFolder, WriteLock
from core.errors import CoreError
try:
    with WriteLock.acquire(DataFolder.find(sys.argv[1])):
        print("held", "torch" in sys.modules, flush=True)
        sys.stdin.read()
except CoreError as error:
    print(f"exit {error.exit_code}: {error}", flush=True)
"""


@contextmanager
def holder(folder: Path) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """Another process that tries to take the lock, and the first line it says."""
    process = subprocess.Popen(
        [sys.executable, "-c", HOLDER, str(folder)], cwd=ROOT, text=True, stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    assert process.stdin is not None
    assert process.stdout is not None
    try:
        yield process, process.stdout.readline().strip()
    finally:
        process.stdin.close()
        process.wait(100)
        process.stdout.close()


def test_the_argument_goes_before_the_environment_and_that_before_the_platform(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("SADDLEPOINT_DATA", str(tmp_path / "environment"))
    assert DataFolder.find(tmp_path / "argument").path == tmp_path / "argument"
    assert DataFolder.find().path == tmp_path / "environment"
    monkeypatch.delenv("SADDLEPOINT_DATA")
    assert DataFolder.find().path == platformdirs.user_data_path("saddlepoint", appauthor=False).resolve()
    monkeypatch.chdir(tmp_path)
    assert DataFolder.find("here").path == tmp_path / "here"
    assert list(tmp_path.iterdir()) == [], "finding makes nothing"


@pytest.mark.parametrize("bad", ["\x00", "file", "file/inside"])
def test_what_is_no_folder_is_bad_input_or_cannot_be_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, bad: str):
    monkeypatch.chdir(tmp_path)
    Path("file").write_text("")
    with pytest.raises(CoreError, match="--data DIR"):
        WriteLock.acquire(DataFolder.find(bad))
    assert issubclass(BadInput, CoreError)


READ_ONLY = """
import os, sys
from core.errors import CoreError
from core.store.folder import DataFolder, WriteLock
from core.store.store import Store
with Store.open(DataFolder.find(sys.argv[2])) as store:  # imports what is imported late, while it can be read
    assert len(store.list_runs(actor="local")) == 1
folder = DataFolder.find(sys.argv[1])
if os.geteuid() == 0:
    os.setgroups([]); os.setgid(65534); os.setuid(65534)
try:
    WriteLock.acquire(folder)
except CoreError as error:
    print(error)
with Store.open(folder) as store:
    print(len(store.list_runs(actor="local")))
"""


def test_a_folder_that_may_only_be_read_is_read_and_writing_into_it_is_refused_clearly():
    """Root may write everywhere and becomes `nobody` for it, so the folder lies where everybody gets to."""
    with tempfile.TemporaryDirectory() as name:
        place = Path(name)
        for folder in (DataFolder(place / "data"), DataFolder(place / "other")):
            with WriteLock.acquire(folder) as lock, Store.open(folder, lock) as store:
                store.create_run(actor="local", experiment={}, fingerprint="", schema_version=1)
        closed = [place, place / "data", *(place / "data").rglob("*")]
        for path in closed:
            path.chmod(0o555 if path.is_dir() else 0o444)
        try:
            answer = subprocess.run(
                [sys.executable, "-c", READ_ONLY, place / "data", place / "other"],
                cwd=ROOT, capture_output=True, text=True, timeout=100, check=False,
            )  # fmt: skip
        finally:
            for path in closed:
                path.chmod(0o755)
    assert answer.returncode == 0, answer.stderr
    refusal, runs = answer.stdout.splitlines()
    assert "cannot be written. The system says: Permission denied" in refusal
    assert runs == "1"


def test_a_second_process_is_refused_within_two_seconds_naming_the_first(tmp_path: Path):
    with holder(tmp_path / "data") as (first, said):
        assert said == "held False", "the lock is taken without torch"
        start = time.monotonic()
        with holder(tmp_path / "data") as (_, refusal):
            taken_s = time.monotonic() - start
        assert refusal.startswith("exit 3: ")
        assert f"Process {first.pid} has written it since 20" in refusal
        assert "--data DIR" in refusal
        start = time.monotonic()
        with pytest.raises(Refused, match=str(first.pid)):
            WriteLock.acquire(DataFolder(tmp_path / "data"), timeout_s=60)
        assert time.monotonic() - start < 20
        assert taken_s < 20, "most of this is the start of Python, which a busy machine prolongs"


def test_the_lock_ends_with_its_process_however_that_dies(tmp_path: Path):
    folder = DataFolder(tmp_path / "data")
    with holder(folder.path) as (process, said):
        assert said.startswith("held")
        process.send_signal(signal.SIGKILL)
        process.wait(100)
        with WriteLock.acquire(folder) as lock:
            assert lock.held
            with pytest.raises(Refused, match=f"Process {os.getpid()} "):
                WriteLock.acquire(folder, 0.3)
    assert not lock.held
    with WriteLock.acquire(folder, 0.3):
        pass


DEAD = '{"pid": 999999999, "start": "2020-01-01T00:00:00+00:00", "command": "x"}'
LATER_PROCESS_WITH_ITS_NUMBER = '{"pid": 1, "start": "1990-01-01T00:00:00+00:00", "command": "x"}'


@pytest.mark.parametrize("note", ["", "{", "[]", DEAD, LATER_PROCESS_WITH_ITS_NUMBER])
def test_a_stale_note_of_the_holder_is_not_believed(tmp_path: Path, note: str):
    folder = DataFolder(tmp_path / "data")
    with WriteLock.acquire(folder):
        (folder.path / "write.lock.json").write_text(note)
        with pytest.raises(Refused, match="left no note"):
            WriteLock.acquire(folder, 0.4)


def test_reading_needs_no_lock(tmp_path: Path):
    with holder(tmp_path / "data") as (_, said):
        assert said.startswith("held")
        with Store.open(DataFolder(tmp_path / "data")) as store:
            assert store.list_runs(actor="local") == ()


def test_a_store_takes_the_lock_of_its_own_folder_only(tmp_path: Path):
    with WriteLock.acquire(DataFolder(tmp_path / "a")) as lock, pytest.raises(ValueError, match="right to write"):
        Store.open(DataFolder(tmp_path / "b"), lock)
    with pytest.raises(ValueError, match="right to write"):
        Store.open(lock.folder, lock)


@pytest.mark.parametrize(
    "url", ["", "x", "mysql://a/b", "sqlite://", "sqlite:///:memory:", "sqlite:///file:x?uri=true"]
)
def test_only_sqlite_files_and_postgresql_are_taken(tmp_path: Path, url: str, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("SADDLEPOINT_DATABASE", url or "?")
    with pytest.raises(BadInput, match="usable database"):
        Store.open(DataFolder(tmp_path / "data"))


def test_an_unreachable_server_is_said_clearly(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("core.store.store.ANSWER_S", 0.2)
    with WriteLock.acquire(DataFolder(tmp_path / "data")) as lock, socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        url = f"postgresql://nobody:secret@127.0.0.1:{free.getsockname()[1]}/x"
        for given in (None, lock):
            with pytest.raises(CoreError, match="cannot be (reached|read)") as error:
                Store.open(lock.folder, given, url=url).list_runs(actor="local")
            assert "secret" not in str(error.value)
