"""Squared error: of class probabilities, or of numbers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, ClassVar

from pydantic import Field

from core.catalog.losses.loss import Loss, Task
from core.catalog.registry import register

if TYPE_CHECKING:
    import torch

    from core.catalog.losses.loss import Criterion


@register
class SquaredError(Loss):
    key: ClassVar[str] = "squared_error"
    synonyms: ClassVar[tuple[str, ...]] = ("mse",)
    title: ClassVar[str] = "squared error"
    see: ClassVar[str] = "squared_error_digits"
    why: ClassVar[str] = (
        "The squared distance between answer and target; for classes between the softmax probabilities and the true "
        "class, summed over the classes."
    )
    choose: ClassVar[str] = (
        "The default for numbers; for classes take it to see how slowly a network leaves a confident mistake."
    )
    formula: ClassVar[str] = (
        r"L = \frac1B \sum_i \sum_k (p_{ik} - [k = y_i])^2, \quad p = \operatorname{softmax}(z) "
        r"\qquad \text{numbers: } L = \frac1B \sum_i (z_i - y_i)^2"
    )
    source: ClassVar[str] = "Brier, Verification of Forecasts Expressed in Terms of Probability, 1950"
    tasks: ClassVar[tuple[str, ...]] = ("classification", "regression")
    default_for: ClassVar[tuple[str, ...]] = ("regression",)

    half: Annotated[
        bool,
        Field(title="half", description="Half of it, as textbooks write it: the gradient then has no factor 2."),
    ] = False

    def build(self, task: Task = "classification") -> Criterion:
        from torch.nn import functional

        self.check(task)
        half = self.half

        def of_numbers(outputs_BK: torch.Tensor, targets_BK: torch.Tensor) -> torch.Tensor:
            loss = functional.mse_loss(outputs_BK, targets_BK)
            return loss / 2 if half else loss

        def of_probabilities(logits_BK: torch.Tensor, targets: torch.Tensor) -> torch.Tensor:
            probabilities_BK = functional.softmax(logits_BK, dim=1)
            if targets.dim() == 1:
                targets = functional.one_hot(targets, logits_BK.shape[1]).type_as(logits_BK)
            loss = functional.mse_loss(probabilities_BK, targets, reduction="sum") / logits_BK.shape[0]
            return loss / 2 if half else loss

        return of_numbers if task == "regression" else of_probabilities
