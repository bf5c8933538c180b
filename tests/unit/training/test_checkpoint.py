"""Snapshots: whole or not there, and never mistaken for one another."""

from __future__ import annotations

import math
import os
import random
import signal
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors import safe_open
from torch import Tensor

from core.errors import CoreError
from core.training import checkpoint
from core.training.checkpoint import (
    DamagedSnapshot,
    Surplus,
    latest_valid,
    read_snapshot,
    remove,
    remove_after,
    remove_leftovers,
    retained,
    snapshot_path,
    stored_sizes,
    stored_steps,
    surplus,
    write_snapshot,
)
from tests.polling import until
from tests.sources import ROOT

RUN = "01m80b120g4syjtb8p"


def tensors(seed: int = 0) -> dict[str, Tensor]:
    """A few tensors, two of which share memory."""
    base = torch.randn(6, generator=torch.Generator().manual_seed(seed))
    return {"hidden.1.weight": base.view(2, 3).T, "hidden.1.bias": base[:2]}


def write(folder: Path, step: int, seed: int = 0, run: str = RUN, **state: object):
    """A small snapshot."""
    return write_snapshot(folder, step, tensors(seed), {"step": step, **state}, run=run)


def same(left: Tensor, right: Tensor) -> bool:
    """Whether two tensors have one dtype, one shape and the same bytes."""
    if (left.dtype, left.shape) != (right.dtype, right.shape):
        return False
    return left.contiguous().view(-1).view(torch.uint8).equal(right.contiguous().view(-1).view(torch.uint8))


def test_every_dtype_shape_and_json_value_comes_back_bit_for_bit(tmp_path: Path):
    given = tensors() | {
        "generator": torch.Generator().manual_seed(3).get_state(),
        "half": torch.tensor([1.5, math.nan, -0.0], dtype=torch.bfloat16),
        "count": torch.tensor(2**40),
        "mask": torch.tensor([True, False]),
        "empty": torch.empty(0, 3),
        "strange": torch.tensor([math.inf, -math.inf, math.nan, 5e-324], dtype=torch.float64),
        "with gradient": torch.ones(2, requires_grad=True),
    }
    state = {"lr": 0.1, "best": math.inf, "list": [1, None, True, "z\x00", -math.inf], "deep": {"a": {"b": 2**60}},
             "sha256": '{"sha256":"' + "0" * 64, "nan": math.nan}  # fmt: skip
    written = write_snapshot(tmp_path / "new" / "folder", 7, given, state, run=RUN)
    read = read_snapshot(written.path, run=RUN, sha256=written.sha256)
    assert (read.step, read.sha256, written.num_bytes) == (7, written.sha256, written.path.stat().st_size)
    assert read.tensors.keys() == given.keys()
    assert all(same(read.tensors[name], given[name].detach()) for name in given)
    assert math.isnan(read.state.pop("nan"))
    assert read.state == {name: value for name, value in state.items() if name != "nan"}


def test_the_same_state_gives_the_same_bytes_and_any_safetensors_reader_opens_them(tmp_path: Path):
    first, second = write(tmp_path / "a", 3, lr=0.5), write(tmp_path / "b", 3, lr=0.5)
    assert first.path.read_bytes() == second.path.read_bytes()
    with safe_open(first.path, "pt") as opened:
        assert sorted(opened.keys()) == sorted(tensors())


def test_every_flipped_byte_is_noticed(tmp_path: Path):
    path = write(tmp_path, 5, note="state").path
    content = path.read_bytes()
    for place in range(len(content)):
        for mask in (1, 128):
            path.write_bytes(content[:place] + bytes([content[place] ^ mask]) + content[place + 1 :])
            with pytest.raises(DamagedSnapshot):
                read_snapshot(path, run=RUN)
    path.write_bytes(content)
    assert read_snapshot(path, run=RUN).state["note"] == "state"


def test_every_truncation_and_extension_is_noticed(tmp_path: Path):
    path = write(tmp_path, 5).path
    content = path.read_bytes()
    for damaged in [content[:length] for length in range(len(content))] + [content + b"\0", b"x" * 300]:
        path.write_bytes(damaged)
        with pytest.raises(DamagedSnapshot):
            read_snapshot(path, run=RUN)


def test_exchanged_files_are_noticed(tmp_path: Path):
    first, second = write(tmp_path, 5), write(tmp_path, 6)
    foreign = write(tmp_path / "other", 6, run="01m80b120g4syjtb8q")
    old = first.path.read_bytes()
    newer = write(tmp_path, 5, seed=1)
    assert read_snapshot(newer.path, run=RUN, sha256=newer.sha256)
    for content, expected in ((second.path.read_bytes(), None), (old, newer.sha256)):
        newer.path.write_bytes(content)
        with pytest.raises(DamagedSnapshot):
            read_snapshot(newer.path, run=RUN, sha256=expected)
    with pytest.raises(DamagedSnapshot, match="another run"):
        read_snapshot(foreign.path, run=RUN)


