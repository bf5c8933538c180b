"""Freed memory is used again without asking the system for it."""

from __future__ import annotations

import sys

import pytest
import torch

from core.training.allocator import keep_freed_memory

NUM_FLOATS = 4_000_000
PAGES = NUM_FLOATS * 4 // 4096


@pytest.mark.skipif(sys.platform != "linux", reason="needs Linux: other systems count page faults otherwise")
def test_memory_that_was_freed_is_there_at_once():
    import resource

    def faults() -> int:
        before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
        torch.empty(NUM_FLOATS).fill_(1)
        return resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before

    keep_freed_memory()
    faults()
    assert min(faults() for _ in range(5)) < PAGES // 10
