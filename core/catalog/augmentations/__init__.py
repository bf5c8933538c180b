"""Augmentations: random changes of a batch that keep what the samples show; importing registers them."""

from __future__ import annotations

from core.catalog.augmentations import brightness as brightness
from core.catalog.augmentations import color_jitter as color_jitter
from core.catalog.augmentations import contrast as contrast
from core.catalog.augmentations import crop as crop
from core.catalog.augmentations import erasing as erasing
from core.catalog.augmentations import flip as flip
from core.catalog.augmentations import mixing as mixing
from core.catalog.augmentations import noise as noise
from core.catalog.augmentations import policies as policies
from core.catalog.augmentations import resized_crop as resized_crop
from core.catalog.augmentations import rotate as rotate
from core.catalog.augmentations import scale as scale
from core.catalog.augmentations import shift as shift
from core.catalog.augmentations import signals as signals
from core.catalog.augmentations import synthetic as synthetic
