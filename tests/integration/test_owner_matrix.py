"""Owner, another student, teacher, nobody × everything that the workbench does: who may, and who does not."""

from __future__ import annotations

import contextlib
import inspect
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any, get_args

import pytest

from core.catalog.augmentations.synthetic import Synthetic
from core.errors import BadInput, Refused
from core.experiment import Experiment
from core.landscape.asked import CurvatureRequest
from core.landscape.practice import Practice
from core.live import protocol
from core.people import NOBODY
from core.studies.blocks_asked import Samples
from core.studies.fits_asked import Polynomials
from core.studies.gradients_asked import Felt
from core.studies.inputs_kept import InputsAsked
from core.studies.study import study_channel
from core.studies.workbench import Workbench
from tests.experiments import POINTS, points
from tests.integration.owned_world import OTHER, OWNER, TEACHER, World, ended, race, search, start_comparison, world
from tests.polling import until
from tests.unit.uploads.files import table

__all__ = ["world"]

SEE = {OWNER: True, TEACHER: True, NOBODY: False}
"""Who may see; another student where it is shared."""
DIRECT = {OWNER: True, OTHER: False, TEACHER: True, NOBODY: False}
CHANGE = {OWNER: True, OTHER: False, TEACHER: False, NOBODY: False}
OWN = {OWNER: True, OTHER: True, TEACHER: True, NOBODY: False}
"""What concerns nobody else: all but nobody."""
TEACHING = {OWNER: False, OTHER: False, TEACHER: True, NOBODY: False}

NOT_ASKED = {
    "open", "reading", "close", "open_room",  # the launcher, for the process as a whole
    "runner", "device", "queue_length", "name_of", "is_active", "is_comparing",  # tell nothing of a run to be known
    "own",  # its sets are asked for by services
    "token", "who", "leave_room",  # by a cookie or token, whose person is told from it
    "leave_replay", "finders",  # a viewer's own place; how many have found a fault
}  # fmt: skip
"""Members of the workbench that act for nobody."""


def practice() -> Practice:
    return Practice.from_json({"surface": "saddle", "optimizers": ["gd"], "steps": 2})


Do = Callable[[World, str], Any]


def train_generator(world: World, actor: str) -> str:
    """Begin one and give it up."""
    channel = world.bench.train_generator(Experiment(), Synthetic(updates=20_000), actor=actor)
    world.bench.command_generator(channel, "stop", actor=actor)
    until(lambda: world.bench.hub.meta(channel)["state"] == "stopped")
    return channel


def hold_generator(world: World, actor: str) -> None:
    """Pause one that its owner has begun."""
    channel = world.bench.train_generator(Experiment(), Synthetic(updates=20_000), actor=OWNER)
    try:
        world.bench.command_generator(channel, "pause", actor=actor)
    finally:
        world.bench.command_generator(channel, "stop", actor=OWNER)
        until(lambda: world.bench.hub.meta(channel)["state"] == "stopped")


def done(do: Do) -> Do:
    """What answers nothing: where no error comes, it was done."""
    return lambda world, actor: (do(world, actor), True)[1]


def blocks(world: World, actor: str) -> None:
    """Whoever may see a run learns that these points are no images."""
    try:
        world.bench.blocks(Samples(world.over), actor=actor)
    except BadInput as error:
        if "has no images" not in str(error.text):
            raise


def tell_run(kind: str, **values: Any) -> Do:
    return done(lambda world, actor: world.bench.command(world.going, kind, values, actor=actor))


def tell_study(kind: str, **values: Any) -> Do:
    return done(lambda world, actor: world.bench.command(study_channel(world.going_study), kind, values, actor=actor))


def start(world: World, actor: str) -> str:
    return ended(world, points(), actor)


def fork(world: World, actor: str) -> str:
    made = world.bench.fork(world.over, 8, actor=actor, pace="max")
    assert world.bench.wait(made, 60).owner == actor
    return made


def branch(world: World, actor: str) -> None:
    run = world.bench.runs_of(world.over_study)[0].id
    before = {run.id for run in world.bench.runs()}
    values = {"run": run, "step": 4, "changes": {}, "pace": "max"}
    world.bench.command(study_channel(world.over_study), "fork", values, actor=actor)
    made = next(run for run in world.bench.runs() if run.id not in before)
    assert world.bench.wait(made.id, 60).owner == actor


def delete(world: World, actor: str) -> None:
    run = ended(world, points(), OWNER)
    world.bench.share(run, world.is_shared(), actor=OWNER)
    world.bench.delete(run, actor=actor)


