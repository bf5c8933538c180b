"""A teacher writes a lesson: steps from the pages, words, order, and the file that goes out and comes in."""

from __future__ import annotations

import pytest
from streamlit.testing.v1 import AppTest

from core.lessons.lesson import Lesson, lessons
from core.lessons.own import OwnLessons, lesson_toml
from core.lessons.question import Words
from core.studies.workbench import Workbench
from tests.app.test_course import keys, press, sentences
from tests.app.train_page import chosen, errors

QUESTION = "own-1 question 0|en"


def lesson(bench: Workbench, key: str = "own-1") -> Lesson:
    return OwnLessons(bench.folder.lessons).all()[key]


def texts(bench: Workbench) -> list[str]:
    return [step.text.en for step in lesson(bench).steps]


@pytest.fixture
def tab(open_page) -> AppTest:
    """A tab that has made a lesson of three steps, one of each of three pages, and looks at it on Course."""
    opened = open_page(seed="7", epochs="3")
    press(opened, "as lesson")
    opened.switch_page("compare.py").run()
    press(opened, "as lesson")
    opened.switch_page("landscapes.py").run()
    press(opened, "as lesson")
    opened.switch_page("course.py").run()
    for place, words in enumerate(("first", "second", "third")):
        opened.text_area(key=f"own-1 text {place}|en").set_value(words).run()
    assert not opened.exception
    return opened


def test_what_the_pages_have_chosen_become_steps_and_run(tab: AppTest, bench: Workbench):
    assert [step.page for step in lesson(bench).steps] == ["train", "compare", "landscapes"]
    assert texts(bench) == ["first", "second", "third"]
    press(tab, "begin")
    assert tab.query_params["lesson"] == "own-1.1"
    assert chosen(tab).differences() == {"seed": 7, "epochs": 3}
    assert "as lesson" not in keys(tab), "who is led writes none"
    press(tab, "lesson next")
    press(tab, "lesson next")
    press(tab, "lesson finish")
    assert f"done: 0 of {len(lessons())}" in sentences(tab), "the course is something else"


def test_a_view_of_another_page_becomes_a_step_too(open_page, bench: Workbench):
    tab = open_page("generalization.py", **{"look": "bias", "fit.degree": "3"})
    press(tab, "as lesson")
    tab.switch_page("course.py").run()
    assert "**1**  Generalization" in sentences(tab)
    tab.switch_page("train.py").run()
    tab.switch_page("course.py").run()
    press(tab, "begin")
    assert (tab.query_params["look"], tab.query_params["fit.degree"]) == ("bias", "3")
    assert tab.query_params["lesson"] == "own-1.1"


def test_steps_are_moved_and_taken_out_and_all_of_it_can_be_had_back(tab: AppTest, bench: Workbench):
    press(tab, "move 0 1")
    assert texts(bench) == ["second", "first", "third"]
    press(tab, "drop 2")
    assert texts(bench) == ["second", "first"]
    press(tab, "delete lesson")
    assert not (bench.folder.lessons / "own-1.toml").exists()
    press(tab, "undo lesson")
    press(tab, "undo lesson")
    press(tab, "undo lesson")
    assert texts(bench) == ["first", "second", "third"]


def test_a_question_is_typed_as_lines_and_asked(tab: AppTest, bench: Workbench):
    tab.text_area(key=QUESTION).set_value("What happens?\nit falls\n* it rises").run()
    question = lesson(bench).steps[0].question
    assert question is not None
    assert question.text.zh == "What happens?", "the other language follows until it is written"
    assert question.answer == 1  # type: ignore[union-attr]
    press(tab, "begin")
    assert tab.button(key="answer 1").label == "it rises"


@pytest.mark.parametrize("typed", ["What?", "What?\none\ntwo", "What?\n* one\n* two", "What?\n* one", "What?\n*\ntwo"])
def test_a_question_that_cannot_be_asked_stays_as_typed_with_the_reason(tab: AppTest, bench: Workbench, typed: str):
    tab.text_area(key=QUESTION).set_value(typed).run()
    assert "This question cannot be asked." in errors(tab)
    assert tab.text_area(key=QUESTION).value == typed
    assert lesson(bench).steps[0].question is None
    tab.text_area(key=QUESTION).set_value("").run()
    assert errors(tab) == ""


def test_an_empty_text_is_refused(tab: AppTest, bench: Workbench):
    tab.text_input(key="own-1 title|en").set_value(" ").run()
    assert "There is no text." in errors(tab)
    tab.text_input(key="own-1 title|en").set_value("Noise").run()
    assert lesson(bench).title == Words(en="Noise", zh="Noise"), "whoever reads the other language is told, too"


def test_a_text_in_the_other_language_stays_as_it_was_written(tab: AppTest, bench: Workbench):
    written = lesson_toml(lesson(bench)).replace('zh = "first"', 'zh = "第一步"')
    take_in(tab, "mine.toml", written.encode())
    tab.text_area(key="own-2 text 0|en").set_value("Look again.").run()
    assert lesson(bench, "own-2").steps[0].text == Words(en="Look again.", zh="第一步")


def take_in(tab: AppTest, name: str, content: bytes) -> AppTest:
    tab.file_uploader(key="lesson file").set_value((name, content, "application/toml")).run()
    assert not tab.exception
    return tab


def test_a_file_is_taken_in_beside_the_others(tab: AppTest, bench: Workbench):
    take_in(tab, "dropout.toml", lesson_toml(lessons()["dropout"]).encode())
    assert lesson(bench, "own-2").steps == lessons()["dropout"].steps
    assert "It asks for" not in sentences(tab)
    assert texts(bench) == ["first", "second", "third"]


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"place =", "It is no TOML"),
        (b"\xff", "no text in UTF-8"),
        (b"#" * 70_000, "more than 64 KiB"),
        (b"", "place: It is missing."),
    ],
    ids=["no TOML", "no text", "too large", "empty"],
)
def test_a_file_that_cannot_be_used_is_refused_with_the_reason(open_page, bench: Workbench, content: bytes, said: str):
    tab = take_in(open_page("course.py"), "bad.toml", content)
    assert said in errors(tab).replace("\\", "")
    assert OwnLessons(bench.folder.lessons).all() == {}
