"""Adam's relatives: NAdam, RAdam, Adamax."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, ClassVar

import numpy as np

from core.catalog.optimizers.adam import Beta1, Beta2, averages, corrected, counts_beside
from core.catalog.optimizers.optimizer import Epsilon, LearningRate, Optimizer
from core.catalog.registry import register

if TYPE_CHECKING:
    import torch

MOMENTUM_DECAY = 0.004
"""ψ of NAdam's formula."""


@register
class NAdam(Optimizer):
    key: ClassVar[str] = "nadam"
    title: ClassVar[str] = "NAdam"
    see: ClassVar[str] = "digits_nadam"
    more: ClassVar[bool] = True
    why: ClassVar[str] = (
        "Adam with Nesterov's look ahead: the present gradient counts once more in the average it has just changed."
    )
    choose: ClassVar[str] = "In place of Adam at no extra cost; it is a little faster in the first updates."
    formula: ClassVar[str] = (
        r"\mu_t = \beta_1 \left(1 - \tfrac{1}{2}\, 0.96^{0.004\, t}\right), \quad "
        r"m \leftarrow \beta_1 m + (1 - \beta_1)\, g, \quad s \leftarrow \beta_2 s + (1 - \beta_2)\, g^2, \quad "
        r"\hat m = \frac{\mu_{t+1}\, m}{1 - \prod_{i \le t+1} \mu_i} "
        r"+ \frac{(1 - \mu_t)\, g}{1 - \prod_{i \le t} \mu_i}, \quad \hat s = \frac{s}{1 - \beta_2^t}, \quad "
        r"w \leftarrow w - \eta\, \frac{\hat m}{\sqrt{\hat s} + \epsilon}"
    )
    source: ClassVar[str] = "Dozat, Incorporating Nesterov Momentum into Adam, 2016, algorithm 2"

    lr: LearningRate = 0.002
    beta1: Beta1 = 0.9
    beta2: Beta2 = 0.999
    eps: Epsilon = 1e-8

    def build(self, params: Iterable[torch.Tensor], lr_override: float | None = None) -> torch.optim.Optimizer:
        import torch

        params = list(params)
        return torch.optim.NAdam(
            params,
            lr=self.lr if lr_override is None else lr_override,
            betas=(self.beta1, self.beta2),
            eps=self.eps,
            momentum_decay=MOMENTUM_DECAY,
            **self._by_tensor_lists(params),
        )

    def learning_rate(self) -> float:
        return self.lr

    @property
    def memory(self) -> tuple[str, ...]:
        return ("exp_avg", "exp_avg_sq", "mu_product")

    def parts(self, memory: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
        return averages(memory)

    def directions(self, gradients: np.ndarray, memory: Mapping[str, np.ndarray]) -> np.ndarray:
        counts = counts_beside(gradients)
        now, after = (self.beta1 * (1 - 0.5 * 0.96 ** (MOMENTUM_DECAY * (counts + ahead))) for ahead in (0, 1))
        product = np.cumprod(now, axis=0)
        return after * memory["exp_avg"] / (1 - product * after) + (1 - now) * gradients / (1 - product)

    def weight_rates(self, memory: Mapping[str, np.ndarray]) -> np.ndarray:
        squares = memory["exp_avg_sq"]
        return self.lr / (np.sqrt(squares / (1 - self.beta2 ** counts_beside(squares))) + self.eps)


@register
class RAdam(Optimizer):
    key: ClassVar[str] = "radam"
    title: ClassVar[str] = "RAdam"
    see: ClassVar[str] = "digits_radam"
    more: ClassVar[bool] = True
    why: ClassVar[str] = (
        "Adam that trusts its squares only when enough gradients are in them: the first updates are those of momentum, "
        "then the learning rate of each weight fades in, as under a warm-up."
    )
    choose: ClassVar[str] = (
        "Where Adam needs a warm-up and its length is not known; with a larger rate than Adam's, because it fades in."
    )
    formula: ClassVar[str] = (
        r"\rho_\infty = \frac{2}{1 - \beta_2} - 1, \quad "
        r"\rho = \rho_\infty - \frac{2 t \beta_2^t}{1 - \beta_2^t}, \quad "
        r"r = \sqrt{\frac{(\rho - 4)(\rho - 2)\, \rho_\infty}{(\rho_\infty - 4)(\rho_\infty - 2)\, \rho}}, \quad "
        r"w \leftarrow w - \eta\, \hat m\, r\, \frac{\sqrt{1 - \beta_2^t}}{\sqrt{s} + \epsilon} "
        r"\text{ if } \rho > 5, \text{ else } w \leftarrow w - \eta\, \hat m"
    )
    source: ClassVar[str] = "Liu et al., On the Variance of the Adaptive Learning Rate and Beyond, 2020, algorithm 2"

    lr: LearningRate = 0.01
    beta1: Beta1 = 0.9
    beta2: Beta2 = 0.999
    eps: Epsilon = 1e-8

    def build(self, params: Iterable[torch.Tensor], lr_override: float | None = None) -> torch.optim.Optimizer:
        import torch

        params = list(params)
        lr = self.lr if lr_override is None else lr_override
        betas = (self.beta1, self.beta2)
        return torch.optim.RAdam(params, lr=lr, betas=betas, eps=self.eps, **self._by_tensor_lists(params))

    def learning_rate(self) -> float:
        return self.lr

    @property
    def memory(self) -> tuple[str, ...]:
        return ("exp_avg", "exp_avg_sq")

    def parts(self, memory: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
        found = corrected(self.beta1, self.beta2, memory)
        return averages(memory) | {"m corrected": found["m corrected"]}

    def directions(self, gradients: np.ndarray, memory: Mapping[str, np.ndarray]) -> np.ndarray:
        return corrected(self.beta1, self.beta2, memory)["m corrected"]

    def weight_rates(self, memory: Mapping[str, np.ndarray]) -> np.ndarray:
        squares, counts = memory["exp_avg_sq"], counts_beside(memory["exp_avg_sq"])
        most = 2 / (1 - self.beta2) - 1
        unseen = self.beta2**counts
        length = most - 2 * counts * unseen / (1 - unseen)
        known = np.maximum(length, 5.0)
        # With a short memory (β₂ of 0.6 or less) ρ never exceeds 4, and r has no value.
        with np.errstate(all="ignore"):
            trust = np.sqrt((known - 4) * (known - 2) * most / ((most - 4) * (most - 2) * known))
        rates = self.lr * trust * np.sqrt(1 - unseen) / (np.sqrt(squares) + self.eps)
        return np.where(length > 5, rates, self.lr)


@register
class Adamax(Optimizer):
    key: ClassVar[str] = "adamax"
    title: ClassVar[str] = "Adamax"
    see: ClassVar[str] = "digits_adamax"
    more: ClassVar[bool] = True
    why: ClassVar[str] = (
        "Adam with the largest recent gradient in place of the average square: one large gradient holds a weight's "
        "learning rate down until it is forgotten."
    )
    choose: ClassVar[str] = "For gradients that are mostly 0 and now and then large; start with twice Adam's rate."
    formula: ClassVar[str] = (
        r"m \leftarrow \beta_1 m + (1 - \beta_1)\, g, \quad u \leftarrow \max(\beta_2 u,\ |g| + \epsilon), \quad "
        r"w \leftarrow w - \frac{\eta}{1 - \beta_1^t}\, \frac{m}{u}"
    )
    source: ClassVar[str] = "Kingma and Ba, Adam: A Method for Stochastic Optimization, 2015, algorithm 2"

    lr: LearningRate = 0.002
    beta1: Beta1 = 0.9
    beta2: Beta2 = 0.999
    eps: Epsilon = 1e-8

    def build(self, params: Iterable[torch.Tensor], lr_override: float | None = None) -> torch.optim.Optimizer:
        import torch

        params = list(params)
        lr = self.lr if lr_override is None else lr_override
        betas = (self.beta1, self.beta2)
        return torch.optim.Adamax(params, lr=lr, betas=betas, eps=self.eps, **self._by_tensor_lists(params))

    def learning_rate(self) -> float:
        return self.lr

    @property
    def memory(self) -> tuple[str, ...]:
        return ("exp_avg", "exp_inf")

    def parts(self, memory: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
        return {"average of gradients m": memory["exp_avg"], "largest recent gradient u": memory["exp_inf"]}

    def directions(self, gradients: np.ndarray, memory: Mapping[str, np.ndarray]) -> np.ndarray:
        return memory["exp_avg"] / (1 - self.beta1 ** counts_beside(gradients))

    def weight_rates(self, memory: Mapping[str, np.ndarray]) -> np.ndarray:
        return self.lr / memory["exp_inf"]
