"""The first tab of Landscapes: optimizers on practice surfaces, drawn as they are."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import streamlit as st

from core.catalog.entry import Entry, parameter_of
from core.catalog.optimizers.optimizer import Optimizer
from core.catalog.registry import entries, entry_class, parse
from core.errors import BadInput, CoreError
from core.landscape.practice import Practice, why_not
from core.landscape.stories import stories
from core.text import Text
from pages.components import lesson_state, own_lessons, real_saddle
from pages.components import surface_state as chosen
from pages.components.entry_form import entry_choice, entry_fields, heading, is_more
from pages.components.error_box import error_box, notes_box, plain
from pages.components.language import language, prose, show, t
from pages.components.param_form import keep
from pages.components.parts import in_panes
from pages.components.services import actor, services
from pages.components.surface_asides import asides
from pages.components.surface_chart import name_of, surface_chart
from pages.components.surface_labels import surface_labels

CHART = "surface chart"


def answer(fired: Mapping[str, Any]) -> None:
    """Do what was pressed in the pictures, before the page is drawn."""
    if fired.get("leave") is not None:
        st.session_state["present"] = False
    if fired.get("start"):
        chosen.change(start=[fired["start"]["x"], fired["start"]["y"]])


def story_bar() -> None:
    """Which of the stories is told, and the way to the others."""
    place, told = chosen.story_place(), chosen.story()
    with st.container(horizontal=True, vertical_alignment="center", gap="small", key="story-bar"):
        title = t(stories()[place].title)
        words = t("STORY {place}/{count}: {title}", place=place + 1, count=len(stories()), title=title)
        st.markdown(f"**{words}**" if told else f":gray[{words} · {t('changed')}]", width="content")
        st.button(
            t("previous"),
            key="story before",
            icon=":material/chevron_left:",
            on_click=chosen.tell_story,
            args=(place - 1,),
            type="tertiary",
        )
        if told is None:
            st.button(t("show it again"), key="story again", on_click=chosen.tell_story, args=(place,), type="tertiary")
        st.button(
            t("next"),
            key="story next",
            icon=":material/chevron_right:",
            on_click=chosen.tell_story,
            args=(place + 1,),
            type="secondary",
        )


def surface_choice() -> None:
    """The surface, its formula, and the noise on its gradients."""
    surface = chosen.draft()["surface"]
    cls = entry_class("surfaces", surface["key"])
    heading(t("SURFACE"), [cls])
    entry_choice("surfaces", f"{chosen.PLACE}:surface", surface, label="", show_field=lambda parameter: False)
    if "text" in cls.model_fields:
        formula_box(cls, surface)
    else:
        st.latex(cls.formula)


def formula_box(cls: type[Entry], surface: dict[str, Any]) -> None:
    """The user's own formula, as it was typed."""
    parameter = parameter_of("text", cls.model_fields["text"])
    key = f"landscape formula|{language()}"
    st.text_input(
        t(parameter.title),
        keep(key, surface.get("text", parameter.default)),
        key=key,
        help=t(parameter.help),
        on_change=lambda: chosen.put(chosen.PLACE, "surface.text", st.session_state[key]),
    )


def racer(place: int, document: dict[str, Any]) -> None:
    """One optimizer: its name opens its numbers."""
    path = f"{chosen.PLACE}:optimizers.{place}"
    cls = entry_class("optimizers", document["key"])
    rates = [parameter for parameter in cls.parameters() if parameter.name == "lr"]
    try:
        optimizer = parse("optimizers", document)
    except BadInput:
        optimizer = cls()
    with (
        st.container(horizontal=True, vertical_alignment="center", gap="xsmall", key=f"racer-{place}", wrap=False),
        st.popover(plain(name_of(optimizer)), type="tertiary", width="stretch"),
    ):
        heading(t(cls.title), [cls])
        entry_fields("optimizers", path, document, show_field=lambda item: not is_more(item))
        if any(is_more(parameter) for parameter in cls.parameters()):
            with st.expander(t("more"), expanded=not rates):
                entry_fields("optimizers", path, document, show_field=is_more)
        st.button(
            t("Take out"),
            key=f"remove racer {place}",
            type="tertiary",
            icon=":material/close:",
            disabled=len(chosen.draft()["optimizers"]) < 2,
            on_click=chosen.remove,
            args=(place,),
        )


