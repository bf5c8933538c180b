"""The question of a step: asked before it runs; then what was expected, what happened, what all said, and the seal."""

from __future__ import annotations

from typing import Any

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from core.errors import BadInput
from core.lessons.answered import ended
from core.lessons.lesson import Lesson, Step
from core.lessons.linked import VIEW_PAGES
from core.lessons.question import HANDLES, Choice, Curve, Number
from core.lessons.seal import seal
from core.lessons.told import Ended, expected, of_the_class, told
from core.text import Text
from pages.components import (
    answers,
    compare_state,
    generalization_state,
    kfold_state,
    lesson_state,
    state,
    stored_choice,
)
from pages.components.error_box import plain
from pages.components.language import language, show, t
from pages.components.services import actor, services
from pages.components.stored_or_started import stored

POLL_S, POLL_IN_CLASS_S = 2, 8
"""What has come out is looked for so often; thirty who look share one computer."""
FIRST_HEIGHT = 0.4
"""Where the points of a curve stand at first, as a share of the highest: not on the line of guessing."""
MOST_OTHERS = 40
"""So many curves of the class stand behind one's own."""


def ask(lesson: Lesson, place: int, page: str) -> DeltaGenerator | None:
    """The question with its answers, only on the page that it is about; where there is something to tell: the place."""
    step = lesson.steps[place]
    question = step.question
    if page != step.page or (question is None and step.expect is None):
        return None
    is_asked = question is not None and not answers.is_answered(lesson, place)
    align = "center" if is_asked else "top"
    with st.container(horizontal=True, vertical_alignment=align, gap="small", key="lesson-question"):
        if question is None:
            return _place()
        st.markdown(f"**{plain(question.text.say(language()))}**", width="content")
        if not is_asked:
            return _place()
        if isinstance(question, Choice):
            for number, choice in enumerate(question.choices):
                label = plain(choice.say(language()))
                st.button(label, key=f"answer {number}", on_click=answers.give, args=(lesson, place, number))
        elif isinstance(question, Number):
            number = _slider(question, f"expected {lesson.key} {place}")
            st.button(t("That is what I expect"), key="answer", on_click=answers.give, args=(lesson, place, number))
        else:
            has_run = state.run_of_choices() is not None
            draw = t("Draw it in the chart: move the five points up and down.")
            st.caption(
                t("It has run already; “show it again” lets you draw first.") if has_run else draw, width="content"
            )
        skip = (lesson, place, None)
        st.button(t("skip"), key="lesson skip", type="tertiary", on_click=answers.give, args=skip)
    return None


def _place() -> DeltaGenerator:
    return st.container(key="lesson-told", width="stretch")


def _slider(question: Number, key: str) -> float:
    """The number that is expected; the slider begins in the middle."""
    middle = round((question.low + question.high) / 2, 2)
    return st.slider(
        t("expected"), question.low, question.high, middle, 0.01, "percent", key=key, width=260,
        label_visibility="collapsed",
    )  # fmt: skip


def take_curve() -> None:
    """Answer with the curve that was drawn in the live chart."""
    found, drawn = lesson_state.current(), (st.session_state.get("live") or {}).get("expect") or {}
    if found is None:
        return
    question = found[0].steps[found[1]].question
    if isinstance(question, Curve) and not answers.is_answered(*found):
        heights = question.from_json(drawn.get("heights"))
        if heights is not None and question.takes(heights):
            answers.give(*found, heights)


# -- what came out ---------------------------------------------------------------------------------------------------


def is_under_way(page: str) -> bool:
    """Whether what the page looks at is still being computed."""
    if page == "train":
        run = state.run_of_choices()
        return run is not None and services().is_active(run)
    study = _study(page)
    return study is not None and services().is_comparing(study)


def outcome(page: str) -> Ended | None:
    """What is over on the page: the run on Train, else nothing more is known; None before it is over.

    A page that shows something by itself does not say when all has been seen: there the reader says so, but where a
    seal has to be opened for the first time.
    """
    if is_under_way(page):
        return None
    if page == "train":
        run = services().find(state.run_of_choices() or "", actor=actor())
        return None if run is None or run.active else ended(services().store, run)
    if page in VIEW_PAGES and not _trains_there(page):
        return Ended() if _was_seen() else None
    return Ended() if page == "landscapes" or _study(page) is not None else None


def _was_seen() -> bool:
    """Whether what the step is about was seen: seals were opened as often as it asks for, or its reader says so."""
    step = lesson_state.step()
    if step is None or not step.looks or lesson_state.asks_what_came_out():
        return lesson_state.asks_what_came_out()
    run = services().find(stored_choice.looked_at() or "", actor=actor())
    return run is not None and len(services().looks(run.id, actor=actor())) >= step.looks


