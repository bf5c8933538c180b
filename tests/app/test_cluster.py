"""The tab of Runs for the cluster: what is said without one, and what is shown of one."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from core.executors.cluster import Node, View
from core.studies.services import clusters
from core.studies.workbench import Workbench
from core.text import Text
from pages.components import cluster_tab, executor_choice
from tests.app.conftest import OpenPage
from tests.app.test_generalization import QUERY
from tests.app.test_search import pressed


def opened(open_page: OpenPage, monkeypatch: pytest.MonkeyPatch, *, has_ray: bool) -> AppTest:
    for module in (cluster_tab, executor_choice):
        monkeypatch.setattr(module, "has_ray", lambda: has_ray)
    return pressed(open_page("runs.py"), "cluster")


def test_without_ray_it_says_what_to_install_and_nothing_is_to_choose(
    open_page: OpenPage, monkeypatch: pytest.MonkeyPatch
):
    tab = opened(open_page, monkeypatch, has_ray=False)
    assert "requirements-ray.txt" in tab.info[0].value
    assert not [button for button in tab.button if button.label == "Start the cluster"]
    assert not [box for box in pressed(tab, "search").selectbox if box.label == "WHERE RUNS TRAIN"]


def test_a_cluster_is_started_here_and_its_machines_are_shown(
    open_page: OpenPage, bench: Workbench, monkeypatch: pytest.MonkeyPatch
):
    tab = opened(open_page, monkeypatch, has_ray=True)
    view = View("127.0.0.1:6379", True, (Node("127.0.0.1", True, 4, 0, 8e9), Node("10.0.0.2", False, 4, 0, 0)), 1, 0)

    class Reached:
        def connect(self) -> None:
            monkeypatch.setattr(self, "view", lambda: view)

        def view(self) -> View | None:
            return None

        def close(self) -> None: ...

    monkeypatch.setattr(bench.runner, "cluster", Reached())
    next(button for button in tab.button if button.label == "Start the cluster").click().run()
    assert not tab.exception
    assert tab.metric[0].value == "3 of 4"
    assert list(tab.dataframe[0].value["machine"]) == ["127.0.0.1", "10.0.0.2"]
    assert list(tab.dataframe[0].value["state"]) == ["there", "gone"]
    assert "Nothing trains there now." in [caption.value for caption in tab.caption]


def test_where_a_cluster_is_gone_another_can_be_started(
    open_page: OpenPage, bench: Workbench, monkeypatch: pytest.MonkeyPatch
):
    views = iter([View("127.0.0.1:6379", True, (), 0, 0)])
    lost = SimpleNamespace(view=lambda: next(views, None), close=lambda: None)
    monkeypatch.setattr(bench.runner, "cluster", lost)
    tab = opened(open_page, monkeypatch, has_ray=True)
    assert "Start the cluster" in [button.label for button in tab.button]


def test_what_is_chosen_reaches_the_search(open_page: OpenPage, bench: Workbench, monkeypatch: pytest.MonkeyPatch):
    tab = pressed(opened(open_page, monkeypatch, has_ray=True), "search")
    asked: list[str] = []
    monkeypatch.setattr(Workbench, "start_search", lambda self, search, **options: asked.append(options["executor"]))
    next(box for box in tab.selectbox if box.label == "WHERE RUNS TRAIN").set_value("ray").run()
    next(button for button in tab.button if button.label == "Start the search").click().run()
    assert asked == ["ray"]


def test_what_is_chosen_reaches_the_folds(open_page: OpenPage, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(executor_choice, "has_ray", lambda: True)
    tab = open_page("generalization.py", look="kfold", folds="3", **QUERY)
    next(box for box in tab.selectbox if box.label == "WHERE RUNS TRAIN").set_value("ray").run()
    asked: list[str] = []

    def start(self: Workbench, comparison: Any, **options: Any) -> str:
        asked.append(options["executor"])
        raise clusters.Refused(Text("Enough."), Text("Nothing is to be trained."), Text("Go on."))

    monkeypatch.setattr(Workbench, "start_comparison", start)
    tab.session_state["kfold live"] = {"start": {"pace": "max"}}
    tab.run()
    assert asked == ["ray"]


def test_a_student_may_look_and_start_nothing(bench: Workbench):
    with pytest.raises(clusters.Refused, match="Only a teacher"):
        bench.connect_cluster(actor="student-anna")
    assert bench.cluster(actor="student-anna") is None