def delete_comparison(world: World, actor: str) -> None:
    study = start_comparison(world, OWNER)
    world.bench.share_comparison(study, world.is_shared(), actor=OWNER)
    world.bench.delete_comparison(study, actor=actor)


def stop_search(world: World, actor: str, owner: str = OWNER) -> str:
    """Start a search that is held, and stop it as somebody else, who may not have the right: then its owner does."""
    study = world.bench.start_search(search(), actor=owner, paused=True)
    world.bench.share_comparison(study, world.is_shared(), actor=owner)
    try:
        world.bench.command_search(study, "stop", actor=actor)
    except (BadInput, Refused):
        world.bench.command_search(study, "stop", actor=owner)
        raise
    finally:
        world.bench.wait_search(study, 60)
    return study


def delete_search(world: World, actor: str) -> None:
    world.bench.delete_search(stop_search(world, OWNER), actor=actor)


def extend(world: World, actor: str) -> None:
    world.bench.command(world.over, "extend", {"epochs": 1}, actor=actor)
    with contextlib.suppress(Refused):  # it may be over already
        world.bench.command(world.over, "pace", {"pace": "max"}, actor=actor)
    world.bench.wait(world.over, 60)


def resume(world: World, actor: str) -> str:
    world.bench.resume(world.over, actor=actor, pace="max", epochs=1)
    return world.bench.wait(world.over, 60).id


def lists(found: Any, id: str) -> bool:
    return id in [record.id for record in found]


def connect_cluster(world: World, actor: str) -> None:
    """Reach a cluster that is none."""
    world.bench.runner.cluster = SimpleNamespace(connect=lambda: None, view=lambda: None, close=lambda: None)  # type: ignore[assignment]
    world.bench.connect_cluster(actor=actor)


def start_shared(world: World, actor: str) -> None:
    """Whoever may use the cluster learns that nobody can divide a run into one part."""
    try:
        world.bench.start_shared(points(), 1, actor=actor)
    except BadInput as error:
        if "cannot share" not in str(error.text):
            raise


def bring_data(world: World, actor: str) -> None:
    world.bench.bring_data("table.csv", table(), actor=actor).key.result(60)


def remove_data(world: World, actor: str) -> None:
    """Remove a set that nobody has learned from."""
    world.bench.remove_data(world.bench.add_data("table.csv", table(), actor=TEACHER), actor=actor)


