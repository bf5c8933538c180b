"""Every entry has its card, and every card runs."""

from __future__ import annotations

import json

import pytest

from core.catalog.registry import FAMILIES, entries


def family(tab, name: str):
    tab.pills(key="family|en").set_value(name).run()
    assert not tab.exception
    return tab


def titles(tab) -> list[str]:
    return [heading.value for heading in tab.subheader]


@pytest.mark.parametrize("name", list(FAMILIES))
def test_every_entry_of_a_family_has_formula_why_choice_and_source(open_page, name: str):
    tab = family(open_page("formulas.py"), name)
    classes = list(entries(name).values())
    assert titles(tab) == [cls.title for cls in classes]
    assert [formula.value.strip("$\n ") for formula in tab.latex] == [cls.formula for cls in classes]
    text = "\n".join(element.value for element in [*tab.markdown, *tab.caption])
    for cls in classes:
        assert cls.why in text
        assert cls.choose in text
        assert cls.source in text
    assert len(tab.table) == sum(bool(cls.model_fields) for cls in classes)


def test_an_activation_is_drawn_with_its_slope(open_page):
    tab = family(open_page("formulas.py"), "activations")
    assert len(tab.get("plotly_chart")) == len(entries("activations"))


def test_a_schedule_is_drawn_before_anything_is_trained(open_page):
    tab = family(open_page("formulas.py"), "schedules")
    figures = [json.loads(chart.proto.spec) for chart in tab.get("plotly_chart")]
    assert len(figures) == len(entries("schedules"))
    assert {figure["layout"]["xaxis"]["title"]["text"] for figure in figures} == {"epoch"}


def test_the_search_looks_into_every_family(open_page):
    tab = open_page("formulas.py")
    tab.text_input(key="search formulas").set_value("kingma adam").run()
    assert "Adam" in titles(tab)
    assert "ReLU" not in titles(tab)


def test_a_search_without_a_match_says_what_to_do(open_page):
    tab = open_page("formulas.py")
    tab.text_input(key="search formulas").set_value("perpetuum mobile").run()
    assert not titles(tab)
    assert len(tab.info) == 1


def test_a_link_opens_a_family(open_page):
    tab = open_page("formulas.py", family="schedules")
    assert titles(tab) == [cls.title for cls in entries("schedules").values()]


TRAINABLE = [name for name in FAMILIES if name != "surfaces"]


@pytest.mark.parametrize(("family_name", "key"), [(name, next(iter(entries(name)))) for name in TRAINABLE])
def test_a_card_runs_its_entry_on_the_train_page(open_page, bench, family_name: str, key: str):
    tab = family(open_page("formulas.py"), family_name)
    tab.button(key=f"run {family_name} {key}").click().run()
    assert not tab.exception
    (record,) = bench.runs()
    assert tab.session_state["run looked at"][0] == record.id
    if bench.is_active(record.id):
        bench.command(record.id, "stop")
        bench.wait(record.id, 100)


def test_a_card_of_a_surface_races_the_usual_optimizers_on_it(open_page):
    tab = family(open_page("formulas.py"), "surfaces")
    tab.button(key="run surfaces rosenbrock").click().run()
    assert not tab.exception
    race = tab.session_state["surface race"]
    assert race.surface.key == "rosenbrock"
    assert len(race.optimizers) == 4
