"""Bases of the augmentations: where a pixel comes from, what becomes of its value, or what becomes of a whole batch.

All work on whole batches on the device of the data, with parameters of their own for each sample, drawn from a given
generator. Nothing here reads a tensor back to the host.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable
from typing import TYPE_CHECKING, ClassVar

from core.catalog.augmentations.affine import Affine
from core.catalog.entry import Entry
from core.text import Text

if TYPE_CHECKING:
    import torch
    from torch import Tensor

    Change = Callable[[Tensor, Tensor, torch.Generator | None], tuple[Tensor, Tensor]]
    """Inputs (B, …), targets and the generator of its draws → inputs of the same shape, targets."""

    from core.catalog.augmentations.pipeline import Pipeline
    from core.catalog.augmentations.tone import Tone


class Augmentation(Entry):
    """A random change of the inputs of a batch."""

    family: ClassVar[str] = "augmentations"
    input_kinds: ClassVar[tuple[str, ...]] = ("image",)
    """The kinds of input it can change."""
    changes_targets: ClassVar[bool] = False
    """Whether targets change with the inputs."""
    needs_classes: ClassVar[bool] = False
    """Whether it asks of which class a sample is, so that targets must not be numbers or mixed before."""
    keeps_range: ClassVar[bool] = False
    """Whether values of any size come out as large as they went in; the other entries take images to lie in 0…1."""

    @property
    def changes_nothing(self) -> bool:
        """Whether these parameters leave every sample as it is; such an entry is skipped, so nothing is rounded."""
        return False

    @property
    def includes(self) -> frozenset[str]:
        """Keys of the entries whose change it makes too, among others or in another way."""
        return frozenset()

    @property
    def outcomes(self) -> tuple[tuple[float, int], ...] | None:
        """How many results of each probability a sample can have, as (probability, count); None: endlessly many."""
        return None

    @property
    def may_mirror(self) -> bool:
        """Whether it can make a mirror image of a picture."""
        return False

    @property
    def may_turn_over(self) -> bool:
        """Whether it can leave a picture further from upright than lying on its side."""
        return False

    def check(self, input_shape: tuple[int, ...]) -> None:
        """Raise BadInput when these parameters make no sense for samples of this shape."""

    def notes(self, input_shape: tuple[int, ...]) -> list[Text]:
        """What of these parameters has no effect on samples of this shape."""
        return []

    def build(self, input_shape: tuple[int, ...], num_outputs: int = 1) -> Pipeline:
        """A pipeline of this entry alone."""
        from core.catalog.augmentations.pipeline import compile_pipeline

        return compile_pipeline([self], input_shape, num_outputs)


class GeometricAugmentation(Augmentation):
    """An augmentation that is an affine map of the picture's plane; what comes from outside the picture is 0."""

    keeps_range: ClassVar[bool] = True
    whole_pixels: ClassVar[bool] = False
    """Whether every pixel lands on a pixel: a warp of such entries copies values instead of interpolating them."""

    @abstractmethod
    def draw(self, inputs: Tensor, generator: torch.Generator | None) -> tuple[Tensor, ...]:
        """Random parameters, each (B,), of the dtype and on the device of `inputs` (B, C, H, W)."""

    @abstractmethod
    def inverse(self, height: int, width: int, *drawn: Tensor) -> Affine:
        """The map from a pixel of the result to the place in the picture where its value is found."""


class PhotometricAugmentation(Augmentation):
    """An augmentation that changes values where they are."""

    @abstractmethod
    def apply(self, tone: Tone, generator: torch.Generator | None) -> None:
        """Draw the parameters and add the change to `tone`."""


class BatchAugmentation(Augmentation):
    """An augmentation that sees the whole batch, and is a stage of its own."""

    @abstractmethod
    def change(self, num_outputs: int) -> Change:
        """What is done to a batch. Targets that are class indices (B,) may become probabilities (B, num_outputs)."""
