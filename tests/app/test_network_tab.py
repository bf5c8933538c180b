"""A real network's surface: what is asked for when something is chosen, and what is said where it cannot be."""

from __future__ import annotations

import json
from typing import Any

import pytest

from core.landscape.asked import LineRequest, SurfaceRequest
from core.studies.workbench import Workbench
from pages.components.network_state import Choices
from tests.experiments import everything, points

RATES = (0.1, 0.02, 0.5)


@pytest.fixture
def runs(bench: Workbench) -> list[str]:
    """Runs of one network on the same points that differ in the learning rate, newest last."""
    made = [
        bench.start(points(optimizer={"key": "sgd", "lr": rate}), pace="max", name=f"rate {rate}") for rate in RATES
    ]
    for run in made:
        bench.wait(run, 100)
    return made


def data(tab) -> dict[str, Any]:
    """What the pictures were given."""
    assert not tab.exception, tab.exception[0].message
    return json.loads(tab.get("bidi_component")[0].proto.json)


def press(tab, trigger: str):
    """Press something in the pictures."""
    tab.session_state["network chart"] = {trigger: {}}
    return tab.run()


def test_without_a_run_it_says_what_to_do_and_trains_one(open_page, bench: Workbench):
    tab = open_page("landscapes.py", tab="network")
    assert "No network is trained yet" in tab.info[0].value
    assert not tab.get("bidi_component")
    next(button for button in tab.button if button.label == "Train a network here").click().run(timeout=100)
    (run,) = bench.runs()
    assert data(tab)["asked"]["runs"][0]["run"] == run.id
    assert tab.query_params["run"] == run.id


def test_it_opens_on_the_newest_run_where_it_went(open_page, runs: list[str], asked: list[Any]):
    shown = data(open_page("landscapes.py", tab="network"))
    (request,) = asked
    assert isinstance(request, SurfaceRequest)
    assert request.runs == (runs[-1],)
    assert request.step is None
    assert (request.asked.plane, request.asked.resolution) == ("pca", 33)
    assert shown["asked"]["kind"] == "surface"
    assert shown["channel"].startswith("landscape-")


def test_others_of_the_same_network_stand_beside_it_in_colours_and_letters_of_their_own(
    open_page, runs: list[str], asked: list[Any], bench: Workbench
):
    bench.wait(bench.start(points(architecture={"key": "mlp", "widths": [5]}), pace="max", name="other network"), 30)
    tab = open_page("landscapes.py", tab="network", run=runs[0])
    assert {box.label for box in tab.checkbox} == {"rate 0.02", "rate 0.5"}
    for run in runs[1:]:
        tab.checkbox(key=f"beside {run}|en").check().run()
    assert asked[-1].runs == tuple(runs)
    drawn = data(tab)["asked"]["runs"]
    assert [row["name"] for row in drawn] == [f"rate {rate}" for rate in RATES]
    assert len({row["letter"] for row in drawn}) == len({row["slot"] for row in drawn}) == 3
    assert any("Same first weights: yes" in caption.value for caption in tab.caption)
    assert tab.query_params["beside"] == f"{runs[1]},{runs[2]}"
    tab.checkbox(key=f"beside {runs[1]}|en").uncheck().run()
    assert asked[-1].runs == (runs[0], runs[2])


def test_another_seed_has_other_first_weights(open_page, runs: list[str], bench: Workbench):
    other = bench.start(points(optimizer={"key": "sgd", "lr": 0.1}, seed=3), pace="max")
    bench.wait(other, 100)
    tab = open_page("landscapes.py", tab="network", run=runs[0], beside=other)
    assert any("Same first weights: no" in caption.value for caption in tab.caption)


def test_every_choice_reaches_what_is_asked_for(open_page, runs: list[str], asked: list[Any]):
    tab = open_page("landscapes.py", tab="network", run=runs[0])
    tab.radio(key="landscape plane|en").set_value("hessian").run()
    tab.number_input(key=f"landscape update {runs[0]}|en").set_value(7).run()
    tab.number_input(key="landscape samples of the network|en").set_value(20).run()
    tab.number_input(key="landscape seed of the network|en").set_value(4).run()
    request = asked[-1]
    assert (request.step, request.asked.plane, request.asked.samples, request.asked.seed) == (7, "hessian", 20, 4)
    assert tab.query_params["at"] == "7"
    assert tab.query_params["plane"] == "hessian"
    tab.select_slider(key=f"landscape moment {runs[0]}|en").set_value(16).run()
    assert asked[-1].step is None, "the last update is the end, also of a run that goes on later"


def test_an_address_brings_the_same_picture_back(open_page, runs: list[str], asked: list[Any]):
    query = {"run": runs[0], "at": "5", "plane": "ends", "grid": "17", "samples": "9", "draw": "2", "beside": runs[1]}
    open_page("landscapes.py", tab="network", **query)
    request = asked[-1]
    assert request.runs == (runs[0], runs[1])
    assert request.step == 5
    found = request.asked
    assert (found.plane, found.resolution, found.samples, found.seed) == ("ends", 17, 9, 2)


