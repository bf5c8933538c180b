"""What one tab has chosen on the Gradients page: the records that are drawn, which picture is shown, the address."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any

import streamlit as st

from core.errors import BadInput
from core.studies.gradients_asked import Asked, Clipped, Felt, Pair, Pretrained, ThroughTime
from core.text import Text
from pages.components.parts import Parts

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
_PARTS = "gradients choices"


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


# -- the address -----------------------------------------------------------------------------------------------------


def _read_address(query: Mapping[str, str]) -> list[Text]:
    """Take over the choices of the address; sentences about what cannot be read."""
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


def _address(*shown: str) -> dict[str, str]:
    """The choices of a picture where they are not those it opens with."""
    if all(part(name) == USUAL[name] for name in shown):
        return {}
    return {name: value for record in shown for name, value in part(record).to_url(record).items()}


TABS = Parts(
    "gradients",
    {
        "before": Text("Before training"),
        "felt": Text("What a layer feels"),
        "time": Text("RNN or LSTM"),
        "clipping": Text("Clipping"),
        "pretraining": Text("Layer by layer"),
    },
    tuple(USUAL),
    {
        "before": (_read_address, partial(_address, *_BEFORE)),
        **{name: (_read_address, partial(_address, name)) for name in USUAL if name not in _BEFORE},
    },
    word="tab",
)
