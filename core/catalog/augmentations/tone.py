"""Tone: brightness and contrast of a batch as one multiplication and one addition, carried out at the end.

Shapes: B samples, then C, H, W of an image or any other axes of a sample.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import torch
    from torch import Tensor

_LUMINANCE = (0.299, 0.587, 0.114)
"""Weights of red, green and blue in perceived brightness (ITU-R BT.601)."""


class Tone:
    """The batch `values`·gain + offset, with gain and offset per sample; `values` change only when they must.

    `owned` says that `values` (B, …) belong to nobody else and may be overwritten.
    """

    def __init__(self, values: Tensor, *, owned: bool) -> None:
        self.values = values
        self.owned = owned
        self.gain: Tensor | None = None
        self.offset: Tensor | None = None
        self._shape = (values.shape[0], *[1] * (values.dim() - 1))

    def uniform(self, low: float, high: float, generator: torch.Generator | None) -> Tensor:
        """One number a sample, drawn evenly from low to high, of a shape that multiplies the batch."""
        return self.values.new_empty(self._shape).uniform_(low, high, generator=generator)

    def brighten(self, factor: Tensor) -> None:
        """Multiply each sample by its factor."""
        self.gain = factor if self.gain is None else self.gain * factor
        self.offset = None if self.offset is None else self.offset * factor

    def stretch(self, factor: Tensor) -> None:
        """Multiply each sample's distances from its mean brightness by its factor."""
        mean = self._mean()
        self.brighten(factor)
        lift = (1 - factor) * mean
        self.offset = lift if self.offset is None else self.offset + lift

    def add_noise(self, std: float, generator: torch.Generator | None) -> None:
        """Add Gaussian noise, independent from value to value."""
        result = self.values.new_empty(self.values.shape).normal_(0, std, generator=generator)
        if self.gain is None:
            result.add_(self.values)
        else:
            result.addcmul_(self.values, self.gain)
        if self.offset is not None:
            result.add_(self.offset)
        self.values, self.owned, self.gain, self.offset = result, True, None, None

    def finish(self, *, clamp: bool) -> Tensor:
        """The batch itself, cut off to 0…1 when `clamp` is set."""
        result = self.values
        if self.gain is not None:
            result = result.mul_(self.gain) if self.owned else result * self.gain
            if self.offset is not None:
                result.add_(self.offset)
        return result.clamp_(0, 1) if clamp else result

    def _mean(self) -> Tensor:
        """The mean brightness of each sample as it stands, with gain and offset."""
        values = self.values
        if values.shape[1] == len(_LUMINANCE):
            channels = values.flatten(2).mean(2).unbind(1)
            mean = sum(
                (weight * channel for weight, channel in zip(_LUMINANCE, channels, strict=True)), start=0 * channels[0]
            )
        else:
            mean = values.flatten(1).mean(1)
        mean = mean.view(self._shape)
        mean = mean if self.gain is None else mean * self.gain
        return mean if self.offset is None else mean + self.offset
