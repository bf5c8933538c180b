"""Networks as code: activations, architectures and the first values of their weights."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from core.catalog.activations import Activation
from core.catalog.activations.rectified import Gelu, LeakyRelu, PRelu, Relu, Silu
from core.catalog.activations.saturating import Identity, Sigmoid, Tanh
from core.catalog.architectures.architecture import Architecture, LayerPlan, num_features
from core.catalog.architectures.block import Block
from core.catalog.architectures.cnn import Cnn
from core.catalog.architectures.dense import Logistic, MultilayerPerceptron
from core.catalog.architectures.normalization import Normalization
from core.catalog.initializers.fixed import Constant, Normal, Orthogonal, Sparse, Zeros
from core.catalog.initializers.scaled import Framework, He, Xavier
from core.catalog.regularizers.dropout import dropout_rates
from core.experiment import Experiment
from core.exports.script.code import code

if TYPE_CHECKING:
    from torch import nn

# -- activations -----------------------------------------------------------------------------------------------------


@code.register
def _(entry: Relu, experiment: Experiment) -> str:
    return "nn.ReLU()"


@code.register
def _(entry: LeakyRelu, experiment: Experiment) -> str:
    return f"nn.LeakyReLU({entry.slope!r})"


@code.register
def _(entry: PRelu, experiment: Experiment) -> str:
    return f"nn.PReLU(init={entry.init_slope!r})"


@code.register
def _(entry: Gelu, experiment: Experiment) -> str:
    return "nn.GELU()"


@code.register
def _(entry: Silu, experiment: Experiment) -> str:
    return "nn.SiLU()"


@code.register
def _(entry: Sigmoid, experiment: Experiment) -> str:
    return "nn.Sigmoid()"


@code.register
def _(entry: Tanh, experiment: Experiment) -> str:
    return "nn.Tanh()"


@code.register
def _(entry: Identity, experiment: Experiment) -> str:
    return "nn.Identity()"


# -- architectures ---------------------------------------------------------------------------------------------------


@code.register
def _(entry: Logistic, experiment: Experiment) -> str:
    return sequential([*_flat(experiment), *output_lines(num_features(shape_of(experiment)), experiment)])


@code.register
def _(entry: MultilayerPerceptron, experiment: Experiment) -> str:
    rates = dropout_rates(experiment.regularizers)
    p = rates.dense if rates else 0.0
    lines, fan_in = _flat(experiment), num_features(shape_of(experiment))
    for number, (width, share) in enumerate(zip(entry.all_widths, entry.shares, strict=True), start=1):
        name = f"hidden.{number}"
        norm = norm_lines(entry.normalization, entry.groups, width, 0)
        layer = _dense(name, fan_in, width, norm, code(entry.activation, experiment), p)
        lines += [nested("Residual", [repr(share), *layer], name)] if share else layer
        fan_in = width
    return sequential([*lines, *output_lines(fan_in, experiment)])


@code.register
def _(entry: Cnn, experiment: Experiment) -> str:
    rates = dropout_rates(experiment.regularizers)
    shape = shape_of(experiment)
    channels, num_axes = shape[0], len(shape) - 1
    activation = code(entry.activation, experiment)
    lines: list[str] = []
    for number, (block, share) in enumerate(zip(entry.blocks, entry.shares, strict=True), start=1):
        name = f"conv.{number}"
        normalization = entry.normalization if block.normalization is None else block.normalization
        norm = norm_lines(normalization, block.groups, block.channels, num_axes)
        layer = convolution_lines(name, channels, block, norm, num_axes)
        layer.append(activation if block.activation is None else code(cast(Activation, block.activation), experiment))
        layer += [*_pooling(block, num_axes), *dropout_lines(f"{name}.dropout", rates.convolution if rates else 0.0)]
        lines += [nested("Residual", [repr(share), *layer], name)] if share else layer
        channels = block.channels
    fan_in = next(row for row in plan_of(experiment) if row.name == "flatten").output_shape[0]
    lines.append("GlobalAverage()" if entry.global_average else "nn.Flatten()")
    for number, width in enumerate(entry.dense, start=1):
        own = entry.dropout if number == len(entry.dense) else 0.0
        lines += _dense(f"dense.{number}", fan_in, width, [], activation, rates.dense if rates else own)
        fan_in = width
    if not entry.dense:
        lines += dropout_lines("dropout", 0.0 if rates else entry.dropout)
    return sequential([*lines, *output_lines(fan_in, experiment)])


def weighted_layers(experiment: Experiment) -> tuple[str, ...]:
    """The names of the layers with weights, in their order: a first value is drawn by the name of its layer."""
    from torch import nn

    found: list[str] = []
    for name, module in built(experiment).named_modules():
        if hasattr(module, "dense_parts"):
            found += [f"{name}.{part.name}" for part in cast(Any, module).dense_parts()]
        elif isinstance(module, nn.Linear | nn.Conv1d | nn.Conv2d):
            found.append(name)
    return tuple(found)


def embeddings(experiment: Experiment) -> tuple[str, ...]:
    """The names of what is drawn without inputs, in their order: class tokens and positions."""
    from torch import nn

    return tuple(name for name, module in built(experiment).named_modules() if isinstance(module, nn.Embedding))


def built(experiment: Experiment) -> nn.Module:
    """Its network, without any values."""
    facts = cast(Any, experiment.dataset).facts()
    return cast(Architecture, experiment.architecture).build(facts.input_shape, facts.num_outputs)


def is_convolutional(experiment: Experiment) -> bool:
    """Whether it convolves images, which is done with the channels last in memory."""
    return len(shape_of(experiment)) == 3 and any(row.receptive_field is not None for row in plan_of(experiment))


def shape_of(experiment: Experiment) -> tuple[int, ...]:
    """The shape of one sample."""
    return cast(Any, experiment.dataset).facts().input_shape


def plan_of(experiment: Experiment) -> list[LayerPlan]:
    """The rows of its layer table."""
    facts = cast(Any, experiment.dataset).facts()
    return cast(Architecture, experiment.architecture).plan(facts.input_shape, facts.num_outputs)


def sequential(lines: list[str]) -> str:
    """The layers as a model."""
    return "model = nn.Sequential(\n" + "".join(f"    {line}\n" for line in map(_with_comma, lines)) + ")\n"


def nested(name: str, lines: list[str], comment: str) -> str:
    """A call over several lines; of its arguments' comments nothing is left."""
    inside = "".join(f"        {line.partition('  # ')[0]},\n" for line in lines)
    return f"{name}(\n{inside}    )  # {comment}"


