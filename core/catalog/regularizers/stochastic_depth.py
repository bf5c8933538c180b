"""Stochastic depth: whole residual branches are left out at random."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Annotated, ClassVar

from pydantic import Field

from core.catalog.entry import Entry, Usual
from core.catalog.registry import register
from core.catalog.regularizers.regularizer import Kind, Regularizer


@register
class StochasticDepth(Regularizer):
    """Kept branches are scaled in training, as dropout scales; the paper scales in evaluation, with the same mean."""

    key: ClassVar[str] = "stochastic_depth"
    title: ClassVar[str] = "stochastic depth"
    see: ClassVar[str] = "stochastic_depth"
    kind: ClassVar[Kind] = "dropout"
    more: ClassVar[bool] = True
    why: ClassVar[str] = (
        "At each update each sample passes some residual branches by, the last ones most often, so it trains many "
        "shorter networks that share their weights; evaluation uses all branches."
    )
    choose: ClassVar[str] = (
        "For deep networks with residual connections: the ResNet, self-attention, an MLP or CNN with the switch on."
    )
    formula: ClassVar[str] = (
        r"y = x + \frac{m_\ell}{1 - p_\ell}\, F_\ell(x), \quad p_\ell = \frac{\ell}{L}\, p, \quad "
        r"m_\ell = 0 \text{ with probability } p_\ell, \text{ else } 1"
    )
    source: ClassVar[str] = "Huang et al., Deep Networks with Stochastic Depth, 2016, section 3"

    p: Annotated[
        float,
        Field(
            ge=0,
            lt=1,
            title="stochastic depth",
            description="Probability p that a sample passes by the last branch; for earlier ones it is smaller.",
        ),
        Usual(
            0.1,
            0.5,
            "linear",
            reason="A probability lies between 0 and 1; at 1 the last branch would never learn.",
            simpler="high",
        ),
    ] = 0.5

    def build(self) -> float:
        """The probability; the network gets the layers."""
        return self.p


def depth_rate(regularizers: Iterable[Entry]) -> float:
    """The probability with which the last branch is left out; 0 without stochastic depth."""
    return next((entry.p for entry in regularizers if isinstance(entry, StochasticDepth)), 0.0)
