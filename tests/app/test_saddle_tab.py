"""Are we at a saddle? What is measured when something is chosen, what is watched, and the way to a real saddle."""

from __future__ import annotations

import json
from typing import Any

import pytest

from core.landscape.asked import CurvatureRequest
from core.studies import real_saddle
from core.studies.comparison import Comparison
from core.studies.real_saddle import left_flat_part, stored_real_saddles
from core.studies.study import study_channel
from core.studies.workbench import Workbench
from pages.components import real_saddle as door
from pages.components.saddle_tab import spread
from tests.experiments import POINTS, points
from tests.polling import until

TINY = Comparison.of({**POINTS, "initializer": {"key": "normal", "sigma": 0.5}}, ["optimizer=sgd,adam"], rates="hand")


@pytest.fixture
def run(bench: Workbench) -> str:
    """A run of 16 updates."""
    made = bench.start(points(), pace="max", name="a run")
    bench.wait(made, 100)
    return made


@pytest.fixture
def tiny(monkeypatch: pytest.MonkeyPatch) -> None:
    """A real saddle that is over in a moment: looked at after 10 of 16 updates, and left with a loss below 0.69."""

    class Prepared:
        def comparison(self, translate: Any) -> Comparison:
            return TINY

    monkeypatch.setattr(real_saddle, "comparison_preset", lambda key: Prepared())
    monkeypatch.setattr(real_saddle, "FLAT", 0.69)
    monkeypatch.setattr(door, "VIEWED_AT", 10)


def data(tab) -> dict[str, Any]:
    """What the pictures were given."""
    assert not tab.exception, tab.exception[0].message
    return json.loads(tab.get("bidi_component")[0].proto.json)


def press(tab, trigger: str, value: Any = None):
    """Press something in the pictures."""
    tab.session_state["saddle chart"] = {trigger: value or {}}
    tab.run()
    tab.session_state["saddle chart"] = {}
    return tab


def test_without_a_run_it_says_what_to_do(open_page):
    tab = open_page("landscapes.py", tab="saddle")
    assert "No network is trained yet" in tab.info[0].value
    assert tab.button(key="real saddle")


def test_the_curvature_is_measured_once_and_again_when_that_is_asked_for(open_page, run: str, asked: list[Any]):
    tab = open_page("landscapes.py", tab="saddle", run=run)
    assert asked == [CurvatureRequest(run)]
    first = data(tab)
    assert (first["run"], first["trail"]) == (run, [])
    assert data(tab.run()) == first
    assert len(asked) == 1
    again = data(press(tab, "again"))
    assert again["channel"] == first["channel"]
    assert again["count"] == first["count"] + 1


def test_another_update_is_measured_there_and_the_surface_is_cut_there(open_page, run: str, asked: list[Any]):
    tab = open_page("landscapes.py", tab="saddle", run=run)
    tab.number_input(key=f"landscape update {run}|en").set_value(5).run()
    assert asked[-1] == CurvatureRequest(run, 5)
    press(tab, "cut", {"step": 5})
    tab.run()
    assert tab.query_params["tab"] == "network"
    assert (asked[-1].runs, asked[-1].step, asked[-1].asked.plane) == ((run,), 5, "hessian")


def test_the_snapshots_of_the_run_are_measured_when_that_is_asked_for(
    open_page, run: str, asked: list[Any], bench: Workbench
):
    tab = open_page("landscapes.py", tab="saddle", run=run)
    shown = data(press(tab, "trail"))
    steps = [request.step for request in asked[1:]]
    assert steps == [entry.step for entry in bench.store.snapshots(run)]
    assert 1 < len(steps) == len(shown["trail"])
    assert data(tab.run())["trail"] == shown["trail"]
    assert len(asked) == 1 + len(steps)


@pytest.mark.parametrize("count", [0, 1, 2, 11, 12, 13, 40])
def test_of_many_snapshots_a_dozen_are_measured_from_the_first_to_the_last(count: int):
    steps = [2**place for place in range(count)]
    found = spread(steps)
    assert len(found) == len(set(found)) == min(count, 12)
    assert found == sorted(found)
    assert [*found[:1], *found[-1:]] == [*steps[:1], *steps[-1:]]


def test_what_cannot_be_measured_is_said(open_page, run: str):
    tab = open_page("landscapes.py", tab="saddle", run=run, at="99")
    assert "no state after update 99" in tab.error[0].value
    assert data(tab)["channel"] is None


