"""What one tab of the browser looks at on the page Building blocks: the part, the run, the image, and the layers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import streamlit as st

from core.errors import BadInput, Refused
from core.experiment import Experiment
from core.text import Text
from pages.components.language import language, t
from pages.components.param_form import keep
from pages.components.services import actor, services

if TYPE_CHECKING:
    from core.store.records import RunRecord

PARTS = ("maps", "unit", "pooling", "activation", "normalization", "dropout", "attention")
PARAMETERS = ("look", "of")
"""Query parameters: the part and the run."""
_CHOICES, _ADDRESS = "blocks choices", "blocks in the address bar"
USUAL: dict[str, Any] = {"part": PARTS[0], "run": "", "label": 3, "nth": 0}


def get(name: str, otherwise: Any = None) -> Any:
    """One of the choices."""
    return st.session_state.setdefault(_CHOICES, {}).get(name, USUAL.get(name, otherwise))


def put(name: str, value: Any) -> None:
    """Choose something else."""
    st.session_state.setdefault(_CHOICES, {})[name] = value


def among(name: str, options: Sequence[Any]) -> Any:
    """A choice that must be one of these: the first one where it is not."""
    value = get(name)
    return value if value in options else options[0]


def widget(name: str, value: Any) -> dict[str, Any]:
    """Key and call of a control that shows a choice and changes it."""
    key = f"blocks {name}|{language()}"
    keep(key, value)
    return {"key": key, "on_change": _taken, "args": (key, name)}


def number(name: str, value: Any) -> dict[str, Any]:
    """The same for a slider or a number, which begins at `value`."""
    return {"value": value, **widget(name, value)}


def _taken(key: str, name: str) -> None:
    value = st.session_state[key]
    if value is not None:
        put(name, value)


# -- runs ------------------------------------------------------------------------------------------------------------


def has_blocks(run: RunRecord) -> bool:
    """Whether the page can look into such a run: it tells images apart, of data that are known here."""
    from core.studies.blocks import suits

    try:
        return suits(Experiment.from_json(dict(run.experiment)))
    except BadInput:
        return False


def door(run: RunRecord) -> None:
    """A button that opens the page on a run that it can look into."""
    if (
        (run.active or run.step)
        and has_blocks(run)
        and st.button(
            t("Building blocks"),
            icon=":material/grid_view:",
            help=t("Feature maps, filters and single units of this network, in numbers"),
        )
    ):
        if services().is_active(run.id):  # it may have ended since the page was drawn
            st.session_state["refused"] = Refused(
                Text("This network is still being trained."),
                Text("Its numbers would be others at every look."),
                Text("Wait until the run is over, or stop it."),
            )
            st.rerun()
        put("run", run.id)
        st.switch_page("building_blocks.py")


# -- the address -----------------------------------------------------------------------------------------------------


def read_address() -> list[Text]:
    """Take over what the address says, where it is new; sentences about what cannot be."""
    query = {name: st.query_params[name] for name in PARAMETERS if name in st.query_params}
    if query == st.session_state.get(_ADDRESS):
        return []
    st.session_state[_ADDRESS] = query
    remarks = []
    if query.get("look") in PARTS:
        put("part", query["look"])
    elif query.get("look"):
        said = f"look={query['look']}"[:200]
        remarks.append(Text("“{part}” in the link is nothing that can be chosen here.", part=said))
    run = query.get("of")
    if run and services().find(run, actor=actor()) is None:
        remarks.append(Text("There is no run “{run}” here: it may have been deleted.", run=run[:80]))
    elif run:
        put("run", run)
    return remarks


def address() -> dict[str, str | None]:
    """What stands in the address."""
    query = {
        name: get(choice)
        for name, choice in zip(PARAMETERS, ("part", "run"), strict=True)
        if get(choice) != USUAL[choice]
    }
    st.session_state[_ADDRESS] = query
    return dict(query)
