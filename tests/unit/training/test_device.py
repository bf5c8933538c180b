"""Where a run computes is decided by what this process may use."""

from __future__ import annotations

import os

import pytest

from core.training.device import default_threads


def test_one_of_the_cores_that_this_process_may_use_is_left_free(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(os, "cpu_count", lambda: 64)
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: {0, 3, 5}, raising=False)
    assert default_threads() == 2
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: {7}, raising=False)
    assert default_threads() == 1
    monkeypatch.delattr(os, "sched_getaffinity")
    assert default_threads() == 63
