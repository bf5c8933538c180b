"""Scale: enlarge or shrink images about their centre."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, ClassVar

from pydantic import Field, ValidationInfo, field_validator

from core.catalog.augmentations.affine import Affine
from core.catalog.augmentations.augmentation import GeometricAugmentation
from core.catalog.entry import Usual
from core.catalog.registry import register

if TYPE_CHECKING:
    import torch
    from torch import Tensor

_REASON = "A factor of 0 or less leaves no picture, and beyond 10 a single pixel fills it."


@register
class Scale(GeometricAugmentation):
    """Enlarge a sample by a factor drawn evenly from `low` to `high`; below 1 it shrinks and the border is 0."""

    key: ClassVar[str] = "scale"
    synonyms: ClassVar[tuple[str, ...]] = ("zoom",)
    title: ClassVar[str] = "Scale"
    see: ClassVar[str] = "few_images_moved"
    why: ClassVar[str] = "The same thing may be written larger or seen from closer by."
    choose: ClassVar[str] = (
        "0.8 to 1.2 suits digits and small photographs; enlarge less when the object fills the picture."
    )
    formula: ClassVar[str] = (
        r"s \sim U(s_\text{low}, s_\text{high}),\qquad (u, v)_{\text{in}} = \tfrac{1}{s}\,(u, v)_{\text{out}}"
    )
    source: ClassVar[str] = (
        "Simard, Steinkraus, Platt: Best Practices for Convolutional Neural Networks Applied to Visual Document "
        "Analysis, 2003, section 2"
    )

    low: Annotated[
        float,
        Field(gt=0, le=10, title="smallest factor", description="The factor by which a sample is enlarged at least."),
        Usual(0.5, 1, reason=_REASON),
    ] = 0.8
    high: Annotated[
        float,
        Field(gt=0, le=10, title="largest factor", description="The factor by which a sample is enlarged at most."),
        Usual(1, 2, reason=_REASON),
    ] = 1.2

    @field_validator("high")
    @classmethod
    def _not_below_low(cls, high: float, info: ValidationInfo) -> float:
        if high < info.data.get("low", high):
            raise ValueError("The largest factor lies below the smallest one.")
        return high

    @property
    def changes_nothing(self) -> bool:
        return self.low == 1 and self.high == 1

    def draw(self, inputs: Tensor, generator: torch.Generator | None) -> tuple[Tensor, ...]:
        return (inputs.new_empty(inputs.shape[0]).uniform_(self.low, self.high, generator=generator),)

    def inverse(self, height: int, width: int, *drawn: Tensor) -> Affine:
        (factor,) = drawn
        shrink = factor.reciprocal()
        return Affine(xx=shrink, yy=shrink)
