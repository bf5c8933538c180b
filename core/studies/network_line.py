"""The loss along a line: between what two stored runs have come to, or along one update of a run."""

from __future__ import annotations

from collections.abc import Generator, Sequence
from dataclasses import dataclass
from typing import Any

from core.landscape.asked import BatchNorm
from core.landscape.lines import ALONG_UPDATE, BETWEEN, Line, State, line_through
from core.landscape.measured import Measured
from core.store.folder import DataFolder
from core.store.records import RunRecord
from core.store.store import Store
from core.studies.opened import Doing, Tell, float32, measuring, nobody, opened, run_name
from core.studies.replay import last_step
from core.text import Text
from core.training.run import Run


@dataclass(frozen=True, eq=False)
class NetworkLine:
    """A measured line. `names` are those of the networks at its ends; `step` is the update along which it leads.

    Between two runs it is the update after which the first one is.
    """

    step: int
    measured: Measured
    line: Line
    names: tuple[Text, Text]
    is_update: bool

    def to_meta(self) -> dict[str, Any]:
        """For viewers; `bottom` says with `is_inside` false that the loss still falls at an end of the picture."""
        line = self.line
        return {
            "kind": "update" if self.is_update else "between",
            "t": float32(line.places),
            "loss": float32(line.losses),
            "standard_error": self.measured.standard_error,
            "ends": [0, 1],
            "names": list(self.names),
            "barrier": None if self.is_update else line.barrier,
            "bottom": None if line.bottom is None else self._bottom(line.bottom),
            "step": self.step,
        }

    def _bottom(self, place: int) -> dict[str, Any]:
        places, losses = self.line.places, self.line.losses
        is_inside = 0 < place < len(places) - 1
        return {"t": float(places[place]), "loss": float(losses[place]), "is_inside": is_inside}


def line_between(
    store: Store,
    folder: DataFolder,
    records: Sequence[RunRecord],
    step: int | None,
    samples: int,
    batch_norm: BatchNorm,
    tell: Tell = nobody,
) -> Generator[Doing, None, NetworkLine]:
    """The line between two runs after update `step` (None: of each its last), measured by the first one's function.

    Yields what is being done; belongs into the thread that computes.
    """
    first = yield from opened(store, folder, records[0], step)
    second = yield from opened(store, folder, records[1], step)
    measured = yield from measuring(first, tell, samples=samples, batch_norm=batch_norm)
    names = [
        Text("“{run}” after update {step:,}", run=run_name(record), step=run.step_count)
        for record, run in zip(records, (first, second), strict=True)
    ]
    ends = _state(first), _state(second)
    return (yield from _measured(measured, *ends, (names[0], names[1]), tell, is_update=False))


def line_of_update(
    store: Store,
    folder: DataFolder,
    record: RunRecord,
    step: int | None,
    samples: int,
    batch_norm: BatchNorm,
    tell: Tell = nobody,
) -> Generator[Doing, None, NetworkLine]:
    """The line along update `step` of a run (None: its last), on the measured sample and not on the update's batch.

    Yields what is being done; belongs into the thread that computes.
    """
    step = last_step(record) if step is None else step
    run = yield from opened(store, folder, record, step - 1)
    measured = yield from measuring(run, tell, samples=samples, batch_norm=batch_norm)
    before = {name: tensor.clone() for name, tensor in _state(run).items()}
    for _ in run.pieces(step):
        if run.step_count == step:
            break  # What is due after the update, such as putting the best weights back, is no part of it.
        yield Doing(Text("Going back to update {step:,}", step=step))
    assert run.step_count == step
    names = Text("before update {step:,}", step=step), Text("after update {step:,}", step=step)
    return (yield from _measured(measured, before, _state(run), names, tell, is_update=True))


def _state(run: Run) -> State:
    return {name: tensor.detach() for name, tensor in run.parts.model.state_dict().items()}


def _measured(
    measured: Measured, start: State, end: State, names: tuple[Text, Text], tell: Tell, *, is_update: bool
) -> Generator[Doing, None, NetworkLine]:
    tell(notes=_notes(measured))
    places = ALONG_UPDATE if is_update else BETWEEN
    pieces = line_through(measured, start, end, places)
    while True:
        try:
            done = next(pieces)
        except StopIteration as over:
            found = NetworkLine(measured.step + is_update, measured, over.value, names, is_update)
            tell(line=found.to_meta())
            return found
        words = Text("Line: {done} of {total} points", done=done, total=len(places))
        yield Doing(words, done / len(places))


def _notes(measured: Measured) -> list[Text]:
    if not measured.has_batch_norm or measured.batch_norm == "estimated":
        return []
    return [
        Text(
            "Between both networks the statistics of batch normalization go along the line as the weights do; beyond "
            "an end they are those of that end."
        )
    ]
