"""What a cluster is sent, and what is said when a process there cannot train; without a cluster."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from unittest.mock import MagicMock
from zipfile import ZipFile

import pytest

from core.executors.choice import has_ray
from core.executors.cluster import NOT_SENT, ROOT, Cluster, imported
from core.executors.training import WorkerLost, lost

pytestmark = pytest.mark.skipif(not has_ray(), reason="Ray is not installed: pip install -r requirements-ray.txt")


@pytest.fixture(autouse=True, scope="module")
def as_a_cluster_imports_it():
    """Other tests of this process may start one."""
    imported()


def test_machines_of_a_cluster_get_this_program_and_neither_its_tests_nor_what_is_installed(tmp_path: Path):
    from ray._private.runtime_env.packaging import create_package

    create_package(str(ROOT), tmp_path / "sent.zip", include_gitignore=True, excludes=[*NOT_SENT])
    with ZipFile(tmp_path / "sent.zip") as sent:
        names = sent.namelist()
    assert "core/executors/worker.py" in names
    assert {name.partition("/")[0] for name in names} & {"tests", "bench", "docs", ".venv", ".git"} == set()


def test_a_worker_that_was_asked_for_ends_when_waiting_for_it_fails(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    import ray
    from ray.exceptions import RayError

    made, ended = SimpleNamespace(__ray_ready__=MagicMock()), []
    actors = MagicMock()
    actors.options().remote.return_value = made
    cluster = Cluster(tmp_path)
    monkeypatch.setattr(ray, "remote", lambda _: actors)
    monkeypatch.setattr(ray, "wait", MagicMock(side_effect=RayError("the head is gone")))
    monkeypatch.setattr(cluster, "_total", lambda resource: 0.0)
    monkeypatch.setattr(cluster, "end", ended.append)
    with pytest.raises(RayError):
        cluster._free_worker(lambda: True)
    assert ended == [made]


def test_a_process_that_cannot_load_the_program_is_not_tried_again():
    from ray.exceptions import ActorDiedError, RayTaskError

    cause = RayTaskError("Worker.__init__", "Traceback\nModuleNotFoundError: No module named 'torch'", ImportError())
    cause._actor_id = "1"
    error = lost(ActorDiedError(cause))
    assert not isinstance(error, WorkerLost)
    assert "No module named 'torch'" in str(error.why)
    assert isinstance(lost(ActorDiedError()), WorkerLost)


def test_what_ended_a_process_of_several_is_named():
    from ray.exceptions import RayTaskError

    error = lost(RayTaskError("Crew.train", "Traceback\nValueError: no such row", ValueError()))
    assert isinstance(error, WorkerLost)
    assert str(error.why) == "Ray says: ValueError: no such row"
