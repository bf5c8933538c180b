"""The test set stays sealed on every path; a fresh one is dealt by a teacher, recorded, and used by all."""

from __future__ import annotations

import dataclasses
import json
import re
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from core.catalog.datasets.digits import Digits
from core.errors import BadInput, Refused
from core.experiment import Experiment
from core.exports.script import parts_of, script_bytes
from core.exports.tables import measurement_table, run_table
from core.people import LOCAL, NOBODY
from core.store.records import RunRecord
from core.studies.blocks_asked import Layers
from core.studies.comparison import Comparison
from core.studies.kfold import folded
from core.studies.report import run_report
from core.studies.seals import seal_of, seal_words
from core.studies.search.asked import Search
from core.studies.setting_words import changes_words
from core.studies.workbench import Workbench
from tests.command_line import TINY, Cli
from tests.experiments import POINTS, images, points
from tests.polling import until
from tests.stored_runs import finished

ANNA, BEN, TEACHER = "student-anna", "student-ben", "teacher-eve"


@pytest.fixture
def looked(bench: Workbench) -> RunRecord:
    """A run of Anna's with whose weights she has looked."""
    run = finished(bench, points(), actor=ANNA)
    bench.evaluate_test(run.id, actor=ANNA)
    return bench.run(run.id)


def refused(bench: Workbench, run: str, actor: str = ANNA) -> None:
    """A look with other weights is refused before anything is shown or counted."""
    before = bench.store.looks(actor=actor)
    with pytest.raises(Refused, match="sealed"):
        bench.evaluate_test(run, actor=actor)
    assert bench.store.looks(actor=actor) == before
    assert "test_error" not in bench.run(run).answer
    assert seal_of(bench.run(run)) == "sealed"


# -- no way around it --------------------------------------------------------------------------------------------------


def test_a_fork_and_a_run_that_was_made_longer_have_other_weights(bench: Workbench, looked: RunRecord):
    branch = bench.wait(bench.fork(looked.id, 2, {"optimizer.lr": 0.1}, actor=ANNA, pace="max"), 60)
    refused(bench, branch.id)
    bench.command(looked.id, "extend", {"epochs": 1}, actor=ANNA)
    bench.wait(looked.id, 60)
    refused(bench, looked.id)


def test_a_deletion_and_another_name_change_nothing(bench: Workbench, looked: RunRecord):
    other = finished(bench, points(seed=1, name="another experiment"), actor=ANNA)
    bench.rename(other.id, "renamed", actor=ANNA)
    bench.delete(looked.id, actor=ANNA)
    refused(bench, other.id)


@pytest.mark.parametrize(
    "changes",
    [
        {"train_size": 20},
        {"num_folds": 4},
        {"split_seed": 1},
        {"label_noise": 0.2},
        {"dataset": {"key": "moons", "n": 50}},
        {"evaluate_every": 1, "notes": "x"},
    ],
    ids=str,
)
def test_no_setting_of_the_data_opens_another_test_set(bench: Workbench, looked: RunRecord, changes: dict[str, Any]):
    refused(bench, finished(bench, points(seed=1, **changes), actor=ANNA).id)


def test_runs_of_comparisons_folds_and_searches_share_the_seal(bench: Workbench, looked: RunRecord):
    asked = Comparison.of(POINTS, ["optimizer.lr=0.1,0.2"], rates="hand")
    race = bench.start_comparison(asked, actor=ANNA, pace="max")
    folds = bench.start_comparison(folded(points(), 2), actor=ANNA, pace="max")
    for study in (race, folds):
        bench.wait_comparison(study, 60)
    search = bench.start_search(Search.from_json({"base": POINTS, "vary": ["optimizer.lr=0.01,0.02"]}), actor=ANNA)
    bench.wait_search(search, 60)
    runs = [run for study in (race, folds, search) for run in bench.runs_of(study)]
    assert len(runs) == 6
    for run in runs:
        refused(bench, run.id)


def test_a_run_of_somebody_else_is_looked_at_by_nobody_else(bench: Workbench, looked: RunRecord):
    for actor in (BEN, TEACHER, LOCAL, NOBODY):
        with pytest.raises((Refused, BadInput)):
            bench.evaluate_test(looked.id, actor=actor, insist=True)
    assert bench.store.looks(actor=BEN) == ()


