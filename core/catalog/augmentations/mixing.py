"""MixUp and CutMix: each sample becomes part of another one, and so does its target."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable
from typing import TYPE_CHECKING, Annotated, ClassVar

from pydantic import Field

from core.catalog.augmentations.augmentation import BatchAugmentation
from core.catalog.entry import Usual
from core.catalog.registry import register

if TYPE_CHECKING:
    import torch
    from torch import Tensor

    from core.catalog.augmentations.augmentation import Change
    from core.catalog.augmentations.mixed import Blended, Pasted

_REASON = "0 stands for no mixing, a Beta distribution has no α below that, and beyond 32 all is half and half."
_ALPHA = "Shape α of the Beta distribution of the shares: below 1 mostly nearly whole samples, at 1 any share alike."


class MixingAugmentation(BatchAugmentation):
    """An augmentation that blends each sample with the one before it in the batch, which is in random order.

    Targets are blended in the same shares: class indices become probabilities.
    """

    changes_targets: ClassVar[bool] = True
    keeps_range: ClassVar[bool] = True

    @abstractmethod
    def mixer(self) -> Callable[[Tensor, torch.Generator | None], tuple[Tensor, Tensor]]:
        """From inputs (B, …) and a generator to the blended inputs, and the share (B,) of each that is its own."""

    def change(self, num_outputs: int) -> Change:
        from core.catalog.augmentations.mixed import blended_targets

        mix = self.mixer()

        def mixed(inputs: Tensor, targets: Tensor, generator: torch.Generator | None) -> tuple[Tensor, Tensor]:
            inputs, own = mix(inputs, generator)
            return inputs, blended_targets(targets, own, num_outputs)

        return mixed


@register
class MixUp(MixingAugmentation):
    """Blend each sample with another one, its own share drawn from Beta(α, α); the target is blended likewise."""

    key: ClassVar[str] = "mixup"
    title: ClassVar[str] = "MixUp"
    see: ClassVar[str] = "few_images_mixed_up"
    more: ClassVar[bool] = True
    why: ClassVar[str] = (
        "Between two samples the answer should go evenly from one to the other, so the network is less sure of itself."
    )
    choose: ClassVar[str] = "α of 0.2 to 1 and more epochs than without; the loss of a batch no longer goes to 0."
    formula: ClassVar[str] = (
        r"\lambda \sim \mathrm{Beta}(\alpha, \alpha),\quad x' = \lambda x_i + (1-\lambda) x_j,\quad "
        r"y' = \lambda y_i + (1-\lambda) y_j"
    )
    source: ClassVar[str] = (
        "Zhang, Cisse, Dauphin, Lopez-Paz: mixup: Beyond Empirical Risk Minimization, 2018, section 2"
    )
    input_kinds: ClassVar[tuple[str, ...]] = ("image", "sequence", "points", "features")

    alpha: Annotated[
        float, Field(ge=0, le=32, title="alpha", description=_ALPHA), Usual(0.1, 2, "log", reason=_REASON)
    ] = 0.2

    @property
    def changes_nothing(self) -> bool:
        return self.alpha == 0

    def mixer(self) -> Blended:
        from core.catalog.augmentations.mixed import Blended

        return Blended(self.alpha)


@register
class CutMix(MixingAugmentation):
    """Put a rectangle of another sample into each one; the target is blended by the areas.

    The rectangle has the picture's shape, the share 1 − λ of its area with λ from Beta(α, α), and any pixel as its
    centre; what reaches over the border is cut off.
    """

    key: ClassVar[str] = "cutmix"
    title: ClassVar[str] = "CutMix"
    see: ClassVar[str] = "few_images_cut_and_mixed"
    more: ClassVar[bool] = True
    why: ClassVar[str] = "As with cutout a part is hidden, and what is put there teaches too."
    choose: ClassVar[str] = "α = 1 for photographs and long training; small digits lose the strokes that decide."
    formula: ClassVar[str] = (
        r"\lambda \sim \mathrm{Beta}(\alpha, \alpha),\quad x' = M \odot x_i + (1 - M) \odot x_j,\quad "
        r"y' = \bar{M} y_i + (1 - \bar{M}) y_j,\quad 1 - \bar{M} \approx 1 - \lambda"
    )
    source: ClassVar[str] = (
        "Yun et al.: CutMix: Regularization Strategy to Train Strong Classifiers with Localizable Features, 2019, "
        "section 3.1"
    )

    alpha: Annotated[
        float, Field(ge=0, le=32, title="alpha", description=_ALPHA), Usual(0.1, 2, "log", reason=_REASON)
    ] = 1.0

    @property
    def changes_nothing(self) -> bool:
        return self.alpha == 0

    def mixer(self) -> Pasted:
        from core.catalog.augmentations.mixed import Pasted

        return Pasted(self.alpha)
