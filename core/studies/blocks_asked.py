"""What the page Building blocks asks for: each record names a run ("" is the shipped one) and what is looked at."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Asked:
    """The base of the records."""

    run: str = ""


@dataclass(frozen=True)
class Samples(Asked):
    """One validation image of each class: of each the one with this number, counted from 0 and around."""

    nth: int = 0


@dataclass(frozen=True)
class OfImage(Samples):
    """The image of class `label` among those of `Samples`."""

    label: int = 0


@dataclass(frozen=True)
class Layers(OfImage):
    """What every layer makes of the image, which is moved to the right by one pixel where `is_shifted`."""

    is_shifted: bool = False


@dataclass(frozen=True)
class Attention(OfImage):
    """How much each token takes from each other one."""


@dataclass(frozen=True)
class PreActivations(Asked):
    """What a layer's activation gets from a batch, under the layer's own activation ("") or another one by its key."""

    layer: str = ""
    activation: str = ""


@dataclass(frozen=True)
class Normalized(Asked):
    """A channel of a batch-normalized layer before and after, for the first `num` images of a batch."""

    layer: str = ""
    channel: int = 0
    num: int = 64


@dataclass(frozen=True)
class Mask(OfImage):
    """One mask of a dropout layer, the mask with this number, and the mean over `num_masks` of them."""

    layer: str = ""
    number: int = 0
    num_masks: int = 1


@dataclass(frozen=True)
class Votes(Asked):
    """The error with one mask, of a vote of many masks, and in evaluation."""
