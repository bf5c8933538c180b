"""One control for one parameter, made from its declaration.

Every control shows the draft (`state.draft()`) and writes to it by the parameter's dotted path, so a value that cannot
be used stays as typed, with what, why and fix below it.
"""

from __future__ import annotations

import json
import math
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from types import NoneType, UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin

import streamlit as st

from core.catalog.entry import Entry, Parameter
from core.errors import BadInput
from pages.components import state
from pages.components.error_box import error_box
from pages.components.language import language, t

LIVE_MARK = "~"
_NICE = (1, 1.5, 2, 3, 5, 7)
_BEFORE, _DRAWN = "what controls showed before they were set", "what controls were last drawn with"


# -- what a parameter is -----------------------------------------------------------------------------------------------


@dataclass
class Shape:
    """What values a parameter's type allows: none, fixed choices, kinds of plain values, an entry, a list."""

    optional: bool = False
    choices: tuple[Any, ...] = ()
    kinds: set[Any] = field(default_factory=set)
    family: str = ""
    items: Any = None

    @property
    def record(self) -> type[Entry] | None:
        """The class of the list's items when they have parameters of their own."""
        return self.items if isinstance(self.items, type) and issubclass(self.items, Entry) else None


def shape_of(annotation: Any) -> Shape:
    """Read a field's type."""
    shape = Shape()

    def read(kind: Any) -> None:
        origin = get_origin(kind)
        if origin is Annotated:
            read(get_args(kind)[0])
        elif origin in (Union, UnionType):
            for part in get_args(kind):
                read(part)
        elif origin is Literal:
            shape.choices += get_args(kind)
        elif origin in (tuple, list):
            shape.items = get_args(kind)[0]
        elif kind is NoneType:
            shape.optional = True
        elif isinstance(kind, type) and issubclass(kind, Entry):
            shape.family = kind.family
        else:
            shape.kinds.add(kind)

    read(annotation)
    return shape


# -- numbers ---------------------------------------------------------------------------------------------------------


def log_stops(low: float, high: float, *, whole: bool) -> list[float]:
    """The stops of a logarithmic slider: round numbers, six a decade, with both ends."""
    first = low if low > 0 else min(1.0, high)
    stops = {low, high}
    for exponent in range(math.floor(math.log10(first)), math.ceil(math.log10(high)) + 1):
        for digit in _NICE:
            stop = float(f"{digit * 10.0**exponent:.2g}")
            if first <= stop <= high and (not whole or stop == int(stop)):
                stops.add(stop)
    return sorted(int(stop) if whole else stop for stop in stops)


def linear_stops(low: float, high: float, *, whole: bool) -> list[float]:
    """The stops of a linear slider: about fifty, a round number apart, with both ends."""
    rough = max((high - low) / 50, 1.0 if whole else 0.0)
    power = 10.0 ** math.floor(math.log10(rough))
    step = next(digit * power for digit in (1, 2, 5, 10) if digit * power >= rough * 0.999)
    count = math.floor((high - low) / step + 1e-9)
    stops = {float(f"{low + place * step:.6g}") for place in range(count + 1)} | {float(low), float(high)}
    return sorted(int(stop) if whole else stop for stop in stops)


def shown_number(value: Any) -> str:
    """A number as a person would type it; what is not a number as it was typed."""
    if value is None:
        return ""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return value if isinstance(value, str) else json.dumps(value)
    # 1e-8, as it is typed.
    return f"{value:.6g}".replace("e-0", "e-") if isinstance(value, float) else str(value)


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def keep(key: str, value: Any) -> Any:
    """Let a control show `value` without touching it when it already does; returns it.

    It is to be given to the control as the value it begins with, too: a browser that has missed that it was set begins
    there, and not with nothing or at the lowest stop, which it would send back as chosen.
    """
    shown = st.session_state.get(key)
    if shown != value:
        st.session_state.setdefault(_BEFORE, {})[key] = (shown, time.monotonic())
    if shown != value or state.follows_soon():
        st.session_state[key] = value
    st.session_state.setdefault(_DRAWN, {})[key] = value
    return value


def is_chosen(key: str) -> bool:
    """Whether somebody has chosen what a control says; to be asked once of each message, for it is remembered.

    A browser that is behind says other things: what a control showed until it was set a moment ago, and what it was
    drawn with on a page that has gone since, as if that were new. Where the next page has not drawn the control yet
    there is nothing under its key.
    """
    if key not in st.session_state:
        return False
    said = st.session_state[key]
    before, since = st.session_state.get(_BEFORE, {}).get(key, (None, -math.inf))
    drawn = st.session_state.setdefault(_DRAWN, {})
    if (said == before and time.monotonic() - since < state.UNSEEN_S) or (key in drawn and said == drawn[key]):
        return False
    drawn[key] = said
    return True


def _put_from(path: str, key: str, read: Callable[[Any], Any] = lambda value: value) -> None:
    if is_chosen(key):
        state.put(path, read(st.session_state[key]))


def _put_typed(path: str, key: str, optional: bool) -> None:
    """Take what was typed; an emptied box that may not be empty shows its number again."""
    if is_chosen(key):
        typed = _typed(st.session_state[key])
        if optional or typed is not None:
            state.put(path, typed)


