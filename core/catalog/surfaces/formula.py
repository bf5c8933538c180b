"""A formula in x and y, typed by a user: read into a tree of allowed parts, and computed from that. Nothing is run.

Python's grammar reads the text; `^`, `²`, `³` and `⁴` are powers too. What is not in the lists below is refused.
"""

from __future__ import annotations

import ast
import math
import warnings
from dataclasses import dataclass
from itertools import accumulate
from typing import TYPE_CHECKING, NoReturn

from core.errors import BadInput, shown
from core.text import Text

if TYPE_CHECKING:
    from torch import Tensor

MOST_LETTERS, MOST_PARTS, MOST_DEPTH, MOST_POWER = 500, 200, 30, 16

VARIABLES = ("x", "y")
CONSTANTS = {"pi": math.pi, "e": math.e}
FUNCTIONS = ("sin", "cos", "tan", "tanh", "exp", "log", "sqrt", "abs")
POWERS = {"^": "**", "²": "**2", "³": "**3", "⁴": "**4", "·": "*", "−": "-"}


@dataclass(frozen=True)
class Formula:
    """A formula that was read: its text, and its tree, in which nothing but allowed parts is left."""

    text: str
    tree: ast.expr

    def __call__(self, x: Tensor, y: Tensor) -> Tensor:
        """Its values; inf and NaN where it has none."""
        import torch

        value = _value(self.tree, x, y)
        return value if isinstance(value, torch.Tensor) else torch.full_like(x, value)

    @property
    def latex(self) -> str:
        """It as LaTeX."""
        return _latex(self.tree)[0]


def read_formula(text: str) -> Formula:
    """Read a formula; BadInput names the part that is not allowed, or the limit that it breaks."""
    if len(text) > MOST_LETTERS:
        raise _refused(
            Text("it has {count:,} letters", count=len(text)),
            Text("A formula has at most {most} letters.", most=MOST_LETTERS),
        )
    python = text.strip()
    for sign, power in POWERS.items():
        python = python.replace(sign, power)
    if _bracket_depth(python) > MOST_DEPTH:
        raise _too_deep()
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", SyntaxWarning)
            tree = ast.parse(python, mode="eval").body
    except (SyntaxError, ValueError):
        raise _refused(
            Text("“{text}” is no formula", text=text.strip()[:80]),
            Text("It is made of x, y, numbers, + - * / ^, brackets and functions; a product has its sign, as in 2*x."),
        ) from None
    except (MemoryError, RecursionError):
        raise _too_deep() from None
    _Check().check(tree, 1)
    return Formula(text.strip(), tree)


# -- what is allowed -------------------------------------------------------------------------------------------------


class _Check:
    def __init__(self) -> None:
        self._count = 0

    def check(self, node: ast.expr, depth: int) -> None:
        self._count += 1
        if self._count > MOST_PARTS:
            raise _refused(
                Text("it has more than {most} parts", most=MOST_PARTS),
                Text("A formula has at most {most} numbers, variables and operations.", most=MOST_PARTS),
            )
        if depth > MOST_DEPTH:
            raise _too_deep()
        for inner in self._parts(node):
            # In a sum or product of many each lies inside the next, which is no deeper for a reader.
            self.check(inner, depth if _is_chain(node, inner) else depth + 1)
        if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Pow):
            power = _constant(node.right)
            if power is None or not abs(power) <= MOST_POWER:
                raise _refused(
                    Text("“{part}” is no exponent", part=_source(node.right)),
                    Text("An exponent is a number from −{most} to {most}.", most=MOST_POWER),
                )

    def _parts(self, node: ast.expr) -> list[ast.expr]:
        """The parts of an allowed node; anything else is refused by name."""
        match node:
            case ast.BinOp(left=left, op=ast.Add() | ast.Sub() | ast.Mult() | ast.Div() | ast.Pow(), right=right):
                return [left, right]
            case ast.UnaryOp(op=ast.UAdd() | ast.USub(), operand=operand):
                return [operand]
            case ast.Call(func=ast.Name(id=name), args=[argument], keywords=[]) if name in FUNCTIONS:
                return [argument]
            case ast.Name(id=name) if name in VARIABLES or name in CONSTANTS:
                return []
            case ast.Constant(value=int() | float() as value) if not isinstance(value, bool):
                return [] if _is_finite(value) else _refuse(node)
            case _:
                return _refuse(node)


def _bracket_depth(text: str) -> int:
    return max(accumulate((sign == "(") - (sign == ")") for sign in text), default=0)


def _is_chain(node: ast.expr, inner: ast.expr) -> bool:
    """Whether `inner` is the beginning of the sum or of the product that `node` is."""
    if not (isinstance(node, ast.BinOp) and isinstance(inner, ast.BinOp) and inner is node.left):
        return False
    return any(
        isinstance(node.op, kind) and isinstance(inner.op, kind) for kind in ((ast.Add, ast.Sub), (ast.Mult, ast.Div))
    )


