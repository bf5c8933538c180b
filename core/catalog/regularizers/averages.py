"""Averages of the weights: what a network answers is the mean of where its weights have been."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, ClassVar

from pydantic import Field

from core.catalog.entry import Usual
from core.catalog.registry import register
from core.catalog.regularizers.regularizer import Kind, Regularizer
from core.text import Text

if TYPE_CHECKING:
    from core.catalog.regularizers.terms import EqualAverage, ExponentialAverage

TWO_VERSIONS = Text("The average of its weights is kept beside them, which common updates do not know.")


@register
class MovingAverage(Regularizer):
    """Divided by the sum of what the weights count, so that there is no bias towards the first ones."""

    key: ClassVar[str] = "ema"
    title: ClassVar[str] = "moving average of the weights"
    see: ClassVar[str] = "average_of_weights"
    kind: ClassVar[Kind] = "average"
    alone_because: ClassVar[Text | None] = TWO_VERSIONS
    more: ClassVar[bool] = True
    why: ClassVar[str] = (
        "Errors, predictions and best weights are those of the recent weights' mean, which jumps less from batch to "
        "batch; training itself goes on as without."
    )
    choose: ClassVar[str] = (
        "With small batches or a learning rate that stays high; β of 0.99 is the mean of about 100 updates."
    )
    formula: ClassVar[str] = r"\bar{w}_t = \frac{\sum_{k=0}^{t-1} \beta^k\, w_{t-k}}{\sum_{k=0}^{t-1} \beta^k}"
    source: ClassVar[str] = (
        "Tarvainen and Valpola, Mean Teachers Are Better Role Models, 2017, section 2; Kingma and Ba, Adam, 2015, "
        "section 7.2"
    )

    beta: Annotated[
        float,
        Field(ge=0, lt=1, title="memory", description="β, what the weights of one update earlier count; 0 is no mean."),
        Usual(0.9, 0.999, "linear", reason="At 1 the first weights would count as much as the last for ever."),
    ] = 0.99

    def build(self) -> ExponentialAverage:
        from core.catalog.regularizers.terms import ExponentialAverage

        return ExponentialAverage(self.beta)


@register
class StochasticWeightAveraging(Regularizer):
    key: ClassVar[str] = "swa"
    title: ClassVar[str] = "stochastic weight averaging"
    see: ClassVar[str] = "average_from_half"
    kind: ClassVar[Kind] = "average"
    alone_because: ClassVar[Text | None] = TWO_VERSIONS
    more: ClassVar[bool] = True
    why: ClassVar[str] = (
        "From some epoch on, the network's answers are those of the plain mean of its weights, which lies inside the "
        "valley on whose walls the weights go round."
    )
    choose: ClassVar[str] = (
        "With a constant, rather high learning rate; begin where the error no longer falls by itself."
    )
    formula: ClassVar[str] = (
        r"\bar{w} \leftarrow \frac{n\, \bar{w} + w}{n + 1} \quad \text{after every } c \text{ updates}"
    )
    source: ClassVar[str] = (
        "Izmailov et al., Averaging Weights Leads to Wider Optima and Better Generalization, 2018, algorithm 1"
    )

    start: Annotated[
        float,
        Field(ge=0, title="begins after", description="Epochs before the first weights that count."),
        Usual(0, 50, "linear", unit="epochs", reason="A mean cannot begin before the run."),
    ] = 1.0
    every: Annotated[
        int,
        Field(ge=1, title="distance", description="c, updates between two weights that count."),
        Usual(1, 100, "log", unit="updates", reason="Weights change by updates: there is nothing between two of them."),
    ] = 1

    def build(self) -> EqualAverage:
        from core.catalog.regularizers.terms import EqualAverage

        return EqualAverage(self.start, self.every)
