"""The bridge from a page to the services of core: who acts, and the one workbench of this process."""

from __future__ import annotations

import os

import streamlit as st

from core.experiment import Experiment
from core.live.joining import cookie_name
from core.mode import TEACHERS_VARIABLE, login_id, teachers
from core.people import LOCAL, NOBODY, Person
from core.store.records import RunRecord
from core.studies.workbench import Workbench, workbench
from core.training.changes import computed
from pages.components.language import show


def cookie() -> str:
    """What the browser of this tab keeps of who it belongs to."""
    return st.context.cookies.get(cookie_name(st.get_option("server.port")), "")


def person() -> Person | None:
    """Who this tab belongs to; None when nobody has joined in it. Laptop mode has one person."""
    bench = workbench()
    if bench.room is None:
        return Person(LOCAL, "")
    if bench.mode == "class":
        return bench.room.person(cookie())
    if not st.user.is_logged_in:
        return None
    claims = st.user.to_dict()
    id = login_id(claims, teachers(os.environ.get(TEACHERS_VARIABLE)))
    return bench.room.admit(id, str(claims.get("name") or claims.get("email") or ""))


def actor() -> str:
    """The id of whoever acts in this tab."""
    who = person()
    return who.id if who is not None else NOBODY


def services() -> Workbench:
    """The one workbench of this process, opened by the launcher."""
    return workbench()


def live_token() -> str:
    """The secret with which this tab's live chart asks for curves and sends commands."""
    return workbench().token(actor())


def device_words() -> str:
    """What computes here, in words."""
    return show(workbench().device)


def computed_by(run: RunRecord) -> Experiment:
    """What a run computes by now: its experiment with what was changed on the way."""
    return computed(Experiment.from_json(run.experiment), workbench().store.events(run.id))
