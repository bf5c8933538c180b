"""Shift and strength of sequences: where a signal stands, and how strong it is."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, ClassVar

from pydantic import Field

from core.catalog.augmentations.augmentation import BatchAugmentation, PhotometricAugmentation
from core.catalog.entry import Usual
from core.catalog.registry import register
from core.errors import BadInput
from core.text import Text

if TYPE_CHECKING:
    import torch
    from torch import Tensor

    from core.catalog.augmentations.augmentation import Change
    from core.catalog.augmentations.tone import Tone


@register
class SignalShift(BatchAugmentation):
    """Move a sequence by a whole number of places, up to `most` either way; what leaves at one end enters at the other.

    Values are copied, so nothing is blurred.
    """

    key: ClassVar[str] = "signal_shift"
    title: ClassVar[str] = "Shift of a sequence"
    see: ClassVar[str] = "few_signals_moved"
    why: ClassVar[str] = "When something happens in a signal does not change what happens."
    choose: ClassVar[str] = "A tenth to a half of the length; none where the beginning and the end mean something."
    formula: ClassVar[str] = r"a \sim U\{-m, \dots, m\},\qquad x'_{c,i} = x_{c,\,(i - a) \bmod L}"
    source: ClassVar[str] = "Greydanus: Scaling Down Deep Learning with MNIST-1D, 2020, section 2"
    input_kinds: ClassVar[tuple[str, ...]] = ("sequence",)

    most: Annotated[
        int,
        Field(ge=0, le=100_000, title="largest distance", description="A sequence moves by up to so many places."),
        Usual(1, 20, unit="places", reason="Half the length either way already reaches every place."),
    ] = 4

    @property
    def changes_nothing(self) -> bool:
        return self.most == 0

    @property
    def outcomes(self) -> tuple[tuple[float, int], ...]:
        num_places = 2 * self.most + 1
        return ((1 / num_places, num_places),)

    def check(self, input_shape: tuple[int, ...]) -> None:
        length = input_shape[-1]
        most = (length - 1) // 2
        if self.most > most:
            raise BadInput(
                Text(
                    "The largest distance is {distance} for {title} of {length} places.",
                    distance=self.most,
                    title=Text(self.title),
                    length=length,
                ),
                Text("Half the length either way already reaches every place."),
                Text("Use a distance of {most} or less.", most=most),
            )

    def change(self, num_outputs: int) -> Change:
        import torch

        def moved(inputs: Tensor, targets: Tensor, generator: torch.Generator | None) -> tuple[Tensor, Tensor]:
            count, channels, length = inputs.shape
            offsets = torch.empty(count, 1, dtype=torch.int64, device=inputs.device)
            offsets.random_(-self.most, self.most + 1, generator=generator)
            places_BL = (torch.arange(length, device=inputs.device) - offsets).remainder_(length)
            return inputs.gather(2, places_BL.unsqueeze(1).expand(count, channels, length)), targets

        return moved


@register
class SignalScale(PhotometricAugmentation):
    """Multiply a sequence by a factor drawn evenly from 1 − `amount` to 1 + `amount`."""

    key: ClassVar[str] = "signal_scale"
    title: ClassVar[str] = "Strength of a sequence"
    see: ClassVar[str] = "few_signals_moved"
    why: ClassVar[str] = "A louder or quieter signal is still the same signal."
    choose: ClassVar[str] = "0.2 suits most signals; none where the height of the signal is what tells classes apart."
    formula: ClassVar[str] = r"s \sim U(1-a, 1+a),\qquad x' = s\,x"
    source: ClassVar[str] = "Greydanus: Scaling Down Deep Learning with MNIST-1D, 2020, section 2"
    input_kinds: ClassVar[tuple[str, ...]] = ("sequence",)

    amount: Annotated[
        float,
        Field(ge=0, le=1, title="amount", description="The factor differs from 1 by up to this much, either way."),
        Usual(0, 0.5, reason="Beyond 1 the factor could be negative, which turns a signal upside down."),
    ] = 0.2

    @property
    def changes_nothing(self) -> bool:
        return self.amount == 0

    def apply(self, tone: Tone, generator: torch.Generator | None) -> None:
        tone.brighten(tone.uniform(1 - self.amount, 1 + self.amount, generator))
