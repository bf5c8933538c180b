"""The contract of the store: the same promises on SQLite and on PostgreSQL."""

from __future__ import annotations

import json
import math
import os
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
import pytest
from sqlalchemy import create_engine, func, select, text
from sqlalchemy.exc import OperationalError

from core.errors import BadInput, CoreError, Refused
from core.store import engines, schema
from core.store import store as store_module
from core.store.folder import DataFolder, WriteLock
from core.store.ids import new_id
from core.store.records import Evaluation, RunFacts, SnapshotEntry, State
from core.store.store import Store
from core.text import Text
from tests.contract.conftest import Place
from tests.polling import until
from tests.sources import ROOT

ME = "local"
HASH = "ab" * 32
NAME = "λ zu groß 正则化 🙂"


def new_run(store: Store, **values: Any) -> str:
    """A run with what every run needs."""
    given = {"actor": ME, "experiment": {}, "fingerprint": HASH, "schema_version": 1}
    return store.create_run(**(given | values))


def rows_of(first: int, last: int, **columns: np.ndarray) -> dict[str, np.ndarray]:
    """Per-update columns of the steps from first to last."""
    step = np.arange(first, last + 1)
    return {"step": step, "epoch": step / 10, "train_s": step / 100, "batch/loss": np.sin(step), **columns}


def snapshot(step: int, attempt: int) -> SnapshotEntry:
    """An entry of the snapshot index."""
    return SnapshotEntry(step, f"step-{step}.safetensors", HASH, 100, "epoch", attempt)


@contextmanager
def another_connection(place: Place) -> Iterator[Any]:
    """A connection of our own beside the store's; what it does is committed at the end."""
    engine = create_engine(engines.parsed(place.url))
    try:
        with engine.begin() as connection:
            yield connection
    finally:
        engine.dispose()


@contextmanager
def locked(place: Place) -> Iterator[None]:
    """Another session holds the database so that nobody else can write."""
    with another_connection(place) as connection:
        if place.is_sqlite:
            connection.exec_driver_sql("BEGIN IMMEDIATE")
        else:
            connection.exec_driver_sql("LOCK TABLE sp_run, sp_steps, sp_event IN SHARE ROW EXCLUSIVE MODE")
        yield


def count(place: Place, table: Any) -> int:
    """The number of rows of a table."""
    with another_connection(place) as connection:
        return connection.execute(select(func.count()).select_from(table)).scalar_one()


def test_a_run_comes_back_as_it_was_stored(place: Place, store: Store):
    facts = RunFacts("cpu", 3, "float32", "solo", {"test": HASH}, {"torch": "2", "limit": math.inf})
    experiment = {"lr": 1e-3, "list": [1, None, "\x00"], "strength": -math.inf}
    run = new_run(store, name=NAME, note="two\nlines", study="race", facts=facts, experiment=experiment)
    reason = Text("It has {n} rows; {inner}.", n=3, inner=Text("good"))
    ended = {"reason": "done", "reason_text": reason, "answer": {"gap": 0.1}, "weights_sha256": HASH}
    store.set_state(run, "finished", actor=ME, **ended)
    with place.open(read_only=True) as reader:
        record = reader.get_run(run, actor=ME)
        assert reader.list_runs(actor=ME) == (record,)
    assert (record.name, record.note, record.study, record.facts) == (
        NAME,
        "two\nlines",
        "race",
        facts,
    )
    assert record.experiment == experiment
    assert (record.state, record.reason, record.reason_text) == ("finished", "done", reason)
    assert (record.answer, record.weights_sha256, record.owner) == ({"gap": 0.1}, HASH, ME)
    assert record.created.utcoffset() is not None


