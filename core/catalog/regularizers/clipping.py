"""Gradient clipping: by norm, by value."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, ClassVar

from pydantic import Field

from core.catalog.entry import Usual
from core.catalog.registry import register
from core.catalog.regularizers.regularizer import Kind, Regularizer

if TYPE_CHECKING:
    from core.catalog.regularizers.terms import NormClip, ValueClip

_REASON = "With a limit of 0 no gradient would be left."


@register
class ClipNorm(Regularizer):
    key: ClassVar[str] = "clip_norm"
    title: ClassVar[str] = "clipping by norm"
    see: ClassVar[str] = "clipped_norm"
    kind: ClassVar[Kind] = "clip"
    more: ClassVar[bool] = True
    why: ClassVar[str] = (
        "A gradient longer than the limit is shortened to it, its direction kept: one bad batch cannot throw the "
        "weights far away."
    )
    choose: ClassVar[str] = (
        "Against exploding gradients only, it cannot make small ones larger; clipped updates are marked."
    )
    formula: ClassVar[str] = r"g \leftarrow g \cdot \min\!\left(1, \frac{c}{\lVert g \rVert_2}\right)"
    source: ClassVar[str] = "Pascanu, Mikolov and Bengio, On the Difficulty of Training RNNs, 2013, algorithm 1"

    max_norm: Annotated[
        float,
        Field(gt=0, title="largest norm", description="Limit c for the norm of all gradients together."),
        Usual(0.1, 10, "log", reason=_REASON),
    ] = 1.0

    def build(self) -> NormClip:
        from core.catalog.regularizers.terms import NormClip

        return NormClip(self.max_norm)


@register
class ClipValue(Regularizer):
    key: ClassVar[str] = "clip_value"
    title: ClassVar[str] = "clipping by value"
    see: ClassVar[str] = "clipped_value"
    kind: ClassVar[Kind] = "clip"
    more: ClassVar[bool] = True
    why: ClassVar[str] = "Each element of the gradient is limited by itself, which also turns the direction."
    choose: ClassVar[str] = (
        "When single elements explode; otherwise prefer clipping by norm, which keeps the direction."
    )
    formula: ClassVar[str] = r"g_j \leftarrow \min(\max(g_j, -c), c)"
    source: ClassVar[str] = "Mikolov, Statistical Language Models Based on Neural Networks, 2012, section 3.2.2"

    max_value: Annotated[
        float,
        Field(gt=0, title="largest value", description="Limit c for the size of each element of the gradient."),
        Usual(0.01, 1, "log", reason=_REASON),
    ] = 0.5

    def build(self) -> ValueClip:
        from core.catalog.regularizers.terms import ValueClip

        return ValueClip(self.max_value)
