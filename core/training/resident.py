"""Data resident on the device: one tensor per data set serves all runs; splits are index vectors.

Inputs stay as they are stored (uint8 images), scaling happens in the batch. The test split is reached only through
`sealed_test_split`, so that nothing looks at it by accident.
"""

from __future__ import annotations

import hashlib
import threading
import weakref
from collections import OrderedDict
from collections.abc import Hashable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import torch
from torch import Tensor

from core.catalog.datasets.dataset import DataSet, Progress, Samples, no_progress
from core.catalog.datasets.generated import Generated
from core.catalog.faults import Seen, acting
from core.catalog.registry import entries
from core.catalog.selections.selection import BestInputs
from core.errors import BadInput
from core.text import Text
from core.training.splits import DataChoice, Splits, data_of, draw_splits, split_sizes

NUM_EVALUATED = 10_000
"""Training splits above this size have their error measured on this many fixed, stratified samples."""


class SealedChoice(DataChoice, Protocol):
    """What of an experiment decides about the data of its run."""

    @property
    def sealed(self) -> str: ...


@dataclass(frozen=True, eq=False)
class ResidentSplits:
    """Row indices, int64, on the device. `evaluation` is `train`, or a fixed stratified 10 000 of it."""

    train: Tensor
    validation: Tensor
    evaluation: Tensor


@dataclass(frozen=True, eq=False)
class Selected:
    """The columns of a table's inputs that are kept, in their order, int64 (k,), and the score of every input (F,)."""

    columns: np.ndarray
    scores: np.ndarray


@dataclass(frozen=True, eq=False)
class ResidentData:
    """All a run needs of its data.

    inputs: uint8 or float32 (N, ...); targets: int64 (N,) or float32 (N, 1); shift, factor: float32 of the shape
    (C, 1, 1), (C, 1) or (F,), fitted on the training split; shift is None where nothing is subtracted. `target_spread`
    is the standard deviation of the training targets, None for classification. `hashes` name the three splits.
    `selected` says which of the samples' inputs are kept; None: all of them.
    """

    dataset: DataSet
    inputs: Tensor
    targets: Tensor
    splits: ResidentSplits
    shift: Tensor | None
    factor: Tensor
    num_outputs: int
    class_names: tuple[str, ...]
    target_spread: float | None
    hashes: dict[str, str]
    num_test: int
    selected: Selected | None
    _test: np.ndarray = field(repr=False)
    _held: _Held = field(repr=False)

    @property
    def task(self) -> str:
        """`classification` or `regression`."""
        return self.dataset.task

    @property
    def num_train(self) -> int:
        """Samples in the training split."""
        return len(self.splits.train)

    @property
    def num_validation(self) -> int:
        """Samples in the validation split."""
        return len(self.splits.validation)

    @property
    def feature_names(self) -> tuple[str, ...]:
        """The names of the inputs that are kept; none where inputs have no names."""
        names = self.dataset.facts().feature_names
        return names if self.selected is None else tuple(names[column] for column in self.selected.columns)

    @property
    def device(self) -> torch.device:
        """Where the tensors are."""
        return self.inputs.device


