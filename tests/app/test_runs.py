"""Stored runs can be found, compared, renamed, opened, exported and deleted."""

from __future__ import annotations

import pytest

from core.catalog.faults import sealed
from core.experiment import Experiment
from core.studies.workbench import Workbench


@pytest.fixture
def two_runs(bench: Workbench) -> list[str]:
    """A digits run and a moons run, both over."""
    runs = [
        bench.start(Experiment(epochs=1, train_size=100), pace="max", name="digits, Adam"),
        bench.start(
            Experiment.from_json({"dataset": {"key": "moons", "n": 40}, "epochs": 1}), pace="max", name="=moons"
        ),
    ]
    for run in runs:
        bench.wait(run, 100)
    return runs


def names(tab) -> list[str]:
    return list(tab.dataframe[0].value["name"])


def select(tab, *rows: int):
    tab.session_state[tab.dataframe[0].key] = {"selection": {"rows": list(rows), "columns": [], "cells": []}}
    tab.run()
    assert not tab.exception
    return tab


def button(tab, label: str):
    return next(item for item in tab.button if item.label == label)


def test_without_runs_the_page_says_what_to_do(open_page):
    tab = open_page("runs.py")
    assert "appears here" in tab.info[0].value
    assert not tab.dataframe


def test_runs_stand_newest_first_with_the_settings_that_differ(open_page, two_runs):
    table = open_page("runs.py").dataframe[0].value
    assert list(table["name"]) == ["=moons", "digits, Adam"]
    assert list(table["data"]) == ["Two moons", "Handwritten digits, 8 × 8"]
    assert list(table["training samples"]) == ["", "100"]
    assert "optimizer" not in table, "both have Adam"
    assert "fold" not in table, "neither has any"
    assert table["best validation error, %"].between(0, 100).all()


def test_a_branch_stands_with_what_it_was_changed_to(open_page, two_runs, bench: Workbench):
    bench.wait(bench.fork(two_runs[0], 1, {"optimizer.lr": 0.02}, pace="max", name="branch"), 30)
    tab = open_page("runs.py")
    table = tab.dataframe[0].value
    assert list(table["name"]) == ["branch", "=moons", "digits, Adam"]
    assert list(table["learning rate"]) == ["0.02", "0.001", "0.001"]
    tab.text_input(key="search runs").set_value("optimizer.lr=0.02").run()
    assert names(tab) == ["branch"]


def test_runs_of_folds_say_which_and_runs_without_say_nothing(open_page, two_runs, bench: Workbench):
    experiment = Experiment.from_json({"dataset": {"key": "moons", "n": 40}, "epochs": 1, "num_folds": 3})
    for number in (1, 2):
        bench.wait(bench.start(experiment.replace(fold=number), pace="max"), 30)
    table = open_page("runs.py").dataframe[0].value
    assert list(table["fold"]) == ["2 of 3", "1 of 3", "", ""]
    assert not [name for name in table if "fold" in name and name != "fold"]


def test_two_settings_of_one_name_are_told_apart(open_page, bench: Workbench):
    for strength in (0.001, 0.01234567):
        both = [{"key": "l1", "strength": strength}, {"key": "l2", "strength": 2 * strength}]
        moons = {"dataset": {"key": "moons", "n": 40}, "epochs": 1, "regularizers": both}
        bench.wait(bench.start(Experiment.from_json(moons), pace="max"), 30)
    table = open_page("runs.py").dataframe[0].value
    first, second = (name for name in table if "strength" in name)
    assert (first, second) == ("regularizer: strength", "strength (regularizers.1.strength)")
    assert (list(table[first]), list(table[second])) == (["0.01235", "0.001"], ["0.02469", "0.002"])


def test_a_run_with_a_sealed_fault_is_named_after_what_it_trains_and_that(open_page, bench: Workbench):
    bench.wait(bench.start(Experiment(epochs=1, train_size=100, sealed=sealed("leak")), pace="max"), 30)
    (name,) = names(open_page("runs.py"))
    assert name.endswith("seed 0 › a sealed fault")


def test_the_search_finds_names_settings_and_states(open_page, two_runs):
    tab = open_page("runs.py")
    for words, found in (
        ("adam digits", ["digits, Adam"]),
        ("dataset=moons", ["=moons"]),
        ("finished", ["=moons", "digits, Adam"]),
    ):
        tab.text_input(key="search runs").set_value(words).run()
        assert names(tab) == found
    tab.text_input(key="search runs").set_value("nothing like it").run()
    assert not tab.dataframe
    assert "hidden by the search: 2" in tab.info[0].value


def test_runs_sort_by_best_and_last_validation_error(open_page, two_runs, bench: Workbench):
    tab = open_page("runs.py")
    for order, field in (("best", "best_validation_error"), ("last", "last_validation_error")):
        tab.selectbox(key="order|en").set_value(order).run()
        expected = [record.name for record in sorted(bench.runs(), key=lambda record: getattr(record, field))]
        assert names(tab) == expected


def test_a_run_is_renamed_and_annotated(open_page, two_runs, bench: Workbench):
    tab = select(open_page("runs.py"), 0)
    tab.text_input(key=f"name of {two_runs[1]}").set_value("moons again").run()
    tab = select(tab, 0)
    tab.text_area(key=f"note of {two_runs[1]}").set_value("*bold* idea").run()
    record = bench.find(two_runs[1])
    assert record is not None
    assert (record.name, record.note) == ("moons again", "*bold* idea")


def test_a_run_opens_on_the_train_page_with_its_experiment(open_page, two_runs):
    tab = select(open_page("runs.py"), 0)
    button(tab, "Open").click().run()
    assert not tab.exception
    assert tab.session_state["experiment"].dataset.key == "moons"
    assert tab.session_state["run looked at"][0] == two_runs[1]


def test_a_run_is_deleted_only_after_the_question(open_page, two_runs, bench: Workbench):
    tab = select(open_page("runs.py"), 1)
    button(tab, "Delete ..").click().run()
    assert len(bench.runs()) == 2
    assert any("digits, Adam" in text.value for text in tab.markdown)
    button(tab, "Delete").click().run()
    assert [record.id for record in bench.runs()] == [two_runs[1]]
    assert names(tab) == ["=moons"]


def test_several_runs_are_deleted_together(open_page, two_runs, bench: Workbench):
    tab = select(open_page("runs.py"), 0, 1)
    button(tab, "Delete ..").click().run()
    button(tab, "Delete").click().run()
    assert bench.runs() == ()
    assert not tab.dataframe


def test_a_selection_never_slips_to_another_run(open_page, two_runs, bench: Workbench):
    tab = select(open_page("runs.py"), 0)
    bench.delete(two_runs[1])
    tab.run()
    assert not tab.exception
    assert not [item for item in tab.button if item.label == "Open"]


def test_runs_survive_a_restart_and_an_interrupted_one_is_resumed(open_page, two_runs, bench: Workbench, data_folder):
    run = bench.start(Experiment(epochs=1000), pace="1/s")
    bench.close()
    from core.studies.workbench import use_workbench

    with Workbench.open(data_folder) as again:
        use_workbench(again)
        tab = open_page("runs.py")
        assert list(tab.dataframe[0].value["state"]) == ["interrupted", "finished", "finished"]
        tab = select(tab, 0)
        button(tab, "Resume").click().run()
        assert not tab.exception
        assert tab.session_state["run looked at"][0] == run
        assert again.is_active(run)
        again.command(run, "stop")
        again.wait(run, 100)
