"""The replay of the run that a tab looks at: whether there is one, where it stands, and where it is offered.

The browser plays it by itself. It tells when it has come to rest, so that the address and a reload find it there.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

import streamlit as st

from core.experiment import Experiment
from core.store.records import RunRecord
from core.text import Text
from pages.components import state
from pages.components.language import t
from pages.components.services import actor, computed_by, services

_REPLAY, _NUMBER = "replay", "number of replays"
MOST_DIGITS = 16
"""No update has a number with so many."""


class Replay(NamedTuple):
    """A run that is watched again, after update `at`, None: from its beginning. The browser begins each number once."""

    run: str
    at: int | None
    number: int


def open_run(run: RunRecord) -> None:
    """Show a run on the Train page, with its experiment and its curves."""
    computed = computed_by(run)
    state.choose(computed)
    state.show_run(run.id, computed)
    services().show_learned(run.id, actor=actor())


def begin(run: RunRecord, at: int | None = None) -> None:
    """Watch a run again on the Train page."""
    open_run(run)
    st.session_state[_NUMBER] = st.session_state.get(_NUMBER, 0) + 1
    st.session_state[_REPLAY] = Replay(run.id, at, st.session_state[_NUMBER])


def note(rests: Mapping[str, Any]) -> None:
    """The browser says where the replay of a run stands, or (`at` None) that it was left."""
    if rests["at"] is not None:
        st.session_state[_REPLAY] = Replay(rests["run"], rests["at"], st.session_state.get(_NUMBER, 0))
    elif of(rests["run"]) is not None:
        st.session_state.pop(_REPLAY)


def of(run: str | None) -> dict[str, Any] | None:
    """The replay of a run, for the live chart."""
    replay: Replay | None = st.session_state.get(_REPLAY)
    return {"at": replay.at, "number": replay.number} if replay and replay.run == run else None


def moment(run: str) -> int | None:
    """After which update a run is watched, where it is."""
    replay = of(run)
    return replay["at"] if replay else None


# -- the offer ----------------------------------------------------------------------------------------------------


def stored(experiment: Experiment) -> RunRecord | None:
    """The newest run of exactly this experiment."""
    return services().stored_like(experiment, actor=actor())


def serve(experiment: Experiment) -> bool:
    """In a class, watch again what was run before instead of computing it anew; whether there was such a run."""
    known = stored(experiment) if services().room is not None else None
    if known is None:
        return False
    begin(known)
    state.remark(
        Text(
            "This was run before: it is replayed, and the computer is free for others. “Again, same seed” runs it anew."
        )
    )
    return True


def offer(run: RunRecord | None) -> str:
    """When a run was run, and what came out."""
    if run is None:
        return ""
    error = run.last_validation_error
    if error is None:
        return t("Run before, {when}.", when=f"{run.created.astimezone():%Y-%m-%d %H:%M}")
    is_share = Experiment.from_json(dict(run.experiment)).dataset.task == "classification"  # pyright: ignore[reportAttributeAccessIssue]
    return t(
        "Run before, {when}: validation error {error}.",
        when=f"{run.created.astimezone():%Y-%m-%d %H:%M}",
        error=t("{percent:.1f} %", percent=100 * error) if is_share else f"{error:.3g}",
    )


# -- the address ----------------------------------------------------------------------------------------------------


def read_address(run: RunRecord) -> None:
    """Take over the replay that the address of a run asks for."""
    if st.query_params.get("replay") == "1":
        at = st.query_params.get("at", "")
        begin(run, int(at) if at.isascii() and at.isdigit() and len(at) < MOST_DIGITS else None)


def address(run: str | None) -> dict[str, str | None]:
    """What stands in the address of a run beside it."""
    replay = of(run)
    if replay is None:
        return {}
    return {"replay": "1", "at": None if replay["at"] is None else str(replay["at"])}
