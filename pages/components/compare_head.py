"""The head of Compare: what is the same for all, what differs, where the learning rates come from, how many seeds."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any, get_args

import streamlit as st

from core.catalog.presets import presets
from core.describe import choices as described
from core.describe import optimizer_words
from core.errors import BadInput
from core.experiment import Experiment
from core.store.records import RunRecord
from core.studies.comparison import MOST_LANES, Rates
from core.studies.comparison_presets import ComparisonPreset, comparison_presets
from pages.components import compare_state, state
from pages.components.compare_dimensions import DIMENSIONS, Dimension, numbers
from pages.components.compare_variants import variants
from pages.components.entry_form import field
from pages.components.error_box import error_box, plain
from pages.components.executor_choice import executor_choice
from pages.components.language import language, prose, show, t
from pages.components.param_form import is_chosen, keep
from pages.components.services import actor, computed_by, services

SEEDS = (1, 5, 10)
_BEGIN = "begin with"
NEWEST = 30
"""So many stored runs and comparisons are offered; all of them are on the Runs page."""


def welcome() -> None:
    """What the page is about, and what one can begin with, named after what happens."""
    st.markdown(
        prose(
            "Variants of one experiment race on equal terms; the page says what is a difference and what is luck. "
            "Press Start, or begin with one of these:"
        )
    )
    with st.container(horizontal=True, gap="small", key="prepared-comparisons"):
        for preset in comparison_presets().values():
            if preset.first:
                prepared(preset, "first")


def prepared(preset: ComparisonPreset, place: str = "") -> None:
    """The button that chooses a prepared comparison, with its caption as help."""
    st.button(
        t(preset.title),
        key=f"{place} comparison {preset.key}".strip(),
        help=show(preset.text),
        on_click=_take_prepared,
        args=(preset,),
    )


def _take_prepared(preset: ComparisonPreset) -> None:
    compare_state.take_preset(preset)
    st.session_state[_BEGIN] = False


def setup() -> None:
    """What differs, where the rates come from, how many seeds, and the variants: a line each."""
    what_differs()
    rates_and_seeds()
    variants()


# -- the base --------------------------------------------------------------------------------------------------------


PARTS = ("dataset", "augmentations", "architecture", "regularizers", "optimizer")
"""The parts of an experiment in the order in which it is told in a few words."""
TOLD_WITH = {"train_size": "dataset"}
"""Settings that are told with a part without belonging to it."""


def shared_words(first: Experiment, differing: Iterable[str]) -> str:
    """A variant in one line, without the seed and without what differs; of a part that differs inside, its name."""
    paths = set(differing)
    words = []
    for part, told in zip(PARTS, [*described(first)[:4], optimizer_words(first)], strict=True):
        inside = {path for path in paths if TOLD_WITH.get(path, path.split(".")[0]) == part}
        if not inside:
            words.append(show(told))
        elif not inside & {part, f"{part}.key"} and part not in ("augmentations", "regularizers"):
            words.append(t(getattr(first, part).title))
    for part in ("schedule", "loss"):
        entry, usual = getattr(first, part), getattr(Experiment(), part)
        if type(entry) is not type(usual) and not any(path.split(".")[0] == part for path in paths):
            words.append(t(entry.title))
    if "batch_size" not in paths:
        words.append(t("batch {value}", value=first.batch_size))
    if "epochs" not in paths:
        words.append(t("{epochs} epochs", epochs=first.epochs))
    return " › ".join(words)


def shared() -> tuple[Experiment, set[str]]:
    """One of the variants, and the settings in which they differ, with the learning rate where each has its own."""
    made = compare_state.draft()
    try:
        comparison = made.comparison()
        first, differing = comparison.varied()[0], set(comparison.differing_settings())
    except BadInput:
        changed = {item.path for which in ("first", "second") if (item := made.dimension_of(which))}
        return made.base, changed
    return first, differing | ({"optimizer.lr"} if made.rates == "own" else set())


def same_for_all() -> None:
    """What all variants share, and where to take another base from."""
    with st.container(horizontal=True, vertical_alignment="center", gap="small", key="same-for-all"):
        words = plain(shared_words(*shared()))
        st.markdown(f":small[**{t('SAME FOR ALL')}** &emsp; {words}]", width="stretch")
        with st.popover(t("change"), type="tertiary", icon=":material/tune:"):
            change_base()
        # Open or closed is ours to say, so that a choice closes it.
        with st.popover(t("begin with .."), type="tertiary", icon=":material/flag:", key=_BEGIN, on_change="rerun"):
            begin_with()
        if compare_state.can_take_back():
            st.button(
                t("undo"),
                type="tertiary",
                icon=":material/undo:",
                help=t("Take back the last change of this comparison"),
                on_click=compare_state.take_back,
            )


def change_base() -> None:
    """Another base: what Train has chosen, a stored run, a preset; and the numbers of the present one."""
    made = compare_state.draft()
    st.button(
        t("Take what is chosen on Train"),
        icon=":material/school:",
        on_click=compare_state.set_base,
        args=(state.experiment(),),
    )
    runs = [run for run in reversed(services().runs(actor=actor())) if run.study is None][:NEWEST]
    if runs:
        key = f"base run|{language()}"
        st.selectbox(
            t("Take a stored run"),
            [None, *runs],
            key=key,
            format_func=_run_words,
            on_change=_take_run,
            args=(key,),
        )
    key = f"base preset|{language()}"
    st.selectbox(
        t("Take a starting point"),
        [None, *presets().values()],
        key=key,
        format_func=lambda preset: t(preset.title) if preset else t("choose .."),
        on_change=_take_preset,
        args=(key,),
    )
    document = made.base.to_json()
    for name in ("epochs", "batch_size", "seed", "train_size"):
        if name == "train_size" and made.base.dataset.generated:
            continue
        field(Experiment.parameters()[name], f"base:{name}", document[name], empty=t("all"))


def _run_words(run: RunRecord | None) -> str:
    if run is None:
        return t("choose ..")
    if run.name:
        return run.name
    try:
        return " › ".join(show(words) for words in described(Experiment.from_json(dict(run.experiment))))
    except BadInput:
        return run.id


def _take_run(key: str) -> None:
    run = st.session_state[key]
    st.session_state[key] = None
    if run is not None:
        compare_state.set_base(computed_by(run))


def _take_preset(key: str) -> None:
    preset = st.session_state[key]
    st.session_state[key] = None
    if preset is not None:
        compare_state.set_base(Experiment.from_json({"preset": preset.key}))


def begin_with() -> None:
    """Comparisons named after what happens, and those that are stored."""
    for preset in comparison_presets().values():
        prepared(preset)
    stored = list(reversed(services().studies(actor=actor())))[:NEWEST]
    if stored:
        key = f"stored comparison|{language()}"
        st.selectbox(
            t("Stored comparisons"),
            [None, *(record.id for record in stored)],
            key=key,
            format_func=lambda study: _study_words(study) if study else t("choose .."),
            on_change=_open,
            args=(key,),
        )


def _study_words(study: str) -> str:
    record = services().study(study, actor=actor())
    when = record.created.astimezone().strftime("%Y-%m-%d %H:%M")
    names = [variant.get("name", "") for variant in record.document.get("variants", ())]
    return f"{when}  {record.name or ' / '.join(names)}"


def _open(key: str) -> None:
    study = st.session_state[key]
    st.session_state[key] = None
    if study:
        compare_state.open_study(study)
        st.session_state[_BEGIN] = False


# -- what differs, rates, seeds --------------------------------------------------------------------------------------


def what_differs() -> None:
    """One thing, and if wished a second, so that the variants are a grid."""
    made = compare_state.draft()
    named = [item for item in DIMENSIONS if item.suits(made.base)]
    others = [item for item in numbers(made.base) if item.suits(made.base)]
    chosen = [item for item in others if item.key in (made.first, made.second)]
    names = {item.key: item.title for item in (*named, *chosen)}
    keys = [*names]
    with st.container(horizontal=True, vertical_alignment="center", gap="small", key="what-differs", wrap=False):
        st.markdown(f":small[**{t('WHAT DIFFERS')}**]", width="content")
        first = made.first if made.first in keys else ""
        _pick("first", [key for key in keys if key != made.second or key == first] + [""] * (not first), first, names)
        with st.popover(t("another number"), type="tertiary", help=t("A sweep over any number of the experiment")):
            another_number(others)
        with st.popover(names.get(made.second) or t("+ second thing (grid)"), type="tertiary", help=t("Both at once")):
            _pick("second", ["", *(key for key in keys if key != made.first)], made.second, names)


def another_number(others: list[Dimension]) -> None:
    """Any other number of the experiment, to be swept."""
    key = f"another number|{language()}"

    def take() -> None:
        wanted = st.session_state[key]
        st.session_state[key] = None
        if wanted is not None:
            compare_state.set_first(wanted)

    titles = {item.key: item.title for item in others}
    st.selectbox(
        t("Any number of the experiment"),
        [None, *titles],
        key=key,
        format_func=lambda chosen: titles[chosen] if chosen else t("choose .."),
        on_change=take,
    )


def _pick(which: str, keys: list[str], current: str, names: Mapping[str, str]) -> None:
    key = f"{which} thing|{language()}"

    def take() -> None:
        wanted = st.session_state[key]
        if wanted is None or wanted == current:
            return
        (compare_state.set_second if which == "second" else compare_state.set_first)(wanted)

    st.pills(
        t("WHAT DIFFERS"),
        keys,
        default=keep(key, current),
        key=key,
        required=True,
        format_func=lambda item: names.get(item) or (t("none") if which == "second" else t("several things")),
        label_visibility="collapsed",
        on_change=take,
    )


def rates_and_seeds() -> None:
    """Where the learning rates come from, and how many paired seeds every variant has."""
    made = compare_state.draft()
    rate_names = {
        "own": t("each its own best of 9, same search for all"),
        "same": t("one for all"),
        "hand": t("by hand"),
    }
    with st.container(horizontal=True, vertical_alignment="center", gap="small", key="rates-and-seeds"):
        st.markdown(f":small[**{t('LEARNING RATE')}**]", width="content")
        key = f"rates|{language()}"
        st.pills(
            t("LEARNING RATE"),
            get_args(Rates),
            default=keep(key, made.rates),
            key=key,
            required=True,
            format_func=rate_names.__getitem__,
            label_visibility="collapsed",
            on_change=_take,
            args=(key, compare_state.set_rates),
        )
        st.markdown(
            f":small[**{t('SEEDS')}**]",
            width="content",
            help=t("Runs of every variant, the k-th of all with the same seed"),
        )
        key = f"seeds|{language()}"
        most = MOST_LANES // max(1, len(made.variants()))
        st.pills(
            t("SEEDS"),
            sorted({*(number for number in SEEDS if number <= most), made.seeds}),
            default=keep(key, made.seeds),
            key=key,
            required=True,
            label_visibility="collapsed",
            on_change=_take,
            args=(key, compare_state.set_seeds),
        )
        too_many = [number for number in SEEDS if number > most]
        if too_many:
            limit = t("{seeds} with at most {count} variants", seeds=too_many[0], count=MOST_LANES // too_many[0])
            st.caption(limit, width="content", help=t("At most {most} runs go on in one race.", most=MOST_LANES))
        executor_choice(in_a_row=True)


def _take(key: str, act: Callable[[Any], None]) -> None:
    if st.session_state.get(key) is not None and is_chosen(key):
        act(st.session_state[key])


def trouble() -> BadInput | None:
    """Say why what is chosen cannot be run; returns that."""
    made = compare_state.draft()
    if made.note is not None:
        error_box(made.note)
    found = compare_state.problem()
    if found is not None:
        error_box(found)
    return found
