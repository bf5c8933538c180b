"""Noise: add Gaussian noise to every value."""

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
class Noise(PhotometricAugmentation):
    """Add an independent Gaussian value of mean 0 and standard deviation `std` to every input of every sample.

    Images stay within 0 to 1: what lies outside is cut off. Other inputs are not cut off.
    """

    key: ClassVar[str] = "noise"
    synonyms: ClassVar[tuple[str, ...]] = ("gaussian_noise",)
    title: ClassVar[str] = "Gaussian noise"
    see: ClassVar[str] = "few_images_toned"
    why: ClassVar[str] = (
        "Small disturbances must not change the answer; small noise punishes a network whose output is steep."
    )
    choose: ClassVar[str] = "0.05 to 0.2 for pictures between 0 and 1; for other inputs a tenth of their spread."
    formula: ClassVar[str] = r"x' = x + \varepsilon,\qquad \varepsilon \sim \mathcal{N}(0, \sigma^2)"
    source: ClassVar[str] = "Bishop: Training with Noise is Equivalent to Tikhonov Regularization, 1995, section 2"
    input_kinds: ClassVar[tuple[str, ...]] = ("image", "sequence", "points", "features")

    std: Annotated[
        float,
        Field(
            ge=0, le=100, title="standard deviation", description="The size of the noise, in the units of the inputs."
        ),
        Usual(0.01, 0.5, "log", reason="A standard deviation is not negative, and beyond 100 only noise is left."),
    ] = 0.1

    @property
    def changes_nothing(self) -> bool:
        return self.std == 0

    def apply(self, tone: Tone, generator: torch.Generator | None) -> None:
        tone.add_noise(self.std, generator)