def test_a_replay_and_a_script_tell_nothing_of_it(bench: Workbench, looked: RunRecord):
    bench.state_at(looked.id, 3, actor=ANNA)
    script = script_bytes(parts_of(images())).decode()
    assert script.count('"test"') == script.count('seed32(0, "test"') == 1
    assert "test" not in re.findall(r"evaluate\((\w+)", script)
    assert len(bench.store.looks(actor=ANNA)) == 1


def test_files_hold_no_number_of_it_but_the_look_and_what_that_is_worth(bench: Workbench, looked: RunRecord):
    other = finished(bench, points(seed=1), actor=ANNA)
    bench.evaluate_test(other.id, actor=ANNA, insist=True)
    sealed = finished(bench, points(seed=2), actor=ANNA)
    runs = [bench.run(run.id) for run in (looked, other, sealed)]
    table = run_table(runs, [Experiment.from_json(dict(run.experiment)) for run in runs])
    assert table["test_seal"] == ["opened", "contaminated", "sealed"]
    assert [number is None for number in table["test_error"]] == [False, False, True]
    assert [run_report(bench.store, run)["test_seal"] for run in runs] == table["test_seal"]
    words = [str(seal_words(run)) for run in runs]
    assert words[0].endswith("%, opened once")
    assert words[1].endswith("%, contaminated: look 2")
    assert words[2] == "🔒 sealed"
    assert str(seal_words(*runs)) == "⚠ contaminated: opened for 2 of 3 runs"
    store = bench.store
    columns = measurement_table(store.read_evaluations(looked.id), store.read_steps(looked.id), store.events(looked.id))
    assert [name for name in columns if "test" in name] == []