def resident(
    experiment: SealedChoice, folder: Path, device: torch.device | str, progress: Progress = no_progress
) -> ResidentData:
    """The experiment's data on the device; loaded once per process and split once, however many runs use them.

    folder: the data folder. Raises BadInput when the data cannot be had, do not fit into the memory budget or cannot be
    split as asked. May be called from any thread.
    """
    dataset = experiment.dataset
    assert isinstance(dataset, DataSet)
    split_sizes(experiment)
    device = torch.device(device)
    held = _cache.held(experiment, folder, device, progress)
    fault = acting(experiment)
    chosen = (data_of(experiment), fault.key)
    if (known := held.drawn.get(chosen)) is not None:
        return known
    splits = draw_splits(held.samples, experiment)
    selected = _selected(held, splits, dataset)
    kept = held.samples.inputs if selected is None else held.samples.inputs.take(selected.columns, axis=1)
    shift, factor = held.samples.scale.fitted(kept, splits.train)
    seen = Seen(
        torch.from_numpy(splits.targets).to(device) if splits.wrong else held.targets,
        torch.from_numpy(splits.train).to(device),
        torch.from_numpy(splits.validation).to(device),
        torch.from_numpy(shift).to(device) if np.any(shift != 0) else None,
        torch.from_numpy(factor).to(device),
    )
    facts = dataset.facts()
    spread = float(held.samples.targets[splits.train].std(dtype=np.float64)) if dataset.task == "regression" else None
    seen = fault.data(seen, facts.num_outputs, experiment.split_seed)
    held.drawn[chosen] = drawn = ResidentData(
        dataset=dataset,
        inputs=held.inputs if selected is None else torch.from_numpy(kept).to(device),
        targets=seen.targets,
        splits=ResidentSplits(seen.train, seen.validation, seen.train[:NUM_EVALUATED]),
        shift=seen.shift,
        factor=seen.factor,
        num_outputs=facts.num_outputs,
        class_names=facts.class_names,
        target_spread=spread,
        hashes=splits.hashes,
        num_test=len(splits.test),
        selected=selected,
        _test=splits.test,
        _held=held,
    )
    return drawn


def _selected(held: _Held, splits: Splits, dataset: DataSet) -> Selected | None:
    """Which inputs of a table are kept; None: all of them."""
    selection, samples = dataset.best_inputs, held.samples
    if selection is None:
        return None
    rows = selection.looks_at(splits.train, splits.validation)
    inputs, targets = samples.inputs[rows].astype(np.float64), splits.targets[rows].reshape(-1)
    key = type(selection), hashlib.sha256(rows.tobytes() + targets.tobytes()).digest()
    if (scores := held.scores.get(key)) is None:
        if selection.asks_targets and len(np.unique(targets)) == 1:
            raise _not_selected(selection, rows, Text("They all have the same target: no input tells them apart."))
        try:
            scores = held.scores[key] = selection.build(dataset.task)(inputs, targets)
        except ValueError as error:  # Of so few samples it can say nothing.
            raise _not_selected(selection, rows, Text("scikit-learn says: {reason}", reason=str(error))) from error
    return Selected(selection.best(scores), scores)


def _not_selected(selection: BestInputs, rows: np.ndarray, why: Text) -> BadInput:
    return BadInput(
        Text("Inputs cannot be selected {how} on {num} samples.", how=Text(selection.title), num=len(rows)),
        why,
        Text("Train on more samples, or use another feature selection."),
    )


def keep(experiment: SealedChoice, folder: Path, device: torch.device | str, samples: Samples) -> None:
    """Hold an experiment's samples, which another process has loaded, as if they had been loaded here."""
    _cache.keep(_key(experiment, folder, torch.device(device)), samples)


def sealed_test_split(data: ResidentData) -> Tensor:
    """Row indices (int64, on the device) of the sealed test split; who calls this records a look."""
    return torch.from_numpy(data._test).to(data.device)


def host_samples(data: ResidentData) -> Samples:
    """The samples as arrays in the host's memory, for pictures; rows as in the resident tensors."""
    return data._held.samples


def budget_bytes(device: torch.device | str) -> int:
    """How large a data set may be: a quarter of the device's free memory."""
    device = torch.device(device)
    if device.type == "cuda":
        return torch.cuda.mem_get_info(device)[0] // 4
    import psutil

    return psutil.virtual_memory().available // 4


def check_budget(dataset: DataSet, budget: int, folder: Path) -> None:
    """Raise BadInput when the declared size is above `budget` bytes, naming a size or data sets that fit."""
    declared = dataset.facts().bytes
    if declared <= budget:
        return
    fitting = [
        cls.key
        for cls in entries("datasets").values()
        if cls().facts().bytes <= budget and cls().available(folder) is None  # type: ignore[attr-defined]
    ]
    num_points = _num_points_within(dataset, budget)
    raise BadInput(
        Text("{title} needs {size:.3g} MB of memory.", title=Text(dataset.title), size=declared / 1e6),
        Text("A quarter of the free memory is {budget:.3g} MB.", budget=budget / 1e6),
        Text("Use {num} training points or fewer.", num=num_points)
        if num_points
        else Text("These fit: {fitting}.", fitting=", ".join(fitting))
        if fitting
        else Text("Close other programs and try again."),
    )


