"""What is closed at first is drawn from its first opening on, and stays with what was typed there."""

from __future__ import annotations

from streamlit.testing.v1 import AppTest
from streamlit.testing.v1.element_tree import Expander

from core.studies.workbench import Workbench
from tests.app.conftest import SHELL

QUESTION = "question in a link"


def first_visit() -> AppTest:
    """Train in a tab in which nothing was opened yet."""
    tab = AppTest.from_file(str(SHELL), default_timeout=100).run()
    assert not tab.exception
    return tab


def boxes(tab: AppTest) -> set[str | None]:
    return {box.key for box in tab.text_input}


def turn(tab: AppTest, place: str, is_open: bool) -> None:
    """Open or close a place, as the browser tells it."""
    tab.session_state[f"{place} is open"] = is_open
    tab.run()
    assert not tab.exception


def test_what_is_closed_is_drawn_once_it_is_opened_and_keeps_what_was_typed(bench: Workbench):
    tab = first_visit()
    assert QUESTION not in boxes(tab)
    turn(tab, "link", True)
    tab.text_input(key=QUESTION).set_value("Which ends higher?").run()
    turn(tab, "link", False)
    assert tab.text_input(key=QUESTION).value == "Which ends higher?"


def more(tab: AppTest) -> Expander:
    (found,) = (each for each in tab.expander if " more (" in each.label)
    return found


def test_the_blocks_of_a_cnn_stand_below_it_with_the_sizes_once_they_are_unfolded(bench: Workbench):
    tab = first_visit()
    tab.pills(key="architecture|en|key").set_value("cnn").run()
    assert tab.expander[0].label == "Blocks, one by one"
    turn(tab, "blocks", True)
    (blocks,) = (each for each in tab.expander if each.label == "Blocks, one by one")
    assert blocks.pills[0].options == ["1", "2", "3"]
    assert "**conv.1**" in blocks.caption[0].value


def test_the_rarer_choices_stay_unfolded_when_their_number_changes(bench: Workbench):
    tab = first_visit()
    assert "batch_size|en|box" not in boxes(tab)
    turn(tab, "more", True)
    before = more(tab).label
    tab.pills(key="architecture|en|key").set_value("logistic").run()
    assert more(tab).label != before
    assert more(tab).proto.expanded
    assert "batch_size|en|box" in boxes(tab)
