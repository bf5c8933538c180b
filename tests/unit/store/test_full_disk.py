"""A full disk: old or new state only, a clear sentence, and runs can be deleted (R2)."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys

import pytest

from tests.sources import ROOT

PRELUDE = """
import os, sqlite3, sys
from pathlib import Path
import numpy as np
from core.errors import CoreError
from core.store import store as store_module
from core.store.folder import DataFolder, WriteLock
from core.store.store import Store
from tests.polling import until

store_module.ANSWER_S = 0.5
draw = np.random.default_rng(0)

def new_run(store):
    return store.create_run(actor="local", experiment={}, fingerprint="", schema_version=1)

def noise(first, last):
    step = np.arange(first, last + 1)
    return {"step": step} | {f"series/{name}": draw.random(len(step)) for name in range(8)}

def whole(folder):
    with sqlite3.connect(folder.database) as connection:
        return connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
"""

FULL = """
folder = DataFolder.find(sys.argv[1] + "/data")
with WriteLock.acquire(folder) as lock, Store.open(folder, lock) as store:
    assert folder.reserve.stat().st_size > 0
    old, going = new_run(store), new_run(store)
    folder.snapshots(old).mkdir(parents=True)
    (folder.snapshots(old) / "weights").write_bytes(bytes(1000))
    store.begin_attempt(old, 0, "start", actor="local")
    store.append_steps(old, 1, noise(1, 8000))
    store.set_state(old, "finished", actor="local")
    attempt = store.begin_attempt(going, 0, "start", actor="local")
    store.append_steps(going, attempt, noise(1, 100))
    assert store.flush()

    filler = Path(sys.argv[1], "filler")
    def fill():
        with filler.open("ab", buffering=0) as file:
            while True:
                try:
                    file.write(bytes(4096))
                except OSError:
                    return
    fill()
    store.append_steps(going, attempt, noise(101, 40000))
    until(lambda: store.delayed)
    assert "disk" in str(store.delay), store.delay
    fill()
    try:
        new_run(store)
        raise AssertionError("there was room")
    except CoreError as error:
        assert "nothing was changed" in str(error) and "delete runs" in str(error), error
    assert [run.id for run in store.list_runs(actor="local")] == [old, going], "the old state"
    assert len(store.read_steps(going)["step"]) == 100
    store.append_steps(going, attempt, noise(40001, 40100))

    store.delete(old, actor="local")
    assert not folder.run(old).exists()
    assert [run.id for run in store.list_runs(actor="local")] == [going]

    filler.unlink()
    until(lambda: not store.delayed)
    assert store.flush()
    until(lambda: folder.reserve.stat().st_size > 0)
    assert store.read_steps(going)["step"].tolist() == list(range(1, 40101)), "nothing was lost"
    store.set_state(going, "finished", actor="local")
    store.flush()
    fill()

# A server that starts on the full disk can delete, too.
with WriteLock.acquire(folder) as lock, Store.open(folder, lock) as store:
    store.delete(going, actor="local")
    assert store.list_runs(actor="local") == ()
filler.unlink()
assert whole(folder)
"""

LIMITED = """
import resource
folder = DataFolder.find(sys.argv[1] + "/data")
with WriteLock.acquire(folder) as lock, Store.open(folder, lock) as store:
    run = new_run(store)
    attempt = store.begin_attempt(run, 0, "start", actor="local")
    store.append_steps(run, attempt, noise(1, 100))
    assert store.flush()
    resource.setrlimit(resource.RLIMIT_FSIZE, (300_000, resource.RLIM_INFINITY))
    store.append_steps(run, attempt, noise(101, 20000))
    until(lambda: store.delayed)
    assert "disk" in str(store.delay), store.delay
    assert len(store.read_steps(run)["step"]) == 100
    resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
    until(lambda: not store.delayed)
    assert store.flush()
    assert store.read_steps(run)["step"].tolist() == list(range(1, 20001))
assert whole(folder)
"""

DELETED = """
folder = DataFolder.find(sys.argv[1] + "/data")
with WriteLock.acquire(folder) as lock, Store.open(folder, lock) as store:
    run = new_run(store)
    folder.snapshots(run).mkdir(parents=True)
    (folder.snapshots(run) / "weights").write_bytes(bytes(7 * 2**20))
    store.begin_attempt(run, 0, "start", actor="local")
    store.set_state(run, "finished", actor="local")
    assert store.flush()
    folder.release_reserve()
    store.delete(run, actor="local")
    assert folder.reserve.stat().st_size > 0, "its files have left room for it"
"""


def run(program: str, place: object, before: tuple[str, ...] = ()) -> None:
    """Run a program after PRELUDE in a process of its own, which checks everything itself."""
    answer = subprocess.run(
        [*before, sys.executable, "-c", PRELUDE + program, str(place)],
        cwd=ROOT, env=os.environ | {"PYTHONPATH": str(ROOT)}, capture_output=True, text=True, timeout=100, check=False,
    )  # fmt: skip
    assert answer.returncode == 0, answer.stderr


def small_disk() -> tuple[str, ...]:
    """The beginning of a command that sees 16 MB of memory as the disk in its last argument; empty: not allowed."""
    mount = 'mount -t tmpfs -o size=16m tmpfs "$0" && exec "$@" "$0"'
    for options in (["--mount"], ["--mount", "--user", "--map-root-user"]):
        begin = [shutil.which("unshare") or "unshare", *options, "sh", "-c", mount]
        try:
            if subprocess.run([*begin, "/mnt", "true"], capture_output=True, timeout=20, check=False).returncode == 0:
                return tuple(begin)
        except OSError:
            break
    return ()


def test_a_full_disk_keeps_the_old_state_loses_nothing_and_lets_runs_be_deleted(tmp_path: object):
    begin = small_disk()
    if not begin:
        pytest.skip("mounting a small disk needs Linux, util-linux's unshare and root or user namespaces")
    run(FULL, tmp_path, (*begin, str(tmp_path)))


def test_the_room_for_deleting_comes_back_once_the_files_of_a_deleted_run_are_gone(tmp_path: object):
    begin = small_disk()
    if not begin:
        pytest.skip("mounting a small disk needs Linux, util-linux's unshare and root or user namespaces")
    run(DELETED, tmp_path, (*begin, str(tmp_path)))


@pytest.mark.skipif(os.name == "nt", reason="Windows has no limit on a process's files")
def test_a_file_that_may_not_grow_delays_saving_and_loses_nothing(tmp_path: object):
    run(LIMITED, tmp_path)
