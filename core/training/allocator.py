"""The C library's memory allocator: freed memory is kept for the next step."""

from __future__ import annotations

import ctypes
import sys
from functools import cache

_TRIM_THRESHOLD, _MMAP_THRESHOLD, _ARENA_MAX = -1, -3, -8
"""Parameters of glibc's `mallopt`; source: its header malloc.h."""


@cache
def keep_freed_memory() -> None:
    """Let glibc hand freed memory out again instead of returning it to the system. A setting of the process.

    The layers of a network take and free the same tens of megabytes at every step. Asking the system each time costs
    a convolutional network on a CPU a third of its speed: every page of 4 kB comes back unmapped. Other C libraries
    have no such setting and are left alone.
    """
    if sys.platform != "linux":
        return
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt is not None:
        mallopt(_MMAP_THRESHOLD, 1 << 30)
        mallopt(_TRIM_THRESHOLD, 1 << 30)
        # Threads other than the first otherwise have memory areas of 64 MB, which are trimmed all the same.
        mallopt(_ARENA_MAX, 1)
