"""Base of the losses: what is minimised on the data."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, ClassVar, Literal

from core.catalog.entry import Entry
from core.errors import BadInput
from core.text import Text

if TYPE_CHECKING:
    import torch

    Criterion = Callable[[torch.Tensor, torch.Tensor], torch.Tensor]

Task = Literal["classification", "regression"]


class Loss(Entry):
    """A loss of logits (B, K) and targets: class indices int64 (B,), class probabilities (B, K), or numbers (B, 1)."""

    family: ClassVar[str] = "losses"
    tasks: ClassVar[tuple[str, ...]] = ("classification",)
    """What it can be used for."""
    default_for: ClassVar[tuple[str, ...]] = ()
    """The tasks whose default it is."""

    def build(self, task: Task = "classification") -> Criterion:
        """The function (outputs, targets) → mean loss over the batch, a tensor without axes."""
        raise NotImplementedError

    def build_rows(self, task: Task = "classification") -> Criterion:
        """The same for several networks at once: (R, B, K) and targets (R, B, …) → losses (R,); row by row."""
        import torch

        criterion = self.build(task)
        return lambda outputs, targets: torch.stack(
            [criterion(*row) for row in zip(outputs.unbind(0), targets.unbind(0), strict=True)]
        )

    def plain(self, task: Task = "classification") -> Criterion:
        """The data loss that evaluation reports: the same without smoothing."""
        return self.build(task)

    def plain_rows(self, task: Task = "classification") -> Criterion:
        """The same for several networks at once, as `build_rows`."""
        return self.build_rows(task)

    def check(self, task: Task) -> None:
        """BadInput when the loss does not fit the task."""
        if task not in self.tasks:
            raise BadInput(
                Text("{title} cannot be the loss of this data set.", title=Text(self.title)),
                Text("It compares classes, and here the target is a number.")
                if task == "regression"
                else Text("It compares numbers, and here the target is a class."),
                Text("Use squared_error.") if task == "regression" else Text("Use cross_entropy."),
            )
