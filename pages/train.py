"""Train: choose five things, press Start, watch a real network learn."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import streamlit as st

from core.catalog.entry import Entry
from core.catalog.presets import Preset, presets
from core.describe import preset_of
from core.errors import CoreError
from core.experiment import Experiment
from core.store.records import RunRecord
from core.studies.access import may, may_change
from core.studies.setting_words import settings_of_its_own
from core.text import Text
from pages.components import (
    address,
    blocks_state,
    branching,
    compare_state,
    download,
    faults,
    landscape_tabs,
    lesson_question,
    lesson_state,
    link_task,
    opening,
    own_lessons,
    plain_code,
    replaying,
    sharing,
    state,
    stored_choice,
    watching,
)
from pages.components.choices import choices
from pages.components.error_box import error_box, notes_box
from pages.components.knobs import change_while_it_runs
from pages.components.language import language, prose, show, t
from pages.components.live_chart import live_chart, live_labels
from pages.components.parts import panes
from pages.components.seal_line import seal_line
from pages.components.services import actor, computed_by, live_token, services

# Key of the live component; under it Streamlit keeps what was pressed there, for one run of the page.
LIVE = "live"


def take_preset(preset: Preset) -> None:
    """Choose a starting point; it is not started by itself."""
    st.session_state["custom augmentation"] = False
    state.choose(Experiment.from_json({"preset": preset.key}))


def welcome() -> None:
    """One sentence, and what one can begin with, named after what happens."""
    st.markdown(prose("Choose five things, press Start, and watch a real network learn. Or begin with one of these:"))
    with st.container(horizontal=True, gap="small", key="starting-points"):
        starting_points()


def starting_points() -> None:
    """A button for each."""
    for preset in presets().values():
        if preset.first:
            st.button(
                t(preset.title),
                key=f"preset {preset.key}",
                help=show(preset.text),
                on_click=take_preset,
                args=(preset,),
            )


# -- what is shown ----------------------------------------------------------------------------------------------------


def live_fields(entry: Entry) -> set[str]:
    """The parameters of an entry that act at once."""
    return {parameter.name for parameter in entry.parameters() if parameter.usual and parameter.usual.live}


def live_changes(before: Experiment, after: Experiment) -> dict[str, Any] | None:
    """What changed between two experiments when all of it acts at once, else None."""
    optimizer = after.optimizer
    if type(before.optimizer) is not type(optimizer):
        return None
    changes = {
        name: getattr(optimizer, name)
        for name in live_fields(optimizer)
        if getattr(before.optimizer, name) != getattr(optimizer, name)
    }
    same = optimizer.model_copy(update={name: getattr(before.optimizer, name) for name in changes})
    rest = after.model_copy(update={"optimizer": same})
    if not changes or rest.fingerprint() != before.fingerprint():
        return None
    return {f"optimizer.{name}": value for name, value in changes.items()}


def is_mine(run: str) -> bool:
    """Whether the person of this tab may change a run."""
    record = services().find(run, actor=actor())
    return record is not None and may_change(record, actor())


def follow_changes() -> tuple[str | None, str | None]:
    """The run that shows what is chosen, or None; and the run to keep as a ghost.

    A change that acts at once goes to the running run; any other needs a new run, and the old one stays as a ghost,
    also behind the new one.
    """
    shown = state.shown_run()
    if shown is None:
        return None, None
    run, computed = shown
    now = state.experiment()
    if state.trains_the_same(now, computed):  # pyright: ignore[reportArgumentType]  # frozen, so it has a hash
        return run, branching.beside(run)
    comparable = run if are_comparable(computed, now) else None
    changes = live_changes(computed, now)
    if changes and services().is_active(run) and is_mine(run):
        try:
            services().command(run, "set", changes, actor=actor())
        except CoreError as error:
            # It has ended in this very moment: what is chosen now needs a new run.
            st.session_state["refused"] = error
            return None, comparable
        state.show_run(run, now)
        return run, branching.beside(run)
    return None, comparable


def are_comparable(before: Experiment, after: Experiment) -> bool:
    """Whether the curves of two experiments belong into one chart: they learn from the same data set."""
    return before.dataset.key == after.dataset.key  # pyright: ignore[reportAttributeAccessIssue]


def settings_behind(run: str | None) -> str:
    """The settings that the run drawn behind has and the choices have not, in words."""
    record = services().find(run, actor=actor()) if run else None
    words = settings_of_its_own(computed_by(record), state.experiment()) if record else None
    return show(words) if words else ""


def start(experiment: Experiment, *, pace: str = "10s", one_update: bool = False) -> bool:
    """Train an experiment and look at it, paused after one update if asked; False when refused, which the page says."""
    try:
        run = services().start(experiment, actor=actor(), pace=pace, paused=one_update)
        if one_update:
            services().command(run, "step", actor=actor())
        watching.begin(run)
    except CoreError as error:
        st.session_state["refused"] = error
        return False
    before = state.shown_run()
    branching.put_beside(run, before[0] if before and are_comparable(before[1], experiment) else None)
    state.show_run(run, experiment)
    lesson_state.started(run)
    stored_choice.look_at(run)
    return True


def caption_of(experiment: Experiment) -> str:
    """What will happen, where an experiment is a preset: its caption."""
    preset = preset_of(experiment)
    return show(preset.text) if preset else ""


def attach() -> None:
    """A new tab or a reload finds the run of its address, else one that is running."""
    if "attached" in st.session_state:
        return
    st.session_state["attached"] = True
    asked = st.query_params.get("run", "")
    record = services().find(asked, actor=actor()) if asked else services().running(actor=actor())
    if record is None:
        if asked:
            state.remark(Text("There is no run “{run}” here: it may have been deleted.", run=asked[:80]))
        return
    if not asked and record.study is not None:
        return  # a comparison is watched on its own page
    computed = computed_by(record)
    if asked or not state.experiment().differences() or computed.fingerprint() == state.experiment().fingerprint():
        state.choose(computed)
        state.show_run(record.id, computed)
        services().show_learned(record.id, actor=actor())
        if asked and not record.active:
            replaying.read_address(record)


def _vary(run: RunRecord, family: Sequence[RunRecord]) -> None:
    shown = state.shown_run()
    assert shown is not None
    if may_change(run, actor()):
        change_while_it_runs(*shown)
    branching.branch_here(run.id)
    if st.button(
        t("Landscape"),
        icon=":material/landscape:",
        help=t("The loss around this network, with the path of this run on it"),
    ):
        landscape_tabs.show("network", run.id)
        st.switch_page("landscapes.py")
    blocks_state.door(run)
    if len(family) > 1:
        branching.branch_tree(run.id, family)


def this_run(run: RunRecord, family: Sequence[RunRecord]) -> None:
    """What can be done with the run looked at beside starting and stopping it, and what has branched."""
    with st.container(horizontal=True, vertical_alignment="top", gap="small", key="this-run"):
        if not lesson_state.controls():  # a step that leaves only some choices leaves no others here
            _vary(run, family)
        seal_line(run)
        sharing.of_run(run)


def seen() -> None:
    """The live part: numbers, curves, what it has learned, the sentence, the next action."""
    run, ghost = follow_changes()
    family = services().family(run, actor=actor()) if run else ()
    record = next((member for member in family if member.id == run), None)
    waits = run is None and lesson_state.waits_for_answer("train")
    blocked = ""
    with st.container(key="above-live"):
        clash = state.problem_of_combination()
        if clash is not None:
            error_box(clash)
            blocked = t("These choices do not fit together: see above.")
        elif state.problem_of_draft() is not None:
            blocked = t("Mend what is marked; until then the last usable choice is shown.")
            st.caption(blocked)
        elif waits:
            blocked = t("Answer the question of the lesson first, or skip it.")
        elif run is None and ghost is not None:
            st.caption(t("This change needs a new run: press Start. The old curve stays as a ghost."))
        elif record is not None and not st.session_state.get("present", False):
            this_run(record, family)
    if run is None and download.is_to_be_asked():
        download.ask()
        return
    try:
        channel = run or services().preview(state.experiment(), actor=actor())
    except CoreError as error:
        error_box(error)
        return
    # What came out before would answer the question of a lesson.
    known = replaying.stored(state.experiment()) if run is None and not blocked else None
    live_chart(
        channel,
        token=live_token(),
        labels=live_labels(t),
        key=LIVE,
        lang=language(),
        present=st.session_state.get("present", False),
        ghost=ghost,
        is_kin=any(member.id == ghost for member in family),
        differs=settings_behind(ghost),
        blocked=blocked,
        may=may(record, actor()) if record is not None else "change",
        caption="" if waits else caption_of(state.experiment()),  # it says what will happen
        form_key="choose",
        curve=lesson_question.curve(run),
        on_curve=lesson_question.take_curve,
        replay=replaying.of(run),
        offer=replaying.offer(known),
        measure=st.query_params.get("measure") == "1",
    )


def answer(fired: Mapping[str, Any]) -> None:
    """Do what was pressed in the live part, before the page is drawn, so that one run of the page shows the result."""
    pace = next((pressed["pace"] for pressed in fired.values() if pressed and "pace" in pressed), "10s")
    if fired.get("start"):
        problem = state.problem_of_draft() or state.problem_of_combination()
        one_update = bool(fired["start"].get("one_update"))
        if problem is not None:
            st.session_state["refused"] = problem
        elif one_update or not replaying.serve(state.experiment()):
            start(state.experiment(), pace=pace, one_update=one_update)
    if fired.get("again"):
        start(again(fired["again"]["run"]), pace=pace)
    if fired.get("replay"):
        replaying.note(fired["replay"])
    if fired.get("offered") and (known := replaying.stored(state.experiment())) is not None:
        replaying.begin(known)
    if fired.get("suggestion"):
        suggested = services().suggested(fired["suggestion"]["run"], fired["suggestion"]["id"], actor=actor())
        if suggested is not None:
            state.choose(suggested)
            start(suggested, pace=pace)


def again(run: str) -> Experiment:
    """The experiment of a run as it was started, to be run once more with the same seed."""
    record = services().find(run, actor=actor())
    experiment = Experiment.from_json(dict(record.experiment)) if record else state.experiment()
    state.choose(experiment)
    return experiment


def take_along() -> None:
    """The address that reproduces the experiment, and its code."""
    address.share(
        t("The address that reproduces this experiment"),
        t("Whoever opens this address sees the same choices, and trains to the same result:"),
        state.experiment().to_url(),
        link_task.ask,
    )
    plain_code.offer(state.experiment())
    faults.seal_one()


def page() -> None:
    """The whole page."""
    state.read_address()
    attach()
    if (shown := state.shown_run()) is not None and services().find(shown[0], actor=actor()) is None:
        state.forget_run()  # it was deleted elsewhere, or is no longer shared
    answer(st.session_state.get(LIVE) or {})
    if state.starts_on_arrival():
        start(state.experiment())
    present = st.session_state.get("present", False)
    first_visit = state.shown_run() is None
    # What comes and goes stands in a container that stays, so that the live part below keeps its place in the page.
    with st.container(key="above", gap="small"):
        if first_visit and not present and lesson_state.step() is None and not state.experiment().sealed:
            welcome()
        notes_box(state.notes())
        if "refused" in st.session_state:
            error_box(st.session_state.pop("refused"))
        faults.strip()
    if present:
        with st.container(key="presentation"):
            seen()
        return
    left, right = panes(360)
    with right:
        seen()
    with left:
        choices()
        with st.container(horizontal=True, gap="small"):
            take_along()
            own_lessons.as_lesson(state.experiment())
            if st.button(t("compare .."), icon=":material/stacked_line_chart:", help=t("Let this race its variants")):
                compare_state.set_base(state.experiment())
                compare_state.show_study(None)
                st.switch_page("compare.py")
            if not first_visit:
                opening.popover("begin with", t("begin with .."), starting_points, icon=":material/flag:")


page()
