"""Losses of class probabilities: cross-entropy, label smoothing, and softmax applied twice."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Annotated, ClassVar

from pydantic import Field

from core.catalog.entry import Usual
from core.catalog.losses.loss import Loss, Task
from core.catalog.registry import register

if TYPE_CHECKING:
    import torch

    from core.catalog.losses.loss import Criterion


@register
class CrossEntropy(Loss):
    key: ClassVar[str] = "cross_entropy"
    title: ClassVar[str] = "cross-entropy"
    see: ClassVar[str] = "learns"
    why: ClassVar[str] = (
        "The surprise at the right answer: minus the logarithm of the probability given to the true class, so a "
        "confident mistake is very expensive."
    )
    choose: ClassVar[str] = "The default for classes; its gradient does not fade when the network is badly wrong."
    formula: ClassVar[str] = r"L = -\frac1B \sum_i \log \operatorname{softmax}(z_i)_{y_i}"
    source: ClassVar[str] = "Goodfellow, Bengio and Courville, Deep Learning, 2016, section 6.2.2.3"
    default_for: ClassVar[tuple[str, ...]] = ("classification",)

    def build(self, task: Task = "classification") -> Criterion:
        from torch.nn import functional

        self.check(task)
        return functional.cross_entropy

    def build_rows(self, task: Task = "classification") -> Criterion:
        from core.catalog.losses.row_losses import CrossEntropyRows

        self.check(task)
        return CrossEntropyRows()


@register
class LabelSmoothing(Loss):
    key: ClassVar[str] = "label_smoothing"
    title: ClassVar[str] = "cross-entropy with label smoothing"
    see: ClassVar[str] = "smoothed_labels"
    more: ClassVar[bool] = True
    why: ClassVar[str] = (
        "The target gives a share ε to all classes alike, so the network is never pushed to be infinitely sure."
    )
    choose: ClassVar[str] = (
        "When the network is too confident; validation reports the plain cross-entropy, without smoothing."
    )
    formula: ClassVar[str] = (
        r"L = -\frac1B \sum_i \sum_k \Big( (1 - \epsilon)\,[k = y_i] + \frac{\epsilon}{K} \Big) "
        r"\log \operatorname{softmax}(z_i)_k"
    )
    source: ClassVar[str] = "Szegedy et al., Rethinking the Inception Architecture, 2016, section 7"

    epsilon: Annotated[
        float,
        Field(ge=0, lt=1, title="smoothing", description="Share ε of the target spread over all classes; 0 is none."),
        Usual(0, 0.3, "linear", reason="With 1 nothing of the label would be left.", more=True),
    ] = 0.1

    def build(self, task: Task = "classification") -> Criterion:
        from torch.nn import functional

        self.check(task)
        return partial(functional.cross_entropy, label_smoothing=self.epsilon)

    def build_rows(self, task: Task = "classification") -> Criterion:
        from core.catalog.losses.row_losses import CrossEntropyRows

        self.check(task)
        return CrossEntropyRows(self.epsilon)

    def plain(self, task: Task = "classification") -> Criterion:
        return CrossEntropy().build(task)

    def plain_rows(self, task: Task = "classification") -> Criterion:
        return CrossEntropy().build_rows(task)


@register
class SoftmaxTwice(Loss):
    key: ClassVar[str] = "softmax_twice"
    title: ClassVar[str] = "softmax twice (a mistake)"
    see: ClassVar[str] = "softmax_twice"
    more: ClassVar[bool] = True
    why: ClassVar[str] = (
        "A common mistake: the network ends with a softmax, and the loss applies it again, so even a perfect answer "
        "has a large loss, and gradients become small."
    )
    choose: ClassVar[str] = "Never; take it to recognise the symptom: with ten classes the loss stays above 1.46."
    formula: ClassVar[str] = r"L = -\frac1B \sum_i \log \operatorname{softmax}(\operatorname{softmax}(z_i))_{y_i}"
    source: ClassVar[str] = "PyTorch 2, torch.nn.CrossEntropyLoss: its input is unnormalized logits"

    def build(self, task: Task = "classification") -> Criterion:
        from torch.nn import functional

        self.check(task)

        def softmax_twice(logits_BK: torch.Tensor, targets: torch.Tensor) -> torch.Tensor:
            return functional.cross_entropy(functional.softmax(logits_BK, dim=1), targets)

        return softmax_twice
