"""A student's runs, comparisons and searches, made once for those who may see or change them and those who may not."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

import pytest

from core.experiment import Experiment
from core.studies.comparison import Comparison
from core.studies.search.asked import Search
from core.studies.workbench import Workbench
from tests.experiments import POINTS, points
from tests.polling import until
from tests.stored_runs import LONG, finished

OWNER, OTHER, TEACHER = "student-anna", "student-ben", "teacher-eve"


class World(NamedTuple):
    """A student's runs and comparisons: of each one that is over and one that is paused, and a run left as it was."""

    bench: Workbench
    over: str
    untouched: str
    going: str
    over_study: str
    going_study: str
    over_search: str

    def rest(self, *, is_told: bool) -> None:
        """Pause again what a command let go on, where there was one, and wait for what was started."""
        if is_told:
            self.bench.command(self.going, "pause", actor=OWNER)
            self.bench.command_comparison(self.going_study, "pause", actor=OWNER)
        until(lambda: not any(self.bench.runner.compute.going(who) for who in (OWNER, OTHER, TEACHER)))

    def is_shared(self) -> bool:
        """Whether the class sees it."""
        return self.bench.run(self.over).visibility == "class"

    def share(self, on: bool) -> None:
        """Let the class see all of it, or nobody."""
        for run in (self.over, self.untouched, self.going):
            self.bench.share(run, on, actor=OWNER)
        for study in (self.over_study, self.going_study, self.over_search):
            self.bench.share_comparison(study, on, actor=OWNER)


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """Made once: what a case is refused changes nothing, and what it changes the others bear."""
    with Workbench.open(tmp_path_factory.mktemp("matrix") / "data") as bench:
        # It takes nine seconds, and nothing in it depends on who asks.
        bench.runner.practice_races.leaving_by_rate = lambda practice, owner: ([0.1], [[1]])
        over = finished(bench, points(), actor=OWNER).id
        untouched = finished(bench, points(seed=5), actor=OWNER).id
        over_study = bench.start_comparison(race(POINTS), actor=OWNER, pace="max")
        bench.wait_comparison(over_study, 60)
        over_search = bench.start_search(search(), actor=OWNER)
        bench.wait_search(over_search, 60)
        going = bench.start(points(**LONG), actor=OWNER, pace="1/s", paused=True)
        going_study = bench.start_comparison(race(POINTS | LONG), actor=OWNER, pace="1/s", paused=True)
        world = World(bench, over, untouched, going, over_study, going_study, over_search)
        until(lambda: all(run.state == "paused" for run in (bench.run(going), *bench.runs_of(going_study))))
        yield world


def race(base: dict[str, Any]) -> Comparison:
    return Comparison.of(base, ["optimizer=sgd,adam"], rates="hand", seeds=1, name="")


def search() -> Search:
    return Search.from_json({"base": POINTS, "vary": ["seed=0,1"]})


def ended(world: World, experiment: Experiment, actor: str) -> str:
    """A run that is over before it has begun."""
    run = world.bench.start(experiment, actor=actor, paused=True)
    world.bench.command(run, "stop", actor=actor)
    return world.bench.wait(run, 60).id


def start_comparison(world: World, actor: str) -> str:
    study = world.bench.start_comparison(race(POINTS), actor=actor, paused=True)
    world.bench.command_comparison(study, "stop", actor=actor)
    return world.bench.wait_comparison(study, 60).id
