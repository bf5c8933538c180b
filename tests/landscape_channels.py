"""Landscapes as a page asks for them, for tests of their channels."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from core.experiment import Experiment
from core.landscape.asked import Asked, LandscapeRequest
from core.studies.workbench import Workbench
from tests.experiments import points
from tests.polling import until

OVER = ("finished", "stopped", "failed")
SGD = {"key": "sgd", "lr": 0.1}
SMALL = Asked(resolution=9, samples=40)


def trained(bench: Workbench, experiment: Experiment, **options: Any) -> str:
    return bench.wait(bench.start(experiment, pace="max", **options), 60).id


def ended(bench: Workbench, request: LandscapeRequest) -> dict[str, Any]:
    """What stands on the channel of a landscape when it is over."""
    channel = bench.landscape(request)
    until(lambda: bench.hub.meta(channel)["state"] in OVER)
    return bench.hub.meta(channel)


@contextmanager
def held(bench: Workbench) -> Iterator[None]:
    """The compute thread does nothing meanwhile."""
    begun, go_on = threading.Event(), threading.Event()

    def wait() -> None:
        begun.set()
        go_on.wait(100)

    bench.runner.compute.call(wait)
    assert begun.wait(100)
    try:
        yield
    finally:
        go_on.set()


def two_trained(bench: Workbench) -> tuple[str, str]:
    """Two optimizers from the same weights on the same batches."""
    return trained(bench, points(), name="adam"), trained(bench, points(optimizer=SGD), name="sgd")
