"""Flip: mirror images, each sample by its own coin."""

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

_REASON = "A probability lies between 0 (never) and 1 (always)."


@register
class Flip(GeometricAugmentation):
    """Mirror a sample left–right with probability `horizontal` and upside down with probability `vertical`."""

    key: ClassVar[str] = "flip"
    title: ClassVar[str] = "Flip"
    see: ClassVar[str] = "few_images_flipped"
    why: ClassVar[str] = "A cat seen in a mirror is still a cat, so each picture counts for two."
    choose: ClassVar[str] = (
        "For photographs flip left–right; leave it out for digits and letters, where a mirror image is another sign."
    )
    formula: ClassVar[str] = (
        r"x'_{c,i,j} = x_{c,\,i,\,W-1-j}\ \text{with probability}\ p_h,\qquad "
        r"x'_{c,i,j} = x_{c,\,H-1-i,\,j}\ \text{with probability}\ p_v"
    )
    source: ClassVar[str] = (
        "Krizhevsky, Sutskever, Hinton: ImageNet Classification with Deep Convolutional Neural Networks, 2012, "
        "section 4.1"
    )
    whole_pixels: ClassVar[bool] = True

    horizontal: Annotated[
        float,
        Field(ge=0, le=1, title="left–right probability", description="How often a sample is mirrored left–right."),
        Usual(0, 0.5, reason=_REASON),
    ] = 0.5
    vertical: Annotated[
        float,
        Field(
            ge=0,
            le=1,
            title="upside-down probability",
            description="How often a sample is turned upside down by a mirror.",
        ),
        Usual(0, 0.5, reason=_REASON),
    ] = 0.0

    @property
    def changes_nothing(self) -> bool:
        return self.horizontal == 0 and self.vertical == 0

    @property
    def may_mirror(self) -> bool:
        return not self.changes_nothing

    @property
    def may_turn_over(self) -> bool:
        return self.vertical > 0

    @property
    def outcomes(self) -> tuple[tuple[float, int], ...]:
        h, v = self.horizontal, self.vertical
        return (((1 - h) * (1 - v), 1), (h * (1 - v), 1), ((1 - h) * v, 1), (h * v, 1))

    def draw(self, inputs: Tensor, generator: torch.Generator | None) -> tuple[Tensor, ...]:
        # Both coins are always thrown: changing one probability leaves the other's flips as they were.
        coins = inputs.new_empty((2, inputs.shape[0])).uniform_(generator=generator).unbind()
        return tuple(
            coin.ge_(probability).mul_(2).sub_(1)
            for coin, probability in zip(coins, (self.horizontal, self.vertical), strict=True)
        )

    def inverse(self, height: int, width: int, *drawn: Tensor) -> Affine:
        horizontal, vertical = drawn
        return Affine(xx=horizontal if self.horizontal else 1.0, yy=vertical if self.vertical else 1.0)
