"""A class of thirty in one room of the real app: how long a press of Start takes to show, how old charts are, what is
left of the training speed, and what the server needs for it. `python -m bench.classroom --quick` takes a minute.

The students are `bench.classmates`, in a process of their own: they speak the protocol of pages without a browser.
"""

from __future__ import annotations

import json
import subprocess
import sys
import time
from argparse import ArgumentParser
from dataclasses import asdict, dataclass
from itertools import chain
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import psutil

from bench.calibration import load
from bench.classmates import Lesson
from bench.figure import Figure
from tests.serving import Server, serving
from tests.sources import ROOT

STUDENTS = 30
CLASS_S, QUICK_S = 300.0, 30.0
LONE_S = 20.0
FIRST_CHANGE_BAR_S, CHART_AGE_BAR_S, SPEED_BAR = 2.0, 3.0, 0.7
MEMORY_BAR_MB = 600 + 15 * STUDENTS
NEVER_S = 1e9


@dataclass(frozen=True)
class Attended:
    """What came out of a lesson; `students` are `bench.classmates.Seen`, `memory_mb` is the server's at its end, and
    cores are processor time over the time of the whole lesson.
    """

    students: list[dict[str, Any]]
    counted_s: float
    server_cores: float
    client_cores: float
    memory_mb: float

    def all(self, name: str) -> list[Any]:
        """One of the lists of all students in one."""
        return list(chain.from_iterable(seen[name] for seen in self.students))

    def total(self, name: str) -> int:
        """A number of all students together."""
        return sum(seen[name] for seen in self.students)

    @property
    def speed(self) -> float:
        """Updates a second of all runs together."""
        return self.total("steps") / self.counted_s


def attend(
    server: Server,
    num_students: int,
    counted_s: float,
    *,
    arrive_within_s: float = 0.0,
    reads_s: tuple[float, float] = (1.0, 3.0),
    changes_after_s: tuple[float, float] = (NEVER_S, NEVER_S),
    least_starts: int = 1,
) -> Attended:
    """Hold a lesson; by default nobody changes anything after the first start."""
    code = json.loads((server.folder / "room.json").read_text(encoding="utf-8"))["code"]
    lesson = Lesson(
        server.address, code, num_students, counted_s, arrive_within_s, reads_s, changes_after_s, least_starts
    )
    words = [sys.executable, "-m", "bench.classmates", json.dumps(asdict(lesson))]
    process_of_server = psutil.Process(server.process.pid)
    begun, used_before_s = time.monotonic(), used_s(process_of_server)
    with subprocess.Popen(words, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        assert process.stdout.readline() == "done\n", "the class could not attend"
        lesson_s, server_s = time.monotonic() - begun, used_s(process_of_server) - used_before_s
        memory_mb = process_of_server.memory_info().rss / 1e6
        process.stdin.close()
        told = json.loads(process.stdout.readline())
    assert process.returncode == 0
    return Attended(told["students"], told["counted_s"], server_s / lesson_s, told["used_s"] / lesson_s, memory_mb)


def used_s(process: psutil.Process) -> float:
    """The processor time that a process has used, in seconds."""
    used = process.cpu_times()
    return used.user + used.system


def measure() -> list[Figure]:
    """First change, chart age, speed, memory, and whatever went wrong."""
    return held(CLASS_S)


def held(class_s: float) -> list[Figure]:
    """The figures of a lesson of so many seconds, counted from when all have begun."""
    with TemporaryDirectory() as folder, serving(Path(folder) / "data", SADDLEPOINT_MODE="class") as server:
        alone = attend(server, 1, LONE_S)
        together = attend(
            server, STUDENTS, class_s, arrive_within_s=10.0, reads_s=(2.0, 10.0), changes_after_s=(20.0, 40.0)
        )
        trouble = [*alone.all("trouble"), *together.all("trouble")]
        trouble += [line for line in server.log.splitlines() if line.startswith("Traceback")]
    return figures(alone, together, trouble, f"{class_s:g} s; the clients on the same machine; {load()}")


def figures(alone: Attended, together: Attended, trouble: list[str], how: str) -> list[Figure]:
    """What was measured, against its bars."""
    change, row, age, page = (
        np.quantile(together.all(name) or [np.nan], [0.5, 0.95, 1.0]).tolist()
        for name in ("first_change", "first_row", "chart_age", "page_s")
    )
    asked = ", ".join(f"{together.total(name)} {name}" for name in ("answered", "refused", "served"))
    started = f"{len(together.all('first_change'))} starts, {asked}"
    title = f"class of {len(together.students)}"
    return [
        Figure(
            f"{title}, click to first change, p95", change[1], FIRST_CHANGE_BAR_S, False, "s",
            f"p50 {change[0]:.2f} s, longest {change[2]:.2f} s; to the first update p50 {row[0]:.2f} s, "
            f"p95 {row[1]:.2f} s; a run of the page p50 {page[0]:.2f} s, p95 {page[1]:.2f} s; {started}; {how}",
        ),
        Figure(
            f"{title}, age of the chart, p95", age[1], CHART_AGE_BAR_S, False, "s",
            f"p50 {age[0]:.2f} s, oldest {age[2]:.2f} s, {len(together.all('chart_age'))} samples; {how}",
        ),
        Figure(
            f"{title}, training", together.speed / alone.speed, SPEED_BAR, True, "of the lone speed",
            f"{together.speed:.0f} updates/s of all runs, {alone.speed:.0f} of one alone; "
            f"the server took {together.server_cores:.2f} cores ({alone.server_cores:.2f} with one), "
            f"the clients {together.client_cores:.2f}; {how}",
        ),
        Figure(
            f"{title}, memory of the server", together.memory_mb, MEMORY_BAR_MB, False, "MB",
            f"{alone.memory_mb:.0f} MB with one; {how}",
        ),
        Figure(f"{title}, disconnects and exceptions", len(trouble), 0, False, "", "; ".join(trouble[:5]) or how),
    ]  # fmt: skip


if __name__ == "__main__":
    parser = ArgumentParser(prog="python -m bench.classroom", description="Measure a class of thirty.")
    parser.add_argument("--quick", action="store_true", help=f"{QUICK_S:g} s instead of {CLASS_S:g} s")
    for figure in held(QUICK_S if parser.parse_args().quick else CLASS_S):
        print(figure)
