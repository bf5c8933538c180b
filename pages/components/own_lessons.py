"""Lessons that a teacher writes here: a step from what a page has chosen, its words, its order, its file."""

from __future__ import annotations

from collections.abc import Callable

import streamlit as st
from pydantic import ValidationError

from core.errors import BadInput, CoreError
from core.language import LANGUAGES, translator
from core.lessons.lesson import LARGEST, MOST_STEPS, Lesson, Step, read_lesson_bytes
from core.lessons.linked import Linked, link_to
from core.lessons.own import is_own, lesson_toml
from core.lessons.question import Choice, Words
from core.text import Text
from pages.components import lesson_state, state
from pages.components.error_box import error_box, plain
from pages.components.language import language, t
from pages.components.lesson_bar import said
from pages.components.page_names import page_names
from pages.components.param_form import keep

_WRITTEN, _BEFORE, _ERROR = "own lesson last written", "own lessons before the last changes", "own lesson refused"
MOST_TAKEN_BACK = 30
FIRST_TITLE, FIRST_TEXT = Text("A lesson of mine"), Text("Look what happens.")
"""What a lesson and a step of it say until they are reworded."""
MARK = "*"
"""Begins the line of the right answer."""


# -- changes ---------------------------------------------------------------------------------------------------------


def _write(key: str, lesson: Lesson | None) -> None:
    """Keep a lesson, or with None let go of it; it can be had back. CoreError where it cannot be kept."""
    before = lesson_state.own().all().get(key)
    if lesson is None:
        lesson_state.own().remove(key)
    else:
        lesson_state.own().put(lesson)
    undo = st.session_state.setdefault(_BEFORE, [])
    undo.append((key, before))
    del undo[:-MOST_TAKEN_BACK]
    st.session_state[_WRITTEN] = key


def _put(key: str, lesson: Lesson | None) -> None:
    """Keep a lesson, or let go of it, and look at it; where that is refused the page says so."""
    try:
        _write(key, lesson)
    except CoreError as error:
        st.session_state[_ERROR] = error
        return
    state.set_view("topic", key)


def _take_back() -> None:
    """Undo the last change."""
    key, before = st.session_state[_BEFORE][-1]
    try:
        _write(key, before)
    except CoreError as error:
        st.session_state[_ERROR] = error
        return
    del st.session_state[_BEFORE][-2:]
    state.set_view("topic", key)


def _words(text: Text) -> Words:
    """A text of ours in both languages."""
    return Words(**{lang: text.render(translator(lang)) for lang in LANGUAGES})


def _reworded(words: Words | None, typed: str) -> Words:
    """Words with one language typed anew; the other one follows where it said the same, or nothing of its own yet."""
    lang, other = language(), next(lang for lang in LANGUAGES if lang != language())
    if words is None or words.say(other) == words.say(lang) or words in (_words(FIRST_TITLE), _words(FIRST_TEXT)):
        return Words.model_validate({lang: typed, other: typed})
    return Words.model_validate({lang: typed, other: words.say(other)})


def add_step(chosen: Linked) -> None:
    """Add what a page has chosen to the lesson that is being written, or begin one; and go there."""
    own = lesson_state.own()
    try:
        step = Step(link=link_to(chosen), text=_words(FIRST_TEXT))
    except ValidationError:
        st.session_state[_ERROR] = BadInput(
            Text("This cannot be a step of a lesson."),
            Text("Its address is too long."),
            Text("Take its notes out, or some of what is compared."),
        )
        return
    lesson = own.all().get(st.session_state.get(_WRITTEN, ""))
    if lesson is None or len(lesson.steps) >= MOST_STEPS:
        lesson = Lesson(key=own.free_key(), place=1, minutes=20, title=_words(FIRST_TITLE), steps=(step,))
    else:
        lesson = lesson.model_copy(update={"steps": (*lesson.steps, step)})
    _put(lesson.key, lesson)
    if _ERROR not in st.session_state:
        lesson_state.open_course(lesson.key)


