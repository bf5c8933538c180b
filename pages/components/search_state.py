"""What one tab is about to search, and the stored search that it looks at."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import streamlit as st

from core.errors import BadInput
from core.store.records import StudyRecord
from core.studies.search.asked import Search
from core.studies.search.space import Setting, settings_of, usual_spec
from pages.components import state
from pages.components.services import actor, services

_SPECS, _OPTIONS, _SHOWN = "search spaces", "search options", "search looked at"
USUAL: Mapping[str, Any] = {"sampler": "grid", "trials": None, "pruning": "none", "folds": None}


def settings() -> dict[str, Setting]:
    """What of the experiment on Train may vary, by its path: everything for which something is usual."""
    return {setting.path: setting for setting in settings_of(state.experiment()) if usual_spec(setting)}


def specs() -> dict[str, str]:
    """What varies, and what is tried for it as typed. At first the learning rate, where there is one."""
    if _SPECS not in st.session_state:
        known = settings()
        st.session_state[_SPECS] = {path: usual_spec(known[path]) for path in ("optimizer.lr",) if path in known}
    return st.session_state[_SPECS]


def vary(paths: list[str]) -> None:
    """Let these settings vary: those that are new over their usual range."""
    known, before = settings(), specs()
    st.session_state[_SPECS] = {path: before.get(path) or usual_spec(known[path]) for path in paths}
    look_at(None)


def put_spec(path: str, spec: str) -> None:
    """Try other values of a setting; an empty text stands for the usual ones."""
    specs()[path] = spec.strip() or usual_spec(settings()[path])
    look_at(None)


def option(name: str) -> Any:
    """How the search goes on: sampler, trials, pruning, folds."""
    return st.session_state.get(_OPTIONS, USUAL)[name]


def put_option(name: str, value: Any) -> None:
    """Choose one of these."""
    st.session_state[_OPTIONS] = {**st.session_state.get(_OPTIONS, USUAL), name: value}
    look_at(None)


def asked() -> Search:
    """The search that is chosen; BadInput where it cannot be made."""
    known = settings()
    vary = [f"{path}={spec}" for path, spec in specs().items() if path in known]
    options = {name: option(name) for name in USUAL}
    search = Search.from_json({"base": state.experiment(), "vary": vary, **options})
    search.check()
    return search


def problem() -> BadInput | None:
    """Why what is chosen cannot be searched."""
    try:
        asked()
    except BadInput as error:
        return error
    return None


# -- the stored search -----------------------------------------------------------------------------------------------


def stored() -> tuple[StudyRecord, ...]:
    """The searches that the tab may see, newest last."""
    return services().searches(actor=actor())


def shown() -> StudyRecord | None:
    """The stored search that is looked at; None: the one that is being chosen. At first one that goes on here."""
    if _SHOWN not in st.session_state:
        going = [one.id for one in stored() if one.owner == actor() and services().is_comparing(one.id)]
        st.session_state[_SHOWN] = going[-1] if going else None
    return next((record for record in stored() if record.id == st.session_state[_SHOWN]), None)


def look_at(study: str | None) -> None:
    """Look at a stored search, or at the one that is being chosen."""
    st.session_state[_SHOWN] = study
