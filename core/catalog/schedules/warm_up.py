"""Schedules that begin with a small learning rate: warm-up, one-cycle."""

from __future__ import annotations

import math
from typing import Annotated, ClassVar, Literal

from pydantic import Field

from core.catalog.entry import Usual
from core.catalog.registry import register
from core.catalog.schedules.schedule import Schedule


def _cosine(start: float, end: float, share: float) -> float:
    """Half a cosine from start to end as share goes from 0 to 1."""
    return end + (start - end) * (1 + math.cos(math.pi * share)) / 2


@register
class WarmUp(Schedule):
    key: ClassVar[str] = "warm_up"
    title: ClassVar[str] = "warm-up"
    see: ClassVar[str] = "rate_warm_up"
    more: ClassVar[bool] = True
    why: ClassVar[str] = "The first updates are short, while gradients are large and averages of past ones still empty."
    choose: ClassVar[str] = (
        "When a large learning rate diverges in the first updates only; one to five epochs are enough."
    )
    formula: ClassVar[str] = (
        r"\eta_t = \eta \left( a + (1 - a)\, \tfrac{t}{T_w} \right) \text{ for } t < T_w, "
        r"\text{ then constant or cosine}"
    )
    source: ClassVar[str] = "Goyal et al., Accurate, Large Minibatch SGD, 2017, section 2.2"

    epochs: Annotated[
        float,
        Field(gt=0, title="epochs of warm-up", description="Epochs until the full learning rate is reached."),
        Usual(0.5, 10, "log", reason="Without any warm-up choose the schedule constant or cosine."),
    ] = 1.0
    start: Annotated[
        float,
        Field(gt=0, le=1, title="first share", description="Share a of the learning rate at the first update."),
        Usual(0.01, 0.5, "log", reason="A share lies above 0 and up to 1; with 0 the first update would do nothing."),
    ] = 0.1
    then: Annotated[
        Literal["constant", "cosine"],
        Field(title="afterwards", description="What follows: the full learning rate, or half a cosine down to 0."),
    ] = "constant"

    @property
    def lowers_rate(self) -> bool:
        return self.then != "constant"

    def _planned(self, step: int, total_steps: int, steps_per_epoch: int) -> float:
        warm_steps = max(1, round(self.epochs * steps_per_epoch))
        if step < warm_steps:
            return self.start + (1 - self.start) * step / warm_steps
        if self.then == "constant":
            return 1.0
        return _cosine(1.0, 0.0, (step - warm_steps) / (total_steps - warm_steps))


@register
class OneCycle(Schedule):
    key: ClassVar[str] = "one_cycle"
    title: ClassVar[str] = "one-cycle"
    see: ClassVar[str] = "rate_one_cycle"
    more: ClassVar[bool] = True
    why: ClassVar[str] = (
        "The learning rate rises to its peak and then falls far below its start, once over the whole run."
    )
    choose: ClassVar[str] = (
        "For short runs with a learning rate higher than a constant one could stand; lr is the peak."
    )
    formula: ClassVar[str] = (
        r"\eta_t : \tfrac{\eta}{d} \nearrow \eta \text{ until } t = pT, "
        r"\text{ then } \eta \searrow \tfrac{\eta}{10^4 d}, \text{ both along half a cosine}"
    )
    source: ClassVar[str] = "Smith and Topin, Super-Convergence, 2018, section 3"

    rise: Annotated[
        float,
        Field(gt=0, lt=1, title="share of the rise", description="Share p of the run until the peak."),
        Usual(0.1, 0.5, "linear", reason="The peak lies inside the run."),
    ] = 0.3
    start_divisor: Annotated[
        float,
        Field(ge=1, title="start divisor", description="The first learning rate is the peak divided by this d."),
        Usual(5, 50, "log", reason="Below 1 the run would start above its peak."),
    ] = 25.0

    def _planned(self, step: int, total_steps: int, steps_per_epoch: int) -> float:
        start = 1 / self.start_divisor
        peak_step = self.rise * total_steps - 1
        if step <= peak_step:
            return _cosine(start, 1.0, step / peak_step)
        return _cosine(1.0, start / 1e4, (step - max(peak_step, 0)) / max(total_steps - 1 - max(peak_step, 0), 1e-9))
