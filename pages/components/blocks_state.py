"""What one tab of the browser looks at on the page Building blocks: the part, the run, the image, and the layers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import streamlit as st

from core.errors import BadInput, Refused
from core.experiment import Experiment
from core.text import Text
from pages.components.language import language, t
from pages.components.param_form import keep
from pages.components.parts import Parts, runs_of_link
from pages.components.services import services

if TYPE_CHECKING:
    from core.store.records import RunRecord

_CHOICES = "blocks choices"
USUAL: dict[str, Any] = {"run": "", "label": 3, "nth": 0}


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


def widget(name: str, value: Any, begins: str = "value") -> dict[str, Any]:
    """Key and call of a control that shows a choice and changes it; it `begins` with this argument."""
    key = f"blocks {name}|{language()}"
    return {begins: keep(key, value), "key": key, "on_change": _taken, "args": (key, name)}


def one_of(name: str, options: Sequence[Any], value: Any) -> dict[str, Any]:
    """The same for a list, which begins at the place of `value`."""
    shown = widget(name, value)
    return {"options": options, "index": options.index(shown.pop("value")), **shown}


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


def _read_address(query: Mapping[str, str]) -> list[Text]:
    """Look into the run of a link; a sentence where there is none."""
    found, gone = runs_of_link([query.get("of", "")])
    for run in found:
        put("run", run)
    return gone


def _address() -> dict[str, str]:
    """The run, where it is not the shipped one."""
    return {"of": get("run")} if get("run") else {}


_TITLES = {
    "maps": Text("Feature maps"),
    "unit": Text("One unit"),
    "pooling": Text("Pooling"),
    "activation": Text("Activation"),
    "normalization": Text("Batch normalization"),
    "dropout": Text("Dropout"),
    "attention": Text("Attention"),
}
PARTS = Parts("building_blocks", _TITLES, ("of",), dict.fromkeys(_TITLES, (_read_address, _address)))
