"""Resized crop: cut a random part out of an image and stretch it to the whole."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Annotated, ClassVar

from pydantic import Field

from core.catalog.augmentations.affine import Affine
from core.catalog.augmentations.augmentation import GeometricAugmentation
from core.catalog.entry import Usual
from core.catalog.registry import register

if TYPE_CHECKING:
    import torch
    from torch import Tensor


@register
class ResizedCrop(GeometricAugmentation):
    """Cut a window of random area, shape and place out of a sample and stretch it to the old size.

    The window's width is √(area·aspect) and its height √(area ÷ aspect) of the picture's, neither above 1; the aspect
    is drawn evenly on a log scale from 1 ÷ `aspect` to `aspect`.
    """

    key: ClassVar[str] = "resized_crop"
    title: ClassVar[str] = "Resized crop"
    see: ClassVar[str] = "few_images_resized"
    why: ClassVar[str] = "Parts of a thing at many sizes should be recognized as the thing."
    choose: ClassVar[str] = "For photographs; an area below a half cuts away what makes a digit that digit."
    formula: ClassVar[str] = (
        r"A \sim U(A_{\min}, 1),\ \log r \sim U(-\log \rho, \log \rho),\qquad"
        r"(w, h) = \left(\min(1, \sqrt{A r}),\ \min(1, \sqrt{A / r})\right)"
    )
    source: ClassVar[str] = "Szegedy et al.: Going Deeper with Convolutions, 2015, section 6"

    area: Annotated[
        float,
        Field(
            gt=0, le=1, title="smallest area", description="The window holds at least this part of the picture's area."
        ),
        Usual(0.2, 1, unit="of the picture", reason="A window has some area and at most the whole picture's."),
    ] = 0.6
    aspect: Annotated[
        float,
        Field(
            ge=1,
            le=4,
            title="largest stretch",
            description="Width may differ from height by up to this factor, either way.",
        ),
        Usual(1, 2, reason="1 keeps the picture's proportions, and beyond 4 nothing can be recognized."),
    ] = 4 / 3

    @property
    def changes_nothing(self) -> bool:
        return self.area == 1 and self.aspect == 1

    @property
    def includes(self) -> frozenset[str]:
        return frozenset({"scale", "shift"} if self.area < 1 else ())

    def draw(self, inputs: Tensor, generator: torch.Generator | None) -> tuple[Tensor, ...]:
        uniform = inputs.new_empty((4, inputs.shape[0])).uniform_(generator=generator)
        area, stretch, right, down = uniform.unbind()
        area = area * (1 - self.area) + self.area
        stretch = (stretch * 2 - 1).mul_(math.log(self.aspect)).exp_()
        return (
            (area * stretch).sqrt_().clamp_(max=1),
            (area / stretch).sqrt_().clamp_(max=1),
            right * 2 - 1,
            down * 2 - 1,
        )

    def inverse(self, height: int, width: int, *drawn: Tensor) -> Affine:
        wide, high, right, down = drawn
        # The window may lie anywhere inside the picture: its centre keeps half the free width from the centre.
        return Affine(xx=wide, x0=(1 - wide) * right * (width / 2), yy=high, y0=(1 - high) * down * (height / 2))