def test_runs_are_listed_newest_last_and_can_be_chosen_by_fingerprint_study_and_state(store: Store):
    runs = [new_run(store, fingerprint=mark * 64, study=mark) for mark in "abc"]
    store.set_state(runs[2], "running", actor=ME)
    assert [record.id for record in store.list_runs(actor=ME)] == runs == sorted(runs)
    assert [record.id for record in store.list_runs(actor=ME, fingerprint="b" * 64)] == runs[1:2]
    assert [record.id for record in store.list_runs(actor=ME, study="a")] == runs[:1]
    assert [record.id for record in store.list_runs(actor=ME, state="running")] == runs[2:]


def slots_of(store: Store, *runs: str) -> list[int]:
    return [store.get_run(run, actor=ME).colour_slot for run in runs]


def branched(store: Store, parent: str) -> str:
    return new_run(store, parent=parent, fork_step=10)


def test_colours_follow_one_another(store: Store):
    assert slots_of(store, *(new_run(store) for _ in range(9))) == [0, 1, 2, 3, 4, 5, 6, 7, 0]


def test_a_branch_has_the_first_colour_that_nothing_else_of_its_tree_has(store: Store):
    new_run(store)
    first = new_run(store)
    branch = branched(store, first)
    assert slots_of(store, first, branch, branched(store, branch), branched(store, first)) == [1, 0, 2, 3]
    assert store.get_run(branch, actor=ME).fork_step == 10


def test_a_branch_of_a_comparison_has_a_colour_that_none_of_its_variants_has(store: Store):
    runs = [new_run(store, study="a", colour_slot=slot) for slot in (0, 1, 3, 0, 1, 3)]
    branches = [branched(store, runs[4]), branched(store, runs[0])]
    assert slots_of(store, *branches) == [2, 4]


def test_a_branch_has_its_parents_colour_once_all_are_taken(store: Store):
    runs = [new_run(store, study="a", colour_slot=slot) for slot in range(9)]
    assert slots_of(store, branched(store, runs[5]), branched(store, runs[8])) == [5, 8]


def test_a_run_may_be_given_its_colour(store: Store):
    assert store.get_run(new_run(store, colour_slot=12), actor=ME).colour_slot == 12
    assert store.get_run(new_run(store), actor=ME).colour_slot == 5


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


def test_metrics_come_back_exactly_with_nan_infinity_and_unknown_names(store: Store):
    run = new_run(store)
    attempt = store.begin_attempt(run, 0, "start", actor=ME)
    given = [
        Evaluation(0, 0.0, 0.0, {"train/loss": math.nan, "validation/error": 0.9, "gap": -math.inf, "top5/error": 0.1}),
        Evaluation(7, 0.7, 0.1 + 0.2, {"train/loss": 1e-310, "validation/error": 0.1, "top5/error": math.inf}),
        Evaluation(9, 0.9, 0.5, {"train/error": 0.25, "validation/error": 0.3}),
    ]
    store.append_evaluations(run, attempt, given)
    assert store.flush(60)
    read = store.read_evaluations(run)
    assert [json.dumps(row.__dict__, sort_keys=True) for row in read] == [
        json.dumps(row.__dict__, sort_keys=True) for row in given
    ]
    record = store.get_run(run, actor=ME)
    assert (record.step, record.best_validation_error, record.last_validation_error, record.last_train_error) == (
        9, 0.1, 0.3, 0.25,
    )  # fmt: skip


def test_series_come_back_bit_for_bit_and_the_run_knows_its_position(store: Store):
    run = new_run(store)
    attempt = store.begin_attempt(run, 0, "start", actor=ME)
    strange = np.array([math.nan, -math.inf, math.inf, -0.0, 5e-324, 1e308, 0.1, 1 / 3])
    store.append_steps(run, attempt, rows_of(1, 8, norm=strange))
    store.append_steps(run, attempt, rows_of(9, 10))
    assert store.flush(60)
    series = store.read_steps(run)
    assert series["step"].tolist() == list(range(1, 11))
    assert series["norm"][:8].tobytes() == strange.tobytes()
    assert np.isnan(series["norm"][8:]).all()
    assert list(store.read_steps(run, ["batch/loss"])) == ["step", "batch/loss"]
    record = store.get_run(run, actor=ME)
    assert (record.step, record.epoch, record.train_s) == (10, 1.0, 0.1)


