"""The schedule that follows the run: the learning rate falls when the validation error does not."""

from __future__ import annotations

import math
from typing import Annotated, Any, ClassVar

from pydantic import Field

from core.catalog.entry import Usual
from core.catalog.registry import register
from core.catalog.schedules.schedule import Schedule, Watch


class Reductions(Watch):
    """Counts evaluations without improvement and lowers the factor, as torch's ReduceLROnPlateau does."""

    def __init__(self, factor: float, patience: int, threshold: float, least: float) -> None:
        self._by, self._patience, self._threshold, self._least = factor, patience, threshold, least
        self.factor = 1.0
        self._best = math.inf
        self._waited = 0

    def observe(self, error: float) -> None:
        if error < self._best * (1 - self._threshold):
            self._best, self._waited = error, 0
            return
        self._waited += 1
        if self._waited > self._patience:
            self.factor, self._waited = max(self.factor * self._by, self._least), 0

    def state_dict(self) -> dict[str, Any]:
        best = self._best if math.isfinite(self._best) else None
        return {"factor": self.factor, "best": best, "waited": self._waited}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        self.factor, self._waited = state["factor"], state["waited"]
        self._best = math.inf if state["best"] is None else state["best"]


@register
class Plateau(Schedule):
    key: ClassVar[str] = "plateau"
    title: ClassVar[str] = "reduce on plateau"
    see: ClassVar[str] = "rate_plateau"
    more: ClassVar[bool] = True
    why: ClassVar[str] = (
        "The learning rate stays as long as the validation error falls and drops by a factor when it has not for a "
        "while: the run itself says when."
    )
    choose: ClassVar[str] = (
        "When nobody knows when a curve will flatten; give it patience, because validation curves jitter."
    )
    formula: ClassVar[str] = (
        r"\eta \leftarrow \gamma \eta \text{ when } E_\mathrm{val} \text{ has not come below } (1 - \theta)\, "
        r"\min E_\mathrm{val} \text{ in more than } n \text{ evaluations}"
    )
    source: ClassVar[str] = "He et al., Deep Residual Learning for Image Recognition, 2016, section 3.4"

    gamma: Annotated[
        float,
        Field(gt=0, lt=1, title="factor", description="Factor γ of the learning rate at each drop."),
        Usual(0.1, 0.9, "linear", reason="A factor of 0 or less stops or reverses training; at 1 nothing would drop."),
    ] = 0.3
    patience: Annotated[
        int,
        Field(
            ge=0,
            title="patience",
            description="So many evaluations in a row may bring no improvement; the next such one drops the rate.",
        ),
        Usual(2, 30, "log", reason="A negative patience would drop the rate before it was seen to fail."),
    ] = 10
    threshold: Annotated[
        float,
        Field(
            ge=0,
            lt=1,
            title="least improvement",
            description="Share θ by which the lowest error must be undercut to count as an improvement.",
        ),
        Usual(0, 0.05, "linear", reason="A negative share would count getting worse as better.", more=True),
    ] = 0.0001
    least: Annotated[
        float,
        Field(gt=0, le=1, title="least share", description="The learning rate never falls below this share of itself."),
        Usual(
            1e-4, 0.1, "log", reason="At 0 the network would stand still; above 1 there would be no drop.", more=True
        ),
    ] = 0.001

    def _planned(self, step: int, total_steps: int, steps_per_epoch: int) -> float:
        return 1.0

    def watch(self) -> Watch:
        return Reductions(self.gamma, self.patience, self.threshold, self.least)

    def earliest(self, evaluations: int) -> float:
        return max(self.gamma ** (evaluations // (self.patience + 1)), self.least)
