"""Course: the lessons, where each begins, and what articles claim: vote, run, see."""

from __future__ import annotations

import streamlit as st

from core.lessons.lesson import VERDICTS, Claim, Lesson, lessons
from core.lessons.told import votes_of_the_class
from pages.components import answers, lesson_state, own_lessons, state
from pages.components.error_box import plain
from pages.components.language import language, prose, show, t
from pages.components.lesson_bar import number_of, said
from pages.components.param_form import keep


def topic() -> Lesson:
    """The lesson that is looked at: the one chosen, else that of the address, else the first."""
    asked = state.view("topic", st.query_params.get("topic", ""))
    return lesson_state.find(asked) or next(iter(lessons().values()))


def name(lesson: Lesson) -> str:
    """What a lesson is called, with its number in the course."""
    return " ".join(filter(None, (str(number_of(lesson) or ""), said(lesson.title))))


def index(chosen: Lesson) -> None:
    """All lessons in their order, then those that were written here; those that were finished are marked."""
    done, mine = lesson_state.done(), lesson_state.own().all()
    with st.container(key="lessons", gap="xxsmall"):
        for lesson in (*lessons().values(), *mine.values()):
            if lesson is next(iter(mine.values()), None):
                st.caption(t("my lessons") if lesson_state.own().may_write else t("lessons of the class"))
            st.button(
                name(lesson),
                key=f"topic {lesson.key}",
                type="secondary" if lesson.key == chosen.key else "tertiary",
                icon=":material/check:" if lesson.key in done else None,
                on_click=state.set_view,
                args=("topic", lesson.key),
                width="stretch",
            )
    st.caption(t("done: {done} of {all}", done=len(done & lessons().keys()), all=len(lessons())))
    own_lessons.for_teachers()


def head(lesson: Lesson) -> None:
    """Its name, how long it takes, and the way in."""
    with st.container(horizontal=True, vertical_alignment="center", gap="small", key="course-head"):
        st.markdown(f"##### {name(lesson)}", width="content")
        st.caption(t("{minutes} min", minutes=lesson.minutes), width="content")
        st.space("stretch")
        place = min(lesson_state.left_at(lesson.key), len(lesson.steps) - 1)
        st.button(
            t("go on at {place} of {all}", place=place + 1, all=len(lesson.steps)) if place else t("start the lesson"),
            type="primary",
            icon=":material/play_arrow:",
            key="begin",
            on_click=lesson_state.go,
            args=(lesson.key, place),
        )


def steps(lesson: Lesson) -> None:
    """What it leads through; each can be gone to."""
    with st.expander(t("What it leads through")):
        for place, step in enumerate(lesson.steps):
            with st.container(horizontal=True, vertical_alignment="center", gap="small", wrap=False):
                st.button(
                    str(place + 1),
                    key=f"step {place}",
                    icon=":material/play_arrow:",
                    type="tertiary",
                    help=t("Begin here"),
                    on_click=lesson_state.go,
                    args=(lesson.key, place),
                )
                st.markdown(said(step.text))


def claims(lesson: Lesson) -> None:
    """Sentences of the articles, each to be voted on before it is run."""
    if not lesson.claims:
        return
    st.markdown(f"**{t('Is the article right?')}** :gray[{t('Vote, run it, and see.')}]")
    for place, claim in enumerate(lesson.claims):
        with st.container(border=True, key=f"claim-{place}", gap="xsmall"):
            one_claim(lesson, place, claim)
    st.caption(
        t(
            "The claims are in our own words. Where they stand: O optimization methods, P pattern-recognition "
            "techniques, N CNN techniques; the number is the section."
        )
    )


def one_claim(lesson: Lesson, place: int, claim: Claim) -> None:
    """The sentence with its source, the vote and the way to run it; after the vote, what this program shows."""
    st.markdown(f"“{said(claim.article)}” :gray-badge[{plain(claim.source)}]")
    names, key = answers.verdict_names(), f"vote {lesson.key} {place}|{language()}"
    voted = answers.vote_of(lesson, place)

    def take() -> None:
        if st.session_state[key] is not None:
            answers.vote(lesson, place, st.session_state[key])

    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        st.segmented_control(
            t("Your vote before running"),
            VERDICTS,
            default=keep(key, voted),
            format_func=names.__getitem__,
            key=key,
            required=voted is not None,
            label_visibility="collapsed",
            on_change=take,
        )
        st.button(
            t("run it"), icon=":material/science:", key=f"run {place}", on_click=lesson_state.run_claim, args=(claim,)
        )
    if voted is not None:
        icon = ":material/check:" if voted == claim.verdict else ":material/lightbulb:"
        st.markdown(f"{icon} **{names[claim.verdict]}**: {said(claim.seen)}")
        everybody = votes_of_the_class(answers.votes_of_all(lesson, place), names)
        if everybody is not None:
            st.caption(plain(show(everybody)))


def page() -> None:
    """The list, and beside it one lesson."""
    chosen = topic()
    st.markdown(
        prose(
            "A lesson leads from page to page: say what you expect, run it, and see. Or take an article's claim, vote, "
            "and let a real network decide."
        )
    )
    with st.container(horizontal=True, gap="medium", key="course"):
        left = st.container(border=True, key="course-lessons", gap="xsmall", width=360)
        right = st.container(border=True, key="course-lesson", gap="small")
    with left:
        index(chosen)
    with right:
        head(chosen)
        if own_lessons.is_mine(chosen):
            own_lessons.editor(chosen)
        else:
            steps(chosen)
        claims(chosen)


page()