def test_an_address_that_says_nonsense_is_as_usual(open_page, runs: list[str], asked: list[Any]):
    nonsense = {"plane": "no_such", "grid": "34", "samples": "-1", "draw": "9" * 30, "at": "9" * 5000}
    tab = open_page("landscapes.py", tab="network", run=runs[0], **nonsense)
    assert (asked[-1].step, asked[-1].asked.plane, asked[-1].asked.resolution) == (None, "pca", 33)
    said = " ".join(note.value for note in tab.info)
    assert all(f"{name}=" in said for name in nonsense), said


def test_a_run_of_an_address_that_is_gone_is_said_and_the_newest_is_shown(open_page, runs: list[str], asked: list[Any]):
    tab = open_page("landscapes.py", tab="network", run="deleted", at="3", beside="other")
    assert ["“deleted”" in tab.info[0].value, "“other”" in tab.info[1].value] == [True, True]
    assert (asked[-1].runs, asked[-1].step) == ((runs[-1],), None)


def test_what_was_asked_for_is_asked_again_only_where_a_person_wants_it(open_page, runs: list[str], asked: list[Any]):
    tab = open_page("landscapes.py", tab="network", run=runs[0])
    before = data(tab)["count"]
    tab.run()
    assert len(asked) == 1
    press(tab, "again")
    assert len(asked) == 2
    assert asked[0] == asked[1]
    assert data(tab)["count"] == before + 1


def test_what_is_refused_is_said_and_the_picture_stays(open_page, runs: list[str], bench: Workbench):
    tab = open_page("landscapes.py", tab="network", run=runs[0])
    channel = data(tab)["channel"]
    bench.wait(bench.start(points(dataset={"key": "moons", "n": 40}), pace="max", name="other points"), 30)
    other = bench.runs()[-1].id
    tab.session_state["choices of the network's surface"] = Choices(others=(other,))
    tab.run()
    assert "other points" in tab.error[0].value
    assert data(tab)["channel"] == channel


def test_an_update_that_was_never_done_is_said(open_page, runs: list[str]):
    tab = open_page("landscapes.py", tab="network", run=runs[0], at="999")
    assert "999" in tab.error[0].value


def test_lines_lead_between_two_runs_or_along_an_update(open_page, runs: list[str], asked: list[Any]):
    tab = open_page("landscapes.py", tab="network", run=runs[0])
    pictures = tab.segmented_control(key="landscape picture|en")
    pictures.set_value("between").run()
    assert any("Tick a second run" in text.value for text in tab.markdown)
    tab.checkbox(key=f"beside {runs[2]}|en").check().run()
    assert asked[-1] == LineRequest((runs[0], runs[2]))
    assert data(tab)["asked"]["kind"] == "between"
    tab.segmented_control(key="landscape picture|en").set_value("update").run()
    tab.number_input(key=f"landscape update {runs[0]}|en").set_value(3).run()
    assert asked[-1] == LineRequest((runs[0],), 3)
    assert data(tab)["asked"]["kind"] == "update"


def test_batch_normalization_and_penalty_are_asked_about_only_where_they_are(
    open_page, runs: list[str], asked: list[Any], bench: Workbench
):
    tab = open_page("landscapes.py", tab="network", run=runs[0])
    keys = ("landscape norm|en", "landscape penalty|en")
    assert not [box for box in [*tab.radio, *tab.checkbox] if box.key in keys]
    run = bench.start(everything(epochs=1), pace="max")
    bench.wait(run, 100)
    tab = open_page("landscapes.py", tab="network", run=run)
    tab.radio(key=keys[0]).set_value("estimated").run()
    tab.checkbox(key=keys[1]).check().run()
    assert (asked[-1].asked.batch_norm, asked[-1].asked.with_penalty) == ("estimated", True)


def test_train_and_runs_lead_to_the_landscape_of_a_run(open_page, runs: list[str]):
    tab = open_page(run=runs[1])
    next(button for button in tab.button if button.label == "Landscape").click().run()
    assert data(tab)["asked"]["runs"][0]["run"] == runs[1]
    assert tab.query_params["tab"] == "network"


def test_of_a_run_that_goes_on_there_may_be_more_to_show(open_page, bench: Workbench):
    run = bench.start(points(epochs=1000), pace="1/s")
    assert data(open_page("landscapes.py", tab="network", run=run))["asked"]["active"]
    bench.command(run, "stop")
    bench.wait(run, 100)
    assert not data(open_page("landscapes.py", tab="network", run=run))["asked"]["active"]


def test_in_presentation_only_the_pictures_are_shown(open_page, runs: list[str]):
    tab = open_page("landscapes.py", tab="network", run=runs[0], present="1")
    assert data(tab)["settings"]["present"]
    assert not tab.radio
    press(tab, "leave")
    assert tab.radio
