"""Base of the surfaces: a loss of two numbers on which optimizers are watched."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, ClassVar, Literal, NamedTuple

from pydantic import Field

from core.catalog.entry import Entry, Usual
from core.catalog.surfaces.formula import Formula, read_formula


class Domain(NamedTuple):
    """The part of the plane that is drawn; what leaves it is said in words."""

    x_low: float
    x_high: float
    y_low: float
    y_high: float


@dataclass(frozen=True)
class Critical:
    """A point with gradient 0. `signs` are those of the two eigenvalues of the Hessian there, the smaller first."""

    x: float
    y: float
    kind: Literal["minimum", "saddle", "maximum"]

    @property
    def signs(self) -> tuple[int, int]:
        """−1, 0 or 1 for each eigenvalue."""
        return {"minimum": (1, 1), "saddle": (-1, 1), "maximum": (-1, -1)}[self.kind]


class MonkeySaddle(Critical):
    """A saddle with three ways down: its Hessian is 0."""

    @property
    def signs(self) -> tuple[int, int]:
        return 0, 0


class Surface(Entry):
    """A function of x and y, given by its formula; `critical` lists known minima, saddles and maxima in its domain.

    `see` is the surface itself: there the page opens on it.
    """

    family: ClassVar[str] = "surfaces"
    expression: ClassVar[str] = ""
    domain: ClassVar[Domain] = Domain(-2, 2, -2, 2)
    start: ClassVar[tuple[float, float]] = (0.0, 0.0)
    """Where the optimizers begin when nobody says where."""
    critical: ClassVar[tuple[Critical, ...]] = ()
    bounded: ClassVar[bool] = True
    """Whether the loss has a lowest value."""

    noise: Annotated[
        float,
        Field(
            ge=0,
            title="gradient noise",
            description="σ: to each part of every gradient a normal random number of this spread is added, the same "
            "for all optimizers.",
        ),
        Usual(0, 2, "linear", reason="A spread cannot be negative."),
    ] = 0.0

    def build(self) -> Formula:
        """The function: tensors x and y of one shape to a tensor of that shape."""
        return read_formula(self.expression)
