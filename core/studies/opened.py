"""A stored run opened after one of its updates, to be measured in the thread that computes, piece by piece."""

from __future__ import annotations

from collections.abc import Callable, Generator, Mapping
from typing import Any, NamedTuple, Protocol, TypeVar

import numpy as np
from numpy.typing import ArrayLike

from core.describe import title
from core.experiment import Experiment
from core.landscape.measured import Measured
from core.store.folder import DataFolder
from core.store.records import RunRecord
from core.store.store import Store
from core.studies.replay import check_step, last_step, replaying
from core.text import Text
from core.training.run import Run

T = TypeVar("T")


class Doing(NamedTuple):
    """What is being done; how much of the whole is done (0 to 1), where that is known, and numbers known by now."""

    words: Text
    share: float | None = None
    numbers: Mapping[str, Any] | None = None


class Tell(Protocol):
    """Hears parts of a landscape as soon as they are there, as meta of a channel (`core.live.meta`)."""

    def __call__(self, **meta: Any) -> None: ...


def nobody(**meta: Any) -> None:
    """Hears nothing."""


def opened(store: Store, folder: DataFolder, record: RunRecord, step: int | None = None) -> Generator[Doing, None, Run]:
    """A stored run as it was after update `step` (None: the last one); yields what is being done.

    Trains where no snapshot is stored of that update. BadInput for an update that the run has not done.
    """
    step = last_step(record) if step is None else step
    check_step(record, step)
    doing = Doing(Text("Going back to update {step:,}", step=step))
    yield doing
    return (yield from told(replaying(store, folder, record, step), doing))


def told(pieces: Generator[Any, None, T], doing: Doing | Callable[[Any], Doing]) -> Generator[Doing, None, T]:
    """Pieces of work that say what is being done: always the same, or as it follows from what they yield."""
    while True:
        try:
            reached = next(pieces)
        except StopIteration as end:
            return end.value
        yield doing if isinstance(doing, Doing) else doing(reached)


def products_done(num_products: int) -> Doing:
    """What is being done with the Hessian."""
    return Doing(Text("Products with the Hessian: {num:,}", num=num_products))


def run_name(record: RunRecord) -> str | Text:
    """What a run is called."""
    return record.name or title(Experiment.from_json(record.experiment))


def float32(numbers: ArrayLike) -> np.ndarray:
    """Numbers for viewers; one that no float32 holds is as good as infinite on a screen."""
    with np.errstate(over="ignore"):
        return np.asarray(numbers, np.float64).astype(np.float32)


def measuring(run: Run, tell: Tell, **asked: Any) -> Generator[Doing, None, Measured]:
    """The loss of an opened run as asked for, and what it is there; tells its facts, yields what is being done."""
    measured = Measured(run, **asked)
    yield from told(measured.look(), Doing(Text("Measuring the loss")))
    tell(facts=facts_of(measured))
    return measured


def facts_of(measured: Measured) -> dict[str, Any]:
    """For viewers: which function is measured, and what it is at the checkpoint."""
    return {
        "num_parameters": len(measured.flat),
        "num_samples": measured.num_samples,
        "sample_hash": measured.sample_hash,
        "standard_error": measured.standard_error,
        "loss": measured.loss_here,
        "with_penalty": measured.with_penalty,
        "batch_norm": measured.batch_norm if measured.has_batch_norm else None,
    }
