"""Base of the regularizers: what each kind does to a step."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Literal

from pydantic import Field

from core.catalog.entry import Entry
from core.text import Text

if TYPE_CHECKING:
    import torch

Kind = Literal["penalty", "decay", "dropout", "stop", "clip", "projection", "average", "pretraining"]

Biases = Annotated[
    bool,
    Field(
        title="biases too",
        description="Also act on biases, learned slopes and the scales of normalizations, not only on weights.",
    ),
]


class Regularizer(Entry):
    """Something that keeps weights or answers in bounds. `kind` tells the loop where it acts, and so what build gives:

    - `penalty`: a term of the objective: `terms.Penalty` (value, add_gradient);
    - `decay`: weights shrink before the optimizer's update: `terms.Decay`;
    - `clip`: gradients are limited: `terms.NormClip`, `terms.ValueClip`;
    - `projection`: weights are put back into bounds after the optimizer's update: `terms.MaxNorm`;
    - `average`: the network's answers are those of averaged weights: `terms.Averaging`;
    - `dropout`: layers of the network: its probability;
    - `stop`: ends the run and restores the best weights: `early_stopping.Stopper`;
    - `pretraining`: hidden layers learn one at a time before the whole network does: `pretraining.Stages`.
    """

    family: ClassVar[str] = "regularizers"
    kind: ClassVar[Kind] = "penalty"
    alone_because: ClassVar[Text | None] = None
    """Why a run with it shares its updates with no other; None where it can."""
    fixed_because: ClassVar[Text | None] = None
    """Why it cannot change in a run that goes on; None where it can."""

    def build(self) -> Any:
        """The object that the kind names."""
        raise NotImplementedError

    @property
    def parts(self) -> tuple[Regularizer, ...]:
        """The regularizers it is made of; most are their only part."""
        return (self,)

    def tensors(self, named_parameters: Iterable[tuple[str, torch.nn.Parameter]]) -> list[torch.nn.Parameter]:
        """The parameters a penalty or decay acts on: weight matrices and kernels, all with the option `biases`."""
        everything = bool(getattr(self, "biases", False))
        return [tensor for _, tensor in named_parameters if everything or tensor.dim() >= 2]
