"""Base of the activations: the elementwise functions between layers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, ClassVar, Literal

import numpy as np
from pydantic import SerializeAsAny

from core.catalog.entry import Entry, from_family, schema_of

if TYPE_CHECKING:
    from torch import nn

Curve = tuple[np.ndarray, np.ndarray]


class Activation(Entry):
    """An elementwise function; a subclass says how it is built and how its curve is drawn."""

    family: ClassVar[str] = "activations"
    gain_family: ClassVar[Literal["he", "xavier"]] = "he"
    """The initializer that suits it, and is the default with it: He for the ReLU family, Xavier for the others."""
    num_learned: ClassVar[int] = 0
    """Parameters that one layer's activation learns."""
    ends: ClassVar[tuple[float, float] | None] = None
    """The ends of a bounded range, where the slope is lost; None for an unbounded one."""

    def build(self) -> nn.Module:
        """The torch module."""
        raise NotImplementedError

    def curve(self, x: np.ndarray) -> Curve:
        """Value and derivative at the points x, for figures (a learned slope at its first value)."""
        raise NotImplementedError


AnyActivation = Annotated[SerializeAsAny[Activation], from_family("activations"), schema_of("activations")]
"""The type of a field that holds an activation: a key, an object with its fields, or an entry."""