def as_lesson(chosen: Linked) -> None:
    """The button that makes a step of a lesson from what a page has chosen; only for who writes some now."""
    is_shown = lesson_state.current() is not None or st.session_state.get("present", False)
    if is_shown or not lesson_state.own().may_write:
        return
    st.button(
        t("as lesson"),
        icon=":material/co_present:",
        key="as lesson",
        help=t("Add what is chosen here as a step to the lesson that you are writing"),
        on_click=add_step,
        args=(chosen,),
    )
    refused()


def refused() -> None:
    """Say why the last change could not be made, once."""
    if _ERROR in st.session_state:
        error_box(st.session_state.pop(_ERROR))


# -- the list --------------------------------------------------------------------------------------------------------


def for_teachers() -> None:
    """Undo, and a lesson from a file; nothing for who writes none."""
    refused()
    if not lesson_state.own().may_write:
        return
    for problem in lesson_state.own().problems():
        error_box(problem)
    if st.session_state.get(_BEFORE):
        st.button(t("undo"), icon=":material/undo:", type="tertiary", key="undo lesson", on_click=_take_back)
    with st.popover(t("for teachers"), icon=":material/co_present:", type="tertiary"):
        st.markdown(
            t(
                "Choose something on Train, Compare, Landscapes or Generalization, and press “as lesson” there: it "
                "becomes a step of a lesson of yours. Or take one in from a file."
            )
        )
        key = "lesson file"
        label = t("A lesson from a file of at most {most} KiB", most=LARGEST // 1024)
        st.file_uploader(label, type="toml", key=key, on_change=_import, args=(key,))
        with st.container(key="not-taken"):
            st.warning(t("What is marked in the box was not taken: a lesson is one file, and its name ends in .toml."))


def _import(key: str) -> None:
    file = st.session_state[key]
    if file is None:
        return
    own = lesson_state.own()
    try:
        lesson = read_lesson_bytes(file.read(LARGEST + 1), file.name)
    except CoreError as error:
        st.session_state[_ERROR] = error
        return
    lesson = lesson.model_copy(update={"key": own.free_key()})
    _put(lesson.key, lesson)


# -- the editor ------------------------------------------------------------------------------------------------------


def editor(lesson: Lesson) -> None:
    """Everything of a lesson that can be changed here."""

    def set_title(typed: str) -> None:
        _write(lesson.key, lesson.model_copy(update={"title": _reworded(lesson.title, _needed(typed))}))

    with st.container(horizontal=True, vertical_alignment="bottom", gap="small"):
        _typed(t("title"), lesson, "title", lesson.title.say(language()), set_title)
        st.download_button(
            t("file"),
            lesson_toml(lesson),
            f"{lesson.key}.toml",
            "application/toml",
            icon=":material/download:",
            on_click="ignore",
            help=t("The lesson as a file that can be read, changed and taken in again"),
        )
        st.button(t("Delete"), icon=":material/delete:", key="delete lesson", on_click=_put, args=(lesson.key, None))
    for place, step in enumerate(lesson.steps):
        with st.container(border=True, key=f"own-step-{place}", gap="xsmall"):
            _step(lesson, place, step)


def _typed(label: str, lesson: Lesson, part: str, now: str, take: Callable[[str], None], rows: int = 0) -> None:
    """A text that is kept as soon as it is typed; what cannot be taken stays there, and below it why."""
    key = f"{lesson.key} {part}|{language()}"
    typed, problem = st.session_state.get(f"refused {key}", (now, None))
    shown = keep(key, typed)

    def changed() -> None:
        st.session_state.pop(f"refused {key}", None)
        try:
            take(st.session_state[key].strip())
        except CoreError as error:
            st.session_state[f"refused {key}"] = (st.session_state[key], error)

    if rows:
        st.text_area(label, shown, key=key, on_change=changed, height=34 + 26 * rows, max_chars=2000)
    else:
        st.text_input(label, shown, key=key, on_change=changed, max_chars=200, width="stretch")
    if problem is not None:
        error_box(problem)


def _needed(typed: str) -> str:
    """What was typed, which must be something. BadInput."""
    if typed:
        return typed
    raise BadInput(
        Text("There is no text."), Text("A lesson and each of its steps say something."), Text("Write a sentence.")
    )


def _replace(lesson: Lesson, place: int, **changes: object) -> None:
    steps = list(lesson.steps)
    steps[place] = steps[place].model_copy(update=changes)
    _write(lesson.key, lesson.model_copy(update={"steps": tuple(steps)}))


def _move(lesson: Lesson, place: int, by: int) -> None:
    steps = list(lesson.steps)
    steps.insert(place + by, steps.pop(place))
    _put(lesson.key, lesson.model_copy(update={"steps": tuple(steps)}))


def _drop(lesson: Lesson, place: int) -> None:
    steps = lesson.steps[:place] + lesson.steps[place + 1 :]
    _put(lesson.key, lesson.model_copy(update={"steps": steps}) if steps else None)


def _step(lesson: Lesson, place: int, step: Step) -> None:
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        st.markdown(f"**{place + 1}**  {page_names()[step.page]}", width="stretch")
        for label, icon, by in ((t("earlier"), "arrow_upward", -1), (t("later"), "arrow_downward", 1)):
            st.button(
                label,
                icon=f":material/{icon}:",
                key=f"move {place} {by}",
                type="tertiary",
                disabled=not 0 <= place + by < len(lesson.steps),
                on_click=_move,
                args=(lesson, place, by),
            )
        st.button(
            t("Take out"),
            icon=":material/close:",
            key=f"drop {place}",
            type="tertiary",
            on_click=_drop,
            args=(lesson, place),
        )

    def set_text(typed: str) -> None:
        _replace(lesson, place, text=_reworded(step.text, _needed(typed)))

    _typed(t("text"), lesson, f"text {place}", step.text.say(language()), set_text, rows=2)
    question = step.question
    if question is not None and not isinstance(question, Choice):
        st.caption(t("It asks for a number or a curve: {question}", question=said(question.text)))
        return

    def set_question(typed: str) -> None:
        _replace(lesson, place, question=_question(question, typed))

    label = t("question, and below it each answer in a line of its own, the right one after a *")
    _typed(plain(label), lesson, f"question {place}", _lines(question), set_question, rows=4)


def _lines(question: Choice | None) -> str:
    """A question as it is typed."""
    if question is None:
        return ""
    marks = [f"{MARK} " if place == question.answer else "" for place in range(len(question.choices))]
    answers = [mark + choice.say(language()) for mark, choice in zip(marks, question.choices, strict=True)]
    return "\n".join([question.text.say(language()), *answers])


def _question(before: Choice | None, typed: str) -> Choice | None:
    """The question that was typed, None for nothing. BadInput."""
    lines = [line.strip() for line in typed.splitlines() if line.strip()]
    if not lines:
        return None
    text, answers = lines[0], lines[1:]
    right = [place for place, line in enumerate(answers) if line.startswith(MARK)]
    answers = [line.removeprefix(MARK).strip() for line in answers]
    if len(right) != 1 or not 2 <= len(answers) <= 6 or not all(answers):
        raise BadInput(
            Text("This question cannot be asked."),
            Text("It needs two to six answers, and one of them marked as right."),
            Text("Write the question, then each answer in a line of its own, the right one after a *."),
        )
    old = list(before.choices) if before is not None and len(before.choices) == len(answers) else [None] * len(answers)
    return Choice(
        kind="choice",
        text=_reworded(before.text if before else None, text),
        choices=tuple(_reworded(words, answer) for words, answer in zip(old, answers, strict=True)),
        answer=right[0],
    )


def is_mine(lesson: Lesson) -> bool:
    """Whether a lesson was written here, by people like the one of this tab, so that it can be changed."""
    return is_own(lesson.key) and lesson_state.own().may_write
