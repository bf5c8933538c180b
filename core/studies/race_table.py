"""The table of a comparison: a row a variant over its seeds and a row a branch, the best first, from stored rows.

Plain records: `race_columns` writes them for people and for programs.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from core.exports.tables import differing
from core.store.records import RunRecord, StudyRecord
from core.store.store import Store
from core.studies.comparison import Comparison
from core.studies.lanes import stored_lanes
from core.studies.outcomes import Outcome, begun_experiment, branches_beside, facts_of, is_share, outcome_of
from core.studies.seals import Seal, seal_of, seal_words
from core.text import Text

DEFAULT_TARGET = 0.1


@dataclass(frozen=True)
class Spread:
    """A number over the seeds of a variant: median, lowest and highest; infinite for what was never reached."""

    middle: float
    low: float
    high: float

    @classmethod
    def of(cls, values: Sequence[float]) -> Spread | None:
        """Of the values that are numbers; None without any."""
        known = np.array([value for value in values if not math.isnan(value)], dtype=float)
        return cls(float(np.median(known)), float(known.min()), float(known.max())) if known.size else None


@dataclass(frozen=True)
class Row:
    """One variant, or one branch: then `fork_step` says after which update it left its parent.

    Errors and the gap are fractions, `seconds` is time in updates; None where nothing is known. A run that diverged
    ends with an infinite error. `is_dropped`: somebody took it out of the race.
    """

    variant: int
    name: Text
    runs: tuple[str, ...]
    states: tuple[str, ...]
    settings: tuple[str, ...]
    last_error: Spread | None
    best_error: Spread | None
    best_epoch: Spread | None
    train_error: Spread | None
    gap: Spread | None
    steps_to_target: Spread | None
    steps: Spread | None
    seconds: Spread | None
    num_parameters: int | None
    seal: Seal
    seal_words: Text
    fork_step: int | None = None
    is_dropped: bool = False

    @property
    def remarks(self) -> list[Text]:
        """What else is to be known of it: where it branched, and why it has not come to its end."""
        found: list[Text] = []
        if self.fork_step is not None:
            found.append(Text("branched after update {step}", step=self.fork_step))
        lost = self.states.count("diverged")
        if lost:
            found.append(
                Text("diverged")
                if lost == len(self.runs)
                else Text("{count} of {num} seeds diverged", count=lost, num=len(self.runs))
            )
        step = int(self.steps.high) if self.steps else 0
        if self.is_dropped:
            found.append(Text("dropped after update {step}", step=step))
        elif "stopped" in self.states:
            found.append(Text("stopped after update {step}", step=step))
        words = {"failed": Text("failed"), "interrupted": Text("interrupted")}
        return [*found, *(words[state] for state in words if state in self.states)]


@dataclass(frozen=True)
class RaceTable:
    """All rows, the best first; `settings` are the paths in which they differ, `target` the error to be reached.

    `is_share`: errors are shares of wrong answers, told in percent.
    """

    settings: tuple[str, ...]
    rows: tuple[Row, ...]
    target: float
    is_share: bool = True


def study_table(store: Store, record: StudyRecord, runs: Sequence[RunRecord]) -> RaceTable:
    """The table of a stored comparison with its branches, at the target of its verdict."""
    return race_table(
        store,
        Comparison.from_json(dict(record.document)),
        runs,
        facts_of(store, record, runs).get("target") or DEFAULT_TARGET,
        branches=branches_beside(store, record, runs),
        dropped=record.facts.get("dropped", ()),
    )


def race_table(
    store: Store,
    comparison: Comparison,
    runs: Sequence[RunRecord],
    target: float = DEFAULT_TARGET,
    *,
    branches: Sequence[RunRecord] = (),
    dropped: Sequence[str] = (),
) -> RaceTable:
    """The table of the stored runs of a comparison; `target` is the validation error to be reached."""
    lanes = stored_lanes(comparison, runs)
    entries = [
        (place, variant.text, [run for run, lane in lanes if lane.variant == place])
        for place, variant in enumerate(comparison.variants)
    ]
    places = {run.id: place for place, _, found in entries for run in found}
    for run in branches:  # A branch of a branch comes after it.
        place = places[run.id] = places.get(run.parent or "", 0)
        entries.append((place, Text("{name}", name=run.name) if run.name else Text("branch"), [run]))
    first = [begun_experiment(store, found[0]) for _, _, found in entries if found]
    is_varied = "seed" in comparison.differing_settings()
    settings = {name: column for name, column in differing(first).items() if name != "seed" or is_varied}
    chosen = zip(*settings.values(), strict=True) if settings else iter([()] * len(first))
    nothing = ("",) * len(settings)
    rows = [
        _row(
            name,
            [outcome_of(store, run, place) for run in found],
            next(chosen) if found else nothing,
            target,
            dropped,
            variant=place,
        )
        for place, name, found in entries
    ]
    return RaceTable(tuple(settings), tuple(_in_order(rows)), target, is_share(comparison))


def _row(
    name: Text,
    outcomes: Sequence[Outcome],
    settings: tuple[str, ...],
    target: float,
    dropped: Sequence[str],
    *,
    variant: int,
) -> Row:
    runs = [outcome.run for outcome in outcomes]
    return Row(
        variant=variant,
        name=name,
        runs=tuple(run.id for run in runs),
        states=tuple(run.state for run in runs),
        settings=settings,
        last_error=Spread.of([outcome.trace.final for outcome in outcomes]),
        best_error=Spread.of([outcome.best_error for outcome in outcomes]),
        best_epoch=Spread.of([outcome.best_epoch for outcome in outcomes]),
        train_error=Spread.of([outcome.train_error for outcome in outcomes]),
        gap=Spread.of([outcome.gap for outcome in outcomes]),
        steps_to_target=Spread.of([outcome.trace.steps_to(target) for outcome in outcomes if len(outcome.trace.steps)]),
        steps=Spread.of([float(run.step) for run in runs]),
        seconds=Spread.of([run.train_s for run in runs]),
        num_parameters=next((run.answer["num_parameters"] for run in runs if "num_parameters" in run.answer), None),
        seal=seal_of(*runs),
        seal_words=seal_words(*runs),
        fork_step=runs[0].fork_step if runs else None,
        is_dropped=bool(runs) and all(run.state == "stopped" and run.id in dropped for run in runs),
    )


def _in_order(rows: Sequence[Row]) -> list[Row]:
    """The best variant first, what diverged or has no results last; the branches of each stand below it."""

    def rank(row: Row) -> tuple[float, float, int]:
        ends = [spread.middle if spread else math.inf for spread in (row.last_error, row.best_error)]
        return ends[0], ends[1], row.variant

    ranks = {row.variant: rank(row) for row in rows if row.fork_step is None}
    return sorted(rows, key=lambda row: (ranks[row.variant], row.fork_step is not None, rank(row)))
