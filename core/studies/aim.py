"""The target of a comparison: the validation error of which its verdict and its table say how fast it was reached."""

from __future__ import annotations

from typing import Any

from core.errors import BadInput, shown
from core.live.hub import Hub
from core.store.records import StudyRecord
from core.store.store import Store
from core.studies.comparison import Comparison
from core.studies.outcomes import verdict_of
from core.studies.race_meta import storable
from core.studies.study import study_channel
from core.text import Text


def aim(store: Store, hub: Hub, record: StudyRecord, target: object, *, is_active: bool) -> None:
    """Choose the target, for everybody who looks; the verdict of a comparison that is over is found anew for it."""
    if not isinstance(target, int | float) or isinstance(target, bool) or not 0 < target < float("inf"):
        raise BadInput(
            Text("The target error is {value}.", value=shown(target)),
            Text("It is the error that the variants are to reach, as a fraction."),
            Text("Use a number above 0, such as 0.1 for 10 % wrong."),
        )
    facts: dict[str, Any] = {"aim": float(target), "target": float(target)}
    runs = () if is_active else store.list_runs(actor=record.owner, study=record.id)
    if runs:
        comparison = Comparison.from_json(dict(record.document))
        facts["verdict"] = verdict_of(store, comparison, runs, float(target)).sentences
    store.add_study_facts(record.id, storable(facts), actor=record.owner)
    channel = study_channel(record.id)
    if hub.known(channel):
        hub.update(channel, **{name: fact for name, fact in facts.items() if name != "aim"})
