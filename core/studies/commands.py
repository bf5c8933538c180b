"""The values of a command, checked before it is handed to a run."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from core.errors import BadInput, Refused, shown
from core.experiment import Experiment
from core.store.records import STATE_NAMES, RunRecord
from core.store.store import Store
from core.text import Text
from core.training.changes import RATE, changed, check_rate, computed
from core.training.job import TrainingJob


def checked_values(kind: str, values: dict[str, Any]) -> dict[str, Any]:
    """A command's values within their legal ranges; BadInput says what is wrong.

    What a `set` may change depends on the run: `check_change`.
    """
    if kind == "extend":
        epochs = values.get("epochs")
        if not isinstance(epochs, int) or isinstance(epochs, bool) or not 1 <= epochs <= 1_000_000:
            raise BadInput(
                Text("The number of epochs to add is {value}.", value=shown(epochs)),
                Text("It must be a whole number above 0."),
                Text("Use 1 to 1 000 000."),
            )
    if kind == "set" and "lr" in values:
        lr = values["lr"]
        if not isinstance(lr, int | float) or isinstance(lr, bool) or not 0 < lr < float("inf"):
            raise BadInput(
                Text("The learning rate is {value}.", value=shown(lr)),
                Text("A negative learning rate climbs the loss, and 0 goes nowhere."),
                Text("Use a value above 0; 0.0001 to 1 is usual."),
            )
    if kind == "curvature":
        every = values.get("every")
        if not isinstance(every, int) or isinstance(every, bool) or not 0 <= every <= 1_000_000:
            raise BadInput(
                Text("The curvature cannot be measured after every {value} updates.", value=shown(every)),
                Text("Updates are counted in whole numbers; 0 ends it."),
                Text("Use 0 to 1 000 000; 10 to 100 are usual."),
            )
    return values


def check_goes_on(kind: str, record: RunRecord, job: TrainingJob | None) -> None:
    """Raise Refused where a command does not let a run that is over go on."""
    if kind == "extend" or (kind in ("resume", "start") and record.state in ("stopped", "interrupted", "failed")):
        return
    raise Refused(
        Text("Run {id} cannot take “{kind}”.", id=record.id, kind=kind),
        Text("It is not running: {state}.", state=STATE_NAMES[job.state_name if job else record.state]),
        Text("Start it again, or add epochs to it."),
    )


def check_change(store: Store, job: TrainingJob | None, record: RunRecord, values: Mapping[str, Any]) -> None:
    """Raise BadInput where a run cannot take a change: at once, not at its next update. `job` is its, if active."""
    if job is not None and job.is_shared and not {RATE, f"optimizer.{RATE}"}.issuperset(values):
        raise BadInput(
            Text("Only the learning rate can change in a run that several processes share."),
            Text("The others are told nothing else."),
            Text("Stop it and resume it, which goes on in one process, or start a new run."),
        )
    run, stored = job.run if job else None, Experiment.from_json(record.experiment)
    now = run.current if run else computed(stored, store.events(record.id))
    check_rate(now, values)
    changed(now, values)


def check_change_of_some(
    store: Store, job_of: Callable[[str], TrainingJob | None], runs: Iterable[RunRecord], values: Mapping[str, Any]
) -> None:
    """Raise BadInput where none of these runs can take a change; those that are over are not asked."""
    problems: list[BadInput] = []
    for run, job in [(run, job) for run in runs if (job := job_of(run.id)) is not None]:
        try:
            check_change(store, job, run, values)
        except BadInput as error:
            problems.append(error)
        else:
            return
    if problems:
        raise problems[0]