def _typed(text: str) -> Any:
    """What was typed, without the blanks people write into numbers; nothing typed is None."""
    packed = "".join(text.split())
    return packed if packed else None


def _label(parameter: Parameter) -> str:
    unit = parameter.usual.unit if parameter.usual else ""
    unit = f" ({t(unit)})" if unit and unit not in parameter.title else ""
    mark = f" {LIVE_MARK}" if parameter.usual and parameter.usual.live else ""
    return t(parameter.title) + unit + mark


def _help(parameter: Parameter) -> str:
    sentences = [t(parameter.help)]
    usual = parameter.usual
    if usual and _is_number(usual.low):
        sentences.append(t("Usual: {low:g} to {high:g}.", low=usual.low, high=usual.high))
        sentences.append(t("Legal: {range}.", range=parameter.range_text))
        sentences.append(t("Acts at once on a running run.") if usual.live else t("A change needs a new run."))
    return " ".join(sentences)


def number_field(
    parameter: Parameter, path: str, value: Any, *, whole: bool, optional: bool, usable: bool, empty: str = ""
) -> None:
    """A box for any value beside a slider over the usual range; an optional number may be left empty.

    A `usable` value outside the usual range stretches the slider.
    """
    usual = parameter.usual
    assert usual is not None
    box, slider = f"{path}|{language()}|box", f"{path}|{language()}|slider"
    label = _label(parameter)
    make_stops = log_stops if usual.scale == "log" else linear_stops
    stops: list[Any] = make_stops(usual.low, usual.high, whole=whole)
    if usable and _is_number(value) and value not in stops:
        stops = sorted([*stops, value])
    if optional:
        stops = [*stops, None]
    with st.container(horizontal=True, vertical_alignment="center", gap="xsmall", wrap=False):
        st.markdown(f":small[{label}]", width="stretch", help=_help(parameter))
        typed = st.session_state.get(box, "")
        same = repr(state.as_json(_typed(typed))) == repr(value)  # 3e-3 may stay as typed
        st.text_input(
            label,
            keep(box, typed if same else shown_number(value)),
            key=box,
            width=70,
            label_visibility="collapsed",
            placeholder=empty if optional else None,
            on_change=_put_typed,
            args=(path, box, optional),
        )
        st.select_slider(
            label,
            stops,
            keep(slider, value if value in stops else stops[0]),
            key=slider,
            format_func=lambda stop: empty if stop is None else shown_number(stop),
            width=100,
            label_visibility="collapsed",
            on_change=_put_from,
            args=(path, slider),
        )


# -- other kinds -----------------------------------------------------------------------------------------------------


def choice_field(parameter: Parameter, path: str, value: Any, shape: Shape) -> None:
    """A few fixed values, side by side; an optional one can be left to what stands around it."""
    key = f"{path}|{language()}"
    st.pills(
        _label(parameter),
        [*([""] if shape.optional else []), *shape.choices],
        default=keep(key, "" if value is None else value),
        key=key,
        required=True,
        format_func=lambda choice: t(str(choice)).replace("_", "–") if choice else t("as around it"),
        help=_help(parameter),
        on_change=_put_from,
        args=(path, key, lambda choice: choice or None),
    )


def switch_field(parameter: Parameter, path: str, value: Any) -> None:
    """On or off."""
    key = f"{path}|{language()}"
    shown = keep(key, bool(value))
    st.toggle(_label(parameter), shown, key=key, help=_help(parameter), on_change=_put_from, args=(path, key))


def text_field(parameter: Parameter, path: str, value: Any, read: Callable[[str], Any] = _typed) -> None:
    """Anything else, typed: by default one value; `read_list` reads a list of numbers separated by commas."""
    key = f"{path}|{language()}"
    shown = keep(key, shown_list(value))
    st.text_input(_label(parameter), shown, key=key, help=_help(parameter), on_change=_put_from, args=(path, key, read))


def shown_list(value: Any) -> str:
    """A list of numbers as `64, 64`; a number as typed; other values as JSON; text as it is."""
    if isinstance(value, list | tuple) and all(_is_number(item) for item in value):
        return ", ".join(str(item) for item in value)
    return shown_number(value)


def read_list(text: str) -> Any:
    """`64, 64` as a list of numbers; JSON as what it says; nothing as None; everything else as typed."""
    if not text.strip():
        return None
    for candidate in (f"[{text}]", text) if not text.strip().startswith("[") else (text,):
        try:
            return json.loads(candidate)
        except ValueError:
            continue
    return text


def plain_field(parameter: Parameter, path: str, value: Any, problem: BadInput | None, *, empty: str = "") -> None:
    """The control that fits a parameter that holds no entry, and below it why its value cannot be used.

    `empty` is what an optional number shows when unset.
    """
    shape = shape_of(parameter.annotation)
    if shape.choices and not shape.kinds:
        choice_field(parameter, path, value, shape)
    elif bool in shape.kinds:
        switch_field(parameter, path, value)
    elif parameter.usual is not None and shape.kinds & {int, float}:
        whole = float not in shape.kinds
        usable = problem is None
        number_field(parameter, path, value, whole=whole, optional=shape.optional, usable=usable, empty=empty)
    else:
        text_field(parameter, path, value, read_list if shape.items is not None else _typed)
    if problem is not None:
        error_box(problem)
