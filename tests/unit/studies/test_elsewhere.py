"""What a worker of a cluster builds of its orders, and where it computes."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any
from unittest.mock import MagicMock, call

import pytest

from core.executors.outbox import Outbox
from core.studies.elsewhere import Attempted, Elsewhere, Place, RunOrder
from core.studies.seat import Seat
from core.training.assembly import conditions_of
from core.training.race import RaceJob
from core.training.resident import host_samples
from core.training.run import Run
from tests.experiments import points


def test_orders_for_one_data_set_share_its_samples_in_a_worker(tmp_path: Path):
    """Else every run would leave a copy of them behind, on a GPU in its memory."""
    samples = host_samples(Run(points(), tmp_path).parts.data)
    made = [
        RunOrder(
            points(seed=seed).to_json(),
            own=(),
            conditions=conditions_of(points()),
            attempt=Attempted(1, (), None, ()),
            run="run",
            actor="local",
            pace="max",
            paused=False,
            curvature_every=0,
            is_watched=False,
            hashes=False,
            processes=1,
        ).built(samples)
        for seed in (0, 1)
    ]
    assert made[0].parts.data is made[1].parts.data
    assert made[0].parts.data.inputs.data_ptr() == samples.inputs.ctypes.data


@pytest.mark.parametrize(("processes", "device"), [(1, "cuda"), (2, "cpu")])
def test_processes_that_share_a_run_compute_on_cores_which_is_all_they_are_given(processes: int, device: str):
    cluster: Any = SimpleNamespace(device="cuda")
    seat = Seat(RaceJob([], lambda: None), None, (0, 0), lambda run: None, cluster=cluster, processes=processes)
    assert (seat.conditions(points()).device, seat.conditions(points()).threads) == (device, 1)


def test_a_state_that_a_worker_tells_is_on_the_disk_before_its_next_news():
    store, outbox = MagicMock(), Outbox()
    place = Place(MagicMock(), store, None, MagicMock())
    there = Elsewhere(MagicMock(), place, "run", points(), conditions_of(points()), "local", Attempted(1, (), None, ()))
    told = outbox.to("store")
    told.append_steps("run", 1, {})
    told.queue_state("run", "running", actor="local")
    for each in outbox.take():
        each.to(there.targets["store"])
    assert store.mock_calls == [call.append_steps("run", 1, {}), call.set_state("run", "running", actor="local")]