def test_a_run_that_goes_on_is_watched_from_now_on_and_measured_where_it_is(
    open_page, bench: Workbench, asked: list[Any]
):
    going = bench.start(points(epochs=100_000), pace="max", paused=True)
    bench.command(going, "step")
    until(lambda: bench.runs()[-1].step == 1)
    tab = open_page("landscapes.py", tab="saddle", run=going)
    assert not asked
    assert data(tab)["channel"] is None
    tab.segmented_control(key=f"curvature every|{going}|en").set_value(10).run()
    until(lambda: bench.hub.meta(going).get("curvature_every") == 10)
    next(button for button in tab.button if button.label == "Measure where it is now").click().run()
    assert asked == [CurvatureRequest(going, 1)]
    tab.segmented_control(key=f"curvature every|{going}|en").set_value(0).run()
    until(lambda: bench.hub.meta(going).get("curvature_every") == 0)


def test_what_is_chosen_holds_for_the_next_run_of_the_tab(open_page, run: str, bench: Workbench):
    tab = open_page("landscapes.py", tab="saddle", run=run)
    tab.segmented_control(key="curvature every||en").set_value(10).run()
    tab.switch_page("train.py").run()
    tab.session_state["live"] = {"start": {"one_update": True, "pace": "1/s"}}
    tab.run()
    started = bench.runs()[-1].id
    assert started != run
    until(lambda: bench.hub.meta(started).get("curvature_every") == 10)


@pytest.mark.usefixtures("tiny")
def test_from_the_practice_saddle_one_click_leads_to_the_cut_around_a_real_one(
    open_page, bench: Workbench, asked: list[Any]
):
    tab = open_page("landscapes.py", story="saddle")
    tab.button(key="real saddle").click().run()
    (study,) = bench.studies()
    bench.wait_comparison(study.id, 100)
    tab.run().run()
    sgd, adam = bench.runs_of(study.id)
    assert tab.query_params["tab"] == "network"
    assert asked[-1].runs == (sgd.id, adam.id)
    assert (asked[-1].step, asked[-1].asked.plane) == (10, "hessian")
    tab = open_page("landscapes.py", story="saddle")
    tab.button(key="real saddle").click().run()
    assert len(bench.studies()) == 1, "the one that is stored serves"


@pytest.mark.usefixtures("tiny")
def test_a_comparison_that_is_held_is_not_waited_for(open_page, bench: Workbench):
    held = bench.start_comparison(TINY, pace="max", paused=True)
    until(lambda: any(run.state == "paused" for run in bench.runs_of(held)))
    tab = open_page("landscapes.py", story="saddle")
    tab.button(key="real saddle").click().run()
    (own,) = [study.id for study in bench.studies() if study.id != held]
    bench.wait_comparison(own, 100)
    tab.run().run()
    assert tab.query_params["run"] == bench.runs_of(own)[0].id


@pytest.mark.usefixtures("tiny")
def test_who_has_left_is_counted_and_from_zero_nobody_does(open_page, bench: Workbench):
    study = bench.wait_comparison(bench.start_comparison(TINY, pace="max"), 60)
    runs = bench.runs_of(study.id)
    tab = open_page("landscapes.py", tab="saddle", run=runs[0].id)
    left = {run.name: left_flat_part(bench.store, run) for run in runs}
    assert any(left.values())
    told = next(item.value for item in tab.markdown if runs[0].name in item.value)
    for name, step in left.items():
        assert (f"{name} **{step}**" if step else f"{name} not in 16") in told
    tab.button(key="start from 0").click().run()
    (zeros,) = stored_real_saddles(bench.studies(), from_zero=True)
    bench.wait_comparison(zeros.id, 100)
    tab.run().run()
    still = bench.runs_of(zeros.id)
    assert data(tab)["run"] == still[0].id
    assert all(run.state == "finished" for run in still)
    told = next(item.value for item in tab.markdown if f"{still[0].name} not in" in item.value)
    assert "so far" not in told
    assert not any(button.key == "start from 0" for button in tab.button)


def test_another_comparison_is_no_real_saddle(open_page, bench: Workbench):
    study = bench.wait_comparison(bench.start_comparison(TINY, pace="max"), 60)
    assert stored_real_saddles([study], from_zero=False) == []
    assert bench.hub.meta(study_channel(study.id))["state"] == "finished"
    tab = open_page("landscapes.py", tab="saddle", run=bench.runs_of(study.id)[0].id)
    assert tab.button(key="real saddle")
    assert not any(button.key == "start from 0" for button in tab.button)
