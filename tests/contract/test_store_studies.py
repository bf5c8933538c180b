"""The contract of the store for studies, on SQLite and on PostgreSQL."""

from __future__ import annotations

import math
from typing import Any

import pytest

from core.errors import BadInput, Refused
from core.store.store import Store
from core.text import Text
from tests.contract.conftest import Place
from tests.contract.stores import ME, NAME, new_run


def new_study(store: Store, **values: Any) -> str:
    """A study with what every study needs."""
    return store.create_study(**({"actor": ME, "kind": "comparison", "document": {"seeds": 5}} | values))


def test_a_study_comes_back_as_it_was_stored_and_its_facts_are_added(place: Place, store: Store):
    document = {"base": {"lr": 1e-3, "list": [1, None]}, "limit": math.inf}
    study = new_study(store, name=NAME, note="two\nlines", document=document, facts={"notes": ["first"]})
    assert store.add_study_facts(study, {"verdict": [Text("It is {n}.", n=3).to_json()], "loss": math.nan}, actor=ME)
    assert store.add_study_facts(study, {"loss": math.inf}, actor=ME)
    with place.open(read_only=True) as reader:
        record = reader.get_study(study, actor=ME)
        assert reader.list_studies(actor=ME) == (record,)
    assert (record.name, record.note, record.kind, record.owner) == (NAME, "two\nlines", "comparison", ME)
    assert record.document == document
    assert record.facts == {
        "notes": ["first"],
        "verdict": [{"template": "It is {n}.", "values": {"n": 3}}],
        "loss": math.inf,
    }
    assert record.created.utcoffset() is not None


def test_studies_are_listed_newest_last_and_by_kind(store: Store):
    studies = [new_study(store, kind=kind) for kind in ("comparison", "folds", "comparison")]
    assert [record.id for record in store.list_studies(actor=ME)] == studies == sorted(studies)
    assert [record.id for record in store.list_studies(actor=ME, kind="comparison")] == studies[::2]


def test_a_study_is_changed_by_its_owner_only_and_a_private_one_does_not_exist_for_others(store: Store):
    mine = new_study(store)
    shown = new_study(store, visibility="class")
    store.rename_study(mine, "renamed", actor=ME)
    store.note_study(mine, "noted", actor=ME)
    record = store.get_study(mine, actor=ME)
    assert (record.name, record.note) == ("renamed", "noted")
    assert [record.id for record in store.list_studies(actor="other")] == [shown]
    with pytest.raises(BadInput, match="no comparison"):
        store.get_study(mine, actor="other")
    for study, error in ((mine, BadInput), (shown, Refused)):
        for change in (
            lambda study: store.rename_study(study, "x", actor="other"),
            lambda study: store.note_study(study, "x", actor="other"),
            lambda study: store.delete_study(study, actor="other"),
            lambda study: store.add_study_facts(study, {}, actor="other"),
        ):
            with pytest.raises(error):
                change(study)
    with pytest.raises(BadInput, match="not the id"):
        store.get_study("../x", actor=ME)


def test_deleting_a_study_leaves_its_runs_which_belong_to_none_then(store: Store):
    study, other = new_study(store), new_study(store)
    run, neighbour = new_run(store, study=study), new_run(store, study=other)
    store.delete_study(study, actor=ME)
    assert [record.id for record in store.list_studies(actor=ME)] == [other]
    assert (store.get_run(run, actor=ME).study, store.get_run(neighbour, actor=ME).study) == (None, other)
