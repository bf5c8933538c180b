"""Contrast: pull an image's values apart or together about their mean."""

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
class Contrast(PhotometricAugmentation):
    """Multiply a sample's distances from its mean brightness by a factor from 1 − `amount` to 1 + `amount`."""

    key: ClassVar[str] = "contrast"
    title: ClassVar[str] = "Contrast"
    see: ClassVar[str] = "few_images_toned"
    why: ClassVar[str] = "Fog, cheap cameras and pale ink change the contrast and not the thing."
    choose: ClassVar[str] = "0.2 suits most pictures; at 1 some samples become plain grey."
    formula: ClassVar[str] = r"c \sim U(1-a, 1+a),\qquad x' = \mathrm{clip}(c\,(x - \bar{x}) + \bar{x},\ 0,\ 1)"
    source: ClassVar[str] = (
        "Howard: Some Improvements on Deep Convolutional Neural Network Based Image Classification, 2013, section 2"
    )

    amount: Annotated[
        float,
        Field(ge=0, le=1, title="amount", description="The factor differs from 1 by up to this much, either way."),
        Usual(0, 0.5, reason="Beyond 1 the factor could be negative, which turns light into dark."),
    ] = 0.2

    @property
    def changes_nothing(self) -> bool:
        return self.amount == 0

    def apply(self, tone: Tone, generator: torch.Generator | None) -> None:
        tone.stretch(tone.uniform(1 - self.amount, 1 + self.amount, generator))
