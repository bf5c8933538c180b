"""Schedules that only fall: constant, step, exponential, cosine."""

from __future__ import annotations

import math
from typing import Annotated, ClassVar

from pydantic import Field

from core.catalog.entry import Usual
from core.catalog.registry import register
from core.catalog.schedules.schedule import FinalShare, Schedule

_FACTOR_REASON = "A factor of 0 or less stops or reverses training; above 1 the learning rate would grow without end."


@register
class Constant(Schedule):
    key: ClassVar[str] = "constant"
    title: ClassVar[str] = "constant"
    see: ClassVar[str] = "rate_constant"
    why: ClassVar[str] = "The same learning rate at every update: what you see comes from the optimizer alone."
    choose: ClassVar[str] = "The default for short runs and for comparisons; near the end the loss keeps jittering."
    formula: ClassVar[str] = r"\eta_t = \eta"
    source: ClassVar[str] = (
        "Bottou, Curtis and Nocedal, Optimization Methods for Large-Scale Machine Learning, 2018, section 4.2"
    )

    @property
    def lowers_rate(self) -> bool:
        return False

    def _planned(self, step: int, total_steps: int, steps_per_epoch: int) -> float:
        return 1.0


@register
class Step(Schedule):
    key: ClassVar[str] = "step"
    title: ClassVar[str] = "step"
    see: ClassVar[str] = "rate_step"
    why: ClassVar[str] = "The learning rate drops by a factor every few epochs: first far, then fine."
    choose: ClassVar[str] = "When a curve flattens at a known epoch; drop there by 10, or often by 2."
    formula: ClassVar[str] = r"\eta_t = \eta\, \gamma^{\lfloor \mathrm{epoch} / k \rfloor}"
    source: ClassVar[str] = "He et al., Deep Residual Learning for Image Recognition, 2016, section 3.4"

    every: Annotated[
        int,
        Field(ge=1, title="epochs between drops", description="Number k of epochs from one drop to the next."),
        Usual(1, 50, "log", reason="A drop happens at the end of a whole number of epochs, at least one."),
    ] = 5
    gamma: Annotated[
        float,
        Field(gt=0, le=1, title="factor", description="Factor γ of the learning rate at each drop."),
        Usual(0.1, 0.9, "linear", reason=_FACTOR_REASON),
    ] = 0.5

    def _planned(self, step: int, total_steps: int, steps_per_epoch: int) -> float:
        return self.gamma ** (step // steps_per_epoch // self.every)


@register
class Exponential(Schedule):
    key: ClassVar[str] = "exponential"
    title: ClassVar[str] = "exponential"
    see: ClassVar[str] = "rate_exponential"
    why: ClassVar[str] = "The learning rate falls by the same share every epoch, a little at each update."
    choose: ClassVar[str] = "When no epoch is special; with 0.95 a tenth is left after 45 epochs."
    formula: ClassVar[str] = r"\eta_t = \eta\, \gamma^{t / T_\mathrm{epoch}}"
    source: ClassVar[str] = "Bottou, Stochastic Gradient Descent Tricks, 2012, section 5.2"

    gamma: Annotated[
        float,
        Field(gt=0, le=1, title="factor per epoch", description="Factor γ of the learning rate over one epoch."),
        Usual(0.5, 0.99, "linear", reason=_FACTOR_REASON),
    ] = 0.95

    def _planned(self, step: int, total_steps: int, steps_per_epoch: int) -> float:
        return self.gamma ** (step / steps_per_epoch)


@register
class Cosine(Schedule):
    key: ClassVar[str] = "cosine"
    title: ClassVar[str] = "cosine"
    see: ClassVar[str] = "rate_cosine"
    why: ClassVar[str] = "The learning rate follows half a cosine from its full value down to the end of the plan."
    choose: ClassVar[str] = (
        "A good default for longer runs of known length; nothing but the number of epochs to choose."
    )
    formula: ClassVar[str] = (
        r"\eta_t = \eta \left( m + (1 - m)\, \frac{1 + \cos(\pi t / T)}{2} \right), \quad m \text{ the final share}"
    )
    source: ClassVar[str] = (
        "Loshchilov and Hutter, SGDR: Stochastic Gradient Descent with Warm Restarts, 2017, equation 5"
    )

    final: FinalShare = 0.0

    def _planned(self, step: int, total_steps: int, steps_per_epoch: int) -> float:
        return self.final + (1 - self.final) * (1 + math.cos(math.pi * step / total_steps)) / 2
