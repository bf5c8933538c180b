"""What is asked about polynomials through noisy points, as a record and as a link."""

from __future__ import annotations

from collections.abc import Generator
from typing import TYPE_CHECKING, Annotated

from pydantic import Field

from core.studies.gradients_asked import Asked

if TYPE_CHECKING:
    from core.training.polynomial_fits import Fits

MOST_POINTS = 60
FACTOR = 4
"""“Beyond” goes up to so many coefficients a point."""
MOST_OF_SETS = 12
"""With several sets no degree above this is fitted: from there on single sets decide the mean of all."""
NUM_SETS = 20


class Polynomials(Asked):
    """Points of a noisy polynomial, and the degrees that are fitted to them.

    `bends` is the degree of the polynomial behind the points, `degree` that of the fit that is drawn. `sets` point sets
    are drawn, one after the other; with `beyond` the degrees go on past the number of points.
    """

    n: Annotated[int, Field(ge=10, le=MOST_POINTS)] = 20
    noise: Annotated[float, Field(ge=0, le=1)] = 0.25
    bends: Annotated[int, Field(ge=1, le=10)] = 4
    degree: Annotated[int, Field(ge=0, le=FACTOR * MOST_POINTS)] = 9
    sets: Annotated[int, Field(ge=1, le=NUM_SETS)] = 1
    beyond: bool = False
    seed: Annotated[int, Field(ge=0, le=10_000)] = 0

    @property
    def most(self) -> int:
        """The largest degree that is fitted."""
        if self.sets > 1:
            return min(self.n - 1, MOST_OF_SETS)
        return FACTOR * self.n if self.beyond else self.n - 1

    @property
    def drawn(self) -> int:
        """The degree whose fits are drawn."""
        return min(self.degree, self.most)


def polynomials(asked: Polynomials) -> Generator[None, None, Fits]:
    """Fit them; yields after every degree."""
    from core.catalog.datasets.polynomial import Polynomial
    from core.training.polynomial_fits import fits

    data = Polynomial(n=asked.n, noise=asked.noise, degree=asked.bends)
    return fits(data, seed=asked.seed, num_sets=asked.sets, degree=asked.drawn, most=asked.most)