CASES: dict[str, tuple[dict[str, bool], Do]] = {
    # runs
    "start": (OWN, start),
    "fork": (SEE, fork),
    "resume": (CHANGE, resume),
    "command: start": (DIRECT, tell_run("start")),
    "command: pause": (DIRECT, tell_run("pause")),
    "command: resume": (DIRECT, tell_run("resume")),
    "command: step": (DIRECT, tell_run("step")),
    "command: pace": (DIRECT, tell_run("pace", pace="1/s")),
    "command: set": (CHANGE, tell_run("set", lr=0.01)),
    "command: curvature": (CHANGE, tell_run("curvature", every=0)),
    "command: extend": (CHANGE, tell_run("extend", epochs=1)),
    "command: extend what is over": (CHANGE, done(extend)),
    "run": (SEE, lambda world, actor: world.bench.run(world.over, actor=actor)),
    "runs": (SEE, lambda world, actor: lists(world.bench.runs(actor=actor), world.over)),
    "find": (SEE, lambda world, actor: world.bench.find(world.over, actor=actor)),
    "family": (SEE, lambda world, actor: world.bench.family(world.over, actor=actor)),
    "running": (CHANGE, lambda world, actor: world.bench.running(actor=actor)),
    "wait": (SEE, lambda world, actor: world.bench.wait(world.over, 60, actor=actor)),
    "state_at": (SEE, lambda world, actor: world.bench.state_at(world.over, 4, actor=actor)),
    "seek": (SEE, done(lambda world, actor: world.bench.seek(world.over, 4, actor, lambda _: None, actor=actor))),
    "stored_like": (SEE, lambda world, actor: world.bench.stored_like(points(seed=5), actor=actor)),
    "suggested": (SEE, lambda world, actor: world.bench.suggested(world.over, "l2", actor=actor)),
    "evaluate_test": (CHANGE, lambda world, actor: world.bench.evaluate_test(world.over, actor=actor, insist=True)),
    "rename": (CHANGE, done(lambda world, actor: world.bench.rename(world.over, "mine", actor=actor))),
    "note": (CHANGE, done(lambda world, actor: world.bench.note(world.over, "mine", actor=actor))),
    "share": (
        CHANGE,
        done(lambda world, actor: world.bench.share(world.over, world.is_shared(), actor=actor)),
    ),
    "delete": (CHANGE, done(delete)),
    "may_watch": (SEE, lambda world, actor: world.bench.may_watch(world.over, actor=actor)),
    "may_watch a comparison": (
        SEE,
        lambda world, actor: world.bench.may_watch(study_channel(world.over_study), actor=actor),
    ),
    # comparisons
    "start_comparison": (OWN, start_comparison),
    "price": (OWN, lambda world, actor: world.bench.price(race(POINTS), actor=actor)),
    "price_s": (OWN, done(lambda world, actor: world.bench.price_s(race(POINTS), actor=actor))),
    "command_comparison: start": (DIRECT, tell_study("start")),
    "command_comparison: pause": (DIRECT, tell_study("pause")),
    "command_comparison: resume": (DIRECT, tell_study("resume")),
    "command_comparison: step": (DIRECT, tell_study("step")),
    "command_comparison: pace": (DIRECT, tell_study("pace", pace="1/s")),
    "command_comparison: set": (CHANGE, tell_study("set", lr=0.01)),
    "command_comparison: curvature": (CHANGE, tell_study("curvature", every=0)),
    "command_comparison: extend": (CHANGE, tell_study("extend", epochs=1)),
    "command_comparison: target": (CHANGE, tell_study("target", target=0.1)),
    "command_comparison: fork": (SEE, done(branch)),
    "wait_comparison": (SEE, lambda world, actor: world.bench.wait_comparison(world.over_study, 60, actor=actor)),
    "studies": (SEE, lambda world, actor: lists(world.bench.studies(actor=actor), world.over_study)),
    "study": (SEE, lambda world, actor: world.bench.study(world.over_study, actor=actor)),
    "runs_of": (SEE, lambda world, actor: world.bench.runs_of(world.over_study, actor=actor)),
    "running_comparison": (CHANGE, lambda world, actor: world.bench.running_comparison(actor=actor)),
    "share_comparison": (
        CHANGE,
        done(lambda world, actor: world.bench.share_comparison(world.over_study, world.is_shared(), actor=actor)),
    ),
    "delete_comparison": (CHANGE, done(delete_comparison)),
    # searches
    "start_search": (OWN, lambda world, actor: stop_search(world, actor, actor)),
    "search_price": (OWN, lambda world, actor: world.bench.search_price(search(), actor=actor)),
    "command_search": (DIRECT, stop_search),
    "wait_search": (SEE, lambda world, actor: world.bench.wait_search(world.over_search, 60, actor=actor)),
    "searches": (SEE, lambda world, actor: lists(world.bench.searches(actor=actor), world.over_search)),
    "search_report": (SEE, lambda world, actor: world.bench.search_report(world.over_search, actor=actor)),
    "delete_search": (CHANGE, done(delete_search)),
    # the cluster
    "connect_cluster": (TEACHING, done(connect_cluster)),
    "start_shared": (TEACHING, done(start_shared)),
    "cluster": (OWN, done(lambda world, actor: world.bench.cluster(actor=actor))),
    "on_cluster": (OWN, done(lambda world, actor: world.bench.on_cluster(actor=actor))),
    # what is measured and drawn
    "preview": (OWN, lambda world, actor: world.bench.preview(points(), actor=actor)),
    "sample_picture": (OWN, done(lambda world, actor: world.bench.sample_picture(points(), actor=actor))),
    "own_data": (OWN, done(lambda world, actor: world.bench.own_data(actor=actor))),
    "add_data": (TEACHING, lambda world, actor: world.bench.add_data("table.csv", table(), actor=actor)),
    "bring_data": (TEACHING, done(bring_data)),
    "remove_data": (TEACHING, done(remove_data)),
    "data_view": (OWN, done(lambda world, actor: world.bench.data_view(points(), actor=actor))),
    "invariance": (SEE, lambda world, actor: world.bench.invariance(world.over, "noise", actor=actor)),
    "evaluations": (SEE, lambda world, actor: world.bench.evaluations(world.over, actor=actor)),
    "sayings": (SEE, lambda world, actor: world.bench.sayings(world.over, actor=actor) is not None),
    "polynomials": (OWN, lambda world, actor: world.bench.polynomials(Polynomials(), actor=actor)),
    "inputs_kept": (OWN, lambda world, actor: world.bench.inputs_kept(InputsAsked(method="variance"), actor=actor)),
    "memorized": (SEE, lambda world, actor: world.bench.memorized(world.over, actor=actor)),
    "weights_of": (SEE, lambda world, actor: world.bench.weights_of(world.over_study, actor=actor)),
    "staged_refusal": (TEACHING, lambda world, actor: world.bench.staged_refusal(world.over, actor=actor)),
    "deal": (TEACHING, lambda world, actor: world.bench.deal("xor", actor=actor)),
    "deals": (OWN, done(lambda world, actor: world.bench.deals("xor", actor=actor))),
    "show_learned": (SEE, done(lambda world, actor: world.bench.show_learned(world.over, actor=actor))),
    "looks": (SEE, done(lambda world, actor: world.bench.looks(world.over, actor=actor))),
    "folds": (OWN, done(lambda world, actor: world.bench.folds(points().replace(num_folds=4), actor=actor))),
    "confidence": (SEE, lambda world, actor: world.bench.confidence(world.over, actor=actor)),
    "generator": (OWN, lambda world, actor: world.bench.generator(Experiment(), Synthetic(), actor=actor)),
    "train_generator": (OWN, train_generator),
    "command_generator: pause": (DIRECT, done(hold_generator)),
    "gradients": (OWN, done(lambda world, actor: world.bench.gradients(Felt(), actor=actor))),
    "blocks": (SEE, done(blocks)),
    "draw_practice": (OWN, lambda world, actor: world.bench.draw_practice(practice(), actor=actor)),
    "leaving_by_rate": (OWN, lambda world, actor: world.bench.leaving_by_rate(practice(), actor=actor)),
    "landscape": (SEE, lambda world, actor: world.bench.landscape(CurvatureRequest(world.over), actor=actor)),
    # answers and faults
    "answer": (OWN, done(lambda world, actor: world.bench.answer("claim/x.1", "vote", "right", actor=actor))),
    "own_answer": (OWN, lambda world, actor: world.bench.own_answer("claim/x.1", actor=actor)),
    "answers": (OWN, lambda world, actor: world.bench.answers("claim/x.1", actor=actor)),
    "followed": (SEE, done(lambda world, actor: world.bench.followed("claim/none.1", world.over, actor=actor))),
    "answers_before": (SEE, done(lambda world, actor: world.bench.answers_before(world.over, actor=actor))),
    # the room
    "people_here": (TEACHING, done(lambda world, actor: world.bench.people_here(actor=actor))),
    "tell_all": (TEACHING, done(lambda world, actor: world.bench.tell_all("pause", actor=actor))),
    "start_for_all": (
        TEACHING,
        done(lambda world, actor: world.bench.start_for_all(points(), own_seeds=False, actor=actor, pace="max")),
    ),
    "bring_all": (TEACHING, done(lambda world, actor: world.bench.bring_all("fitting", 0, actor=actor))),
    "show_answers": (TEACHING, done(lambda world, actor: world.bench.show_answers("claim/x.2", True, actor=actor))),
    "renew_room": (TEACHING, lambda world, actor: world.bench.renew_room(actor=actor)),
}


