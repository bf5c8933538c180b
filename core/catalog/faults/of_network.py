"""Faults of the network: its first values, its last layer, and the mode in which it is measured."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, ClassVar, Literal

from core.catalog.activations.rectified import Relu
from core.catalog.faults.fault import Fault, Instrument, Series, late, of_layers
from core.catalog.initializers.fixed import Zeros
from core.catalog.initializers.initializer import Initializer
from core.catalog.losses.classification import SoftmaxTwice
from core.catalog.registry import parse, register
from core.catalog.regularizers.dropout import drops_units
from core.seeding import generator
from core.text import Text

if TYPE_CHECKING:
    import torch
    from torch import nn

    from core.catalog.initializers.initializer import Fill, Role

FAR_BELOW = -10.0
"""A bias that no usual input brings back above 0."""
NOTHING = -300
"""A size of 0, or one that no float32 has, as the power of ten that is recorded."""


def _hidden_layers(experiment: Any) -> int:
    facts = experiment.dataset.facts()
    layers = [layer for layer in experiment.architecture.plan(facts.input_shape, facts.num_outputs) if layer.fan_in]
    return len(layers) - 1


class _OfHiddenLayers(Fault):
    """A fault that needs hidden layers."""

    def check(self, experiment: Any) -> None:
        if _hidden_layers(experiment) < 1:
            raise self.nothing_to_act_on(Text("It needs a network with hidden layers."))


@register
class ZeroWeights(_OfHiddenLayers):
    key: ClassVar[str] = "zero_weights"
    title: ClassVar[str] = "first weights of 0"
    see: ClassVar[str] = "zero_first_weights"
    example: ClassVar[Mapping[str, Any]] = {"preset": "learns"}
    why: ClassVar[str] = "All weights begin at 0, a saddle point: no gradient reaches a hidden layer."
    choose: ClassVar[str] = (
        "Sizes of the weights by layer: those of the hidden layers are 0 and stay there, not small but nothing."
    )
    fix: ClassVar[str] = "Draw the first weights at random, with a spread that suits the activation (He, Xavier)."
    formula: ClassVar[str] = r"w = 0, \quad b = 0"
    source: ClassVar[str] = "Goodfellow, Bengio and Courville, Deep Learning, 2016, section 8.4"
    instrument: ClassVar[Instrument] = "weights"
    reading_title: ClassVar[str] = "hidden layers whose weights are exactly 0 after the first update"
    unit: ClassVar[Literal["", "%", "power of ten"]] = "%"
    margin: ClassVar[float] = 0.9

    def check(self, experiment: Any) -> None:
        super().check(experiment)
        if isinstance(experiment.initializer, Zeros):
            raise self.nothing_to_act_on(Text("The first weights are 0 already, by choice."))

    def instead(self, experiment: Any) -> Any:
        return experiment.model_copy(update={"initializer": Zeros()})

    def reading(self, series: Series) -> float:
        hidden = of_layers(series, "weight_norm")[:-1]
        return sum(bool(sizes[0] < NOTHING) for sizes in hidden) / len(hidden)


class _FarBelow(Initializer):
    """Weights as another initializer draws them, every bias far below 0."""

    weights: Any = None

    def build(self) -> Fill:
        fill = self.weights.build()

        def fill_far_below(role: Role, tensor: torch.Tensor, fan_in: int, generator: torch.Generator) -> None:
            fill(role, tensor, fan_in, generator) if role == "weight" else tensor.fill_(FAR_BELOW)

        return fill_far_below


@register
class DeadRelu(_OfHiddenLayers):
    key: ClassVar[str] = "dead_relu"
    title: ClassVar[str] = "dead ReLU units"
    see: ClassVar[str] = "learns"
    why: ClassVar[str] = "Biases begin at −10: every ReLU is off for every sample, and its slope there is 0."
    choose: ClassVar[str] = (
        "Sizes of the gradients by layer: exactly 0 in the hidden layers, although their weights have usual sizes."
    )
    fix: ClassVar[str] = "Begin with biases of 0; a leaky ReLU lets a unit that is off come back."
    formula: ClassVar[str] = r"b = -10 \;\Rightarrow\; \max(w^\top x + b, 0) = 0 \ \text{for all}\ x"
    source: ClassVar[str] = "Lu, Shin, Su and Karniadakis, Dying ReLU and Initialization, 2020, section 2"
    instrument: ClassVar[Instrument] = "gradients"
    reading_title: ClassVar[str] = "updates in which the first layer's gradient is exactly 0"
    unit: ClassVar[Literal["", "%", "power of ten"]] = "%"
    margin: ClassVar[float] = 0.9

    def check(self, experiment: Any) -> None:
        super().check(experiment)
        network = experiment.architecture
        parts = [network, *getattr(network, "blocks", ())]
        if any(getattr(part, "normalization", None) not in (None, "none") for part in parts):
            raise self.nothing_to_act_on(Text("It needs a network without normalization, which takes biases away."))
        activations = [part.activation for part in parts if getattr(part, "activation", None) is not None]
        relu = bool(activations) and all(isinstance(activation, Relu) for activation in activations)
        if not relu or not network.activates_every_layer:
            raise self.nothing_to_act_on(Text("It needs a network with ReLU after every hidden layer."))
        if experiment.dataset.task != "classification":
            raise self.nothing_to_act_on(Text("It needs classes, and here the target is a number."))

    def instead(self, experiment: Any) -> Any:
        drawn = experiment.initializer or parse("initializers", experiment.architecture.default_initializer)
        return experiment.model_copy(update={"initializer": _FarBelow(weights=drawn)})

    def reading(self, series: Series) -> float:
        return float((of_layers(series, "gradient_norm")[0] < NOTHING).mean())


@register
class SoftmaxOnTop(Fault):
    key: ClassVar[str] = "softmax_on_top"
    title: ClassVar[str] = "softmax applied twice"
    see: ClassVar[str] = "learns"
    why: ClassVar[str] = "The network ends with a softmax, and the loss applies another one to the probabilities."
    choose: ClassVar[str] = (
        "Loss of the batches: with K classes it cannot fall below ln(1 + (K − 1)/e), 1.46 for ten, although almost no "
        "answer is wrong."
    )
    fix: ClassVar[str] = "Give the loss the network's plain outputs: cross-entropy has its softmax inside."
    formula: ClassVar[str] = (
        r"L = -\frac1B \sum_i \log \operatorname{softmax}(\operatorname{softmax}(z_i))_{y_i} \ge "
        r"\ln\Big(1 + \frac{K - 1}{e}\Big)"
    )
    source: ClassVar[str] = "PyTorch 2, torch.nn.CrossEntropyLoss: its input is unnormalized logits"
    instrument: ClassVar[Instrument] = "losses"
    reading_title: ClassVar[str] = "loss of the batches in the last fourth of the run"
    margin: ClassVar[float] = 0.5

    def check(self, experiment: Any) -> None:
        is_plain = experiment.loss is None or "classification" in experiment.loss.default_for
        if experiment.dataset.task != "classification" or not is_plain:
            raise self.nothing_to_act_on(Text("It needs classes and cross-entropy as the loss."))

    def instead(self, experiment: Any) -> Any:
        return experiment.model_copy(update={"loss": SoftmaxTwice()})

    def reading(self, series: Series) -> float:
        return float(late(series["batch/loss"]).mean())


@register
class EvaluationMode(Fault):
    key: ClassVar[str] = "evaluation_mode"
    title: ClassVar[str] = "evaluation mode forgotten"
    see: ClassVar[str] = "moons_dropout"
    example: ClassVar[Mapping[str, Any]] = {"preset": "learns", "regularizers": [{"key": "dropout"}]}
    why: ClassVar[str] = "Errors are measured with units switched off, as in training, instead of with all of them."
    choose: ClassVar[str] = (
        "Loss of the batches beside the loss on training samples: they agree, while with dropout the batches should be "
        "much harder than the measurement, which uses all units."
    )
    fix: ClassVar[str] = "Put the network into evaluation mode before measuring, and back into training mode after."
    formula: ClassVar[str] = r"\hat y = f(x \odot m) \quad \text{instead of} \quad \hat y = f(x)"
    source: ClassVar[str] = "Srivastava et al., Dropout: A Simple Way to Prevent Overfitting, 2014, section 4"
    instrument: ClassVar[Instrument] = "losses"
    reading_title: ClassVar[str] = "loss on training samples ÷ loss of the batches, in the last fourth of the run"
    margin: ClassVar[float] = 0.3

    def check(self, experiment: Any) -> None:
        if not drops_units(experiment.architecture, experiment.regularizers):
            raise self.nothing_to_act_on(Text("It needs dropout in a layer of the network."))

    def network(self, network: nn.Module) -> nn.Module:
        from core.catalog.regularizers.counter_dropout import CounterDropout

        for module in network.modules():
            if isinstance(module, CounterDropout):
                module.register_forward_hook(_drop_in_evaluation)
        return network

    def reading(self, series: Series) -> float:
        return float(late(series["train/loss"]).mean() / late(series["batch/loss"]).mean())


def _drop_in_evaluation(module: Any, inputs: tuple[torch.Tensor], output: torch.Tensor) -> torch.Tensor | None:
    """Dropout in evaluation, too, with the same units off whenever as many samples are asked."""
    if module.training or output.is_meta or module.p == 0:
        return None
    mask = module.blank(output).bernoulli_(1 - module.p, generator=generator(output.device, 0))
    return output * mask.div_(1 - module.p)
