"""Erasing and cutout: hide a rectangle of an image, so that no single spot decides."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Annotated, ClassVar

from pydantic import Field, ValidationInfo, field_validator

from core.catalog.augmentations.augmentation import PhotometricAugmentation
from core.catalog.entry import Usual
from core.catalog.registry import register
from core.errors import BadInput
from core.text import Text

if TYPE_CHECKING:
    import torch

    from core.catalog.augmentations.tone import Tone

NUM_PROPOSALS = 10
"""Rectangles that are drawn for a sample; the first that lies within the picture is taken."""
_AREA = "A rectangle covers something, and not the whole picture."


@register
class Erase(PhotometricAugmentation):
    """With a probability put 0 into a rectangle of random area, shape and place that lies within the picture.

    Its area is drawn evenly, its height ÷ width on a log scale from 1 ÷ `aspect` to `aspect`. Of ten such rectangles
    the first that is smaller than the picture is used; where none is, the sample stays as it is.
    """

    key: ClassVar[str] = "erase"
    synonyms: ClassVar[tuple[str, ...]] = ("random_erasing",)
    title: ClassVar[str] = "Random erasing"
    see: ClassVar[str] = "few_images_erased"
    more: ClassVar[bool] = True
    why: ClassVar[str] = "Things are often half hidden; who has seen them so does not rely on one part alone."
    choose: ClassVar[str] = "For photographs; on small digits keep the area low, or the stroke that decides is gone."
    formula: ClassVar[str] = (
        r"A \sim U(A_{\min}, A_{\max}),\ \log r \sim U(-\log \rho, \log \rho),\quad"
        r"x'_{c,i,j} = 0\ \text{in a box of}\ \sqrt{A r} \times \sqrt{A / r}\ \text{with probability}\ p"
    )
    source: ClassVar[str] = "Zhong et al.: Random Erasing Data Augmentation, 2020, section 3, algorithm 1"

    probability: Annotated[
        float,
        Field(ge=0, le=1, title="probability", description="How often something of a sample is hidden."),
        Usual(0, 1, reason="A probability lies between 0 (never) and 1 (always)."),
    ] = 0.5
    low: Annotated[
        float,
        Field(gt=0, lt=1, title="smallest area", description="At least this part of the picture is hidden."),
        Usual(0.02, 0.2, unit="of the picture", reason=_AREA),
    ] = 0.02
    high: Annotated[
        float,
        Field(gt=0, lt=1, title="largest area", description="At most this part of the picture is hidden."),
        Usual(0.1, 0.5, unit="of the picture", reason=_AREA),
    ] = 0.33
    aspect: Annotated[
        float,
        Field(ge=1, le=10, title="largest stretch", description="Height ÷ width lies within this factor, either way."),
        Usual(1, 4, reason="1 is a square, and beyond 10 the rectangle is a line."),
    ] = 3.3

    @field_validator("high")
    @classmethod
    def _not_below_low(cls, high: float, info: ValidationInfo) -> float:
        if high < info.data.get("low", high):
            raise ValueError("The largest area lies below the smallest one.")
        return high

    @property
    def changes_nothing(self) -> bool:
        return self.probability == 0

    def apply(self, tone: Tone, generator: torch.Generator | None) -> None:
        import torch

        from core.catalog.augmentations.masks import spans

        count, height, width = (tone.values.shape[axis] for axis in (0, 2, 3))
        drawn = tone.values.new_empty((3 + 2 * NUM_PROPOSALS, count)).uniform_(generator=generator)
        coin, top, left = drawn[:3].unbind()
        areas, stretches = drawn[3:].chunk(2)
        areas = (self.low + (self.high - self.low) * areas) * (height * width)
        stretches = ((2 * stretches - 1) * math.log(self.aspect)).exp()
        high, wide = (areas * stretches).sqrt().round(), (areas / stretches).sqrt().round()
        fits = (high < height) & (wide < width)
        first = torch.where(fits, torch.arange(NUM_PROPOSALS, device=fits.device).unsqueeze(1), NUM_PROPOSALS - 1)
        first = first.amin(0, keepdim=True)
        high, wide, fits = (found.gather(0, first).squeeze(0) for found in (high, wide, fits))
        high = high * (fits & (coin < self.probability))
        top = (top * (height - high + 1)).floor()
        left = (left * (width - wide + 1)).floor()
        tone.cover(spans(height, top, top + high), spans(width, left, left + wide))


@register
class Cutout(PhotometricAugmentation):
    """Put 0 into a square of `size` pixels whose centre is any pixel: it may reach over the border."""

    key: ClassVar[str] = "cutout"
    title: ClassVar[str] = "Cutout"
    see: ClassVar[str] = "few_images_cut_out"
    more: ClassVar[bool] = True
    why: ClassVar[str] = "Dropout for images: neighbouring pixels say nearly the same, so a whole square is left out."
    choose: ClassVar[str] = "16 pixels for 32×32 photographs of ten classes, 8 for a hundred; at most 8 for digits."
    formula: ClassVar[str] = (
        r"a \sim U\{1, \dots, H\},\ b \sim U\{1, \dots, W\},\quad"
        r"x'_{c,i,j} = 0\ \text{for}\ |i - a| \le s/2,\ |j - b| \le s/2"
    )
    source: ClassVar[str] = (
        "DeVries and Taylor: Improved Regularization of Convolutional Neural Networks with Cutout, 2017, section 3"
    )

    size: Annotated[
        int,
        Field(ge=0, le=1024, title="side of the square", description="Rows and columns that are hidden; 0 hides none."),
        Usual(2, 16, unit="pixels", reason="A square has no negative side, and needs none beyond the picture's."),
    ] = 4

    @property
    def changes_nothing(self) -> bool:
        return self.size == 0

    def check(self, input_shape: tuple[int, ...]) -> None:
        _, height, width = input_shape
        most = min(height, width) - 1
        if self.size > most:
            raise BadInput(
                Text(
                    "The side of the square is {size} for {title} on {width}×{height} pixels.",
                    size=self.size,
                    title=Text(self.title),
                    width=width,
                    height=height,
                ),
                Text("Some samples would be hidden as a whole."),
                Text("Use a side of {most} or less.", most=most),
            )

    def apply(self, tone: Tone, generator: torch.Generator | None) -> None:
        from core.catalog.augmentations.masks import spans

        count, height, width = (tone.values.shape[axis] for axis in (0, 2, 3))
        down, right = tone.values.new_empty((2, count)).uniform_(generator=generator).unbind()
        top, left = (down * height).floor() - self.size // 2, (right * width).floor() - self.size // 2
        tone.cover(spans(height, top, top + self.size), spans(width, left, left + self.size))