def _num_points_within(dataset: DataSet, budget: int) -> int | None:
    """The largest `n` of generated data that fits into the budget; None when there is none."""
    if not isinstance(dataset, Generated):
        return None
    least = next(parameter.low for parameter in dataset.parameters() if parameter.name == "n")
    low, high = int(least or 1), dataset.n
    if dataset.model_copy(update={"n": low}).facts().bytes > budget:
        return None
    while high - low > 1:
        middle = (low + high) // 2
        fits = dataset.model_copy(update={"n": middle}).facts().bytes <= budget
        low, high = (middle, high) if fits else (low, middle)
    return low


@dataclass(frozen=True, eq=False)
class _Held:
    """One data set in memory."""

    samples: Samples
    inputs: Tensor
    targets: Tensor
    drawn: weakref.WeakValueDictionary[Hashable, ResidentData] = field(default_factory=weakref.WeakValueDictionary)
    """What was drawn of it and is in use, by what decides about that."""
    scores: dict[Hashable, np.ndarray] = field(default_factory=dict)
    """Of the inputs of a table, by how and on which samples they were found: they may take seconds."""


def _key(choice: DataChoice, folder: Path, device: torch.device) -> tuple[Any, ...]:
    """What decides about loaded samples; the device comes last."""
    seeds = (choice.split_seed, choice.test_seed) if choice.dataset.generated else None
    return (choice.dataset.whole, seeds, Path(folder).resolve(), str(device))


class _Cache:
    """Loaded data sets: those in use by anyone are found again; the last used ones are kept within the budget."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._loading: dict[Hashable, threading.Lock] = {}
        self._alive: weakref.WeakValueDictionary[Hashable, _Held] = weakref.WeakValueDictionary()
        self._recent: OrderedDict[Hashable, _Held] = OrderedDict()

    def held(self, choice: DataChoice, folder: Path, device: torch.device, progress: Progress) -> _Held:
        dataset, split_seed, test_seed = choice.dataset, choice.split_seed, choice.test_seed
        key = _key(choice, folder, device)
        with self._lock:
            loading = self._loading.setdefault(key, threading.Lock())
        # One lock a data set: two threads never load the same one, and a download holds up nobody else.
        with loading:
            with self._lock:
                found = self._alive.get(key)
            if found is None:
                check_budget(dataset, budget_bytes(device), folder)
                is_fresh = isinstance(dataset, Generated) and test_seed
                drawn = dataset.drawn(split_seed, test_seed) if is_fresh else dataset.load(folder, split_seed, progress)
                found = _to_device(drawn, device)
            with self._lock:
                self._hold(key, found)
        return found

    def keep(self, key: tuple[Any, ...], samples: Samples) -> None:
        """Hold samples under their key, where none are held."""
        with self._lock:
            self._hold(key, self._alive.get(key) or _to_device(samples, torch.device(key[-1])))

    def _hold(self, key: Hashable, held: _Held) -> None:
        is_known = key in self._recent
        self._alive[key] = self._recent[key] = held
        self._recent.move_to_end(key)
        if not is_known:
            self._forget(held.inputs.device, budget_bytes(held.inputs.device))

    def _forget(self, device: torch.device, budget: int) -> None:
        """Let go of what was unused for longest until the rest fits; runs that use a data set keep it alive."""
        kept = [key for key, held in self._recent.items() if held.inputs.device == device]
        while len(kept) > 1 and sum(self._recent[key].samples.bytes for key in kept) > budget:
            del self._recent[kept.pop(0)]


def _to_device(samples: Samples, device: torch.device) -> _Held:
    return _Held(samples, torch.from_numpy(samples.inputs).to(device), torch.from_numpy(samples.targets).to(device))


_cache = _Cache()
