"""How many threads a new run computes with. Loads no torch: rules are asked before anything is built."""

from __future__ import annotations

import os


def default_threads() -> int:
    """All cores but one, so that a browser is served beside training; the same in the server and in the shell.

    Counted are the cores that this process may use: in a container these are fewer than the machine has.
    """
    count = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return max(1, count - 1)
