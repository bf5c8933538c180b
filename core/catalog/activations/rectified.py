"""The ReLU family: ReLU, leaky ReLU, PReLU, GELU, SiLU."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Annotated, ClassVar

import numpy as np
from pydantic import Field

from core.catalog.activations.activation import Activation, Curve
from core.catalog.entry import Usual
from core.catalog.registry import register

if TYPE_CHECKING:
    from torch import nn

_SLOPE_REASON = "A slope of 1 or more would no longer bend: max(kx, x) is then linear or turns the other way."


def _leaky_curve(x: np.ndarray, slope: float) -> Curve:
    return np.where(x > 0, x, slope * x), np.where(x > 0, 1.0, slope)


@register
class Relu(Activation):
    key: ClassVar[str] = "relu"
    title: ClassVar[str] = "ReLU"
    see: ClassVar[str] = "relu_20"
    why: ClassVar[str] = (
        "It passes positive values unchanged, so its slope there is 1 and the gradient is not shrunk by the activation "
        "itself; negative values become 0."
    )
    choose: ClassVar[str] = (
        "The first choice for hidden layers, with He initialization; units that are negative for every sample learn "
        "nothing: then try leaky ReLU."
    )
    formula: ClassVar[str] = r"f(x) = \max(x, 0)"
    source: ClassVar[str] = "Nair and Hinton, Rectified Linear Units Improve RBMs, 2010, section 2"

    def build(self) -> nn.Module:
        from torch import nn

        return nn.ReLU()

    def curve(self, x: np.ndarray) -> Curve:
        return _leaky_curve(x, 0.0)


@register
class LeakyRelu(Activation):
    key: ClassVar[str] = "leaky_relu"
    title: ClassVar[str] = "leaky ReLU"
    see: ClassVar[str] = "leaky_relu_20"
    why: ClassVar[str] = "A small slope on the negative side lets a unit that is off still receive a gradient."
    choose: ClassVar[str] = "Take it when many ReLU units stay at 0; a slope of 0.01 or 0.02 is common."
    formula: ClassVar[str] = r"f(x) = \max(kx, x), \quad 0 \le k < 1"
    source: ClassVar[str] = "Maas, Hannun and Ng, Rectifier Nonlinearities Improve Acoustic Models, 2013, section 2"

    slope: Annotated[
        float,
        Field(ge=0, lt=1, title="slope", description="Slope k of the negative side; 0 makes it ReLU."),
        Usual(0.01, 0.3, "linear", reason=_SLOPE_REASON),
    ] = 0.01

    def build(self) -> nn.Module:
        from torch import nn

        return nn.LeakyReLU(self.slope)

    def curve(self, x: np.ndarray) -> Curve:
        return _leaky_curve(x, self.slope)


@register
class PRelu(Activation):
    key: ClassVar[str] = "prelu"
    title: ClassVar[str] = "PReLU"
    see: ClassVar[str] = "digits_prelu"
    more: ClassVar[bool] = True
    why: ClassVar[str] = "The slope of the negative side is learned, one number a layer, together with the weights."
    choose: ClassVar[str] = "Take it when you do not want to choose the slope of a leaky ReLU by hand."
    formula: ClassVar[str] = r"f(x) = \max(x, 0) + k \min(x, 0), \quad k \text{ learned}"
    source: ClassVar[str] = "He et al., Delving Deep into Rectifiers, 2015, section 2.1"
    num_learned: ClassVar[int] = 1

    init_slope: Annotated[
        float,
        Field(ge=0, lt=1, title="first slope", description="Slope k of the negative side before the first update."),
        Usual(0.01, 0.5, "linear", reason=_SLOPE_REASON),
    ] = 0.25

    def build(self) -> nn.Module:
        from torch import nn

        return nn.PReLU(init=self.init_slope)

    def curve(self, x: np.ndarray) -> Curve:
        return _leaky_curve(x, self.init_slope)


@register
class Gelu(Activation):
    key: ClassVar[str] = "gelu"
    title: ClassVar[str] = "GELU"
    see: ClassVar[str] = "digits_gelu"
    more: ClassVar[bool] = True
    why: ClassVar[str] = (
        "A smooth ReLU: each value is weighted by the share of a normal distribution that lies below it."
    )
    choose: ClassVar[str] = (
        "The usual choice in transformers; elsewhere it costs more than ReLU and rarely decides the result."
    )
    formula: ClassVar[str] = r"f(x) = x\,\Phi(x), \quad \Phi \text{ the standard normal distribution function}"
    source: ClassVar[str] = "Hendrycks and Gimpel, Gaussian Error Linear Units, 2016, section 2"

    def build(self) -> nn.Module:
        from torch import nn

        return nn.GELU()

    def curve(self, x: np.ndarray) -> Curve:
        below = 0.5 * (1 + np.vectorize(math.erf)(x / math.sqrt(2)))
        density = np.exp(-0.5 * x**2) / math.sqrt(2 * math.pi)
        return x * below, below + x * density


@register
class Silu(Activation):
    key: ClassVar[str] = "silu"
    title: ClassVar[str] = "SiLU"
    see: ClassVar[str] = "digits_silu"
    more: ClassVar[bool] = True
    why: ClassVar[str] = "A smooth ReLU: the value times its own sigmoid, slightly negative just below 0."
    choose: ClassVar[str] = "An alternative to GELU, known as Swish; compare it with ReLU before you believe in it."
    formula: ClassVar[str] = r"f(x) = x\,\sigma(x) = \frac{x}{1 + e^{-x}}"
    source: ClassVar[str] = "Elfwing, Uchibe and Doya, Sigmoid-Weighted Linear Units, 2018, section 2.1"

    def build(self) -> nn.Module:
        from torch import nn

        return nn.SiLU()

    def curve(self, x: np.ndarray) -> Curve:
        sigmoid = 0.5 * (1 + np.tanh(0.5 * x))
        return x * sigmoid, sigmoid * (1 + x * (1 - sigmoid))
