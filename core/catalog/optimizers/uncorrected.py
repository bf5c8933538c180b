"""Adam without the correction for its start at zero; torch has no such switch."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from functools import cache
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from core.catalog.optimizers.adam import Beta1, Beta2, averages
from core.catalog.optimizers.optimizer import Epsilon, LearningRate, Optimizer
from core.catalog.registry import register

if TYPE_CHECKING:
    import torch


@register
class UncorrectedAdam(Optimizer):
    key: ClassVar[str] = "adam_uncorrected"
    title: ClassVar[str] = "Adam without correction"
    see: ClassVar[str] = "digits_adam_uncorrected"
    why: ClassVar[str] = (
        "Adam's averages as they are: both start at 0, the squares rise more slowly, and the first updates are several "
        "times too long."
    )
    choose: ClassVar[str] = (
        "To see what the correction does: without it the first updates are longer, which may hasten a network or throw "
        "it off."
    )
    formula: ClassVar[str] = (
        r"m \leftarrow \beta_1 m + (1 - \beta_1)\, g, \quad s \leftarrow \beta_2 s + (1 - \beta_2)\, g^2, \quad "
        r"w \leftarrow w - \eta\, \frac{m}{\sqrt{s} + \epsilon}"
    )
    source: ClassVar[str] = "Kingma and Ba, Adam: A Method for Stochastic Optimization, 2015, section 3"
    more: ClassVar[bool] = True

    lr: LearningRate = 0.001
    beta1: Beta1 = 0.9
    beta2: Beta2 = 0.999
    eps: Epsilon = 1e-8

    def build(self, params: Iterable[torch.Tensor], lr_override: float | None = None) -> torch.optim.Optimizer:
        lr = self.lr if lr_override is None else lr_override
        return _class()(list(params), {"lr": lr, "betas": (self.beta1, self.beta2), "eps": self.eps})

    def learning_rate(self) -> float:
        return self.lr

    @property
    def memory(self) -> tuple[str, ...]:
        return ("exp_avg", "exp_avg_sq")

    def parts(self, memory: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
        return averages(memory)

    def directions(self, gradients: np.ndarray, memory: Mapping[str, np.ndarray]) -> np.ndarray:
        return memory["exp_avg"]

    def weight_rates(self, memory: Mapping[str, np.ndarray]) -> np.ndarray:
        return self.lr / (np.sqrt(memory["exp_avg_sq"]) + self.eps)

    @property
    def row_numbers(self) -> dict[str, tuple[float, float]]:
        shares = {"beta1": (self.beta1, 1.0), "rest1": (1 - self.beta1, 0.0)}
        squares = {"beta2": (self.beta2, 1.0), "rest2": (1 - self.beta2, 0.0)}
        return {**shares, **squares, "eps": (self.eps, self.eps), "moves": (1.0, 0.0)}

    @staticmethod
    def update_rows(
        weights: torch.Tensor,
        gradients: torch.Tensor,
        memory: dict[str, torch.Tensor],
        numbers: dict[str, torch.Tensor],
    ) -> None:
        average = memory["exp_avg"].mul_(numbers["beta1"]).add_(gradients.mul(numbers["rest1"]))
        squares = memory["exp_avg_sq"].mul_(numbers["beta2"]).add_(gradients.square().mul_(numbers["rest2"]))
        # Plus 0, so that a row that does not move has no −0 to take off: that would change a weight of −0.
        moved = average.mul(numbers["moves"]).add_(0.0)
        weights.sub_(moved.div_(squares.sqrt().add_(numbers["eps"])).mul_(numbers["lr"]))


@cache
def _class() -> Callable[..., torch.optim.Optimizer]:
    """The torch optimizer, made when the first is built: until then torch is not loaded."""
    import torch

    class Uncorrected(torch.optim.Optimizer):
        """m / (√s + ε) for every parameter, the tensors of one group in one call each."""

        @torch.no_grad()
        def step(self, closure: Any = None) -> Any:  # pyright: ignore[reportIncompatibleMethodOverride]
            loss = None
            if closure is not None:
                with torch.enable_grad():
                    loss = closure()
            for group in self.param_groups:
                self._step(group)
            return loss

        def _step(self, group: dict[str, Any]) -> None:
            weights = [tensor for tensor in group["params"] if tensor.grad is not None]
            if not weights:
                return
            for tensor in weights:
                if not self.state[tensor]:
                    self.state[tensor]["step"] = torch.zeros((), dtype=torch.float32)
                    self.state[tensor]["exp_avg"] = torch.zeros_like(tensor)
                    self.state[tensor]["exp_avg_sq"] = torch.zeros_like(tensor)
            gradients = [tensor.grad for tensor in weights]
            counts, averages, squares = (
                [self.state[tensor][name] for tensor in weights] for name in ("step", "exp_avg", "exp_avg_sq")
            )
            beta1, beta2 = group["betas"]
            torch._foreach_add_(counts, 1)
            torch._foreach_mul_(averages, beta1)
            torch._foreach_add_(averages, gradients, alpha=1 - beta1)
            torch._foreach_mul_(squares, beta2)
            torch._foreach_addcmul_(squares, gradients, gradients, 1 - beta2)
            below = torch._foreach_sqrt(squares)
            torch._foreach_add_(below, group["eps"])
            torch._foreach_addcdiv_(weights, averages, below, -group["lr"])

    return Uncorrected
