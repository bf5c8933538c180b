"""The Class page: what a teacher and a student find there, and how a call takes the tabs of students along."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest
from streamlit.testing.v1 import AppTest

from core.catalog.faults import sealed
from core.people import Person
from core.studies.room import Room
from core.studies.workbench import Workbench
from tests.app.conftest import Be, OpenPage
from tests.app.test_class import buttons
from tests.app.test_class import words as written
from tests.experiments import points
from tests.polling import until
from tests.sealed import FAULTS
from tests.stored_runs import LONG, finished


@pytest.fixture
def teacher(room: Room) -> Person:
    return room.join("Eve", room.teacher_key, "10.0.0.9")


@pytest.fixture(autouse=True)
def over(bench: Workbench, teacher: Person) -> Iterator[None]:
    """Whatever a test has started is stopped at its end."""
    yield
    bench.tell_all("stop", actor=teacher.id)


def words(tab: AppTest) -> str:
    """What a reader reads: Markdown's signs stand there with a backslash."""
    return written(tab).replace("\\", "")


def press(tab: AppTest, label: str) -> AppTest:
    next(button for button in tab.button if button.label == label).click()
    tab.run()
    assert not tab.exception, tab.exception[0].message
    return tab


def components(tab: AppTest) -> list[dict]:
    """The data of the live parts of a page."""
    return [json.loads(one.proto.json) for one in tab.get("bidi_component")]


def tiles(tab: AppTest) -> list[str]:
    """Whose runs stand on the wall."""
    return [tile["name"] for data in components(tab) for tile in data.get("tiles", ())]


def bars(tab: AppTest) -> list[int]:
    return [bar["count"] for data in components(tab) for bar in data.get("answers", {}).get("bars", ())]


def test_laptop_mode_has_no_class(open_page: OpenPage, bench: Workbench, room: Room):
    bench.mode, bench.room = "laptop", None
    assert "What everybody in the room runs" not in words(open_page("classroom.py"))


def test_a_teacher_finds_the_code_who_is_here_and_what_to_tell_all(
    be: Be, anna: Person, teacher: Person, room: Room, open_page: OpenPage
):  # fmt: skip
    be(anna)
    open_page("compare.py")
    be(teacher)
    tab = open_page("classroom.py")
    assert room.code in words(tab)
    assert room.teacher_key not in words(tab)
    assert {"Pause all", "Go on", "Stop all", "Renew the code", "one run, all watch"} <= buttons(tab)
    people = tab.dataframe[0].value
    assert list(people["name"]) == ["Eve", "Anna"]
    assert list(people["page"]) == ["Class", "Compare"]
    assert list(people["at"]) == ["choosing", "choosing"]


def test_a_student_finds_the_wall_and_no_code_and_no_commands(
    be: Be, anna: Person, ben: Person, room: Room, bench: Workbench, open_page: OpenPage
):  # fmt: skip
    finished(bench, points(), actor=ben.id)
    be(anna)
    tab = open_page("classroom.py")
    assert tiles(tab) == ["Ben"]
    assert room.code not in words(tab)
    assert not {"Pause all", "Stop all", "Renew the code"} & buttons(tab)
    assert not tab.dataframe


def test_on_a_wall_there_are_names_and_no_commands(
    be: Be, anna: Person, teacher: Person, room: Room, open_page: OpenPage
):  # fmt: skip
    be(anna)
    open_page()
    be(teacher)
    tab = open_page("classroom.py", present="1")
    assert room.code in words(tab)
    assert "Eve, Anna" in words(tab)
    assert not {"Pause all", "Renew the code"} & buttons(tab)


def test_the_code_is_renewed_after_a_question(be: Be, teacher: Person, room: Room, open_page: OpenPage):
    be(teacher)
    tab, before = open_page("classroom.py"), room.code
    press(tab, "Renew the code")
    assert room.code != before
    assert room.code in words(tab)


def test_pause_all_and_go_on_say_how_many(
    be: Be, anna: Person, teacher: Person, bench: Workbench, open_page: OpenPage
):  # fmt: skip
    run = bench.start(points(**LONG), actor=anna.id, pace="1/s")
    until(lambda: bench.runner.compute.going(anna.id))
    be(teacher)
    tab = open_page("classroom.py")
    assert "Paused: 1" in words(press(tab, "Pause all"))
    until(lambda: bench.runner.job(run).state_name == "paused")  # type: ignore[union-attr]
    assert "Going on: 1" in words(press(tab, "Go on"))
    assert "Stopped: 1" in words(press(tab, "Stop all"))
    assert "Stopped: 1" in words(tab.run()), "whatever draws the page anew, it is still there to be read"


def test_a_pressed_tile_opens_its_run(be: Be, anna: Person, ben: Person, bench: Workbench, open_page: OpenPage):
    run = finished(bench, points(), actor=ben.id).id
    be(anna)
    tab = open_page("classroom.py")
    tab.session_state["wall"] = {"open": {"run": run}}
    tab.run()
    assert not tab.exception
    assert tab.query_params["run"] == run
    assert "By Ben: watch it, or start your own." in words(tab)


# -- answers ---------------------------------------------------------------------------------------------------------