def test_the_matrix_has_a_case_for_everything_that_the_workbench_does():
    services = {name for name, _ in inspect.getmembers(Workbench) if not name.startswith("_")}
    known = {case.split(":")[0].split(" ")[0] for case in CASES} | BESIDE
    assert services - NOT_ASKED - known == set()
    functions = dict(inspect.getmembers(Workbench, inspect.isfunction))
    assert {
        name for name in NOT_ASKED & set(functions) if "actor" in inspect.signature(functions[name]).parameters
    } == set()


BESIDE = {
    "finding", "diagnose", "give_up", "points", "readings",  # each one's own: test_sealed_runs.py
    "call", "pupils", "wall", "asked", "fault_points",  # what a class sees of itself: test_class_together.py
}  # fmt: skip
"""What other tests show who may do."""


def test_the_matrix_has_a_case_for_every_live_command():
    kinds = set(get_args(protocol.Command.model_fields["kind"].annotation))
    told = {case.split(": ")[1] for case in CASES if case.startswith("command_comparison: ")} | {"stop"}
    assert kinds - told == set()


@pytest.mark.parametrize("is_shared", [True, False], ids=["shared", "private"])
@pytest.mark.parametrize("case", CASES)
def test_who_may(world: World, case: str, is_shared: bool):
    rights, do = CASES[case]
    rights = rights if OTHER in rights else rights | {OTHER: is_shared}
    world.share(is_shared)
    if case == "renew_room":
        world.bench.open_room("class")
    for actor in (NOBODY, OTHER, TEACHER, OWNER):
        try:
            may = bool(do(world, actor))
        except (BadInput, Refused):
            may = False
        assert may is rights[actor], f"{actor or 'nobody'}: {case}"
        world.rest(is_told=case.startswith("command"))
    world.bench.room = None
