"""Class: who is here and at what, everybody's newest run, the answers; a teacher calls all together and holds them."""

from __future__ import annotations

from urllib.parse import urlencode, urlsplit

import pandas as pd
import streamlit as st

from core.errors import CoreError
from core.live.origin import own_addresses
from core.people import role
from pages.components import address, class_answers, class_charts, class_orders, lesson_state, replaying
from pages.components.error_box import error_box, plain
from pages.components.language import language, prose, show, t
from pages.components.page_names import page_names
from pages.components.services import actor, services

TICK_S = 3


def is_teacher() -> bool:
    """Whether the person of this tab keeps order here."""
    return role(actor()) == "teacher"


def present() -> bool:
    """Whether this stands on a wall for everybody."""
    return st.session_state.get("present", False)


# -- the way in ------------------------------------------------------------------------------------------------------


def place() -> str:
    """The address under which the class reaches this server; a name that means one computer alone is of no use."""
    url = urlsplit(st.context.url or "")
    host = url.hostname or ""
    if host in address.ONLY_HERE:
        host = next(iter(own_addresses()), host)
    return f"{url.scheme}://{host}{f':{url.port}' if url.port else ''}"


def door() -> None:
    """The QR code, the code of the room and the address."""
    room = services().room
    assert room is not None
    is_coded = services().mode == "class"
    picture = address.qr_code(f"{place()}/?{urlencode({'room': room.code})}" if is_coded else place())
    with st.container(horizontal=True, gap="small", key="door"):
        if picture is not None:
            st.image(picture, width=300 if present() else 150, alt=t("QR code of the address of the class"))
        if is_coded:
            with st.container(key="room-code", width="content", gap="xxsmall"):
                st.caption(t("Code of the room"))
                st.header(room.code, anchor=False)
                if not present():
                    with st.popover(t("Renew .."), icon=":material/autorenew:"):
                        st.markdown(t("Everybody but you joins again, with the new code. Runs and names are kept."))
                        st.button(t("Renew the code"), type="primary", on_click=renew)
    st.code(place(), language=None, wrap_lines=True)


def renew() -> None:
    """Give the room another code."""
    try:
        services().renew_room(actor=actor())
    except CoreError as error:
        st.session_state["refused"] = error


# -- who is here -----------------------------------------------------------------------------------------------------


@st.fragment(run_every=TICK_S)
def people() -> None:
    """Who is here, on which page and at what; on a wall only the names."""
    room = services().room
    if room is not None:
        room.seen(actor())
    found = lesson_state.current()
    lesson, steps = (found[0].key, found[0].steps) if found is not None else ("", ())
    pupils = services().pupils(lesson, actor=actor())
    here = [pupil for pupil in pupils if pupil.present.is_here]
    names = [pupil.present.person.name for pupil in here]
    st.markdown("**" + t("Here now: {count} of {all}", count=len(here), all=len(pupils)) + "**")
    if present():
        st.markdown(plain(", ".join(names)))
        return
    pages, num_questions = page_names(), sum(step.question is not None for step in steps)
    columns = {
        t("name"): names,
        t("page"): [pages.get(pupil.present.page, "") for pupil in here],
        t("at"): [show(pupil.doing) for pupil in here],
    }
    if num_questions:
        columns[t("answered")] = [t("{count} of {all}", count=pupil.num_answered, all=num_questions) for pupil in here]
    table(columns, "people", t("People who are here: {count}", count=len(here)))


def points() -> None:
    """Points for sealed faults."""
    found = services().fault_points(actor=actor())
    if found:
        columns = {
            t("name"): [one.name for one in found],
            t("score"): [one.points for one in found],
            t("found"): [one.num_found for one in found],
            t("tried"): [one.num_tried for one in found],
        }
        st.markdown("**" + t("Find the fault") + "**")
        table(columns, "points", t("People with a score: {count}", count=len(found)))
        if unknown := sum(one.num_unknown for one in found):
            st.caption(t("Tried without points: a fault that this version does not know ({count}).", count=unknown))


def table(columns: dict[str, list], name: str, alt: str) -> None:
    """A small table; what stands in it is shown letter by letter."""
    with st.container(key=f"{name}-table"):
        st.dataframe(
            pd.DataFrame(columns), hide_index=True, key=f"{name}|{language()}", height="content", row_height=30, alt=alt
        )


# -- what all see ----------------------------------------------------------------------------------------------------


@st.fragment(run_every=TICK_S)
def wall() -> None:
    """Everybody's newest run; one that is pressed is opened on Train."""
    st.markdown("**" + t("Everybody's newest run") + "**")
    opened = class_charts.wall(services().wall(actor=actor()))
    if opened is not None and (run := services().find(opened, actor=actor())) is not None:
        replaying.open_run(run)
        lesson_state.want_page("train")
        st.rerun()


answered = st.fragment(run_every=TICK_S)(class_answers.answered)


def page() -> None:
    """The whole page."""
    if "refused" in st.session_state:
        error_box(st.session_state.pop("refused"))
    if not is_teacher():
        st.title(t("Class"))
        st.markdown(
            prose("What everybody in the room runs. Press one to look at it closely; its owner alone changes it.")
        )
        wall()
        answered()
        return
    with st.container(horizontal=True, gap="medium", key="classroom"):
        with st.container(key="class-here", width=330, gap="small"):
            door()
            people()
            if not present():
                points()
        with st.container(key="class-now", gap="small"):
            if not present():
                class_orders.commands()
            wall()
            answered()


page()
