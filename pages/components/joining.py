"""Coming in and leaving: the form that stands in the place of a page for whoever has not joined, and who one is."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import streamlit as st
from streamlit.components.v2 import component

from core.mode import MEANINGS, NAMES
from pages.components import opening
from pages.components.error_box import plain
from pages.components.language import language, show, t
from pages.components.services import person, services

ASSETS = Path(__file__).parents[2] / "assets"

_component = component(
    "saddlepoint_join",
    html='<div class="place"></div>',
    css=(ASSETS / "join.css").read_text(encoding="utf-8"),
    js=(ASSETS / "join.js").read_text(encoding="utf-8"),
)


def come_in() -> None:
    """What whoever has not joined sees in the place of any page; its address stays as it is."""
    if services().mode == "login":
        st.header(t("Log in"))
        st.markdown(show(MEANINGS["login"]))
        st.button(t("Log in"), type="primary", on_click=st.login)
        return
    st.header(t("Join the class"))
    st.markdown(t("Write a name and the code of the room. The class sees your name beside what you start."))
    labels = {
        "name": t("Your name"),
        "code": t("Code of the room"),
        "join": t("Join"),
        "refused": {
            "what": t("The server did not take it."),
            "why": t("This page was opened under a name that the server does not answer to."),
            "fix": t("Open the address that your teacher shows."),
        },
        "unreachable": {
            "what": t("The server does not answer."),
            "why": t("It was stopped, or this device has left the network."),
            "fix": t("Check the network and try again."),
        },
    }
    data = {"labels": labels, "code": st.query_params.get("room", ""), "lang": language(), "leave": False}
    _component(key="join", data=data)


def about_me(place: str) -> None:
    """What the mode means, who this tab belongs to, and a way to leave; `place` tells several of them apart."""
    st.caption(show(MEANINGS[services().mode]))
    who = person()
    if who is None or services().room is None:
        return
    st.markdown(t("You are {name}.", name=f"**{plain(who.name)}**"))
    if services().mode == "login":
        st.button(t("Log out"), key=f"log out {place}", on_click=st.logout)
    else:
        _component(key=f"leave {place}", data={"labels": {"leave": t("Leave the class")}, "leave": True})


def badge() -> None:
    """The mode, and in a class who this tab belongs to."""
    mode = services().mode
    who = person()
    if who is None or services().room is None:
        st.badge(show(NAMES[mode]), color="gray", help=show(MEANINGS[mode]))
        return
    words = t("{mode}: {name}", mode=show(NAMES[mode]), name=plain(who.name))
    opening.popover("me", words, partial(about_me, "in the head line"), type="tertiary")
