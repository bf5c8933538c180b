"""Gradients before training of two networks of 20 layers: from a slider to what the browser is sent.

Beside it stands plain autograd in float64 on the same two networks, written with torch.nn: initialization, loss and
gradients, and none of the other numbers. `python -m bench.gradients` runs it alone.
"""

from __future__ import annotations

import time
from itertools import count
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import Any

import torch
from streamlit.testing.v1 import AppTest
from torch import nn

import core.catalog  # noqa: F401 - registers every entry
from bench.calibration import load
from bench.figure import Figure, alternate
from core.experiment import Experiment
from core.pieces import worked_off
from core.studies.gradients_asked import Pair, Shared
from core.studies.gradients_before import first_batch, profiles
from core.studies.workbench import Workbench, use_workbench
from core.training.device import use_threads
from core.training.resident import resident
from pages.components import gradients_before

SHELL = Path(__file__).parents[1] / "pages" / "shell.py"
ROUNDS = 15
BAR_S, BAR_RATIO = 0.150, 3.5
DEPTH, WIDTH = 20, 64


def measure() -> list[Figure]:
    """Seconds until a page with another seed has its picture, and the arithmetic as a multiple of plain autograd."""
    with TemporaryDirectory() as folder:
        return [_page(Path(folder)), _arithmetic(Path(folder))]


def _page(folder: Path) -> Figure:
    bench = Workbench.open(folder)
    use_workbench(bench)
    draw, drawn = gradients_before.gradients_chart, []

    def noted(*given: Any, **options: Any) -> None:
        draw(*given, **options)
        drawn.append(time.perf_counter())

    gradients_before.gradients_chart = noted
    try:
        tab = AppTest.from_file(str(SHELL), default_timeout=60)
        tab.switch_page("gradients.py").run()
        times, whole = [], []
        for _ in range(ROUNDS):
            start = time.perf_counter()
            tab.button(key="both draw again").click().run()
            whole.append(time.perf_counter() - start)
            times.append(drawn[-1] - start)
            assert not tab.exception
    finally:
        gradients_before.gradients_chart = draw
        use_workbench(None)
        bench.close()
    detail = (
        f"until the picture is sent; the page with the table of four cures takes {median(whole):.3f} s; "
        f"medians of {ROUNDS}; {load()}"
    )
    return Figure(
        f"gradients before training, 2 × {DEPTH} layers, on the page", median(times), BAR_S, False, "s", detail
    )


def _arithmetic(folder: Path) -> Figure:
    data, seeds = resident(Experiment(), folder, "cpu"), count()
    use_threads(1)

    def ours() -> None:
        worked_off(profiles(data, Pair(shared=Shared(seed=next(seeds)))))

    def plain() -> None:
        for activation in (nn.Sigmoid, nn.ReLU):
            batch = first_batch(data, Pair().experiment(Pair().left))
            layers: list[nn.Module] = [nn.Flatten()]
            for _ in range(DEPTH):
                layers += [nn.Linear(WIDTH, WIDTH, dtype=torch.float64), activation()]
            model = nn.Sequential(*layers, nn.Linear(WIDTH, 10, dtype=torch.float64))
            nn.functional.cross_entropy(model(batch.inputs), batch.targets).backward()

    mine, its = (median(times) for times in alternate(ours, plain, ROUNDS))
    detail = f"{1e3 * mine:.1f} against {1e3 * its:.1f} ms, medians of {ROUNDS} in turn; {load()}"
    return Figure(
        f"gradients before training, 2 × {DEPTH} layers, ÷ plain autograd", mine / its, BAR_RATIO, False, "×", detail
    )


if __name__ == "__main__":
    for figure in measure():
        print(figure, flush=True)
