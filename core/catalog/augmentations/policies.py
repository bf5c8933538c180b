"""RandAugment and TrivialAugment: fourteen changes of an image, dealt out at random to the samples of a batch."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, ClassVar

from pydantic import Field

from core.catalog.augmentations.augmentation import BatchAugmentation
from core.catalog.entry import Usual
from core.catalog.registry import register

if TYPE_CHECKING:
    from core.catalog.augmentations.augmentation import Change

NUM_STRENGTHS = 30
"""Strengths are whole numbers from 0 to this one."""

_MOVED_AND_LIT = frozenset({"rotate", "shift", "brightness"})

Probability = Annotated[
    float,
    Field(ge=0, le=1, title="probability", description="How often a sample is changed at all."),
    Usual(0, 1, reason="A probability lies between 0 (never) and 1 (always)."),
]


@register
class RandAugment(BatchAugmentation):
    """Change each sample by some of fourteen changes, one after the other, all of one strength.

    Nothing, shear across or down, shift across or down, turn, brightness, colour, contrast, sharpness, fewer bits,
    solarizing, stretched contrast, equalized histogram: each is as likely, and those with two directions take either.
    """

    key: ClassVar[str] = "rand_augment"
    synonyms: ClassVar[tuple[str, ...]] = ("randaugment",)
    title: ClassVar[str] = "RandAugment"
    see: ClassVar[str] = "few_images_rand"
    more: ClassVar[bool] = True
    why: ClassVar[str] = "Many kinds of change at random, with two numbers to choose instead of a list of settings."
    choose: ClassVar[str] = "Two changes of strength 9 for photographs; larger networks bear a higher one."
    formula: ClassVar[str] = (
        r"x' = \tau_{k_n}^{m} \circ \dots \circ \tau_{k_1}^{m}(x),\qquad k_i \sim U\{1, \dots, 14\}"
    )
    source: ClassVar[str] = (
        "Cubuk, Zoph, Shlens, Le: RandAugment: Practical Automated Data Augmentation, 2020, section 3; ranges of "
        "torchvision"
    )

    num_ops: Annotated[
        int,
        Field(ge=1, le=4, title="changes", description="So many changes are made of each sample."),
        Usual(1, 3, reason="At least one change is made, and after more than four nothing can be recognized."),
    ] = 2
    magnitude: Annotated[
        int,
        Field(ge=0, le=NUM_STRENGTHS, title="strength", description="Of every change, from 0 to 30."),
        Usual(3, 15, reason="The published scale goes from 0 to 30."),
    ] = 9
    probability: Probability = 1.0

    @property
    def changes_nothing(self) -> bool:
        return self.probability == 0

    @property
    def includes(self) -> frozenset[str]:
        return _MOVED_AND_LIT if self.magnitude else frozenset()

    def change(self, num_outputs: int) -> Change:
        from core.catalog.augmentations.operations import RAND, policy

        changed = policy(RAND, self.num_ops, self.probability, self.magnitude)
        return lambda inputs, targets, generator: (changed(inputs, generator), targets)


@register
class TrivialAugment(BatchAugmentation):
    """Change each sample by one of fourteen changes, its strength drawn evenly from 0 to 30.

    The changes are those of RandAugment, in the wider ranges of “TrivialAugment Wide”; a shift of 32 pixels at most is
    cut off at the picture's own side.
    """

    key: ClassVar[str] = "trivial_augment"
    synonyms: ClassVar[tuple[str, ...]] = ("trivialaugment",)
    title: ClassVar[str] = "TrivialAugment"
    see: ClassVar[str] = "few_images_trivial"
    more: ClassVar[bool] = True
    why: ClassVar[str] = "One change of any strength for each sample: nothing to tune, and as good as what is tuned."
    choose: ClassVar[str] = (
        "The first thing to try with photographs; digits are turned by up to 135° and shifted out of sight."
    )
    formula: ClassVar[str] = r"x' = \tau_k^m(x),\qquad k \sim U\{1, \dots, 14\},\ m \sim U\{0, \dots, 30\}"
    source: ClassVar[str] = (
        "Müller, Hutter: TrivialAugment: Tuning-free Yet State-of-the-Art Data Augmentation, 2021, section 3 and "
        "table 7; ranges of torchvision"
    )

    probability: Probability = 1.0

    @property
    def changes_nothing(self) -> bool:
        return self.probability == 0

    @property
    def includes(self) -> frozenset[str]:
        return _MOVED_AND_LIT

    @property
    def may_turn_over(self) -> bool:
        return True

    def change(self, num_outputs: int) -> Change:
        from core.catalog.augmentations.operations import TRIVIAL, policy

        changed = policy(TRIVIAL, 1, self.probability)
        return lambda inputs, targets, generator: (changed(inputs, generator), targets)
