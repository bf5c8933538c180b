"""Faults of the updates: how far they go, and what they take off the weights."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar, Literal

from core.catalog.faults.fault import Fault, Instrument, Series, of_layers
from core.catalog.registry import register
from core.catalog.regularizers.weights import WeightDecay
from core.text import Text


@register
class RateTimes30(Fault):
    key: ClassVar[str] = "rate_times_30"
    title: ClassVar[str] = "learning rate × 30"
    see: ClassVar[str] = "learns"
    why: ClassVar[str] = "Every update goes thirty times as far as the chosen learning rate says."
    choose: ClassVar[str] = (
        "Sizes of the updates by layer: each changes ten to a hundred times as large a share of the weights as usual, "
        "and the errors jump up and down."
    )
    fix: ClassVar[str] = "Divide the learning rate by thirty, or search for one anew."
    formula: ClassVar[str] = r"w \leftarrow w - 30\,\eta\, g"
    source: ClassVar[str] = "Bengio, Practical Recommendations for Gradient-Based Training, 2012, section 3.1.1"
    instrument: ClassVar[Instrument] = "updates"
    reading_title: ClassVar[str] = "size of an update as a share of its weights, largest layer, in the first updates"
    unit: ClassVar[Literal["", "%", "power of ten"]] = "power of ten"
    margin: ClassVar[float] = 0.7
    rate_factor: ClassVar[float] = 30.0

    def check(self, experiment: Any) -> None:
        if "lr" not in type(experiment.optimizer).model_fields:
            raise self.nothing_to_act_on(Text("It needs an optimizer with a learning rate."))

    def reading(self, series: Series) -> float:
        return max(float(ratios[:10].mean()) for ratios in of_layers(series, "update_ratio"))


@register
class DecayTimes100(Fault):
    key: ClassVar[str] = "decay_times_100"
    title: ClassVar[str] = "weight decay × 100"
    see: ClassVar[str] = "moons_weight_decay"
    example: ClassVar[Mapping[str, Any]] = {
        "preset": "overfits_moons",
        "regularizers": [{"key": "weight_decay", "weight_decay": 0.01}],
    }
    why: ClassVar[str] = "Each update takes a hundred times as large a share off the weights as was chosen."
    choose: ClassVar[str] = (
        "Sizes of the weights by layer: they shrink from update to update where they should grow, until the network "
        "says almost the same about everything."
    )
    fix: ClassVar[str] = "Divide the weight decay by a hundred, or compare a few strengths."
    formula: ClassVar[str] = r"w \leftarrow w - 100\, \eta\, \lambda_d\, w \quad \text{before the optimizer's update}"
    source: ClassVar[str] = "Loshchilov and Hutter, Decoupled Weight Decay Regularization, 2019, section 2"
    instrument: ClassVar[Instrument] = "weights"
    reading_title: ClassVar[str] = "size of the weights at the end ÷ at the beginning, smallest layer"
    unit: ClassVar[Literal["", "%", "power of ten"]] = "power of ten"
    margin: ClassVar[float] = 0.15
    falls: ClassVar[bool] = True
    times: ClassVar[int] = 100

    def check(self, experiment: Any) -> None:
        decays = [entry.weight_decay for entry in experiment.regularizers if isinstance(entry, WeightDecay)]
        if experiment.optimizer.own_weight_decay <= 0 and not any(decays):
            raise self.nothing_to_act_on(
                Text("It needs weight decay, as a regularizer or within the optimizer (AdamW), that is above 0.")
            )

    def instead(self, experiment: Any) -> Any:
        optimizer = experiment.optimizer
        if optimizer.own_weight_decay > 0:
            optimizer = _stronger(optimizer, self.times)
        regularizers = tuple(
            _stronger(entry, self.times) if isinstance(entry, WeightDecay) else entry
            for entry in experiment.regularizers
        )
        return experiment.model_copy(update={"optimizer": optimizer, "regularizers": regularizers})

    def reading(self, series: Series) -> float:
        return min(float(sizes[-1] - sizes[0]) for sizes in of_layers(series, "weight_norm"))


def _stronger(entry: Any, times: int) -> Any:
    return entry.model_copy(update={"weight_decay": times * entry.weight_decay})