def test_epoch_and_time_come_from_evaluations_where_the_series_have_none(store: Store):
    run = new_run(store)
    attempt = store.begin_attempt(run, 0, "start", actor=ME)
    store.append_steps(run, attempt, {"step": np.arange(1, 31), "lr": np.ones(30)})
    store.append_evaluations(run, attempt, [Evaluation(step, step / 10, step / 100) for step in (0, 10, 20)])
    assert store.flush(60)
    record = store.get_run(run, actor=ME)
    assert (record.step, record.epoch, record.train_s) == (30, 2.0, 0.2)
    store.begin_attempt(run, 15, "resume", actor=ME)
    assert store.flush(60)
    record = store.get_run(run, actor=ME)
    assert (record.step, record.epoch, record.train_s) == (15, 1.0, 0.1)


def test_a_block_may_be_overwritten_by_its_owner_as_soon_as_it_is_queued(store: Store):
    run = new_run(store)
    attempt = store.begin_attempt(run, 0, "start", actor=ME)
    columns = rows_of(1, 4)
    expected = columns["batch/loss"].copy()
    store.append_steps(run, attempt, columns)
    columns["batch/loss"][:] = 0
    assert store.flush(60)
    assert store.read_steps(run)["batch/loss"].tobytes() == expected.tobytes()


def test_metrics_are_stored_within_a_second_without_being_asked_for(store: Store):
    run = new_run(store)
    attempt = store.begin_attempt(run, 0, "start", actor=ME)
    store.append_steps(run, attempt, rows_of(1, 4))
    until(lambda: len(store.read_steps(run)["step"]) == 4, 1.5, "the flush of metrics")


def test_blocks_of_one_flush_are_one_row_and_a_finished_run_is_packed(place: Place, store: Store):
    run = new_run(store)
    attempt = store.begin_attempt(run, 0, "start", actor=ME)
    for first in range(1, 60, 3):
        store.append_steps(run, attempt, rows_of(first, first + 2))
    assert store.flush(60)
    assert count(place, schema.steps) <= 2, "a slow machine may flush once in between"
    for first in range(61, 70, 3):
        store.append_steps(run, attempt, rows_of(first, first + 2))
        store.flush()
    before = store.read_steps(run)
    store.set_state(run, "finished", actor=ME)
    assert store.flush(60)
    assert count(place, schema.steps) == 1
    assert all(store.read_steps(run)[name].tobytes() == before[name].tobytes() for name in before)


def test_a_state_is_stored_after_the_rows_that_came_before_it(store: Store):
    run = new_run(store)
    attempt = store.begin_attempt(run, 0, "start", actor=ME)
    store.append_steps(run, attempt, rows_of(1, 4))
    assert store.set_state(run, "paused", actor=ME) or store.flush(60)
    assert len(store.read_steps(run)["step"]) == 4


def test_a_new_attempt_supersedes_what_lies_after_its_snapshot(store: Store):
    run = new_run(store)
    first = store.begin_attempt(run, 0, "start", actor=ME)
    store.append_evaluations(run, first, [Evaluation(step, step / 10, 0.0, {"gap": 0.0}) for step in (0, 5, 10, 15)])
    store.append_steps(run, first, rows_of(1, 8))
    assert store.flush(60)
    store.append_steps(run, first, rows_of(9, 20))
    for step in (5, 10, 15):
        store.record_snapshot(run, snapshot(step, first))
    store.add_event(run, "best", actor=ME, step=12, values={"error": math.nan})
    lr = store.add_event(run, "set", actor=ME, step=13, values={"lr": 0.5}, recipe=True)
    early = store.add_event(run, "pause", actor=ME, step=4)
    second = store.begin_attempt(run, 10, "resume", actor=ME)
    assert store.flush(60)
    assert (first, second) == (1, 2)
    assert [row.step for row in store.read_evaluations(run)] == [0, 5, 10]
    assert store.read_steps(run)["step"].tolist() == list(range(1, 11))
    assert [entry.step for entry in store.snapshots(run)] == [5, 10]
    assert store.events(run) == (lr, early)
    record = store.get_run(run, actor=ME)
    assert (record.step, record.epoch, record.train_s, record.attempt) == (10, 1.0, 0.1, 2)
    assert [(attempt.n, attempt.from_step, attempt.cause, attempt.outcome) for attempt in store.attempts(run)] == [
        (1, 0, "start", "interrupted"), (2, 10, "resume", None),
    ]  # fmt: skip
    store.append_steps(run, second, rows_of(11, 12))
    store.set_state(run, "stopped", actor=ME)
    assert store.flush(60)
    assert store.read_steps(run)["step"].tolist() == list(range(1, 13))
    assert [attempt.outcome for attempt in store.attempts(run)] == ["interrupted", "stopped"]
    assert all(attempt.ended is not None for attempt in store.attempts(run))


