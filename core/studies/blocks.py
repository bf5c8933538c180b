"""The page Building blocks: networks opened once, and what is asked of them, in the compute thread."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Generator
from concurrent.futures import Future
from dataclasses import dataclass
from typing import Any, cast

import numpy as np
import torch
from torch import Tensor

from core.catalog.architectures.attention_layers import AttentionNet
from core.catalog.datasets.dataset import DataSet
from core.errors import BadInput
from core.experiment import Experiment
from core.pieces import saying
from core.store.folder import DataFolder
from core.store.records import RunRecord
from core.store.store import Store
from core.studies.blocks_asked import (
    Asked,
    Attention,
    Layers,
    Mask,
    Normalized,
    OfImage,
    PreActivations,
    Samples,
    Votes,
)
from core.studies.blocks_batch import normalized, pre_activations
from core.studies.blocks_dropout import dropouts, mask, votes
from core.studies.blocks_layers import Layer, layers
from core.studies.blocks_shipped import at_its_end, device_of, experiment_of
from core.studies.replay import last_step
from core.studies.sample_pictures import images_of
from core.text import Text
from core.training.compute import Compute, Pieces
from core.training.device import use_threads
from core.training.pictures import evaluating
from core.training.resident import ResidentData
from core.training.run import Run

MOST_KEPT, MOST_OPEN = 32, 3
"""So many answers are kept for those who ask again, and so many networks."""


@dataclass(frozen=True, eq=False)
class SamplesLook:
    """Validation images, one of each class: uint8 (n, H, W) or (n, H, W, 3); what they are and what the network says.

    `channels` is how many numbers a pixel has; `normalized` and `dropped` name the layers with batch normalization and
    with dropout, `has_attention` says whether there are attention maps.
    """

    images: np.ndarray
    labels: np.ndarray
    said: np.ndarray
    class_names: tuple[str, ...]
    normalized: dict[str, int]
    dropped: tuple[str, ...]
    has_attention: bool


@dataclass(frozen=True, eq=False)
class LayersLook:
    """What every layer makes of an image, and the probability of each class (K,)."""

    layers: list[Layer]
    probabilities: np.ndarray


@dataclass(frozen=True, eq=False)
class AttentionLook:
    """Attention (layers, heads, T, T) of an image: `grid` patches in reading order, a class token in front or none."""

    maps: np.ndarray
    grid: tuple[int, int]
    has_class_token: bool


class Blocks:
    """Answers about stored runs and the shipped one; any thread may ask, and waits for its turn."""

    def __init__(
        self,
        folder: DataFolder,
        store: Store,
        load: Callable[[Experiment, str | None], Future[ResidentData]],
        compute: Compute,
    ) -> None:
        self._folder, self._store, self._load, self._compute = folder, store, load, compute
        self._lock = threading.Lock()
        self._kept: OrderedDict[Any, Future[Any]] = OrderedDict()
        self._open: OrderedDict[Any, Run] = OrderedDict()
        """Only the compute thread opens and forgets."""

    def look(self, asked: Asked, record: RunRecord | None, owner: str) -> Any:
        """What `WORK` says to a record of a run (None: the shipped one). BadInput for what the run has not."""
        state = None if record is None else (record.id, record.attempt, last_step(record))
        place = asked, state
        with self._lock:
            found = self._kept.get(place)
        if found is None or (found.done() and (found.cancelled() or found.exception())):
            experiment = experiment_of(record)
            _check(experiment, self._folder)
            data = self._load(experiment, device_of(record)).result()
            job = Pieces(self._work(asked, record, state, data), owner)
            self._compute.submit(job)
            found = job.future
        with self._lock:
            self._kept[place] = found
            self._kept.move_to_end(place)
            while len(self._kept) > MOST_KEPT:
                self._kept.popitem(last=False)
        return found.result()

    def _work(
        self, asked: Asked, record: RunRecord | None, state: Any, data: ResidentData
    ) -> Generator[None, None, Any]:
        run = self._open.get(state)
        if run is None:
            run = yield from saying(None, at_its_end(self._store, self._folder, record, data))
            self._open[state] = run
        self._open.move_to_end(state)
        while len(self._open) > MOST_OPEN:
            self._open.popitem(last=False)
        use_threads(run.conditions.threads)
        if isinstance(asked, Votes):
            return (yield from votes(run))
        return WORK[type(asked)](run, asked)


def suits(experiment: Experiment) -> bool:
    """Whether a run can be looked into here: it tells images apart."""
    dataset = cast(DataSet, experiment.dataset)
    return dataset.input_kind == "image" and dataset.task == "classification"


def _check(experiment: Experiment, folder: DataFolder) -> None:
    """BadInput for a run that cannot be looked into, or whose images would have to be downloaded."""
    dataset = cast(DataSet, experiment.dataset)
    if not suits(experiment):
        raise BadInput(
            Text("A run on {data} has no images to look at.", data=Text(dataset.title)),
            Text("This page shows what layers make of images of several classes."),
            Text("Choose a run on images."),
        )
    if dataset.available(folder.path) is not None:
        raise BadInput(
            Text("The images of {data} are not on this computer.", data=Text(dataset.title)),
            Text("They must be downloaded first."),
            Text("Choose this data set on Train and download it there."),
        )


# -- the answers ------------------------------------------------------------------------------------------------------


def rows_shown(run: Run, nth: int) -> Tensor:
    """The `nth` validation sample of each class that has any, counted around; int64 (classes,)."""
    data = run.parts.data
    validation = data.splits.validation
    targets = data.targets[validation]
    members = [validation[targets == label] for label in range(data.num_outputs)]
    return torch.stack([found[nth % len(found)] for found in members if len(found)])


def samples(run: Run, asked: Samples) -> SamplesLook:
    """One image of each class, and what can be looked at in the network."""
    data, model = run.parts.data, run.parts.model
    rows = rows_shown(run, asked.nth)
    with evaluating(model):
        said = model(run.parts.feed.rows(rows).inputs).argmax(1)
    norms = (torch.nn.BatchNorm1d, torch.nn.BatchNorm2d)
    return SamplesLook(
        images_of(data, rows.cpu().numpy()),
        data.targets[rows].cpu().numpy(),
        said.cpu().numpy(),
        data.class_names,
        {
            name.removesuffix(".norm"): part.num_features
            for name, part in model.named_modules()
            if isinstance(part, norms) and name.endswith(".norm")
        },
        tuple(dropouts(model)),
        isinstance(model, AttentionNet),
    )


def image(run: Run, asked: OfImage) -> tuple[Tensor, Tensor]:
    """The chosen image as the network gets it, (1, C, H, W), and its class (1,)."""
    rows = rows_shown(run, asked.nth)
    if not 0 <= asked.label < len(rows):
        raise BadInput(
            Text("There is no image {number} to look at.", number=asked.label + 1),
            Text("There is one of each of {num} classes.", num=len(rows)),
            Text("Choose one of those shown."),
        )
    batch = run.parts.feed.rows(rows[asked.label : asked.label + 1])
    return batch.inputs, batch.targets


def moved(images: Tensor) -> Tensor:
    """Images one pixel to the right; the left column stands twice."""
    return torch.cat([images[..., :1], images[..., :-1]], dim=-1)


def layers_look(run: Run, asked: Layers) -> LayersLook:
    """What every layer makes of the chosen image."""
    shown, _ = image(run, asked)
    shown = moved(shown) if asked.is_shifted else shown
    with evaluating(run.parts.model):
        probabilities = run.parts.model(shown)[0].softmax(0)
    return LayersLook(layers(run.parts.model, shown), probabilities.cpu().numpy())


def attention(run: Run, asked: Attention) -> AttentionLook:
    """The attention maps of the chosen image."""
    model = run.parts.model
    if not isinstance(model, AttentionNet):
        raise BadInput(
            Text("This network has no attention maps."),
            Text("Only a self-attention encoder weighs its patches."),
            Text("Choose a run of a self-attention encoder."),
        )
    shown, _ = image(run, asked)
    maps = model.attention_maps(shown)[:, 0].cpu().numpy()
    high, wide = (side // model.embed.patch for side in shown.shape[2:])
    return AttentionLook(maps, (high, wide), model.embed.token is not None)


WORK: dict[type[Asked], Callable[[Run, Any], Any]] = {
    Samples: samples,
    Layers: layers_look,
    Attention: attention,
    PreActivations: pre_activations,
    Normalized: normalized,
    Mask: lambda run, asked: mask(run, asked.layer, *image(run, asked), asked.number, asked.num_masks),
}
"""How each record is answered; `Votes` is worked off in pieces."""
