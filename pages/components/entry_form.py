"""The choice among a family's entries and the form of the chosen one, made from their declarations."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import streamlit as st

from core.catalog.entry import Entry, Parameter, parameter_of
from core.catalog.registry import canonical_key, entries, entry_class
from core.errors import BadInput
from pages.components import state
from pages.components.error_box import error_box
from pages.components.explain import explain_entry
from pages.components.language import language, t
from pages.components.param_form import is_chosen, keep, plain_field, shape_of

MORE = "…"
"""The pill that shows a family's rarer entries."""


def is_more(parameter: Parameter) -> bool:
    """Whether a parameter stands behind "more": it says so, or it is typed as a list."""
    if parameter.usual is not None:
        return parameter.usual.more
    return shape_of(parameter.annotation).items is not None


def field(parameter: Parameter, path: str, value: Any, problem: BadInput | None = None, *, empty: str = "") -> None:
    """The control that fits a parameter, and below it why its value cannot be used."""
    shape = shape_of(parameter.annotation)
    if shape.family:
        inner = {"key": value} if isinstance(value, str) else value
        entry_choice(
            shape.family,
            path,
            inner,
            label=t(parameter.title),
            absent=t("as around it") if shape.optional else "",
        )
    elif shape.record is not None:
        records_field(parameter, path, value, shape.record)
    else:
        plain_field(parameter, path, value, problem, empty=empty)
        return
    if problem is not None:
        error_box(problem)


def entry_fields(
    family: str, path: str, entry: dict[str, Any], *, show_field: Callable[[Parameter], bool] = lambda parameter: True
) -> None:
    """The controls of one entry's parameters."""
    cls = entry_class(family, entry["key"])
    complete = {**cls().model_dump(mode="json"), **entry}
    for parameter in filter(show_field, cls.parameters()):
        problem = state.problem_of_field(family, complete, parameter.name)
        field(parameter, f"{path}.{parameter.name}", complete[parameter.name], problem)


def records_field(parameter: Parameter, path: str, items: list[dict[str, Any]], kind: type[Entry]) -> None:
    """A list whose items have parameters (the blocks of a CNN): one is picked, changed, moved; others come and go."""
    key, picked = f"{path}|{language()}|item", f"{path}|picked"
    place = min(st.session_state.get(picked, 0), len(items) - 1)

    def pick() -> None:
        st.session_state[picked] = st.session_state[key]

    def add() -> None:
        state.put(path, [*items[: place + 1], {**items[place], **kind.one_more}, *items[place + 1 :]])
        st.session_state[picked] = place + 1

    def remove() -> None:
        state.put(path, [*items[:place], *items[place + 1 :]])

    def move(to: int) -> None:
        others = [*items[:place], *items[place + 1 :]]
        state.put(path, [*others[:to], items[place], *others[to:]])
        st.session_state[picked] = to

    st.pills(
        t(parameter.title),
        range(len(items)),
        default=keep(key, place),
        key=key,
        required=True,
        format_func=lambda number: str(number + 1),
        help=t(parameter.help),
        on_change=pick,
    )
    with st.container(horizontal=True, gap="small"):
        st.button(t("Add one like it"), key=f"{path}|add", on_click=add, type="tertiary", icon=":material/add:")
        st.button(
            t("Remove it"),
            key=f"{path}|remove",
            on_click=remove,
            type="tertiary",
            icon=":material/remove:",
            disabled=len(items) < 2,
        )
        ways = (t("Move it earlier"), "arrow_back", place - 1), (t("Move it later"), "arrow_forward", place + 1)
        for label, icon, to in ways:
            st.button(
                label,
                key=f"{path}|{icon}",
                on_click=move,
                args=(to,),
                type="tertiary",
                icon=f":material/{icon}:",
                disabled=not 0 <= to < len(items),
            )
    complete = {**kind().model_dump(mode="json"), **items[place]}
    for name, declared in kind.model_fields.items():
        field(parameter_of(name, declared), f"{path}.{place}.{name}", complete[name], empty=t("by itself"))


def title_of(family: str, key: str) -> str:
    """An entry's title in the reader's language."""
    return t(entry_class(family, key).title)


def offered(family: str, path: str, fits: Callable[[type[Entry]], bool], taken: Sequence[str]) -> list[str]:
    """The keys offered side by side: the first choices and what is taken, the rarer ones once they are asked for."""
    keys = [key for key, cls in entries(family).items() if fits(cls) or key in taken]
    if st.session_state.get(f"{path}|all"):
        return keys
    first = [key for key in keys if not entries(family)[key].more or key in taken]
    return [*first, MORE] if len(first) < len(keys) else first


def name_of(family: str, option: str, absent: str = "") -> str:
    """What stands on a pill: no two the same, for Streamlit tells them apart by it, and own data may share a name."""
    if option == MORE:
        return t("more ..")
    if not option:
        return absent
    title = entry_class(family, option).title
    alike = [key for key, cls in entries(family).items() if cls.title == title]
    place = alike.index(option) + 1
    return title_of(family, option) if place == 1 else f"{title_of(family, option)} ({place})"


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

    `label` stands above it, with the explanation of what is chosen one click away, unless a heading does; `absent`
    names the choice of none, where there is one; `show_field` says which parameters are shown (by default those not
    behind "more"); `after` is called when another entry was chosen.
    """
    key = f"{path}|{language()}|key"
    current = canonical_key(family, value["key"]) if value else ""

    def take() -> None:
        wanted = st.session_state.get(key)
        if wanted is None or not is_chosen(key):
            return  # a pill that was there no longer; "" is the choice of none
        if wanted == MORE:
            st.session_state[f"{path}|all"] = True
            return
        state.put(path, wanted or None)
        if after is not None:
            after()

    if label:
        _named(f":small[{label}]", [entry_class(family, current)] if current else [])
    st.pills(
        label or t("choice"),
        [*([""] if absent else []), *offered(family, path, fits, [current])],
        default=keep(key, current),
        key=key,
        required=True,
        format_func=lambda option: name_of(family, option, absent),
        on_change=take,
        label_visibility="collapsed",
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
        if not is_chosen(key):
            return
        wanted = st.session_state[key]
        if MORE in wanted:
            st.session_state[f"{path}|all"] = True
            return
        if "" in wanted and taken:
            wanted = []
        kept = [item for item in items if canonical_key(family, item["key"]) in wanted]
        state.put(path, [*kept, *({"key": name} for name in wanted if name and name not in taken)])

    options = [*([""] if absent else []), *offered(family, path, fits, taken)]
    st.pills(
        t("choice"),
        options,
        selection_mode="multi",
        default=keep(key, [name for name in options if name in (taken or [""])]),
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
    _named(f"**{name}**", chosen)


def _named(name: str, chosen: Sequence[type[Entry]]) -> None:
    with st.container(horizontal=True, vertical_alignment="center", gap="xsmall", wrap=len(chosen) > 1):
        st.markdown(name, width="stretch")
        for cls in chosen:
            explain_entry(cls)