def test_neither_doubled_steps_nor_an_older_attempt_are_taken(store: Store):
    run = new_run(store)
    first = store.begin_attempt(run, 0, "start", actor=ME)
    store.append_steps(run, first, rows_of(1, 5))
    with pytest.raises(ValueError, match="has step 5 already"):
        store.append_steps(run, first, rows_of(5, 6))
    with pytest.raises(ValueError, match="increase"):
        store.append_steps(run, first, {"step": np.array([7, 7])})
    store.begin_attempt(run, 3, "resume", actor=ME)
    with pytest.raises(ValueError, match="begun last"):
        store.append_steps(run, first, rows_of(6, 7))
    with pytest.raises(ValueError, match="begun last"):
        store.append_evaluations(run, first, [])


def test_attempts_go_on_counting_in_another_process(place: Place):
    with place.open() as store:
        run = new_run(store)
        assert store.begin_attempt(run, 0, "start", actor=ME) == 1
    with place.open() as store:
        assert store.begin_attempt(run, 0, "resume", actor=ME) == 2


def test_runs_left_active_are_interrupted_at_the_next_start(place: Place):
    with place.open() as store:
        states: tuple[State, ...] = ("queued", "running", "paused", "finished", "diverged")
        runs = {state: new_run(store) for state in states}
        for state in states:
            run = runs[state]
            store.begin_attempt(run, 0, "start", actor=ME)
            store.set_state(run, state, actor=ME)
    with place.open() as store:
        assert set(store.mark_interrupted()) == {runs["queued"], runs["running"], runs["paused"]}
        record = store.get_run(runs["running"], actor=ME)
        assert (record.state, record.reason) == ("interrupted", "process_ended")
        assert "ended while" in str(record.reason_text)
        assert [attempt.outcome for attempt in store.attempts(runs["running"])] == ["interrupted"]
        assert store.get_run(runs["diverged"], actor=ME).state == "diverged"
        assert store.mark_interrupted() == ()


def test_names_and_notes_are_changed_by_the_owner_only(store: Store):
    run = new_run(store, visibility="class")
    store.rename(run, "=1+1 <b>x</b>", actor=ME)
    store.note(run, "first\nsecond", actor=ME)
    assert store.get_run(run, actor="somebody").name == "=1+1 <b>x</b>"
    for change in (store.rename, store.note):
        with pytest.raises(Refused, match="another person"):
            change(run, "mine", actor="somebody")
    with pytest.raises(Refused, match="another person"):
        store.set_state(run, "stopped", actor="somebody")
    for bad in ("a\x00b", "two\nlines", "\ud800", "x" * 201):
        with pytest.raises(BadInput):
            store.rename(run, bad, actor=ME)
    assert store.get_run(run, actor=ME).note == "first\nsecond"
    assert store.get_run(run, actor=ME).state == "queued"


