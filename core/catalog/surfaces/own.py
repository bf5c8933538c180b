"""The user's own surface: a formula in x and y."""

from __future__ import annotations

from typing import Annotated, ClassVar

from pydantic import Field

from core.catalog.registry import entries, parse, register
from core.catalog.surfaces.formula import MOST_LETTERS, Formula, read_formula
from core.catalog.surfaces.surface import Domain, Surface


@register
class Own(Surface):
    key: ClassVar[str] = "own"
    title: ClassVar[str] = "own formula"
    see: ClassVar[str] = "own"
    why: ClassVar[str] = "Any loss of x and y: what it does to the optimizers is yours to find out."
    choose: ClassVar[str] = "To try an idea of your own; what the formula may hold is said where it is typed."
    more: ClassVar[bool] = True
    formula: ClassVar[str] = r"f(x, y)"
    source: ClassVar[str] = "Nocedal and Wright, Numerical Optimization, 2006, chapter 2"
    domain: ClassVar[Domain] = Domain(-3, 3, -3, 3)
    start: ClassVar[tuple[float, float]] = (-2.0, 1.5)
    bounded: ClassVar[bool] = False

    text: Annotated[
        str,
        Field(
            max_length=MOST_LETTERS,
            title="formula",
            description="In x and y, with numbers, + - * / ^, brackets, sin, cos, tan, tanh, exp, log, sqrt and abs.",
        ),
    ] = "x^2 + y^2 - cos(3*x)*cos(3*y)"

    def build(self) -> Formula:
        return read_formula(self.text)


def surface_of(text: str, *, noise: float = 0.0) -> Surface:
    """The surface with this key, or else with this formula; BadInput where it is neither."""
    if text in entries("surfaces"):
        return parse("surfaces", {"key": text, "noise": noise})  # type: ignore[return-value]
    if text.isidentifier() and text not in ("x", "y", "e", "pi"):
        parse("surfaces", text)  # raises, and names the nearest keys
    if len(text) > MOST_LETTERS:
        read_formula(text)  # raises, and names the limit
    surface: Surface = parse("surfaces", {"key": "own", "text": text, "noise": noise})  # type: ignore[assignment]
    surface.build()
    return surface