def optimizers() -> None:
    """Who races, and one more."""
    st.markdown(f"**{t('OPTIMIZERS')}**")
    racers = chosen.draft()["optimizers"]
    with st.container(gap=None, key="racers"):
        for place, document in enumerate(racers):
            racer(place, document)
    with st.popover(t("add"), icon=":material/add:", type="tertiary", disabled=chosen.is_full()):
        for key, cls in entries("optimizers").items():
            entry = cls()
            assert isinstance(entry, Optimizer)
            why = why_not(entry)
            st.button(
                t(cls.title),
                key=f"add racer {key}",
                type="tertiary",
                disabled=why is not None,
                help=show(why) if why else t(cls.choose),
                on_click=chosen.add,
                args=(key,),
            )


def numbers() -> None:
    """Updates, start, noise and its seed."""
    document, race = chosen.draft(), chosen.practice()
    number(t("UPDATES"), "steps", document["steps"], whole=True, low=1, high=10_000, step=10)
    start_box()
    noise = parameter_of("noise", type(race.surface).model_fields["noise"])
    now, key = float(document["surface"].get("noise", 0.0)), f"landscape noise|{language()}"
    st.slider(
        t("NOISE"),
        0.0,
        max(2.0, now),
        keep(key, now),
        step=0.05,
        key=key,
        help=t(noise.help),
        on_change=lambda: chosen.put(chosen.PLACE, "surface.noise", st.session_state[key]),
    )
    if now:
        number(t("seed of the noise"), "seed", document["seed"], whole=True, low=0, high=2**31 - 1, step=1)


def start_box() -> None:
    """Where all begin, as two numbers with a comma: a box for numbers would show 0.000001 as 0.00."""
    start = chosen.draft()["start"]
    key = f"landscape start|{language()}"
    shown = start if isinstance(start, str) else ", ".join(f"{value:.6g}" for value in start or chosen.practice().begin)
    st.text_input(
        t("START: x, y, or click the map"),
        keep(key, shown),
        key=key,
        on_change=lambda: chosen.put(chosen.PLACE, "start", st.session_state[key]),
    )


def number(label: str, path: str, value: float, *, low: float, high: float, step: float, whole: bool = False) -> None:
    """A number box for one part of the choices."""
    key = f"landscape {path}|{language()}"
    kind = int if whole else float
    st.number_input(
        label,
        kind(low),
        kind(high),
        keep(key, kind(value)),
        step=kind(step),
        format=None if whole else "%.6g",
        key=key,
        on_change=lambda: chosen.put(chosen.PLACE, path, st.session_state[key]),
    )


def pictures(race: Practice) -> None:
    """The race, computed and drawn; before the question of a lesson is answered it would tell too much."""
    if lesson_state.waits_for_answer("landscapes"):
        st.info(t("Answer the question of the lesson first, or skip it: then the paths are drawn."))
        return
    try:
        with st.spinner(t("Computing the paths"), show_time=False):
            drawing = services().draw_practice(race, actor=actor())
    except CoreError as error:
        error_box(error)
        return
    told = chosen.story()
    surface_chart(
        drawing,
        slots=chosen.slots(race),
        labels=surface_labels(t),
        key=CHART,
        lang=language(),
        present=st.session_state.get("present", False),
        caption=show(told.text) if told else "",
    )
    if not st.session_state.get("present", False):
        asides(race, at_saddle=drawing.leaving is not None)
        if drawing.leaving is not None:
            real_saddle.door(t("The same with a real network"))


def practice_tab() -> None:
    """The whole tab."""
    remarks: list[Text] = chosen.read_address()
    answer(st.session_state.get(CHART) or {})
    if not st.session_state.get("present", False):
        with st.container(key="above", gap="small"):
            story_bar()
            notes_box(remarks)
    in_panes(choices, seen)


def choices() -> None:
    """The surface, the optimizers and how long they go."""
    surface_choice()
    optimizers()
    numbers()
    own_lessons.as_lesson(chosen.practice())
    st.caption(prose("They are the very optimizers that train networks, on two numbers instead of many."))


def seen() -> None:
    """The race as it was last possible, and why what is chosen is not."""
    problem = chosen.problem()
    if problem is not None:
        error_box(problem)
    pictures(chosen.practice())
