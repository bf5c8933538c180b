"""The contract of the store: the same promises on SQLite and on PostgreSQL."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import pytest

from core.errors import BadInput, Refused
from core.store import schema
from core.store.new_run import NewRun
from core.store.records import Evaluation, RunFacts, SnapshotEntry, State
from core.store.store import Store
from core.text import Text
from tests.contract.conftest import Place
from tests.contract.stores import HASH, ME, NAME, another_connection, count, new_run, rows_of, snapshot


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


def test_runs_that_begin_together_are_stored_together_or_not_at_all(store: Store):
    given: NewRun = {"experiment": {}, "fingerprint": HASH, "schema_version": 1, "cause": "start"}
    runs = store.create_runs([{**given, "name": name} for name in "ab"], actor=ME)
    assert [(record.id, record.name, record.attempt) for record in store.list_runs(actor=ME)] == [
        (runs[0], "a", 1),
        (runs[1], "b", 1),
    ]
    with pytest.raises(BadInput):
        store.create_runs([given, {**given, "name": "a" * 201}], actor=ME)
    assert len(store.list_runs(actor=ME)) == 2


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
    lambda store, run: store.answer("lesson/a.1", "choice", 1, actor=ME, run=run),
    lambda store, run: store.attach_answer("lesson/a.1", run, actor=ME),
    lambda store, run: store.answers_of_run(run),
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
    for step in (0, 1, 2, 3):
        store.record_snapshot(run, snapshot(step, attempt))
    store.forget_snapshots(run, [0, 1])
    store.record_snapshot(run, snapshot(4, attempt), [2])
    assert store.flush(60)
    assert store.snapshots(run) == (snapshot(3, attempt), snapshot(4, attempt))
    with pytest.raises(ValueError, match="bare file name"):
        store.record_snapshot(run, SnapshotEntry(3, "../x", HASH, 1, "epoch", attempt))
