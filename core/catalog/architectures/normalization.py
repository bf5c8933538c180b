"""Normalization as a choice of a layer: none, batch, layer, group."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import Field

from core.catalog.entry import Usual
from core.errors import BadInput
from core.text import Text

if TYPE_CHECKING:
    from torch import nn

Normalization = Literal["none", "batch", "layer", "group"]

NormalizationField = Annotated[
    Normalization,
    Field(
        title="normalization",
        description=(
            "A layer after the linear one that gives values mean 0 and variance 1, then scales and shifts them by "
            "learned γ and β: over the batch, over the layer of one sample, or over groups of channels."
        ),
    ),
]

GroupsField = Annotated[
    int,
    Field(ge=1, title="groups", description="Number of groups of group normalization; it must divide the channels."),
    Usual(1, 32, "log", reason="There is at least one group.", more=True),
]


def check_groups(normalization: Normalization, groups: int, channels: int, layer: str) -> None:
    """BadInput when group normalization cannot split this layer's channels evenly."""
    if normalization == "group" and channels % groups:
        fits = [number for number in range(1, channels + 1) if channels % number == 0]
        raise BadInput(
            Text("{layer} has {channels} channels and {groups} groups.", layer=layer, channels=channels, groups=groups),
            Text("Group normalization needs groups of equal size."),
            Text("Use a number of groups out of {fits}.", fits=", ".join(map(str, fits))),
        )


def num_norm_parameters(normalization: Normalization, channels: int) -> int:
    """Learned γ and β."""
    return 0 if normalization == "none" else 2 * channels


def build_norm(normalization: Normalization, groups: int, channels: int, num_axes: int) -> nn.Module | None:
    """The torch module for inputs (B, channels, …) with `num_axes` axes after the channels, or None."""
    from torch import nn

    if normalization == "none":
        return None
    if normalization == "batch":
        return (nn.BatchNorm1d, nn.BatchNorm1d, nn.BatchNorm2d)[num_axes](channels)
    # One group is layer normalization over a sample's whole layer, with γ and β for each channel.
    return nn.GroupNorm(1 if normalization == "layer" else groups, channels)
