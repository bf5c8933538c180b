"""What others may stop, watch or ask for stays its owner's, and what is private looks like nothing."""

from __future__ import annotations

import pytest

from core.errors import BadInput, Refused
from core.landscape.asked import CurvatureRequest
from core.people import LOCAL, NOBODY
from tests.experiments import POINTS, points
from tests.integration.owned_world import OTHER, OWNER, TEACHER, World, ended, race, start_comparison, world
from tests.polling import until
from tests.stored_runs import LONG

__all__ = ["world"]


@pytest.mark.parametrize("stopper", [TEACHER, OWNER])
def test_who_may_stop(world: World, stopper: str):
    bench = world.bench
    run = bench.start(points(**LONG), actor=OWNER, pace="1/s", paused=True)
    for actor in (NOBODY, OTHER):
        with pytest.raises((BadInput, Refused)):
            bench.command(run, "stop", actor=actor)
    bench.command(run, "stop", actor=stopper)
    stopped = bench.wait(run, 60)
    assert (stopped.state, stopped.owner) == ("stopped", OWNER)
    assert bench.store.events(run)[-1].actor == stopper if stopped.step else True
    # What is over goes on only for its owner, whoever stopped it.
    with pytest.raises(Refused, match="another person"):
        bench.command(run, "resume", actor=TEACHER)


def test_a_comparison_that_a_teacher_stops_stays_its_owners(world: World):
    bench = world.bench
    study = bench.start_comparison(race(POINTS | LONG), actor=OWNER, pace="1/s")
    until(lambda: len(bench.runs_of(study)) == 2)
    bench.command_comparison(study, "stop", actor=TEACHER)
    assert bench.wait_comparison(study, 60).owner == OWNER
    assert {(run.state, run.owner) for run in bench.runs_of(study)} == {("stopped", OWNER)}
    with pytest.raises(Refused, match="another person"):
        bench.command_comparison(study, "resume", actor=TEACHER)


def test_a_private_run_looks_like_one_that_is_not_there(world: World):
    world.share(False)
    words = []
    for run in (world.over, world.over[:-1] + ("a" if world.over[-1] != "a" else "b")):
        with pytest.raises(BadInput) as error:
            world.bench.command(run, "stop", actor=OTHER)
        words.append(str(error.value).replace(run, ""))
    assert words[0] == words[1]
    assert not world.bench.may_watch(world.over, actor=OTHER)


def test_what_others_leave_behind_is_deleted_by_who_sits_at_the_computer(world: World):
    bench = world.bench
    run, study = ended(world, points(), OWNER), start_comparison(world, OWNER)
    for actor in (OTHER, TEACHER):
        with pytest.raises(Refused, match="another person"):
            bench.delete(run, actor=actor)
        with pytest.raises(Refused, match="another person"):
            bench.delete_comparison(study, actor=actor)
    bench.delete(run, actor=LOCAL)
    bench.delete_comparison(study, actor=LOCAL)
    assert bench.find(run) is None
    assert study not in [record.id for record in bench.studies()]


def test_a_landscape_is_watched_and_given_up_by_those_who_asked_for_it(world: World):
    world.share(True)
    bench = world.bench
    channel = bench.landscape(CurvatureRequest(world.over, 2), actor=OWNER)
    assert bench.may_watch(channel, actor=OWNER)
    assert not bench.may_watch(channel, actor=OTHER)
    bench.command(channel, "stop", actor=OTHER)
    until(lambda: bench.hub.meta(channel)["state"] == "finished")
    assert bench.landscape(CurvatureRequest(world.over, 2), actor=OTHER) == channel
    assert bench.may_watch(channel, actor=OTHER)
    world.share(False)
    assert not bench.may_watch(channel, actor=OTHER)
    assert bench.may_watch(channel, actor=OWNER)
