"""What one tab of the browser looks at on the page Generalization: which part of it, and what the address says."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import streamlit as st

from core.text import Text
from pages.components import generalization_fits, kfold_state, stored_choice
from pages.components.language import language, t
from pages.components.param_form import keep

PARTS = ("capacity", "amount", "bias", "kfold", "strength", "patience", "confidence", "memory", "seal")
_PART, _ADDRESS = "part of Generalization", "Generalization in the address bar"
ADDRESSES: dict[str, tuple[Callable[[Mapping[str, str]], list[Text]], Callable[[], dict[str, str]]]] = {
    "capacity": (generalization_fits.read_address, generalization_fits.address),
    "bias": (generalization_fits.read_address, generalization_fits.address),
    "kfold": (kfold_state.read_address, kfold_state.address),
    "patience": (stored_choice.read_address, stored_choice.address),
    "confidence": (stored_choice.read_address, stored_choice.address),
    "memory": (stored_choice.read_address, stored_choice.address),
    "seal": (stored_choice.read_address, stored_choice.address),
}
"""How a part reads its query parameters, and which it writes; parts without any are absent."""
PARAMETERS = ("look", "study", "folds", "of", *generalization_fits.PARAMETERS)
"""Query parameters of the page: the part, the study that is shown, the number of folds, the run, and polynomials."""


def part() -> str:
    """The part that is shown."""
    return st.session_state.get(_PART, PARTS[0])


def show_part(name: str) -> None:
    """Show another part."""
    st.session_state[_PART] = name


def choice(names: Mapping[str, str]) -> None:
    """The row of parts."""
    key = f"generalization parts|{language()}"
    keep(key, part())
    st.segmented_control(
        t("What is looked at"),
        PARTS,
        format_func=names.__getitem__,
        key=key,
        label_visibility="collapsed",
        on_change=lambda: show_part(st.session_state[key] or part()),
    )


def read_address() -> list[Text]:
    """Take over what the address says, where it is new; sentences about what cannot be."""
    query = {name: st.query_params[name] for name in PARAMETERS if name in st.query_params}
    if query == st.session_state.get(_ADDRESS):
        return []
    st.session_state[_ADDRESS] = query
    remarks = []
    if query.get("look") in PARTS:
        show_part(query["look"])
    elif query.get("look"):
        said = f"look={query['look']}"[:200]
        remarks.append(Text("“{part}” in the link is nothing that can be chosen here.", part=said))
    read, _ = ADDRESSES.get(part(), (None, None))
    return remarks + (read(query) if read is not None else [])


def address() -> dict[str, str | None]:
    """What stands in the address beside the experiment."""
    query = {"look": part()} if part() != PARTS[0] else {}
    _, written = ADDRESSES.get(part(), (None, None))
    query |= written() if written is not None else {}
    st.session_state[_ADDRESS] = query
    return dict(query)
