"""Shift: move images sideways and up or down."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, ClassVar

from pydantic import Field

from core.catalog.augmentations.affine import Affine
from core.catalog.augmentations.augmentation import GeometricAugmentation
from core.catalog.entry import Usual
from core.catalog.registry import register

if TYPE_CHECKING:
    import torch
    from torch import Tensor

_REASON = "Moved by more than its own size, nothing of the picture is left."


@register
class Shift(GeometricAugmentation):
    """Move a sample by distances drawn evenly, up to a fraction of its width and of its height, between pixels too."""

    key: ClassVar[str] = "shift"
    synonyms: ClassVar[tuple[str, ...]] = ("translate", "translation")
    title: ClassVar[str] = "Shift"
    see: ClassVar[str] = "few_images_moved"
    why: ClassVar[str] = "Where a thing stands in the picture does not change what it is."
    choose: ClassVar[str] = (
        "0.1 suits centred digits; a convolutional network needs it less than a fully connected one."
    )
    formula: ClassVar[str] = (
        r"t_x \sim U(-f_x W, f_x W),\ t_y \sim U(-f_y H, f_y H),\qquad"
        r"(u, v)_{\text{in}} = (u - t_x,\ v - t_y)_{\text{out}}"
    )
    source: ClassVar[str] = (
        "Simard, Steinkraus, Platt: Best Practices for Convolutional Neural Networks Applied to Visual Document "
        "Analysis, 2003, section 2"
    )

    horizontal: Annotated[
        float,
        Field(ge=0, le=1, title="left–right distance", description="The largest distance, as a fraction of the width."),
        Usual(0, 0.25, unit="of the width", reason=_REASON),
    ] = 0.1
    vertical: Annotated[
        float,
        Field(ge=0, le=1, title="up–down distance", description="The largest distance, as a fraction of the height."),
        Usual(0, 0.25, unit="of the height", reason=_REASON),
    ] = 0.1

    @property
    def changes_nothing(self) -> bool:
        return self.horizontal == 0 and self.vertical == 0

    def draw(self, inputs: Tensor, generator: torch.Generator | None) -> tuple[Tensor, ...]:
        right, down = inputs.new_empty((2, inputs.shape[0])).uniform_(-1, 1, generator=generator).unbind()
        return right * self.horizontal, down * self.vertical

    def inverse(self, height: int, width: int, *drawn: Tensor) -> Affine:
        right, down = drawn
        return Affine(x0=right * -width, y0=down * -height)