def test_answers_come_in_and_are_shown_to_all_when_the_teacher_shows_them(
    be: Be, anna: Person, ben: Person, teacher: Person, bench: Workbench, open_page: OpenPage
):  # fmt: skip
    bench.answer("lesson/fitting.1", "choice", 1, actor=anna.id)
    be(teacher)
    tab = open_page("classroom.py")
    assert bars(tab) == [0, 1, 0]
    assert bars(open_page("classroom.py", present="1")) == []
    bench.answer("lesson/fitting.1", "choice", 0, actor="student-else")
    assert bars(tab.run()) == [1, 1, 0]
    be(ben)
    assert bars(open_page("classroom.py")) == []
    be(anna)
    mine = open_page("classroom.py")
    assert bars(mine) == [1, 1, 0]
    assert "You expect: both stay high." in words(mine)
    be(teacher)
    next(toggle for toggle in tab.toggle if toggle.label == "show to all").set_value(True)
    tab.run()
    assert bars(open_page("classroom.py", present="1")) == [1, 1, 0]
    be(ben)
    assert bars(open_page("classroom.py")) == [1, 1, 0]


def test_the_teacher_sees_how_far_everybody_is_in_the_lesson_that_is_given(
    be: Be, anna: Person, teacher: Person, bench: Workbench, open_page: OpenPage
):  # fmt: skip
    be(anna)
    open_page()
    bench.answer("lesson/fitting.1", "choice", 1, actor=anna.id)
    be(teacher)
    tab = open_page(lesson="fitting.1")
    tab.switch_page("classroom.py").run()
    assert list(tab.dataframe[0].value["answered"]) == ["0 of 3", "1 of 3"]


def test_points_for_faults_stand_in_a_table(
    be: Be, anna: Person, teacher: Person, bench: Workbench, open_page: OpenPage
):  # fmt: skip
    fault = next(iter(FAULTS))
    bench.diagnose(sealed(fault), fault, FAULTS[fault].instrument, actor=anna.id)
    be(teacher)
    table = open_page("classroom.py").dataframe[1].value
    assert table.to_dict("list") == {"name": ["Anna"], "score": [3], "found": [1], "tried": [1]}


# -- calls -----------------------------------------------------------------------------------------------------------


def test_students_are_taken_to_the_run_that_is_started_for_all_and_find_their_way_back(
    be: Be, anna: Person, ben: Person, teacher: Person, bench: Workbench, open_page: OpenPage
):  # fmt: skip
    mine = finished(bench, points(seed=5), actor=anna.id).id
    be(anna)
    hers = open_page(run=mine)
    be(teacher)
    tab = open_page(**points(**LONG).to_url())
    tab.switch_page("classroom.py").run()
    assert "All watch one run; people who are here: 1" in words(press(tab, "one run, all watch"))
    be(anna)
    hers.run()
    run = bench.board.call.run  # type: ignore[union-attr]
    assert hers.query_params["run"] == run
    assert "Your teacher started this for everybody." in words(hers)
    assert "By Eve: watch it, or start your own." in words(hers)
    press(hers, "back to mine")
    assert hers.query_params["run"] == mine
    assert "Your teacher" not in words(hers.run())


def test_everyone_gets_their_own_run_and_their_page_goes_there(
    be: Be, anna: Person, ben: Person, teacher: Person, bench: Workbench, open_page: OpenPage
):  # fmt: skip
    tabs = []
    for person, page in ((anna, "course.py"), (ben, "train.py")):
        be(person)
        tabs.append(open_page(page))
    be(teacher)
    tab = open_page(**points(**LONG).to_url())
    tab.switch_page("classroom.py").run()
    assert "Started: 2" in words(press(tab, "everyone their own seed"))
    for person, theirs in zip((anna, ben), tabs, strict=True):
        be(person)
        theirs.run()
        assert bench.run(theirs.query_params["run"]).owner == person.id
        assert "Your teacher started this for everybody." in words(theirs)


def test_students_are_brought_to_the_step_that_the_teacher_has_on(
    be: Be, anna: Person, teacher: Person, open_page: OpenPage
):  # fmt: skip
    be(anna)
    hers = open_page("formulas.py")
    be(teacher)
    tab = open_page(lesson="fitting.2")
    tab.switch_page("classroom.py").run()
    press(tab, "Bring everybody here: Under- and overfitting, step 2")
    assert hers.query_params.get("lesson") is None
    be(anna)
    hers.run()
    assert hers.query_params["lesson"] == "fitting.2"
    assert "Your teacher brought everybody here." in words(hers)
    press(hers, "back to mine")
    assert hers.query_params.get("lesson") is None


def test_a_tab_that_is_opened_later_is_offered_the_way(
    be: Be, anna: Person, teacher: Person, bench: Workbench, open_page: OpenPage
):  # fmt: skip
    bench.start_for_all(points(**LONG), own_seeds=False, actor=teacher.id, pace="1/s")
    be(anna)
    tab = open_page()
    assert "Your teacher has started a run for everybody." in words(tab)
    assert "run" not in tab.query_params
    press(tab, "not now")
    assert "Your teacher" not in words(tab)
    other = open_page()
    press(other, "go there")
    assert other.query_params["run"] == bench.board.call.run  # type: ignore[union-attr]
    assert "Your teacher started this for everybody." in words(other)


def test_an_old_call_is_not_offered(
    be: Be, anna: Person, teacher: Person, bench: Workbench, open_page: OpenPage, monkeypatch: pytest.MonkeyPatch
):  # fmt: skip
    bench.bring_all("fitting", 0, actor=teacher.id)
    monkeypatch.setattr(bench.board, "age_s", lambda call: 10_000.0)
    be(anna)
    assert "Your teacher" not in words(open_page())
