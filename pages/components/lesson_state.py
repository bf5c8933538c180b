"""Which lesson one tab is led through, and at which step; and how that stands in the address.

The address holds the step and the answers of its lesson (`lesson=dropout.2&answers=1-0_2-skip`), so that a reload in
mid-lesson loses nothing. What a step runs stands there by itself, as on every page. The task of a link is a lesson of
one step, which stands in the address as a whole (`core.lessons.capsule`).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

import streamlit as st
from pydantic import ValidationError

from core.catalog.presets import preset
from core.experiment import Experiment
from core.landscape.stories import stories
from core.lessons import capsule
from core.lessons.lesson import CONTROLS, Claim, Control, Lesson, Shown, Step, lessons
from core.lessons.linked import View
from core.lessons.own import OwnLessons
from core.lessons.question import Given
from core.people import keeps_order
from core.studies.comparison import Comparison
from core.studies.comparison_presets import ComparisonPreset, comparison_presets
from core.text import Text
from pages.components import answers, compare_state, landscape_tabs, state, surface_state
from pages.components.language import t
from pages.components.services import actor, services

_AT, _LAST, _DONE = "lesson step", "steps where lessons were left", "lessons that were finished"
_LINK, _OPENED = "task of a link", "step with all choices"
_ADDRESS, _NOTES, _WANTED = "lesson in the address bar", "notes about the lesson", "page that a lesson wants"
_PAGE, _TOLD = "page of the lesson bar", "step whose answer was asked for"
_VIEW_PARAMETERS = {"lesson", "answers", "lang", "present", "measure"}
SKIP = "skip"


# -- the step --------------------------------------------------------------------------------------------------------


def own() -> OwnLessons:
    """The lessons that were written here."""
    return OwnLessons(services().folder.lessons, may_write=keeps_order(actor()))


def find(key: str) -> Lesson | None:
    """A lesson of the course, the task of a link, or one that was written here."""
    return lessons().get(key) or (st.session_state.get(_LINK) if capsule.is_link(key) else own().all().get(key))


def current() -> tuple[Lesson, int] | None:
    """The lesson that is given, and the place of its step from 0. One that was shortened or deleted ends."""
    if _AT not in st.session_state:
        return None
    key, place = st.session_state[_AT]
    lesson = find(key)
    return (lesson, min(place, len(lesson.steps) - 1)) if lesson else None


def step() -> Step | None:
    """The step that is given."""
    found = current()
    return found[0].steps[found[1]] if found else None


def go(key: str, place: int) -> None:
    """Give a step, with what it runs; another lesson is left where it is."""
    leave()
    lesson = find(key)
    if lesson is not None:
        place = min(place, len(lesson.steps) - 1)
        st.session_state[_AT] = (key, place)
        bring(lesson.steps[place])
        if lesson.steps[place].question is not None and not answers.is_answered(lesson, place):
            state.forget_run()  # what it came to would answer the question


def leave() -> None:
    """Give no lesson any more; the page stays as it is, and the course knows where it was left."""
    if _AT in st.session_state:
        key, place = st.session_state.pop(_AT)
        st.session_state[_LAST] = {**st.session_state.get(_LAST, {}), key: place}


def finish() -> None:
    """Leave a lesson at its end, for the course."""
    if _AT in st.session_state:
        key, _ = st.session_state.pop(_AT)
        st.session_state[_DONE] = {*done(), key}
        st.session_state.get(_LAST, {}).pop(key, None)
        open_course(key)


def open_course(key: str) -> None:
    """Go to the course and look at a lesson there."""
    state.set_view("topic", key)
    want_page("course")


def done() -> set[str]:
    """The lessons that were finished in this tab."""
    return st.session_state.get(_DONE, set())


def left_at(key: str) -> int:
    """The place of the step at which a lesson was left, or is; 0 before it was begun."""
    found = st.session_state.get(_AT)
    return found[1] if found and found[0] == key else st.session_state.get(_LAST, {}).get(key, 0)


def bring(shown: Shown) -> None:
    """Choose a preset, a comparison, a story or a view, and go to its page with the next run of the script."""
    query = {}
    if shown.preset:
        st.session_state["custom augmentation"] = False
        state.choose(Experiment.from_json({"preset": preset(shown.preset).key}))
    elif shown.comparison:
        _compare(comparison_presets()[shown.comparison])
    elif shown.story:
        landscape_tabs.show("practice")
        surface_state.tell_story([story.key for story in stories()].index(shown.story))
    elif isinstance(shown.linked, Comparison):
        _compare(shown.linked)
    elif isinstance(shown.linked, Experiment):
        state.choose(shown.linked)
    elif isinstance(shown.linked, View):
        query = shown.linked.query
        if shown.linked.experiment is not None:
            state.choose(shown.linked.experiment)
    elif shown.linked is not None:
        landscape_tabs.show("practice")
        surface_state.take(shown.linked)
    want_page(shown.page, query)


def _compare(chosen: ComparisonPreset | Comparison) -> None:
    """Choose a comparison; a stored one that is looked at stays in sight where it is the same."""
    study = compare_state.shown_study()
    if isinstance(chosen, Comparison):
        compare_state.take(chosen)
    else:
        compare_state.take_preset(chosen)
    compare_state.show_study(study)
    compare_state.show_study(compare_state.study_of(compare_state.draft().comparison()))


def want_page(page: str, query: Mapping[str, str] | None = None) -> None:
    """Go to a page, as an address with these parameters does, with the next run of the script."""
    st.session_state[_WANTED] = page, dict(query or {})


def run_claim(claim: Claim) -> None:
    """Leave the lesson and choose what shows whether a claim holds."""
    leave()
    bring(claim)


def go_to_wanted_page(page: str) -> None:
    """Go to the page that is wanted, from this one."""
    wanted, query = st.session_state.pop(_WANTED, (page, {}))
    if wanted != page:
        st.switch_page(f"{wanted}.py", query_params=query)
    if query:
        st.query_params.from_dict(query)


# -- what a reader may do --------------------------------------------------------------------------------------------


def controls() -> tuple[Control, ...]:
    """The choices that the step leaves to its reader on its page; () for all."""
    given = step()
    is_held_back = given is not None and st.session_state.get(_OPENED) != st.session_state[_AT]
    return given.show if given is not None and is_held_back and given.page == st.session_state.get(_PAGE) else ()


def leaves(name: str) -> bool:
    """Whether a choice that a step can leave to its reader, or keep back, is left to him."""
    return name not in CONTROLS or not controls() or name in controls()


def show_all_choices() -> None:
    """Leave every choice to the reader, as long as this step is given."""
    st.session_state[_OPENED] = st.session_state[_AT]


def waits_for_answer(page: str) -> bool:
    """Whether a page must not show yet what will happen, because the question of the step has no answer."""
    found = current()
    if found is None:
        return False
    lesson, place = found
    given = lesson.steps[place]
    return given.page == page and given.question is not None and not answers.is_answered(lesson, place)


def after_answer(page: str, look: Callable[[], None]) -> None:
    """Show what a page has to show; before the question of the step has an answer, say that it comes first."""
    if waits_for_answer(page):
        st.info(t("Answer the question of the lesson first, or skip it."))
    else:
        look()


def asks_what_came_out() -> bool:
    """Whether the reader has looked at what a page shows by itself, and asks for the answer to the question."""
    return st.session_state.get(_TOLD) == st.session_state.get(_AT)


def ask_what_came_out() -> None:
    """Tell the answer to the question of this step from now on."""
    st.session_state[_TOLD] = st.session_state[_AT]


def ask_again(lesson: Lesson, place: int) -> None:
    """Ask the question of a step once more, before what it runs."""
    st.session_state.pop(_TOLD, None)
    answers.ask_again(lesson, place)
    go(lesson.key, place)


def started(run: str) -> None:
    """Note with the answer to the step's question that a run was started."""
    found = current()
    if found is not None and found[0].steps[found[1]].page == "train" and answers.is_answered(*found):
        answers.followed(*found, run)


