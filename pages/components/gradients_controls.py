"""Controls of the Gradients page: each shows a field of a record and writes it back when it is moved."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

import streamlit as st

from core.catalog.registry import entries
from core.studies.comparison import Comparison
from core.studies.gradients_asked import FIRST_WEIGHTS
from pages.components import compare_state
from pages.components import gradients_state as chosen
from pages.components.language import language, t
from pages.components.param_form import keep


def whole(label: str, part: str, name: str, low: int, high: int, help: str | None = None) -> None:
    """A slider over whole numbers."""
    key, now = _shown(part, name)
    st.slider(label, low, high, now, key=key, help=help, on_change=_taken, args=(key, part, name))


def stepped(label: str, part: str, name: str, values: Sequence[Any], help: str | None = None) -> None:
    """A slider over these values; one of a link that lies between them is among them."""
    key, now = _shown(part, name)
    st.select_slider(
        label,
        sorted({*values, now}),
        now,
        key=key,
        help=help,
        format_func=lambda value: f"{value:g}",
        on_change=_taken,
        args=(key, part, name),
    )


def picked(
    label: str, part: str, name: str, options: Sequence[str], named: Callable[[str], str], help: str | None = None
) -> None:
    """One of a list."""
    key, now = _shown(part, name)
    st.selectbox(
        label,
        options,
        list(options).index(now),
        key=key,
        help=help,
        format_func=named,
        on_change=_taken,
        args=(key, part, name),
    )


def switch(label: str, part: str, name: str, help: str | None = None) -> None:
    """On or off."""
    key, now = _shown(part, name)
    st.toggle(label, now, key=key, help=help, on_change=_taken, args=(key, part, name))


def draw_again(part: str) -> None:
    """Other first weights, from the next seed."""
    seed = chosen.part(part).seed
    st.button(
        t("Draw again"),
        key=f"{part} draw again",
        icon=":material/casino:",
        type="tertiary",
        help=t("Other first weights: seed {seed}", seed=seed + 1),
        on_click=lambda: chosen.put(part, seed=seed + 1),
    )


def first_weights(part: str) -> None:
    """Where the first weights come from."""
    picked(t("first weights"), part, "first_weights", list(FIRST_WEIGHTS), first_weights_name)


def compare_door(label: str, key: str, comparison: Callable[[], Comparison], why_not: str = "") -> None:
    """The button that hands a comparison to the Compare page, where it is not yet started."""
    if st.button(
        label,
        key=f"gradients compare {key}",
        icon=":material/arrow_forward:",
        disabled=bool(why_not),
        help=why_not or t("Opens Compare with this pair, not yet started."),
        width="stretch",
    ):
        compare_state.take(comparison())
        compare_state.show_study(None)
        st.switch_page("compare.py")


def _shown(part: str, name: str) -> tuple[str, Any]:
    """The key of a control, and the value that it shows."""
    key = f"gradients {part}.{name}|{language()}"
    return key, keep(key, getattr(chosen.part(part), name))


def _taken(key: str, part: str, name: str) -> None:
    chosen.put(part, **{name: st.session_state[key]})


# -- words ------------------------------------------------------------------------------------------------------------


def activations() -> list[str]:
    """The activations to choose from, those of the first choice first."""
    return sorted(entries("activations"), key=lambda key: entries("activations")[key].more)


def activation_name(key: str) -> str:
    """What an activation is called."""
    return t(entries("activations")[key].title)


def first_weights_name(key: str) -> str:
    """What first weights are called: "He × 2", "normal 0.01"."""
    document = FIRST_WEIGHTS[key]
    title = t(entries("initializers")[document["key"]].title)
    if "gain" in document:
        return f"{title} × {document['gain']:g}"
    return f"{title} {document['sigma']:g}" if "sigma" in document else title


def logarithmic(low: float, high: float) -> list[float]:
    """Round numbers from `low` to `high`, three a decade."""
    exponents = range(math.floor(math.log10(low)), math.ceil(math.log10(high)) + 1)
    values = [float(f"{factor}e{exponent}") for exponent in exponents for factor in (1, 2, 5)]
    return [value for value in values if low <= value <= high]
