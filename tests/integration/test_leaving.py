"""Whoever has left a class, or has not joined since its newest code, is shown and told nothing more."""

from __future__ import annotations

import pytest

from core.people import Person
from core.studies.comparison import Comparison
from core.studies.room import Room
from core.studies.workbench import Workbench
from tests.experiments import POINTS, points


@pytest.fixture
def room(bench: Workbench) -> Room:
    return bench.open_room("class")


@pytest.fixture
def anna(room: Room) -> Person:
    return room.join("Anna", room.code, "10.0.0.7")


@pytest.fixture
def eve(room: Room) -> Person:
    return room.join("Eve", room.teacher_key, "10.0.0.8")


def test_whoever_leaves_takes_nothing_along(bench: Workbench, room: Room, anna: Person):
    run, token = bench.start(points(), actor=anna.id, paused=True), bench.token(anna.id)
    assert bench.who(token) == anna.id
    assert bench.may_watch(run, actor=anna.id)
    bench.leave_room(room.sign(anna))
    assert bench.hub.doubted()
    assert bench.who(token) is None
    assert not bench.may_watch(run, actor=anna.id)


def test_a_new_code_ends_what_the_old_one_opened_but_for_its_teacher(
    bench: Workbench, room: Room, anna: Person, eve: Person
):
    run = bench.start(points(), actor=eve.id, paused=True)
    tokens = [bench.token(person.id) for person in (anna, eve)]
    bench.renew_room(actor=eve.id)
    assert bench.hub.doubted()
    assert [bench.who(token) for token in tokens] == [None, eve.id]
    assert [bench.may_watch(run, actor=person.id) for person in (anna, eve)] == [False, True]


def test_a_token_is_enough_where_nobody_joins(bench: Workbench):
    assert bench.who(bench.token("local")) == "local"
    assert bench.who("local.forged") is None


def test_what_is_shared_no_more_is_asked_for_anew(bench: Workbench, anna: Person):
    run = bench.start(points(), actor=anna.id, paused=True)
    comparison = Comparison.of(POINTS, ["optimizer=sgd,adam"], rates="hand", seeds=1, name="")
    study = bench.start_comparison(comparison, actor=anna.id, paused=True)
    for share in (
        lambda on: bench.share(run, on, actor=anna.id),
        lambda on: bench.share_comparison(study, on, actor=anna.id),
    ):
        share(False)
        assert bench.hub.doubted()
        share(True)
        assert not bench.hub.doubted()