# -- the address -----------------------------------------------------------------------------------------------------


def notes() -> list[Text]:
    """What of the address could not be read; told once."""
    return st.session_state.pop(_NOTES, [])


def read_address(page: str) -> None:
    """Take over the step of the address where it is new; what it runs only where the address names nothing else."""
    st.session_state[_PAGE] = page
    query = st.query_params.to_dict()
    asked = {name: value for name, value in query.items() if name in ("lesson", "answers")} | capsule.own_parameters(
        query
    )
    if asked == st.session_state.get(_ADDRESS):
        return
    if "lesson" in asked:
        st.session_state[_ADDRESS] = asked
        _read_lesson(asked["lesson"], asked.get("answers", ""), query, page)
    elif capsule.own_parameters(query) and page == "train":
        st.session_state[_ADDRESS] = asked
        _read_link(query)


def _read_lesson(named: str, written: str, query: dict[str, str], page: str) -> None:
    key, _, number = named.rpartition(".")
    lesson = find(key)
    place = int(number) - 1 if number.isascii() and number.isdecimal() and len(number) < 4 else -1
    if lesson is None or not 0 <= place < len(lesson.steps):
        _note(Text("“{part}” in the link is no step of a lesson here.", part=named[:80]))
        return
    st.session_state[_AT] = (key, place)
    _read_answers(lesson, written)
    if not set(query) - _VIEW_PARAMETERS and page in ("train", lesson.steps[place].page):
        bring(lesson.steps[place])


