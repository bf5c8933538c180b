"""Pipeline: a list of augmentations compiled for samples of one shape, applied to whole batches on their device.

Neighbouring geometric entries become one warp that samples the original image once; neighbouring photometric ones
become one multiplication and addition; what sees the whole batch stands by itself. Nothing waits for the device, and
nothing is copied to it.

Shapes: B samples, C channels, H rows, W columns.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import groupby
from typing import TYPE_CHECKING, Any, Protocol, Self, TypeVar

import torch
from torch import Tensor
from torch.nn import functional

from core.catalog.augmentations.affine import Affine
from core.catalog.augmentations.augmentation import (
    Augmentation,
    BatchAugmentation,
    GeometricAugmentation,
    PhotometricAugmentation,
)
from core.catalog.augmentations.gaussian import Draw, gaussian
from core.catalog.augmentations.masks import chosen
from core.catalog.augmentations.synthetic import LearnedAugmentation
from core.catalog.augmentations.tone import Tone
from core.catalog.entry import Entry
from core.errors import BadInput
from core.text import Text

if TYPE_CHECKING:
    from core.catalog.augmentations.augmentation import Change
    from core.catalog.augmentations.synthetic import Sampler

Seeds = Callable[[str, int], "torch.Generator | None"]
"""From an entry's name ("flip.0": key and occurrence) and a step to the seeded generator of its draws."""


class Samples(Protocol):
    """What a pipeline needs of a batch: a named tuple with `inputs` and `targets`."""

    @property
    def inputs(self) -> Tensor: ...

    @property
    def targets(self) -> Tensor: ...

    def _replace(self, **changes: Any) -> Self: ...


B = TypeVar("B", bound=Samples)


@dataclass
class Warp:
    """Neighbouring geometric entries as one affine warp (B, C, H, W) → (B, C, H, W), each pixel interpolated once.

    Coordinates are those of `align_corners=False`: a pixel is a square and −1 and 1 are the picture's edges. Rotation
    and scale are computed in pixels about the centre, where both conventions agree; this one is also defined for a
    picture one pixel wide, where the other divides by W − 1 = 0. Entries that move pixels onto pixels only (flips,
    crops) take the nearest pixel, which copies its value: rounding of the coordinates cannot reach the result. Flips
    alone need no coordinates.
    """

    parts: tuple[tuple[str, GeometricAugmentation], ...]
    _bases: dict[tuple[torch.device, torch.dtype, int, int], Tensor] = field(default_factory=dict)

    @property
    def mode(self) -> str:
        """`nearest` when every entry moves pixels onto pixels, else `bilinear`."""
        return "nearest" if all(entry.whole_pixels for _, entry in self.parts) else "bilinear"

    def __call__(self, batch: B, step: int, seeds: Seeds) -> B:
        inputs = batch.inputs
        height, width = inputs.shape[2:]
        inverse = Affine()
        for name, entry in self.parts:
            inverse = inverse.after(entry.inverse(height, width, *entry.draw(inputs, seeds(name, step))))
        if self.mode == "nearest" and inverse.is_diagonal:
            return batch._replace(inputs=mirrored(inputs, inverse))
        return batch._replace(inputs=warp(inputs, inverse, self.mode, self._base(inputs)))

    def _base(self, inputs: Tensor) -> Tensor:
        height, width = inputs.shape[2:]
        key = (inputs.device, inputs.dtype, height, width)
        if key not in self._bases:
            self._bases[key] = base_grid(inputs)
        return self._bases[key]


def base_grid(inputs: Tensor) -> Tensor:
    """A matrix (6, H·W·2) which, multiplied by the six coefficients of an Affine, gives a sampling grid (H, W, 2)."""
    height, width = inputs.shape[2:]
    x_W = torch.arange(width, dtype=inputs.dtype, device=inputs.device) - (width - 1) / 2
    y_H = torch.arange(height, dtype=inputs.dtype, device=inputs.device) - (height - 1) / 2
    base = inputs.new_zeros((6, height, width, 2))
    for row, axis, side in ((0, 0, width), (3, 1, height)):
        base[row, :, :, axis] = x_W * (2 / side)
        base[row + 1, :, :, axis] = y_H.unsqueeze(1) * (2 / side)
        base[row + 2, :, :, axis] = 2 / side
    return base.view(6, -1)


def warp(inputs: Tensor, inverse: Affine, mode: str, base: Tensor) -> Tensor:
    """Sample each image (B, C, H, W) where `inverse` says, 0 outside; `base` is `base_grid(inputs)`.

    One matrix product makes all grids: `affine_grid` takes ten times as long on a CPU.
    """
    batch, _, height, width = inputs.shape
    coefficients = [value if isinstance(value, Tensor) else inputs.new_full((batch,), value) for value in inverse]
    grid = torch.mm(torch.stack(coefficients).t(), base).view(batch, height, width, 2)
    return functional.grid_sample(inputs, grid, mode=mode, padding_mode="zeros", align_corners=False)


def mirrored(inputs: Tensor, inverse: Affine) -> Tensor:
    """What `warp` copies to (B, C, H, W) where `inverse` only mirrors, in less than half of the time."""
    for axis, sign in ((-1, inverse.xx), (-2, inverse.yy)):
        if isinstance(sign, Tensor):
            mask = (sign < 0).type_as(inputs).view(-1, 1, 1, 1)
            # In the order of memory in which `warp` returns it.
            inputs = chosen(inputs, inputs.flip(axis), mask, out=inputs.new_empty(inputs.shape))
    return inputs