def test_nothing_that_pages_ask_of_data_and_networks_reads_test_samples(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    """With rubbish in the place of the test samples, all of it stays the same."""
    experiment = images(epochs=1, label_noise=0.1)
    told, errors = [], []
    for place in ("true", "rubbish"):
        with Workbench.open(tmp_path / place) as bench:
            run = finished(bench, experiment)
            view = bench.data_view(experiment, patience_s=60)
            assert view is not None
            picture = bench.sample_picture(experiment, 0, patience_s=60)
            folds = bench.folds(experiment.replace(num_folds=3, label_noise=0.0), patience_s=60)
            measured = [bench.confidence(run.id), bench.memorized(run.id), bench.invariance(run.id, "noise")]
            for one in measured:
                until(one.is_over.is_set)
            layers = bench.blocks(Layers(run=run.id))
            told.append([_plain(one) for one in (view, picture, folds, *(one.result for one in measured), layers)])
            errors.append(bench.evaluate_test(run.id).value)
        _spoil(monkeypatch, experiment)
    for true, spoiled in zip(*told, strict=True):
        assert true == spoiled
    assert errors[0] != errors[1], "who looks at the test set sees the rubbish"


def _spoil(monkeypatch: pytest.MonkeyPatch, experiment: Experiment) -> None:
    """From now on the digits have black test images of one class."""
    from core.training.splits import sealed_rows

    samples = Digits().load(Path("unused"))
    rows = sealed_rows(samples, experiment)
    inputs, targets = samples.inputs.copy(), samples.targets.copy()
    inputs[rows], targets[rows] = 0, 0
    spoiled = dataclasses.replace(samples, inputs=inputs, targets=targets, parts={"test": rows})
    monkeypatch.setattr(Digits, "load", lambda *_: spoiled)


def _plain(value: Any) -> Any:
    """What a result holds, so that two can be compared."""
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {field.name: _plain(getattr(value, field.name)) for field in dataclasses.fields(value)}
    if isinstance(value, np.ndarray):
        return value.shape, value.tobytes()
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    if isinstance(value, dict):
        return {name: _plain(item) for name, item in value.items()}
    return str(value)


# -- a fresh one -------------------------------------------------------------------------------------------------------


def test_a_fresh_test_set_is_dealt_by_a_teacher_recorded_and_clean(bench: Workbench, looked: RunRecord):
    other = finished(bench, points(seed=1), actor=ANNA)
    refused(bench, other.id)
    dealt = bench.deal("moons", actor=TEACHER)
    assert (dealt.dataset, dealt.number, dealt.owner, dealt.audience) == ("moons", 1, TEACHER, "class")
    assert bench.deals("moons", actor=ANNA) == (dealt,)
    assert bench.deals("digits", actor=ANNA) == ()
    fresh = finished(bench, points(seed=1, test_seed=1), actor=ANNA)
    look = bench.evaluate_test(fresh.id, actor=ANNA)
    assert (look.number, look.contaminated) == (1, False)
    assert [note for note in run_report(bench.store, bench.run(fresh.id))["notes"] if "dealt as new" in note]
    assert len(bench.store.looks(actor=ANNA)) == 2, "the first test set stays used"
    refused(bench, other.id)
    refused(bench, finished(bench, points(seed=2, test_seed=1), actor=ANNA).id)
    assert bench.deal("moons", actor=TEACHER).number == 2


def test_teachers_who_deal_at_the_same_moment_get_numbers_of_their_own(bench: Workbench):
    teachers = [f"{TEACHER}-{place}" for place in range(6)]
    with ThreadPoolExecutor(len(teachers)) as pool:
        dealt = list(pool.map(lambda teacher: bench.deal("moons", actor=teacher), teachers))
    assert sorted(deal.number for deal in dealt) == [1, 2, 3, 4, 5, 6]
    assert [deal.owner for deal in dealt] == teachers


def test_students_deal_none_and_use_only_those_that_were_dealt(bench: Workbench):
    for actor in (ANNA, NOBODY):
        with pytest.raises(Refused):
            bench.deal("moons", actor=actor)
    with pytest.raises(BadInput):
        bench.deal("no such data", actor=TEACHER)
    bench.answer("deal/moons/1", "deal", {"for": "class"}, actor=ANNA)  # a forgery
    experiment = points(test_seed=1)
    race = Comparison.of(POINTS, ["test_seed=0,1"], rates="hand")
    search = Search.from_json({"base": POINTS | {"test_seed": 1}, "vary": ["optimizer.lr=0.01,0.02"]})
    run = finished(bench, points(), actor=ANNA)
    starts: list[Callable[[], Any]] = [
        lambda: bench.start(experiment, actor=ANNA),
        lambda: bench.start_comparison(race, actor=ANNA),
        lambda: bench.start_comparison(folded(experiment, 2), actor=ANNA),
        lambda: bench.start_search(search, actor=ANNA),
    ]
    for start in starts:
        with pytest.raises(Refused, match="no test set 1"):
            start()
    with pytest.raises(BadInput, match="different samples"):
        bench.fork(run.id, 2, {"test_seed": 1}, actor=ANNA)
    assert str(changes_words({"test_seed": 1})) == "test set 1"
    view = bench.data_view(experiment, patience_s=60, actor=ANNA)
    assert view is not None
    assert "no test set 1" in str(view.problem)
    assert [record.id for record in bench.runs(actor=ANNA)] == [run.id]
    assert bench.studies(actor=ANNA, kind=None) == ()


def test_who_sits_at_the_computer_deals_for_themselves(cli: Cli, file: Callable[[Any], Path]):
    path = file(TINY | {"test_seed": 1})
    undealt = cli("train", path)
    assert undealt.code == 3
    assert "no test set 1" in undealt.err
    cli("train", file(TINY), "--evaluate-test")
    (dealt,) = cli("deal", "xor").value
    assert (dealt["dataset"], dealt["test_seed"], dealt["by"], dealt["for"]) == ("xor", 1, LOCAL, "private")
    report = cli("train", file(TINY | {"test_seed": 1}), "--evaluate-test").value
    assert (report["test_look"], report["test_seal"], report["test_seed"]) == (1, "opened", 1)
    assert "test_seed=1" in cli("deal", "xor", text=True).out
    assert cli("deal", "no such data").code == 2
    assert "opened" in json.dumps(cli("runs").value)


def test_a_refusal_is_staged_with_the_words_of_a_true_one_and_without_a_look(bench: Workbench):
    first, second = (finished(bench, points(seed=seed), actor=TEACHER) for seed in (0, 1))
    staged = bench.staged_refusal(first.id, actor=TEACHER)
    assert bench.store.looks(actor=TEACHER) == ()
    bench.evaluate_test(first.id, actor=TEACHER)
    with pytest.raises(Refused) as true:
        bench.evaluate_test(second.id, actor=TEACHER)
    assert str(true.value) == str(staged) == str(bench.staged_refusal(second.id, actor=TEACHER))
    for actor in (ANNA, NOBODY):
        with pytest.raises(Refused):
            bench.staged_refusal(first.id, actor=actor)
