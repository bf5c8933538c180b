"""Lion: updates of one size for all weights. torch has none; the rule is two lines, kept to lists of tensors."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from functools import cache
from typing import TYPE_CHECKING, Annotated, Any, ClassVar

import numpy as np
from pydantic import Field

from core.catalog.entry import Usual
from core.catalog.optimizers.optimizer import LearningRate, Optimizer
from core.catalog.registry import register

if TYPE_CHECKING:
    import torch

_SHARE = "At 1 nothing is ever forgotten and the average never moves; below 0 it would change its sign."


@register
class Lion(Optimizer):
    key: ClassVar[str] = "lion"
    title: ClassVar[str] = "Lion"
    see: ClassVar[str] = "digits_lion"
    more: ClassVar[bool] = True
    why: ClassVar[str] = (
        "Only the sign of the averaged gradient counts, so every weight moves by the same learning rate; it keeps one "
        "average, half of what Adam keeps."
    )
    choose: ClassVar[str] = (
        "For large networks and large batches; there take a third to a tenth of Adam's rate, and more weight decay."
    )
    formula: ClassVar[str] = (
        r"w \leftarrow w - \eta \left( \operatorname{sign}(\beta_1 m + (1 - \beta_1)\, g) + \lambda w \right), \quad "
        r"m \leftarrow \beta_2 m + (1 - \beta_2)\, g"
    )
    source: ClassVar[str] = "Chen et al., Symbolic Discovery of Optimization Algorithms, 2023, algorithm 2"

    lr: LearningRate = 0.001
    weight_decay: Annotated[
        float,
        Field(ge=0, title="weight decay", description="λ: each update takes lr·λ of every parameter off, biases too."),
        Usual(1e-3, 1, "log", reason="A negative decay would make weights grow without end.", simpler="high"),
    ] = 0.0
    beta1: Annotated[
        float,
        Field(ge=0, lt=1, title="β₁", description="Share of the old average in the sign that is followed."),
        Usual(0.5, 0.99, "linear", reason=_SHARE, more=True),
    ] = 0.9
    beta2: Annotated[
        float,
        Field(ge=0, lt=1, title="β₂", description="Share of the old average of gradients kept at each update."),
        Usual(0.9, 0.999, "linear", reason=_SHARE, more=True),
    ] = 0.99

    def build(self, params: Iterable[torch.Tensor], lr_override: float | None = None) -> torch.optim.Optimizer:
        lr = self.lr if lr_override is None else lr_override
        betas = (self.beta1, self.beta2)
        return _class()(list(params), {"lr": lr, "betas": betas, "weight_decay": self.weight_decay})

    def learning_rate(self) -> float:
        return self.lr

    @property
    def own_weight_decay(self) -> float:
        return self.weight_decay

    @property
    def memory(self) -> tuple[str, ...]:
        return ("exp_avg",)

    def parts(self, memory: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
        return {"average of gradients m": memory["exp_avg"]}

    def directions(self, gradients: np.ndarray, memory: Mapping[str, np.ndarray]) -> np.ndarray:
        kept = memory["exp_avg"]
        before = np.vstack([np.zeros_like(kept[:1]), kept[:-1]])
        return np.sign(self.beta1 * before + (1 - self.beta1) * gradients)

    @property
    def row_numbers(self) -> dict[str, tuple[float, float]]:
        shares = {"beta1": (self.beta1, 1.0), "rest1": (1 - self.beta1, 0.0)}
        kept = {"beta2": (self.beta2, 1.0), "rest2": (1 - self.beta2, 0.0)}
        return {**shares, **kept, "decay": (self.weight_decay, 0.0), "moves": (1.0, 0.0)}

    @staticmethod
    def update_rows(
        weights: torch.Tensor,
        gradients: torch.Tensor,
        memory: dict[str, torch.Tensor],
        numbers: dict[str, torch.Tensor],
    ) -> None:
        average = memory["exp_avg"]
        # Plus 0, so that a row that does not move has no −0 to take off: that would change a weight of −0.
        way = average.mul(numbers["beta1"]).add_(gradients.mul(numbers["rest1"])).sign_().mul_(numbers["moves"])
        average.mul_(numbers["beta2"]).add_(gradients.mul(numbers["rest2"]))
        weights.mul_(1 - numbers["lr"] * numbers["decay"]).sub_(way.add_(0.0).mul_(numbers["lr"]))


@cache
def _class() -> Callable[..., torch.optim.Optimizer]:
    """The torch optimizer, made when the first is built: until then torch is not loaded."""
    import torch

    class SignedAverage(torch.optim.Optimizer):
        """Lion for every parameter, the tensors of one group in one call each."""

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
                    self.state[tensor]["exp_avg"] = torch.zeros_like(tensor)
            gradients = [tensor.grad for tensor in weights]
            averages = [self.state[tensor]["exp_avg"] for tensor in weights]
            beta1, beta2 = group["betas"]
            ways = torch._foreach_mul(averages, beta1)
            torch._foreach_add_(ways, gradients, alpha=1 - beta1)
            torch._foreach_sign_(ways)
            torch._foreach_mul_(averages, beta2)
            torch._foreach_add_(averages, gradients, alpha=1 - beta2)
            torch._foreach_mul_(weights, 1 - group["lr"] * group["weight_decay"])
            torch._foreach_add_(weights, ways, alpha=-group["lr"])

    return SignedAverage
