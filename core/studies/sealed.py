"""The sealed test set: the final weights of a run evaluated on the test split, each time recorded as a look.

A look is one evaluation of one set of weights (by hash) on one test split (by hash), counted per owner and split. The
same weights again return the stored number without touching the split. Other weights are refused unless insisted on;
their number is contaminated, since weights can now be chosen by it. This is the only file that reaches the test split.
"""

from __future__ import annotations

from collections.abc import Callable, Generator
from concurrent.futures import Future

from core.errors import CoreError, Refused
from core.experiment import Experiment
from core.store.folder import DataFolder
from core.store.records import STATE_NAMES, Look, RunRecord
from core.store.store import Store
from core.text import Text
from core.training.checkpoint import latest_valid
from core.training.compute import Compute, Job
from core.training.device import Conditions, use_threads
from core.training.evaluation import Score, score
from core.training.resident import sealed_test_split
from core.training.run import Run
from core.training.weights import weights_sha256

FINAL_STATES = ("finished", "stopped", "diverged")
"""A run in one of these has its final weights."""


def look(
    record: RunRecord, *, store: Store, folder: DataFolder, compute: Compute, actor: str, insist: bool = False
) -> Look:
    """The test error of a run's final weights: the stored one, or a new look, which is stored before it is returned.

    Refused when the run is not over, or when other weights have been looked at and `insist` is False.
    """
    split = (record.facts.split_hashes or {}).get("test")
    if record.state not in FINAL_STATES or record.weights_sha256 is None or split is None:
        raise Refused(
            Text("Run {id} cannot be evaluated on the test set.", id=record.id),
            Text("It is {state}: it has no final weights.", state=STATE_NAMES[record.state]),
            Text("Resume it and let it end."),
        )
    names = {"actor": actor, "split_hash": split, "weights_sha256": record.weights_sha256, "insist": insist}
    seen = store.check_look(**names)
    if seen is None:
        job = _TestJob(lambda: _restored(record, store, folder), actor)
        compute.submit(job)
        found = job.future.result()
        values = {"test/loss": found.loss, "test/error": found.error, "test/num": found.num, "test/wrong": found.wrong}
        seen = store.record_look(**names, value=found.error, values=values, run=record.id)
    result = {"test_error": seen.value, "test_look": seen.number, "contaminated": seen.contaminated}
    store.set_answer(record.id, {**record.answer, **result}, actor=actor)
    store.flush()
    return seen


def _restored(record: RunRecord, store: Store, folder: DataFolder) -> Run:
    """The run as it ended, from its last snapshot; CoreError when its final weights are not there."""
    noted = {entry.step: entry.sha256 for entry in store.snapshots(record.id)}
    snapshot = latest_valid(folder.snapshots(record.id), run=record.id, noted=noted).snapshot
    if snapshot is not None:
        conditions = Conditions.from_json(snapshot.state["conditions"])
        run = Run(Experiment.from_json(record.experiment), folder.path, conditions=conditions)
        run.load_state(snapshot.tensors, snapshot.state)
        if weights_sha256(run.parts.model) == record.weights_sha256:
            return run
    raise CoreError(
        Text("The final weights of run {id} are not stored.", id=record.id),
        Text("Its last snapshot is missing or damaged."),
        Text("Train the same experiment again: it ends with the same weights."),
    )


class _TestJob(Job):
    """Scores a restored run on the test split, piece by piece, in the compute thread."""

    def __init__(self, restore: Callable[[], Run], owner: str) -> None:
        super().__init__(owner)
        self.future: Future[Score] = Future()
        self._restore = restore
        self._pieces: Generator[None, None, Score] | None = None
        self._threads = 1

    def advance(self, budget_s: float) -> None:
        if self._pieces is None:
            run = self._restore()
            parts, self._threads = run.parts, run.conditions.threads
            rows = sealed_test_split(parts.data)
            self._pieces = score(
                parts.model, parts.feed.rows, rows, parts.piece_size, parts.plain_loss, parts.target_spread
            )
        use_threads(self._threads)
        try:
            next(self._pieces)
        except StopIteration as end:
            self.done = True
            self.future.set_result(end.value)

    def cancel(self) -> None:
        super().cancel()
        self.future.cancel()

    def closing(self) -> None:
        self.future.cancel()

    def failed(self, error: BaseException) -> None:
        self.future.set_exception(error)
