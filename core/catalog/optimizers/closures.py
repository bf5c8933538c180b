"""Optimizers that compute several gradients for one update, by a closure: SAM, L-BFGS."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from functools import cache
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Literal

from pydantic import Field

from core.catalog.entry import Usual
from core.catalog.optimizers.descent import Momentum
from core.catalog.optimizers.optimizer import LearningRate, Optimizer
from core.catalog.registry import register

if TYPE_CHECKING:
    import numpy as np
    import torch


@register
class Sam(Optimizer):
    key: ClassVar[str] = "sam"
    title: ClassVar[str] = "SAM"
    see: ClassVar[str] = "digits_sam"
    more: ClassVar[bool] = True
    needs_closure: ClassVar[bool] = True
    why: ClassVar[str] = (
        "It first climbs a little way uphill and takes the gradient there for its update with momentum, so it leaves "
        "narrow valleys, where the loss rises fast, for wide ones."
    )
    choose: ClassVar[str] = (
        "When a network overfits and time is not short: an update costs two gradients of the same batch."
    )
    formula: ClassVar[str] = (
        r"\hat g = \nabla L\!\left(w + \rho\, \frac{g}{\lVert g \rVert}\right), \quad "
        r"v \leftarrow \gamma v + \hat g, \quad w \leftarrow w - \eta\, v"
    )
    source: ClassVar[str] = "Foret et al., Sharpness-Aware Minimization, 2021, algorithm 1"

    lr: LearningRate = 0.05
    rho: Annotated[
        float,
        Field(gt=0, title="ρ", description="How far uphill the second gradient is taken, in the norm of all weights."),
        Usual(0.01, 0.5, "log", reason="With 0 it is momentum at twice the price; below 0 it would look downhill."),
    ] = 0.05
    momentum: Momentum = 0.9

    def build(self, params: Iterable[torch.Tensor], lr_override: float | None = None) -> torch.optim.Optimizer:
        lr = self.lr if lr_override is None else lr_override
        return _sam()(list(params), lr, self.momentum, self.rho)

    def learning_rate(self) -> float:
        return self.lr

    @property
    def evaluations_per_step(self) -> int:
        return 2

    @property
    def memory(self) -> tuple[str, ...]:
        return ("momentum_buffer",) if self.momentum else ()

    def parts(self, memory: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
        return {"velocity v": memory["momentum_buffer"]} if memory else {}

    def directions(self, gradients: np.ndarray, memory: Mapping[str, np.ndarray]) -> np.ndarray | None:
        return memory.get("momentum_buffer")


@register
class Lbfgs(Optimizer):
    key: ClassVar[str] = "lbfgs"
    title: ClassVar[str] = "L-BFGS"
    see: ClassVar[str] = "digits_lbfgs"
    more: ClassVar[bool] = True
    needs_closure: ClassVar[bool] = True
    compares_updates: ClassVar[bool] = True
    reads_back: ClassVar[bool] = True
    shares_memory: ClassVar[bool] = True
    why: ClassVar[str] = (
        "From its last moves and how the gradient changed along them it guesses the curvature, and goes in each "
        "direction as far as the curvature allows."
    )
    choose: ClassVar[str] = (
        "For small networks with all samples in one batch; from batch to batch the changes of the gradient are noise, "
        "and the guess goes wrong."
    )
    formula: ClassVar[str] = (
        r"s_k = w_{k+1} - w_k, \quad y_k = g_{k+1} - g_k, \quad w \leftarrow w - \eta_k H_k g_k, \quad "
        r"H_{k+1} = \left(I - \frac{s_k y_k^\top}{y_k^\top s_k}\right) H_k "
        r"\left(I - \frac{y_k s_k^\top}{y_k^\top s_k}\right) + \frac{s_k s_k^\top}{y_k^\top s_k}"
    )
    source: ClassVar[str] = "Liu and Nocedal, On the Limited Memory BFGS Method, 1989, section 2"

    lr: LearningRate = 1.0
    max_iter: Annotated[
        int,
        Field(
            ge=2,
            title="gradients per update",
            description="An update computes at most so many, of one batch; without line search each is a move.",
        ),
        Usual(2, 20, "linear", reason="One gradient alone says nothing about how the gradient changes."),
    ] = 10
    history: Annotated[
        int,
        Field(ge=1, le=100, title="moves remembered", description="So many last moves describe the curvature."),
        Usual(1, 20, "linear", reason="Without any move it would be gradient descent.", more=True),
    ] = 10
    line_search: Annotated[
        Literal["strong_wolfe", "none"],
        Field(
            title="line search",
            description="strong_wolfe tries lengths until the loss has fallen enough; none takes the learning rate.",
        ),
    ] = "strong_wolfe"

    def build(self, params: Iterable[torch.Tensor], lr_override: float | None = None) -> torch.optim.Optimizer:
        searches = self.line_search != "none"
        return _lbfgs()(
            list(params),
            lr=self.lr if lr_override is None else lr_override,
            max_iter=self.max_iter,
            # torch's line search may compute one gradient more than it is told.
            max_eval=self.max_iter - 1 if searches else self.max_iter,
            history_size=self.history,
            line_search_fn=self.line_search if searches else None,
        )

    def learning_rate(self) -> float:
        return self.lr

    @property
    def evaluations_per_step(self) -> int:
        return self.max_iter

    @property
    def memory(self) -> tuple[str, ...]:
        return ("moves_and_changes", "curvatures")

    def directions(self, gradients: np.ndarray, memory: Any) -> None:
        return None


@cache
def _sam() -> Callable[..., torch.optim.Optimizer]:
    """The torch optimizer, made when the first is built: until then torch is not loaded."""
    import torch

    class SharpnessAware(torch.optim.SGD):
        """SGD with momentum by the gradient uphill; velocities start as zeros, so that a guard can put them back."""

        def __init__(self, params: list[torch.Tensor], lr: float, momentum: float, rho: float) -> None:
            super().__init__(params, lr=lr, momentum=momentum, foreach=True)
            self._rho = rho
            for tensor in params if momentum else ():
                self.state[tensor]["momentum_buffer"] = torch.zeros_like(tensor)

        @torch.no_grad()
        def step(self, closure: Callable[[], torch.Tensor]) -> torch.Tensor:  # pyright: ignore[reportIncompatibleMethodOverride]
            again = torch.enable_grad()(closure)
            loss = again()
            weights = [tensor for group in self.param_groups for tensor in group["params"] if tensor.grad is not None]
            gradients = [tensor.grad for tensor in weights]
            norm = torch.linalg.vector_norm(torch.stack(torch._foreach_norm(gradients)))
            uphill = torch._foreach_mul(gradients, self._rho / (norm + 1e-12))
            before = [tensor.clone() for tensor in weights]
            torch._foreach_add_(weights, uphill)
            again()
            torch._foreach_copy_(weights, before)
            super().step()
            return loss

    return SharpnessAware


@cache
def _lbfgs() -> Callable[..., torch.optim.Optimizer]:
    """The torch optimizer, made when the first is built: until then torch is not loaded."""
    import torch
    from torch import Tensor

    class PackedLbfgs(torch.optim.LBFGS):
        """torch's L-BFGS whose lists and numbers lie, between updates, in two tensors that stay where they are.

        With h moves remembered: `moves_and_changes` (2h + 2, N) are the moves, the changes of the gradient along them,
        the last move and the last gradient; `curvatures` (h + 3) are 1/yᵀs of each, the scale of H₀, how many are
        remembered, and the moves made so far. They belong to the first parameter.
        """

        @torch.no_grad()
        def step(self, closure: Callable[[], Tensor]) -> Tensor:  # pyright: ignore[reportIncompatibleMethodOverride]
            state = self.state[self._params[0]]  # type: ignore[attr-defined]
            packed = {name: state.pop(name) for name in ("moves_and_changes", "curvatures") if name in state}
            state.update(self._unpacked(**packed) if packed else {})
            loss = super().step(closure)
            now = dict(state)
            state.clear()
            if "d" in now:
                packed = packed if self._fits(packed) else self._empty()
                self._pack(now, **packed)
            state.update(packed)
            return loss  # pyright: ignore[reportReturnType]

        @property
        def _most(self) -> int:
            return self.param_groups[0]["history_size"]

        def _empty(self) -> dict[str, Tensor]:
            zeros = self._params[0].new_zeros  # type: ignore[attr-defined]
            length = sum(tensor.numel() for tensor in self._params)  # type: ignore[attr-defined]
            return {"moves_and_changes": zeros(2 * self._most + 2, length), "curvatures": zeros(self._most + 3)}

        def _fits(self, packed: dict[str, Tensor]) -> bool:
            return bool(packed) and len(packed["curvatures"]) == self._most + 3

        def _unpacked(self, moves_and_changes: Tensor, curvatures: Tensor) -> dict[str, Any]:
            *rows, move, gradient = moves_and_changes.unbind(0)
            *inverses, scale, remembered, made = curvatures.unbind(0)
            count, most = int(remembered), len(inverses)
            kept = slice(max(0, count - self._most), count)
            return {
                "old_stps": rows[:most][kept],
                "old_dirs": rows[most:][kept],
                "ro": inverses[kept],
                "d": move,
                "t": 1.0,
                "prev_flat_grad": gradient,
                "H_diag": scale.clone(),
                "n_iter": int(made),
            }

        def _pack(self, state: dict[str, Any], moves_and_changes: Tensor, curvatures: Tensor) -> None:
            # In this order: what is remembered only ever moves to earlier rows.
            for place, (move, change, inverse) in enumerate(
                zip(state["old_stps"], state["old_dirs"], state["ro"], strict=True)
            ):
                moves_and_changes[place].copy_(move)
                moves_and_changes[self._most + place].copy_(change)
                curvatures[place].copy_(inverse)
            moves_and_changes[-2].copy_(state["d"].mul(state["t"]))
            moves_and_changes[-1].copy_(state["prev_flat_grad"])
            curvatures[-3].fill_(state["H_diag"])
            curvatures[-2].fill_(len(state["ro"]))
            curvatures[-1].fill_(state["n_iter"])

    return PackedLbfgs
