"""The tab of Runs that searches settings: what varies, what is refused, what is started and found again."""

from __future__ import annotations

import pytest
from streamlit.testing.v1 import AppTest

from core.studies.workbench import Workbench
from tests.app.conftest import OpenPage

MOONS = {"dataset": "moons", "dataset.n": "40", "epochs": "1", "regularizers": "l2"}


@pytest.fixture
def tab(open_page: OpenPage) -> AppTest:
    """The tab, with a small experiment chosen on Train."""
    page = open_page("train.py", **MOONS)
    page.switch_page("runs.py").run()
    return pressed(page, "search")


def pressed(page: AppTest, place: str) -> AppTest:
    [tabs] = [item for item in page.button_group if item.key and item.key.startswith("parts of runs|")]
    tabs.set_value(place).run()
    assert not page.exception, page.exception[0].message
    return page


def test_the_address_names_the_tab(tab: AppTest, open_page: OpenPage):
    assert tab.query_params["look"] == "search"
    assert start(open_page("runs.py", look="search"))
    pressed(tab, "stored")
    assert "look" not in tab.query_params


def control(tab: AppTest, kind: str, name: str):
    return next(item for item in getattr(tab, kind) if item.key and item.key.startswith(f"search {name}"))


def start(tab: AppTest):
    return next(item for item in tab.button if item.label == "Start the search")


def test_what_varies_begins_with_its_usual_range_and_is_started_as_typed(tab: AppTest, bench: Workbench):
    assert control(tab, "text_input", "space optimizer.lr").value == "log(0.0001,1)x8"
    control(tab, "multiselect", "varies").set_value(["regularizers.0.strength"]).run()
    assert control(tab, "text_input", "space regularizers.0.strength").value == "log(1e-05,0.1)x8"
    control(tab, "text_input", "space regularizers.0.strength").set_value("0.001,0.1").run()
    start(tab).click().run()
    assert not tab.exception
    [record] = bench.searches()
    bench.wait_search(record.id, 60)
    assert record.document["vary"] == ["regularizers.0.strength=0.001,0.1"]
    assert record.document["base"]["dataset"]["n"] == 40
    assert len(bench.search_report(record.id)["trials"]) == 2


def test_options_reach_the_search(tab: AppTest, bench: Workbench):
    control(tab, "selectbox", "sampler").set_value("random").run()
    control(tab, "selectbox", "pruning").set_value("asha").run()
    control(tab, "number_input", "trials").set_value(3).run()
    control(tab, "number_input", "folds").set_value(2).run()
    start(tab).click().run()
    [record] = bench.searches()
    bench.wait_search(record.id, 60)
    assert {name: record.document[name] for name in ("sampler", "pruning", "trials", "folds")} == {
        "sampler": "random", "pruning": "asha", "trials": 3, "folds": 2,
    }  # fmt: skip


def test_what_cannot_be_searched_is_said_and_cannot_be_started(tab: AppTest):
    control(tab, "text_input", "space optimizer.lr").set_value("log(0,1)x3").run()
    assert start(tab).disabled
    assert "both ends lie above 0" in tab.error[0].value
    control(tab, "text_input", "space optimizer.lr").set_value("").run()
    assert not start(tab).disabled
    assert control(tab, "text_input", "space optimizer.lr").value == "log(0.0001,1)x8"


def test_a_stored_search_is_opened_and_deleted_and_its_runs_stand_apart(tab: AppTest, bench: Workbench):
    control(tab, "text_input", "space optimizer.lr").set_value("0.01,0.1").run()
    start(tab).click().run()
    [record] = bench.searches()
    bench.wait_search(record.id, 60)
    pressed(tab, "stored")
    assert not tab.dataframe, "its runs are those of the search"
    tab.toggle(key="runs of comparisons").set_value(True).run()
    assert len(tab.dataframe[0].value) == 2
    pressed(tab, "search")
    tab.button(key="delete search").click().run()
    assert not tab.exception
    assert not bench.searches()
    assert not bench.runs()
