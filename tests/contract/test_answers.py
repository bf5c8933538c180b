"""The contract of stored answers: the same promises on SQLite and on PostgreSQL."""

from __future__ import annotations

from typing import Any

import pytest

from core.errors import BadInput, Refused
from core.store.store import Store
from tests.contract.conftest import Place

ME, OTHER = "local", "anna"


def new_run(store: Store, actor: str = ME, **values: Any) -> str:
    """A run with what every run needs."""
    return store.create_run(actor=actor, experiment={}, fingerprint="ab" * 32, schema_version=1, **values)


def test_an_answer_comes_back_as_it_was_given_and_stays_in_another_process(place: Place, store: Store):
    curve = [[0, 0.5], [10, 0.125], [200, 0.1]]
    given = store.answer("lesson/fitting.1", "curve", curve, actor=ME)
    skipped = store.answer("lesson/fitting.2", "skip", None, actor=ME)
    with place.open(read_only=True) as reader:
        assert reader.answers("lesson/fitting.1") == (given,)
        assert reader.answers_by(ME, "lesson/fitting.") == (given, skipped)
    assert (given.value, given.run, skipped.value) == (curve, None, None)
    assert given.utc.utcoffset() is not None


def test_a_new_answer_takes_the_place_of_the_persons_earlier_one_only(store: Store):
    store.answer("claim/fitting.1", "vote", "right", actor=OTHER)
    store.answer("claim/fitting.1", "vote", "right", actor=ME)
    store.answer("claim/fitting.1", "vote", "wrong", actor=ME)
    store.answer("claim/fitting.10", "vote", "condition", actor=ME)
    assert [(found.owner, found.value) for found in store.answers("claim/fitting.1")] == [
        (OTHER, "right"),
        (ME, "wrong"),
    ]
    assert [found.about for found in store.answers_by(ME)] == ["claim/fitting.1", "claim/fitting.10"]


def test_the_beginning_of_a_name_is_taken_letter_by_letter(store: Store):
    store.answer("lesson/own-1.1", "choice", 0, actor=ME)
    assert store.answers_by(ME, "lesson/own_1") == store.answers_by(ME, "%") == ()
    assert store.answers_about("lesson/own_1") == ()
    assert [found.owner for found in store.answers_about("lesson/own-1.")] == [ME]


def test_the_run_that_followed_is_noted_and_its_deletion_leaves_the_answer(store: Store):
    run, later = new_run(store), new_run(store)
    store.answer("lesson/fitting.1", "choice", 1, actor=ME)
    store.answer("lesson/fitting.1", "choice", 2, actor=OTHER)
    store.attach_answer("lesson/fitting.1", run, actor=ME)
    store.attach_answer("lesson/fitting.2", run, actor=ME)
    store.answer("lesson/fitting.3", "number", 0.25, actor=ME, run=later)
    assert [(found.about, found.owner) for found in store.answers_of_run(run)] == [("lesson/fitting.1", ME)]
    assert [found.value for found in store.answers_of_run(later)] == [0.25]
    store.set_state(run, "finished", actor=ME)
    store.delete(run, actor=ME)
    assert store.answers_of_run(run) == ()
    assert [(found.value, found.run) for found in store.answers("lesson/fitting.1")] == [(1, None), (2, None)]


def test_an_answer_is_followed_by_a_run_of_ones_own(store: Store):
    private, shared = new_run(store, OTHER), new_run(store, OTHER, visibility="class")
    for run, error in ((private, BadInput), (shared, Refused)):
        with pytest.raises(error):
            store.answer("lesson/fitting.1", "choice", 1, actor=ME, run=run)
        with pytest.raises(error):
            store.attach_answer("lesson/fitting.1", run, actor=ME)
    assert store.answers("lesson/fitting.1") == ()


@pytest.mark.parametrize(("about", "value"), [("", 1), ("a" * 121, 1), ("lesson/\x00", 1), ("lesson/a.1", "x" * 7999)])
def test_an_answer_has_a_name_and_a_size_that_can_be_stored(store: Store, about: str, value: Any):
    with pytest.raises(BadInput):
        store.answer(about, "diagnosis", value, actor=ME)
    assert store.answers_by(ME) == ()


def test_an_answer_is_of_a_known_kind(store: Store):
    with pytest.raises(ValueError, match="no kind of answer"):
        store.answer("lesson/a.1", "mood", 1, actor=ME)  # type: ignore[arg-type]