def _refuse(node: ast.expr) -> NoReturn:
    raise _refused(
        Text("“{part}” is not allowed", part=_source(node)),
        Text("It may hold x, y, pi, e, numbers, + - * / ^, brackets and {functions}.", functions=", ".join(FUNCTIONS)),
    )


def _refused(problem: Text, why: Text) -> BadInput:
    return BadInput(
        Text("The formula cannot be read: {problem}.", problem=problem),
        why,
        Text("Write for example {example}.", example="x^2 - y^2 + y^4/4"),
    )


def _too_deep() -> BadInput:
    return _refused(
        Text("its brackets lie too deep"),
        Text("Brackets, functions and signs lie at most {most} deep.", most=MOST_DEPTH),
    )


def _source(node: ast.expr) -> str:
    try:
        return shown(ast.unparse(node)).strip("'\"")
    except (RecursionError, ValueError):
        return "…"


def _is_finite(number: float) -> bool:
    try:
        return math.isfinite(float(number))
    except OverflowError:
        return False


def _constant(node: ast.expr) -> float | None:
    """The value of a number, also with a sign, or of a quotient of two; None for anything else."""
    match node:
        case ast.Constant(value=int() | float() as value) if _is_finite(value):
            return float(value)
        case ast.UnaryOp(op=op, operand=operand):
            inner = _constant(operand)
            return None if inner is None else -inner if isinstance(op, ast.USub) else inner
        case ast.BinOp(left=left, op=ast.Div(), right=right):
            one, other = _constant(left), _constant(right)
            return None if one is None or not other else one / other
        case _:
            return None


# -- what it is worth ------------------------------------------------------------------------------------------------


def _value(node: ast.expr, x: Tensor, y: Tensor) -> Tensor | float:
    import torch

    match node:
        case ast.Name(id="x"):
            return x
        case ast.Name(id="y"):
            return y
        case ast.Name(id=name):
            return CONSTANTS[name]
        case ast.Constant(value=value):
            return float(value)  # type: ignore[arg-type]
        case ast.UnaryOp(op=op, operand=operand):
            inner = _value(operand, x, y)
            return -inner if isinstance(op, ast.USub) else inner
        case ast.Call(func=ast.Name(id=name), args=[argument]):
            return getattr(torch, name)(torch.as_tensor(_value(argument, x, y), dtype=x.dtype))
        case ast.BinOp(left=left, op=ast.Pow(), right=right):
            return torch.as_tensor(_value(left, x, y), dtype=x.dtype) ** (_constant(right) or 0.0)
        case ast.BinOp(left=left, op=op, right=right):
            one, other = _value(left, x, y), _value(right, x, y)
            match op:
                case ast.Add():
                    return one + other
                case ast.Sub():
                    return one - other
                case ast.Mult():
                    return one * other
                case _:
                    return torch.as_tensor(one, dtype=x.dtype) / other
    raise AssertionError("only allowed parts are in a formula")


# -- what it looks like ----------------------------------------------------------------------------------------------

_SUM, _PRODUCT, _SIGN, _POWER, _WHOLE = range(5)
_LATEX = {"sqrt": r"\sqrt{%s}", "exp": r"e^{%s}", "abs": r"\left|%s\right|"}


def _latex(node: ast.expr) -> tuple[str, int]:
    """A part as LaTeX, and how strongly it holds together."""
    match node:
        case ast.Constant(value=value):
            digits, _, power = f"{value:g}".partition("e")
            return (rf"{digits} \cdot 10^{{{int(power)}}}", _PRODUCT) if power else (digits, _WHOLE)
        case ast.Name(id=name):
            return rf"\{name}" if name == "pi" else name, _WHOLE
        case ast.UnaryOp(op=op, operand=operand):
            return ("-" if isinstance(op, ast.USub) else "") + _bracketed(operand, _SIGN), _SIGN
        case ast.Call(func=ast.Name(id=name), args=[argument]):
            inner = _latex(argument)[0]
            return (_LATEX[name] % inner, _POWER) if name in _LATEX else (rf"\{name}\left({inner}\right)", _WHOLE)
        case ast.BinOp(left=left, op=ast.Pow(), right=right):
            return f"{_bracketed(left, _WHOLE)}^{{{_latex(right)[0]}}}", _POWER
        case ast.BinOp(left=left, op=ast.Div(), right=right):
            return rf"\frac{{{_latex(left)[0]}}}{{{_latex(right)[0]}}}", _PRODUCT
        case ast.BinOp(left=left, op=ast.Mult(), right=right):
            return rf"{_bracketed(left, _PRODUCT)} \, {_bracketed(right, _SIGN)}", _PRODUCT
        case ast.BinOp(left=left, op=op, right=right):
            sign = "+" if isinstance(op, ast.Add) else "-"
            return f"{_bracketed(left, _SUM)} {sign} {_bracketed(right, _PRODUCT)}", _SUM
    raise AssertionError("only allowed parts are in a formula")


def _bracketed(node: ast.expr, least: int) -> str:
    latex, strength = _latex(node)
    return latex if strength >= least else rf"\left({latex}\right)"
