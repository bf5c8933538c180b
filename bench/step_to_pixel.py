"""Step to pixel: from the stamp taken when `optimizer.step()` returned, which travels with the point, to one animation
frame after the last chart that shows it was drawn (`plotly_afterplot`).

The real app in a headless Chromium on the same machine, all four pictures open: both errors, what the network has
learned, gradient sizes, and a line a layer. A run begins paused after one update; from there to its end every update
must have been drawn, none left out.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
from playwright.sync_api import expect

from bench.calibration import load
from bench.figure import Figure
from bench.tab import MeasuredTab, opened
from tests.serving import Server, serving

BAR_MS = 300.0
LEAST_POINTS = 500
RUN_WITHIN_MS = 400_000
VIEW = {"more": "layers", "smoothing": 0.6}
RECORDED = "() => window.__saddlepoint_latency"
FORGET = "() => { window.__saddlepoint_latency = []; }"
ALL_RECORDED = "(count) => window.__saddlepoint_latency.length >= count"
PICTURES = """() => [".sp-plot-main", ".sp-learned .js-plotly-plot, .sp-samples", ".sp-plot-gradients", ".sp-plot-more"]
  .map((selector) => [...document.querySelectorAll(selector)].find((node) => node.offsetParent))
  .map((node) => !node ? 0 : !node.data ? node.children.length
    : node.data.map((trace) => trace.uid === "cells" ? trace.z.length : trace.x.length ? 1 : 0)
        .reduce((sum, count) => sum + count, 0))"""


@dataclass(frozen=True)
class Case:
    """An experiment in the words of the address bar, and how many series its four pictures show at least."""

    name: str
    query: dict[str, Any]
    least_series: list[int] = field(default_factory=lambda: [2, 1, 3, 3])


CASES = (
    Case("default preset, 40 epochs", {"epochs": 40}),
    Case("CNN B2(b)", {"dataset": "mnist_5000", "architecture": "cnn", "epochs": 12}, least_series=[2, 1, 5, 5]),
    Case(
        "8 layers on two moons",
        {"dataset": "moons", "dataset.n": 1000, "architecture.hidden_layers": 7, "epochs": 40},
        least_series=[4, 3, 8, 8],
    ),
)


def latencies(server: Server, case: Case) -> tuple[np.ndarray, list[int]]:
    """Seconds of each update from the second to the last, and the series that each of the four pictures shows."""
    with opened(server, view=VIEW, measure=1, **case.query) as tab:
        tab.page.locator(".sp-step").click()
        tab.does("resume")
        expect(tab.where).to_contain_text("update 1 of")
        tab.page.evaluate(FORGET)
        tab.primary.click()
        expect(tab.where).to_contain_text("finished", timeout=RUN_WITHIN_MS)
        count = tab.step - 1
        tab.page.wait_for_function(ALL_RECORDED, arg=count)
        recorded = np.array(tab.page.evaluate(RECORDED))
        series = shown(tab, case)
    assert len(recorded) == count, f"{len(recorded)} of {count} updates were drawn"
    assert count >= LEAST_POINTS, f"only {count} updates"
    assert recorded.min() > 0, "drawn before it was computed"
    return recorded, series


def shown(tab: MeasuredTab, case: Case) -> list[int]:
    """How many lines, rows, samples or sets of points each picture shows."""
    series = tab.page.evaluate(PICTURES)
    assert all(a >= b for a, b in zip(series, case.least_series, strict=True)), series
    return series


def measure() -> list[Figure]:
    """The 95 % quantile of each case, in milliseconds."""
    figures = []
    with TemporaryDirectory() as folder, serving(Path(folder) / "data") as server:
        for case in CASES:
            seconds, series = latencies(server, case)
            half, most, longest = 1e3 * np.quantile(seconds, [0.5, 0.95, 1.0])
            pictures = " + ".join(str(count) for count in series)
            detail = (
                f"p50 {half:.0f} ms, longest {longest:.0f} ms, {len(seconds)} consecutive updates at the default pace, "
                f"{pictures} series in four pictures, browser on the same machine; {load()}"
            )
            figures.append(Figure(f"step to pixel, {case.name}, p95", float(most), BAR_MS, False, "ms", detail))
    return figures


if __name__ == "__main__":
    for figure in measure():
        print(figure)
