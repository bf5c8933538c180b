"""Which tab of Landscapes is shown, and the run and update that its tabs on real networks look at."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence

import streamlit as st

from core.describe import choices, title
from core.experiment import Experiment
from core.store.records import RunRecord
from core.text import Text
from pages.components import network_state, replaying, surface_state
from pages.components.language import show as words
from pages.components.parts import Parts, nothing_to_choose, runs_of_link
from pages.components.services import actor, services

_RUN, _STEP = "landscape run", "landscape step"


def show(
    tab: str, run: str | None = None, step: int | None = None, others: Sequence[str] = (), plane: str = ""
) -> None:
    """Show a tab; with `run` that run is looked at, after update `step` (None: its last), beside it `others`."""
    TABS.show(tab)
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
    """What runs are called in a list, by id: those of one name say in what they differ, or when they began."""
    names = {record.id: name_of(record) for record in records}
    for sign in (_augmentation, _began, lambda record: record.id):
        counts = Counter(names.values())
        signs = {record.id: sign(record) for record in records if counts[names[record.id]] > 1}
        told = {(names[run], said) for run, said in signs.items()}
        telling = {name for name, count in Counter(name for name, _ in told).items() if count > 1}
        names = {run: f"{name} · {signs[run]}" if name in telling else name for run, name in names.items()}
    return names


def _augmentation(record: RunRecord) -> str:
    return words(choices(Experiment.from_json(dict(record.experiment)))[1])


def _began(record: RunRecord) -> str:
    return f"{record.created.astimezone():%m-%d %H:%M:%S}"


# -- the address -----------------------------------------------------------------------------------------------------


def _read_address(query: Mapping[str, str]) -> list[Text]:
    """Take over run, update and picture of the address; sentences about what cannot be."""
    remarks = network_state.read(query)
    steps = {name: network_state.number(query[name]) for name in ("at", "cursor") if query.get(name)}
    remarks += [nothing_to_choose(name, query[name]) for name, step in steps.items() if step is None]
    here, gone = runs_of_link([query.get("run", ""), *network_state.choices().others])
    if query.get("run") in here:
        st.session_state[_RUN], st.session_state[_STEP] = query["run"], steps.get("at")
        if steps.get("cursor") is not None:
            replaying.note({"run": query["run"], "at": steps["cursor"]})
    return remarks + gone


def _address() -> dict[str, str]:
    """The run, the update and the picture.

    `at` is the update around which the surface lies, `cursor` the one up to which the path is watched.
    """
    query = {}
    if st.session_state.get(_RUN):
        query["run"] = st.session_state[_RUN]
        moments = {"at": step(), "cursor": replaying.moment(query["run"])}
        query |= {name: str(moment) for name, moment in moments.items() if moment is not None}
    return query | network_state.written()


TABS = Parts(
    "landscapes",
    {
        "practice": Text("Practice surfaces"),
        "network": Text("A real network"),
        "saddle": Text("Are we at a saddle?"),
    },
    ("run", "at", "cursor", *network_state.PARAMETERS),
    {
        "practice": (_read_address, surface_state.address),
        "network": (_read_address, _address),
        "saddle": (_read_address, _address),
    },
    word="tab",
)