def _trains_there(page: str) -> bool:
    """Whether the page looks at what is trained there and then is over: a K-fold, or a curve."""
    trains = ("kfold", *generalization_state.STARTED)
    return page == generalization_state.PARTS.page and generalization_state.PARTS.shown() in trains


def _study(page: str) -> str | None:
    """The stored comparison, K-fold or curve that computes what is chosen on a page, looked at there."""
    if page == "compare" and compare_state.problem() is None:
        return compare_state.study_of(compare_state.draft().comparison())
    if _trains_there(page):
        asked = generalization_state.STARTED.get(generalization_state.PARTS.shown())
        try:
            record = stored(asked()) if asked is not None else kfold_state.record_of(kfold_state.chosen())
        except BadInput:
            return None  # which the page says
        return record.id if record is not None else None
    return None


def news(page: str) -> None:
    """What was expected, and what happened as soon as it is over: told after the page, which decides what it shows."""
    found = lesson_state.current()
    if found is not None:
        waits = is_under_way(page)
        every_s = POLL_S if services().room is None else POLL_IN_CLASS_S
        st.fragment(_news, run_every=every_s if waits else None)(*found, page, waits)


def _news(lesson: Lesson, place: int, page: str, waits: bool) -> None:
    over, step = outcome(page), lesson.steps[place]
    if over is not None and waits:
        st.rerun()  # once more, to rest
    if step.question is not None and not answers.is_answered(lesson, place):
        st.rerun()  # it was asked again here, which the whole page has to do
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        if step.question is not None:
            _answer(lesson, place, over, waits)
        # A second look is refused: who heeds that has seen what the step is about.
        if over is None and page in VIEW_PAGES and not _trains_there(page) and step.looks != 1:
            st.button(t("what came out?"), key="came out", on_click=lesson_state.ask_what_came_out)
        if over is not None and step.expect is not None:
            _seal(step)


def _answer(lesson: Lesson, place: int, over: Ended | None, waits: bool) -> None:
    question, given = lesson.steps[place].question, answers.given_to(lesson, place)
    assert question is not None
    lang = language()
    said = expected(question, given, lang) if over is None else told(question, given, over, lang)
    everybody = of_the_class(question, answers.of_all(lesson, place), lang)
    st.container(key="lesson-news", width="content").markdown(_plain(said))
    if everybody is not None:
        st.container(key="lesson-class", width="content").caption(_plain(everybody))
    if not waits:
        again = t("Ask me again, before it runs")
        st.button(
            t("ask again"), key="ask again", type="tertiary", help=again, on_click=lesson_state.ask_again,
            args=(lesson, place),
        )  # fmt: skip


def _seal(step: Step) -> None:
    """Whether the run that is looked at came to what was expected."""
    run = services().find(state.run_of_choices() or "", actor=actor())
    if run is None or step.expect is None:
        return
    prepared = step.experiment if step.is_as_expected else None
    sealed = seal(step.expect, prepared, run, services().store.events(run.id))
    if sealed is not None:
        with st.container(key="lesson-seal", width="content"):
            words = _plain(sealed.text)
            st.markdown(f":green[:material/verified: **{words}**]" if sealed.holds else f":material/balance: {words}")


def _plain(text: Text) -> str:
    return plain(show(text))


# -- the curve -------------------------------------------------------------------------------------------------------


def curve(run: str | None) -> dict[str, Any] | None:
    """The curve that is to be drawn or was expected, for the live chart of a run (None: before it starts).

    It stays as it is while the run goes on; what the others have drawn comes when it is over.
    """
    found = lesson_state.current()
    question = found[0].steps[found[1]].question if found is not None else None
    if found is None or not isinstance(question, Curve):
        return None
    epochs = state.experiment().epochs
    drawn = {"split": question.measure.removesuffix("_error"), "high": question.high, "others": []}
    drawn |= {"epochs": [share * epochs for share in HANDLES]}
    if not answers.is_answered(*found):
        return None if run else {**drawn, "heights": [FIRST_HEIGHT * question.high] * len(HANDLES), "is_open": True}
    given = answers.given_to(*found)
    if not isinstance(given, tuple):
        return None
    if run is not None and not services().is_active(run):
        others = [heights for heights in answers.of_all(*found) if isinstance(heights, tuple)]
        drawn["others"] = [list(heights) for heights in others[-MOST_OTHERS:]] if len(others) > 1 else []
    return {**drawn, "heights": list(given), "is_open": False}
