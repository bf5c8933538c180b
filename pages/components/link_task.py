"""A task to be sent with a link: which choices are left, a question, and one's own result as a seal."""

from __future__ import annotations

import streamlit as st

from core.lessons.capsule import MOST_CHOICES, MOST_LETTERS, PARAMETERS, read
from core.lessons.lesson import CONTROLS, Control
from core.lessons.question import is_in_percent
from core.lessons.seal import Expected, expected_of
from pages.components import state
from pages.components.error_box import notes_box
from pages.components.language import language, t
from pages.components.own_lessons import MARK
from pages.components.services import actor, services


def ask() -> dict[str, str]:
    """The fields for a task; the parameters of the link that stand for it, none without one."""
    with st.expander(t("with a task")):
        query = {**_choices(), **_question(), **_result()}
        task, problems = read(query, state.experiment())
        notes_box(problems)
    return task.to_url()


def control_names() -> dict[Control, str]:
    """The choices of Train by name."""
    names = (
        t("data"), t("augmentation"), t("network"), t("regularizer"), t("optimizer"), t("seed"), t("epochs"), t("more"),
    )  # fmt: skip
    return dict(zip(CONTROLS, names, strict=True))


def _choices() -> dict[str, str]:
    names = control_names()
    left = st.pills(
        t("Choices that are left; none chosen: all"),
        CONTROLS,
        selection_mode="multi",
        format_func=names.__getitem__,
        key=f"{PARAMETERS[0]} in a link|{language()}",
    )
    return {"show": ",".join(left)} if left else {}


def _question() -> dict[str, str]:
    kinds = {"choice": t("one of several answers"), "number": t("a number"), "curve": t("a curve")}
    if not is_in_percent(state.experiment()):
        kinds = {"choice": kinds["choice"]}
    text = st.text_input(
        t("question, to be answered before the start"), max_chars=MOST_LETTERS, key="question in a link"
    )
    if not text.strip():
        return {}
    key = f"kind of question in a link|{language()}"
    kind = st.segmented_control(
        t("answered by"), list(kinds), default="choice", required=True, format_func=kinds.__getitem__, key=key
    )
    if kind == "choice":
        label = t(
            "each answer in a line of its own, at most {most}; the right one after a {mark}",
            most=MOST_CHOICES,
            mark=MARK,
        )
        answers = _answers(st.text_area(label, key="answers in a link", height=112))
        if "ask.2" not in answers:
            st.caption(t("It is part of the link as soon as it has two answers."))
            return {}
        return {"ask": text, **answers}
    measures = {"validation_error": t("validation error"), "train_error": t("training error")}
    key = f"measure in a link|{language()}"
    measure = st.segmented_control(
        t("of what"),
        list(measures),
        default="validation_error",
        required=True,
        format_func=measures.__getitem__,
        key=key,
    )
    high = st.slider(t("from 0 to"), 0.1, 1.0, 1.0, 0.1, "percent", key="highest answer in a link")
    return {"ask": text, f"ask.{kind}": f"{measure},0,{high}" if kind == "number" else f"{measure},{high}"}


def _answers(typed: str) -> dict[str, str]:
    """The answers as parameters, the marked one as the right one."""
    lines = [line.strip() for line in typed.splitlines() if line.strip()]
    answers = {f"ask.{place}": line.removeprefix(MARK).strip() for place, line in enumerate(lines, start=1)}
    right = [str(place) for place, line in enumerate(lines, start=1) if line.startswith(MARK)]
    return {**answers, "ask.right": right[0]} if len(right) == 1 else answers


def _result() -> dict[str, str]:
    expected = _own_result()
    with_seal = st.checkbox(
        t("with my result as a seal"),
        disabled=expected is None,
        help=t("Who runs it sees whether their machine reproduces it. It needs a finished run of what is chosen."),
        key="seal in a link",
    )
    return {"expect": expected.to_url()} if with_seal and expected is not None else {}


def _own_result() -> Expected | None:
    """What the run that is looked at came to, where it computes what is chosen and was not changed on the way."""
    run = services().find(state.run_of_choices() or "", actor=actor())
    if run is None or any(event.recipe for event in services().store.events(run.id)):
        return None
    return expected_of(run)
