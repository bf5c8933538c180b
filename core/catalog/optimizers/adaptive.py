"""Optimizers with a learning rate of its own for each weight: AdaGrad, RMSProp, AdaDelta."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Annotated, Any, ClassVar

import numpy as np
from pydantic import Field

from core.catalog.entry import Usual
from core.catalog.optimizers.optimizer import Epsilon, LearningRate, Optimizer
from core.catalog.registry import register

if TYPE_CHECKING:
    import torch

_FORGETTING = "At 1 nothing is ever forgotten and the average never moves; below 0 it would change its sign."


@register
class AdaGrad(Optimizer):
    key: ClassVar[str] = "adagrad"
    title: ClassVar[str] = "AdaGrad"
    see: ClassVar[str] = "digits_adagrad"
    why: ClassVar[str] = (
        "Each weight's learning rate is divided by the root of the sum of its squared gradients so far, so it can only "
        "fall."
    )
    choose: ClassVar[str] = (
        "For sparse features, or when directions differ much in steepness; it may stall before it arrives."
    )
    formula: ClassVar[str] = r"s \leftarrow s + g^2, \quad w \leftarrow w - \frac{\eta}{\sqrt{s} + \epsilon}\, g"
    source: ClassVar[str] = "Duchi, Hazan and Singer, Adaptive Subgradient Methods, 2011, section 1.1"
    fused_kernel: ClassVar[str] = "aten::_fused_adagrad_"
    fused_state: ClassVar[tuple[str, ...]] = ("sum", "step")

    lr: LearningRate = 0.05
    eps: Epsilon = 1e-10

    def build(self, params: Iterable[torch.Tensor], lr_override: float | None = None) -> torch.optim.Optimizer:
        import torch

        params = list(params)
        lr = self.lr if lr_override is None else lr_override
        return torch.optim.Adagrad(params, lr=lr, eps=self.eps, **self._kernel(params))

    def learning_rate(self) -> float:
        return self.lr

    def fused_options(self) -> dict[str, Any]:
        return {"eps": self.eps, "lr_decay": 0.0, "weight_decay": 0.0, "maximize": False}

    @property
    def memory(self) -> tuple[str, ...]:
        return ("sum",)

    def parts(self, memory: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
        return {"sum of squares s": memory["sum"]}

    def weight_rates(self, memory: Mapping[str, np.ndarray]) -> np.ndarray:
        return self.lr / (np.sqrt(memory["sum"]) + self.eps)


@register
class RmsProp(Optimizer):
    key: ClassVar[str] = "rmsprop"
    title: ClassVar[str] = "RMSProp"
    see: ClassVar[str] = "digits_rmsprop"
    why: ClassVar[str] = (
        "AdaGrad that forgets: the squared gradients are averaged over about the last 1/(1 − γ) updates, so the "
        "learning rate can rise again."
    )
    choose: ClassVar[str] = "When gradients change their size during training; a good choice for recurrent networks."
    formula: ClassVar[str] = (
        r"s \leftarrow \gamma s + (1 - \gamma)\, g^2, \quad w \leftarrow w - \frac{\eta}{\sqrt{s} + \epsilon}\, g"
    )
    source: ClassVar[str] = "Tieleman and Hinton, Neural Networks for Machine Learning, 2012, lecture 6.5"

    lr: LearningRate = 0.001
    alpha: Annotated[
        float,
        Field(
            ge=0,
            lt=1,
            title="γ",
            description="Share of the old average of squared gradients kept at each update; PyTorch calls it alpha.",
        ),
        Usual(0.9, 0.999, "linear", reason=_FORGETTING, more=True),
    ] = 0.99
    eps: Epsilon = 1e-8

    def build(self, params: Iterable[torch.Tensor], lr_override: float | None = None) -> torch.optim.Optimizer:
        import torch

        lr = self.lr if lr_override is None else lr_override
        return torch.optim.RMSprop(list(params), lr=lr, alpha=self.alpha, eps=self.eps, foreach=True)

    def learning_rate(self) -> float:
        return self.lr

    @property
    def memory(self) -> tuple[str, ...]:
        return ("square_avg",)

    def parts(self, memory: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
        return {"average of squares s": memory["square_avg"]}

    def weight_rates(self, memory: Mapping[str, np.ndarray]) -> np.ndarray:
        return self.lr / (np.sqrt(memory["square_avg"]) + self.eps)

    @property
    def row_numbers(self) -> dict[str, tuple[float, float]]:
        return {"alpha": (self.alpha, 1.0), "rest": (1 - self.alpha, 0.0), "eps": (self.eps, self.eps)}

    @staticmethod
    def update_rows(
        weights: torch.Tensor,
        gradients: torch.Tensor,
        memory: dict[str, torch.Tensor],
        numbers: dict[str, torch.Tensor],
    ) -> None:
        average = memory["square_avg"].mul_(numbers["alpha"]).add_(gradients.square().mul_(numbers["rest"]))
        weights.sub_((gradients / average.sqrt().add_(numbers["eps"])).mul_(numbers["lr"]))


@register
class AdaDelta(Optimizer):
    key: ClassVar[str] = "adadelta"
    title: ClassVar[str] = "AdaDelta"
    see: ClassVar[str] = "digits_adadelta"
    why: ClassVar[str] = (
        "RMSProp whose learning rate is replaced by the size of its own past updates; nothing is left to tune, but ε "
        "decides how fast it starts."
    )
    choose: ClassVar[str] = "To train without choosing a learning rate; give it more updates, or raise ε."
    formula: ClassVar[str] = (
        r"s \leftarrow \rho s + (1 - \rho)\, g^2, \quad "
        r"\Delta = \sqrt{\frac{u + \epsilon}{s + \epsilon}}\, g, \quad "
        r"u \leftarrow \rho u + (1 - \rho)\, \Delta^2, \quad w \leftarrow w - \Delta"
    )
    source: ClassVar[str] = "Zeiler, ADADELTA: An Adaptive Learning Rate Method, 2012, algorithm 1"

    rho: Annotated[
        float,
        Field(ge=0, lt=1, title="ρ", description="Share of the old averages kept at each update."),
        Usual(0.9, 0.999, "linear", reason=_FORGETTING, more=True),
    ] = 0.9
    eps: Annotated[
        float,
        Field(
            gt=0,
            title="ε",
            description="Added under both roots; it takes the place of a learning rate: larger starts faster.",
        ),
        Usual(1e-8, 0.1, "log", reason="With 0 the first update would be 0, and so would all that follow.", more=True),
    ] = 1e-6

    def build(self, params: Iterable[torch.Tensor], lr_override: float | None = None) -> torch.optim.Optimizer:
        import torch

        lr = 1.0 if lr_override is None else lr_override
        return torch.optim.Adadelta(list(params), lr=lr, rho=self.rho, eps=self.eps, foreach=True)

    def learning_rate(self) -> float:
        """1: AdaDelta has none, and a schedule multiplies its updates."""
        return 1.0

    @property
    def memory(self) -> tuple[str, ...]:
        return ("square_avg", "acc_delta")

    def parts(self, memory: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
        return {"average of squares s": memory["square_avg"], "average of squared moves u": memory["acc_delta"]}

    def weight_rates(self, memory: Mapping[str, np.ndarray]) -> np.ndarray:
        changes = memory["acc_delta"]
        before = np.vstack([np.zeros_like(changes[:1]), changes[:-1]])
        return np.sqrt((before + self.eps) / (memory["square_avg"] + self.eps))

    @property
    def row_numbers(self) -> dict[str, tuple[float, float]]:
        return {"rho": (self.rho, 1.0), "rest": (1 - self.rho, 0.0), "eps": (self.eps, self.eps)}

    @staticmethod
    def update_rows(
        weights: torch.Tensor,
        gradients: torch.Tensor,
        memory: dict[str, torch.Tensor],
        numbers: dict[str, torch.Tensor],
    ) -> None:
        rho, rest, eps = numbers["rho"], numbers["rest"], numbers["eps"]
        average = memory["square_avg"].mul_(rho).add_(gradients.square().mul_(rest))
        change = memory["acc_delta"].add(eps).sqrt_().div_(average.add(eps).sqrt_()).mul_(gradients)
        memory["acc_delta"].mul_(rho).add_(change.square().mul_(rest))
        weights.sub_(change.mul_(numbers["lr"]))
