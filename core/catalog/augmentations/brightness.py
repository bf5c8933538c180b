"""Brightness: make images lighter or darker."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, ClassVar

from pydantic import Field

from core.catalog.augmentations.augmentation import PhotometricAugmentation
from core.catalog.entry import Usual
from core.catalog.registry import register

if TYPE_CHECKING:
    import torch

    from core.catalog.augmentations.tone import Tone


@register
class Brightness(PhotometricAugmentation):
    """Multiply a sample's values by a factor drawn evenly from 1 − `amount` to 1 + `amount`."""

    key: ClassVar[str] = "brightness"
    title: ClassVar[str] = "Brightness"
    see: ClassVar[str] = "few_images_toned"
    why: ClassVar[str] = "The same thing in more or less light is still the same thing."
    choose: ClassVar[str] = "0.2 suits most pictures; values above 1 are cut off, so strong brightness loses detail."
    formula: ClassVar[str] = r"b \sim U(1-a, 1+a),\qquad x' = \mathrm{clip}(b\,x,\ 0,\ 1)"
    source: ClassVar[str] = (
        "Howard: Some Improvements on Deep Convolutional Neural Network Based Image Classification, 2013, section 2"
    )

    amount: Annotated[
        float,
        Field(ge=0, le=1, title="amount", description="The factor differs from 1 by up to this much, either way."),
        Usual(0, 0.5, reason="Beyond 1 the factor could be negative, and no light is less than none."),
    ] = 0.2

    @property
    def changes_nothing(self) -> bool:
        return self.amount == 0

    def apply(self, tone: Tone, generator: torch.Generator | None) -> None:
        tone.brighten(tone.uniform(1 - self.amount, 1 + self.amount, generator))
