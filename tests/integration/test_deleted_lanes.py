"""A comparison of which runs were deleted: those that are left keep their variant and seed everywhere."""

from __future__ import annotations

from pathlib import Path

import pytest

from core.cli_compare import _report  # pyright: ignore[reportPrivateUsage]
from core.studies.comparison import Comparison, Rates
from core.studies.comparison_report import comparison_report
from core.studies.lanes import paired_lanes, stored_lanes
from core.studies.race_meta import stored_meta
from core.studies.race_table import race_table
from core.studies.workbench import Workbench
from tests.experiments import POINTS


@pytest.mark.parametrize(
    ("vary", "rates"),
    [(["optimizer=sgd,adam"], "hand"), (["optimizer=sgd,adam"], "own"), (["seed=1,2"], "hand")],
)
def test_the_runs_that_are_left_keep_their_names(data_folder: Path, vary: list[str], rates: Rates):
    comparison = Comparison.of(POINTS | {"epochs": 4}, vary, rates=rates, seeds=2)
    with Workbench.open(data_folder) as bench:
        study = bench.start_comparison(comparison, pace="max")
        record = bench.wait_comparison(study, 100)
        whole = stored_meta(bench.store, record)["lanes"]
        runs = bench.runs_of(study)
        assert [lane["run"] for lane in whole] == [run.id for run in runs]
        assert [comparison.lane_name(lane) for _, lane in stored_lanes(comparison, runs)] == [run.name for run in runs]
        bench.delete(runs[0].id)
        left = bench.runs_of(study)
        assert stored_meta(bench.store, record)["lanes"] == whole[1:]
        assert [(run.id, lane.number) for run, lane in paired_lanes(comparison, left)] == [
            (runs[2].id, 1), (runs[3].id, 1),
        ]  # fmt: skip
        table = race_table(bench.store, comparison, left)
        assert {row.variant: row.runs for row in table.rows} == {0: (runs[2].id,), 1: (runs[1].id, runs[3].id)}
        names = [variant.name for variant in comparison.variants]
        reported = _report(bench, study, [])
        assert [(run["run"], run["variant"]) for run in reported["runs"]] == [
            (runs[1].id, names[1]), (runs[2].id, names[0]), (runs[3].id, names[1]),
        ]  # fmt: skip
        bench.delete(runs[2].id)
        left = bench.runs_of(study)
        full, empty = race_table(bench.store, comparison, left).rows
        assert len(paired_lanes(comparison, left)) == 2, "a variant without runs takes no seed from the others"
        assert paired_lanes(comparison, []) == []
        assert (empty.runs, empty.last_error, len(full.runs)) == ((), None, 2)
        assert comparison_report(bench.store, record, left, "en").startswith(b"<!")
