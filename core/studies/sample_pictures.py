"""Real samples of a training split, as they are and as augmentations make them, drawn in the compute thread.

Data may have to be loaded or downloaded first, so a page does not wait: it asks again. Shown are training samples only,
never the test split.
"""

from __future__ import annotations

import logging
import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Hashable
from concurrent.futures import Future
from dataclasses import dataclass, field
from typing import Literal

import numpy as np
import torch
from torch import Tensor

from core.catalog.datasets.examples import examples
from core.errors import CoreError
from core.experiment import Experiment
from core.training.augmentation_preview import MOST_SAMPLES, preview
from core.training.compute import Compute
from core.training.resident import ResidentData

logger = logging.getLogger(__name__)

NUM_AUGMENTED = {"image": 6, "points": MOST_SAMPLES, "sequence": 1, "features": 1}
"""Samples shown before and after, by kind of input."""
NUM_CLASSES = 10
"""At most so many samples are shown as they are, one a class."""
NUM_UPDATES = 16
"""Versions drawn at once, so that most presses of a button find theirs drawn."""
NUM_KEPT = 16
"""Pictures kept for those who ask again."""
RETRY_S = 30.0
"""What failed (a download) is tried again after this time, when somebody asks."""


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


@dataclass(eq=False)
class _Held:
    picture: SamplePicture | None = None
    is_drawn: threading.Event = field(default_factory=threading.Event)
    retry_at: float = float("inf")


class SamplePictures:
    """Draws pictures when they are first asked for and keeps the last ones; any thread may ask.

    load: starts loading an experiment's data.
    """

    def __init__(self, compute: Compute, load: Callable[[Experiment], Future[ResidentData]]) -> None:
        self._compute, self._load = compute, load
        self._lock = threading.Lock()
        self._held: OrderedDict[Hashable, _Held] = OrderedDict()

    def get(self, experiment: Experiment, update: int | None = None, patience_s: float = 0.0) -> SamplePicture | None:
        """The samples of `sample_picture`, with versions from a multiple of NUM_UPDATES not above `update`.

        None when they are not drawn within `patience_s`; a picture of no samples when they cannot be.
        """
        first = None if update is None else update - update % NUM_UPDATES
        # The form shows what was chosen; a sealed fault is seen in what a run measures.
        experiment = experiment.model_copy(update={"sealed": ""})
        data = (experiment.dataset, experiment.split_seed, experiment.validation_fraction, experiment.train_size)
        key = data if first is None else (*data, experiment.augmentations, experiment.seed, first)
        with self._lock:
            held = self._held.get(key)
            is_new = held is None or time.monotonic() > held.retry_at
            if held is None or is_new:
                held = self._held[key] = _Held()
            self._held.move_to_end(key)
            while len(self._held) > NUM_KEPT:
                self._held.popitem(last=False)
        if is_new:
            self._draw(held, experiment, first)
        held.is_drawn.wait(patience_s)
        return held.picture

    def _draw(self, held: _Held, experiment: Experiment, first: int | None) -> None:
        def drawn(result: Future[SamplePicture]) -> None:
            if not result.cancelled():
                keep(result.exception() or result.result())

        def loaded(result: Future[ResidentData]) -> None:
            if result.cancelled():
                return
            error = result.exception()
            if error is not None:
                keep(error)
                return
            data = result.result()
            try:
                self._compute.call(lambda: sample_picture(data, experiment, first)).add_done_callback(drawn)
            except RuntimeError:
                return  # The program is being closed.

        def keep(result: SamplePicture | BaseException) -> None:
            if isinstance(result, BaseException):
                # What a person can mend is said where the untrained network is shown.
                if not isinstance(result, CoreError):
                    logger.error("samples could not be drawn", exc_info=result)
                held.retry_at = time.monotonic() + RETRY_S
                result = NOTHING
            held.picture = result
            held.is_drawn.set()

        self._load(experiment).add_done_callback(loaded)


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


def _images(inputs: Tensor) -> np.ndarray:
    """Pictures (…, C, H, W) of 0 to 1 as uint8 (…, H, W) or (…, H, W, 3)."""
    images = (inputs.clamp(0, 1) * 255).round().to(torch.uint8).cpu().numpy()
    return images[..., 0, :, :] if images.shape[-3] == 1 else np.ascontiguousarray(np.moveaxis(images, -3, -1))


def _points(inputs: Tensor, targets: Tensor) -> np.ndarray:
    """Points (…, n, 2) as they are; numbers (…, n, 1) with their targets beside them."""
    if inputs.shape[-1] == 1:
        inputs = torch.cat([inputs, targets.to(inputs.dtype).expand_as(inputs)], dim=-1)
    return inputs.cpu().numpy()
