"""Real samples of a training split, as they are and as augmentations make them, drawn in the compute thread.

Shown are training samples only, never the test split.
"""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass
from typing import Literal

import numpy as np
import torch
from torch import Tensor

from core.catalog.datasets.examples import examples
from core.experiment import Experiment
from core.studies.kept import Kept
from core.training.augmentation_preview import MOST_SAMPLES, preview
from core.training.compute import Compute
from core.training.resident import ResidentData
from core.training.splits import data_of

NUM_AUGMENTED = {"image": 6, "points": MOST_SAMPLES, "sequence": 2, "features": 2}
"""Samples before and after, by kind of input: two, so that there is another one to mix with, where one is shown."""
NUM_CLASSES = 10
"""At most so many samples are shown as they are, one a class."""
NUM_UPDATES = 16
"""Versions drawn at once, so that most presses of a button find theirs drawn."""


@dataclass(frozen=True, eq=False)
class SamplePicture:
    """n samples and k augmented versions of them; n = 0 when they could not be had.

    `form` "images": uint8 (n, H, W) or (n, H, W, 3); "points": float32 (n, 2) in the data's own units, x and y or the
    only input and its target; "signals": float32 (n, L), the values that the network sees. `versions` have an axis
    more, (k, n, …): version i is what a run makes of the samples in update `update` + i. `labels` are their classes.
    """

    form: Literal["images", "points", "signals"]
    originals: np.ndarray
    versions: np.ndarray
    update: int
    labels: tuple[str, ...]
    axes: tuple[str, str]


NOTHING = SamplePicture("images", np.empty((0, 0, 0), np.uint8), np.empty((0, 0, 0, 0), np.uint8), 0, (), ("", ""))


class SamplePictures:
    """Draws pictures when they are first asked for and keeps the last ones; any thread may ask.

    load: starts loading an experiment's data.
    """

    def __init__(self, compute: Compute, load: Callable[[Experiment], Future[ResidentData]]) -> None:
        # What a person can mend is said where the untrained network is shown.
        self._kept: Kept[SamplePicture] = Kept(compute, load, lambda error: NOTHING)

    def get(self, experiment: Experiment, update: int | None = None, patience_s: float = 0.0) -> SamplePicture | None:
        """The samples of `sample_picture`, with versions from a multiple of NUM_UPDATES not above `update`.

        None when they are not drawn within `patience_s`; a picture of no samples when they cannot be.
        """
        first = None if update is None else update - update % NUM_UPDATES
        # The form shows what was chosen; a sealed fault is seen in what a run measures.
        experiment = experiment.model_copy(update={"sealed": ""})
        data = data_of(experiment)
        key = data if first is None else (*data, experiment.augmentations, experiment.seed, first)
        return self._kept.get(key, experiment, lambda data: sample_picture(data, experiment, first), patience_s)


def sample_picture(data: ResidentData, experiment: Experiment, first: int | None = None) -> SamplePicture:
    """One training sample a class; or, with `first`, a few samples and their versions of NUM_UPDATES updates from it.

    Nothing is drawn from a run's generators, and the same experiment gives the same picture.
    """
    kind = data.dataset.input_kind
    num = min(NUM_CLASSES, data.num_outputs) if first is None else NUM_AUGMENTED[kind]
    train = data.splits.train.cpu().numpy()
    rows = examples(data.targets.cpu().numpy(), train, num)
    chosen = torch.from_numpy(rows).to(data.device)
    shift = 0.0 if data.shift is None else data.shift
    inputs = (data.inputs[chosen].float() - shift) * data.factor
    versions = (
        inputs.new_empty((0, *inputs.shape))
        if first is None
        else preview(experiment.augmentations, inputs, experiment.seed, NUM_UPDATES, first)
    )
    labels = tuple(data.class_names[place] for place in data.targets[chosen].tolist()) if data.class_names else ()
    facts = data.dataset.facts()
    if kind == "image":
        return SamplePicture("images", _images(inputs), _images(versions), first or 0, labels, ("", ""))
    if kind == "points" and facts.input_shape[0] <= 2:
        points, moved = (_points(part / data.factor + shift, data.targets[chosen]) for part in (inputs, versions))
        axes = (facts.feature_names[0], facts.feature_names[1] if len(facts.feature_names) > 1 else "y")
        return SamplePicture("points", points, moved, first or 0, labels, axes)
    signals, changed = (part.flatten(part.dim() - len(facts.input_shape)).cpu().numpy() for part in (inputs, versions))
    return SamplePicture("signals", signals, changed, first or 0, labels, ("", ""))


def images_of(data: ResidentData, rows: np.ndarray) -> np.ndarray:
    """Samples of image data as uint8 (n, H, W) or (n, H, W, 3)."""
    chosen = torch.from_numpy(rows).to(data.device)
    return _images(data.inputs[chosen].float() * data.factor)


def _images(inputs: Tensor) -> np.ndarray:
    """Pictures (…, C, H, W) of 0 to 1 as uint8 (…, H, W) or (…, H, W, 3)."""
    images = (inputs.clamp(0, 1) * 255).round().to(torch.uint8).cpu().numpy()
    return images[..., 0, :, :] if images.shape[-3] == 1 else np.ascontiguousarray(np.moveaxis(images, -3, -1))


def _points(inputs: Tensor, targets: Tensor) -> np.ndarray:
    """Points (…, n, 2) as they are; numbers (…, n, 1) with their targets beside them."""
    if inputs.shape[-1] == 1:
        inputs = torch.cat([inputs, targets.to(inputs.dtype).expand_as(inputs)], dim=-1)
    return inputs.cpu().numpy()
