"""The page Landscapes: it opens drawn, tells its stories, and says what cannot be."""

from __future__ import annotations

import json
from typing import Any

import pytest

from core.landscape.stories import stories


def data(tab) -> dict[str, Any]:
    assert not tab.exception, tab.exception[0].message
    return json.loads(tab.get("bidi_component")[0].proto.json)


def test_it_opens_on_the_valley_with_four_optimizers_drawn(open_page):
    tab = open_page("landscapes.py")
    assert any("STORY 1/9" in text.value and "changed" not in text.value for text in tab.markdown)
    shown = data(tab)
    assert shown["surface"]["key"] == "quadratic"
    assert shown["start"] == [-5, -2]
    assert len(shown["racers"]) == 4
    assert len({racer["slot"] for racer in shown["racers"]}) == 4
    for racer in shown["racers"]:
        assert len(racer["x"]) == len(racer["loss"]) == 21
        assert {len(part["x"]) for part in racer["anatomy"]["rows"]} == {20}


def test_the_story_bar_goes_through_all_and_round(open_page):
    tab = open_page("landscapes.py")
    for story in [*stories()[1:], stories()[0]]:
        tab.button(key="story next").click().run()
        assert data(tab)["caption"] == str(story.text)
        assert tab.query_params["story"] == story.key
    tab.button(key="story before").click().run()
    assert data(tab)["caption"] == str(stories()[-1].text)


def test_a_change_leaves_the_story_and_the_address_says_what_is_shown(open_page):
    tab = open_page("landscapes.py", story="saddle")
    assert len(data(tab)["racers"]) == 6
    tab.number_input(key="landscape steps|en").set_value(33).run()
    assert len(data(tab)["racers"][0]["x"]) == 34
    assert tab.query_params["surface"] == "saddle"
    assert tab.query_params["steps"] == "33"
    tab.button(key="story again").click().run()
    assert data(tab)["steps"] == 100


def test_a_link_rebuilds_a_race(open_page):
    tab = open_page(
        "landscapes.py", **{"surface": "own", "surface.text": "x^2 + y^2", "race.0": "adam", "start": "1,2"}
    )
    shown = data(tab)
    assert shown["surface"]["expression"] == "x^2 + y^2"
    assert shown["start"] == [1, 2]
    assert [racer["name"].split(",")[0] for racer in shown["racers"]] == ["Adam"]


@pytest.mark.parametrize(
    "query",
    [
        {"surface": "no_such"},
        {"surface": "saddle", "race.0": "no_such"},
        {"surface": "saddle", "start": "1"},
        {"surface": "saddle", "steps": "0"},
        {"surface": "own", "surface.text": "__import__('os')"},
    ],
)
def test_a_link_that_makes_no_race_is_said_and_the_page_opens_all_the_same(open_page, query: dict[str, str]):
    tab = open_page("landscapes.py", **query)
    assert len(tab.info) == 1
    assert data(tab)["surface"]["key"] == "quadratic"


def test_an_own_formula_that_cannot_be_read_keeps_what_was_typed_and_the_last_picture(open_page):
    tab = open_page("landscapes.py", surface="own", steps="5")
    (typed,) = [box for box in tab.text_input if "formula" in box.label]
    typed.set_value("x + evil(y)").run()
    assert "evil(y)" in tab.error[0].value
    assert "not allowed" in tab.error[0].value
    (typed,) = [box for box in tab.text_input if "formula" in box.label]
    assert typed.value == "x + evil(y)"
    assert data(tab)["surface"]["expression"] == "x^2 + y^2 - cos(3*x)*cos(3*y)"
    typed.set_value("x*y").run()
    assert not tab.error
    assert data(tab)["surface"]["expression"] == "x*y"


def test_a_start_without_a_value_is_said(open_page):
    tab = open_page("landscapes.py", **{"surface": "own", "surface.text": "log(x)", "start": "-1,0"})
    assert "no value" in tab.error[0].value


def test_optimizers_are_added_and_taken_out(open_page):
    tab = open_page("landscapes.py")
    tab.button(key="add racer adam").click().run()
    added = data(tab)["racers"][-1]
    assert added["name"] == "Adam, rate 0.4"
    tab.button(key="remove racer 0").click().run()
    assert len(data(tab)["racers"]) == 4


def test_another_surface_starts_where_it_is_to_be_started(open_page):
    tab = open_page("landscapes.py")
    tab.pills(key="landscape:surface|en|key").set_value("saddle").run()
    shown = data(tab)
    assert shown["surface"]["key"] == "saddle"
    assert shown["start"] == [1, 1e-6]


def test_a_start_that_is_no_point_stays_as_typed_and_the_last_picture_too(open_page):
    tab = open_page("landscapes.py")
    box = tab.text_input(key="landscape start|en")
    assert box.value == "-5, -2"
    box.set_value("1, two").run()
    assert "start is" in tab.error[0].value
    assert tab.text_input(key="landscape start|en").value == "1, two"
    assert data(tab)["start"] == [-5, -2]
    tab.text_input(key="landscape start|en").set_value("1, 1e-6").run()
    assert not tab.error
    assert data(tab)["start"] == [1, 1e-6]
