"""The table of a comparison: a row a variant over its seeds, what differs and what came out, from stored rows.

Plain records: a page draws them, `csv_columns` exports them.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from core.exports.tables import differing_settings
from core.store.records import Evaluation, RunRecord
from core.store.store import Store
from core.studies.comparison import Comparison
from core.studies.lanes import stored_lanes
from core.studies.race_verdict import Trace

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
        known = np.array([value for value in values if value is not None and not math.isnan(value)], dtype=float)
        return cls(float(np.median(known)), float(known.min()), float(known.max())) if known.size else None


@dataclass(frozen=True)
class Row:
    """One variant. Errors and the gap are fractions, `seconds` is time in updates; None where nothing is known."""

    variant: int
    name: str
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


@dataclass(frozen=True)
class RaceTable:
    """All variants; `settings` names the columns in which they differ, `target` the error of `steps_to_target`."""

    settings: tuple[str, ...]
    rows: tuple[Row, ...]
    target: float


@dataclass(frozen=True)
class Band:
    """A curve over the seeds of a variant: steps (n,), and median, lowest and highest value at each of them (n,)."""

    variant: int
    steps: np.ndarray
    middle: np.ndarray
    low: np.ndarray
    high: np.ndarray


MEASURES = {
    "last_error": "last_validation_error",
    "best_error": "best_validation_error",
    "best_epoch": "epoch_of_best",
    "train_error": "last_train_error",
    "gap": "gap",
    "steps_to_target": "updates_to_target",
    "steps": "updates",
    "seconds": "train_s",
}
"""The columns of the export by field of a row."""


def race_table(
    store: Store, comparison: Comparison, runs: Sequence[RunRecord], target: float = DEFAULT_TARGET
) -> RaceTable:
    """The table of the stored runs of a comparison; `target` is the validation error to be reached."""
    lanes = stored_lanes(comparison, runs)
    settings_by_name = differing_settings([run for run, _ in lanes])
    differing = {name: column for name, column in settings_by_name.items() if name != "seed"}
    rows = []
    for place, variant in enumerate(comparison.variants):
        own = [run for run, lane in lanes if lane.variant == place]
        evaluations = [store.read_evaluations(run.id) for run in own]
        places = [number for number, (_, lane) in enumerate(lanes) if lane.variant == place]
        settings = tuple(column[places[0]] if places else "" for column in differing.values())
        rows.append(_row(place, variant.name, own, evaluations, settings, target))
    return RaceTable(tuple(differing), tuple(rows), target)


def _row(
    place: int,
    name: str,
    runs: Sequence[RunRecord],
    evaluations: Sequence[Sequence[Evaluation]],
    settings: tuple[str, ...],
    target: float,
) -> Row:
    measured = [[row for row in rows if "validation/error" in row.values] for rows in evaluations]
    filled = [rows for rows in measured if rows]
    best = [min(rows, key=lambda row: _or_infinite(row.values["validation/error"])) for rows in filled]
    reached = [
        Trace(
            place, 0, run.state, [row.step for row in rows], [row.values["validation/error"] for row in rows]
        ).steps_to(target)
        for run, rows in zip(runs, measured, strict=True)
        if rows
    ]
    return Row(
        variant=place,
        name=name,
        runs=tuple(run.id for run in runs),
        states=tuple(run.state for run in runs),
        settings=settings,
        last_error=Spread.of([rows[-1].values["validation/error"] for rows in filled]),
        best_error=Spread.of([row.values["validation/error"] for row in best]),
        best_epoch=Spread.of([row.epoch for row in best]),
        train_error=Spread.of([rows[-1].values.get("train/error", math.nan) for rows in filled]),
        gap=Spread.of([rows[-1].values.get("gap", math.nan) for rows in filled]),
        steps_to_target=Spread.of(reached),
        steps=Spread.of([float(run.step) for run in runs]),
        seconds=Spread.of([run.train_s for run in runs]),
        num_parameters=next((run.answer["num_parameters"] for run in runs if "num_parameters" in run.answer), None),
    )


def csv_columns(table: RaceTable) -> dict[str, list[Any]]:
    """The table as columns for `core.exports`: of each number the median, and over several seeds its range."""
    columns: dict[str, list[Any]] = {"variant": [row.name for row in table.rows]}
    columns |= {name: [row.settings[place] for row in table.rows] for place, name in enumerate(table.settings)}
    columns["runs"] = [len(row.runs) for row in table.rows]
    several = any(len(row.runs) > 1 for row in table.rows)
    for field, name in MEASURES.items():
        spreads: list[Spread | None] = [getattr(row, field) for row in table.rows]
        columns[name] = [spread.middle if spread else None for spread in spreads]
        if several:
            columns[f"{name} lowest"] = [spread.low if spread else None for spread in spreads]
            columns[f"{name} highest"] = [spread.high if spread else None for spread in spreads]
    columns["target_error"] = [table.target] * len(table.rows)
    columns["num_parameters"] = [row.num_parameters for row in table.rows]
    columns["state"] = [", ".join(dict.fromkeys(row.states)) for row in table.rows]
    return columns


def bands(store: Store, comparison: Comparison, runs: Sequence[RunRecord], metric: str) -> list[Band]:
    """The curve of a metric of the evaluations for each variant, at the steps at which some of its runs have it."""
    by_variant: dict[int, list[Mapping[int, float]]] = {}
    for run, lane in stored_lanes(comparison, runs):
        rows = store.read_evaluations(run.id)
        values = {row.step: row.values[metric] for row in rows if metric in row.values}
        by_variant.setdefault(lane.variant, []).append(values)
    return [_band(place, curves) for place, curves in sorted(by_variant.items())]


def _band(place: int, curves: Sequence[Mapping[int, float]]) -> Band:
    steps = sorted({step for curve in curves for step in curve})
    spreads = [Spread.of([curve[step] for curve in curves if step in curve]) for step in steps]
    nothing = Spread(math.nan, math.nan, math.nan)
    table = np.array([(s.middle, s.low, s.high) for s in (spread or nothing for spread in spreads)]).reshape(-1, 3)
    return Band(place, np.array(steps, dtype=np.int64), *table.T)


def _or_infinite(error: float) -> float:
    return math.inf if math.isnan(error) else error
