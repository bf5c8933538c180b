"""Which stored comparisons are this one, and which lane of it a stored run is, whichever others are still there."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from functools import lru_cache

from core.errors import CoreError
from core.experiment import default_experiment
from core.store.records import RunRecord, StudyRecord
from core.studies.comparison import Comparison, Lane


def same_comparisons(studies: Iterable[StudyRecord], comparison: Comparison) -> list[StudyRecord]:
    """The stored comparisons that are this one, in their order."""
    wanted = comparison.fingerprint()
    return [record for record in studies if record.document.get("variants") and _fingerprint(record) == wanted]


def _fingerprint(record: StudyRecord) -> str | None:
    try:
        return _fingerprint_of(json.dumps(dict(record.document)))
    except CoreError:
        return None  # What another version has stored, or of data that were removed, is another one.


@lru_cache(maxsize=2048)
def _fingerprint_of(document: str) -> str:
    """That of a stored document, which takes milliseconds to be read, and is asked for with every run of a page."""
    return Comparison.from_json(json.loads(document)).fingerprint()


def stored_lanes(comparison: Comparison, runs: Sequence[RunRecord]) -> list[tuple[RunRecord, Lane]]:
    """Each run with its lane, in the order of `runs`: by its variant, which is its colour, its seed and its fold.

    A lane whose run was deleted is absent. The learning rate does not count, since it may have been searched; it is
    that of the comparison's document in `Lane.experiment`.
    """
    lanes = {(lane.variant, lane.seed, lane.experiment.fold): lane for lane in comparison.experiments()}
    usual = default_experiment()
    found = [
        (
            run,
            lanes.get(
                (run.colour_slot, *(run.experiment.get(name, getattr(usual, name)) for name in ("seed", "fold")))
            ),
        )
        for run in runs
    ]
    return [(run, lane) for run, lane in found if lane is not None]


def paired_lanes(comparison: Comparison, runs: Sequence[RunRecord]) -> list[tuple[RunRecord, Lane]]:
    """The stored lanes of those paired seeds that every variant has of which runs are left."""
    lanes = stored_lanes(comparison, runs)
    numbers: dict[int, set[int]] = {}
    for _, lane in lanes:
        numbers.setdefault(lane.variant, set()).add(lane.number)
    common = set.intersection(*numbers.values()) if numbers else set[int]()
    return [(run, lane) for run, lane in lanes if lane.number in common]