def test_a_damaged_snapshot_is_passed_over_and_named(tmp_path: Path):
    files = {step: write(tmp_path, step, seed=step) for step in (0, 4, 8, 12)}
    files[8].path.write_bytes(files[8].path.read_bytes()[:-1])
    files[12].path.write_bytes(files[4].path.read_bytes())
    found = latest_valid(tmp_path, run=RUN)
    assert found.snapshot is not None
    assert found.snapshot.step == 4
    assert same(found.snapshot.tensors["hidden.1.weight"], tensors(4)["hidden.1.weight"])
    assert [str(text).split(" is damaged")[0] for text in found.damaged] == [
        "The snapshot of update 12", "The snapshot of update 8",
    ]  # fmt: skip
    before = latest_valid(tmp_path, 3, run=RUN)
    assert before.snapshot is not None
    assert (before.snapshot.step, before.damaged) == (0, ())
    assert latest_valid(tmp_path / "nothing", run=RUN) == checkpoint.Found(None, ())


def test_only_noted_snapshots_are_taken_where_notes_are_given(tmp_path: Path):
    files = {step: write(tmp_path, step) for step in (0, 4, 8)}
    files[8].path.unlink()
    found = latest_valid(tmp_path, run=RUN, noted={0: files[0].sha256, 8: files[8].sha256})
    assert found.snapshot is not None
    assert found.snapshot.step == 0
    assert "cannot be read" in str(found.damaged[0])


def test_powers_of_root_two_the_first_and_the_last_two_are_kept():
    every = range(1025)
    powers = {math.ceil(2 ** (power / 2)) for power in range(21)}
    assert retained(every) == powers | {0, 1023, 1024}
    kept: set[int] = set()
    for step in every:
        kept = retained([*kept, step])
        assert kept >= {value for value in powers if value <= step}, "what was kept once stays"
    assert retained([]) == set()


def pruned(folder: Path, **how: Any) -> Surplus:
    """What goes, once it has gone."""
    gone = surplus(stored_sizes(folder), **how)
    remove(folder, gone.steps)
    return gone


def test_what_is_surplus_goes_but_never_the_best(tmp_path: Path):
    for step in range(40):
        write(tmp_path, step)
    gone = pruned(tmp_path, best=37)
    assert stored_steps(tmp_path) == (0, 1, 2, 3, 4, 6, 8, 12, 16, 23, 32, 37, 38, 39)
    assert gone.for_budget == ()
    assert set(gone.steps) == set(range(40)) - set(stored_steps(tmp_path))


def test_above_the_budget_the_middle_ones_go_first_and_are_reported(tmp_path: Path):
    size = 0
    for step in (0, 1, 2, 4, 8, 16, 32, 64):
        size = write(tmp_path, step).num_bytes
    room = size + size // 10  # sizes differ by a few digits
    gone = pruned(tmp_path, best=1, budget_bytes=6 * room)
    assert stored_steps(tmp_path) == (0, 1, 2, 16, 32, 64)
    assert (gone.for_budget, gone.steps, gone.over_budget_bytes) == ((4, 8), (4, 8), 0)
    gone = pruned(tmp_path, best=1, budget_bytes=size)
    assert stored_steps(tmp_path) == (1, 32, 64)
    assert gone.for_budget == (0, 2, 16)
    assert gone.over_budget_bytes > size


def test_leftovers_of_a_crash_and_superseded_snapshots_are_removed(tmp_path: Path):
    for step in (0, 4, 8):
        write(tmp_path, step)
    (tmp_path / ".step-0000000009-abc.partial").write_bytes(b"half")
    assert remove_leftovers(tmp_path) == 1
    assert remove_after(tmp_path, 4) == (8,)
    assert sorted(path.name for path in tmp_path.iterdir()) == [snapshot_path(tmp_path, step).name for step in (0, 4)]


CHILD = """
import os, signal, sys
from pathlib import Path
import torch
from core.training import checkpoint
run = "01m80b120g4syjtb8p"

def die(*_):
    os.kill(os.getpid(), signal.SIGKILL)

fsync, replace = os.fsync, Path.replace
calls = iter(range(99))

def dying_fsync(descriptor):
    call = next(calls)
    if point == f"before fsync {call}":
        die()
    fsync(descriptor)
    if point == f"after fsync {call}":
        die()

def dying_replace(path, target):
    if point == "before replace":
        die()
    if point == "half written":
        os.truncate(path, 300)
        die()
    replace(path, target)
    if point == "after replace":
        die()

os.fsync, Path.replace = dying_fsync, dying_replace
for point in sys.argv[2:]:
    child = os.fork()
    if not child:
        tensors = {"w": torch.full((500,), 2.0)}
        checkpoint.write_snapshot(Path(sys.argv[1]) / point, 5, tensors, {"version": "new"}, run=run)
        os._exit(0)
    print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
"""

