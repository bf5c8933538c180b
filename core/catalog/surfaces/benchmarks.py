"""The test functions on which optimizers are usually compared."""

from __future__ import annotations

from typing import ClassVar

from core.catalog.registry import register
from core.catalog.surfaces.surface import Critical, Domain, Surface

_JAMIL = "Jamil and Yang, A Literature Survey of Benchmark Functions for Global Optimization, 2013"
_LOW, _TOP, _HIGH = -2.903534027771177, 0.15673125678034, 2.746802770990837
"""Roots of 4t³ − 32t + 5."""


@register
class Rosenbrock(Surface):
    key: ClassVar[str] = "rosenbrock"
    title: ClassVar[str] = "Rosenbrock"
    see: ClassVar[str] = "rosenbrock"
    why: ClassVar[str] = "A bent valley: its bottom is found at once, and the way along it is long."
    choose: ClassVar[str] = "To see patience: small learning rates, thousands of updates."
    more: ClassVar[bool] = True
    expression: ClassVar[str] = "(1 - x)^2 + 100*(y - x^2)^2"
    formula: ClassVar[str] = r"(1 - x)^2 + 100\,(y - x^2)^2"
    source: ClassVar[str] = "Rosenbrock, An Automatic Method for Finding the Greatest or Least Value, 1960, section 4"
    domain: ClassVar[Domain] = Domain(-2, 2, -1, 3)
    start: ClassVar[tuple[float, float]] = (-1.2, 1.0)
    critical: ClassVar[tuple[Critical, ...]] = (Critical(1, 1, "minimum"),)


@register
class Beale(Surface):
    key: ClassVar[str] = "beale"
    title: ClassVar[str] = "Beale"
    see: ClassVar[str] = "beale"
    why: ClassVar[str] = "Flat in the middle, walls at the corners, and one minimum in a flat bend."
    choose: ClassVar[str] = "To see large and tiny gradients on one way."
    more: ClassVar[bool] = True
    expression: ClassVar[str] = "(1.5 - x + x*y)^2 + (2.25 - x + x*y^2)^2 + (2.625 - x + x*y^3)^2"
    formula: ClassVar[str] = r"(1.5 - x + xy)^2 + (2.25 - x + xy^2)^2 + (2.625 - x + xy^3)^2"
    source: ClassVar[str] = f"{_JAMIL}, function 10"
    domain: ClassVar[Domain] = Domain(-4.5, 4.5, -4.5, 4.5)
    start: ClassVar[tuple[float, float]] = (1.0, 1.5)
    critical: ClassVar[tuple[Critical, ...]] = (Critical(3, 0.5, "minimum"), Critical(0, 1, "saddle"))


@register
class Himmelblau(Surface):
    key: ClassVar[str] = "himmelblau"
    title: ClassVar[str] = "Himmelblau"
    see: ClassVar[str] = "himmelblau"
    why: ClassVar[str] = "Four minima of the same depth, four saddles between them: the start decides where one ends."
    choose: ClassVar[str] = "To see which valley draws which start, and that optimizers differ in that."
    more: ClassVar[bool] = True
    expression: ClassVar[str] = "(x^2 + y - 11)^2 + (x + y^2 - 7)^2"
    formula: ClassVar[str] = r"(x^2 + y - 11)^2 + (x + y^2 - 7)^2"
    source: ClassVar[str] = "Himmelblau, Applied Nonlinear Programming, 1972, problem 29"
    domain: ClassVar[Domain] = Domain(-5, 5, -5, 5)
    start: ClassVar[tuple[float, float]] = (-0.5, -1.5)
    critical: ClassVar[tuple[Critical, ...]] = (
        Critical(3, 2, "minimum"),
        Critical(-2.805118086953, 3.131312518251, "minimum"),
        Critical(-3.779310253378, -3.283185991286, "minimum"),
        Critical(3.584428340330, -1.848126526964, "minimum"),
        Critical(-3.073025750764, -0.081353044288, "saddle"),
        Critical(-0.127961346731, -1.953714980245, "saddle"),
        Critical(0.086677504555, 2.884254701175, "saddle"),
        Critical(3.385154183607, 0.073851879838, "saddle"),
        Critical(-0.270844590667, -0.923038556480, "maximum"),
    )


