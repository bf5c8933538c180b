"""The class of the benchmark, small: two students without a browser join, answer, start a run each, and start again."""

from __future__ import annotations

from pathlib import Path

from bench.classroom import attend, figures
from tests.serving import serving


def test_two_students_learn_over_the_protocol_of_pages(tmp_path: Path):
    with serving(tmp_path / "data", SADDLEPOINT_MODE="class") as server:
        attended = attend(server, 2, 0.5, reads_s=(0.0, 0.1), changes_after_s=(1.0, 1.5), least_starts=2)
        assert "Traceback" not in server.log, server.log
    assert attended.all("trouble") == []
    assert attended.total("answered") == 2
    assert len(attended.all("first_change")) >= 4
    assert attended.total("steps") > 0
    assert attended.all("chart_age")
    assert {figure.unit for figure in figures(attended, attended, [], "")} == {"s", "of the lone speed", "MB", ""}
