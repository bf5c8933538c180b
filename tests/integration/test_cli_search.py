"""The command `search`: what it writes, how it ends, and that an interruption loses nothing."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from core.studies.workbench import Workbench
from tests.command_line import LONG, TINY, Cli, ctrl_c

BASE = {**TINY, "regularizers": ["l2"]}
VARY = "regularizers.0.strength=log(1e-6,1e-1)x3"


def test_it_answers_with_the_best_all_trials_and_the_one_standard_error_choice(cli: Cli, file: Callable):
    answer = cli("search", file(BASE), "--vary", VARY)
    assert answer.code == 0, answer.err
    value = answer.value
    assert sorted(trial["settings"]["regularizers.0.strength"] for trial in value["trials"]) == [
        1e-6, 0.000316227766017, 0.1,
    ]  # fmt: skip
    errors = {trial["number"]: trial["validation_error"] for trial in value["trials"]}
    assert value["best"]["validation_error"] == min(errors.values()) == errors[value["best"]["trial"]]
    chosen = value["one_standard_error"]
    assert chosen["validation_error"] <= chosen["limit"]
    assert chosen["limit"] == value["best"]["validation_error"] + value["best"]["standard_error"]
    with Workbench.reading() as bench:
        assert {run.study for run in bench.runs()} == {value["study"]}
        assert {run.id for run in bench.runs()} == {run for trial in value["trials"] for run in trial["runs"]}


def test_drawn_trials_with_folds_are_told_as_a_table(cli: Cli, file: Callable):
    options = ("--sampler", "random", "--trials", "2", "--folds", "2", "--set", "epochs=1")
    answer = cli("search", file(BASE), "--vary", VARY, "optimizer.lr", *options, text=True)
    assert answer.code == 0, answer.err
    lines = answer.out.splitlines()
    assert lines[1].split()[:3] == ["trial", "validation", "error"]
    assert len([line for line in lines if "optimizer.lr=" in line]) == 2


def test_bad_input_ends_with_a_sentence_before_anything_is_stored(cli: Cli, file: Callable, data_folder: Path):
    for words, says in (
        ((), "Nothing is varied"),
        (("--vary", "optimizer.lr=log(0,1)x3"), "On a logarithmic scale both ends lie above 0"),
        (("--vary", VARY, "--trials", "9"), "fewer than the 9 trials"),
        (("--vary", "optimizer=sgd,best"), "no entry “best”"),
    ):
        answer = cli("search", file(BASE), *words)
        assert answer.code == 2
        assert says in answer.err
    assert not (data_folder / "optuna.db").exists()


def test_what_is_no_id_is_refused_as_that_of_a_search(data_folder: Path, cli: Cli):
    answer = cli("search", "--resume", "nosuch")
    assert answer.code == 2
    assert "'nosuch' is not the id of a search." in answer.err


def test_an_interrupted_search_goes_on(data_folder: Path, file: Callable, cli: Cli):
    with ctrl_c(lambda: _num_updated(data_folder) == 2):
        broken_off = cli("search", file({**BASE, **LONG}), "--vary", "seed=0,1")
    assert broken_off.code == 130
    assert [trial["state"] for trial in broken_off.value["trials"]] == ["running"] * 2
    study = broken_off.err.split("search --resume ")[1].split()[0]
    answer = cli("search", "--resume", study)
    assert answer.code == 0, answer.err
    assert [trial["state"] for trial in answer.value["trials"]] == ["complete"] * 2
    assert [len(trial["runs"]) for trial in answer.value["trials"]] == [1, 1]


def _num_updated(folder: Path) -> int:
    if not (folder / "saddlepoint.sqlite3").exists():
        return 0
    with Workbench.reading(folder) as bench:
        return sum(run.step > 0 for run in bench.runs())
