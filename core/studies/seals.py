"""Whether a run's test set is still sealed for it, and what its test error is worth: said in one place."""

from __future__ import annotations

from typing import Literal

from core.catalog.registry import entry_class
from core.store.records import RunRecord
from core.studies.error_words import PLAIN, PRECISELY
from core.text import Text

Seal = Literal["sealed", "opened", "contaminated"]


def is_of_its_weights(run: RunRecord) -> bool:
    """Whether the stored answer of a run is about the weights that it has now: it may have gone on since."""
    if run.state in ("finished", "diverged"):
        return True
    return run.state in ("stopped", "paused", "interrupted") and run.answer.get("steps") == run.step


def seal_of(*runs: RunRecord) -> Seal:
    """Whether the final weights of a run were looked at with the test set, and whether others had been before.

    Of several runs the worst.
    """
    looked = [run.answer for run in runs if is_of_its_weights(run) and "test_look" in run.answer]
    if not looked:
        return "sealed"
    return "contaminated" if any(answer["contaminated"] for answer in looked) else "opened"


def seal_words(*runs: RunRecord) -> Text:
    """The state of the seal of one run, with the test error once that is known; or of several runs together."""
    state = seal_of(*runs)
    if state == "sealed":
        return Text("🔒 sealed")
    if len(runs) != 1:
        count, num = sum(seal_of(run) != "sealed" for run in runs), len(runs)
        if state == "opened":
            return Text("opened for {count} of {num} runs", count=count, num=num)
        return Text("⚠ contaminated: opened for {count} of {num} runs", count=count, num=num)
    (run,) = runs
    task = getattr(entry_class("datasets", run.experiment["dataset"]["key"]), "task", None)
    error = (PRECISELY if task == "classification" else PLAIN).one(run.answer["test_error"])
    if state == "opened":
        return Text("{error}, opened once", error=error)
    return Text("⚠ {error}, contaminated: look {number}", error=error, number=run.answer["test_look"])
