"""Base of the selections: which inputs of a table the network gets, and which samples are looked at to choose them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, ClassVar, Literal

import numpy as np
from pydantic import Field, SerializeAsAny

from core.catalog.entry import Entry, Usual, from_family, schema_of
from core.text import Text

Scores = Callable[[np.ndarray, np.ndarray], np.ndarray]
"""From inputs (N, F) and targets (N,) to a score for each input, (F,): the higher, the sooner it is kept."""


class Selection(Entry):
    """A choice of inputs; each subclass is one way to choose."""

    family: ClassVar[str] = "selections"

    def num_kept(self, num_inputs: int) -> int:
        """How many of so many inputs are kept."""
        return num_inputs

    def build(self, task: str = "classification") -> Scores:
        """What gives the inputs their scores."""
        raise NotImplementedError

    def notes(self, num_inputs: int) -> list[Text]:
        """What has no effect on data with so many inputs."""
        return []


class BestInputs(Selection):
    """Keeps the inputs with the highest scores. A subclass says by `build` how they are scored."""

    k: Annotated[
        int,
        Field(ge=1, title="inputs kept", description="How many inputs the network gets: those with the best scores."),
        Usual(1, 50, "log", reason="Without any input there is nothing to learn from."),
    ] = 10
    chosen_on: Annotated[
        Literal["training", "all"],
        Field(
            title="chosen on",
            description="training: on the samples of the split or fold that train, as it must be; all: on training "
            "and validation samples together, a common mistake: validation error is then no longer honest.",
        ),
    ] = "training"

    asks_targets: ClassVar[bool] = True
    """Whether the scores depend on the targets."""

    def num_kept(self, num_inputs: int) -> int:
        return min(self.k, num_inputs)

    def looks_at(self, train: np.ndarray, validation: np.ndarray) -> np.ndarray:
        """The rows that the choice is made on, of those of the two splits; in the order of the table.

        So what is chosen depends on the samples alone, and not on the order in which they were drawn.
        """
        return np.sort(train if self.chosen_on == "training" else np.concatenate([train, validation]))

    def best(self, scores: np.ndarray) -> np.ndarray:
        """The columns with the highest of scores (F,), in their order; of equal ones the last, as in SelectKBest."""
        return np.sort(np.argsort(scores, kind="stable")[-self.k :])

    def notes(self, num_inputs: int) -> list[Text]:
        if self.k >= num_inputs:
            return [Text("Feature selection has no effect: all {num} inputs are kept.", num=num_inputs)]
        return []


AnySelection = Annotated[SerializeAsAny[Selection], from_family("selections"), schema_of("selections")]
"""The type of a field that holds a selection: a key, an object with its fields, or an entry."""