def _read_link(query: dict[str, str]) -> None:
    """Take over the task of a link; its settings are read by the page."""
    experiment, _ = Experiment.from_url(query)
    task, problems = capsule.read(query, experiment)
    for problem in problems:
        _note(problem)
    if not task.to_url():
        return
    try:
        lesson = task.lesson(experiment)
    except ValidationError:
        _note(Text("The task of this link is left out: its settings cannot be run."))
        return
    st.session_state[_LINK], st.session_state[_AT] = lesson, (lesson.key, 0)
    _read_answers(lesson, query.get("answers", ""))


def _note(text: Text) -> None:
    st.session_state[_NOTES] = [*st.session_state.get(_NOTES, []), text]


def _read_answers(lesson: Lesson, written: str) -> None:
    """Take over answers as `address` writes them; what answers no question is named."""
    for part in filter(None, written[:400].split("_")):
        number, _, value = part.partition("-")
        place = int(number) - 1 if number.isascii() and number.isdecimal() else -1
        question = lesson.steps[place].question if 0 <= place < len(lesson.steps) else None
        try:
            given = None if question is None or value == SKIP else question.read(value)
        except (ValueError, OverflowError):
            question = given = None
        if question is not None and (given is None or question.takes(given)):
            answers.put(lesson, place, given)
        else:
            _note(Text("“{part}” in the link answers no question of this lesson.", part=part[:80]))


def address() -> dict[str, str]:
    """The step that is given and the answers in its lesson, for the address bar."""
    found = current()
    if found is None:
        st.session_state[_ADDRESS] = {}
        return {}
    lesson, place = found
    at = capsule.task_of(lesson).to_url() if capsule.is_link(lesson.key) else {"lesson": f"{lesson.key}.{place + 1}"}
    written = "_".join(
        f"{at + 1}-{_written(lesson.steps[at], given)}" for at, given in answers.given_in(lesson).items()
    )
    st.session_state[_ADDRESS] = {**at, **({"answers": written} if written else {})}
    return st.session_state[_ADDRESS]


def _written(step: Step, given: Given) -> str:
    assert step.question is not None
    return SKIP if given is None else step.question.write(given)
