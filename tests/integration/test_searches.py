"""Searches: Optuna chooses, our runs are its trials, and what was broken off goes on."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import optuna
import pytest

from core.errors import BadInput, CoreError, Refused
from core.store.folder import DataFolder
from core.studies.report import ending_numbers
from core.studies.search.asked import Search
from core.studies.search.outcome import Outcome
from core.studies.search.trials import OptunaStorage, Trials
from core.studies.study import study_channel
from core.studies.workbench import Workbench
from core.text import Text
from tests.experiments import POINTS
from tests.polling import until
from tests.stored_runs import LONG

BASE: dict[str, Any] = {**POINTS, "regularizers": ["l2"]}
STRENGTH = "regularizers.0.strength"


def asked(*vary: str, base: dict[str, Any] | None = None, **options: Any) -> Search:
    return Search.from_json({"base": base or BASE, "vary": vary or (f"{STRENGTH}=log(1e-5,1)x3",), **options})


def searched(bench: Workbench, search: Search) -> tuple[str, dict[str, Any]]:
    """A search from its start to its end: its id and report."""
    study = bench.start_search(search)
    bench.wait_search(study, 60)
    return study, bench.search_report(study)


def meta_of(bench: Workbench, study: str) -> dict[str, Any]:
    """What viewers are told of a search."""
    return bench.hub.meta(study_channel(study))


def states_of(bench: Workbench, study: str) -> list[str]:
    """How viewers see its trials."""
    return [trial["state"] for trial in meta_of(bench, study)["trials"]]


def loaded(folder: Path, study: str) -> optuna.Study:
    """The search as Optuna's own API reads it, in the way that its dashboard does."""
    return optuna.load_study(study_name=study, storage=f"sqlite:///{folder / 'optuna.db'}")


def test_optunas_own_api_reads_a_grid_whose_trials_are_stored_runs(bench: Workbench):
    study, report = searched(bench, asked(f"{STRENGTH}=log(1e-5,1)x3", "optimizer=sgd,adam"))
    read = loaded(bench.folder.path, study)
    runs = {run.id: run for run in bench.runs_of(study)}
    assert {(trial.params[STRENGTH], trial.params["optimizer"]) for trial in read.trials} == {
        (strength, optimizer) for strength in (1e-5, 0.00316227766017, 1) for optimizer in ("sgd", "adam")
    }
    for trial, told in zip(read.trials, report["trials"], strict=True):
        [run] = [runs[id] for id in trial.user_attrs["runs"]]
        assert trial.state == optuna.trial.TrialState.COMPLETE
        assert trial.value == told["validation_error"] == ending_numbers(bench.store, run)["validation_error"]
        assert run.experiment["optimizer"]["key"] == trial.params["optimizer"]
        assert run.experiment["regularizers"][0]["strength"] == trial.params[STRENGTH]
    assert report["best"]["settings"] == read.best_trial.params
    assert not any("different validation samples" in note for note in report["notes"])
    assert set(report["importances"]) == {STRENGTH, "optimizer"}
    assert bench.hub.meta(study_channel(study))["state"] == "finished"


def test_runs_of_a_search_train_to_the_same_bits_as_in_another_one(bench: Workbench):
    grids = [searched(bench, asked(f"{STRENGTH}={values}"))[0] for values in ("1e-5,0.1,1", "0.1,0.2,0.3")]
    weights = [
        {run.experiment["regularizers"][0]["strength"]: run.weights_sha256 for run in bench.runs_of(study)}
        for study in grids
    ]
    assert weights[0][0.1] == weights[1][0.1]
    assert {run.facts.engine for study in grids for run in bench.runs_of(study)} == {"stacked"}


def test_that_trials_were_measured_on_different_samples_is_said(bench: Workbench):
    study, report = searched(bench, asked("split_seed=0,1"))
    assert "different validation samples" in report["notes"][-1]
    assert str(bench.hub.meta(study_channel(study))["warning"]) == report["notes"][-1]


