"""Calibration: how long a fixed piece of work takes here and now, to read absolute times by."""

from __future__ import annotations

import os
import time
from collections.abc import Callable

import torch

from bench.figure import quarter
from core.training.device import use_threads

LOOPS, SIDE, PRODUCTS = 200_000, 256, 20


def calibration() -> dict[str, float]:
    """Milliseconds of an interpreter's loop and of matrix products on one thread, and the machine's load (1 minute)."""
    use_threads(1)
    factor = torch.eye(SIDE)

    def loop() -> None:
        total = 0
        for number in range(LOOPS):
            total += number

    def products() -> None:
        product = factor
        for _ in range(PRODUCTS):
            product = product @ factor

    def milliseconds(work: Callable[[], None]) -> float:
        times = []
        for _ in range(21):
            start = time.perf_counter()
            work()
            times.append(time.perf_counter() - start)
        return 1e3 * quarter(times)

    return {"loop_ms": milliseconds(loop), "products_ms": milliseconds(products), "load": os.getloadavg()[0]}


def products_a_second(side: int = 512) -> float:
    """Multiplications of matrix products a second, here and now: the limit of whatever consists of such products."""
    factor, times = torch.eye(side), []
    for _ in range(101):
        start = time.perf_counter()
        torch.mm(factor, factor)
        times.append(time.perf_counter() - start)
    return side**3 / quarter(times)


def load() -> str:
    """The machine's load in the last minute, for the detail of a figure."""
    return f"load {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores"
