"""Pages in class mode: the form for whoever has not joined, and what a student, another one and a teacher find."""

from __future__ import annotations

import pytest
from streamlit.testing.v1 import AppTest
from streamlit.testing.v1.element_tree import Toggle

from core.people import Person
from core.studies.comparison import Comparison
from core.studies.room import Room
from core.studies.workbench import Workbench
from tests.app.conftest import Be, OpenPage
from tests.experiments import POINTS, points
from tests.polling import until
from tests.stored_runs import LONG, finished

PAGES = (
    "course.py",
    "train.py",
    "compare.py",
    "landscapes.py",
    "gradients.py",
    "building_blocks.py",
    "data.py",
    "classroom.py",
    "runs.py",
    "formulas.py",
)


def buttons(tab: AppTest) -> set[str]:
    return {button.label for button in tab.button}


def words(tab: AppTest) -> str:
    return "\n".join(element.value for element in (*tab.markdown, *tab.caption, *tab.header))


@pytest.mark.parametrize("page", PAGES)
def test_whoever_has_not_joined_sees_the_form_and_no_page(be: Be, open_page: OpenPage, page: str):
    tab = open_page(page, room="ABC234", seed="3")
    assert [header.value for header in tab.header] == ["Join the class"]
    assert len(tab.get("bidi_component")) == 1
    assert buttons(tab) == {"中文"}
    # The address stays as it is: what was asked for opens once one has joined.
    assert tab.query_params["seed"] == "3"


def test_the_form_speaks_chinese(be: Be, open_page: OpenPage):
    tab = open_page(lang="zh")
    assert tab.header[0].value == "加入课堂"


@pytest.mark.parametrize("page", PAGES)
def test_a_student_sees_every_page(be: Be, anna: Person, open_page: OpenPage, page: str):
    be(anna)
    tab = open_page(page)
    assert "Present" in buttons(tab)
    assert "You are **Anna**." in words(tab)


def test_a_new_code_of_the_room_shows_the_form_again(be: Be, anna: Person, room: Room, open_page: OpenPage):
    be(anna)
    tab = open_page()
    room.renew()
    tab.run()
    assert [header.value for header in tab.header] == ["Join the class"]


def test_the_room_knows_who_is_on_which_page(be: Be, anna: Person, ben: Person, room: Room, open_page: OpenPage):
    be(anna)
    open_page("runs.py")
    assert [(one.person.name, one.page, one.is_here) for one in room.people()] == [
        ("Anna", "runs", True),
        ("Ben", "", False),
    ]


def sharing(tab: AppTest) -> list[Toggle]:
    """The switch that shares a run with the class, where there is one."""
    return [toggle for toggle in tab.toggle if toggle.label == "shared"]


def test_a_run_of_another_student_is_watched_and_has_no_buttons_to_change_it(
    be: Be, anna: Person, ben: Person, bench: Workbench, open_page: OpenPage
):
    run = bench.start(points(**LONG), actor=anna.id, pace="1/s", paused=True)
    until(lambda: bench.run(run).state == "paused")
    be(anna)
    mine = open_page(run=run)
    assert sharing(mine)
    be(ben)
    tab = open_page(run=run)
    assert tab.query_params["run"] == run
    assert not sharing(tab)
    assert "By Anna: watch it, or start your own." in words(tab)


def test_a_run_that_is_not_shared_is_in_no_list_of_another_student(
    be: Be, anna: Person, ben: Person, bench: Workbench, open_page: OpenPage
):
    run = finished(bench, points(), actor=anna.id, name="hers").id
    be(ben)
    assert list(open_page("runs.py").dataframe[0].value["by"]) == ["Anna"]
    bench.share(run, False, actor=anna.id)
    assert not open_page("runs.py").dataframe
    assert "There is no run" in "".join(box.value for box in open_page(run=run).info)


def test_the_switch_shares_a_run(be: Be, anna: Person, bench: Workbench, open_page: OpenPage):
    run = finished(bench, points(), actor=anna.id).id
    be(anna)
    tab = open_page(run=run)
    sharing(tab)[0].set_value(False).run()
    assert bench.run(run).visibility == "private"
    sharing(tab)[0].set_value(True).run()
    assert bench.run(run).visibility == "class"


def test_only_a_teacher_writes_lessons(be: Be, anna: Person, room: Room, open_page: OpenPage):
    be(anna)
    assert "as lesson" not in buttons(open_page())
    be(room.join("Eve", room.teacher_key, "10.0.0.3"))
    assert "as lesson" in buttons(open_page())


def pressed_start(tab: AppTest) -> AppTest:
    """The page after Start was pressed in the live part."""
    tab.session_state["live"] = {"start": {"one_update": False, "pace": "max"}}
    tab.run()
    tab.session_state["live"] = {}
    assert not tab.exception
    return tab


def test_a_fifth_run_is_refused_with_a_sentence(be: Be, anna: Person, bench: Workbench, open_page: OpenPage):
    for seed in range(4):
        bench.start(points(**LONG, seed=seed), actor=anna.id, pace="1/s")
    be(anna)
    tab = pressed_start(open_page(preset="two_moons"))
    assert "You have 4 runs that are not over." in "".join(box.value for box in tab.error)
    assert len(bench.runs(actor=anna.id)) == 4


def test_what_somebody_has_run_before_is_replayed_for_the_class_and_run_anew_when_asked(
    be: Be, anna: Person, ben: Person, bench: Workbench, open_page: OpenPage
):
    run = finished(bench, points(), actor=anna.id).id
    be(ben)
    tab = pressed_start(open_page(**points().to_url()))
    assert tab.query_params["run"] == run
    assert "it is replayed" in "".join(box.value for box in tab.info)
    tab.session_state["live"] = {"again": {"run": run, "pace": "max"}}
    tab.run()
    mine = bench.runs(actor=ben.id)[-1]
    assert (mine.owner, mine.fingerprint) == (ben.id, points().fingerprint())
    assert bench.wait(mine.id, 60, actor=ben.id).state == "finished"


def test_what_nobody_shares_is_computed(be: Be, anna: Person, ben: Person, bench: Workbench, open_page: OpenPage):
    run = finished(bench, points(), actor=anna.id).id
    bench.share(run, False, actor=anna.id)
    be(ben)
    tab = pressed_start(open_page(**points().to_url()))
    assert tab.query_params["run"] != run
    assert [record.owner for record in bench.runs(actor=ben.id)] == [ben.id]


@pytest.mark.parametrize("page", ["train.py", "landscapes.py"])
def test_a_run_that_is_no_longer_shared_goes_from_the_pages_of_others(
    be: Be, anna: Person, ben: Person, bench: Workbench, open_page: OpenPage, page: str
):
    run = finished(bench, points(), actor=anna.id).id
    be(ben)
    tab = open_page(page, run=run)
    bench.share(run, False, actor=anna.id)
    tab.run()
    assert not tab.exception
    assert "Anna" not in words(tab)


def test_a_comparison_that_is_no_longer_shared_goes_from_the_pages_of_others(
    be: Be, anna: Person, ben: Person, bench: Workbench, open_page: OpenPage
):
    study = bench.start_comparison(
        Comparison.of(POINTS, ["optimizer=sgd,adam"], rates="hand", seeds=1, name=""), actor=anna.id, pace="max"
    )
    bench.wait_comparison(study, 100)
    be(ben)
    tab = open_page("compare.py", study=study)
    assert "By Anna: watch it, or start your own." in words(tab)
    bench.share_comparison(study, False, actor=anna.id)
    tab.run()
    assert not tab.exception
    assert "Anna" not in words(tab)
