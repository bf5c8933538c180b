"""Initializers that do not look at the size of the layer, and the structured ones."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Annotated, ClassVar

from pydantic import Field

from core.catalog.entry import Usual
from core.catalog.initializers.initializer import Initializer
from core.catalog.registry import register

if TYPE_CHECKING:
    import torch

    from core.catalog.initializers.initializer import Fill, Role

_SIGMA_REASON = "A standard deviation is never negative; with exactly 0 choose the entry zeros."


@register
class Normal(Initializer):
    key: ClassVar[str] = "normal"
    title: ClassVar[str] = "normal"
    see: ClassVar[str] = "tiny_first_weights"
    why: ClassVar[str] = "Every weight is drawn from one normal distribution, however many inputs the layer has."
    choose: ClassVar[str] = (
        "Take it to see what a wrong scale does: too small and gradients vanish with depth, too large and they explode."
    )
    formula: ClassVar[str] = r"w \sim \mathcal N(0, \sigma^2), \quad b = 0"
    source: ClassVar[str] = "Krizhevsky, Sutskever and Hinton, ImageNet Classification with Deep CNNs, 2012, section 5"

    sigma: Annotated[
        float,
        Field(gt=0, title="standard deviation", description="Standard deviation σ of every weight."),
        Usual(0.001, 1, "log", reason=_SIGMA_REASON),
    ] = 0.01

    def build(self) -> Fill:
        from torch.nn import init

        def fill(role: Role, tensor: torch.Tensor, fan_in: int, generator: torch.Generator) -> None:
            if role == "weight":
                init.normal_(tensor, std=self.sigma, generator=generator)
            else:
                init.zeros_(tensor)

        return fill


@register
class Constant(Initializer):
    key: ClassVar[str] = "constant"
    title: ClassVar[str] = "constant"
    see: ClassVar[str] = "equal_first_weights"
    why: ClassVar[str] = (
        "All weights start at the same number: then all units of a layer compute the same, get the same gradient and "
        "stay the same."
    )
    choose: ClassVar[str] = "Never for real training; take it to see why first weights must differ."
    formula: ClassVar[str] = r"w = c, \quad b = 0"
    source: ClassVar[str] = "Goodfellow, Bengio and Courville, Deep Learning, 2016, section 8.4"

    value: Annotated[
        float,
        Field(ge=-1e6, le=1e6, title="value", description="The first value c of every weight; biases start at 0."),
        Usual(-1, 1, "linear", reason="Beyond a million the first outputs overflow."),
    ] = 0.1

    def build(self) -> Fill:
        def fill(role: Role, tensor: torch.Tensor, fan_in: int, generator: torch.Generator) -> None:
            tensor.fill_(self.value if role == "weight" else 0.0)

        return fill


@register
class Zeros(Initializer):
    key: ClassVar[str] = "zeros"
    title: ClassVar[str] = "zeros"
    see: ClassVar[str] = "zero_first_weights"
    why: ClassVar[str] = (
        "With hidden layers, weights of exactly 0 are a saddle point: no gradient reaches the hidden weights, and no "
        "optimizer leaves."
    )
    choose: ClassVar[str] = (
        "Fine for logistic regression, whose loss is convex; with hidden layers only to see the standstill."
    )
    formula: ClassVar[str] = r"w = 0, \quad b = 0"
    source: ClassVar[str] = "Goodfellow, Bengio and Courville, Deep Learning, 2016, section 8.4"

    def build(self) -> Fill:
        def fill(role: Role, tensor: torch.Tensor, fan_in: int, generator: torch.Generator) -> None:
            tensor.zero_()

        return fill


@register
class Orthogonal(Initializer):
    key: ClassVar[str] = "orthogonal"
    title: ClassVar[str] = "orthogonal"
    see: ClassVar[str] = "orthogonal_20"
    more: ClassVar[bool] = True
    why: ClassVar[str] = "The rows or columns are orthogonal, so a linear layer turns signals without stretching them."
    choose: ClassVar[str] = "For very deep linear, tanh or recurrent networks; set the gain to √2 for ReLU."
    formula: ClassVar[str] = r"W = g\,Q, \quad Q^\top Q = I \text{ or } Q Q^\top = I, \quad b = 0"
    source: ClassVar[str] = "Saxe, McClelland and Ganguli, Exact Solutions to Deep Linear Networks, 2014, section 3"

    gain: Annotated[
        float,
        Field(gt=0, title="gain", description="Factor g by which every layer stretches its input."),
        Usual(0.5, 2, "linear", reason="A gain of 0 would be all zeros, and a negative one only flips signs."),
    ] = 1.0

    def build(self) -> Fill:
        from torch.nn import init

        def fill(role: Role, tensor: torch.Tensor, fan_in: int, generator: torch.Generator) -> None:
            if role == "weight":
                init.orthogonal_(tensor, gain=self.gain, generator=generator)
            else:
                init.zeros_(tensor)

        return fill


@register
class Sparse(Initializer):
    key: ClassVar[str] = "sparse"
    title: ClassVar[str] = "sparse"
    see: ClassVar[str] = "sparse_first_weights"
    more: ClassVar[bool] = True
    why: ClassVar[str] = "Each unit starts with only a few inputs, so that units differ strongly and none is saturated."
    choose: ClassVar[str] = "For wide layers, where a sum over all inputs would be either tiny or too large."
    formula: ClassVar[str] = (
        r"w_{ij} \sim \mathcal N(0, \sigma^2) \text{ for a share } 1 - s \text{ of the inputs of each unit, else } 0, "
        r"\quad b = 0"
    )
    source: ClassVar[str] = "Martens, Deep Learning via Hessian-Free Optimization, 2010, section 5"

    sparsity: Annotated[
        float,
        Field(
            ge=0,
            lt=1,
            title="share of zeros",
            description="Share s of each unit's inputs whose weight starts at exactly 0.",
        ),
        Usual(0.5, 0.95, "linear", reason="A share lies between 0 and 1; with 1 every weight would be 0."),
    ] = 0.9
    sigma: Annotated[
        float,
        Field(gt=0, title="standard deviation", description="Standard deviation σ of the weights that are not 0."),
        Usual(0.01, 1, "log", reason=_SIGMA_REASON),
    ] = 0.5

    def build(self) -> Fill:
        import torch
        from torch.nn import init

        def fill(role: Role, tensor: torch.Tensor, fan_in: int, generator: torch.Generator) -> None:
            if role == "bias":
                init.zeros_(tensor)
                return
            # torch.nn.init.sparse_ draws its permutations from the default generator and thins columns; Martens thins
            # rows: each unit keeps a few inputs, and here at least one.
            init.normal_(tensor, std=self.sigma, generator=generator)
            num_zeros = min(math.ceil(self.sparsity * fan_in), fan_in - 1)
            order = torch.rand(tensor.shape[0], fan_in, generator=generator).argsort(dim=1)
            tensor.view(tensor.shape[0], fan_in).scatter_(1, order[:, :num_zeros], 0.0)

        return fill
