"""Dropout, and how it meets the dropout that a network has of its own (docs/decisions/dropout.md)."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Annotated, ClassVar, Literal, NamedTuple

from pydantic import Field

from core.catalog.entry import Entry, Usual
from core.catalog.registry import register
from core.catalog.regularizers.regularizer import Kind, Regularizer
from core.errors import BadInput
from core.text import Text

if TYPE_CHECKING:
    from core.catalog.architectures.architecture import Architecture


class DropoutRates(NamedTuple):
    """The share of units zeroed after each dense hidden layer and after each convolution block."""

    dense: float = 0.0
    convolution: float = 0.0


@register
class Dropout(Regularizer):
    key: ClassVar[str] = "dropout"
    title: ClassVar[str] = "dropout"
    see: ClassVar[str] = "moons_dropout"
    kind: ClassVar[Kind] = "dropout"
    why: ClassVar[str] = (
        "At each update every unit is switched off with probability p and the others are scaled by 1/(1 − p), so no "
        "unit can rely on another; evaluation uses all units."
    )
    choose: ClassVar[str] = (
        "For large dense layers and little data; a higher p regularizes more, and training takes longer."
    )
    formula: ClassVar[str] = (
        r"h'_j = \frac{m_j}{1 - p}\, h_j, \quad m_j = 1 \text{ with probability } 1 - p, \text{ else } 0"
    )
    source: ClassVar[str] = "Srivastava et al., Dropout: A Simple Way to Prevent Overfitting, 2014, sections 4 and 10"

    p: Annotated[
        float,
        Field(
            ge=0, lt=1, title="dropout", description="Probability p that a unit is switched off; higher is stronger."
        ),
        Usual(
            0.1, 0.8, "linear", reason="A probability lies between 0 and 1; at 1 nothing would pass.", simpler="high"
        ),
    ] = 0.5
    where: Annotated[
        Literal["hidden", "dense", "convolution"],
        Field(
            title="where",
            description="After dense hidden layers, after convolution blocks, or after both (hidden).",
        ),
    ] = "dense"

    def build(self) -> float:
        """The probability; the network builds the layers."""
        return self.p

    @property
    def places(self) -> frozenset[str]:
        """The kinds of layer it follows."""
        return frozenset({"dense", "convolution"}) if self.where == "hidden" else frozenset({self.where})


def dropout_rates(regularizers: Iterable[Entry]) -> DropoutRates | None:
    """All dropout regularizers as one record, None without any; BadInput when two meet in one place."""
    rates: dict[str, float] = {}
    found = False
    for entry in regularizers:
        if isinstance(entry, Dropout):
            found = True
            for place in sorted(entry.places):
                if place in rates:
                    raise BadInput(
                        Text("Two dropout regularizers act on the same layers."),
                        Text("Which of the two probabilities is meant cannot be told."),
                        Text("Keep one of them, or set one to dense and the other to convolution."),
                    )
                rates[place] = entry.p
    return DropoutRates(**rates) if found else None


def drops_units(architecture: Architecture, regularizers: Iterable[Entry]) -> bool:
    """Whether some layer of the network has dropout, its own or a regularizer's."""
    rates = dropout_rates(regularizers)
    if rates is None:
        return architecture.own_dropout > 0
    return any(getattr(rates, place) > 0 for place in architecture.dropout_places())
