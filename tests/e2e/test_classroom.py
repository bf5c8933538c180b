"""A teacher and two students in three browsers: the wall grows, all are held and called together, answers come in."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Locator, expect

from tests.e2e.conftest import Join, code_of
from tests.e2e.live_tab import LiveTab
from tests.e2e.test_train import LONG
from tests.polling import until
from tests.serving import Server

pytestmark = pytest.mark.browser

LINES = """() => Object.fromEntries([...document.querySelectorAll(".sp-tile")].map((tile) =>
  [tile.querySelector(".sp-whose").textContent, tile.querySelector(".sp-validation-line").getAttribute("d").length]))"""

GROWN = f"(before) => Object.entries(before).every(([name, length]) => ({LINES})()[name] > length)"

CALLED = "Your teacher started this for everybody."

# The run that a page stands on, by its address.
WATCHED = "() => new URLSearchParams(location.search).get('run')"


def tile(tab: LiveTab, name: str) -> Locator:
    return tab.page.locator(".sp-tile").filter(has=tab.page.get_by_text(name, exact=True))


def press(tab: LiveTab, name: str) -> None:
    tab.page.get_by_role("button", name=name, exact=True).click()


def test_a_teacher_holds_a_class_together(join: Join, class_server: Server):
    settings = "&".join(f"{name}={value}" for name, value in LONG.items())
    code = code_of(class_server)
    students = [join(name, f"/?{settings}&seed={seed}", code) for seed, name in enumerate(("Dora", "Emil"))]
    for student in students:
        student.measured()
        student.start()
    teacher = join("Grace", "/classroom", code_of(class_server, teacher=True))

    # The wall shows both runs, and they grow.
    for name in ("Dora", "Emil"):
        expect(tile(teacher, name)).to_contain_text("running")
    before = {name: length for name, length in teacher.page.evaluate(LINES).items() if name in ("Dora", "Emil")}
    teacher.page.wait_for_function(GROWN, arg=before)

    press(teacher, "Pause all")
    for student, name in zip(students, ("Dora", "Emil"), strict=True):
        student.does("resume")
        expect(tile(teacher, name)).to_contain_text("paused")
    press(teacher, "Go on")
    for student in students:
        student.does("pause")

    # One of them answers a question, and is called from there with the others.
    students[0].go("/?lesson=fitting.1")
    press(students[0], "both stay high")
    answer = teacher.page.locator(".sp-bars li").filter(has_text="both stay high")
    expect(answer.locator(".sp-count")).to_have_text("1")
    press(teacher, "one run, all watch")
    for student in students:
        expect(student.page.get_by_text(CALLED)).to_be_visible()
        expect(student.page.get_by_text("By Grace: watch it, or start your own.")).to_be_visible()
        student.grown_to(2)
    until(lambda: len({student.page.evaluate(WATCHED) for student in students} - {None}) == 1)

    teacher.page.get_by_role("button", name="Stop all ..").click()
    press(teacher, "Stop all")
    expect(teacher.page.get_by_text(re.compile(r"Stopped: [1-9]"))).to_be_visible()
    for name in ("Dora", "Emil"):
        expect(tile(teacher, name)).to_contain_text("stopped")
