"""A link carries its own task; answers are stored with the run that follows, and found again without the address."""

from __future__ import annotations

import json
from urllib.parse import parse_qsl, urlsplit

import pytest
from streamlit.testing.v1 import AppTest

from core.cli import main
from core.lessons.answered import name_of
from core.lessons.lesson import lessons
from core.lessons.seal import expected_of
from core.store.records import RunRecord
from core.studies.workbench import Workbench
from tests.app.test_course import HELD_BACK, TINY, answered, keys, press, sentences
from tests.app.train_page import chosen, live
from tests.experiments import points

CHOICES = {"ask": "<b>Which</b> is *higher*?", "ask.1": "training error", "ask.2": "validation error", "ask.right": "2"}
CURVE = {"ask": "How will it go?", "ask.curve": "validation_error,0.5"}


def run_here(tab: AppTest, bench: Workbench) -> RunRecord:
    """Press Start, and wait until the run is over and the page says so."""
    tab.session_state["live"] = {"start": {"pace": "max"}}
    tab.run()
    tab.session_state["live"] = {}
    run = bench.wait(bench.runs()[-1].id, 60)
    tab.run()
    assert not tab.exception, tab.exception[0].message
    return run


def parts(tab: AppTest) -> set[str]:
    """The choices of Train that the page shows, by the first word of their keys."""
    widgets = [*tab.pills, *tab.text_input, *tab.number_input, *tab.selectbox, *tab.button]
    return {str(widget.key).split("|")[0].split(".")[0] for widget in widgets} & {
        "dataset", "augmentation", "architecture", "regularizers", "optimizer", "seed", "epochs",
    }  # fmt: skip


def test_a_link_shows_the_listed_choices_only_and_asks_first(open_page, bench: Workbench):
    tab = open_page(show="seed", **CHOICES, **TINY)
    assert parts(tab) == {"seed"}
    assert r"\<b\>Which\</b\> is \*higher\*?" in "\n".join(element.value for element in tab.markdown)
    assert live(tab)["blocked"] == HELD_BACK
    press(tab, "answer 1")
    assert live(tab)["blocked"] == ""
    run = run_here(tab, bench)
    assert "As you expected: validation error." in sentences(tab)
    [found] = bench.answers_before(run.id)
    assert (found.kind, found.value["given"]) == ("choice", 1)
    for name, value in CHOICES.items():
        assert tab.query_params[name] == value
    press(tab, "lesson leave")
    assert parts(tab) > {"seed", "dataset", "optimizer"}
    assert set(tab.query_params) & {"show", "ask", "answers"} == set()


def test_a_reload_in_the_middle_of_a_task_loses_nothing(open_page, bench: Workbench):
    tab = open_page(show="seed", **CHOICES, **TINY)
    press(tab, "answer 0")
    tab.text_input(key="seed|en|box").set_value("5").run()
    again = open_page(**tab.query_params)
    assert parts(again) == {"seed"}
    assert chosen(again).seed == 5
    assert answered(again) == "1-0"
    assert "You expect: training error." in sentences(again)
    bare = open_page(**{name: value for name, value in tab.query_params.items() if name != "answers"})
    assert "You expect: training error." in sentences(bare), "the store knows it, too"


def test_the_same_question_about_another_experiment_is_another_question(open_page):
    press(open_page(**CHOICES, **TINY), "answer 0")
    assert "lesson skip" in keys(open_page(**CHOICES, **TINY, seed="9"))


@pytest.mark.parametrize(("show", "said"), [("lr", "none of the choices dataset"), ("", "none of the choices")])
def test_a_part_of_a_link_that_cannot_be_used_is_named_and_the_rest_holds(open_page, show: str, said: str):
    tab = open_page(show=show, **CHOICES, seed="7")
    assert said in sentences(tab)
    assert chosen(tab).seed == 7
    assert "answer 0" in keys(tab)


def test_a_task_with_settings_that_cannot_be_run_is_left_out(open_page):
    tab = open_page(**CHOICES, dataset="moons", architecture="cnn")
    assert "The task of this link is left out" in sentences(tab)


def test_a_result_in_a_link_is_reproduced_bit_for_bit(open_page, bench: Workbench):
    run = bench.wait(bench.start(points(epochs=2), pace="max"), 60)
    stated = expected_of(run)
    assert stated is not None
    tab = open_page(expect=stated.to_url(), **TINY)
    run_here(tab, bench)
    assert "Your machine reproduced the lecture's result, bit for bit." in sentences(tab)
    other = open_page(expect=stated.to_url(), **TINY, seed="1")
    run_here(other, bench)
    assert "in the lecture. It is another experiment." in sentences(other)


