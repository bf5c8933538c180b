"""Text by people stands on every page letter by letter: nowhere is it taken for Markdown, LaTeX, an icon or HTML."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from google.protobuf.message import Message
from streamlit.testing.v1 import AppTest

from core.people import Person
from core.studies.room import Room
from core.studies.workbench import Workbench
from pages.components import services
from tests.app.conftest import OpenPage
from tests.payloads import Left, leave_everywhere

SIGNS = (
    "**b** _i_ `c` [d](javascript:e) <u>f</u>",
    "$g$ :red[h] :material/home: ~~k~~ # l",
    "![m](n) <img src=x onerror=o> &lt;p&gt;",
)
"""All signs that Markdown knows, in text that a person's name can be."""

WRITTEN = {"body", "label", "help", "title", "description", "tooltip", "page_title"}
"""Fields of Streamlit's messages that are shown as Markdown."""


@pytest.fixture
def left(bench: Workbench) -> Left:
    bench.open_room("class")
    return leave_everywhere(bench, SIGNS)


def shown(message: Message) -> Iterator[str]:
    """What a message of Streamlit's shows as Markdown or HTML."""
    for field, value in message.ListFields():
        if field.message_type is not None and not field.is_repeated:
            yield from shown(value)
        elif isinstance(value, str) and field.name in WRITTEN:
            yield value


def all_shown(node: Any) -> Iterator[str]:
    """What everything on a page shows so."""
    proto = getattr(node, "proto", None)
    # What a text field holds, a table and code are shown as they are.
    if isinstance(proto, Message) and getattr(node, "type", "") not in ("code", "arrow_data_frame", "bidi_component"):
        yield from shown(proto)
    for child in getattr(node, "children", {}).values():
        yield from all_shown(child)


def taken_for_markup(tab: AppTest) -> set[str]:
    """Sentences in which such text stands as it was typed, where signs would be read."""
    return {sentence for sentence in all_shown(tab._tree) for sign in SIGNS if sign in sentence}


PLACES = {
    "a run": lambda left: ("train.py", {"run": left.run}),
    "all runs": lambda left: ("runs.py", {}),
    "a comparison": lambda left: ("compare.py", {"study": left.study}),
    "a landscape": lambda left: ("landscapes.py", {"view": "network", "run": left.run}),
    "the class": lambda left: ("classroom.py", {}),
    "the class on a wall": lambda left: ("classroom.py", {"present": "1"}),
    "the course": lambda left: ("course.py", {"topic": left.lessons[0]}),
    "a step": lambda left: ("train.py", {"lesson": f"{left.lessons[0]}.2"}),
    "a step on a wall": lambda left: ("train.py", {"lesson": f"{left.lessons[0]}.2", "present": "1"}),
    "a link": lambda left: (
        "train.py",
        {"ask": SIGNS[0], "ask.1": SIGNS[1], "ask.2": SIGNS[2], SIGNS[1]: SIGNS[2], "name": SIGNS[0]},
    ),
    "the formulas": lambda left: ("formulas.py", {"family": SIGNS[0]}),
}


OF_TEACHERS = ("the class", "the class on a wall", "the course")
"""Places where a teacher finds more than a student."""


def test_text_by_people_is_shown_letter_by_letter_on_every_page(
    left: Left, bench: Workbench, open_page: OpenPage, monkeypatch: pytest.MonkeyPatch
):
    room = bench.room
    assert isinstance(room, Room)
    taken: dict[str, set[str]] = {}

    def visit(person: Person, place: str) -> None:
        monkeypatch.setattr(services, "cookie", lambda: room.sign(person))
        page, query = PLACES[place](left)
        tab = open_page(page, **query)
        taken[f"{place} of {person.id[:7]}"] = taken_for_markup(tab)
        if "answer 0" in [button.key for button in tab.button]:
            tab.button(key="answer 0").click().run()
            assert not tab.exception
            taken[f"{place} of {person.id[:7]}, answered"] = taken_for_markup(tab)

    for one in left.people:
        room.seen(one.id, "train")
    for place in PLACES:
        visit(left.people[1], place)
    for place in OF_TEACHERS:
        visit(left.teacher, place)
    assert {place: found for place, found in taken.items() if found} == {}
    assert len(taken) > len(PLACES) + len(OF_TEACHERS)  # questions were answered on the way


def test_the_check_notices_text_that_is_taken_for_markup():
    def page() -> None:
        import streamlit as st

        from tests.app.test_payloads import SIGNS

        with st.expander(SIGNS[0]):
            st.button("x", help=SIGNS[1])
        st.code(SIGNS[2])

    assert taken_for_markup(AppTest.from_function(page).run()) == {SIGNS[0], SIGNS[1]}
