"""Preloaded by a fork server: everything a training process needs is imported once, and children start in no time.

No thread is left behind, and no gradient is computed here: torch refuses that in children of a process that did.
"""

from __future__ import annotations

import tempfile
from pathlib import Path

import core.store.migrations
import core.studies.runner
import core.studies.workbench  # noqa: F401
import tests.faults.training_child  # noqa: F401
from core.training.run import Run
from tests.experiments import everything, points

with tempfile.TemporaryDirectory() as folder:
    for experiment in (everything(), points()):
        Run(experiment, Path(folder)).train(until=0)
