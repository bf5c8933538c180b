"""Which lesson one tab is led through, at which step, what was answered and voted; and how it stands in the address.

The address holds the step and the answers of its lesson (`lesson=dropout.2&answers=1-0_2-skip`), so that a reload in
mid-lesson loses nothing. What a step runs stands there by itself, as on every page.
"""

from __future__ import annotations

import streamlit as st

from core.catalog.presets import preset
from core.experiment import Experiment
from core.landscape.stories import stories
from core.lessons.lesson import Choice, Claim, Control, Lesson, Question, Shown, Step, Verdict, lessons
from core.lessons.own import OwnLessons
from core.studies.comparison import Comparison
from core.studies.comparison_presets import ComparisonPreset, comparison_presets
from core.text import Text
from pages.components import compare_state, landscape_tabs, state, surface_state
from pages.components.services import services

_AT, _LAST, _DONE = "lesson step", "steps where lessons were left", "lessons that were finished"
_ANSWERS, _VOTES, _OPENED = "answers in lessons", "votes on claims", "step with all choices"
_ADDRESS, _NOTES, _WANTED = "lesson in the address bar", "notes about the lesson", "page that a lesson wants"
_VIEW_PARAMETERS = {"lesson", "answers", "lang", "present", "measure"}
SKIP = "skip"

Answer = int | float | None
"""The place of a choice, a number, or None for a question that was skipped."""


# -- the step --------------------------------------------------------------------------------------------------------


def own() -> OwnLessons:
    """The lessons that were written here."""
    return OwnLessons(services().folder.lessons)


def find(key: str) -> Lesson | None:
    """A lesson of the course, or one that was written here."""
    return lessons().get(key) or own().all().get(key)


def current() -> tuple[Lesson, int] | None:
    """The lesson that is given, and the place of its step from 0. One that was shortened or deleted ends."""
    key, place = st.session_state.get(_AT, ("", 0))
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
        st.session_state[_AT] = (key, min(place, len(lesson.steps) - 1))
        bring(lesson.steps[st.session_state[_AT][1]])


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
    """Choose a preset, a comparison or a story, and go to its page with the next run of the script."""
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
    elif shown.linked is not None:
        landscape_tabs.show("practice")
        surface_state.take(shown.linked)
    want_page(shown.page)


def _compare(chosen: ComparisonPreset | Comparison) -> None:
    """Choose a comparison; a stored one that is looked at stays in sight where it is the same."""
    study = compare_state.shown_study()
    if isinstance(chosen, Comparison):
        compare_state.take(chosen)
    else:
        compare_state.take_preset(chosen)
    compare_state.show_study(study)
    compare_state.show_study(compare_state.study_of(compare_state.draft().comparison()))


def want_page(page: str) -> None:
    """Go to a page with the next run of the script."""
    st.session_state[_WANTED] = page


def run_claim(claim: Claim) -> None:
    """Leave the lesson and choose what shows whether a claim holds."""
    leave()
    bring(claim)


def wanted_page() -> str | None:
    """The page to go to now, once."""
    return st.session_state.pop(_WANTED, None)


# -- what a reader may do --------------------------------------------------------------------------------------------


def controls() -> tuple[Control, ...]:
    """The choices of Train that the step leaves to its reader; () for all."""
    given = step()
    return given.show if given is not None and st.session_state.get(_OPENED) != st.session_state[_AT] else ()


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
    return given.page == page and given.question is not None and not is_answered(lesson, place)


# -- answers and votes -----------------------------------------------------------------------------------------------


def _answers() -> dict[tuple[str, int], Answer]:
    return st.session_state.setdefault(_ANSWERS, {})


def answer(key: str, place: int, given: Answer) -> None:
    """Keep what was answered to the question of a step, None when it was skipped."""
    _answers()[key, place] = given


def is_answered(lesson: Lesson, place: int) -> bool:
    """Whether the question of a step was answered or skipped; what is no answer by now does not count."""
    question = lesson.steps[place].question
    return question is not None and (lesson.key, place) in _answers() and fits(question, answer_of(lesson.key, place))


def fits(question: Question, given: Answer) -> bool:
    """Whether something can be answered to a question."""
    if given is None:
        return True
    return (
        given in range(len(question.choices))
        if isinstance(question, Choice)
        else question.low <= given <= question.high
    )


def answer_of(key: str, place: int) -> Answer:
    """What was answered to the question of a step."""
    return _answers()[key, place]


def vote(key: str, place: int, given: Verdict) -> None:
    """Keep what was said of a claim of a lesson."""
    st.session_state.setdefault(_VOTES, {})[key, place] = given


def vote_of(key: str, place: int) -> Verdict | None:
    """What was said of a claim of a lesson, or None."""
    return st.session_state.get(_VOTES, {}).get((key, place))


# -- the address -----------------------------------------------------------------------------------------------------


def notes() -> list[Text]:
    """What of the address could not be read; told once."""
    return st.session_state.pop(_NOTES, [])


def read_address(page: str) -> None:
    """Take over the step of the address where it is new; what it runs only where the address names nothing else."""
    query = st.query_params.to_dict()
    asked = query.get("lesson", ""), query.get("answers", "")
    if not asked[0] or asked == st.session_state.get(_ADDRESS):
        return
    st.session_state[_ADDRESS] = asked
    key, _, number = asked[0].rpartition(".")
    lesson = find(key)
    place = int(number) - 1 if number.isascii() and number.isdecimal() and len(number) < 4 else -1
    if lesson is None or not 0 <= place < len(lesson.steps):
        st.session_state[_NOTES] = [Text("“{part}” in the link is no step of a lesson here.", part=asked[0][:80])]
        return
    st.session_state[_AT] = (key, place)
    _read_answers(lesson, asked[1])
    if not set(query) - _VIEW_PARAMETERS and page in ("train", lesson.steps[place].page):
        bring(lesson.steps[place])


def _read_answers(lesson: Lesson, written: str) -> None:
    """Take over answers as `address` writes them; what answers no question is named."""
    for part in filter(None, written[:400].split("_")):
        number, _, value = part.partition("-")
        place = int(number) - 1 if number.isascii() and number.isdecimal() else -1
        question = lesson.steps[place].question if 0 <= place < len(lesson.steps) else None
        try:
            given = None if value == SKIP else int(value) if isinstance(question, Choice) else float(value)
        except ValueError:
            question = None
        if question is not None and fits(question, given):
            answer(lesson.key, place, given)
        else:
            unread = Text("“{part}” in the link answers no question of this lesson.", part=part[:80])
            st.session_state[_NOTES] = [*st.session_state.get(_NOTES, []), unread]


def address() -> dict[str, str]:
    """The step that is given and the answers in its lesson, for the address bar."""
    found = current()
    if found is None:
        st.session_state[_ADDRESS] = ("", "")
        return {}
    lesson, place = found
    mine = sorted((at, given) for (key, at), given in _answers().items() if key == lesson.key)
    written = "_".join(f"{at + 1}-{SKIP if given is None else f'{given:g}'}" for at, given in mine)
    st.session_state[_ADDRESS] = (f"{lesson.key}.{place + 1}", written)
    return {"lesson": f"{lesson.key}.{place + 1}", **({"answers": written} if written else {})}
