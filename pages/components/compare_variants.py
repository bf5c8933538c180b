"""The variants of a comparison: each has a colour, a name, its own parameters, and can be taken out."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import streamlit as st

from core.errors import BadInput
from core.experiment import Experiment
from core.studies.comparison import MOST_IN_A_SWEEP, MOST_VARIANTS, Variant, has_rate
from core.studies.comparison_presets import is_prepared
from pages.components import compare_state
from pages.components.compare_dimensions import Dimension
from pages.components.compare_state import Draft, Level
from pages.components.entry_form import entry_choice, field, is_more, several
from pages.components.error_box import plain
from pages.components.language import language, show, t
from pages.components.param_form import keep
from pages.components.services import actor, services


def variants() -> None:
    """A line of variants, or two for a grid."""
    made = compare_state.draft()
    line("first", made.levels)
    if made.columns:
        line("second", made.columns)


def line(which: str, levels: list[Level]) -> None:
    """The variants of one thing, each a button that opens its form; of a sweep over many values its ends."""
    made = compare_state.draft()
    item = made.dimension_of(which)
    coloured = not made.columns
    dropped = _dropped(made) if coloured else set[int]()
    with st.container(horizontal=True, vertical_alignment="center", gap="xsmall", key=f"variants-{which}"):
        st.markdown(f":small[**{t('VARIANTS') if which == 'first' else t('TIMES')}**]", width="content")
        if len(levels) > MOST_VARIANTS:
            ends = {"first": plain(_name(levels[0])), "last": plain(_name(levels[-1])), "count": len(levels)}
            st.markdown(f":small[{t('{count} variants, from {first} to {last}', **ends)}]", width="content")
        else:
            for place, level in enumerate(levels):
                key = f"variant-{place}" if coloured else f"level-{which}-{place}"
                name = plain(_name(level))
                words = t("~~{name}~~ dropped", name=name) if place in dropped else name
                with st.container(key=key, width="content"), st.popover(words, type="tertiary"):
                    form(which, place, level)
        if item is None:
            return
        full = len(made.variants()) >= MOST_VARIANTS
        st.button(
            t("add"),
            key=f"add {which}",
            type="tertiary",
            icon=":material/add:",
            disabled=full,
            help=t("At most {count} variants", count=MOST_VARIANTS) if full else t("One more variant"),
            on_click=compare_state.add_level,
            args=(which,),
        )
        if item.is_number:
            with st.popover(t("range .."), type="tertiary", icon=":material/straighten:"):
                value_range(which, item, [item.value(made.document(level)) for level in levels])


def value_range(which: str, item: Dimension, values: Sequence[float]) -> None:
    """Values from one end to the other, equally far apart."""
    key = f"range of {which} {item.path}|{language()}"
    lowest, highest = min(values), max(values)
    is_grid = bool(compare_state.draft().columns)
    most = MOST_VARIANTS if is_grid else MOST_IN_A_SWEEP
    with st.form(key, border=False, enter_to_submit=True):
        st.markdown(t("**{what}: a range**", what=item.title))
        # Text, and not Streamlit's number box, which shows 0.0001 as 0.00.
        st.text_input(t("from"), f"{lowest:g}", key=f"{key}|low")
        st.text_input(t("to"), f"{highest:g}", key=f"{key}|high")
        st.number_input(
            t("how many values"),
            2,
            most,
            max(2, min(most, len(values))),
            key=f"{key}|count",
            help=t("2 to 8 curves can be told apart, or up to {most} where one number alone differs.", most=most),
        )
        st.radio(
            t("spacing"),
            ("log", "lin"),
            index=int(lowest <= 0 or highest < 10 * lowest),
            key=f"{key}|scale",
            horizontal=True,
            format_func=lambda name: t("equal factors") if name == "log" else t("equal steps"),
        )
        st.form_submit_button(t("Take these values"), type="primary", on_click=_take_range, args=(which, key))


def _take_range(which: str, key: str) -> None:
    scale, low, high, count = (st.session_state[f"{key}|{name}"] for name in ("scale", "low", "high", "count"))
    compare_state.set_range(which, scale, low, high, int(count))


def _dropped(made: Draft) -> set[int]:
    """The variants that were dropped, with all their seeds, by their places; none before there are runs."""
    try:
        study = compare_state.study_of(made.comparison())
    except BadInput:
        return set()
    if study is None:
        return set()
    left_out = set(services().study(study, actor=actor()).facts.get("dropped", ()))
    runs = services().runs_of(study, actor=actor()) if left_out else ()
    places = {run.colour_slot for run in runs if run.colour_slot is not None}
    return places - {run.colour_slot for run in runs if run.id not in left_out or run.state != "stopped"}


def _name(level: Level) -> str:
    return show(Variant.from_json(level).text)


def form(which: str, place: int, level: Level) -> None:
    """A variant's name, its value with all parameters, and the button that takes it out."""
    made = compare_state.draft()
    item = made.dimension_of(which)
    key = f"name of {which} {place}|{language()}"
    # A name that is ours is no name that somebody typed: it stands there as what holds without one.
    typed = "" if is_prepared(level["name"], level["changes"]) else level["name"]
    st.text_input(
        t("Name"),
        keep(key, typed),
        key=key,
        max_chars=80,
        placeholder=_name(level),
        on_change=_rename,
        args=(which, place, key),
    )
    if item is not None:
        value_of(item, f"{which} {place}:{item.path}", made.document(level), made.base)
    st.button(
        t("Take out"),
        key=f"remove {which} {place}",
        type="tertiary",
        icon=":material/close:",
        disabled=len(made.list_of(which)) <= 2,
        on_click=compare_state.remove_level,
        args=(which, place),
    )


def _rename(which: str, place: int, key: str) -> None:
    compare_state.rename_level(which, place, st.session_state[key])


def value_of(item: Dimension, path: str, document: dict[str, Any], base: Experiment) -> None:
    """The controls for a variant's value, the same as on Train."""
    value = item.value(document)
    if item.several:
        several(item.family, path, value, fits=item.fits(base), absent=t("none"))
    elif item.family:
        inner = {"key": value} if isinstance(value, str) else value
        absent = t("as the activation wants") if item.optional else ""
        rates = compare_state.draft().rates
        entry_choice(
            item.family,
            path,
            inner,
            label=item.title,
            fits=item.fits(base),
            absent=absent,
            show_field=lambda parameter: not is_more(parameter) and (rates == "hand" or parameter.name != "lr"),
        )
        if item.family == "optimizers" and rates != "hand" and has_rate(Experiment.from_json(document)):
            st.caption(
                t("Its learning rate is searched.") if rates == "own" else t("It has the learning rate of the base.")
            )
    else:
        field(item.parameter(document), path, value)
