"""Surfaces with one lesson each: a valley, saddles, a plateau, two valleys."""

from __future__ import annotations

import math
from typing import ClassVar

from core.catalog.registry import register
from core.catalog.surfaces.surface import Critical, Domain, MonkeySaddle, Surface

_DAUPHIN = "Dauphin et al., Identifying and Attacking the Saddle Point Problem, 2014, section 2"


@register
class Quadratic(Surface):
    key: ClassVar[str] = "quadratic"
    title: ClassVar[str] = "valley"
    see: ClassVar[str] = "quadratic"
    why: ClassVar[str] = "Twenty times as steep across as along: one learning rate is too large for one and too small."
    choose: ClassVar[str] = "To see why momentum and a learning rate for each weight were invented."
    expression: ClassVar[str] = "0.1*x^2 + 2*y^2"
    formula: ClassVar[str] = r"0.1\,x^2 + 2\,y^2"
    source: ClassVar[str] = "Boyd and Vandenberghe, Convex Optimization, 2004, section 9.3.2"
    domain: ClassVar[Domain] = Domain(-5.6, 3.2, -2.4, 2.0)
    start: ClassVar[tuple[float, float]] = (-5.0, -2.0)
    critical: ClassVar[tuple[Critical, ...]] = (Critical(0, 0, "minimum"),)


@register
class Saddle(Surface):
    key: ClassVar[str] = "saddle"
    title: ClassVar[str] = "saddle"
    see: ClassVar[str] = "saddle"
    why: ClassVar[str] = "The gradient is 0 in the middle, yet there is a way down on both sides, to y = ±√2."
    choose: ClassVar[str] = "To see who leaves a saddle soon: started a millionth off the ridge."
    expression: ClassVar[str] = "x^2 - y^2 + y^4/4"
    formula: ClassVar[str] = r"x^2 - y^2 + \frac{y^4}{4}"
    source: ClassVar[str] = _DAUPHIN
    start: ClassVar[tuple[float, float]] = (1.0, 1e-6)
    critical: ClassVar[tuple[Critical, ...]] = (
        Critical(0, 0, "saddle"),
        Critical(0, -math.sqrt(2), "minimum"),
        Critical(0, math.sqrt(2), "minimum"),
    )


@register
class Plateau(Surface):
    key: ClassVar[str] = "plateau"
    title: ClassVar[str] = "plateau with a narrow exit"
    see: ClassVar[str] = "plateau"
    why: ClassVar[str] = "Far from the hole the gradient is almost 0: the loss says nothing about where to go."
    choose: ClassVar[str] = "To see what dividing by the size of past gradients is good for."
    expression: ClassVar[str] = "1 - exp(-(x - 2)^2/2 - 8*y^2)"
    formula: ClassVar[str] = r"1 - e^{-\frac{(x - 2)^2}{2} - 8\,y^2}"
    source: ClassVar[str] = "Goodfellow, Bengio and Courville, Deep Learning, 2016, section 8.2.3"
    domain: ClassVar[Domain] = Domain(-2, 4, -1.2, 1.2)
    start: ClassVar[tuple[float, float]] = (-1.0, 0.4)
    critical: ClassVar[tuple[Critical, ...]] = (Critical(2, 0, "minimum"),)


@register
class TwoValleys(Surface):
    """With u = (eˣ − 1)/0.8 the loss is (u² − 1)² and a trough in y: minima at u = ±1, 81 times as curved at +1."""

    key: ClassVar[str] = "two_valleys"
    title: ClassVar[str] = "two valleys, flat and sharp"
    see: ClassVar[str] = "two_valleys"
    why: ClassVar[str] = "Two minima of loss 0: the left one is flat, the right one 81 times as curved along x."
    choose: ClassVar[str] = "To see that a large learning rate, or noise, cannot stay in the sharp one."
    expression: ClassVar[str] = "(((exp(x) - 1)/0.8)^2 - 1)^2 + y^2*(0.05 + exp(2*x)/2)"
    formula: ClassVar[str] = (
        r"\left(\left(\frac{e^x - 1}{0.8}\right)^2 - 1\right)^2 + y^2 \left(0.05 + \frac{e^{2x}}{2}\right)"
    )
    source: ClassVar[str] = "Hochreiter and Schmidhuber, Flat Minima, 1997, section 1"
    domain: ClassVar[Domain] = Domain(-4, 0.8, -2, 2)
    start: ClassVar[tuple[float, float]] = (0.45, 1.0)
    critical: ClassVar[tuple[Critical, ...]] = (
        Critical(math.log(0.2), 0, "minimum"),
        Critical(math.log(1.8), 0, "minimum"),
        Critical(0, 0, "saddle"),
    )


@register
class Hyperbolic(Surface):
    key: ClassVar[str] = "hyperbolic"
    title: ClassVar[str] = "saddle without an end"
    see: ClassVar[str] = "hyperbolic"
    why: ClassVar[str] = "The plainest saddle: eigenvalues 2 and −2. Downhill it goes on without end."
    choose: ClassVar[str] = "To talk about eigenvalues; to race, take the saddle that is bounded."
    more: ClassVar[bool] = True
    expression: ClassVar[str] = "x^2 - y^2"
    formula: ClassVar[str] = r"x^2 - y^2"
    source: ClassVar[str] = _DAUPHIN
    start: ClassVar[tuple[float, float]] = (1.5, 0.01)
    critical: ClassVar[tuple[Critical, ...]] = (Critical(0, 0, "saddle"),)
    bounded: ClassVar[bool] = False


@register
class Monkey(Surface):
    key: ClassVar[str] = "monkey_saddle"
    title: ClassVar[str] = "monkey saddle"
    see: ClassVar[str] = "monkey_saddle"
    why: ClassVar[str] = "Three ways down and three up; in the middle even the curvature is 0, not only the gradient."
    choose: ClassVar[str] = "To see a saddle that the eigenvalues of the Hessian do not show."
    more: ClassVar[bool] = True
    expression: ClassVar[str] = "x^3 - 3*x*y^2"
    formula: ClassVar[str] = r"x^3 - 3\,x\,y^2"
    source: ClassVar[str] = "Hilbert and Cohn-Vossen, Geometry and the Imagination, 1952, section 29"
    start: ClassVar[tuple[float, float]] = (1.0, 0.01)
    critical: ClassVar[tuple[Critical, ...]] = (MonkeySaddle(0, 0, "saddle"),)
    bounded: ClassVar[bool] = False
