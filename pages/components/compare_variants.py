"""The variants of a comparison: each has a colour, a name, its own parameters, and can be taken out."""

from __future__ import annotations

from typing import Any

import streamlit as st

from core.catalog.entry import parameter_of
from core.experiment import Experiment
from core.studies.comparison import Variant
from pages.components import compare_state
from pages.components.compare_dimensions import Dimension
from pages.components.compare_state import MOST, Level
from pages.components.entry_form import entry_choice, field, several
from pages.components.language import language, t
from pages.components.param_form import keep


def variants() -> None:
    """A line of variants, or two for a grid."""
    made = compare_state.draft()
    line("first", made.levels)
    if made.columns:
        line("second", made.columns)


def line(which: str, levels: list[Level]) -> None:
    """The variants of one thing, each a button that opens its form."""
    made = compare_state.draft()
    coloured = not made.columns
    with st.container(horizontal=True, vertical_alignment="center", gap="xsmall", key=f"variants-{which}"):
        st.markdown(f":small[**{t('VARIANTS') if which == 'first' else t('TIMES')}**]", width="content")
        for place, level in enumerate(levels):
            key = f"variant-{place}" if coloured else f"level-{which}-{place}"
            with st.container(key=key, width="content"), st.popover(_name(level), type="tertiary"):
                form(which, place, level)
        full = len(made.variants()) >= MOST
        if made.dimension_of(which) is not None:
            st.button(
                t("add"),
                key=f"add {which}",
                type="tertiary",
                icon=":material/add:",
                disabled=full,
                help=t("At most {count} variants", count=MOST) if full else t("One more variant"),
                on_click=compare_state.add_level,
                args=(which,),
            )


def _name(level: Level) -> str:
    return compare_state.display_name(Variant.from_json(level), compare_state.draft().base)


def form(which: str, place: int, level: Level) -> None:
    """A variant's name, its value with all parameters, and the button that takes it out."""
    made = compare_state.draft()
    item = made.dimension_of(which)
    key = f"name of {which} {place}|{language()}"
    keep(key, level["name"])
    st.text_input(
        t("Name"), key=key, max_chars=80, placeholder=_name(level), on_change=_rename, args=(which, place, key)
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
        entry_choice(item.family, path, inner, label=item.title, fits=item.fits(base), absent=absent)
    elif item.key == "rate":
        cls = type(Experiment.from_json(document).optimizer)
        field(parameter_of("lr", cls.model_fields["lr"]), path, value)
    else:
        field(Experiment.parameters()[item.path], path, value)
