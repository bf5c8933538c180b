"""Who sees what is stored: the owner, the class where it is shared, whoever keeps order, and never nobody."""

from __future__ import annotations

import pytest

from core.errors import BadInput, Refused
from core.people import NOBODY
from core.store.store import Store
from tests.contract.stores import new_run

ANNA, BEN, TEACHER, LOCAL = "student-anna", "student-ben", "teacher-eve", "local"


def seen(store: Store, run: str) -> set[str]:
    """Who finds a run, in the list and by its id."""
    found = set()
    for actor in (ANNA, BEN, TEACHER, LOCAL, NOBODY):
        is_listed = run in [record.id for record in store.list_runs(actor=actor)]
        try:
            is_found = store.get_run(run, actor=actor).id == run
        except BadInput:
            is_found = False
        assert is_listed == is_found
        found |= {actor} if is_found else set()
    return found


def test_what_a_class_starts_is_shared_and_what_one_person_starts_is_not(store: Store):
    assert seen(store, new_run(store, actor=ANNA)) == {ANNA, BEN, TEACHER, LOCAL}
    assert seen(store, new_run(store, actor=TEACHER)) == {ANNA, BEN, TEACHER, LOCAL}
    assert seen(store, new_run(store, actor=LOCAL)) == {TEACHER, LOCAL}


def test_of_everybody_the_newest_run_is_found_that_the_class_sees_and_that_stands_alone(store: Store):
    hers, _ = new_run(store, actor=ANNA), new_run(store, actor=LOCAL)
    old, new, private = (new_run(store, actor=BEN) for _ in range(3))
    store.share(private, False, actor=BEN)
    study = store.create_study(actor=ANNA, kind="comparison", document={})
    new_run(store, actor=ANNA, study=study)
    assert [run.id for run in store.newest_of_each()] == [hers, new]
    store.share(new, False, actor=BEN)
    assert [run.id for run in store.newest_of_each()] == [hers, old]


def test_the_owner_shares_a_run_and_takes_it_back(store: Store):
    run = new_run(store, actor=ANNA)
    for other in (BEN, TEACHER):
        with pytest.raises(Refused, match="another person"):
            store.share(run, False, actor=other)
    store.share(run, False, actor=ANNA)
    assert seen(store, run) == {ANNA, TEACHER, LOCAL}
    with pytest.raises(BadInput):
        store.share(run, True, actor=BEN)
    store.share(run, True, actor=ANNA)
    assert BEN in seen(store, run)


def test_a_study_is_shared_with_its_runs(store: Store):
    study = store.create_study(actor=ANNA, kind="comparison", document={})
    runs = [new_run(store, actor=ANNA, study=study) for _ in range(2)]
    assert [record.id for record in store.list_studies(actor=BEN)] == [study]
    store.share_study(study, False, actor=ANNA)
    assert store.list_studies(actor=BEN) == store.list_runs(actor=BEN) == ()
    assert store.list_studies(actor=NOBODY) == ()
    assert [record.id for record in store.list_studies(actor=TEACHER)] == [study]
    store.share_study(study, True, actor=ANNA)
    assert {record.id for record in store.list_runs(actor=BEN, study=study)} == set(runs)
    with pytest.raises(Refused):
        store.share_study(study, False, actor=TEACHER)
