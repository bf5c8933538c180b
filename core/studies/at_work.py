"""What is kept of the runs of this process while they go on, and for a while after that."""

from __future__ import annotations

import threading
from dataclasses import dataclass

from core.studies.snapshots import SnapshotWriter
from core.training.job import TrainingJob

MAX_ENDED = 64
"""Of so many runs it is kept how they ended here, for whoever still waits for one."""


@dataclass
class Active:
    """A run that this process is at work on."""

    job: TrainingJob
    snapshots: SnapshotWriter


@dataclass(frozen=True)
class Ended:
    """How a run ended here, without its weights."""

    over: threading.Event
    error: BaseException | None
    snapshots: SnapshotWriter