@dataclass(frozen=True)
class Photometric:
    """Neighbouring photometric entries as one change of values, cut off to 0…1 once, after the last, for images."""

    parts: tuple[tuple[str, PhotometricAugmentation], ...]
    clamp: bool
    owned: bool
    """Whether the inputs come from a stage before and may be overwritten."""
    draw: Draw

    def __call__(self, batch: B, step: int, seeds: Seeds) -> B:
        tone = Tone(batch.inputs, owned=self.owned, draw=self.draw)
        for name, entry in self.parts:
            entry.apply(tone, seeds(name, step))
        return batch._replace(inputs=tone.finish(clamp=self.clamp))


@dataclass(frozen=True)
class Whole:
    """One entry that sees the whole batch. `parts` holds it alone, as it is in the other stages."""

    parts: tuple[tuple[str, BatchAugmentation | LearnedAugmentation]]
    change: Change

    def __call__(self, batch: B, step: int, seeds: Seeds) -> B:
        ((name, _),) = self.parts
        inputs, targets = self.change(batch.inputs, batch.targets, seeds(name, step))
        return batch._replace(inputs=inputs, targets=targets)


Stage = Warp | Photometric | Whole


@dataclass(frozen=True)
class Pipeline:
    """Compiled augmentations; call it with a batch, the step and the generators of the entries' draws."""

    stages: tuple[Stage, ...]

    def __call__(self, batch: B, step: int, seeds: Seeds) -> B:
        """The batch with changed inputs, and changed targets where an entry says so; the given batch keeps its own.

        `inputs` are float32 or float64: (B, C, H, W) between 0 and 1 for images. `seeds(name, step)` returns a
        generator of the inputs' device, already seeded; one generator, seeded anew at each call, is enough. On the
        meta device, where nothing is drawn, it may return None.
        """
        for stage in self.stages:
            batch = stage(batch, step, seeds)
        return batch


def _input_kinds(input_shape: tuple[int, ...]) -> tuple[str, ...]:
    return {3: ("image",), 2: ("sequence",)}.get(len(input_shape), ("features", "points"))


def _checked(entry: Entry, input_shape: tuple[int, ...]) -> Augmentation:
    """The entry as an augmentation that can change samples of this shape, else BadInput."""
    if not isinstance(entry, Augmentation):
        raise BadInput(
            Text("“{title}” stands among the augmentations.", title=Text(entry.title)),
            Text("It belongs to {family}.", family=entry.family),
            Text("Choose an augmentation instead."),
        )
    if not set(entry.input_kinds) & set(_input_kinds(input_shape)):
        raise BadInput(
            Text(
                "{title} cannot change samples of shape {shape}.",
                title=Text(entry.title),
                shape="×".join(map(str, input_shape)),
            ),
            Text("It changes pictures (channels × rows × columns), and these samples are none.")
            if "image" in entry.input_kinds
            else Text("It changes sequences (channels × places), and these samples are none."),
            Text("Choose a data set of pictures, or Gaussian noise, which suits every data set."),
        )
    entry.check(input_shape)
    return entry


def compile_pipeline(
    entries: Sequence[Entry],
    input_shape: tuple[int, ...],
    num_outputs: int = 1,
    samplers: Mapping[LearnedAugmentation, Sampler] | None = None,
    draw: Draw = gaussian,
) -> Pipeline:
    """The augmentations in their order, neighbours fused; raises BadInput when one does not suit samples of this shape.

    `input_shape` is (C, H, W), (C, L) or (F,); `num_outputs` is the number of classes, for entries that turn class
    indices into probabilities; `samplers` are what learned entries have learned; `draw` gives Gaussian noise. An
    entry's draws are named by its key and its occurrence among entries of that key, so that other entries, before or
    after, leave them unchanged.
    """
    seen: Counter[str] = Counter()
    named: list[tuple[str, Augmentation]] = []
    for entry in entries:
        augmentation = _checked(entry, input_shape)
        name = f"{augmentation.key}.{seen[augmentation.key]}"
        seen[augmentation.key] += 1
        if not augmentation.changes_nothing:
            named.append((name, augmentation))
    image = "image" in _input_kinds(input_shape)
    stages: list[Stage] = []
    for base, group in groupby(named, key=lambda pair: _base_of(pair[1])):
        parts: tuple[tuple[str, Any], ...] = tuple(group)
        if base is GeometricAugmentation:
            stages.append(Warp(parts))
        elif base is PhotometricAugmentation:
            stages.append(Photometric(parts, clamp=image, owned=bool(stages), draw=draw))
        else:
            stages += [Whole((part,), _change(part[1], num_outputs, samplers or {})) for part in parts]
    return Pipeline(tuple(stages))


def _change(
    entry: BatchAugmentation | LearnedAugmentation, num_outputs: int, samplers: Mapping[LearnedAugmentation, Sampler]
) -> Change:
    """What an entry does to a whole batch; nothing where it has not been learned."""
    if isinstance(entry, BatchAugmentation):
        return entry.change(num_outputs)
    if entry in samplers:
        return entry.mixed_in(samplers[entry])
    return lambda inputs, targets, generator: (inputs, targets)


def _base_of(entry: Augmentation) -> type[Augmentation]:
    """Which of the bases an entry has; neighbours of one base share a stage."""
    bases = (GeometricAugmentation, PhotometricAugmentation, BatchAugmentation, LearnedAugmentation)
    return next(base for base in bases if isinstance(entry, base))