def test_inputs_of_a_table_are_selected_by_a_search_with_folds(bench: Workbench):
    table = {"key": "iris", "selection": {"key": "variance", "k": 1}}
    base = {"dataset": table, "architecture": "logistic", "epochs": 1}
    vary = ("dataset.selection=variance,mutual_information", "dataset.selection.k=1,3")
    study, report = searched(bench, asked(*vary, base=base, folds=2))
    assert [trial["state"] for trial in report["trials"]] == ["complete"] * 4
    kept = {run.id: run.experiment["dataset"]["selection"] for run in bench.runs_of(study)}
    for trial in report["trials"]:
        chosen = {"key": trial["settings"][vary[0].partition("=")[0]], "k": trial["settings"]["dataset.selection.k"]}
        assert [kept[run] for run in trial["runs"]] == [{**chosen, "chosen_on": "training"}] * 2
    sizes = {kept[run.id]["k"]: run.answer["num_parameters"] for run in bench.runs_of(study)}
    assert sizes == {1: 6, 3: 12}


@pytest.mark.parametrize("sampler", ["random", "tpe"])
def test_what_is_drawn_lies_between_the_ends_and_depends_on_the_seed_and_what_was_told(tmp_path: Path, sampler: str):
    def drawn(name: str, seed: int) -> list[Any]:
        base = {**BASE, "architecture": {"key": "mlp", "hidden_layers": 1}, "seed": seed}
        vary = (f"{STRENGTH}=log(1e-5,1)x2", "architecture.width=lin(4,12)x3")
        storage = OptunaStorage(DataFolder(tmp_path))
        found = []
        for _ in range(3):  # each time as another process would
            trials = Trials(storage, name, asked(*vary, base=base, sampler=sampler, trials=12))
            for trial in trials.ask(4):
                trials.tell(trial.number, Outcome("complete", trial.changes[STRENGTH], 0.0))
                found.append(trial.changes)
        storage.close()
        return found

    first, again, other = drawn("first", 0), drawn("again", 0), drawn("other", 1)
    assert first == again != other
    assert all(1e-5 <= settings[STRENGTH] <= 1 for settings in first)
    assert all(settings["architecture.width"] in range(4, 13) for settings in first)
    assert len({settings[STRENGTH] for settings in first}) == 12


def test_what_decides_about_the_error_matters_most(tmp_path: Path):
    storage = OptunaStorage(DataFolder(tmp_path))
    trials = Trials(storage, "search", asked(f"{STRENGTH}=log(1e-5,1)x4", "optimizer=sgd,adam", "seed=0,1,2"))
    for trial in trials.ask(24):
        error = 0.1 * (trial.changes["optimizer"] == "sgd") + 0.01 * trial.changes[STRENGTH]
        trials.tell(trial.number, Outcome("complete", error, 0.0))
    shares = trials.importances()
    assert sum(shares.values()) == pytest.approx(1)
    assert shares["optimizer"] > 0.9
    assert shares["seed"] < 0.05
    storage.close()


def test_folds_make_the_error_a_mean_and_the_spread_its_standard_error(bench: Workbench):
    study, report = searched(bench, asked(f"{STRENGTH}=0.0001,1", folds=3))
    for trial in report["trials"]:
        runs = [bench.run(id) for id in trial["runs"]]
        errors = [ending_numbers(bench.store, run)["validation_error"] for run in runs]
        assert [(run.experiment["num_folds"], run.experiment.get("fold", 1)) for run in runs] == [
            (3, 1),
            (3, 2),
            (3, 3),
        ]
        mean = sum(errors) / 3
        assert trial["validation_error"] == pytest.approx(mean)
        spread = math.sqrt(sum((error - mean) ** 2 for error in errors) / 2)
        assert trial["standard_error"] == pytest.approx(spread / math.sqrt(3))
    assert "3 folds" in report["one_standard_error"]["why"]
    assert len(bench.runs_of(study)) == 6


