"""What happens to a run at a boundary between updates, and how it ends."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import Any, Protocol

from core.text import Text
from core.training.epochs import epoch_text
from core.training.evaluation import Evaluation
from core.training.recorder import StepBlock


@dataclass(frozen=True)
class Event:
    """Something that happened to a run at the boundary after `step` updates.

    Kinds that change the result (the *recipe* of a run is its experiment and these): `set` (values by dotted path, as
    `core.training.changes` takes them), `extend` (`epochs` more than planned; after a stop so many from there), `stop`,
    `continue` (a stopped run goes on as planned). Others are kept for the record: `diverged`, `early_stop`, `fork`, and
    `stage` (of a pre-training: the `layer` that learns from now on, None: the whole network).
    """

    step: int
    kind: str
    values: dict[str, Any] = field(default_factory=dict)

    CHANGING = ("set", "extend", "stop", "continue")


@dataclass(frozen=True)
class Outcome:
    """Why a run ended: its state, a reason code, and the reason in words."""

    state: str
    reason: str | None = None
    reason_text: Text | None = None

    def to_json(self) -> dict[str, Any]:
        """The same as JSON values."""
        return {**vars(self), "reason_text": self.reason_text.to_json() if self.reason_text else None}

    @classmethod
    def from_json(cls, record: dict[str, Any]) -> Outcome:
        """The outcome that `to_json` wrote."""
        text = record["reason_text"]
        return cls(record["state"], record["reason"], Text.from_json(text) if text else None)


class Listener(Protocol):
    """Who wants to hear what a run does; called at boundaries, never within an update."""

    def on_block(self, block: StepBlock) -> None: ...
    def on_evaluation(self, evaluation: Evaluation) -> None: ...
    def on_event(self, event: Event) -> None: ...


STOPPED = Outcome("stopped", "by_user", Text("Stopped by the user."))
PRUNED = Outcome("stopped", "pruned", Text("Ended by the search: others were better after as many epochs."))
"""How a `stop` with the value `pruned` ends a run."""
FINISHED = Outcome("finished")


def stopped_early(patience: int, best_epoch: float) -> Outcome:
    """Early stopping has ended the run and restored the weights of its best epoch."""
    return Outcome(
        "finished",
        "early_stopping",
        Text(
            "Stopped early: no lower validation error for {patience:g} epochs; the weights of epoch {epoch} are back.",
            patience=patience,
            epoch=epoch_text(best_epoch),
        ),
    )


def diverged_update(step: int, loss_is_finite: bool) -> Outcome:
    """Loss, penalty or gradient of update `step` (counted from 1) was not finite."""
    if loss_is_finite:
        text = Text("A gradient stopped being a number at update {step}; the weights are those before it.", step=step)
        return Outcome("diverged", "nonfinite_gradient", text)
    text = Text("The loss stopped being a number at update {step}; the weights are those before it.", step=step)
    return Outcome("diverged", "nonfinite_loss", text)


def diverged_evaluation(evaluation: Evaluation) -> Outcome:
    """The loss of an evaluation was not finite, while every update was."""
    step = evaluation.step
    if math.isfinite(evaluation.train.loss):
        text = Text("The loss on validation samples is no number, measured after update {step}.", step=step)
    else:
        text = Text("The loss on training samples is no number, measured after update {step}.", step=step)
    return Outcome("diverged", "nonfinite_evaluation", text)
