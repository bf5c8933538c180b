"""Affine: where each output pixel looks in the input, per sample; composed without arithmetic on zeros and ones."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from torch import Tensor


def _times(a: Tensor | float, b: Tensor | float) -> Tensor | float:
    for first, second in ((a, b), (b, a)):
        if isinstance(first, float) and first in (0.0, 1.0):
            return second if first else 0.0
    return a * b


def _plus(a: Tensor | float, b: Tensor | float) -> Tensor | float:
    if isinstance(a, float) and a == 0.0:
        return b
    if isinstance(b, float) and b == 0.0:
        return a
    return a + b


class Affine(NamedTuple):
    """The map x_in = xx·x + xy·y + x0, y_in = yx·x + yy·y + y0 from output to input coordinates.

    Coordinates are in pixels from the picture's centre, x to the right and y down. A coefficient is a tensor (B,), one
    value a sample, or a float that holds for all samples.
    """

    xx: Tensor | float = 1.0
    xy: Tensor | float = 0.0
    x0: Tensor | float = 0.0
    yx: Tensor | float = 0.0
    yy: Tensor | float = 1.0
    y0: Tensor | float = 0.0

    @property
    def is_diagonal(self) -> bool:
        """Whether it only scales or mirrors along the axes, whatever the samples."""
        return all(isinstance(value, float) and value == 0 for value in (self.xy, self.x0, self.yx, self.y0))

    def after(self, inner: Affine) -> Affine:
        """The composed map: `inner` first, then this one, v ↦ self(inner(v))."""
        return Affine(
            xx=_plus(_times(self.xx, inner.xx), _times(self.xy, inner.yx)),
            xy=_plus(_times(self.xx, inner.xy), _times(self.xy, inner.yy)),
            x0=_plus(_plus(_times(self.xx, inner.x0), _times(self.xy, inner.y0)), self.x0),
            yx=_plus(_times(self.yx, inner.xx), _times(self.yy, inner.yx)),
            yy=_plus(_times(self.yx, inner.xy), _times(self.yy, inner.yy)),
            y0=_plus(_plus(_times(self.yx, inner.x0), _times(self.yy, inner.y0)), self.y0),
        )
