"""Regularizers that make weights small: L1, L2, weight decay."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, ClassVar

from pydantic import Field

from core.catalog.entry import Usual
from core.catalog.registry import register
from core.catalog.regularizers.regularizer import Biases, Kind, Regularizer

if TYPE_CHECKING:
    from core.catalog.regularizers.terms import Decay, Penalty

_STRENGTH_REASON = "A negative penalty would reward large weights, and they would grow without end."

Strength = Annotated[
    float,
    Field(ge=0, title="strength", description="λ, the weight of the penalty against the loss; 0 is none."),
    Usual(1e-5, 0.1, "log", reason=_STRENGTH_REASON),
]


@register
class L1(Regularizer):
    key: ClassVar[str] = "l1"
    title: ClassVar[str] = "L1"
    see: ClassVar[str] = "moons_l1"
    why: ClassVar[str] = "The sum of all |w| pulls every weight toward 0 with the same force, so many end near 0."
    choose: ClassVar[str] = "When few inputs matter and a sparse network is wanted; start at 0.0001."
    formula: ClassVar[str] = r"L' = L + \lambda \lVert w \rVert_1 = L + \lambda \sum_j |w_j|"
    source: ClassVar[str] = "Tibshirani, Regression Shrinkage and Selection via the Lasso, 1996, section 2"

    strength: Strength = 1e-4
    biases: Biases = False

    def build(self) -> Penalty:
        from core.catalog.regularizers.terms import Penalty

        return Penalty(order=1, strength=self.strength)


@register
class L2(Regularizer):
    key: ClassVar[str] = "l2"
    title: ClassVar[str] = "L2"
    see: ClassVar[str] = "lambda_right"
    why: ClassVar[str] = (
        "The sum of all w² pulls large weights hardest, so the function the network draws becomes smoother."
    )
    choose: ClassVar[str] = "The first thing to try against overfitting; λ too small overfits, too large underfits."
    formula: ClassVar[str] = r"L' = L + \lambda \lVert w \rVert_2^2 = L + \lambda \sum_j w_j^2"
    source: ClassVar[str] = "Krogh and Hertz, A Simple Weight Decay Can Improve Generalization, 1991, section 1"

    strength: Strength = 1e-4
    biases: Biases = False

    def build(self) -> Penalty:
        from core.catalog.regularizers.terms import Penalty

        return Penalty(order=2, strength=self.strength)


@register
class WeightDecay(Regularizer):
    key: ClassVar[str] = "weight_decay"
    title: ClassVar[str] = "weight decay"
    see: ClassVar[str] = "moons_weight_decay"
    kind: ClassVar[Kind] = "decay"
    why: ClassVar[str] = (
        "Each update first takes a small share off every weight, whatever the optimizer does; it is no part of the "
        "loss."
    )
    choose: ClassVar[str] = (
        "With Adam and its relatives in place of L2; under plain SGD it equals L2 when weight decay = 2λ, under Adam "
        "or momentum it does not."
    )
    formula: ClassVar[str] = r"w \leftarrow w - \eta\, \lambda_d\, w \quad \text{before the optimizer's update}"
    source: ClassVar[str] = "Loshchilov and Hutter, Decoupled Weight Decay Regularization, 2019, section 2"

    weight_decay: Annotated[
        float,
        Field(
            ge=0, title="weight decay", description="Share of a weight, times the learning rate, taken off per update."
        ),
        Usual(1e-5, 0.1, "log", reason="A negative decay would make weights grow without end."),
    ] = 0.01
    biases: Biases = False

    def build(self) -> Decay:
        from core.catalog.regularizers.terms import Decay

        return Decay(self.weight_decay)