@register
class StyblinskiTang(Surface):
    key: ClassVar[str] = "styblinski_tang"
    title: ClassVar[str] = "Styblinski–Tang"
    see: ClassVar[str] = "styblinski_tang"
    why: ClassVar[str] = "Four minima of different depth: who goes straight down stays in the nearest."
    choose: ClassVar[str] = "To see a local minimum that is not the lowest."
    more: ClassVar[bool] = True
    expression: ClassVar[str] = "(x^4 - 16*x^2 + 5*x + y^4 - 16*y^2 + 5*y)/2"
    formula: ClassVar[str] = r"\frac{x^4 - 16x^2 + 5x + y^4 - 16y^2 + 5y}{2}"
    source: ClassVar[str] = "Styblinski and Tang, Experiments in Nonconvex Optimization, 1990, section 4"
    domain: ClassVar[Domain] = Domain(-5, 5, -5, 5)
    start: ClassVar[tuple[float, float]] = (0.5, 1.0)
    critical: ClassVar[tuple[Critical, ...]] = (
        *(Critical(x, y, "minimum") for x in (_LOW, _HIGH) for y in (_LOW, _HIGH)),
        *(Critical(x, _TOP, "saddle") for x in (_LOW, _HIGH)),
        *(Critical(_TOP, y, "saddle") for y in (_LOW, _HIGH)),
        Critical(_TOP, _TOP, "maximum"),
    )


@register
class Rastrigin(Surface):
    key: ClassVar[str] = "rastrigin"
    title: ClassVar[str] = "Rastrigin"
    see: ClassVar[str] = "rastrigin"
    why: ClassVar[str] = "A bowl full of dents: about a hundred minima, one of them the lowest."
    choose: ClassVar[str] = "To see that no rule that follows the gradient finds the lowest of many."
    more: ClassVar[bool] = True
    expression: ClassVar[str] = "20 + x^2 - 10*cos(2*pi*x) + y^2 - 10*cos(2*pi*y)"
    formula: ClassVar[str] = r"20 + x^2 - 10\cos(2\pi x) + y^2 - 10\cos(2\pi y)"
    source: ClassVar[str] = f"{_JAMIL}, introduction"
    domain: ClassVar[Domain] = Domain(-5.12, 5.12, -5.12, 5.12)
    start: ClassVar[tuple[float, float]] = (3.3, 2.7)
    critical: ClassVar[tuple[Critical, ...]] = (Critical(0, 0, "minimum"),)


@register
class Ackley(Surface):
    """The tip of its funnel is rounded by a hundred-millionth: without that it has no gradient there."""

    key: ClassVar[str] = "ackley"
    title: ClassVar[str] = "Ackley"
    see: ClassVar[str] = "ackley"
    why: ClassVar[str] = "An almost flat plain with dents around one deep funnel."
    choose: ClassVar[str] = "To see momentum roll through dents in which plain descent stays."
    more: ClassVar[bool] = True
    expression: ClassVar[str] = "20 + e - 20*exp(-0.2*sqrt((x^2 + y^2)/2 + 1e-16)) - exp((cos(2*pi*x) + cos(2*pi*y))/2)"
    formula: ClassVar[str] = (
        r"20 + e - 20\,e^{-0.2 \sqrt{(x^2 + y^2)/2}} - e^{\left(\cos(2\pi x) + \cos(2\pi y)\right)/2}"
    )
    source: ClassVar[str] = f"{_JAMIL}, function 1"
    domain: ClassVar[Domain] = Domain(-5, 5, -5, 5)
    start: ClassVar[tuple[float, float]] = (3.2, 2.4)
    critical: ClassVar[tuple[Critical, ...]] = (Critical(0, 0, "minimum"),)
