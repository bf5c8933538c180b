"""Waiting in tests: for a condition and with a deadline, never for a time."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")


def until(
    condition: Callable[[], T], within_s: float = 100.0, what: str = "the condition", *, every_s: float = 0.01
) -> T:
    """The first true value of `condition()`, asked every so often; AssertionError when `within_s` seconds bring none.

    The deadline is for what hangs: a busy machine takes its time for anything. What takes time to ask, while another
    process is to get somewhere, is asked less often.
    """
    deadline = time.monotonic() + within_s
    pause = threading.Event()
    while True:
        value = condition()
        if value:
            return value
        assert time.monotonic() < deadline, f"{what} did not come true within {within_s} s"
        pause.wait(every_s)
