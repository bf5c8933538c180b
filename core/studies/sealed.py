"""The sealed test set: the final weights of a run evaluated on the test split, each time recorded as a look.

A look is one evaluation of one set of weights (by hash) on one test split (by hash), counted per owner and split. The
same weights again return the stored number without touching the split. Other weights are refused unless insisted on;
their number is contaminated, since weights can now be chosen by it. This is the only file that reaches the test split.
"""

from __future__ import annotations

from collections.abc import Generator

from core.errors import CoreError, Refused
from core.store.folder import DataFolder
from core.store.records import STATE_NAMES, Look, RunRecord
from core.store.store import Store
from core.studies.replay import replaying
from core.text import Text
from core.training.compute import Compute, Pieces
from core.training.device import use_threads
from core.training.evaluation import Score, score
from core.training.resident import sealed_test_split
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
        job = Pieces(_score(record, store, folder), actor)
        compute.submit(job)
        found = job.future.result()
        values = {"test/loss": found.loss, "test/error": found.error, "test/num": found.num, "test/wrong": found.wrong}
        seen = store.record_look(**names, value=found.error, values=values, run=record.id)
    result = {"test_error": seen.value, "test_look": seen.number, "contaminated": seen.contaminated}
    store.set_answer(record.id, {**record.answer, **result}, actor=actor)
    store.flush()
    return seen


def _score(record: RunRecord, store: Store, folder: DataFolder) -> Generator[None, None, Score]:
    """Score the run as it ended on the test split; CoreError when its final weights cannot be had."""
    run = yield from replaying(store, folder, record)
    parts = run.parts
    if weights_sha256(parts.model) != record.weights_sha256:
        raise CoreError(
            Text("The final weights of run {id} are not stored.", id=record.id),
            Text("Its last snapshots are damaged, and replayed here it ends with other weights."),
            Text("Train the same experiment again, and look with the new run."),
        )
    batches = parts.feed.pieces(sealed_test_split(parts.data), parts.piece_size)
    pieces = score(parts.model, batches, parts.plain_loss, parts.target_spread)
    while True:
        use_threads(run.conditions.threads)
        try:
            next(pieces)
        except StopIteration as end:
            return end.value
        yield
