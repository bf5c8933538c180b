"""`python -m bench [NAME …]`: measure the named figures, or all; one line a figure, and `bench/results.json`."""

from __future__ import annotations

import json
import os
import platform
import sys
import traceback
from argparse import ArgumentParser
from collections.abc import Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from importlib import import_module
from importlib.metadata import version
from pathlib import Path
from typing import Any

from bench.figure import Figure

FIGURES = (
    "steps",
    "stacked",
    "evaluation",
    "kfold",
    "searches",
    "cluster",
    "dataloader",
    "augment",
    "augment_each",
    "recording",
    "refresh_bytes",
    "listeners",
    "step_to_pixel",
    "race_on_screen",
    "fork_on_screen",
    "replay",
    "classroom",
    "lesson_link",
    "practice",
    "gradients",
    "unit",
    "surface",
    "curvature",
    "narrator",
)
"""Every module of this folder with a `measure() -> list[Figure]`, in the order of measuring."""
PACKAGES = (
    "torch",
    "torchvision",
    "streamlit",
    "plotly",
    "numpy",
    "kornia",
    "loss-landscapes",
    "pyhessian",
    "tensorboard",
    "playwright",
    "skorch",
    "optuna",
    "ray",
)
RESULTS = Path(__file__).with_name("results.json")


def machine() -> dict[str, Any]:
    """What the figures were measured on."""
    from core.training.device import default_device

    model = platform.processor()
    information = Path("/proc/cpuinfo")
    if information.exists():
        named = [line for line in information.read_text(encoding="utf-8").splitlines() if line.startswith("model name")]
        model = named[0].split(":", 1)[1].strip() if named else model
    return {
        "cpu": model,
        "cores": os.cpu_count(),
        "memory_gb": round(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 1e9, 1),
        "device": default_device(),
        "system": platform.platform(),
    }


def versions() -> dict[str, str]:
    """Python's and the packages' versions."""
    return {"python": platform.python_version()} | {package: version(package) for package in PACKAGES}


def report(figures: list[Figure], failed: dict[str, str], calibrated: list[dict[str, float]]) -> dict[str, Any]:
    """Everything that is worth keeping of a measurement."""
    return {
        "date": datetime.now(UTC).isoformat(timespec="seconds"),
        "machine": machine(),
        "versions": versions(),
        "calibration": dict(zip(("before", "after"), calibrated, strict=True)),
        "figures": [{**asdict(figure), "reached": figure.reached} for figure in figures],
        "failed": failed,
    }


def main(names: Sequence[str]) -> int:
    """Measure; returns 0, or 1 when a figure could not be measured (a bar that is missed is a result)."""
    from bench.calibration import calibration, load

    before = calibration()
    print(
        f"calibration: loop {before['loop_ms']:.2f} ms, products {before['products_ms']:.2f} ms; {load()}", flush=True
    )
    figures: list[Figure] = []
    failed: dict[str, str] = {}
    for name in names:
        try:
            for figure in import_module(f"bench.{name}").measure():
                figures.append(figure)
                print(figure, flush=True)
        except Exception as error:
            # One figure that cannot be measured must not cost the others.
            traceback.print_exc()
            failed[name] = f"{type(error).__name__}: {error}"
    RESULTS.write_text(json.dumps(report(figures, failed, [before, calibration()]), indent=1) + "\n", encoding="utf-8")
    for name, why in failed.items():
        print(f"FAILED {name}: {why.splitlines()[0]}")
    reached = sum(figure.reached for figure in figures)
    print(f"{reached} of {len(figures)} bars reached; written to {RESULTS.parent.name}/{RESULTS.name}")
    return 1 if failed else 0


if __name__ == "__main__":
    parser = ArgumentParser(prog="python -m bench", description="Measure the figures.")
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"one of {', '.join(FIGURES)}; all when none is named")
    chosen = parser.parse_args().names
    if unknown := [name for name in chosen if name not in FIGURES]:
        parser.error(f"no figure is called {', '.join(unknown)}; choose from {', '.join(FIGURES)}")
    sys.exit(main(chosen or FIGURES))
