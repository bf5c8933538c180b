"""Activations with a bounded range, and the identity."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Literal

import numpy as np

from core.catalog.activations.activation import Activation, Curve
from core.catalog.registry import register

if TYPE_CHECKING:
    from torch import nn


@register
class Sigmoid(Activation):
    key: ClassVar[str] = "sigmoid"
    title: ClassVar[str] = "sigmoid"
    see: ClassVar[str] = "sigmoid_20"
    why: ClassVar[str] = (
        "It squeezes any number into the open interval (0, 1); its slope is at most 1/4, so alone it only shrinks the "
        "gradient, and a deep stack of sigmoids makes it vanish."
    )
    choose: ClassVar[str] = (
        "For gates and to see vanishing gradients; in the hidden layers of deep networks prefer ReLU."
    )
    formula: ClassVar[str] = (
        r"\sigma(x) = \frac{1}{1 + e^{-x}}, \quad \sigma'(x) = \sigma(x)\,(1 - \sigma(x)) \le \tfrac14"
    )
    source: ClassVar[str] = "Goodfellow, Bengio and Courville, Deep Learning, 2016, section 6.3.2"
    gain_family: ClassVar[Literal["he", "xavier"]] = "xavier"
    ends: ClassVar[tuple[float, float] | None] = (0.0, 1.0)

    def build(self) -> nn.Module:
        from torch import nn

        return nn.Sigmoid()

    def curve(self, x: np.ndarray) -> Curve:
        value = 0.5 * (1 + np.tanh(0.5 * x))
        return value, value * (1 - value)


@register
class Tanh(Activation):
    key: ClassVar[str] = "tanh"
    title: ClassVar[str] = "tanh"
    see: ClassVar[str] = "tanh_20"
    why: ClassVar[str] = (
        "It squeezes any number into the open interval (−1, 1); its slope is 1 at 0 and falls off on both sides."
    )
    choose: ClassVar[str] = (
        "For shallow or recurrent networks with Xavier initialization; it is centred, the sigmoid is not."
    )
    formula: ClassVar[str] = r"f(x) = \tanh x = \frac{e^x - e^{-x}}{e^x + e^{-x}}, \quad f'(x) = 1 - f(x)^2 \le 1"
    source: ClassVar[str] = "LeCun et al., Efficient BackProp, 1998, section 4.4"
    gain_family: ClassVar[Literal["he", "xavier"]] = "xavier"
    ends: ClassVar[tuple[float, float] | None] = (-1.0, 1.0)

    def build(self) -> nn.Module:
        from torch import nn

        return nn.Tanh()

    def curve(self, x: np.ndarray) -> Curve:
        value = np.tanh(x)
        return value, 1 - value**2


@register
class Identity(Activation):
    key: ClassVar[str] = "identity"
    title: ClassVar[str] = "none (identity)"
    see: ClassVar[str] = "xor_without_activation"
    more: ClassVar[bool] = True
    why: ClassVar[str] = "Without a bend between them, any number of layers computes one linear function of the input."
    choose: ClassVar[str] = "Take it to see what activations are for: a deep linear network cannot solve XOR."
    formula: ClassVar[str] = r"f(x) = x"
    source: ClassVar[str] = "Goodfellow, Bengio and Courville, Deep Learning, 2016, section 6.1"
    gain_family: ClassVar[Literal["he", "xavier"]] = "xavier"

    def build(self) -> nn.Module:
        from torch import nn

        return nn.Identity()

    def curve(self, x: np.ndarray) -> Curve:
        return x.copy(), np.ones_like(x)
