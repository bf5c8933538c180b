"""Networks of blocks as code: residual, efficient, recurrent and attention networks."""

from __future__ import annotations

import math

from core.catalog.architectures.attention import SelfAttention
from core.catalog.architectures.block import Block
from core.catalog.architectures.efficient import EfficientCnn
from core.catalog.architectures.recurrent import Gru, Lstm, RecurrentNetwork, Rnn
from core.catalog.architectures.resnet import ResNetwork
from core.catalog.initializers.initializer import EMBEDDING_STD
from core.catalog.regularizers.dropout import DropoutRates, dropout_rates
from core.experiment import Experiment
from core.exports.script.code import code
from core.exports.script.network import (
    convolution_lines,
    dropout_lines,
    embeddings,
    nested,
    norm_lines,
    output_lines,
    sequential,
    shape_of,
)


def _rates(experiment: Experiment) -> DropoutRates:
    return dropout_rates(experiment.regularizers) or DropoutRates()


@code.register
def _(entry: ResNetwork, experiment: Experiment) -> str:
    shape, p = shape_of(experiment), _rates(experiment).convolution
    num_axes, activation = len(shape) - 1, code(entry.activation, experiment)

    def convolution(name: str, before: int, channels: int, stride: int) -> list[str]:
        norm = norm_lines(entry.normalization, entry.groups, channels, num_axes)
        block = Block(channels=channels, kernel=3, stride=stride, padding=1)
        return convolution_lines(name, before, block, norm, num_axes)

    lines = [*convolution("conv", shape[0], entry.width, 1), activation]
    channels = entry.width
    for number, (before, channels, stride) in enumerate(entry.layout(), start=1):
        name = f"block.{number}"
        first = [*convolution(f"{name}.first", before, channels, stride), activation]
        second = convolution(f"{name}.second", channels, channels, 1)
        if entry.residual:
            lines.append(nested("ResidualBlock", [_in_line(first), _in_line(second), activation], name))
        else:
            lines += [*first, *second, activation]
        lines += dropout_lines(f"{name}.dropout", p)
    return sequential([*lines, "GlobalAverage()", *output_lines(channels, experiment)])


def _in_line(lines: list[str]) -> str:
    return f"nn.Sequential({', '.join(line.partition('  # ')[0] for line in lines)})"


@code.register
def _(entry: EfficientCnn, experiment: Experiment) -> str:
    shape, p = shape_of(experiment), _rates(experiment).convolution
    num_axes, activation = len(shape) - 1, code(entry.activation, experiment)

    def convolution(name: str, before: int, block: Block, groups: int = 1) -> list[str]:
        norm = norm_lines(entry.normalization, entry.groups, block.channels, num_axes)
        return [*convolution_lines(name, before, block, norm, num_axes, groups), activation]

    lines = convolution("conv", shape[0], entry.convolutions(entry.width, entry.width, 1)[0])
    channels = entry.width
    for number, (before, channels, stride) in enumerate(entry.layout(), start=1):
        name = f"block.{number}"
        depthwise, pointwise = entry.convolutions(before, channels, stride)
        lines += convolution(f"{name}.depthwise", before, depthwise, before)
        if entry.squeeze_excite:
            lines.append(f"SqueezeExcite({before}, {entry.squeezed(before)})  # {name}.weighting")
        lines += [*convolution(f"{name}.pointwise", before, pointwise), *dropout_lines(f"{name}.dropout", p)]
    return sequential([*lines, "GlobalAverage()", *output_lines(channels, experiment)])


def _recurrent(entry: RecurrentNetwork, options: str, experiment: Experiment) -> str:
    shape, p = shape_of(experiment), _rates(experiment).dense
    fan_in, lines = math.prod(shape) // shape[1], ["Steps()"]
    for number in range(1, entry.layers + 1):
        name = f"recurrent.{number}"
        lines.append(f"Recurrent(nn.{type(entry).title}({fan_in}, {entry.units}, {options}batch_first=True))  # {name}")
        lines += dropout_lines(f"{name}.dropout", p)
        fan_in = entry.units
    read = "Mean()" if entry.answer == "mean" else "Last()"
    return sequential([*lines, read, *output_lines(entry.units, experiment)])


@code.register
def _(entry: Rnn, experiment: Experiment) -> str:
    return _recurrent(entry, f'nonlinearity="{entry.nonlinearity}", ', experiment)


@code.register
def _(entry: Gru, experiment: Experiment) -> str:
    return _recurrent(entry, "", experiment)


@code.register
def _(entry: Lstm, experiment: Experiment) -> str:
    return _recurrent(entry, "", experiment)


@code.register
def _(entry: SelfAttention, experiment: Experiment) -> str:
    num_patches, fan_in = entry.sizes(shape_of(experiment))
    has_class_token, p = entry.answer == "token", _rates(experiment).dense
    embed = f'{entry.patch}, {fan_in}, {entry.width}, {num_patches + has_class_token}, "{entry.position}"'
    lines = [f"Patches({embed}, {has_class_token})  # embed"]
    for number in range(1, entry.depth + 1):
        name = f"encoder.{number}"
        parts = [str(entry.width), str(entry.heads), str(entry.expansion * entry.width)]
        parts += [code(entry.activation, experiment), *dropout_lines(f"{name}.dropout", p)]
        lines.append(f"Encoder({', '.join(parts)})  # {name}")
    read = "First()" if has_class_token else "Mean()"
    return sequential([*lines, f"nn.LayerNorm({entry.width})", read, *output_lines(entry.width, experiment)])


def first_values(experiment: Experiment) -> str:
    """What is drawn or set after the weights of the layers: class tokens and positions, biases of forget gates."""
    entry = experiment.architecture
    if isinstance(entry, RecurrentNetwork):
        return "".join(
            f"for layer in model:\n    if isinstance(layer, Recurrent):\n"
            f"        layer.steps.bias_ih_l0.data[{gate * entry.units} : {(gate + 1) * entry.units}].add_({value!r})\n"
            for gate, value in entry.first_biases.items()
        )
    names = embeddings(experiment)
    if not names:
        return ""
    return (
        f"names = {list(names)}\n"
        "for name, layer in zip(names, (m for m in model.modules() if isinstance(m, nn.Embedding)), strict=True):\n"
        '    generator.manual_seed(seed32(SEED, "init", f"{name}.weight"))\n'
        f"    layer.weight.data.normal_(std={EMBEDDING_STD!r}, generator=generator)\n"
    )
