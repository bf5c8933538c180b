"""Schedules that fall along a power of what is left, or again and again along a cosine."""

from __future__ import annotations

import math
from typing import Annotated, ClassVar

from pydantic import Field

from core.catalog.entry import Usual
from core.catalog.registry import register
from core.catalog.schedules.schedule import FinalShare, Schedule


@register
class Polynomial(Schedule):
    key: ClassVar[str] = "polynomial"
    title: ClassVar[str] = "polynomial"
    see: ClassVar[str] = "rate_polynomial"
    more: ClassVar[bool] = True
    why: ClassVar[str] = "The learning rate falls to 0 at the end of the plan along a power of what is left of it."
    choose: ClassVar[str] = (
        "With power 1 a straight line, as good a default as the cosine; a larger power falls earlier."
    )
    formula: ClassVar[str] = r"\eta_t = \eta \left( 1 - \frac{t}{T} \right)^p"
    source: ClassVar[str] = "Chen et al., DeepLab, 2018, section 4.1"

    power: Annotated[
        float,
        Field(gt=0, title="power", description="Power p of the share of the plan that is left."),
        Usual(0.5, 3, "linear", reason="With 0 the rate would be constant; below 0 it would rise without end."),
    ] = 1.0

    def _planned(self, step: int, total_steps: int, steps_per_epoch: int) -> float:
        return (1 - step / total_steps) ** self.power


@register
class CosineRestarts(Schedule):
    key: ClassVar[str] = "cosine_restarts"
    title: ClassVar[str] = "cosine with restarts"
    see: ClassVar[str] = "rate_cosine_restarts"
    more: ClassVar[bool] = True
    why: ClassVar[str] = (
        "The learning rate falls along half a cosine and jumps back to its full value, again and again: a "
        "network that has settled is shaken out and settles anew."
    )
    choose: ClassVar[str] = (
        "When a run may be stopped at several ends: look at its errors just before a restart, not just after."
    )
    formula: ClassVar[str] = (
        r"\eta_t = \eta \left( m + (1 - m)\, \frac{1 + \cos(\pi\, t_i / T_i)}{2} \right), \quad "
        r"T_{i+1} = k\, T_i, \quad t_i \text{ updates since the last restart}"
    )
    source: ClassVar[str] = (
        "Loshchilov and Hutter, SGDR: Stochastic Gradient Descent with Warm Restarts, 2017, section 3"
    )

    epochs: Annotated[
        float,
        Field(gt=0, title="epochs until the first restart", description="Length T₀ of the first fall, in epochs."),
        Usual(0.5, 20, "log", reason="A fall takes some time, at least one update."),
    ] = 2.5
    times: Annotated[
        int,
        Field(ge=1, title="times as long", description="Each fall takes k times as many updates as the one before."),
        Usual(1, 4, "linear", reason="Falls that get shorter and shorter would end in restarts at every update."),
    ] = 1
    final: FinalShare = 0.0

    def _planned(self, step: int, total_steps: int, steps_per_epoch: int) -> float:
        length = max(1, round(self.epochs * steps_per_epoch))
        while step >= length:
            step -= length
            # With a factor of 1 all that is left is the place within a fall.
            step, length = (step % length, length) if self.times == 1 else (step, length * self.times)
        return self.final + (1 - self.final) * (1 + math.cos(math.pi * step / length)) / 2
