"""The report of a run says what the store knows, whatever state the run is in."""

from __future__ import annotations

import math
from collections.abc import Iterator
from pathlib import Path

import pytest

from core.experiment import Experiment
from core.store.folder import DataFolder, WriteLock
from core.store.records import Evaluation, RunFacts
from core.store.store import Store
from core.strict_json import finite
from core.studies.report import run_report
from core.text import Text

ACTOR = "local"


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    """A store that can be written."""
    folder = DataFolder(tmp_path / "data")
    with WriteLock.acquire(folder) as lock, Store.open(folder, lock) as opened:
        yield opened


def new_run(store: Store, **answer: object) -> str:
    experiment = Experiment()
    return store.create_run(
        actor=ACTOR,
        experiment=experiment.to_json(),
        fingerprint=experiment.fingerprint(),
        schema_version=1,
        name="one",
        answer=answer,
    )


def evaluated(step: int, validation_error: float) -> Evaluation:
    values = {
        "train/loss": 0.5,
        "train/error": 0.1,
        "validation/loss": 0.6,
        "validation/error": validation_error,
        "gap": validation_error - 0.1,
        "samples_per_s": 100.0,
    }
    return Evaluation(step, step / 10, step / 100, values)


def report(store: Store, run: str) -> dict:
    store.flush()
    return run_report(store, store.get_run(run, actor=ACTOR))


def test_a_queued_run_has_no_numbers_yet(store: Store):
    told = report(store, new_run(store))
    assert (told["state"], told["name"], told["steps"], told["epochs"]) == ("queued", "one", 0, 0.0)
    assert told["train_error"] is told["weights_sha256"] is told["num_train"] is told["device"] is None
    assert (told["events"], told["notes"]) == ([], [])


def test_a_running_run_tells_of_its_latest_evaluation(store: Store):
    run = new_run(store)
    attempt = store.begin_attempt(run, 0, "start", actor=ACTOR)
    facts = RunFacts(device="cpu", threads=1, precision="float32", engine="solo")
    started = {"num_train": 64, "num_test": 9, "steps": 0, "weights_sha256": "0" * 64}
    store.set_state(run, "running", actor=ACTOR, answer=started, weights_sha256="0" * 64, facts=facts)
    store.append_evaluations(run, attempt, [evaluated(0, 0.9), evaluated(20, 0.3), evaluated(40, 0.4)])
    told = report(store, run)
    assert (told["state"], told["steps"], told["epochs"], told["seconds"]) == ("running", 40, 4.0, 0.4)
    assert (told["validation_error"], told["best_epoch"], told["samples_per_s"]) == (0.4, 2.0, 100.0)
    assert (told["num_train"], told["num_test"], told["device"]) == (64, 9, "cpu")
    assert told["weights_sha256"] is None


def test_a_killed_run_does_not_claim_the_weights_it_began_with(store: Store):
    run = new_run(store)
    attempt = store.begin_attempt(run, 0, "start", actor=ACTOR)
    store.set_state(run, "running", actor=ACTOR, answer={"steps": 0}, weights_sha256="0" * 64)
    store.append_evaluations(run, attempt, [evaluated(0, 0.9), evaluated(20, 0.3)])
    store.mark_interrupted()
    told = report(store, run)
    assert (told["state"], told["reason"], told["steps"]) == ("interrupted", "process_ended", 20)
    assert told["reason_text"] == "The program ended while this run was going on."
    assert told["weights_sha256"] is None


def test_a_finished_run_tells_its_stored_answer(store: Store):
    run = new_run(store)
    store.begin_attempt(run, 0, "start", actor=ACTOR)
    answer = {"steps": 40, "epochs": 4.0, "train_loss": math.nan, "weights_sha256": "a" * 64, "best_epoch": 3.0}
    store.set_state(run, "finished", actor=ACTOR, answer=answer, weights_sha256="a" * 64)
    told = report(store, run)
    assert {name: told[name] for name in answer if name != "train_loss"} == {
        name: value for name, value in answer.items() if name != "train_loss"
    }
    assert math.isnan(told["train_loss"])
    assert finite(told)[1] == ["train_loss"]


def test_notes_are_told_in_the_readers_language_and_a_contaminated_look_is_said(store: Store):
    notes = [Text("{title} keeps {fields}.", title=Text("SGD"), fields="lr = 0.1").to_json()]
    run = new_run(store, notes=notes, test_error=0.2, test_look=3, contaminated=True)
    store.set_state(run, "finished", actor=ACTOR)
    told = report(store, run)
    assert told["notes"][0] == "SGD keeps lr = 0.1."
    assert "contaminated" in told["notes"][1]
    assert "3" in told["notes"][1]
    words = {"SGD": "梯度下降", "{title} keeps {fields}.": "{title}: {fields}"}
    other = run_report(store, store.get_run(run, actor=ACTOR), lambda template: words.get(template, template))
    assert other["notes"][0] == "梯度下降: lr = 0.1"


def test_events_are_told_in_order(store: Store):
    run = new_run(store)
    store.begin_attempt(run, 0, "start", actor=ACTOR)
    store.add_event(run, "set", actor=ACTOR, step=3, epoch=0.3, values={"lr": math.inf}, recipe=True)
    store.add_event(run, "stop", actor=ACTOR, step=5, epoch=0.5, recipe=True)
    told = report(store, run)
    assert [(event["step"], event["kind"]) for event in told["events"]] == [(3, "set"), (5, "stop")]
    value, names = finite(told)
    assert names == ["events.0.values.lr"]
    assert value["events"][0]["values"] == {"lr": None}
    assert told["events"][0]["utc"].endswith("Z")
