"""Threads that may hang hold nobody up."""

from __future__ import annotations

import subprocess
import sys
import threading
import time
from concurrent.futures import Future
from typing import Any

import pytest

from core.training.io_pool import IoPool
from tests.sources import ROOT

HANGING = """
import threading, time
from core.training.io_pool import IoPool
begun, pool = threading.Event(), IoPool(1, "io")
pool.submit(lambda: (begun.set(), time.sleep(300)))
begun.wait()
pool.close()
"""


@pytest.fixture
def hanging() -> Any:
    """A pool of two threads that hang until the test is over."""
    pool, go_on, begun = IoPool(2, "io"), threading.Event(), threading.Barrier(3)
    for _ in range(2):
        pool.submit(lambda: (begun.wait(100), go_on.wait(100)))
    begun.wait(100)
    yield pool
    go_on.set()


def test_results_and_errors_come_as_futures():
    pool = IoPool(2, "io")
    futures = [pool.submit(divmod, 7, number) for number in range(4)]
    assert isinstance(futures[0].exception(100), ZeroDivisionError)
    assert [future.result(100) for future in futures[1:]] == [(7, 0), (3, 1), (2, 1)]
    pool.close()


def test_closing_cancels_what_waits_and_waits_for_nothing(hanging: IoPool):
    waiting: Future[None] = hanging.submit(print)
    begun = time.monotonic()
    hanging.close()
    assert time.monotonic() - begun < 50
    assert waiting.cancelled()
    assert hanging.submit(print).cancelled()


def test_the_program_ends_while_a_call_hangs():
    subprocess.run([sys.executable, "-c", HANGING], cwd=ROOT, timeout=100, check=True)
