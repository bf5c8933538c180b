"""Fair use of one machine by a class: how much of it one student may ask for at a time.

A student has one place among what goes on (`places`, kept by the compute thread) and at most `MOST_UNFINISHED` runs
that are not over. A comparison counts as one run. A paused run counts as one that waits: it keeps its network in
memory, and is refused to go on while another one goes. Teachers, and who sits at the computer, ask for what they need.
"""

from __future__ import annotations

import math
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from core.errors import Refused
from core.people import role
from core.text import Text

if TYPE_CHECKING:
    from core.store.store import Store
    from core.studies.runner import Runner

GOING_ON = frozenset({"start", "resume"})
"""Commands that let what is paused go on."""
MOST_RUNNING = 1
MOST_WAITING = 3
MOST_UNFINISHED = MOST_RUNNING + MOST_WAITING
MOST_ANSWERS = 1000
"""So many questions have one student's answers; a course has about sixty."""


def places(owner: str) -> float:
    """How many runs of one owner go on at the same time, if there is room."""
    return MOST_RUNNING if role(owner) == "student" else math.inf


class FairUse:
    """Counts what is not over, together with what is being started at this moment."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._going_on = threading.Lock()
        self._starting: Counter[str] = Counter()

    @contextmanager
    def place(self, runner: Runner, actor: str) -> Iterator[None]:
        """Keep a place for a run or comparison while it is stored and queued; Refused when there is none left."""
        if role(actor) != "student":
            yield
            return
        with self._lock:
            if self._num_unfinished(runner, actor) + self._starting[actor] >= MOST_UNFINISHED:
                raise Refused(
                    Text("You have {num} runs that are not over.", num=MOST_UNFINISHED),
                    Text("The class shares one computer: one run of yours goes on, and three wait."),
                    Text("Wait until one is over, or stop one on the page Runs."),
                )
            self._starting[actor] += 1
        try:
            yield
        finally:
            with self._lock:
                self._starting[actor] -= 1

    @staticmethod
    def check_answer(store: Store, about: str, actor: str) -> None:
        """Before an answer is kept: Refused where a student has answered more than anybody is asked."""
        if role(actor) != "student":
            return
        given = {answer.about for answer in store.answers_by(actor)}
        if about not in given and len(given) >= MOST_ANSWERS:
            raise Refused(
                Text("No more answers are kept."),
                Text("You have answered {num} questions.", num=MOST_ANSWERS),
                Text("Ask your teacher."),
            )

    @contextmanager
    def going_on(self, runner: Runner, owner: str) -> Iterator[None]:
        """While a paused run or comparison is told to go on: Refused where another one of the same student does.

        One after another: of two that are told at once the second finds the first.
        """
        if role(owner) != "student":
            yield
            return
        with self._going_on:
            if len(runner.compute.going(owner)) >= places(owner):
                raise Refused(
                    Text("It cannot go on now."),
                    Text("The class shares one computer, and another run of its owner goes on."),
                    Text("Wait until that one is over, or pause it."),
                )
            yield

    @staticmethod
    def _num_unfinished(runner: Runner, owner: str) -> int:
        from core.studies.generators import GeneratorJob
        from core.training.job import TrainingJob

        alone = [job for job in runner.compute.unfinished(owner) if isinstance(job, TrainingJob | GeneratorJob)]
        return len(alone) + runner.races.num_active(owner) + runner.searches.num_active(owner)
