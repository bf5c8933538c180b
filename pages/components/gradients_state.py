"""What one tab has chosen on the Gradients page: the records that are drawn, which picture is shown, the address."""

from __future__ import annotations

import json
from typing import Any

import streamlit as st

from core.errors import BadInput
from core.studies.gradients_asked import Asked, Clipped, Felt, Pair, Pretrained, ThroughTime
from core.text import Text

TABS = ("before", "felt", "time", "clipping", "pretraining")
USUAL: dict[str, Asked] = {
    "left": Pair().left,
    "right": Pair().right,
    "both": Pair().shared,
    "felt": Felt(),
    "time": ThroughTime(),
    "clipping": Clipped(),
    "pretraining": Pretrained(),
}
"""What the page opens with. The first word of a query parameter names the record it belongs to."""
_BEFORE = ("left", "right", "both")
_PARTS, _TAB, _ADDRESS = "gradients choices", "gradients picture", "gradients in the address bar"


def part(name: str) -> Any:
    """One of the records."""
    return st.session_state.setdefault(_PARTS, dict(USUAL))[name]


def put(name: str, **values: Any) -> None:
    """Change some of a record's values."""
    chosen = part(name)
    st.session_state[_PARTS][name] = type(chosen).of({**dict(chosen), **values})


def pair() -> Pair:
    """Both networks."""
    return Pair(left=part("left"), right=part("right"), shared=part("both"))


def take(chosen: Pair) -> None:
    """Choose two networks."""
    for name, record in zip(_BEFORE, (chosen.left, chosen.right, chosen.shared), strict=True):
        put(name, **dict(record))


def tab() -> str:
    """The picture that is shown."""
    return st.session_state.get(_TAB, TABS[0])


def show_tab(name: str) -> None:
    """Show another picture."""
    st.session_state[_TAB] = name


# -- the address -----------------------------------------------------------------------------------------------------


def read_address() -> list[Text]:
    """Take the choices of the address where they are new; sentences about what cannot be read."""
    query = {
        name: text for name, text in st.query_params.items() if name in ("tab",) or name.partition(".")[0] in USUAL
    }
    stamp = json.dumps(query, sort_keys=True)
    if not query or stamp == st.session_state.get(_ADDRESS):
        return []
    st.session_state[_ADDRESS] = stamp
    if query.get("tab") in TABS:
        show_tab(query["tab"])
    named = {name.partition(".")[0] for name in query}
    if named & set(_BEFORE):
        named |= set(_BEFORE)
    remarks = []
    for name in USUAL:
        if name in named:
            try:
                record = type(USUAL[name]).from_url(name, query)
            except BadInput as error:
                remarks.append(error.text)
            else:
                put(name, **dict(record))
    return remarks


def address() -> dict[str, str | None]:
    """What stands in the address: the picture, and its choices where they are not those it opens with."""
    shown = _BEFORE if tab() == TABS[0] else (tab(),)
    query = {"tab": tab()} if tab() != TABS[0] else {}
    if any(part(name) != USUAL[name] for name in shown):
        for name in shown:
            query |= part(name).to_url(name)
    st.session_state[_ADDRESS] = json.dumps(query, sort_keys=True)
    return dict(query)
