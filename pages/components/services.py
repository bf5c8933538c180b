"""The bridge from a page to the services of core: who acts, and the one workbench of this process."""

from __future__ import annotations

from core.experiment import Experiment
from core.store.records import RunRecord
from core.studies.workbench import LOCAL, Workbench, workbench
from core.training.changes import computed
from pages.components.language import show


def actor() -> str:
    """Who acts in this tab; laptop mode has one person."""
    return LOCAL


def services() -> Workbench:
    """The one workbench of this process, opened by the launcher."""
    return workbench()


def live_token() -> str:
    """The secret with which this tab's live chart asks for curves and sends commands."""
    return workbench().tokens.mint(actor())


def device_words() -> str:
    """What computes here, in words."""
    return show(workbench().device)


def computed_by(run: RunRecord) -> Experiment:
    """What a run computes by now: its experiment with what was changed on the way."""
    return computed(Experiment.from_json(run.experiment), workbench().store.events(run.id))
