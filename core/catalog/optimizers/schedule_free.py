"""Schedule-free AdamW: the weights that are measured are an average, so no learning rate has to fall.

The authors' package `schedulefree` keeps the weights y at which gradients are taken and computes the average x from
them whenever it is asked for, which rounds differently each time; here x is what is kept, and y is computed from it,
so that a run has the same bits however often it is measured. The rule is theirs (a test holds the two against each
other in float64).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import cache
from typing import TYPE_CHECKING, Annotated, Any, ClassVar

from pydantic import Field

from core.catalog.entry import Usual
from core.catalog.optimizers.adam import Beta2
from core.catalog.optimizers.optimizer import Epsilon, LearningRate, Optimizer
from core.catalog.registry import register

if TYPE_CHECKING:
    import numpy as np
    import torch

KEPT = ("z", "exp_avg_sq", "weight_of_squares", "weight_of_average", "largest_lr")
"""What is kept for each parameter, the last three without axes."""


@register
class ScheduleFreeAdamW(Optimizer):
    key: ClassVar[str] = "schedule_free_adamw"
    title: ClassVar[str] = "schedule-free AdamW"
    see: ClassVar[str] = "digits_schedule_free_adamw"
    more: ClassVar[bool] = True
    has_eval_mode: ClassVar[bool] = True
    replaces_schedule: ClassVar[bool] = True
    why: ClassVar[str] = (
        "It measures and keeps the average x of all weights z it has visited and takes gradients in between, at y: the "
        "average settles as under a falling learning rate, without a plan of when to stop."
    )
    choose: ClassVar[str] = (
        "When nobody knows how long a run will be: with a constant schedule, and two to five times AdamW's rate."
    )
    formula: ClassVar[str] = (
        r"y = (1 - \beta_1)\, z + \beta_1 x, \quad s \leftarrow \beta_2 s + (1 - \beta_2)\, g(y)^2, \quad "
        r"z \leftarrow z - \eta \left( \frac{g(y)}{\sqrt{\hat s} + \epsilon} + \lambda y \right), \quad "
        r"c = \frac{\eta_t^2}{\sum_{i \le t} \eta_i^2}, \quad x \leftarrow (1 - c)\, x + c\, z"
    )
    source: ClassVar[str] = "Defazio et al., The Road Less Scheduled, 2024, algorithm 1"

    lr: LearningRate = 0.005
    weight_decay: Annotated[
        float,
        Field(ge=0, title="weight decay", description="λ: each update takes lr·λ of every parameter off, biases too."),
        Usual(1e-4, 0.1, "log", reason="A negative decay would make weights grow without end.", simpler="high"),
    ] = 0.0
    beta1: Annotated[
        float,
        Field(
            gt=0, lt=1, title="β₁", description="How near to the average x the gradients are taken; 0 would be at z."
        ),
        Usual(0.5, 0.98, "linear", reason="At 1 the gradient would never see where z goes.", more=True),
    ] = 0.9
    beta2: Beta2 = 0.999
    eps: Epsilon = 1e-8

    def build(self, params: Iterable[torch.Tensor], lr_override: float | None = None) -> torch.optim.Optimizer:
        lr = self.lr if lr_override is None else lr_override
        betas = (self.beta1, self.beta2)
        return _class()(list(params), {"lr": lr, "betas": betas, "eps": self.eps, "weight_decay": self.weight_decay})

    def learning_rate(self) -> float:
        return self.lr

    @property
    def own_weight_decay(self) -> float:
        return self.weight_decay

    @property
    def memory(self) -> tuple[str, ...]:
        return KEPT

    def directions(self, gradients: np.ndarray, memory: Any) -> None:
        return None


@cache
def _class() -> Callable[..., torch.optim.Optimizer]:
    """The torch optimizer, made when the first is built: until then torch is not loaded."""
    import torch
    from torch import Tensor

    class Averaged(torch.optim.Optimizer):
        """The parameters are x; between `train()` and `eval()` they are y, where the gradients are to be taken.

        Averages are divided by the sums of the weights that went into them, kept beside them on the device. As in the
        authors' package, a point z weighs by the largest learning rate so far, so that a rate that is turned down does
        not stop the average.
        """

        def __init__(self, params: list[Tensor], defaults: dict[str, Any]) -> None:
            super().__init__(params, defaults)
            self._x: list[Tensor] = []

        @torch.no_grad()
        def train(self) -> None:
            """Move the parameters to y."""
            self._x = [tensor.clone() for tensor in self._params]
            torch._foreach_lerp_(self._params, self._kept("z"), 1 - self._group["betas"][0])

        @torch.no_grad()
        def eval(self) -> None:
            """Move the parameters back to x."""
            torch._foreach_copy_(self._params, self._x)
            self._x = []

        @torch.no_grad()
        def step(self, closure: Any = None) -> Any:  # pyright: ignore[reportIncompatibleMethodOverride]
            """Update x by gradients at y, which a closure, if there is one, is called at y to compute."""
            loss = None
            if closure is not None:
                self.train()
                with torch.enable_grad():
                    loss = closure()
                self.eval()
            lr, eps, decay, (beta1, beta2) = (self._group[name] for name in ("lr", "eps", "weight_decay", "betas"))
            x, z, squares, of_squares, of_average, largest = self._params, *map(self._kept, KEPT)
            gradients: list[Tensor] = [tensor.grad for tensor in x]  # type: ignore[misc]
            for averages in (squares, of_squares):
                torch._foreach_mul_(averages, beta2)
            torch._foreach_addcmul_(squares, gradients, gradients, 1 - beta2)
            torch._foreach_add_(of_squares, 1 - beta2)
            below = torch._foreach_div(squares, of_squares)
            torch._foreach_sqrt_(below)
            torch._foreach_add_(below, eps)
            ways = torch._foreach_div(gradients, below)
            if decay:
                torch._foreach_add_(ways, torch._foreach_lerp(x, z, 1 - beta1), alpha=decay)
            torch._foreach_add_(z, ways, alpha=-lr)
            torch._foreach_clamp_min_(largest, lr)
            weights = torch._foreach_mul(largest, largest)
            torch._foreach_add_(of_average, weights)
            torch._foreach_lerp_(x, z, torch._foreach_div(weights, of_average))
            return loss

        @property
        def _group(self) -> dict[str, Any]:
            return self.param_groups[0]

        @property
        def _params(self) -> list[Tensor]:
            return self._group["params"]

        def _kept(self, name: str) -> list[Tensor]:
            for tensor in self._params:
                if not self.state[tensor]:
                    state = {"z": tensor.detach().clone(), "exp_avg_sq": torch.zeros_like(tensor)}
                    self.state[tensor] = state | {each: tensor.detach().new_zeros(()) for each in KEPT[2:]}
            return [self.state[tensor][name] for tensor in self._params]

    return Averaged
