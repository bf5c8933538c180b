"""A form made from an entry's declaration: one control a parameter, and a choice among a family's entries.

Every control shows the draft (`state.draft()`) and writes to it by the parameter's dotted path, so a value that cannot
be used stays as typed, with what, why and fix below it.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Sequence
from typing import Any, get_args

import streamlit as st

from core.catalog.entry import Entry, Parameter
from core.catalog.registry import canonical_key, entries, entry_class
from core.errors import BadInput
from pages.components import state
from pages.components.error_box import error_box
from pages.components.explain import explain_entry
from pages.components.language import language, t

LIVE_MARK = "~"
_NICE = (1, 1.5, 2, 3, 5, 7)


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
    return f"{value:.6g}" if isinstance(value, float) else str(value)


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def keep(key: str, value: Any) -> None:
    """Let a control show `value` without touching it when it already does."""
    if st.session_state.get(key) != value:
        st.session_state[key] = value


def _put_from(path: str, key: str, read: Callable[[Any], Any] = lambda value: value) -> None:
    state.put(path, read(st.session_state[key]))


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


def number_field(parameter: Parameter, path: str, value: Any, *, whole: bool, optional: bool, empty: str = "") -> None:
    """A box for any value beside a slider over the usual range; an optional number may be left empty."""
    usual = parameter.usual
    assert usual is not None
    box, slider = f"{path}|{language()}|box", f"{path}|{language()}|slider"
    label = _label(parameter)
    make_stops = log_stops if usual.scale == "log" else linear_stops
    stops: list[Any] = make_stops(usual.low, usual.high, whole=whole)
    if _is_number(value) and math.isfinite(value) and value not in stops:
        stops = sorted([*stops, value])
    if optional:
        stops = [*stops, None]
    with st.container(horizontal=True, vertical_alignment="center", gap="small", wrap=False):
        st.markdown(f":small[{label}]", width="stretch", help=_help(parameter))
        keep(box, shown_number(value))
        st.text_input(
            label,
            key=box,
            width=76,
            label_visibility="collapsed",
            placeholder=empty if optional else None,
            on_change=_put_from,
            args=(path, box, _typed),
        )
        keep(slider, value if value in stops else stops[0])
        st.select_slider(
            label,
            stops,
            key=slider,
            format_func=lambda stop: empty if stop is None else shown_number(stop),
            width=104,
            label_visibility="collapsed",
            on_change=_put_from,
            args=(path, slider),
        )


# -- other kinds -----------------------------------------------------------------------------------------------------


def choice_field(parameter: Parameter, path: str, value: Any) -> None:
    """A few fixed values, side by side."""
    key = f"{path}|{language()}"
    if value in parameter.choices:
        keep(key, value)
    st.pills(
        _label(parameter),
        parameter.choices,
        key=key,
        required=True,
        format_func=lambda choice: t(str(choice)),
        help=_help(parameter),
        on_change=_put_from,
        args=(path, key),
    )


def switch_field(parameter: Parameter, path: str, value: Any) -> None:
    """On or off."""
    key = f"{path}|{language()}"
    keep(key, bool(value))
    st.toggle(_label(parameter), key=key, help=_help(parameter), on_change=_put_from, args=(path, key))


def text_field(parameter: Parameter, path: str, value: Any) -> None:
    """Anything else: a list of numbers separated by commas, or JSON."""
    key = f"{path}|{language()}"
    keep(key, shown_list(value))
    st.text_input(_label(parameter), key=key, help=_help(parameter), on_change=_put_from, args=(path, key, read_list))


def shown_list(value: Any) -> str:
    """A list of numbers as `64, 64`; other values as JSON; what was typed as typed."""
    if value is None:
        return ""
    if isinstance(value, list | tuple) and all(_is_number(item) for item in value):
        return ", ".join(str(item) for item in value)
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


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


# -- one field, one entry, one family ----------------------------------------------------------------------------------


def field(
    parameter: Parameter, path: str, value: Any, problem: BadInput | None = None, *, family: str = "", empty: str = ""
) -> None:
    """The control that fits a parameter, and below it why its value cannot be used.

    `family` names the entries of a parameter that holds one; `empty` is what an optional number shows when unset.
    """
    kinds = set(get_args(parameter.annotation)) or {parameter.annotation}
    if parameter.choices:
        choice_field(parameter, path, value)
    elif family:
        entry_choice(family, path, value, label=_label(parameter))
    elif bool in kinds:
        switch_field(parameter, path, value)
    elif parameter.usual is not None and kinds & {int, float}:
        number_field(parameter, path, value, whole=float not in kinds, optional=type(None) in kinds, empty=empty)
    else:
        text_field(parameter, path, value)
    if problem is not None:
        error_box(problem)


def nested_family(cls: type[Entry], name: str) -> str:
    """The family of a field that holds an entry (an activation of a network), else ""."""
    value = getattr(cls(), name)
    return value.family if isinstance(value, Entry) else ""


def entry_fields(
    family: str, path: str, entry: dict[str, Any], *, show_field: Callable[[Parameter], bool] = lambda parameter: True
) -> None:
    """The controls of one entry's parameters."""
    cls = entry_class(family, entry["key"])
    complete = {**cls().model_dump(mode="json"), **entry}
    for parameter in filter(show_field, cls.parameters()):
        problem = state.problem_of_field(family, complete, parameter.name)
        inner = nested_family(cls, parameter.name)
        value = complete[parameter.name]
        if inner and isinstance(value, str):
            value = {"key": value}
        field(parameter, f"{path}.{parameter.name}", value, problem, family=inner)