@pytest.mark.parametrize(("pruning", "count"), [("median", 14), ("asha", 6)])
def test_what_is_worse_than_others_is_given_up_and_keeps_its_last_error(bench: Workbench, pruning: str, count: int):
    search = asked(f"optimizer.lr=log(1e-6,0.1)x{count}", base={**BASE, "epochs": 8}, pruning=pruning)
    study, report = searched(bench, search)
    pruned = [trial for trial in report["trials"] if trial["state"] == "pruned"]
    assert 0 < len(pruned) < count
    assert report["best"]["trial"] not in [trial["number"] for trial in pruned]
    read = loaded(bench.folder.path, study)
    for trial in pruned:
        run = bench.run(trial["runs"][0])
        assert (run.state, run.reason) == ("stopped", "pruned")
        assert 0 < run.epoch < 8
        assert read.trials[trial["number"]].state == optuna.trial.TrialState.PRUNED
        assert trial["validation_error"] == read.trials[trial["number"]].value


def test_who_is_given_up_does_not_depend_on_how_fast_anything_is(bench: Workbench):
    search = asked("optimizer.lr=log(1e-6,0.1)x6", base={**BASE, "epochs": 8}, pruning="asha")
    ends = [
        [(trial["state"], bench.run(trial["runs"][0]).step) for trial in searched(bench, search)[1]["trials"]]
        for _ in range(2)
    ]
    assert ends[0] == ends[1]


def test_a_search_is_held_goes_on_and_is_stopped_and_goes_on_with_what_is_left(bench: Workbench):
    study = bench.start_search(asked(base={**BASE, **LONG}), paused=True)
    until(lambda: bench.hub.meta(study_channel(study))["state"] == "paused")
    runs = bench.runs_of(study)
    assert [(run.state, run.step) for run in runs] == [("paused", 0)] * 3
    bench.command(study_channel(study), "resume")
    until(lambda: all(bench.hub.meta(run.id).get("state") == "running" for run in runs))
    bench.command(study_channel(study), "stop")
    bench.wait_search(study, 60)
    assert [run.state for run in bench.runs_of(study)] == ["stopped"] * 3
    assert {trial.state.name for trial in loaded(bench.folder.path, study).trials} == {"RUNNING"}
    with pytest.raises(Refused, match="It is over"):
        bench.command_search(study, "stop")
    bench.command_search(study, "resume")
    until(lambda: bench.hub.meta(study_channel(study))["state"] == "running")
    with pytest.raises(Refused, match="still going on"):
        bench.delete_search(study)
    bench.command_search(study, "stop")
    bench.wait_search(study, 60)
    assert {run.id for run in bench.runs_of(study)} == {run.id for run in runs}


def test_a_trial_that_is_over_is_told_while_others_go_on_and_optuna_learns_of_all_together(bench: Workbench):
    study = bench.start_search(asked("epochs=1,100000"))
    until(lambda: sorted(states_of(bench, study)) == ["complete", "running"])
    told = meta_of(bench, study)
    [short] = [trial for trial in told["trials"] if trial["state"] == "complete"]
    [run] = [run for run in bench.runs_of(study) if run.id in short["runs"]]
    assert run.experiment["epochs"] == 1
    assert short["error"] == ending_numbers(bench.store, run)["validation_error"]
    assert (told["best"], told["state"]) == (short["number"], "running")
    until(lambda: meta_of(bench, study)["num_steps"] > meta_of(bench, study)["step"] > 0.5 * told["num_steps"])
    assert {trial.state.name for trial in loaded(bench.folder.path, study).trials} == {"RUNNING"}
    bench.command_search(study, "stop")
    bench.wait_search(study, 60)
    assert {trial.state.name for trial in loaded(bench.folder.path, study).trials} == {"COMPLETE", "RUNNING"}
    assert sorted(states_of(bench, study)) == ["complete", "running"]


