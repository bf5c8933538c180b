"""Regularizers that make weights small: L1, L2, both as the elastic net, weight decay, max-norm."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Annotated, ClassVar

from pydantic import Field

from core.catalog.entry import Usual
from core.catalog.registry import register
from core.catalog.regularizers.regularizer import Biases, Kind, Regularizer

if TYPE_CHECKING:
    import torch

    from core.catalog.regularizers.terms import Decay, MaxNorm, Penalty

_STRENGTH_REASON = "A negative penalty would reward large weights, and they would grow without end."

Strength = Annotated[
    float,
    Field(ge=0, title="strength", description="λ, the weight of the penalty against the loss; 0 is none."),
    Usual(1e-5, 0.1, "log", reason=_STRENGTH_REASON, simpler="high"),
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
class ElasticNet(Regularizer):
    key: ClassVar[str] = "elastic_net"
    title: ClassVar[str] = "elastic net"
    see: ClassVar[str] = "moons_elastic_net"
    more: ClassVar[bool] = True
    why: ClassVar[str] = (
        "L1 and L2 at once: L1 makes weights 0, L2 keeps those that are left small and alike where inputs say the same."
    )
    choose: ClassVar[str] = "When L1 is wanted and inputs are related; share 1 is L1, share 0 is L2."
    formula: ClassVar[str] = r"L' = L + \lambda \left(\rho \sum_j |w_j| + (1 - \rho) \sum_j w_j^2\right)"
    source: ClassVar[str] = "Zou and Hastie, Regularization and Variable Selection via the Elastic Net, 2005, section 2"

    strength: Strength = 1e-4
    share: Annotated[
        float,
        Field(
            ge=0, le=1, title="share of L1", description="ρ, the part of the strength that L1 gets; L2 has the rest."
        ),
        Usual(0, 1, "linear", reason="A share lies between 0 and 1."),
    ] = 0.5
    biases: Biases = False

    @property
    def parts(self) -> tuple[Regularizer, ...]:
        rest = 1 - self.share
        return (
            L1(strength=self.strength * self.share, biases=self.biases),
            L2(strength=self.strength * rest, biases=self.biases),
        )

    def build(self) -> list[Penalty]:
        return [part.build() for part in self.parts]


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
        Usual(1e-5, 0.1, "log", reason="A negative decay would make weights grow without end.", simpler="high"),
    ] = 0.01
    biases: Biases = False

    def build(self) -> Decay:
        from core.catalog.regularizers.terms import Decay

        return Decay(self.weight_decay)


@register
class MaximumNorm(Regularizer):
    """Of every unit, hidden or output: a row of a matrix, a kernel of a convolution; biases are not counted."""

    key: ClassVar[str] = "max_norm"
    title: ClassVar[str] = "max-norm"
    see: ClassVar[str] = "moons_max_norm"
    kind: ClassVar[Kind] = "projection"
    more: ClassVar[bool] = True
    why: ClassVar[str] = (
        "After each update the incoming weights of every unit are shortened to a largest length, so none can grow "
        "without end, however large the learning rate."
    )
    choose: ClassVar[str] = "With dropout and a large learning rate; 3 to 4 is usual, too small a length underfits."
    formula: ClassVar[str] = (
        r"w_i \leftarrow w_i \cdot \min\!\left(1, \frac{c}{\lVert w_i \rVert_2}\right) \quad "
        r"\text{after the update, } w_i \text{ the incoming weights of unit } i"
    )
    source: ClassVar[str] = "Srivastava et al., Dropout: A Simple Way to Prevent Overfitting, 2014, section 5.1"

    max_norm: Annotated[
        float,
        Field(gt=0, title="largest length", description="Limit c for the length of a unit's incoming weights."),
        Usual(0.5, 5, "log", reason="With a length of 0 no weight would be left."),
    ] = 3.0

    def build(self) -> MaxNorm:
        from core.catalog.regularizers.terms import MaxNorm

        return MaxNorm(self.max_norm)

    def tensors(self, named_parameters: Iterable[tuple[str, torch.nn.Parameter]]) -> list[torch.nn.Parameter]:
        """Matrices and kernels, a row of each for a unit; learned positions and the like are no unit's weights."""
        named = [(name.rpartition(".")[2], tensor) for name, tensor in named_parameters]
        return [tensor for name, tensor in named if tensor.dim() >= 2 and name.startswith("weight")]
