"""Which lane of a comparison a stored run is, whichever of its other runs are still there."""

from __future__ import annotations

from collections.abc import Sequence

from core.experiment import Experiment
from core.store.records import RunRecord
from core.studies.comparison import Comparison, Lane


def stored_lanes(comparison: Comparison, runs: Sequence[RunRecord]) -> list[tuple[RunRecord, Lane]]:
    """Each run with its lane, in the order of `runs`: by its variant, which is its colour, its seed and its fold.

    A lane whose run was deleted is absent. The learning rate does not count, since it may have been searched; it is
    that of the comparison's document in `Lane.experiment`.
    """
    lanes = {(lane.variant, lane.seed, lane.experiment.fold): lane for lane in comparison.experiments()}
    usual = Experiment()
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
