"""Base of the optimizers: the rule of one update."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Annotated, Any, ClassVar

from pydantic import Field

from core.catalog.entry import Entry, Usual

if TYPE_CHECKING:
    import numpy as np
    import torch

LearningRate = Annotated[
    float,
    Field(gt=0, title="learning rate", description="How far one update goes along its direction; acts at once."),
    Usual(1e-4, 1, "log", reason="A negative learning rate climbs the loss, and 0 goes nowhere.", live=True),
]

Epsilon = Annotated[
    float,
    Field(gt=0, title="ε", description="A small number in the denominator that keeps the division from blowing up."),
    Usual(1e-10, 0.1, "log", reason="With 0 a weight whose gradients are all 0 would divide 0 by 0.", more=True),
]


_DISPATCH_KEYS = {"cpu": "CPU", "cuda": "CUDA", "mps": "MPS"}
"""What torch's dispatcher calls the devices."""


class Optimizer(Entry):
    """The update rule. Traits tell the loop what it needs; no code asks for a key."""

    family: ClassVar[str] = "optimizers"
    needs_closure: ClassVar[bool] = False
    """It computes further gradients within an update, by a closure that `step` takes."""
    needs_matrix: ClassVar[bool] = False
    """It treats a matrix of weights as a whole, so there must be one."""
    has_eval_mode: ClassVar[bool] = False
    """Gradients are taken beside the weights that are measured and kept: what `build` returns moves them with `train()`
    before a gradient and back, to the bit, with `eval()` before `step`."""
    compares_updates: ClassVar[bool] = False
    """It takes what has changed of the gradient since the last update for the curvature of one and the same loss."""
    replaces_schedule: ClassVar[bool] = False
    """Its average of the weights does what a falling learning rate is for."""
    reads_back: ClassVar[bool] = False
    """Its rule asks the device for numbers in the middle of an update, and waits for them."""
    shares_memory: ClassVar[bool] = False
    """What it keeps belongs to all its weights together: nothing of it is left where other weights are trained."""
    fused_kernel: ClassVar[str] = ""
    """The name of PyTorch's kernel for the whole update, where there is one."""
    fused_state: ClassVar[tuple[str, ...]] = ()
    """The kernel's lists after parameters and gradients, by their names in torch.optim's state; "" is an empty list."""

    def build(self, params: Iterable[torch.Tensor], lr_override: float | None = None) -> torch.optim.Optimizer:
        """The torch optimizer over the parameters, fused where the device has the kernel.

        `lr_override` takes the place of the learning rate, e.g. the first value of a schedule.
        """
        raise NotImplementedError

    def learning_rate(self) -> float:
        """The learning rate that a schedule multiplies."""
        raise NotImplementedError

    def sharpness_limit(self, lr: float) -> float | None:
        """The largest eigenvalue of the Hessian with which full gradients still descend a quadratic loss.

        None where each weight has a learning rate of its own: then the Hessian alone does not tell.
        """
        return None

    @property
    def evaluations_per_step(self) -> int:
        """Gradients computed for one update, at most."""
        return 1

    @property
    def own_weight_decay(self) -> float:
        """Weight decay inside the rule itself."""
        return 0.0

    @property
    def memory(self) -> tuple[str, ...]:
        """What it keeps for each weight between updates, by the names in torch.optim's state, counters left out.

        Optimizers with the same names mean the same by them: one goes on with what the other has kept.
        """
        return ()

    def parts(self, memory: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
        """What the first T updates were made of besides gradients, (T, N) by their names in the formula's words."""
        return {}

    def directions(self, gradients: np.ndarray, memory: Mapping[str, np.ndarray]) -> np.ndarray | None:
        """What the learning rates of the first T updates were multiplied with, (T, N).

        None where neither gradients at the positions nor what is kept tell.
        """
        return gradients

    def weight_rates(self, memory: Mapping[str, np.ndarray]) -> np.ndarray | None:
        """The learning rate that each weight had at each of its first T updates, (T, N); None where all share one.

        `memory` is what was kept after each of these updates, (T, N) by name.
        """
        return None

    @property
    def stackable(self) -> bool:
        """Whether its runs can be rows of a stack: one gradient an update, at the weights, which the stack computes."""
        return not self.needs_closure and self.evaluations_per_step == 1 and not self.has_eval_mode

    @property
    def row_numbers(self) -> dict[str, tuple[float, float]]:
        """The numbers of `update_rows`, each with the value that leaves all as it is where the gradient is 0.

        Empty: there is no such form.
        """
        return {}

    @staticmethod
    def update_rows(
        weights: torch.Tensor,
        gradients: torch.Tensor,
        memory: dict[str, torch.Tensor],
        numbers: dict[str, torch.Tensor],
    ) -> None:
        """One update, in place, of the weights of several networks, (R, N), each row with its own numbers, (R, 1).

        `memory` are tensors (R, N) by name; `numbers` has the learning rate as `lr` too. Made of additions, products,
        quotients and roots only, which round the same wherever a number lies in memory.
        """
        raise NotImplementedError

    def fused(self, params: Iterable[torch.Tensor]) -> bool:
        """Whether the fused kernel is used: where this build of torch has it for every parameter's device.

        A fused optimizer leaves weights and state untouched where its attribute `found_inf` is a tensor of 1.
        """
        import torch

        return bool(self.fused_kernel) and all(
            tensor.device.type in _DISPATCH_KEYS
            and tensor.is_floating_point()
            and torch._C._dispatch_has_kernel_for_dispatch_key(self.fused_kernel, _DISPATCH_KEYS[tensor.device.type])
            for tensor in params
        )

    def fused_options(self) -> dict[str, Any]:
        """What the kernel is told besides tensors, learning rate and `found_inf`: torch.optim's own arguments."""
        return {}

    @staticmethod
    def _by_tensor_lists(params: list[torch.Tensor]) -> dict[str, bool]:
        """One call a step for all tensors, with counters that need not be read back from a GPU."""
        return {"foreach": True, "capturable": all(tensor.is_cuda for tensor in params)}

    def _kernel(self, params: list[torch.Tensor]) -> dict[str, bool]:
        """The keyword that selects the kernel: one fused for all tensors, else one call a step for all tensors."""
        return {"fused": True} if self.fused(params) else {"foreach": True}
