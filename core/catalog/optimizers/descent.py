"""Gradient descent: plain, with momentum, with Nesterov's momentum."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Annotated, Any, ClassVar

from pydantic import Field

from core.catalog.entry import Usual
from core.catalog.optimizers.optimizer import LearningRate, Optimizer
from core.catalog.registry import register

if TYPE_CHECKING:
    import numpy as np
    import torch

Momentum = Annotated[
    float,
    Field(
        ge=0,
        lt=1,
        title="momentum",
        description="Share γ of the velocity kept at each update; about the last 1/(1 − γ) gradients act together.",
    ),
    Usual(0.5, 0.99, "linear", reason="At 1 the velocity never fades; below 0 it would push back.", more=True),
]


def build_sgd(
    entry: Optimizer,
    params: Iterable[torch.Tensor],
    lr: float,
    *,
    momentum: float = 0.0,
    nesterov: bool = False,
) -> torch.optim.Optimizer:
    """torch.optim.SGD; velocities start as zeros rather than unallocated.

    torch's fused kernel leaves them uninitialized when the very first update is skipped because of `found_inf`.
    """
    import torch

    params = list(params)
    optimizer = torch.optim.SGD(params, lr=lr, momentum=momentum, nesterov=nesterov, **entry._kernel(params))
    if momentum:
        for tensor in params:
            optimizer.state[tensor]["momentum_buffer"] = torch.zeros_like(tensor)
    return optimizer


def _fused_options(momentum: float = 0.0, nesterov: bool = False) -> dict[str, Any]:
    fixed = {"weight_decay": 0.0, "dampening": 0.0, "maximize": False, "is_first_step": False}
    return {**fixed, "momentum": momentum, "nesterov": nesterov}


def _velocity(memory: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
    return {"velocity v": memory["momentum_buffer"]} if memory else {}


@register
class Sgd(Optimizer):
    key: ClassVar[str] = "sgd"
    synonyms: ClassVar[tuple[str, ...]] = ("gd",)
    title: ClassVar[str] = "SGD"
    see: ClassVar[str] = "digits_sgd"
    why: ClassVar[str] = (
        "Each update goes a small way against the gradient of the batch: the simplest rule that learns."
    )
    choose: ClassVar[str] = (
        "To understand the others; it needs the learning rate tuned, and zig-zags in narrow valleys."
    )
    formula: ClassVar[str] = r"w \leftarrow w - \eta\, g"
    source: ClassVar[str] = "Robbins and Monro, A Stochastic Approximation Method, 1951, section 2"
    fused_kernel: ClassVar[str] = "aten::_fused_sgd_"
    fused_state: ClassVar[tuple[str, ...]] = ("",)

    lr: LearningRate = 0.1

    def build(self, params: Iterable[torch.Tensor], lr_override: float | None = None) -> torch.optim.Optimizer:
        return build_sgd(self, params, self.lr if lr_override is None else lr_override)

    def learning_rate(self) -> float:
        return self.lr

    def sharpness_limit(self, lr: float) -> float | None:
        return 2 / lr

    def fused_options(self) -> dict[str, Any]:
        return _fused_options()


@register
class MomentumSgd(Optimizer):
    key: ClassVar[str] = "momentum"
    title: ClassVar[str] = "momentum"
    see: ClassVar[str] = "digits_momentum"
    why: ClassVar[str] = (
        "A velocity sums past gradients: what always points the same way grows, what changes sign cancels, so a larger "
        "learning rate becomes usable."
    )
    choose: ClassVar[str] = (
        "A strong, simple choice for CNNs; start with momentum 0.9 and a tenth of SGD's learning rate."
    )
    formula: ClassVar[str] = r"v \leftarrow \gamma v + g, \quad w \leftarrow w - \eta\, v"
    source: ClassVar[str] = "Polyak, Some Methods of Speeding Up the Convergence of Iteration Methods, 1964, section 2"
    fused_kernel: ClassVar[str] = "aten::_fused_sgd_"
    fused_state: ClassVar[tuple[str, ...]] = ("momentum_buffer",)

    lr: LearningRate = 0.05
    momentum: Momentum = 0.9

    def build(self, params: Iterable[torch.Tensor], lr_override: float | None = None) -> torch.optim.Optimizer:
        return build_sgd(self, params, self.lr if lr_override is None else lr_override, momentum=self.momentum)

    def learning_rate(self) -> float:
        return self.lr

    def sharpness_limit(self, lr: float) -> float | None:
        return 2 * (1 + self.momentum) / lr

    def fused_options(self) -> dict[str, Any]:
        return _fused_options(self.momentum)

    @property
    def memory(self) -> tuple[str, ...]:
        return ("momentum_buffer",) if self.momentum else ()

    def parts(self, memory: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
        return _velocity(memory)

    def directions(self, gradients: np.ndarray, memory: Mapping[str, np.ndarray]) -> np.ndarray:
        return memory["momentum_buffer"] if memory else gradients


@register
class Nesterov(Optimizer):
    key: ClassVar[str] = "nesterov"
    title: ClassVar[str] = "Nesterov momentum"
    see: ClassVar[str] = "digits_nesterov"
    why: ClassVar[str] = (
        "Momentum that looks ahead: the gradient is added once more to the velocity it has just changed."
    )
    choose: ClassVar[str] = "In place of momentum at no extra cost; it overshoots a little less."
    formula: ClassVar[str] = r"v \leftarrow \gamma v + g, \quad w \leftarrow w - \eta\,(g + \gamma v)"
    source: ClassVar[str] = (
        "Sutskever et al., On the Importance of Initialization and Momentum in Deep Learning, 2013, section 2"
    )
    fused_kernel: ClassVar[str] = "aten::_fused_sgd_"
    fused_state: ClassVar[tuple[str, ...]] = ("momentum_buffer",)

    lr: LearningRate = 0.05
    momentum: Annotated[
        float,
        Field(
            gt=0,
            lt=1,
            title="momentum",
            description="Share γ of the velocity kept at each update; about the last 1/(1 − γ) gradients act together.",
        ),
        Usual(0.5, 0.99, "linear", reason="At 0 there is nothing to look ahead with; at 1 nothing fades.", more=True),
    ] = 0.9

    def build(self, params: Iterable[torch.Tensor], lr_override: float | None = None) -> torch.optim.Optimizer:
        lr = self.lr if lr_override is None else lr_override
        return build_sgd(self, params, lr, momentum=self.momentum, nesterov=True)

    def learning_rate(self) -> float:
        return self.lr

    def sharpness_limit(self, lr: float) -> float | None:
        return 2 * (1 + self.momentum) / (lr * (1 + 2 * self.momentum))

    def fused_options(self) -> dict[str, Any]:
        return _fused_options(self.momentum, nesterov=True)

    @property
    def memory(self) -> tuple[str, ...]:
        return ("momentum_buffer",)

    def parts(self, memory: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
        return _velocity(memory)

    def directions(self, gradients: np.ndarray, memory: Mapping[str, np.ndarray]) -> np.ndarray:
        return gradients + self.momentum * memory["momentum_buffer"]
