"""Crop: pad images with zeros and cut a window of the old size out at a random place."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, ClassVar

from pydantic import Field

from core.catalog.augmentations.affine import Affine
from core.catalog.augmentations.augmentation import GeometricAugmentation
from core.catalog.entry import Usual
from core.catalog.registry import register
from core.errors import BadInput
from core.text import Text

if TYPE_CHECKING:
    import torch
    from torch import Tensor


@register
class Crop(GeometricAugmentation):
    """Pad a sample by `padding` pixels of 0 on every side and cut its old size out at a random place."""

    key: ClassVar[str] = "crop"
    synonyms: ClassVar[tuple[str, ...]] = ("random_crop",)
    title: ClassVar[str] = "Pad and crop"
    see: ClassVar[str] = "few_images_cropped"
    why: ClassVar[str] = "It moves the picture by whole pixels, so nothing is blurred."
    choose: ClassVar[str] = (
        "4 pixels for 32×32 photographs, 2 for 28×28 digits; none for 8×8 digits, where one pixel is an eighth."
    )
    formula: ClassVar[str] = (
        r"a, b \sim U\{-p, \dots, p\},\qquad x'_{c,i,j} = x_{c,\,i+a,\,j+b}\ \text{or}\ 0\ \text{outside}"
    )
    source: ClassVar[str] = "He, Zhang, Ren, Sun: Deep Residual Learning for Image Recognition, 2016, section 4.2"
    whole_pixels: ClassVar[bool] = True

    padding: Annotated[
        int,
        Field(ge=0, le=1024, title="padding", description="Rows and columns of 0 added on every side before the cut."),
        Usual(1, 4, unit="pixels", reason="A picture cannot be padded by less than nothing or more than its own size."),
    ] = 2

    @property
    def changes_nothing(self) -> bool:
        return self.padding == 0

    @property
    def includes(self) -> frozenset[str]:
        return frozenset({"shift"} if self.padding else ())

    def check(self, input_shape: tuple[int, ...]) -> None:
        _, height, width = input_shape
        most = min(height, width) // 2
        if self.padding > most:
            raise BadInput(
                Text(
                    "padding is {padding} for {title} on {width}×{height} pixels.",
                    padding=self.padding,
                    title=Text(self.title),
                    width=width,
                    height=height,
                ),
                Text("More than half of the picture could be cut away, and the label would no longer be true."),
                Text("Use a padding of {most} or less.", most=most),
            )

    @property
    def outcomes(self) -> tuple[tuple[float, int], ...]:
        num_places = (2 * self.padding + 1) ** 2
        return ((1 / num_places, num_places),)

    def draw(self, inputs: Tensor, generator: torch.Generator | None) -> tuple[Tensor, ...]:
        offsets = inputs.new_empty((2, inputs.shape[0]))
        return offsets.random_(-self.padding, self.padding + 1, generator=generator).unbind()

    def inverse(self, height: int, width: int, *drawn: Tensor) -> Affine:
        right, down = drawn
        return Affine(x0=right, y0=down)