def is_more(parameter: Parameter) -> bool:
    """Whether a parameter stands behind "more": it says so, or it is typed as a list."""
    if parameter.usual is not None:
        return parameter.usual.more
    return not parameter.choices and not isinstance(parameter.default, Entry) and parameter.annotation is not bool


def title_of(family: str, key: str) -> str:
    """An entry's title in the reader's language."""
    return t(entry_class(family, key).title)


MORE = "…"
"""The pill that shows a family's rarer entries."""


def offered(family: str, path: str, fits: Callable[[type[Entry]], bool], taken: Sequence[str]) -> list[str]:
    """The keys offered side by side: the first choices and what is taken, the rarer ones once they are asked for."""
    keys = [key for key, cls in entries(family).items() if fits(cls) or key in taken]
    if st.session_state.get(f"{path}|all"):
        return keys
    first = [key for key in keys if not entries(family)[key].more or key in taken]
    return [*first, MORE] if len(first) < len(keys) else first


def name_of(family: str, option: str, absent: str = "") -> str:
    """What stands on a pill."""
    if option == MORE:
        return t("more ..")
    return title_of(family, option) if option else absent


def entry_choice(
    family: str,
    path: str,
    value: dict[str, Any] | None,
    *,
    label: str,
    fits: Callable[[type[Entry]], bool] = lambda cls: True,
    absent: str = "",
    show_field: Callable[[Parameter], bool] | None = None,
    after: Callable[[], None] | None = None,
) -> None:
    """One entry of a family, its alternatives side by side, the rarer ones behind "more .."; then its own parameters.

    `absent` names the choice of none, where there is one; `show_field` says which parameters are shown (by default
    those not behind "more"); `after` is called when another entry was chosen.
    """
    key = f"{path}|{language()}|key"
    current = canonical_key(family, value["key"]) if value else ""

    def take() -> None:
        wanted = st.session_state[key]
        if wanted == MORE:
            st.session_state[f"{path}|all"] = True
            return
        state.put(path, wanted or None)
        if after is not None:
            after()

    keep(key, current)
    st.pills(
        label or t("choice"),
        [*([""] if absent else []), *offered(family, path, fits, [current])],
        key=key,
        required=True,
        format_func=lambda option: name_of(family, option, absent),
        on_change=take,
        label_visibility="visible" if label else "collapsed",
    )
    if value:
        entry_fields(family, path, value, show_field=show_field or (lambda parameter: not is_more(parameter)))


def several(
    family: str,
    path: str,
    items: list[dict[str, Any]],
    *,
    fits: Callable[[type[Entry]], bool] = lambda cls: True,
    absent: str = "",
) -> None:
    """Any number of a family's entries, each with its parameters; `absent` names the choice of none of them."""
    taken = [canonical_key(family, item["key"]) for item in items]
    key = f"{path}|{language()}|keys"

    def take() -> None:
        wanted = st.session_state[key]
        if MORE in wanted:
            st.session_state[f"{path}|all"] = True
            return
        if "" in wanted and taken:
            wanted = []
        kept = [item for item in items if canonical_key(family, item["key"]) in wanted]
        state.put(path, [*kept, *({"key": name} for name in wanted if name and name not in taken)])

    options = [*([""] if absent else []), *offered(family, path, fits, taken)]
    keep(key, [name for name in options if name in (taken or [""])])
    st.pills(
        t("choice"),
        options,
        selection_mode="multi",
        key=key,
        format_func=lambda option: name_of(family, option, absent),
        label_visibility="collapsed",
        on_change=take,
    )
    for place, item in enumerate(items):
        if len(items) > 1 and entry_class(family, item["key"]).model_fields:
            st.caption(title_of(family, item["key"]))
        entry_fields(family, f"{path}.{place}", item, show_field=lambda parameter: not is_more(parameter))


def heading(name: str, chosen: Sequence[type[Entry]]) -> None:
    """The head of one of the five choices, with the explanation of what is chosen one click away."""
    with st.container(horizontal=True, vertical_alignment="center", gap="small", wrap=False):
        st.markdown(f"**{name}**", width="stretch")
        for cls in chosen:
            explain_entry(cls)
