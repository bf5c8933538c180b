"""Tables of features, of which the best may be chosen before a network gets them."""

from __future__ import annotations

from dataclasses import replace
from typing import Annotated, ClassVar, Literal, Self

from pydantic import Field

from core.catalog.datasets.dataset import DataFacts, DataSet
from core.catalog.selections.all_inputs import AllInputs
from core.catalog.selections.selection import AnySelection, BestInputs


class Features(DataSet):
    """What a table adds to its source; stands first among the bases.

    The facts say of how many inputs a network is made, and the names of all that there are to choose from.
    """

    input_kind: ClassVar[Literal["image", "sequence", "points", "features"]] = "features"

    selection: Annotated[
        AnySelection,
        Field(title="feature selection", description="Which inputs the network gets; all others are left out."),
    ] = AllInputs()

    @property
    def whole(self) -> Self:
        return self.model_copy(update={"selection": AllInputs()})

    @property
    def best_inputs(self) -> BestInputs | None:
        num, chosen = len(self.facts().feature_names), self.selection
        return chosen if isinstance(chosen, BestInputs) and chosen.num_kept(num) < num else None

    def facts(self) -> DataFacts:
        facts = super().facts()
        return replace(facts, input_shape=(self.selection.num_kept(*facts.input_shape),))