def _with_comma(line: str) -> str:
    expression, mark, comment = line.partition("  # ")
    return f"{expression},{mark}{comment}"


def _flat(experiment: Experiment) -> list[str]:
    return ["nn.Flatten()"] if len(shape_of(experiment)) > 1 else []


def output_lines(fan_in: int, experiment: Experiment) -> list[str]:
    """The last layer."""
    return [f"nn.Linear({fan_in}, {cast(Any, experiment.dataset).facts().num_outputs})  # output"]


def _dense(name: str, fan_in: int, width: int, norm: list[str], activation: str, p: float) -> list[str]:
    bias = ", bias=False" if norm else ""
    return [f"nn.Linear({fan_in}, {width}{bias})  # {name}", *norm, activation, *dropout_lines(f"{name}.dropout", p)]


def dropout_lines(name: str, p: float) -> list[str]:
    """A layer that drops, or none."""
    return [f'Dropout({p!r}, "{name}")'] if p > 0 else []


def norm_lines(normalization: Normalization, groups: int, channels: int, num_axes: int) -> list[str]:
    """A normalization, or none."""
    return {
        "none": [],
        "batch": [f"nn.BatchNorm{max(num_axes, 1)}d({channels})"],
        "layer": [f"nn.GroupNorm(1, {channels})"],
        "group": [f"nn.GroupNorm({groups}, {channels})"],
    }[normalization]