def test_a_private_run_does_not_exist_for_others(store: Store):
    run = new_run(store)
    assert store.list_runs(actor="somebody") == ()
    for call in (store.get_run, store.delete):
        with pytest.raises(BadInput, match="There is no run"):
            call(run, actor="somebody")
    with pytest.raises(BadInput, match="There is no run"):
        store.rename(run, "x", actor="somebody")


def test_facts_and_answers_can_be_stored_while_a_run_goes_on(store: Store):
    run = new_run(store, facts=RunFacts(device="cpu"))
    assert store.set_state(run, "running", actor=ME, facts=RunFacts(threads=2))
    assert store.set_answer(run, {"num_parameters": 12, "train_loss": math.nan}, actor=ME)
    record = store.get_run(run, actor=ME)
    assert (record.facts.device, record.facts.threads, record.answer["num_parameters"]) == ("cpu", 2, 12)
    assert math.isnan(record.answer["train_loss"])


def test_a_note_stands_once_and_outlives_the_answers_of_the_training(store: Store):
    run = new_run(store, answer={"notes": [Text("first").to_json()], "test_error": 0.5})
    for _ in range(2):
        assert store.add_note(run, Text("{count} removed", count=3))
    store.set_state(run, "finished", actor=ME, answer={"gap": 0.1})
    notes = [Text("first").to_json(), Text("{count} removed", count=3).to_json()]
    assert store.get_run(run, actor=ME).answer == {"notes": notes, "gap": 0.1}


def test_deleting_removes_rows_and_snapshots_but_no_look(place: Place, store: Store):
    run, other = new_run(store), new_run(store)
    for one in (run, other):
        attempt = store.begin_attempt(one, 0, "start", actor=ME)
        store.append_steps(one, attempt, rows_of(1, 4))
        store.append_evaluations(one, attempt, [Evaluation(0, 0.0, 0.0, {"gap": 1.0})])
        store.record_snapshot(one, snapshot(4, attempt))
        store.add_event(one, "start", actor=ME, step=0)
        folder = place.folder.snapshots(one)
        folder.mkdir(parents=True)
        (folder / "step-4.safetensors").write_bytes(b"weights")
    store.record_look(actor=ME, split_hash=HASH, weights_sha256=HASH, value=0.1, run=run)
    with pytest.raises(Refused, match="still waiting"):
        store.delete(run, actor=ME)
    store.set_state(run, "stopped", actor=ME)
    store.delete(run, actor=ME)
    assert [record.id for record in store.list_runs(actor=ME)] == [other]
    for table in (schema.steps, schema.evaluation, schema.snapshot, schema.event, schema.attempt):
        assert count(place, table) == 1
    assert [path.name for path in place.folder.runs.iterdir()] == [other]
    assert [look.run for look in store.looks(actor=ME)] == [run]
    with pytest.raises(BadInput, match="There is no run"):
        store.delete(run, actor=ME)


@pytest.mark.parametrize("rows_gone", [False, True])
def test_a_deletion_cut_off_by_a_crash_is_undone_or_finished(place: Place, rows_gone: bool):
    with place.open() as store:
        run = new_run(store)
        store.set_state(run, "finished", actor=ME)
        place.folder.snapshots(run).mkdir(parents=True)
        place.folder.run(run).rename(place.folder.runs / f".deleted-{run}")
        if rows_gone:
            with another_connection(place) as connection:
                connection.execute(schema.run.delete())
    with place.open() as store:
        assert [path.name for path in place.folder.runs.iterdir()] == ([] if rows_gone else [run])