def test_the_curve_is_drawn_before_the_start_and_stays_as_it_is(open_page, bench: Workbench):
    tab = open_page(**CURVE, **TINY)
    assert live(tab)["curve"]["is_open"]
    assert live(tab)["curve"]["epochs"] == pytest.approx([0.08, 0.32, 0.72, 1.28, 2])
    assert live(tab)["blocked"] == HELD_BACK
    again = open_page(**tab.query_params, answers="1-400.300.200.100.100")
    assert not live(again)["curve"]["is_open"]
    assert live(again)["curve"]["heights"] == [0.4, 0.3, 0.2, 0.1, 0.1]
    before = live(again)["curve"]
    run_here(again, bench)
    assert live(again)["curve"] == before
    assert "points away from what you expected" in sentences(again)


def test_what_the_class_said_is_seen_after_ones_own_answer(open_page, bench: Workbench):
    name = name_of(lessons()["fitting"], 0)
    for owner, given in (("anna", 0), ("ben", 1), ("cleo", 1)):
        bench.store.answer(name, "choice", given, actor=owner)
    assert bench.answers(name) == ()
    tab = open_page(lesson="fitting.1")
    assert "answered:" not in sentences(tab)
    press(tab, "answer 1")
    assert "4 answered: 1 × training error falls to 0, validation error rises, 3 × both stay high" in sentences(tab)


def test_the_curves_of_the_class_come_when_the_run_is_over(open_page, bench: Workbench):
    tab = open_page(**CURVE, **TINY, answers="1-400.300.200.100.100")
    found = tab.session_state["task of a link"]
    for owner in ("anna", "ben", "local"):
        bench.store.answer(name_of(found, 0), "curve", {"given": [0.1] * 5}, actor=owner)
    tab.run()
    assert live(tab)["curve"]["others"] == []
    run_here(tab, bench)
    assert live(tab)["curve"]["others"] == [[0.1] * 5] * 3
    assert "3 have drawn a curve." in sentences(tab)


def test_an_answer_and_a_vote_outlive_the_tab(open_page, bench: Workbench):
    tab = open_page(lesson="fitting.1")
    press(tab, "answer 2")
    assert "You expect: both fall." in sentences(open_page(lesson="fitting.1"))
    tab = open_page("course.py", topic="dropout")
    tab.segmented_control(key="vote dropout 0|en").set_value("right").run()
    assert lessons()["dropout"].claims[0].seen.en in sentences(open_page("course.py", topic="dropout"))
    again = open_page(lesson="fitting.1")
    for given in (0, 1):
        press(again, "ask again")
        assert live(again)["blocked"] == HELD_BACK
        press(again, f"answer {given}")
    assert "You expect: both stay high." in sentences(open_page(lesson="fitting.1"))


def test_the_runs_say_what_was_expected(open_page, bench: Workbench, data_folder, capsys: pytest.CaptureFixture[str]):
    tab = open_page(lesson="generalization.1", **TINY)
    tab.slider(key="expected generalization 0").set_value(0.2).run()
    press(tab, "answer")
    error = run_here(tab, bench).answer["validation_error"]
    told = f"You expected 20 %; it came to {100 * error:.1f} %."
    table = open_page("runs.py")
    table.session_state[table.dataframe[0].key] = {"selection": {"rows": [0], "columns": [], "cells": []}}
    table.run()
    assert told in sentences(table)
    capsys.readouterr()
    assert main(["runs", "--json", "--data", str(data_folder)]) == 0
    [stored] = json.loads(capsys.readouterr().out)[-1]["expected"]
    assert (stored["about"], stored["value"], stored["happened"]) == ("lesson/generalization.1", 0.2, told)
    assert stored["asked"].startswith("What share of the 287 others")


def test_a_link_is_made_with_choices_a_question_and_a_seal(open_page, bench: Workbench):
    tab = open_page(**TINY)
    run = run_here(tab, bench)
    tab.pills(key="show in a link|en").set_value(["seed", "epochs"]).run()
    tab.text_input(key="question in a link").set_value("Which is higher?").run()
    assert "as soon as it has two answers" in sentences(tab)
    tab.text_area(key="answers in a link").set_value("training error\n* validation error").run()
    tab.checkbox(key="seal in a link").check().run()
    assert not tab.exception, tab.exception[0].message
    [address] = [code.value for code in tab.code if code.value.startswith("http") or "show=" in code.value]
    query = dict(parse_qsl(urlsplit(address).query))
    assert query["show"] == "seed,epochs"
    assert (query["ask"], query["ask.1"], query["ask.2"]) == ("Which is higher?", "training error", "validation error")
    assert query["ask.right"] == "2"
    assert query["expect"].startswith(run.fingerprint[:16])
    opened = open_page(**query)
    assert parts(opened) == {"seed", "epochs"}
    press(opened, "answer 1")
    assert not opened.exception
