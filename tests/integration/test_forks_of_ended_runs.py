"""A run that was stopped or has diverged can be branched; what it had measured by then is part of the branch."""

from __future__ import annotations

from pathlib import Path

from core.studies.workbench import Workbench
from core.training.events import Event
from core.training.weights import weights_sha256
from tests.experiments import points, trained
from tests.integration.test_forks import LONG, events, finished, forked, seen
from tests.polling import until


def test_an_ended_run_is_forked_at_its_end_and_goes_on(bench: Workbench, tmp_path: Path):
    run = bench.start(points(**LONG), pace="max")
    until(lambda: (job := bench.runner.job(run)) is not None and job.run is not None and job.run.step_count > 20)
    bench.command(run, "stop")
    parent = bench.wait(run, 100)
    fork = bench.fork(run, None, pace="max")
    until(
        lambda: (job := bench.runner.job(fork)) is not None and job.run is not None and job.run.step_count > parent.step
    )
    bench.command(fork, "stop")
    assert bench.wait(fork, 100).step > parent.step


def test_what_a_stop_had_measured_early_stopping_knows_in_a_fork_and_in_its_replay(bench: Workbench, tmp_path: Path):
    stopping = [{"key": "early_stopping", "patience": 1}]
    optimizer = {"key": "sgd", "lr": 0.5}
    experiment = points(evaluate_every=4, regularizers=stopping, epochs=20, optimizer=optimizer, seed=2)
    run = bench.start(experiment, pace="max", paused=True)
    for _ in range(3):
        bench.command(run, "step")
    until(lambda: (job := bench.runner.job(run)) is not None and job.run is not None and job.run.step_count == 3)
    bench.command(run, "stop")
    assert bench.wait(run, 100).step == 3
    fork = forked(bench, run, 3)
    ends = [values["best_step"] for _, kind, values in events(bench, fork.id, recipe=False) if kind == "early_stop"]
    assert ends == [3], "no later update is as good, and only because of the stop was this one measured"
    assert events(bench, fork.id) == [(3, "stop", {}), (3, "continue", {})]
    assert [event["kind"] for event in seen(bench.hub, fork.id).events] == ["fork", "early_stop"]
    recipe = [Event(step, kind, values) for step, kind, values in events(bench, fork.id)]
    expected, _ = trained(experiment, tmp_path, recipe=recipe)
    assert fork.weights_sha256 == weights_sha256(expected.parts.model)
    bench.resume(run, pace="max")
    assert bench.wait(run, 100).weights_sha256 == fork.weights_sha256


def test_a_diverged_run_is_forked_before_it_diverged_and_comes_through_with_a_smaller_rate(bench: Workbench):
    parent = finished(bench, points(optimizer={"key": "sgd", "lr": 1e30}, precision="float32"))
    assert parent.state == "diverged"
    at = parent.answer["steps"]
    assert forked(bench, parent.id, None).state == "diverged"
    rescued = forked(bench, parent.id, at if at == 0 else 0, {"optimizer.lr": 0.1})
    assert rescued.state == "finished"
