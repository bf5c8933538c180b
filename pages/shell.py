"""The frame of every page: page config, navigation on top, device and mode, language, presentation mode, help."""

from __future__ import annotations

from pathlib import Path

import streamlit as st

from core.language import LANGUAGES
from pages.components import (
    blocks_state,
    calls,
    compare_state,
    data_state,
    generalization_state,
    gradients_state,
    joining,
    landscape_tabs,
    late,
    lesson_bar,
    lesson_question,
    lesson_state,
    opening,
    replaying,
    runs_state,
    state,
)
from pages.components.language import begin_page, browser_language, language, prose, set_language, t
from pages.components.services import actor, device_words, services

ASSETS = Path(__file__).parent.parent / "assets"
LANGUAGE_NAMES = {"en": "EN", "zh": "中文"}


def present() -> bool:
    """Whether this tab is in presentation mode: large, without choices and menus; Esc in the live part leaves it."""
    if (st.session_state.get("live") or {}).get("leave"):
        st.session_state["present"] = False
    if "present" not in st.session_state:
        st.session_state["present"] = st.query_params.get("present") == "1"
    return st.session_state["present"]


def leave_or_enter(on: bool) -> None:
    """Switch presentation mode."""
    st.session_state["present"] = on


def help_text() -> None:
    """Keys, words and where things are kept."""
    st.markdown(
        prose(
            "Choose five things, press Start, and watch. Everything on a page has its explanation one click away: "
            "press the name of what is chosen."
        )
    )
    st.markdown(prose("Error is the share of wrong answers. Accuracy = 100 % − error."))
    st.markdown(prose("Gap is validation error − training error, in points. Overfitting is a verdict, not a gap."))
    st.markdown(prose("An update is one step of the optimizer; an epoch is one pass over the training set."))
    st.markdown(
        t("Keys: space starts and pauses, . makes one update, n goes on in a lesson, Esc leaves presentation mode.")
    )
    joining.about_me("in the help")


def here(page: str | None = None) -> None:
    """Note in the room that this tab is open, and on which page."""
    if (room := services().room) is not None:
        room.seen(actor(), page)


@st.fragment(run_every=2 if services().room is None else 8)
def device(page: str, drawn: str) -> None:
    """What computes, and how busy it is; looked at again rarely where a class has thirty tabs."""
    late.return_to(page, drawn)
    here()
    if calls.is_called():
        st.rerun()
    busy = services().queue_length()
    words = (
        t("{device}, {count} at work", device=device_words(), count=busy)
        if busy
        else t("{device}, idle", device=device_words())
    )
    st.badge(words, icon=":material/memory:", color="gray", help=t("What computes, and how many runs it works on"))


def language_switch() -> None:
    """The button that changes to the other language."""
    other = next(lang for lang in LANGUAGES if lang != language())
    st.button(
        LANGUAGE_NAMES[other],
        key="language switch",
        type="tertiary",
        on_click=set_language,
        args=(other,),
        help=t("Change the language"),
    )


def bar(page: str, title: str, section: int) -> None:
    """The page's name, device, mode, language, presentation and help, at the right end of the head line.

    `section`: which section of the navigation the page belongs to, 0 for none; Streamlit marks no section.
    """
    with st.container(
        horizontal=True, vertical_alignment="center", gap="small", key="bar", width="content", wrap=False
    ):
        with st.container(key=f"page-of-section-{section}", width="content"):
            st.markdown(f"**{title}**")
        with st.container(key="device", width="content"):
            device(page, late.asked_for())
        with st.container(key="mode", width="content"):
            joining.badge()
        language_switch()
        with st.container(key="presenter", width="content"):
            st.button(
                t("Present"), type="tertiary", on_click=leave_or_enter, args=(True,), help=t("Large, for a projector")
            )
        opening.popover("help", t("Help"), help_text, type="tertiary")


state.begin_run()
begin_page()
st.set_page_config(
    page_title="Saddlepoint",
    page_icon=str(ASSETS / "icon.svg"),
    layout="wide",
    menu_items={"About": t("Saddlepoint: watch networks learn.")},
)
st.html(ASSETS / "pages.css")
st.html(ASSETS / "course.css")
st.logo(str(ASSETS / "logo.svg"))
sections = {
    "": [
        st.Page("course.py", title=t("Course")),
        st.Page("train.py", title=t("Train"), default=True),
        st.Page("compare.py", title=t("Compare")),
        st.Page("landscapes.py", title=t("Landscapes")),
        *([st.Page("classroom.py", title=t("Class"))] if services().room is not None else []),
    ],
    t("Look inside"): [
        st.Page("gradients.py", title=t("Gradients")),
        st.Page("building_blocks.py", title=t("Building blocks")),
    ],
    t("Study"): [
        st.Page("data.py", title=t("Data")),
        st.Page("generalization.py", title=t("Generalization")),
    ],
    t("Shelf"): [st.Page("runs.py", title=t("Runs")), st.Page("formulas.py", title=t("Formulas"))],
}
page = st.navigation(sections, position="hidden" if present() or not actor() else "top")
if not actor():
    with st.container(key="bar", width="content"):
        language_switch()
    joining.come_in()
    st.stop()
path = page.url_path or "train"
here(path)
lesson_state.read_address(path)
calls.hear(path)
lesson_state.go_to_wanted_page(path)
if present():
    with st.container(key="leave"):
        st.button(t("Leave"), type="tertiary", shortcut="Esc", on_click=leave_or_enter, args=(False,))
else:
    bar(path, page.title, next(place for place, pages in enumerate(sections.values()) if page in pages))
lesson_news = lesson_bar.bar(path)
calls.line(path)
page.run()
if lesson_news is not None:
    with lesson_news:
        lesson_question.news(path)
addresses = {
    "train": lambda: {"run": state.run_of_choices(), **replaying.address(state.run_of_choices())},
    "course": lambda: {"topic": state.view("topic", "")},
    "compare": compare_state.address,
    "landscapes": landscape_tabs.TABS.address,
    "gradients": gradients_state.TABS.address,
    "building_blocks": blocks_state.PARTS.address,
    "data": data_state.PARTS.address,
    "generalization": generalization_state.PARTS.address,
    "runs": runs_state.TABS.address,
}
state.write_address(
    with_experiment=path in ("train", "data", "generalization"),
    lang=language() if language() != browser_language() else None,
    present="1" if present() else None,
    **lesson_state.address(),
    **addresses.get(path, dict)(),
)
state.end_run()
