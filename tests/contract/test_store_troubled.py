"""The contract of the store in trouble: locks, lost confirmations, second writers, newer programs, gone connections."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.exc import OperationalError

from core.errors import BadInput, CoreError, Refused
from core.store import schema
from core.store import store as store_module
from core.store import writer as writer_module
from core.store.folder import DataFolder, WriteLock
from core.store.ids import new_id
from core.store.records import Evaluation
from core.store.store import Store
from core.store.writer import Operation
from tests.contract.conftest import Place
from tests.contract.stores import HASH, ME, another_connection, locked, new_run, rows_of, snapshot
from tests.polling import until
from tests.sources import ROOT


def test_while_another_process_locks_the_database_training_goes_on_and_nothing_is_lost(place: Place, store: Store):
    run = new_run(store)
    attempt = store.begin_attempt(run, 0, "start", actor=ME)
    with locked(place):
        for step in range(1, 30):
            store.append_steps(run, attempt, rows_of(step, step))
        until(lambda: store.delayed, what="the notice of a delay")
        assert "locked" in str(store.delay)
        assert not store.set_state(run, "paused", actor=ME), "this cannot be on the disk"
        store.add_event(run, "pause", actor=ME, step=29)
        store.append_steps(run, attempt, rows_of(30, 31))
        assert store.get_run(run, actor=ME).state == "queued", "reading goes on, with the old state"
    until(lambda: not store.delayed, what="the end of the delay")
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


def test_closing_waits_for_a_database_that_is_slow_and_takes_everything(place: Place, monkeypatch: pytest.MonkeyPatch):
    """On a busy machine many runs that end with the program have more to write than a fixed time is enough for."""
    monkeypatch.setattr(writer_module, "_LAST_TRY_S", 0.1)
    store = place.open()
    writer = store._writer
    assert writer is not None
    for _ in range(6):
        writer.queue(Operation(lambda connection: threading.Event().wait(0.1)))
    store.close(0.1)


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
    assert store.flush(60)
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
        cwd=ROOT, capture_output=True, text=True, timeout=100, check=True,
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
    assert store.flush(60)
    assert store.read_steps(run)["step"].tolist() == [1, 2, 3, 4, 5, 6]