def test_the_first_look_is_clean_the_same_weights_are_no_new_look_and_others_need_insisting(store: Store):
    def look(weights: str, value: float, actor: str = ME, split: str = HASH, insist: bool = False):
        return store.record_look(actor=actor, split_hash=split, weights_sha256=weights * 64, value=value, insist=insist)

    assert store.check_look(actor=ME, split_hash=HASH, weights_sha256="a" * 64) is None
    first = look("a", 0.1)
    assert (first.number, first.contaminated, first.value) == (1, False, 0.1)
    assert look("a", 0.5) == first == store.check_look(actor=ME, split_hash=HASH, weights_sha256="a" * 64)
    with pytest.raises(Refused, match="sealed"):
        look("b", 0.2)
    with pytest.raises(Refused, match="sealed"):
        store.check_look(actor=ME, split_hash=HASH, weights_sha256="b" * 64)
    second = look("b", math.nan, insist=True)
    assert (second.number, second.contaminated) == (2, True)
    assert math.isnan(second.value)
    third = look("c", 0.3, insist=True)
    assert (third.number, third.contaminated) == (3, True)
    assert look("a", 0.9) == first, "the first number stays clean"
    assert not look("b", 0.2, actor="somebody").contaminated
    assert not look("b", 0.2, split="c" * 64).contaminated, "a fresh split is new"
    assert [one.number for one in store.looks(actor=ME, split_hash=HASH)] == [1, 2, 3]
    assert len(store.looks(actor=ME)) == 4


STRANGE_IDS = [
    "",
    "..",
    "../x",
    "a" * 18 + "\n",
    "A" * 18,
    "0" * 17,
    "0" * 19,
    "i" * 18,
    "/etc/passwd",
    "\x00",
    "１" * 18,
]


@pytest.mark.parametrize("call", [
    lambda store, run: store.get_run(run, actor=ME),
    lambda store, run: store.rename(run, "x", actor=ME),
    lambda store, run: store.note(run, "x", actor=ME),
    lambda store, run: store.delete(run, actor=ME),
    lambda store, run: store.set_state(run, "running", actor=ME),
    lambda store, run: store.set_answer(run, {}, actor=ME),
    lambda store, run: store.add_note(run, Text("x")),
    lambda store, run: store.begin_attempt(run, 0, "start", actor=ME),
    lambda store, run: store.append_evaluations(run, 1, []),
    lambda store, run: store.append_steps(run, 1, rows_of(1, 2)),
    lambda store, run: store.add_event(run, "x", actor=ME, step=0),
    lambda store, run: store.record_snapshot(run, snapshot(1, 1)),
    lambda store, run: store.forget_snapshots(run, [1]),
    lambda store, run: store.read_evaluations(run),
    lambda store, run: store.read_steps(run),
    lambda store, run: store.events(run),
    lambda store, run: store.attempts(run),
    lambda store, run: store.snapshots(run),
    lambda store, run: store.folder.run(run),
    lambda store, run: store.folder.snapshots(run),
])  # fmt: skip
def test_only_ids_made_here_are_taken(store: Store, call: Callable[[Store, str], Any]):
    for strange in STRANGE_IDS:
        with pytest.raises(BadInput, match="is not the id of a run"):
            call(store, strange)


def test_snapshots_can_be_forgotten_and_files_outside_the_folder_are_not_taken(store: Store):
    run = new_run(store)
    attempt = store.begin_attempt(run, 0, "start", actor=ME)
    for step in (0, 1, 2):
        store.record_snapshot(run, snapshot(step, attempt))
    store.forget_snapshots(run, [0, 1])
    assert store.flush(60)
    assert store.snapshots(run) == (snapshot(2, attempt),)
    with pytest.raises(ValueError, match="bare file name"):
        store.record_snapshot(run, SnapshotEntry(3, "../x", HASH, 1, "epoch", attempt))


def test_while_another_process_locks_the_database_training_goes_on_and_nothing_is_lost(place: Place, store: Store):
    run = new_run(store)
    attempt = store.begin_attempt(run, 0, "start", actor=ME)
    with locked(place):
        for step in range(1, 30):
            store.append_steps(run, attempt, rows_of(step, step))
        until(lambda: store.delayed, 5, "the notice of a delay")
        assert "locked" in str(store.delay)
        assert not store.set_state(run, "paused", actor=ME), "this cannot be on the disk"
        store.add_event(run, "pause", actor=ME, step=29)
        store.append_steps(run, attempt, rows_of(30, 31))
        assert store.get_run(run, actor=ME).state == "queued", "reading goes on, with the old state"
    until(lambda: not store.delayed, 5, "the end of the delay")
    assert store.flush(60)
    assert store.read_steps(run)["step"].tolist() == list(range(1, 32))
    assert store.get_run(run, actor=ME).state == "paused"
    assert [event.kind for event in store.events(run)] == ["pause"]


