"""What the page Data shows of a data set: classes, splits, wrong labels and the spread of the inputs.

Of the test split only its size is told. What is measured of inputs is measured on the training split, as scaling is.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass, field

import numpy as np

from core.catalog.datasets.dataset import Samples
from core.errors import CoreError
from core.experiment import Experiment
from core.figures.data import ClassCounts, InputSpreads
from core.studies.sample_pictures import images_of
from core.text import Text
from core.training.resident import ResidentData, host_samples
from core.training.splits import Splits, draw_splits

NUM_BINS = 12
"""Numbers are counted in so many equal parts of their range."""
MOST_WRONG = 10
"""So many samples with a wrong label are shown."""
MOST_MEASURED = 2_000
"""On so many training samples, at most, the spread of the inputs is measured."""
NO_ROWS = np.empty(0, np.int64)
NO_IMAGES = np.empty((0, 0, 0), np.uint8)


@dataclass(frozen=True, eq=False)
class WrongLabels:
    """How many labels are wrong in training and validation, and some of them.

    images: uint8 (n, H, W) or (n, H, W, 3), n = 0 for data that are no images; true, given: the classes of each.
    """

    num_train: int
    num_validation: int
    images: np.ndarray
    true: tuple[str, ...]
    given: tuple[str, ...]


@dataclass(frozen=True, eq=False)
class DataView:
    """A data set as its experiment splits it."""

    counts: ClassCounts
    spreads: InputSpreads
    num_train: int
    num_validation: int
    num_test: int
    wrong: WrongLabels
    hashes: dict[str, str]
    problem: Text | None = field(default=None)
    """Why nothing of this is known; None: it is."""


def no_view(error: BaseException) -> DataView:
    """What stands in place of data that could not be had."""
    problem = error.text if isinstance(error, CoreError) else Text("The data could not be read: {error}", error=error)
    nothing = np.empty(0)
    return DataView(
        ClassCounts((), nothing, nothing, nothing),
        InputSpreads((), nothing, nothing),
        0,
        0,
        0,
        WrongLabels(0, 0, NO_IMAGES, (), ()),
        {},
        problem,
    )


def data_view(data: ResidentData, experiment: Experiment) -> DataView:
    """The view of loaded data, without a sealed fault."""
    samples = host_samples(data)
    splits = draw_splits(samples, experiment)
    return DataView(
        counts=_counts(samples.targets, splits, data.class_names),
        spreads=_spreads(samples, splits.train, data),
        num_train=len(splits.train),
        num_validation=len(splits.validation),
        num_test=len(splits.test),
        wrong=_wrong(data, samples.targets, splits),
        hashes=splits.hashes,
    )


def _counts(targets: np.ndarray, splits: Splits, class_names: tuple[str, ...]) -> ClassCounts:
    """Samples of each class, or of each part of the range of the numbers: there for training, used, validating."""
    parts = (np.concatenate([splits.train, splits.rest]), splits.train, splits.validation)
    if class_names:
        counted = [np.bincount(targets[rows], minlength=len(class_names)) for rows in parts]
        return ClassCounts(class_names, *counted)
    numbers = targets[:, 0]
    edges = np.histogram_bin_edges(numbers[np.concatenate([parts[0], parts[2]])], NUM_BINS)
    return ClassCounts(range_names(edges), *(np.histogram(numbers[rows], edges)[0] for rows in parts))


def range_names(edges: np.ndarray) -> tuple[str, ...]:
    """What the parts of a range between these edges are called."""
    return tuple(f"{short_number(low)} – {short_number(high)}" for low, high in itertools.pairwise(edges))


def short_number(number: float) -> str:
    """A number with three digits that count, written without a power of ten where it is below a million."""
    rounded = float(f"{number:.3g}")
    return f"{rounded:.0f}" if 100 <= abs(rounded) < 1e6 else f"{rounded:.3g}"


def _spreads(samples: Samples, train: np.ndarray, data: ResidentData) -> InputSpreads:
    """Standard deviation of every feature or channel, as stored and as the network gets it."""
    inputs = samples.inputs[train[:MOST_MEASURED]]
    inputs = inputs if data.selected is None else inputs[:, data.selected.columns]
    raw = inputs.std(axis=(0, *range(2, inputs.ndim)), dtype=np.float64)
    names = data.feature_names or _channels(data.dataset.input_kind, len(raw))
    return InputSpreads(names, raw, raw * data.factor.reshape(-1).double().cpu().numpy())


def _channels(input_kind: str, num: int) -> tuple[Text, ...]:
    """What the numbers of a pixel, or of a place in a sequence, are called."""
    if num == 1:
        return (Text("brightness") if input_kind == "image" else Text("value"),)
    if input_kind == "image" and num == 3:
        return Text("red"), Text("green"), Text("blue")
    return tuple(Text("input {number}", number=place + 1) for place in range(num))


def _wrong(data: ResidentData, truth: np.ndarray, splits: Splits) -> WrongLabels:
    rows = splits.wrong.get("train", NO_ROWS)
    shown = rows[:MOST_WRONG]
    names = data.class_names
    is_image = data.dataset.input_kind == "image"
    return WrongLabels(
        len(rows),
        len(splits.wrong.get("validation", NO_ROWS)),
        images_of(data, shown) if is_image else NO_IMAGES,
        tuple(names[place] for place in truth[shown]),
        tuple(names[place] for place in splits.targets[shown]),
    )
