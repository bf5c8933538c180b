"""Initializers that scale the weights by the size of the layer: He, Xavier, and the framework's own."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Annotated, ClassVar, Literal

from pydantic import Field

from core.catalog.entry import Usual
from core.catalog.initializers.initializer import Initializer
from core.catalog.registry import register

if TYPE_CHECKING:
    import torch

    from core.catalog.initializers.initializer import Fill, Role

_DISTRIBUTION = "The shape of the distribution; the variance is the same for both."


@register
class He(Initializer):
    key: ClassVar[str] = "he"
    title: ClassVar[str] = "He"
    see: ClassVar[str] = "relu_20"
    why: ClassVar[str] = (
        "ReLU sets half of the values to 0; twice the variance makes up for it, so signals and gradients keep their "
        "size through many layers."
    )
    choose: ClassVar[str] = "The default for ReLU, leaky ReLU, PReLU and GELU."
    formula: ClassVar[str] = r"w \sim \mathcal N\!\left(0, g^2 \tfrac{2}{n_\mathrm{in}}\right), \quad b = 0"
    source: ClassVar[str] = "He et al., Delving Deep into Rectifiers, 2015, section 2.2, equation 10"

    distribution: Annotated[Literal["normal", "uniform"], Field(title="distribution", description=_DISTRIBUTION)] = (
        "normal"
    )
    gain: Annotated[
        float,
        Field(gt=0, title="gain", description="Factor g on every weight; 1 is He, 2 makes deep networks explode."),
        Usual(
            0.5, 2, "linear", reason="A gain of 0 would be all zeros, and a negative one only flips signs.", more=True
        ),
    ] = 1.0

    def build(self) -> Fill:
        from torch.nn import init

        draw = init.kaiming_normal_ if self.distribution == "normal" else init.kaiming_uniform_

        def fill(role: Role, tensor: torch.Tensor, fan_in: int, generator: torch.Generator) -> None:
            if role == "weight":
                draw(tensor, nonlinearity="relu", generator=generator).mul_(self.gain)
            else:
                init.zeros_(tensor)

        return fill


@register
class Xavier(Initializer):
    key: ClassVar[str] = "xavier"
    title: ClassVar[str] = "Xavier"
    see: ClassVar[str] = "tanh_20"
    why: ClassVar[str] = (
        "The variance is a compromise between inputs and outputs of a layer, so that signals forward and gradients "
        "backward both keep their size where the activation is nearly linear."
    )
    choose: ClassVar[str] = "The default for sigmoid, tanh and networks without activation; also called Glorot."
    formula: ClassVar[str] = (
        r"w \sim \mathcal U(-a, a), \quad a = \sqrt{\frac{6}{n_\mathrm{in} + n_\mathrm{out}}}, \quad b = 0"
    )
    source: ClassVar[str] = (
        "Glorot and Bengio, Understanding the Difficulty of Training Deep Networks, 2010, equation 16"
    )

    distribution: Annotated[Literal["normal", "uniform"], Field(title="distribution", description=_DISTRIBUTION)] = (
        "uniform"
    )

    def build(self) -> Fill:
        from torch.nn import init

        draw = init.xavier_normal_ if self.distribution == "normal" else init.xavier_uniform_

        def fill(role: Role, tensor: torch.Tensor, fan_in: int, generator: torch.Generator) -> None:
            if role == "weight":
                draw(tensor, generator=generator)
            else:
                init.zeros_(tensor)

        return fill


@register
class Framework(Initializer):
    key: ClassVar[str] = "framework"
    title: ClassVar[str] = "PyTorch's own"
    see: ClassVar[str] = "relu_20_framework"
    why: ClassVar[str] = (
        "What PyTorch does when nobody chooses: weights and biases uniform within ±1/√n of n inputs, a sixth of He's "
        "variance, so deep ReLU networks start with vanishing gradients."
    )
    choose: ClassVar[str] = "Take it to reproduce plain PyTorch code, or to see 20 ReLU layers that do not learn."
    formula: ClassVar[str] = (
        r"w, b \sim \mathcal U\!\left(-\tfrac{1}{\sqrt{n_\mathrm{in}}}, \tfrac{1}{\sqrt{n_\mathrm{in}}}\right)"
    )
    source: ClassVar[str] = (
        "PyTorch 2, torch.nn.Linear.reset_parameters; LeCun et al., Efficient BackProp, 1998, section 4.6"
    )

    def build(self) -> Fill:
        from torch.nn import init

        def fill(role: Role, tensor: torch.Tensor, fan_in: int, generator: torch.Generator) -> None:
            if role == "weight":
                init.kaiming_uniform_(tensor, a=math.sqrt(5), generator=generator)
            else:
                bound = 1 / math.sqrt(fan_in)
                init.uniform_(tensor, -bound, bound, generator=generator)

        return fill
