"""Tone: the values of a batch; brightness and contrast are one multiplication and one addition, carried out at the end.

Shapes: B samples, then C, H, W of an image or any other axes of a sample.
"""

from __future__ import annotations

import torch
from torch import Tensor

from core.catalog.augmentations.gaussian import Draw, gaussian
from core.catalog.augmentations.masks import covered, rectangles

_LUMINANCE = (0.299, 0.587, 0.114)
"""Weights of red, green and blue in perceived brightness (ITU-R BT.601)."""


def grey(values: Tensor) -> Tensor:
    """The brightness (B, 1, H, W) of every pixel of (B, C, H, W): weighted for three channels, else their mean."""
    if values.shape[1] == 1:
        return values
    if values.shape[1] != len(_LUMINANCE):
        return values.mean(1, keepdim=True)
    red, green, blue = values.split(1, 1)
    return (red * _LUMINANCE[0]).add_(green, alpha=_LUMINANCE[1]).add_(blue, alpha=_LUMINANCE[2])


def hue_turned(values: Tensor, turns: Tensor) -> Tensor:
    """Colours (B, 3, H, W) with their hue moved by `turns` of a circle, lightness and saturation (HSV) kept.

    With the hue h in sixths of the circle, red is m + C·clip(|h − 3| − 1, 0, 1), green m + C·clip(2 − |h − 2|, 0, 1),
    blue m + C·clip(2 − |h − 4|, 0, 1), where m is the pixel's smallest value and C the distance of its largest from it.
    """
    # Each channel by itself in memory: comparisons of interleaved ones take four times as long.
    red, green, blue = values.transpose(0, 1).contiguous().unsqueeze(2)
    largest = torch.maximum(torch.maximum(red, green), blue)
    smallest = torch.minimum(torch.minimum(red, green), blue)
    chroma = largest - smallest
    width = torch.where(chroma == 0, 1, chroma)
    sixths = torch.where(
        largest == red,
        (green - blue) / width,
        torch.where(largest == green, (blue - red) / width + 2, (red - green) / width + 4),
    )
    sixths += 6 * turns
    sixths -= (sixths / 6).floor_().mul_(6)
    shares = ((sixths - 3).abs_().sub_(1), 2 - (sixths - 2).abs_(), 2 - (sixths - 4).abs_())
    return torch.cat([torch.addcmul(smallest, chroma, share.clamp_(0, 1)) for share in shares], 1)


class Tone:
    """The batch `values`·gain + offset, with gain and offset per sample; `values` change only when they must.

    `owned` says that `values` (B, …) belong to nobody else and may be overwritten; `draw` gives Gaussian numbers.
    """

    def __init__(self, values: Tensor, *, owned: bool, draw: Draw = gaussian) -> None:
        self.values = values
        self.owned = owned
        self.draw = draw
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

    def saturate(self, factor: Tensor) -> None:
        """Multiply each pixel's distances from its own grey by the sample's factor; (B, 3, H, W) only."""
        values = self._settled()
        self._now_are(torch.lerp(grey(values), values, factor))

    def turn_hue(self, turns: Tensor) -> None:
        """Move each sample's colours around the circle of hues by a part of a turn; (B, 3, H, W) only."""
        self._now_are(hue_turned(self._settled(), turns))

    def cover(self, rows_BH: Tensor, columns_BW: Tensor) -> None:
        """Put 0 where a row and a column are marked with 1 instead of 0; images only."""
        self._now_are(covered(self._settled(), rectangles(rows_BH, columns_BW)))

    def add_noise(self, std: float, generator: torch.Generator | None) -> None:
        """Add Gaussian noise, independent from value to value."""
        result = self.draw(self.values, std, generator)
        if self.gain is None:
            result.add_(self.values)
        else:
            result.addcmul_(self.values, self.gain)
        if self.offset is not None:
            result.add_(self.offset)
        self._now_are(result)

    def finish(self, *, clamp: bool) -> Tensor:
        """The batch itself, cut off to 0…1 when `clamp` is set."""
        result = self.values
        if self.gain is not None:
            result = result.mul_(self.gain) if self.owned else result * self.gain
            if self.offset is not None:
                result.add_(self.offset)
        return result.clamp_(0, 1) if clamp else result

    def _settled(self) -> Tensor:
        """The values with gain and offset."""
        return self.finish(clamp=False)

    def _now_are(self, values: Tensor) -> None:
        self.values, self.owned, self.gain, self.offset = values, True, None, None

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
