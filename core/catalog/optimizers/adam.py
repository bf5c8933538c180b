"""Adam and AdamW: momentum and a learning rate for each weight, both corrected for their start at zero."""

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

Beta1 = Annotated[
    float,
    Field(ge=0, lt=1, title="β₁", description="Share of the old average of gradients kept at each update."),
    Usual(0.5, 0.99, "linear", reason=_FORGETTING, more=True),
]

Beta2 = Annotated[
    float,
    Field(ge=0, lt=1, title="β₂", description="Share of the old average of squared gradients kept at each update."),
    Usual(0.9, 0.9999, "linear", reason=_FORGETTING, more=True),
]

_MOMENTS = (
    r"m \leftarrow \beta_1 m + (1 - \beta_1)\, g, \quad s \leftarrow \beta_2 s + (1 - \beta_2)\, g^2, \quad "
    r"\hat m = \frac{m}{1 - \beta_1^t}, \quad \hat s = \frac{s}{1 - \beta_2^t}, \quad "
)

_STATE = ("exp_avg", "exp_avg_sq", "", "step")
"""m, s, none of AMSGrad's, t."""


def _fused_options(beta1: float, beta2: float, eps: float, weight_decay: float) -> dict[str, Any]:
    betas = {"beta1": beta1, "beta2": beta2}
    return {**betas, "eps": eps, "weight_decay": weight_decay, "amsgrad": False, "maximize": False}


def averages(memory: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
    """Adam's two averages by their words."""
    return {"average of gradients m": memory["exp_avg"], "average of squares s": memory["exp_avg_sq"]}


def counts_beside(values: np.ndarray) -> np.ndarray:
    """1, 2, … T beside values (T, N)."""
    return np.arange(1, len(values) + 1, dtype=np.float64).reshape(-1, *[1] * (values.ndim - 1))


def corrected(beta1: float, beta2: float, memory: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
    """Both averages divided by the sum of the weights that went into them."""
    gradients, squares = memory["exp_avg"], memory["exp_avg_sq"]
    counts = counts_beside(squares)
    return {"m corrected": gradients / (1 - beta1**counts), "s corrected": squares / (1 - beta2**counts)}


def _weight_rates(lr: float, beta2: float, eps: float, memory: Mapping[str, np.ndarray]) -> np.ndarray:
    """What the corrected average of gradients is multiplied with."""
    return lr / (np.sqrt(corrected(0.0, beta2, memory)["s corrected"]) + eps)


@register
class Adam(Optimizer):
    key: ClassVar[str] = "adam"
    title: ClassVar[str] = "Adam"
    see: ClassVar[str] = "learns"
    why: ClassVar[str] = (
        "Momentum divided by the recent size of each weight's gradients; the correction makes the weights of past "
        "gradients sum to 1 from the first update on."
    )
    choose: ClassVar[str] = (
        "The default: learning rate 0.001 works for most networks, and it is fast in the first updates."
    )
    formula: ClassVar[str] = _MOMENTS + r"w \leftarrow w - \eta\, \frac{\hat m}{\sqrt{\hat s} + \epsilon}"
    source: ClassVar[str] = "Kingma and Ba, Adam: A Method for Stochastic Optimization, 2015, algorithm 1"
    fused_kernel: ClassVar[str] = "aten::_fused_adam_"
    fused_state: ClassVar[tuple[str, ...]] = _STATE

    lr: LearningRate = 0.001
    beta1: Beta1 = 0.9
    beta2: Beta2 = 0.999
    eps: Epsilon = 1e-8

    def build(self, params: Iterable[torch.Tensor], lr_override: float | None = None) -> torch.optim.Optimizer:
        import torch

        params = list(params)
        lr = self.lr if lr_override is None else lr_override
        return torch.optim.Adam(params, lr=lr, betas=(self.beta1, self.beta2), eps=self.eps, **self._kernel(params))

    def learning_rate(self) -> float:
        return self.lr

    def fused_options(self) -> dict[str, Any]:
        return _fused_options(self.beta1, self.beta2, self.eps, weight_decay=0.0)

    @property
    def memory(self) -> tuple[str, ...]:
        return ("exp_avg", "exp_avg_sq")

    def parts(self, memory: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
        return averages(memory) | corrected(self.beta1, self.beta2, memory)

    def directions(self, gradients: np.ndarray, memory: Mapping[str, np.ndarray]) -> np.ndarray:
        return corrected(self.beta1, self.beta2, memory)["m corrected"]

    def weight_rates(self, memory: Mapping[str, np.ndarray]) -> np.ndarray:
        return _weight_rates(self.lr, self.beta2, self.eps, memory)


@register
class AdamW(Optimizer):
    key: ClassVar[str] = "adamw"
    title: ClassVar[str] = "AdamW"
    see: ClassVar[str] = "digits_adamw"
    why: ClassVar[str] = (
        "Adam with weight decay beside the rule instead of inside the gradient, so that large gradients do not weaken "
        "the decay."
    )
    choose: ClassVar[str] = "When Adam overfits, and for transformers; tune the weight decay after the learning rate."
    formula: ClassVar[str] = (
        _MOMENTS + r"w \leftarrow w - \eta\, \lambda\, w - \eta\, \frac{\hat m}{\sqrt{\hat s} + \epsilon}"
    )
    source: ClassVar[str] = "Loshchilov and Hutter, Decoupled Weight Decay Regularization, 2019, algorithm 2"
    fused_kernel: ClassVar[str] = "aten::_fused_adamw_"
    fused_state: ClassVar[tuple[str, ...]] = _STATE

    lr: LearningRate = 0.001
    weight_decay: Annotated[
        float,
        Field(
            ge=0,
            title="weight decay",
            description=(
                "λ: each update takes lr·λ of every parameter off, biases too; for weights only take Adam and the "
                "regularizer weight decay."
            ),
        ),
        Usual(1e-4, 0.1, "log", reason="A negative decay would make weights grow without end.", simpler="high"),
    ] = 0.01
    beta1: Beta1 = 0.9
    beta2: Beta2 = 0.999
    eps: Epsilon = 1e-8

    def build(self, params: Iterable[torch.Tensor], lr_override: float | None = None) -> torch.optim.Optimizer:
        import torch

        params = list(params)
        lr = self.lr if lr_override is None else lr_override
        return torch.optim.AdamW(
            params,
            lr=lr,
            betas=(self.beta1, self.beta2),
            eps=self.eps,
            weight_decay=self.weight_decay,
            **self._kernel(params),
        )

    def learning_rate(self) -> float:
        return self.lr

    def fused_options(self) -> dict[str, Any]:
        return _fused_options(self.beta1, self.beta2, self.eps, self.weight_decay)

    @property
    def memory(self) -> tuple[str, ...]:
        return ("exp_avg", "exp_avg_sq")

    def parts(self, memory: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
        return averages(memory) | corrected(self.beta1, self.beta2, memory)

    def directions(self, gradients: np.ndarray, memory: Mapping[str, np.ndarray]) -> np.ndarray:
        return corrected(self.beta1, self.beta2, memory)["m corrected"]

    def weight_rates(self, memory: Mapping[str, np.ndarray]) -> np.ndarray:
        return _weight_rates(self.lr, self.beta2, self.eps, memory)

    @property
    def own_weight_decay(self) -> float:
        return self.weight_decay
