"""Surfaces: their known points, and formulas that users type."""

from __future__ import annotations

import math
from typing import Any

import pytest
import sympy
import torch

import core.catalog  # noqa: F401 - registers every entry
from core.catalog.registry import entries
from core.catalog.surfaces import Critical, Surface, read_formula
from core.catalog.surfaces.formula import MOST_DEPTH, MOST_LETTERS, MOST_PARTS
from core.catalog.surfaces.own import surface_of
from core.errors import BadInput

SURFACES: list[type[Surface]] = list(entries("surfaces").values())  # type: ignore[arg-type]
POINTS = [(cls, point) for cls in SURFACES for point in cls.critical]


@pytest.mark.parametrize(("cls", "point"), POINTS, ids=lambda item: getattr(item, "key", None))
def test_a_known_point_has_no_slope_and_the_curvature_that_its_kind_says(cls: type[Surface], point: Critical):
    function = cls().build()
    place = torch.tensor([point.x, point.y], dtype=torch.float64)

    def loss(at: torch.Tensor) -> torch.Tensor:
        return function(at[0], at[1])

    curvatures = torch.linalg.eigvalsh(torch.autograd.functional.hessian(loss, place))
    slope = torch.autograd.functional.jacobian(loss, place)
    assert slope.abs().max() < 1e-9 * max(1.0, float(curvatures.abs().max()))
    assert tuple(int(value) for value in curvatures.sign()) == point.signs


@pytest.mark.parametrize("cls", SURFACES, ids=lambda cls: cls.key)
def test_a_surface_begins_and_has_its_known_points_within_what_is_drawn(cls: type[Surface]):
    low_x, high_x, low_y, high_y = cls.domain
    for x, y in [cls.start, *((point.x, point.y) for point in cls.critical)]:
        assert low_x < x < high_x
        assert low_y < y < high_y
    x, y = torch.meshgrid(torch.linspace(low_x, high_x, 41), torch.linspace(low_y, high_y, 41), indexing="ij")
    heights = cls().build()(x.double(), y.double())
    assert torch.isfinite(heights).all()
    minima = [point for point in cls.critical if point.kind == "minimum"]
    if minima and cls.bounded:
        lowest = min(float(cls().build()(*torch.tensor([[p.x], [p.y]], dtype=torch.float64))) for p in minima)
        assert heights.min() >= lowest - 1e-9


@pytest.mark.parametrize("cls", [cls for cls in SURFACES if cls.expression], ids=lambda cls: cls.key)
def test_the_formula_that_is_computed_is_what_sympy_reads_in_it(cls: type[Surface]):
    x, y = sympy.symbols("x y")
    theirs: Any = sympy.sympify(cls.expression.replace("^", "**"), locals={"x": x, "y": y, "e": sympy.E})  # type: ignore[call-overload]
    function = cls().build()
    for at in [(0.3, -0.7), cls.start, (-1.25, 0.5)]:
        ours = float(function(*torch.tensor(at, dtype=torch.float64).unbind()))
        assert math.isclose(ours, float(theirs.subs({x: at[0], y: at[1]})), rel_tol=1e-12, abs_tol=1e-12)


@pytest.mark.parametrize(
    ("text", "at", "value"),
    [
        ("x² − y²", (2.0, 1.0), 3.0),
        ("-x^2", (3.0, 0.0), -9.0),
        ("2^-1 * x", (3.0, 0.0), 1.5),
        ("sqrt(x) + abs(y) - log(e) + sin(pi/2)", (4.0, -3.0), 5.0),
        ("x^(1/2)", (9.0, 0.0), 3.0),
        ("7", (1.0, 1.0), 7.0),
        ("+".join(["x"] * 100), (1.0, 0.0), 100.0),
    ],
)
def test_a_formula_means_what_it_says(text: str, at: tuple[float, float], value: float):
    assert float(read_formula(text)(*torch.tensor(at, dtype=torch.float64))) == pytest.approx(value, rel=1e-14)


HOSTILE = [
    "__import__('os')",
    "x.__class__",
    "().__class__.__bases__",
    "[x for x in y]",
    "lambda: x",
    "x if y else 1",
    "x; y",
    "x = 1",
    "'a' * 9",
    "True + x",
    "1j * x",
    "z + x",
    "open(x)",
    "sin(x, y)",
    "sin(x=y)",
    "sin",
    "x // y",
    "x % y",
    "x & y",
    "x < y",
    "x ** y",
    "x ** 17",
    "x ** -17",
    "9 ** 9 ** 9 ** 9",
    "1e999 * x",
    "9" * 400,
    "",
    " ",
    "2x",
    "x +",
    "x\0y",
    "\ud800",
    "(" * 200 + "x" + ")" * 200,
    "(" * (MOST_DEPTH + 1) + "x" + ")" * (MOST_DEPTH + 1),
    "sin(" * 31 + "x" + ")" * 31,
    "-" * 60 + "x",
    "x" + "^2" * 40,
    "+".join(["x"] * (MOST_PARTS // 2 + 1)),
    "x" * (MOST_LETTERS + 1),
    "x + " * 2_500_000 + "x",
]


@pytest.mark.parametrize("text", HOSTILE, ids=lambda text: repr(text[:24]))
def test_what_is_no_formula_is_refused_with_a_sentence(text: str):
    with pytest.raises(BadInput) as caught:
        read_formula(text)
    assert len(str(caught.value)) < 700


@pytest.mark.parametrize(("text", "key"), [("saddle", "saddle"), ("x*y", "own"), ("x", "own")])
def test_a_surface_is_a_key_or_a_formula(text: str, key: str):
    surface = surface_of(text, noise=0.5)
    assert (surface.key, surface.noise) == (key, 0.5)


def test_a_mistyped_key_is_told_its_neighbours():
    with pytest.raises(BadInput, match="rosenbrock"):
        surface_of("rosenbrok")


def test_latex_keeps_what_brackets_say():
    assert read_formula("(x - 1)^2*(y + 2) - (x - (y - 1))").latex == (
        r"\left(x - 1\right)^{2} \, \left(y + 2\right) - \left(x - \left(y - 1\right)\right)"
    )
    assert read_formula("-x^2/4 + exp(-y)*1e-9").latex == r"\frac{-x^{2}}{4} + e^{-y} \, \left(1 \cdot 10^{-9}\right)"