POINTS = ["before fsync 0", "after fsync 0", "half written", "before replace", "after replace", "before fsync 1",
          "after fsync 1"]  # fmt: skip


@pytest.fixture(scope="module")
def killed(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, int]]:
    """A folder with a folder for each point, in which a process was killed there while it wrote the next snapshot; the
    exit codes of the processes, all children of one that has imported everything."""
    folder = tmp_path_factory.mktemp("killed")
    for point in POINTS:
        write_snapshot(folder / point, 5, {"w": torch.full((500,), 1.0)}, {"version": "old"}, run=RUN)
    words = [sys.executable, "-c", CHILD, str(folder), *POINTS]
    done = subprocess.run(words, cwd=ROOT, check=True, capture_output=True, text=True, timeout=100)
    return folder, dict(zip(POINTS, map(int, done.stdout.split()), strict=True))


@pytest.mark.parametrize("point", POINTS)
def test_a_process_killed_while_writing_leaves_the_old_snapshot_or_the_new_one(
    killed: tuple[Path, dict[str, int]], point: str
):
    folder = killed[0] / point
    assert killed[1][point] == -signal.SIGKILL
    read = read_snapshot(snapshot_path(folder, 5), run=RUN)
    replaced = POINTS.index(point) >= POINTS.index("after replace")
    assert (read.state["version"], read.tensors["w"][0].item()) == (("new", 2.0) if replaced else ("old", 1.0))
    assert remove_leftovers(folder) == (0 if replaced else 1)
    assert stored_steps(folder) == (5,)


ENDLESS = """
import os
import sys
from pathlib import Path
import torch
from core.training import checkpoint

def write_on():
    print(os.getpid(), flush=True)
    for version in range(10**6):
        state = {"version": version}
        checkpoint.write_snapshot(
            Path(sys.argv[1]), 5, {"w": torch.full((20000,), float(version))}, state, run="01m80b120g4syjtb8p"
        )
        print(version, flush=True)

for asked in sys.stdin:
    child = os.fork()
    if not child:
        write_on()
    os.waitpid(child, 0)
    print("gone", flush=True)
"""
"""For each line it is sent, it forks a process that writes on and on and tells its number and what it has written."""


def test_a_process_killed_at_any_moment_leaves_a_whole_snapshot_at_least_as_new_as_acknowledged(tmp_path: Path):
    draw = random.Random(0)
    words = [sys.executable, "-c", ENDLESS, str(tmp_path)]
    with subprocess.Popen(words, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as parent:
        assert parent.stdin is not None
        assert parent.stdout is not None
        for _ in range(4):
            print("begin", file=parent.stdin, flush=True)
            child, wanted = int(parent.stdout.readline()), draw.randrange(2, 40)
            version = next(int(line) for line in parent.stdout if int(line) >= wanted)
            os.kill(child, signal.SIGKILL)
            versions = [version, *map(int, iter(parent.stdout.readline, "gone\n"))]
            read = read_snapshot(snapshot_path(tmp_path, 5), run=RUN)
            assert read.state["version"] in (versions[-1], versions[-1] + 1)
            assert read.tensors["w"].unique().tolist() == [read.state["version"]]
            remove_leftovers(tmp_path)


FULL = """
import resource, sys
from pathlib import Path
import torch
from core.errors import CoreError
from core.training import checkpoint
resource.setrlimit(resource.RLIMIT_FSIZE, (4096, 4096))
try:
    checkpoint.write_snapshot(Path(sys.argv[1]), 6, {"w": torch.zeros(10000)}, {}, run="01m80b120g4syjtb8p")
except CoreError as error:
    print(error)
"""


@pytest.mark.skipif(os.name == "nt", reason="Windows has no limit on a process's files")
def test_a_full_disk_is_said_clearly_and_leaves_nothing_behind(tmp_path: Path):
    write(tmp_path, 5)
    answer = subprocess.run(
        [sys.executable, "-c", FULL, str(tmp_path)], cwd=ROOT, check=True, capture_output=True, text=True, timeout=60
    )
    assert "The snapshot of update 6 could not be written." in answer.stdout
    assert [path.name for path in tmp_path.iterdir()] == [snapshot_path(tmp_path, 5).name]
    assert read_snapshot(snapshot_path(tmp_path, 5), run=RUN).step == 5


def test_a_folder_that_cannot_be_made_is_said_clearly(tmp_path: Path):
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(CoreError, match="could not be written"):
        write(tmp_path / "file" / "snapshots", 0)


def test_snapshots_may_be_written_from_several_threads(tmp_path: Path):
    threads = [threading.Thread(target=write, args=(tmp_path, step % 3, step)) for step in range(9)]
    for thread in threads:
        thread.start()
    until(lambda: not any(thread.is_alive() for thread in threads), what="the end of the threads")
    assert stored_steps(tmp_path) == (0, 1, 2)
    assert all(read_snapshot(snapshot_path(tmp_path, step), run=RUN) for step in (0, 1, 2))
