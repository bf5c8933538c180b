"""A class in a process of its own: `python -m bench.classmates LESSON`, a `Lesson` as JSON.

Each student joins, opens the task that a link holds, answers its question, starts a run of their own and watches it;
after a while they change the seed and start again, most of them after stopping what still goes on. A run that the room
refuses, because it has its share of the computer, is an answer like any other.

"done" is printed when the time is over, while all tabs are still open; what was seen, once standard input has ended.
"""

from __future__ import annotations

import asyncio
import json
import sys
import time
from dataclasses import asdict, dataclass, field
from random import Random

from bench.protocol_tab import ProtocolTab, join
from bench.watched_runs import OVER, WatchedRuns

TASK = {
    "epochs": "5000",
    "show": "seed,epochs",
    "ask": "Which error ends higher?",
    "ask.1": "training error",
    "ask.2": "validation error",
}
"""The usual experiment, long enough that no run comes to its end."""
SAMPLE_S = 0.25
STOPS_FIRST = 0.75
SEED_BOX = "seed|en|box"


@dataclass(frozen=True)
class Lesson:
    """A lesson: students come within so many seconds, read the question, answer and start, and change something again
    and again; for each a student takes a time between two. What is trained counts once all should have begun.
    """

    address: str
    code: str
    num_students: int
    counted_s: float
    arrive_within_s: float
    reads_s: tuple[float, float]
    changes_after_s: tuple[float, float]
    least_starts: int = 0
    seed: int = 0


@dataclass
class Seen:
    """What a student has seen. Times are in seconds; `steps` are the updates of all their runs that count."""

    first_change: list[float] = field(default_factory=list)
    first_row: list[float] = field(default_factory=list)
    chart_age: list[float] = field(default_factory=list)
    page_s: list[float] = field(default_factory=list)
    answered: int = 0
    refused: int = 0
    served: int = 0
    steps: int = 0
    trouble: list[str] = field(default_factory=list)


class Student:
    """One of the class."""

    def __init__(self, lesson: Lesson, number: int) -> None:
        self.seen = Seen()
        self._lesson, self._number = lesson, number
        self._chance = Random(f"{lesson.seed} {number}")
        self._seed = 1000 * (number + 1)
        self._shown = ""
        self._clicks: dict[str, float] = {}
        self._tab: ProtocolTab
        self._runs: WatchedRuns

    async def attend(self, closes: asyncio.Event, counts_from: float) -> None:
        """The whole lesson, until the school closes; updates count from a moment on."""
        given = self._lesson
        try:
            await asyncio.sleep(self._chance.uniform(0, given.arrive_within_s))
            cookie = await asyncio.to_thread(join, given.address, f"Student {self._number}", given.code)
            async with ProtocolTab(given.address, cookie, {**TASK, "seed": str(self._seed)}) as self._tab:
                await self._tab.until(self._tab.live, "the live chart")
                token = self._tab.live()["token"]
                async with WatchedRuns(given.address, cookie, token, counts_from) as self._runs:
                    tasks = [asyncio.create_task(self._work()), asyncio.create_task(self._sample())]
                    await closes.wait()
                    self._take_down()
                    for task in tasks:
                        task.cancel()
                    await asyncio.gather(*tasks, return_exceptions=True)
        except Exception as error:
            self._note(error)

    def has_started(self, times: int) -> bool:
        """Whether they have pressed Start so often and watched a run learn; also true once something has gone wrong."""
        starts = len(self.seen.first_change) + self.seen.refused
        return bool(self.seen.trouble or (starts >= times and self.seen.chart_age))

    async def _work(self) -> None:
        given = self._lesson
        try:
            await self._runs.watch(self._tab.live()["run"])
            await asyncio.sleep(self._chance.uniform(*given.reads_s))
            await self._tab.press(f"answer {self._number % 2}")
            await self._tab.until(lambda: self._tab.live().get("blocked") == "", "the answer")
            self.seen.answered += 1
            await self._start()
            while True:
                await asyncio.sleep(self._chance.uniform(*given.changes_after_s))
                await self._change()
                await self._start()
        except Exception as error:
            self._note(error)

    async def _change(self) -> None:
        """Another seed; what goes on is stopped first, mostly."""
        going = [run for run, watched in self._runs.all().items() if watched.state in ("running", "queued")]
        if self._chance.random() < STOPS_FIRST:
            for run in going:
                await self._runs.stop(run)
        for run, watched in self._runs.all().items():
            if watched.state in OVER:
                await self._runs.leave(run)
        self._seed += 1
        before = self._tab.live().get("run")
        await self._tab.type(SEED_BOX, str(self._seed))
        await self._tab.until(lambda: self._tab.live().get("run", before) != before, "the untrained network")
        await self._runs.watch(self._tab.live()["run"])

    async def _start(self) -> None:
        """Press Start, and look what the page does."""
        before, clicked = self._tab.live()["run"], time.monotonic()
        await self._tab.fire("start", run=before, pace="max", one_update=False)
        await self._tab.until(
            lambda: self._tab.live().get("run", before) != before or self._tab.refusals(), "what Start does"
        )
        if self._tab.refusals():
            self.seen.refused += 1
            return
        await self._runs.leave(before)
        self._shown = self._tab.live()["run"]
        run = await self._runs.watch(self._shown)
        self.seen.served += self._tab.live()["replay"] is not None
        await self._runs.until(lambda: run.heard_at is not None)
        assert run.heard_at is not None
        self.seen.first_change.append(run.heard_at - clicked)
        self._clicks[self._shown] = clicked

    async def _sample(self) -> None:
        """How old the newest row on the chart is, again and again while its run goes on."""
        while True:
            await asyncio.sleep(SAMPLE_S)
            run = self._runs.all().get(self._shown)
            if run is not None and run.state == "running" and run.stamp:
                self.seen.chart_age.append(time.time() - run.stamp)

    def _take_down(self) -> None:
        """Write down what was seen while everything is still open."""
        self.seen.page_s = self._tab.script_s
        self.seen.steps = self._runs.num_steps
        begun = [(self._runs.all()[run].row_at, clicked) for run, clicked in self._clicks.items()]
        self.seen.first_row = [row_at - clicked for row_at, clicked in begun if row_at is not None]
        self.seen.trouble += self._tab.exceptions
        if not self._tab.is_open or not self._runs.is_open:
            self.seen.trouble.append(f"student {self._number} was disconnected")

    def _note(self, error: Exception) -> None:
        self.seen.trouble.append(f"student {self._number}: {type(error).__name__}: {error}")


async def hold(lesson: Lesson) -> None:
    """Let everybody attend; prints "done", then what they have seen."""
    closes = asyncio.Event()
    counts_from = time.monotonic() + lesson.arrive_within_s + lesson.reads_s[1]
    students = [Student(lesson, number) for number in range(lesson.num_students)]
    attending = [asyncio.create_task(student.attend(closes, counts_from)) for student in students]
    await asyncio.sleep(counts_from + lesson.counted_s - time.monotonic())
    while not all(student.has_started(lesson.least_starts) for student in students):
        await asyncio.sleep(SAMPLE_S)
    used_s = time.process_time()
    print("done", flush=True)
    await asyncio.to_thread(sys.stdin.read)
    closes.set()
    await asyncio.gather(*attending)
    seen = [asdict(student.seen) for student in students]
    print(json.dumps({"counted_s": time.monotonic() - counts_from, "used_s": used_s, "students": seen}))


if __name__ == "__main__":
    asyncio.run(hold(Lesson(**json.loads(sys.argv[1]))))
