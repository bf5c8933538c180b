"""The report of a stored comparison: its curves, its verdict, its table, and everything needed to run it again."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from core.studies.comparison import Comparison
from core.studies.comparison_report import comparison_report, over_seeds
from core.studies.workbench import Workbench
from tests.experiments import POINTS


@pytest.fixture
def bench(data_folder: Path) -> Iterator[Workbench]:
    """A workbench without viewers."""
    with Workbench.open(data_folder, live=False) as opened:
        yield opened


def report(bench: Workbench, comparison: Comparison) -> str:
    """The report of a comparison that has been run."""
    study = bench.start_comparison(comparison, pace="max")
    record = bench.wait_comparison(study, 100)
    return comparison_report(bench.store, record, bench.runs_of(study), "en").decode("utf-8")


def test_it_holds_verdict_curves_table_fairness_and_the_way_back(bench: Workbench):
    comparison = Comparison.of(POINTS, ["optimizer=sgd,adam"], rates="hand", seeds=2)
    text = report(bench, comparison)
    headings = re.findall(r"<h2>(.*?)</h2>", text)
    assert headings[:2] == ["What was compared", "Verdict"]
    assert "Fairness" in headings
    assert text.count("Plotly.newPlot(") >= 3
    for word in (
        "SGD",
        "Adam",
        "validation error (%)",
        "median over 2 seeds",
        "Bonferroni",
        "first weights",
        "&quot;variants&quot;",
    ):
        assert word in text


def test_the_search_for_rates_is_a_picture_of_its_own(bench: Workbench):
    document = {**POINTS, "epochs": 1}
    text = report(bench, Comparison.of(document, ["optimizer=sgd,adam"], rates="own"))
    assert "Is that the rate, or the optimizer?" in text


def test_seeds_are_joined_where_all_have_been_measured():
    one = (np.array([0, 2, 4]), np.array([3.0, 2.0, 1.0]))
    two = (np.array([0, 4]), np.array([5.0, 3.0]))
    line = over_seeds([one, two], "a", 0, 10.0, thin=False)
    assert line.x.tolist() == [0, 4]
    assert line.mid.tolist() == [40, 20]
    assert (line.low.tolist(), line.high.tolist()) == ([30, 10], [50, 30])
