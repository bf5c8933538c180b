"""Rotate: turn images about their centre by a random angle."""

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
class Rotate(GeometricAugmentation):
    """Turn a sample about its centre by an angle drawn evenly from −`degrees` to +`degrees`; positive is leftwards."""

    key: ClassVar[str] = "rotate"
    synonyms: ClassVar[tuple[str, ...]] = ("rotation",)
    title: ClassVar[str] = "Rotate"
    see: ClassVar[str] = "few_images_moved"
    why: ClassVar[str] = "Nobody writes or photographs perfectly upright, so a small turn must not change the answer."
    choose: ClassVar[str] = "About 15° keeps digits readable; beyond 90° a 6 becomes a 9."
    formula: ClassVar[str] = (
        r"\theta \sim U(-\alpha, \alpha),\qquad"
        r"\begin{pmatrix} u \\ v \end{pmatrix}_{\text{in}} ="
        r"\begin{pmatrix} \cos\theta & -\sin\theta \\ \sin\theta & \cos\theta \end{pmatrix}"
        r"\begin{pmatrix} u \\ v \end{pmatrix}_{\text{out}}"
    )
    source: ClassVar[str] = (
        "Simard, Steinkraus, Platt: Best Practices for Convolutional Neural Networks Applied to Visual Document "
        "Analysis, 2003, section 2"
    )

    degrees: Annotated[
        float,
        Field(
            ge=0, le=180, title="largest angle", description="Each sample is turned by up to this angle, either way."
        ),
        Usual(0, 45, unit="°", reason="180° either way is already every angle there is."),
    ] = 15.0

    @property
    def changes_nothing(self) -> bool:
        return self.degrees == 0

    @property
    def may_turn_over(self) -> bool:
        return self.degrees > 90

    def draw(self, inputs: Tensor, generator: torch.Generator | None) -> tuple[Tensor, ...]:
        limit = math.radians(self.degrees)
        return (inputs.new_empty(inputs.shape[0]).uniform_(-limit, limit, generator=generator),)

    def inverse(self, height: int, width: int, *drawn: Tensor) -> Affine:
        (angle,) = drawn
        cos, sin = angle.cos(), angle.sin()
        return Affine(xx=cos, xy=-sin, yx=sin, yy=cos)
