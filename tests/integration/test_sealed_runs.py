"""Nothing that is told of a sealed run names its fault or changes a number that was chosen."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from core.catalog.faults import sealed
from core.describe import choices, title
from core.errors import BadInput, Refused
from core.exports.csv import csv_bytes
from core.exports.tables import measurement_table
from core.language import translator
from core.live.protocol import encode
from core.store.records import RunRecord
from core.studies.fault_finding import Finding
from core.studies.report import run_report
from core.studies.workbench import Workbench
from core.text import untranslated
from tests.command_line import Cli
from tests.sealed import FAULTS, FITS_ALL, recorded, with_fault

each_fault = pytest.mark.parametrize("key", FAULTS)
BOTH = (untranslated, translator("zh"))


def betrayed(key: str, told: str) -> list[str]:
    """What in a text names the fault, in either language."""
    cls = FAULTS[key]
    words = [key, cls.__name__, *(t(text) for t in BOTH for text in (cls.title, cls.why, cls.choose, cls.fix))]
    return [word for word in words if word.lower() in told.lower()]


def ended(bench: Workbench, key: str, **changes: Any) -> RunRecord:
    """The record of a run with a fault that came to its end."""
    record = bench.wait(bench.start(with_fault(key, epochs=1, **changes), pace="max"), 60)
    assert record.state == "finished"
    return record


@each_fault
def test_nothing_told_of_a_stored_run_betrays_the_fault(key: str, bench: Workbench):
    record = ended(bench, key)
    reading = bench.hub.read(record.id)
    assert reading is not None
    table = measurement_table(bench.store.read_evaluations(record.id), bench.store.read_steps(record.id), [])
    for translate in BOTH:
        told = [
            json.dumps({**vars(record), "created": "", "facts": str(record.facts)}, default=str),
            json.dumps(run_report(bench.store, record, translate), default=str),
            encode(reading, translate, measure=False),
            csv_bytes(table).decode(),
        ]
        assert [word for text in told for word in betrayed(key, text)] == []


@each_fault
def test_what_was_chosen_is_told_as_it_was_chosen(key: str, bench: Workbench):
    record, experiment = ended(bench, key), with_fault(key, epochs=1)
    healthy = experiment.replace(sealed="")
    assert {**record.experiment, "sealed": ""} == healthy.to_json()
    assert [str(words) for words in choices(experiment)] == [*map(str, choices(healthy)), "a sealed fault"]
    assert str(title(experiment)) == f"{title(healthy)}, a sealed fault"
    meta = bench.hub.meta(record.id)
    other = bench.wait(bench.start(healthy, pace="max"), 60)
    same = bench.hub.meta(other.id)
    for name in ("num_steps", "steps_per_epoch", "epochs", "layers", "num_train", "num_validation", "notes", "lr"):
        assert meta.get(name) == same.get(name), name
    assert meta["status"]["suggestions"] == []
    assert record.facts.split_hashes == other.facts.split_hashes
    for name in ("num_parameters", "num_train", "num_validation", "num_test"):
        assert record.answer[name] == other.answer[name], name


@each_fault
def test_the_command_line_says_nothing_of_the_fault(key: str, cli: Cli, file: Callable[[Any], Path]):
    trained = cli("train", file(with_fault(key, epochs=1).to_json()))
    assert trained.code == 0
    listed = cli("runs", text=True)
    refused = cli("export", trained.value["run"], "--to", "script", file({}).with_name("code.py"))
    assert refused.code == 3
    told = trained.out + trained.err + listed.out + refused.out + refused.err
    assert betrayed(key, told) == []


def test_seal_and_reveal(cli: Cli):
    seal = cli("seal", "leak").value["sealed"]
    assert cli("reveal", seal).value["fault"] == "leak"
    assert cli("reveal", "").value == {"fault": None}
    assert cli("seal", "leek").code == 2
    assert cli("reveal", "leak").code == 2
    assert "training samples among the validation samples" in cli("reveal", seal, text=True).out


def test_a_fork_of_a_sealed_run_equals_it(bench: Workbench):
    for key in ("rate_times_30", "class_order", "evaluation_mode", "wrong_labels"):
        parent = ended(bench, key)
        branch = bench.wait(bench.fork(parent.id, 2, pace="max"), 60)
        assert branch.weights_sha256 == parent.weights_sha256, key
        rows = [
            [(row.step, row.values["validation/loss"]) for row in bench.store.read_evaluations(run.id) if row.step >= 2]
            for run in (parent, branch)
        ]
        assert rows[0] == rows[1], key


# -- finding ----------------------------------------------------------------------------------------------------------


def test_the_earlier_the_right_diagnosis_the_more_points(bench: Workbench):
    wrong = [key for key in FAULTS if key != "leak"]
    for num_wrong, points in enumerate((3, 2, 1, 0)):
        seal = sealed("leak")
        for key in wrong[:num_wrong]:
            assert not bench.diagnose(seal, key, "errors").is_revealed
        found = bench.diagnose(seal, "leak", "errors")
        assert (found.is_found, found.points) == (True, points)
    assert bench.points() == (6, 4)


def test_a_fault_is_tried_once_and_nothing_counts_once_it_is_known(bench: Workbench):
    seal = sealed("leak")
    for _ in range(2):
        assert bench.diagnose(seal, "dead_relu", "gradients").tries == (("dead_relu", "gradients"),)
    assert bench.give_up(seal) == Finding(seal, (("dead_relu", "gradients"),), gave_up=True)
    assert bench.diagnose(seal, "leak", "errors").points == 0
    assert bench.points() == (0, 0)


def test_what_one_person_has_found_is_still_sealed_for_another(bench: Workbench):
    seal = sealed("leak")
    bench.diagnose(seal, "leak", "errors", actor="student-a")
    bench.diagnose(seal, "dead_relu", "errors", actor="student-b")
    assert bench.finding(seal, actor="student-a").is_revealed
    assert not bench.finding(seal, actor="student-b").is_revealed
    assert bench.finders(seal) == (1, 2)
    with pytest.raises(Refused, match="not told yet"):
        bench.readings(with_fault("leak").replace(sealed=seal), actor="student-b")
    with pytest.raises(Refused):
        bench.diagnose(seal, "leak", "errors", actor="")
    with pytest.raises(BadInput):
        bench.diagnose("leak", "leak", "errors")


@each_fault
def test_the_instrument_reads_the_fault_and_the_healthy_run(key: str, bench: Workbench):
    experiment = with_fault(key, epochs=2)
    bench.give_up(experiment.sealed)
    assert bench.readings(experiment) == bench.readings(experiment.replace(epochs=1))
    bench.wait(bench.start(experiment, pace="max"), 60)
    found = bench.readings(experiment)
    assert found.sealed is not None
    assert found.healthy is None
    bench.wait(bench.start(experiment.replace(sealed=""), pace="max"), 60)
    both = bench.readings(experiment)
    assert both.sealed == found.sealed
    assert both.healthy is not None
    series = recorded(experiment, bench.folder.path)
    assert both.sealed == FAULTS[key]().reading(series), "what is stored reads as what was measured"
    assert FAULTS[key]().reading_words(both.healthy)


def test_the_experiment_of_these_tests_names_no_fault():
    assert [key for key in FAULTS if betrayed(key, json.dumps(FITS_ALL))] == []