def test_a_search_that_was_broken_off_ends_as_one_that_was_not(tmp_path: Path):
    search = asked("optimizer.lr=log(1e-3,1)x2", base={**BASE, "epochs": 6}, sampler="tpe", trials=10)
    with Workbench.open(tmp_path / "whole") as bench:
        whole = searched(bench, search)[1]
    with Workbench.open(tmp_path / "broken") as bench:
        study = bench.start_search(search)
        until(lambda: len(bench.runs_of(study)) == 8)
    with Workbench.open(tmp_path / "broken") as bench:
        assert not bench.is_comparing(study)
        bench.command_search(study, "resume")
        bench.wait_search(study, 60)
        report = bench.search_report(study)
        assert {run.state for run in bench.runs_of(study)} == {"finished"}
        assert len(bench.runs_of(study)) == 10
    parts = ("settings", "state", "validation_error")
    assert [[trial[name] for name in parts] for trial in report["trials"]] == [
        [trial[name] for name in parts] for trial in whole["trials"]
    ]


def test_a_trial_that_diverges_is_told_as_a_bad_one_and_not_forgotten(bench: Workbench):
    _, report = searched(bench, asked("optimizer.lr=1e-3,1e30", base={**BASE, "optimizer": "sgd"}))
    states = {trial["settings"]["optimizer.lr"]: (trial["state"], trial["why"]) for trial in report["trials"]}
    assert states == {1e-3: ("complete", None), 1e30: ("pruned", "diverged")}


def test_a_trial_that_cannot_be_made_fails_alone_and_a_search_without_any_as_a_whole(
    bench: Workbench, monkeypatch: pytest.MonkeyPatch
):
    made = Search.experiments

    def broken(self: Search, changes: dict[str, Any]) -> Any:
        if changes[STRENGTH] < limit:
            raise BadInput(Text("It cannot be."), Text("It is too small."), Text("Use more."))
        return made(self, changes)

    search = asked(f"{STRENGTH}=0.001,1")
    limit = 0.1
    monkeypatch.setattr(Search, "check", lambda self: None)
    monkeypatch.setattr(Search, "experiments", broken)
    _, report = searched(bench, search)
    assert {trial["settings"][STRENGTH]: trial["state"] for trial in report["trials"]} == {
        0.001: "failed",
        1: "complete",
    }
    limit = 2
    study = bench.start_search(search)
    with pytest.raises(CoreError, match="None of these trials could be trained"):
        bench.wait_search(study, 60)
    assert bench.hub.meta(study_channel(study))["state"] == "failed"


def test_deleting_a_search_deletes_its_runs_and_what_optuna_knows(bench: Workbench):
    study, _ = searched(bench, asked())
    bench.delete_search(study)
    assert not bench.searches()
    assert not bench.runs()
    assert study not in optuna.get_all_study_names(f"sqlite:///{bench.folder.optuna}")


def test_a_trial_is_extended_by_itself_when_its_search_is_over(bench: Workbench):
    study, report = searched(bench, asked())
    run = report["best"] and report["trials"][0]["runs"][0]
    bench.command(run, "extend", {"epochs": 2})
    assert bench.wait(run, 100).epoch == 6
    assert [trial["validation_error"] for trial in bench.search_report(study)["trials"]] == [
        trial["validation_error"] for trial in report["trials"]
    ]


def test_a_stored_search_is_shown_to_whoever_looks(bench: Workbench):
    study, report = searched(bench, asked())
    told = bench.hub.meta(study_channel(study))
    bench.hub.forget(study_channel(study))
    assert bench._load_stored(study_channel(study), bench.hub)
    shown = bench.hub.meta(study_channel(study))
    assert shown["state"] == "finished"
    assert shown["trials"] == told["trials"]
    assert shown["best"] == report["best"]["trial"]


def test_the_price_of_a_search_is_told(bench: Workbench):
    channel = bench.search_price(asked(folds=2))
    until(lambda: bench.hub.meta(channel)["price"] is not None)
    assert "6 runs, 8 updates each" in str(bench.hub.meta(channel)["price"])
