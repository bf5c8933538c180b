"""Landscapes for a page: how one ends, with what is missing, damaged, deleted or given up."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from core.errors import BadInput
from core.landscape.asked import Asked, CurvatureRequest, SurfaceRequest
from core.studies import landscape_jobs, loading
from core.studies.workbench import Workbench
from core.text import Text
from tests.experiments import images, points
from tests.landscape_channels import OVER, SMALL, ended, held, trained, two_trained
from tests.polling import until


@pytest.fixture
def pair(bench: Workbench) -> tuple[str, str]:
    return two_trained(bench)


def test_one_that_is_stopped_ends_soon_and_is_begun_anew_when_asked_again(bench: Workbench):
    run = trained(bench, images())
    request = SurfaceRequest((run,), None, Asked(resolution=257, samples=40))
    channel = bench.landscape(request)
    until(lambda: "grid" in bench.hub.meta(channel))
    with pytest.raises(BadInput, match="takes no “pause”"):
        bench.command(channel, "pause")
    bench.command(channel, "stop")
    assert bench.hub.meta(channel)["state"] == "stopped"
    assert len(bench.hub.meta(channel)["grid"]["alpha"]) < 257
    bench.runner.compute.call(lambda: None).result(100)
    bench.command(channel, "stop")
    assert bench.landscape(request) == channel
    assert bench.hub.meta(channel)["state"] in ("queued", "running")
    bench.command(channel, "stop")


def test_one_that_waits_can_be_stopped(bench: Workbench):
    run = trained(bench, points())
    with held(bench):
        channel = bench.landscape(SurfaceRequest((run,), None, SMALL))
        bench.command(channel, "stop")
        assert bench.hub.meta(channel)["state"] == "stopped"
    assert ended(bench, SurfaceRequest((run,), None, SMALL))["state"] == "finished"


def test_of_one_person_the_two_asked_for_last_are_worked_on_and_the_others_rest(bench: Workbench):
    run = trained(bench, points())
    requests = [SurfaceRequest((run,), step, SMALL) for step in (0, 4, 8, 12)]
    with held(bench):
        channels = [bench.landscape(request) for request in requests]

        def waiting() -> list[bool]:
            return [str(bench.hub.meta(channel)["doing"]) == "Waiting for its turn" for channel in channels]

        assert waiting() == [True, True, False, False]
        bench.command(channels[3], "stop")
        assert waiting()[:3] == [True, False, False]
        assert bench.landscape(requests[0]) == channels[0]
        assert waiting()[:3] == [False, True, False], "what is looked at again goes first"
    until(lambda: all(bench.hub.meta(channel)["state"] == "finished" for channel in channels[:3]))
    assert bench.hub.meta(channels[3])["state"] == "stopped"


def test_a_picture_that_takes_long_does_not_keep_the_next_ones_waiting(bench: Workbench):
    slow, quick = trained(bench, images()), trained(bench, points())
    large = [SurfaceRequest((slow,), step, Asked(resolution=257, samples=40)) for step in (0, 1)]
    long = [bench.landscape(request) for request in large]
    until(lambda: all("grid" in bench.hub.meta(channel) for channel in long))
    ones = [bench.landscape(SurfaceRequest((quick,), step, SMALL)) for step in (0, 4)]
    until(lambda: all(bench.hub.meta(channel)["state"] == "finished" for channel in ones))
    assert [bench.hub.meta(channel)["state"] for channel in long] == ["running", "running"]
    known = [bench.hub.meta(channel)["progress"] for channel in long]
    until(
        lambda: all(bench.hub.meta(channel)["progress"] > before for channel, before in zip(long, known, strict=True)),
        30,
    )
    for channel in long:
        bench.command(channel, "stop")


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (BadInput(Text("The loss has no curvature here."), Text("Why."), Text("Fix.")), "The loss has no curvature"),
        (ZeroDivisionError("by zero"), "It could not be measured: ZeroDivisionError: by zero"),
        (RuntimeError("DefaultCPUAllocator: can't allocate memory"), "the memory is too small for it. Fewer samples"),
    ],
)
def test_one_that_fails_says_why_and_is_tried_again(
    error: Exception, said: str, bench: Workbench, monkeypatch: pytest.MonkeyPatch
):
    run = trained(bench, points())

    def failing(*arguments: Any) -> Iterator[None]:
        raise error
        yield

    with monkeypatch.context() as patch:
        patch.setattr(landscape_jobs, "network_curvature", failing)
        meta = ended(bench, CurvatureRequest(run))
    assert meta["state"] == "failed"
    assert said in str(meta["reason"])
    meta = ended(bench, CurvatureRequest(run))
    assert (meta["state"], meta["reason"]) == ("finished", None)


def test_a_run_that_is_deleted_meanwhile_ends_what_is_measured_and_nothing_of_it_is_shown_again(bench: Workbench):
    run, other = trained(bench, points()), trained(bench, points(seed=1))
    asked = SurfaceRequest((other, run), None, Asked("hessian", 65, 40))
    with held(bench):
        channel = bench.landscape(asked)
        bench.delete(run)
    until(lambda: bench.hub.meta(channel)["state"] in OVER)
    meta = bench.hub.meta(channel)
    assert meta["state"] == "finished"
    assert [path["run"] for path in meta["paths"]] == [other]
    assert "no snapshot" in str(meta["notes"][0])
    with pytest.raises(BadInput, match="There is no run"):
        bench.landscape(asked)


def test_one_without_its_data_fails_and_the_next_one_has_its_turn(bench: Workbench, monkeypatch: pytest.MonkeyPatch):
    run = trained(bench, points())
    missing = BadInput(Text("The data are gone."), Text("Why."), Text("Fix."))

    def not_there(*arguments: Any) -> None:
        raise missing

    with monkeypatch.context() as patch:
        patch.setattr(loading, "resident", not_there)
        channels = [bench.landscape(SurfaceRequest((run,), step, SMALL)) for step in (0, 4, 8)]
        until(lambda: all(bench.hub.meta(channel)["state"] == "failed" for channel in channels))
    assert str(bench.hub.meta(channels[2])["reason"]).startswith("The data are gone.")
    assert ended(bench, SurfaceRequest((run,), 8, SMALL))["state"] == "finished"


def test_a_damaged_snapshot_is_noted_and_the_path_goes_on_without_it(bench: Workbench, pair: tuple[str, str]):
    path = bench.folder.snapshots(pair[1]) / "step-0000000000.safetensors"
    path.write_bytes(path.read_bytes()[:-1] + b"x")
    meta = ended(bench, SurfaceRequest(pair, None, SMALL))
    assert "“sgd”: The snapshot of update 0 is damaged." in str(meta["notes"][0])
    assert (0 in meta["paths"][0]["step"], 0 in meta["paths"][1]["step"]) == (True, False)
    assert meta["paths"][1]["same_start"] is None


def test_a_run_without_any_snapshot_has_no_path_and_that_is_said(bench: Workbench, pair: tuple[str, str]):
    for path in bench.folder.snapshots(pair[1]).iterdir():
        path.unlink()
    meta = ended(bench, SurfaceRequest(pair, None, Asked("ends", 9, 40)))
    assert meta["state"] == "finished"
    assert [path["run"] for path in meta["paths"]] == [pair[0]]
    assert any("“sgd” has no snapshot yet" in str(note) for note in meta["notes"])


def test_a_running_run_is_measured_with_the_snapshots_so_far(bench: Workbench):
    run = bench.start(points(epochs=100_000), pace="max")

    def last_when_paused_after(step: int) -> int:
        """The update of the last path point, after a pause that has left a snapshot later than `step`."""
        until(lambda: bench.store.get_run(run, actor="local").step > step)
        bench.command(run, "pause")
        until(lambda: any(entry.step > step for entry in bench.store.snapshots(run)))
        meta = ended(bench, SurfaceRequest((run,), 4, SMALL))
        assert (meta["state"], meta["step"]) == ("finished", 4)
        bench.command(run, "resume")
        return meta["paths"][0]["step"][-1]

    # Both ask for the same checkpoint: the second picture is a new one, because more is known.
    first = last_when_paused_after(20)
    assert first > 20
    assert last_when_paused_after(first) > first
    bench.command(run, "stop")


def test_closing_the_program_ends_what_is_measured(data_folder: Path):
    with Workbench.open(data_folder) as bench:
        run = trained(bench, images())
        asked = [Asked(resolution=257, samples=40, seed=seed) for seed in range(3)]
        channels = [bench.landscape(SurfaceRequest((run,), None, each)) for each in asked]
        until(lambda: bench.hub.meta(channels[-1])["state"] == "running")
    until(lambda: all(bench.hub.meta(channel)["state"] in ("stopped", "failed") for channel in channels))
