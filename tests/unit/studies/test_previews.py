"""Untrained networks are measured for viewers, and nothing is begun when the program ends."""

from __future__ import annotations

from concurrent.futures import Future
from pathlib import Path

import pytest

from core.live.hub import Hub
from core.studies.previews import PreviewJob
from core.training.compute import Compute
from tests.experiments import points


def test_data_that_come_when_the_program_ends_start_nothing(tmp_path: Path, caplog: pytest.LogCaptureFixture):
    compute, data = Compute(), Future()
    PreviewJob(points(), tmp_path, Hub(), "preview", lambda *_: data, compute).open()
    compute.close()
    data.set_result(None)
    assert caplog.records == [], "what a callback of a future raises is only logged"