def test_a_request_that_cannot_be_stored_in_time_leaves_nothing(
    place: Place, store: Store, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(store_module, "ANSWER_S", 0.3)
    with locked(place), pytest.raises(CoreError, match="nothing was changed"):
        new_run(store)
    monkeypatch.undo()
    kept = new_run(store)
    assert [record.id for record in store.list_runs(actor=ME)] == [kept]


def test_closing_writes_what_is_queued_and_says_what_it_could_not(place: Place):
    store = place.open()
    run = new_run(store)
    attempt = store.begin_attempt(run, 0, "start", actor=ME)
    store.append_steps(run, attempt, rows_of(1, 9))
    store.close()
    with place.open() as store:
        assert len(store.read_steps(run)["step"]) == 9
    store = place.open()
    attempt = store.begin_attempt(run, 9, "resume", actor=ME)
    store.append_steps(run, attempt, rows_of(10, 12))
    with locked(place), pytest.raises(CoreError, match="could not be saved"):
        store.close(0.2)


def test_a_transaction_whose_confirmation_was_lost_is_not_stored_twice(store: Store, monkeypatch: pytest.MonkeyPatch):
    """The writer must try again when it cannot know; every change may therefore run twice."""
    writer = store._writer
    assert writer is not None
    commit = writer._commit
    times = iter(range(1000))

    class Lost(OperationalError):
        connection_invalidated = True

    def commit_and_lose(batch: Any) -> None:
        commit(batch)
        if next(times) % 2 == 0:
            raise Lost("", {}, Exception("gone"), connection_invalidated=True)

    monkeypatch.setattr(writer, "_commit", commit_and_lose)
    run = new_run(store)
    attempt = store.begin_attempt(run, 0, "start", actor=ME)
    store.append_steps(run, attempt, rows_of(1, 9))
    store.append_evaluations(run, attempt, [Evaluation(0, 0.0, 0.0, {"gap": 1.0})])
    store.add_event(run, "start", actor=ME, step=0)
    store.record_snapshot(run, snapshot(9, attempt))
    attempt = store.begin_attempt(run, 5, "resume", actor=ME)
    assert store.flush(10)
    look = store.record_look(actor=ME, split_hash=HASH, weights_sha256=HASH, value=0.5)
    assert (look.number, len(store.looks(actor=ME))) == (1, 1)
    assert (attempt, len(store.attempts(run)), len(store.events(run)), len(store.read_evaluations(run))) == (2, 2, 1, 1)
    assert store.read_steps(run)["step"].tolist() == [1, 2, 3, 4, 5]
    assert next(times) >= 4, "the confirmation was lost again and again"


def test_what_makes_one_runs_rows_impossible_reaches_that_run_and_no_other(place: Place, store: Store):
    run, other = new_run(store), new_run(store)
    attempts = {one: store.begin_attempt(one, 0, "start", actor=ME) for one in (run, other)}
    with another_connection(place) as connection:
        connection.execute(text("PRAGMA foreign_keys=ON")) if place.is_sqlite else None
        connection.execute(schema.run.delete().where(schema.run.c.id == run))
    for one in (run, other):
        store.append_steps(one, attempts[one], rows_of(1, 2))
    assert store.flush(60)
    with pytest.raises(Exception, match="(?i)foreign key"):
        store.append_steps(run, attempts[run], rows_of(3, 4))
    store.append_steps(other, attempts[other], rows_of(3, 4))
    assert store.flush(60)
    assert len(store.read_steps(other)["step"]) == 4


def test_a_second_writer_of_one_database_is_refused_by_name(place: Place, store: Store, tmp_path):
    folder = place.folder if place.is_sqlite else DataFolder(tmp_path / "elsewhere")
    with pytest.raises(Refused) as refusal, WriteLock.acquire(folder, 0.3) as lock:
        Store.open(folder, lock, url=place.url)
    assert str(os.getpid()) in str(refusal.value), "the holder is this very process"


def test_without_the_lock_a_store_only_reads(place: Place):
    with place.open(read_only=True) as reader:
        assert reader.list_runs(actor=ME) == ()
        with pytest.raises(BadInput, match="There is no run"):
            reader.get_run(new_id(), actor=ME)
        with pytest.raises(Refused, match="write lock"):
            new_run(reader)
        assert not reader.delayed
    with place.open() as store, place.open(read_only=True) as reader:
        run = new_run(store)
        assert [record.id for record in reader.list_runs(actor=ME)] == [run]
        with reader._reader.connect() as connection, pytest.raises(Exception, match="(?i)read-?only"):
            connection.execute(schema.run.delete())


def test_another_process_reads_while_this_one_writes_and_loads_no_torch(place: Place, store: Store):
    run = new_run(store)
    attempt = store.begin_attempt(run, 0, "start", actor=ME)
    store.append_steps(run, attempt, rows_of(1, 3))
    store.set_state(run, "running", actor=ME)
    program = """
import json, sys
from core.store.folder import DataFolder
from core.store.store import Store
with Store.open(DataFolder.find(sys.argv[1]), url=sys.argv[2]) as store:
    runs = [[run.id, run.state, run.step] for run in store.list_runs(actor="local")]
print(json.dumps([runs, "torch" in sys.modules, "alembic" in sys.modules]))
"""
    answer = subprocess.run(
        [sys.executable, "-c", program, str(place.folder.path), place.url],
        cwd=ROOT, capture_output=True, text=True, timeout=60, check=True,
    )  # fmt: skip
    assert json.loads(answer.stdout) == [[[run, "running", 3]], False, False]


def test_a_database_of_a_newer_program_is_refused(place: Place):
    with place.open():
        pass
    with another_connection(place) as connection:
        connection.execute(text("UPDATE sp_alembic_version SET version_num = '9999'"))
    for read_only in (False, True):
        with pytest.raises(Refused, match="newer version") as refusal, place.open(read_only=read_only) as store:
            store.list_runs(actor=ME)
        assert "9999" in str(refusal.value)


def test_many_threads_write_and_read_at_once(store: Store):
    runs = [new_run(store) for _ in range(4)]
    failures: list[BaseException] = []

    def train(run: str) -> None:
        try:
            attempt = store.begin_attempt(run, 0, "start", actor=ME)
            for step in range(1, 60, 4):
                store.append_steps(run, attempt, rows_of(step, step + 3))
                store.append_evaluations(run, attempt, [Evaluation(step, 0.0, 0.0, {"gap": float(step)})])
                store.read_evaluations(run)
            store.set_state(run, "finished", actor=ME)
        except BaseException as error:
            failures.append(error)

    threads = [threading.Thread(target=train, args=(run,)) for run in runs]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert store.flush(60)
    assert failures == []
    for run in runs:
        assert store.read_steps(run)["step"].tolist() == list(range(1, 61))
        assert [row.step for row in store.read_evaluations(run)] == list(range(1, 60, 4))


@pytest.mark.postgres
def test_a_server_that_drops_the_connection_loses_nothing(place: Place, store: Store):
    if place.is_sqlite:
        return
    run = new_run(store)
    attempt = store.begin_attempt(run, 0, "start", actor=ME)
    store.append_steps(run, attempt, rows_of(1, 3))
    with another_connection(place) as connection:
        others = "datname = current_database() AND pid <> pg_backend_pid()"
        connection.execute(text(f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE {others}"))
    store.append_steps(run, attempt, rows_of(4, 6))
    assert store.flush(10)
    assert store.read_steps(run)["step"].tolist() == [1, 2, 3, 4, 5, 6]