def convolution_lines(
    name: str, channels: int, block: Block, norm: list[str], num_axes: int, groups: int = 1
) -> list[str]:
    """A block's padding where its sides differ, its convolution and its normalization."""
    before, after = block.padding_sides
    options = f", stride={block.stride}" if block.stride != 1 else ""
    options += f", padding={before}" if before else ""
    options += f", groups={groups}" if groups != 1 else ""
    options += ", bias=False" if norm else ""
    extra = [f"nn.ConstantPad{num_axes}d({(0, after - before) * num_axes}, 0.0)"] if before != after else []
    layer = f"nn.Conv{num_axes}d({channels}, {block.channels}, {block.kernel}{options})  # {name}"
    return [*extra, layer, *norm]


def _pooling(block: Block, num_axes: int) -> list[str]:
    if block.pooling == "none":
        return []
    kind = {"max": "Max", "average": "Avg"}[block.pooling]
    stride = "" if block.window_stride == block.pool_window else f", {block.window_stride}"
    return [f"nn.{kind}Pool{num_axes}d({block.pool_window}{stride})"]


# -- first values ----------------------------------------------------------------------------------------------------


def _filled(weight: str, bias: str = "nn.init.zeros_(layer.bias)") -> str:
    """Lines that fill a layer's weight, and its bias where it has one."""
    return (
        f'generator.manual_seed(seed32(SEED, "init", f"{{name}}.weight"))\n{weight}\n'
        f"if layer.bias is not None:\n" + "".join(f"    {line}\n" for line in bias.splitlines())
    )


@code.register
def _(entry: He, experiment: Experiment) -> str:
    times = "" if entry.gain == 1 else f"\nlayer.weight.data.mul_({entry.gain!r})"
    draw = f'nn.init.kaiming_{entry.distribution}_(layer.weight, nonlinearity="relu", generator=generator)'
    return _filled(draw + times)


@code.register
def _(entry: Xavier, experiment: Experiment) -> str:
    return _filled(f"nn.init.xavier_{entry.distribution}_(layer.weight, generator=generator)")


@code.register
def _(entry: Framework, experiment: Experiment) -> str:
    return _filled(
        "nn.init.kaiming_uniform_(layer.weight, a=5**0.5, generator=generator)",
        'generator.manual_seed(seed32(SEED, "init", f"{name}.bias"))\n'
        "bound = 1 / layer.weight[0].numel() ** 0.5\n"
        "nn.init.uniform_(layer.bias, -bound, bound, generator=generator)",
    )


@code.register
def _(entry: Normal, experiment: Experiment) -> str:
    return _filled(f"nn.init.normal_(layer.weight, std={entry.sigma!r}, generator=generator)")


@code.register
def _(entry: Constant, experiment: Experiment) -> str:
    return _filled(f"nn.init.constant_(layer.weight, {entry.value!r})")


@code.register
def _(entry: Zeros, experiment: Experiment) -> str:
    return _filled("nn.init.zeros_(layer.weight)")


@code.register
def _(entry: Orthogonal, experiment: Experiment) -> str:
    return _filled(f"nn.init.orthogonal_(layer.weight, gain={entry.gain!r}, generator=generator)")


@code.register
def _(entry: Sparse, experiment: Experiment) -> str:
    return _filled(
        f"nn.init.normal_(layer.weight, std={entry.sigma!r}, generator=generator)\n"
        f"rows = layer.weight.data.flatten(1)  # one a unit\n"
        f"num_zeros = min(math.ceil({entry.sparsity!r} * rows.shape[1]), rows.shape[1] - 1)\n"
        f"order = torch.rand(rows.shape, generator=generator).argsort(dim=1)\n"
        f"rows.scatter_(1, order[:, :num_zeros], 0.0)"
    )
