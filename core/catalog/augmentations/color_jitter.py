"""Colour jitter: brightness, contrast, saturation and hue of images, each changed a little."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, ClassVar

from pydantic import Field

from core.catalog.augmentations.augmentation import PhotometricAugmentation
from core.catalog.entry import Usual
from core.catalog.registry import register
from core.text import Text

if TYPE_CHECKING:
    import torch

    from core.catalog.augmentations.tone import Tone

_REASON = "Beyond 1 the factor could be negative, and no light or colour is less than none."
_AMOUNT = "The factor differs from 1 by up to this much, either way."


@register
class ColorJitter(PhotometricAugmentation):
    """Change brightness, contrast, saturation and hue, in this order, by amounts drawn for each sample.

    The first three are factors drawn evenly from 1 − amount to 1 + amount; the hue moves by up to `hue` of a full
    circle, either way. Grey images have neither saturation nor hue.
    """

    key: ClassVar[str] = "color_jitter"
    synonyms: ClassVar[tuple[str, ...]] = ("colour_jitter",)
    title: ClassVar[str] = "Colour jitter"
    see: ClassVar[str] = "few_images_jittered"
    more: ClassVar[bool] = True
    why: ClassVar[str] = "Lamps, cameras and the time of day change the colours of a picture, and not what it shows."
    choose: ClassVar[str] = (
        "For colour photographs; keep the hue below 0.1 where colour tells classes apart. Grey images have no hue."
    )
    formula: ClassVar[str] = (
        r"x' = h \circ s \circ c \circ b\,(x),\quad b, c, s \sim U(1-a, 1+a),\ h \sim U(-a_h, a_h)\ \text{turns}"
    )
    source: ClassVar[str] = (
        "Howard: Some Improvements on Deep Convolutional Neural Network Based Image Classification, 2013, section 2"
    )

    brightness: Annotated[
        float, Field(ge=0, le=1, title="brightness", description=_AMOUNT), Usual(0, 0.5, reason=_REASON)
    ] = 0.2
    contrast: Annotated[
        float, Field(ge=0, le=1, title="contrast", description=_AMOUNT), Usual(0, 0.5, reason=_REASON)
    ] = 0.2
    saturation: Annotated[
        float, Field(ge=0, le=1, title="saturation", description=_AMOUNT), Usual(0, 0.5, reason=_REASON)
    ] = 0.2
    hue: Annotated[
        float,
        Field(ge=0, le=0.5, title="hue", description="Colours move around their circle by up to this, either way."),
        Usual(0, 0.2, unit="of a turn", reason="Half a turn either way already reaches every hue."),
    ] = 0.05

    @property
    def changes_nothing(self) -> bool:
        return not (self.brightness or self.contrast or self.saturation or self.hue)

    @property
    def includes(self) -> frozenset[str]:
        return frozenset({"brightness"} if self.brightness else ())

    def notes(self, input_shape: tuple[int, ...]) -> list[Text]:
        if input_shape[0] == 3 or not (self.saturation or self.hue):
            return []
        return [
            Text(
                "Saturation and hue of {title} have no effect: these images have no colours. Brightness and contrast "
                "remain.",
                title=Text(self.title),
            )
        ]

    def apply(self, tone: Tone, generator: torch.Generator | None) -> None:
        # All four are always drawn: changing one amount leaves the others' draws as they were.
        brightness, contrast, saturation, hue = (tone.uniform(-1, 1, generator) for _ in range(4))
        if self.brightness:
            tone.brighten(1 + self.brightness * brightness)
        if self.contrast:
            tone.stretch(1 + self.contrast * contrast)
        if tone.values.shape[1] == 3 and self.saturation:
            tone.saturate(1 + self.saturation * saturation)
        if tone.values.shape[1] == 3 and self.hue:
            tone.turn_hue(self.hue * hue)
