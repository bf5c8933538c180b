"""Synthetic samples: part of every batch is drawn by a generator that was trained on the training split before."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable
from typing import TYPE_CHECKING, Annotated, ClassVar

from pydantic import Field

from core.catalog.augmentations.augmentation import Augmentation
from core.catalog.entry import Usual
from core.catalog.registry import register
from core.errors import BadInput
from core.text import Text

if TYPE_CHECKING:
    import torch
    from torch import Tensor

    from core.catalog.augmentations.augmentation import Change

    Sampler = Callable[[Tensor, torch.Generator | None], Tensor]
    """Classes (B,) and the generator of the draws → images (B, C, H, W) of these classes, float32, 0 to 1."""

LEAST_SIDE, MOST_SIDE = 4, 32
"""Sides of the images that a generator of this program can draw, in pixels."""


class LearnedAugmentation(Augmentation):
    """An augmentation whose change has to be learned from the training split first: as `num_updates` and `seed` say.

    Where nothing was learned, as in a picture of what augmentations do, samples stay as they are.
    """

    needs_classes: ClassVar[bool] = True

    @property
    @abstractmethod
    def num_updates(self) -> int:
        """Updates in which it is learned."""

    @property
    @abstractmethod
    def learning_seed(self) -> int:
        """Draws all that is random in learning it."""

    @abstractmethod
    def mixed_in(self, sample: Sampler) -> Change:
        """What is done to a batch, with samples drawn by what was learned."""

    def check(self, input_shape: tuple[int, ...]) -> None:
        sides = input_shape[1:] if len(input_shape) == 3 else ()
        if not sides or not LEAST_SIDE <= min(sides) <= max(sides) <= MOST_SIDE:
            raise BadInput(
                Text("{title} cannot be made for samples of this size.", title=Text(self.title)),
                Text(
                    "The generator draws images whose sides have {least} to {most} pixels; here they have {sides}.",
                    least=LEAST_SIDE,
                    most=MOST_SIDE,
                    sides="×".join(map(str, sides)) or "–",
                ),
                Text("Choose a data set of such images, or leave it out."),
            )


@register
class Synthetic(LearnedAugmentation):
    """Replace a share of every batch by samples that a generator draws, each of the class of the one it replaces.

    The generator is half of a conditional GAN, trained on the training split alone before the first update.
    """

    key: ClassVar[str] = "synthetic"
    synonyms: ClassVar[tuple[str, ...]] = ("gan",)
    title: ClassVar[str] = "Synthetic samples"
    see: ClassVar[str] = "real_and_synthetic"
    more: ClassVar[bool] = True
    why: ClassVar[str] = (
        "A generator draws samples that nobody has photographed; what it draws can only be as varied as what it has "
        "seen."
    )
    choose: ClassVar[str] = (
        "Look at its samples on the page Data first; then compare 0, 0.25 and 0.5, for it often does harm."
    )
    formula: ClassVar[str] = (
        r"x'_i = G(z_i, y_i),\ z_i \sim N(0, I)\quad (i \le s B);\quad "
        r"\min_G \max_D\ E \log \sigma(D(x, y)) + E \log \sigma(-D(G(z, y), y))"
    )
    source: ClassVar[str] = (
        "Goodfellow et al.: Generative Adversarial Nets, 2014, section 3; Radford, Metz, Chintala (DCGAN), 2016, "
        "section 3; classes: Miyato, Koyama: cGANs with Projection Discriminator, 2018, section 3"
    )

    share: Annotated[
        float,
        Field(
            ge=0,
            lt=1,
            title="synthetic share",
            description="Share of each batch that is synthetic: 0.5 stands for real : synthetic = 1 : 1.",
        ),
        Usual(0, 0.75, reason="It is a share of the batch, and one without a real sample would learn nothing real."),
    ] = 0.5
    updates: Annotated[
        int,
        Field(
            ge=1,
            le=20_000,
            title="updates of the generator",
            description="Updates of generator and discriminator before the network's first one.",
        ),
        Usual(300, 5000, "log", unit="updates", reason="With none the generator draws noise, and it takes time."),
    ] = 1000
    seed: Annotated[
        int,
        Field(ge=0, lt=2**31, title="seed of the generator", description="Draws its first weights, batches and noise."),
        Usual(0, 20, reason="A seed is a whole number from 0."),
    ] = 0

    @property
    def changes_nothing(self) -> bool:
        return self.share == 0

    @property
    def num_updates(self) -> int:
        return self.updates

    @property
    def learning_seed(self) -> int:
        return self.seed

    def mixed_in(self, sample: Sampler) -> Change:
        import torch

        def mixed(inputs: Tensor, targets: Tensor, generator: torch.Generator | None) -> tuple[Tensor, Tensor]:
            # Batches are in random order: their first samples are as good as any.
            count = round(self.share * len(inputs))
            drawn = sample(targets[:count], generator).type_as(inputs)
            return torch.cat([drawn, inputs[count:]]), targets

        return mixed
