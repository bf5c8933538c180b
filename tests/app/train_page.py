"""What a person sees and does on the Train page, run without a browser."""

from __future__ import annotations

import json

from core.experiment import Experiment


def box(tab, path: str):
    """The text box of a parameter."""
    return tab.text_input(key=f"{path}|en|box")


def pick(tab, path: str, option: str):
    """Press a pill of a choice."""
    tab.pills(key=f"{path}|en|key").set_value(option).run()
    assert not tab.exception
    return tab


def chosen(tab) -> Experiment:
    return tab.session_state["experiment"]


def live(tab) -> dict:
    """What the live component was given."""
    return json.loads(tab.get("bidi_component")[0].proto.json)


def errors(tab) -> str:
    return "\n".join(error.value for error in tab.error)
