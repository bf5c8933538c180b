"""Landscapes for a page: what a channel tells, what is computed once, and several runs on one plane."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
import pytest

from core.catalog.faults import sealed
from core.errors import BadInput, Refused
from core.landscape.asked import Asked, CurvatureRequest, LineRequest, SurfaceRequest
from core.landscape.measured import Measured
from core.pieces import worked_off
from core.studies import landscape_jobs
from core.studies.landscapes import network_surface
from core.studies.network_curvature import network_curvature
from core.studies.workbench import Workbench
from tests.experiments import points
from tests.landscape_channels import SMALL, ended, held, trained, two_trained
from tests.polling import until


@contextmanager
def news_of(bench: Workbench, monkeypatch: pytest.MonkeyPatch) -> Iterator[list[dict[str, Any]]]:
    """All that is told on channels of the hub meanwhile."""
    heard: list[dict[str, Any]] = []
    tell = bench.hub.update

    def hear(channel: str, **meta: Any) -> None:
        heard.append({"channel": channel, **meta})
        tell(channel, **meta)

    with monkeypatch.context() as patch:
        patch.setattr(bench.hub, "update", hear)
        yield heard


def surface_here(bench: Workbench, run: str, asked: Asked, step: int | None = None) -> dict[str, Any]:
    """The same surface as the command line computes it."""
    record = bench.store.get_run(run, actor="local")
    return worked_off(network_surface(bench.store, bench.folder, [record], step, asked)).to_json()


# -- one surface -----------------------------------------------------------------------------------------------------


def test_a_surface_is_told_picture_by_picture_and_equals_that_of_the_command_line(
    bench: Workbench, monkeypatch: pytest.MonkeyPatch
):
    run, asked = trained(bench, points()), Asked("pca", 65, 40)
    with news_of(bench, monkeypatch) as heard:
        meta = ended(bench, SurfaceRequest((run,), None, asked))
    assert [told["grid"]["resolution"] for told in heard if "grid" in told] == [9, 17, 33, 65]
    assert [told["state"] for told in heard if "state" in told] == ["running", "finished"]
    shares = [told["progress"] for told in heard if "progress" in told]
    assert shares == sorted(shares)
    assert (meta["kind"], meta["run"], meta["step"], meta["reason"], meta["progress"]) == ("surface", run, 16, None, 1)
    expected = surface_here(bench, run, asked)
    for name in ("alpha", "beta", "loss"):
        np.testing.assert_array_equal(meta["grid"][name], np.array(expected[name], np.float32))
    assert meta["grid"]["loss"].shape == (65, 65)
    (path,) = meta["paths"]
    assert (path["run"], path["slot"], path["same_start"]) == (run, 0, True)
    assert path["step"] == [point["step"] for point in expected["path"]]
    for name in ("alpha", "beta", "surface_loss", "true_loss", "off_plane"):
        np.testing.assert_array_equal(path[name], np.array([point[name] for point in expected["path"]], np.float32))
    facts = meta["facts"]
    assert (facts["loss"], facts["sample_hash"]) == (expected["center_loss"], expected["sample_hash"])
    assert (facts["num_parameters"], facts["num_samples"], facts["batch_norm"]) == (42, 40, None)
    assert meta["explained_variance"] == expected["explained_variance"]
    assert (meta["plane"]["kind"], meta["plane"]["eigenvalues"]) == ("pca", None)


def test_the_same_request_is_computed_once(bench: Workbench, monkeypatch: pytest.MonkeyPatch):
    run = trained(bench, points())
    request = SurfaceRequest((run,), 4, SMALL)
    channel = bench.landscape(request)
    assert bench.landscape(request) == channel
    until(lambda: bench.hub.meta(channel)["state"] == "finished")
    with news_of(bench, monkeypatch) as heard:
        assert bench.landscape(request) == channel
        assert bench.landscape(SurfaceRequest((run,), 8, SMALL)) != channel
        assert bench.landscape(SurfaceRequest((run,), 4, Asked(resolution=9, samples=39))) != channel
    assert bench.hub.meta(channel)["state"] == "finished"
    assert "grid" in bench.hub.meta(channel)
    assert channel not in {told["channel"] for told in heard}


def test_only_so_many_landscapes_are_kept(bench: Workbench, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(landscape_jobs, "MOST_CHANNELS", 2)
    run = trained(bench, points())
    requests = [SurfaceRequest((run,), step, SMALL) for step in (0, 4, 8)]
    with held(bench):
        first, second, third = [bench.landscape(request) for request in requests]
        assert [bench.hub.meta(channel)["state"] for channel in (first, second, third)] == ["queued"] * 3
    until(lambda: all(bench.hub.meta(channel)["state"] == "finished" for channel in (first, second, third)))
    # Now that they are over, the one not asked for since longest goes.
    assert bench.landscape(requests[0]) == first
    assert (bench.hub.meta(first)["state"], bench.hub.meta(second)) == ("finished", {})
    assert not bench.hub.known(second)
    assert bench.landscape(requests[1]) == second
    until(lambda: bench.hub.meta(second)["state"] == "finished")


def test_nobody_pushes_out_what_another_person_has_asked_for(bench: Workbench, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(landscape_jobs, "MOST_CHANNELS", 1)

    def shown(actor: str, step: int) -> str:
        channel = bench.landscape(SurfaceRequest((runs[actor],), step, SMALL), actor=actor)
        until(lambda: bench.hub.meta(channel)["state"] == "finished")
        return channel

    runs = {actor: bench.start(points(), pace="max", actor=actor) for actor in ("one", "other")}
    for run in runs.values():
        bench.runner.wait(run, 100)
    bench.store.flush()
    first = shown("one", 0)
    second, third, fourth = (shown("other", step) for step in (0, 4, 8))
    assert [channel in bench.hub.runs() for channel in (first, second, third, fourth)] == [True, False, True, True]


def test_a_finer_picture_takes_over_what_is_known(bench: Workbench, monkeypatch: pytest.MonkeyPatch):
    run = trained(bench, points())
    coarse = ended(bench, SurfaceRequest((run,), None, Asked(resolution=17, samples=40)))

    def opened_again(*arguments: Any) -> Any:
        raise AssertionError("the run is opened again")

    monkeypatch.setattr(landscape_jobs, "network_surface", opened_again)
    with news_of(bench, monkeypatch) as heard:
        fine = ended(bench, SurfaceRequest((run,), None, Asked(resolution=65, samples=40)))
    assert fine["state"] == "finished"
    assert [told["grid"]["resolution"] for told in heard if "grid" in told] == [17, 33, 65]
    np.testing.assert_array_equal(fine["grid"]["loss"][::4, ::4], coarse["grid"]["loss"])
    assert (fine["facts"], fine["plane"]) == (coarse["facts"], coarse["plane"])
    np.testing.assert_array_equal(fine["paths"][0]["true_loss"], coarse["paths"][0]["true_loss"])
    # One that has other points a side is still on the same plane.
    other = ended(bench, SurfaceRequest((run,), None, Asked(resolution=11, samples=40)))
    assert other["grid"]["loss"][5, 5] == pytest.approx(coarse["facts"]["loss"], rel=1e-5)


# -- several runs ----------------------------------------------------------------------------------------------------


@pytest.fixture
def pair(bench: Workbench) -> tuple[str, str]:
    return two_trained(bench)


@pytest.mark.parametrize("plane", ["random", "pca", "ends", "hessian"])
def test_the_paths_of_several_runs_lie_on_one_plane(plane: Any, bench: Workbench, pair: tuple[str, str]):
    meta = ended(bench, SurfaceRequest(pair, None, Asked(plane, 9, 40)))
    assert meta["state"] == "finished", meta["reason"]
    first, second = meta["paths"]
    assert [(path["run"], path["name"], path["slot"], path["same_start"]) for path in (first, second)] == [
        (pair[0], "adam", 0, True),
        (pair[1], "sgd", 1, True),
    ]
    assert first["step"][0] == second["step"][0] == 0
    assert first["true_loss"][0] == second["true_loss"][0]
    # Each by the one function, on the one sample.
    for path, run in ((first, pair[0]), (second, pair[1])):
        other = Measured(bench.state_at(run, 16), samples=40)
        assert other.sample_hash == meta["facts"]["sample_hash"]
        assert path["true_loss"][path["step"].index(16)] == pytest.approx(other.loss_here, rel=1e-6)
    assert 0 < meta["explained_variance"] <= 1
    if plane == "ends":
        extent = float(np.abs(second["beta"]).max())
        assert max(first["off_plane"][0], first["off_plane"][-1], second["off_plane"][-1]) < 1e-5 * extent
        (note,) = meta["notes"]
        assert "the first weights of “adam” and the end of “sgd”" in str(note)
    if plane == "pca":
        alone = ended(bench, SurfaceRequest(pair[:1], None, Asked(plane, 9, 40)))
        assert alone["plane"]["reach"] != meta["plane"]["reach"]


def test_another_seed_starts_elsewhere_and_another_loss_is_said(bench: Workbench, pair: tuple[str, str]):
    other = trained(bench, points(seed=5, loss="squared_error"), name="squares")
    meta = ended(bench, SurfaceRequest((pair[0], other), None, SMALL))
    assert [path["same_start"] for path in meta["paths"]] == [True, False]
    assert "with which “adam” is trained" in str(meta["notes"][0])


def test_the_loss_that_a_sealed_fault_puts_in_place_of_the_chosen_one_is_not_named(bench: Workbench):
    runs = trained(bench, points()), trained(bench, points(sealed=sealed("softmax_on_top")))
    for pair in (runs, runs[::-1]):
        meta = ended(bench, SurfaceRequest(pair, None, SMALL))
        assert (meta["state"], list(meta["notes"])) == ("finished", [])


def test_dropout_keeps_nobody_from_a_surface(bench: Workbench):
    network = {"key": "mlp", "widths": [8]}
    runs = trained(bench, points()), trained(bench, points(architecture=network, regularizers=["dropout"]))
    assert len(ended(bench, SurfaceRequest(runs, None, SMALL))["paths"]) == 2


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"architecture": {"key": "mlp", "widths": [9]}}, "9"),
        ({"architecture": {"key": "mlp", "widths": [8], "activation": "tanh"}}, "tanh and ReLU"),
        ({"dataset": {"key": "moons", "n": 65}}, "65"),
        ({"split_seed": 3}, "3"),
    ],
)
def test_runs_that_differ_in_network_or_data_are_refused_by_name(
    changes: dict[str, Any], said: str, bench: Workbench, pair: tuple[str, str]
):
    other = trained(bench, points(**changes), name="other")
    for request in (SurfaceRequest((pair[0], other), None, SMALL), LineRequest((pair[0], other))):
        with pytest.raises(Refused, match="“other” cannot be shown together with “adam”") as refused:
            bench.landscape(request)
        assert said in str(refused.value.why)


@pytest.mark.parametrize(
    ("request_of", "said"),
    [
        (lambda run: SurfaceRequest((run,), 17), "0 to 16"),
        (lambda run: SurfaceRequest(("nobody",)), "nobody"),
        (lambda run: SurfaceRequest(()), "at least one run"),
        (lambda run: SurfaceRequest((run, run)), "each once"),
        (lambda run: LineRequest((run, "a", "b")), "at most 2"),
        (lambda run: LineRequest((run,), 0), "no update before the first"),
        (lambda run: CurvatureRequest(run, -1), "0 to 16"),
    ],
)
def test_what_cannot_be_is_said_at_once(request_of: Any, said: str, bench: Workbench, pair: tuple[str, str]):
    with pytest.raises(BadInput, match=said):
        bench.landscape(request_of(pair[0]))


# -- lines and curvature ---------------------------------------------------------------------------------------------


def test_a_line_between_two_runs(bench: Workbench, pair: tuple[str, str]):
    meta = ended(bench, LineRequest(pair))
    line = meta["line"]
    assert (meta["state"], meta["kind"], line["kind"], line["ends"]) == ("finished", "line", "between", [0, 1])
    ends = [Measured(bench.state_at(run, 16)).loss_here for run in pair]
    at_ends = [line["loss"][np.flatnonzero(line["t"] == t)[0]] for t in (0, 1)]
    assert at_ends == pytest.approx(ends, rel=1e-6)
    assert [str(name) for name in line["names"]] == ["“adam” after update 16", "“sgd” after update 16"]
    assert line["barrier"] >= 0
    assert line["bottom"]["loss"] == pytest.approx(float(line["loss"].min()), rel=1e-6)


def test_the_line_along_an_update(bench: Workbench, pair: tuple[str, str]):
    meta = ended(bench, LineRequest(pair[1:], 7))
    line = meta["line"]
    assert (line["kind"], line["step"], line["barrier"]) == ("update", 7, None)
    for t, step in ((0, 6), (1, 7)):
        expected = Measured(bench.state_at(pair[1], step)).loss_here
        assert line["loss"][np.flatnonzero(line["t"] == t)[0]] == pytest.approx(expected, rel=1e-6)
    assert meta["facts"]["loss"] == pytest.approx(Measured(bench.state_at(pair[1], 6)).loss_here, rel=1e-6)
    assert ended(bench, LineRequest(pair[1:]))["line"]["step"] == 16


def test_the_update_that_ends_a_run_is_measured_before_the_best_weights_come_back(bench: Workbench):
    stopping = {"key": "early_stopping", "patience": 1}
    run = trained(bench, points(optimizer={"key": "sgd", "lr": 30.0}, epochs=40, regularizers=[stopping]))
    last = bench.store.get_run(run, actor="local").step
    assert last < 160
    line = ended(bench, LineRequest((run,)))["line"]
    before, after = (line["loss"][np.flatnonzero(line["t"] == t)[0]] for t in (0, 1))
    state = bench.state_at(run, last - 1)
    assert before == pytest.approx(Measured(state).loss_here, rel=1e-6)
    state.step()
    assert after == pytest.approx(Measured(state).loss_here, rel=1e-6)


def test_the_curvature_equals_that_of_the_command_line(bench: Workbench, pair: tuple[str, str]):
    meta = ended(bench, CurvatureRequest(pair[0], 8, 40))
    record = bench.store.get_run(pair[0], actor="local")
    expected = worked_off(network_curvature(bench.store, bench.folder, record, 8, 40)).to_json()
    found = meta["found"]
    assert (meta["kind"], meta["step"], found["num_products"]) == ("curvature", 8, 42)
    for name in ("top", "bottom", "residual", "negative_share", "gradient_norm", "loss"):
        assert found[name] == expected[name]
    for name, column in found["spectrum"].items():
        assert column.tolist() == expected["spectrum"][name]
