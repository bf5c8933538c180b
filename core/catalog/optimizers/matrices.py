"""Optimizers that look at a matrix of weights as a whole: Muon, Adafactor."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import cache
from typing import TYPE_CHECKING, Annotated, Any, ClassVar

from pydantic import Field

from core.catalog.entry import Usual
from core.catalog.optimizers.optimizer import LearningRate, Optimizer
from core.catalog.registry import register

if TYPE_CHECKING:
    import numpy as np
    import torch

_DECAY = "A negative decay would make weights grow without end."


@register
class Muon(Optimizer):
    key: ClassVar[str] = "muon"
    title: ClassVar[str] = "Muon"
    see: ClassVar[str] = "digits_muon"
    more: ClassVar[bool] = True
    needs_matrix: ClassVar[bool] = True
    why: ClassVar[str] = (
        "The velocity of a matrix is replaced by the nearest orthogonal one, so that all its directions move equally "
        "far, also those with small gradients."
    )
    choose: ClassVar[str] = (
        "For networks of dense layers, with AdamW's rate or more; biases, norm scales and convolution kernels, which "
        "are no matrices, get AdamW."
    )
    formula: ClassVar[str] = (
        r"V \leftarrow \gamma V + (1 - \gamma)\, G, \quad O = \mathrm{NS}_5\big((1 - \gamma)\, G + \gamma V\big) "
        r"\approx U R^\top \text{ of the SVD } U \Sigma R^\top, \quad "
        r"W \leftarrow (1 - \eta \lambda)\, W - 0.2\, \eta\, \sqrt{\max(A, B)}\; O "
        r"\text{ for } W \text{ of } A \times B"
    )
    source: ClassVar[str] = (
        "Liu et al., Muon Is Scalable for LLM Training, 2025, section 2.2 (after Jordan et al., 2024)"
    )

    lr: LearningRate = 0.005
    weight_decay: Annotated[
        float,
        Field(ge=0, title="weight decay", description="λ: each update takes lr·λ of every parameter off, biases too."),
        Usual(1e-4, 0.1, "log", reason=_DECAY, simpler="high"),
    ] = 0.01
    momentum: Annotated[
        float,
        Field(ge=0, lt=1, title="momentum", description="Share γ of the velocity kept at each update."),
        Usual(0.5, 0.99, "linear", reason="At 1 the velocity never moves; below 0 it would push back.", more=True),
    ] = 0.95

    def build(self, params: Iterable[torch.Tensor], lr_override: float | None = None) -> torch.optim.Optimizer:
        lr = self.lr if lr_override is None else lr_override
        return _beside()(list(params), lr, self.weight_decay, self.momentum)

    def learning_rate(self) -> float:
        return self.lr

    @property
    def own_weight_decay(self) -> float:
        return self.weight_decay

    @property
    def memory(self) -> tuple[str, ...]:
        return ("momentum_buffer", "exp_avg", "exp_avg_sq")

    def directions(self, gradients: np.ndarray, memory: Any) -> None:
        return None


@register
class Adafactor(Optimizer):
    key: ClassVar[str] = "adafactor"
    title: ClassVar[str] = "Adafactor"
    see: ClassVar[str] = "digits_adafactor"
    more: ClassVar[bool] = True
    reads_back: ClassVar[bool] = True
    why: ClassVar[str] = (
        "Of a matrix's squared gradients it keeps one mean for each row and each column, which takes next to no "
        "memory, and it measures its updates by the size of the weights."
    )
    choose: ClassVar[str] = (
        "When memory is short; its learning rate is a share of the weights' size, and 0.01 needs little tuning."
    )
    formula: ClassVar[str] = (
        r"\beta = 1 - t^{-0.8}, \quad R \leftarrow \beta R + (1 - \beta)\, \overline{G^2}^{\,\text{rows}}, \quad "
        r"C \leftarrow \beta C + (1 - \beta)\, \overline{G^2}^{\,\text{columns}}, \quad "
        r"U = G \Big/ \sqrt{\tfrac{R\, C}{\overline{R}}}, \quad "
        r"W \leftarrow (1 - \eta \lambda)\, W - \max(10^{-3}, \mathrm{rms}(W))\, "
        r"\min\!\big(\eta, \tfrac{1}{\sqrt{t}}\big)\, \frac{U}{\max(1, \mathrm{rms}(U))}"
    )
    source: ClassVar[str] = (
        "Shazeer and Stern, Adafactor: Adaptive Learning Rates with Sublinear Memory Cost, 2018, alg. 4"
    )

    lr: LearningRate = 0.01
    weight_decay: Annotated[
        float,
        Field(ge=0, title="weight decay", description="λ: each update takes lr·λ of every parameter off, biases too."),
        Usual(1e-4, 0.1, "log", reason=_DECAY, simpler="high"),
    ] = 0.0

    def build(self, params: Iterable[torch.Tensor], lr_override: float | None = None) -> torch.optim.Optimizer:
        import torch

        lr = self.lr if lr_override is None else lr_override
        return torch.optim.Adafactor(list(params), lr=lr, weight_decay=self.weight_decay, foreach=True)

    def learning_rate(self) -> float:
        return self.lr

    @property
    def own_weight_decay(self) -> float:
        return self.weight_decay

    @property
    def memory(self) -> tuple[str, ...]:
        return ("row_var", "col_var", "variance")

    def directions(self, gradients: np.ndarray, memory: Any) -> None:
        return None


@cache
def _beside() -> Callable[..., torch.optim.Optimizer]:
    """The torch optimizer, made when the first is built: until then torch is not loaded."""
    import torch

    class MuonBesideAdamW(torch.optim.Optimizer):
        """torch's Muon for the matrices and its AdamW for all other tensors, with one learning rate and one state."""

        def __init__(self, params: list[torch.Tensor], lr: float, weight_decay: float, momentum: float) -> None:
            super().__init__(params, {"lr": lr})
            matrices, others = ([t for t in params if (t.dim() == 2) is chosen] for chosen in (True, False))
            self._rules: list[torch.optim.Optimizer] = []
            if matrices:
                fixed = {"momentum": momentum, "adjust_lr_fn": "match_rms_adamw"}
                self._rules.append(torch.optim.Muon(matrices, lr=lr, weight_decay=weight_decay, **fixed))
            if others:
                self._rules.append(
                    torch.optim.AdamW(others, lr=lr, weight_decay=weight_decay, fused=False, foreach=True)
                )

        @torch.no_grad()
        def step(self, closure: Any = None) -> Any:  # pyright: ignore[reportIncompatibleMethodOverride]
            loss = None
            if closure is not None:
                with torch.enable_grad():
                    loss = closure()
            for rule in self._rules:
                rule.state = self.state
                rule.param_groups[0]["lr"] = self.param_groups[0]["lr"]
                rule.step()
            return loss

    return MuonBesideAdamW
