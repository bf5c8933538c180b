"""Early stopping: the end of a run is chosen by the validation set."""

from __future__ import annotations

import math
from typing import Annotated, Any, ClassVar, Literal

from pydantic import Field

from core.catalog.entry import Usual
from core.catalog.registry import register
from core.catalog.regularizers.regularizer import Kind, Regularizer
from core.text import Text


class Stopper:
    """Remembers the lowest value and says when to stop; its state is plain JSON numbers."""

    def __init__(self, metric: str, patience: int, min_delta: float) -> None:
        self.metric = metric
        self.patience = patience
        self.min_delta = min_delta
        self.best = math.inf
        self.best_step = 0
        self.best_epoch = 0.0
        self.waiting_since = 0.0

    def observe(self, step: int, epoch: float, value: float) -> tuple[bool, bool]:
        """Take one evaluation; returns (it is the best so far, the run should stop). NaN is never the best."""
        if value < self.best - self.min_delta or (math.isinf(self.best) and math.isfinite(value)):
            self.best, self.best_step, self.best_epoch = value, step, epoch
            return True, False
        return False, epoch - max(self.best_epoch, self.waiting_since) >= self.patience

    def go_on(self, epoch: float) -> None:
        """The run was extended at `epoch`: patience counts from there."""
        self.waiting_since = epoch

    def state_dict(self) -> dict[str, Any]:
        """What a snapshot keeps; an infinite `best` (nothing observed) as None."""
        best = self.best if math.isfinite(self.best) else None
        since = self.waiting_since
        return {"best": best, "best_step": self.best_step, "best_epoch": self.best_epoch, "waiting_since": since}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Go on from a snapshot."""
        self.best = math.inf if state["best"] is None else state["best"]
        self.best_step, self.best_epoch = state["best_step"], state["best_epoch"]
        self.waiting_since = state["waiting_since"]


@register
class EarlyStopping(Regularizer):
    key: ClassVar[str] = "early_stopping"
    title: ClassVar[str] = "early stopping"
    see: ClassVar[str] = "moons_stopped_early"
    kind: ClassVar[Kind] = "stop"
    fixed_because: ClassVar[Text | None] = Text("It chooses among all the evaluations of a run, from the first one on.")
    why: ClassVar[str] = (
        "Training ends when the validation error has not improved for a while, and the weights of the best epoch are "
        "restored: they had no time to learn noise."
    )
    choose: ClassVar[str] = "Almost always; give it patience, because validation curves jitter."
    formula: ClassVar[str] = (
        r"\text{stop at epoch } t \text{ when } "
        r"t - \operatorname*{argmin}_{s \le t} E_\mathrm{val}(s) \ge \text{patience}"
    )
    source: ClassVar[str] = "Prechelt, Early Stopping: But When?, 1998, section 2"

    patience: Annotated[
        int,
        Field(ge=1, title="patience", description="Epochs without improvement after which the run stops."),
        Usual(3, 50, "log", reason="At least one epoch is needed to see whether it got better."),
    ] = 10
    min_delta: Annotated[
        float,
        Field(ge=0, title="least improvement", description="A smaller improvement than this does not count."),
        Usual(0, 0.01, "linear", reason="A negative improvement would count getting worse as better.", more=True),
    ] = 0.0
    monitor: Annotated[
        Literal["error", "loss"],
        Field(title="watched", description="The validation curve that decides: the error, or the loss."),
    ] = "error"

    def build(self) -> Stopper:
        return Stopper(f"validation/{self.monitor}", self.patience, self.min_delta)
