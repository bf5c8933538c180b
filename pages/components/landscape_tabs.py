"""Which tab of Landscapes is shown, and the run and update that its tabs on real networks look at."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence

import streamlit as st

from core.describe import title
from core.experiment import Experiment
from core.store.records import RunRecord
from core.text import Text
from pages.components import network_state, replaying, surface_state
from pages.components.language import language, t
from pages.components.language import show as words
from pages.components.services import actor, services

_TAB, _RUN, _STEP, _ADDRESS = "landscape tab", "landscape run", "landscape step", "landscape in the address bar"
TABS = ("practice", "network", "saddle")


def chosen() -> str:
    """The tab that is shown."""
    return st.session_state.get(_TAB, TABS[0])


def choice(names: Mapping[str, str]) -> None:
    """The row of tabs."""
    key = f"landscape tabs|{language()}"
    st.session_state[key] = chosen()
    with st.container(key="landscape-tabs"):
        st.segmented_control(
            t("What is looked at"),
            TABS,
            format_func=names.__getitem__,
            key=key,
            label_visibility="collapsed",
            on_change=lambda: show(st.session_state[key] or chosen()),
        )


def show(
    tab: str, run: str | None = None, step: int | None = None, others: Sequence[str] = (), plane: str = ""
) -> None:
    """Show a tab; with `run` that run is looked at, after update `step` (None: its last), beside it `others`."""
    st.session_state[_TAB] = tab
    if run is not None:
        look_at(run, step, others, plane)


def look_at(run: str, step: int | None = None, others: Sequence[str] = (), plane: str = "") -> None:
    """Look at a run after update `step` (None: its last), with the paths of `others` beside its own."""
    st.session_state[_RUN], st.session_state[_STEP] = run, step
    network_state.put(others=tuple(others), **({"plane": plane, "picture": "surface"} if plane else {}))


def go_to(step: int | None) -> None:
    """Look at the same run after another update; a newer one does not take its place then."""
    found = run()
    st.session_state[_RUN], st.session_state[_STEP] = found.id if found else None, step


def run() -> RunRecord | None:
    """The run that is looked at; the newest one where none was chosen."""
    found = services().find(st.session_state.get(_RUN) or "", actor=actor())
    if found is None:
        found = next(reversed([record for record in services().runs(actor=actor()) if record.step]), None)
    return found


def step() -> int | None:
    """The update after which it is looked at; None: its last."""
    return st.session_state.get(_STEP)


def name_of(record: RunRecord) -> str:
    """What a run is called."""
    return record.name or words(title(Experiment.from_json(dict(record.experiment))))


def told_apart(records: Sequence[RunRecord]) -> dict[str, str]:
    """What runs are called in a list, by id: those of one name also say when they began: lists know names only."""
    names = {record.id: name_of(record) for record in records}
    for sign in (lambda record: f"{record.created.astimezone():%m-%d %H:%M:%S}", lambda record: record.id):
        counts = Counter(names.values())
        names = {
            record.id: f"{names[record.id]} · {sign(record)}" if counts[names[record.id]] > 1 else names[record.id]
            for record in records
        }
    return names


# -- the address -----------------------------------------------------------------------------------------------------


def read_address() -> list[Text]:
    """Take over tab, run, update and picture of the address, where they are new; sentences about what cannot be."""
    names = ("tab", "run", "at", "cursor", *network_state.PARAMETERS)
    query = {name: st.query_params[name] for name in names if name in st.query_params}
    if query == st.session_state.get(_ADDRESS):
        return []
    st.session_state[_ADDRESS] = query
    remarks = network_state.read(query) if query else []
    if query.get("tab") in TABS:
        st.session_state[_TAB] = query["tab"]
    elif query.get("tab"):
        remarks.append(network_state.nothing("tab", query["tab"]))
    steps = {name: network_state.number(query[name]) for name in ("at", "cursor") if query.get(name)}
    remarks += [network_state.nothing(name, query[name]) for name, step in steps.items() if step is None]
    named = [run for run in (query.get("run"), *network_state.choices().others) if run]
    gone = [run for run in named if services().find(run, actor=actor()) is None]
    remarks += [Text("There is no run “{run}” here: it may have been deleted.", run=run[:80]) for run in gone]
    if query.get("run") and query["run"] not in gone:
        st.session_state[_RUN], st.session_state[_STEP] = query["run"], steps.get("at")
        if steps.get("cursor") is not None:
            replaying.note({"run": query["run"], "at": steps["cursor"]})
    return remarks


def address() -> dict[str, str | None]:
    """What stands in the address: of practice its race or story, else the run, the update and the picture.

    `at` is the update around which the surface lies, `cursor` the one up to which the path is watched.
    """
    if chosen() == TABS[0]:
        st.session_state[_ADDRESS] = {}
        return surface_state.address()
    query = {"tab": chosen()}
    if st.session_state.get(_RUN):
        query["run"] = st.session_state[_RUN]
        moments = {"at": step(), "cursor": replaying.moment(query["run"])}
        query |= {name: str(moment) for name, moment in moments.items() if moment is not None}
    query |= network_state.written()
    st.session_state[_ADDRESS] = query
    return dict(query)
