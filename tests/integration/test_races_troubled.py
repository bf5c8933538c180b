"""What goes wrong with a comparison, or is asked of it at an awkward moment: what it costs, and what stays possible."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import Any

import pytest

from core.errors import Refused
from core.experiment import Experiment
from core.studies.contest import Contest
from core.studies.replay import recorded_conditions
from core.studies.sinks import StoreSink
from core.studies.workbench import Workbench
from core.text import Text
from core.training.run import Run
from core.training.weights import weights_sha256
from tests.experiments import POINTS
from tests.integration.test_races import LONG, bench, meta, of, steps
from tests.polling import until

__all__ = ["bench"]


def handed_over(bench: Workbench, monkeypatch: pytest.MonkeyPatch, *kinds: str) -> str:
    """A comparison that was told these commands when its search was over and its race had not begun."""
    inside, go_on, after = threading.Event(), threading.Event(), Contest._race_after

    def held(self: Contest, search: Any) -> None:
        inside.set()
        assert go_on.wait(30)
        after(self, search)

    monkeypatch.setattr(Contest, "_race_after", held)
    study = bench.start_comparison(of(POINTS, rates="own"), pace="max")
    assert inside.wait(60)
    for kind in kinds:
        bench.command_comparison(study, kind)
    go_on.set()
    return study


def test_a_stop_between_the_search_and_the_race_ends_it(bench: Workbench, monkeypatch: pytest.MonkeyPatch):
    study = handed_over(bench, monkeypatch, "stop")
    bench.wait_comparison(study, 30)
    assert meta(bench, study)["state"] == "stopped"
    assert [(run.state, run.step) for run in bench.runs_of(study)] == [("stopped", 0)] * 2


def test_commands_between_the_search_and_the_race_are_done_in_order(bench: Workbench, monkeypatch: pytest.MonkeyPatch):
    study = handed_over(bench, monkeypatch, "pause", "step")
    until(lambda: meta(bench, study)["state"] == "paused" and steps(bench, study) == [1, 1])
    bench.command_comparison(study, "start")
    bench.wait_comparison(study, 30)
    assert {run.state for run in bench.runs_of(study)} == {"finished"}


@pytest.mark.parametrize("is_over", [True, False], ids=["over", "going on"])
def test_runs_that_could_not_join_again_can_be_extended_and_deleted(
    bench: Workbench, monkeypatch: pytest.MonkeyPatch, is_over: bool
):
    vary = ["epochs=2,3,4" + ("" if is_over else ",100000")]
    study = bench.start_comparison(of(POINTS, vary), pace="max")
    until(lambda: [run.state for run in bench.runs_of(study)][:3] == ["finished"] * 3)
    if is_over:
        bench.wait_comparison(study, 30)
    begin, asked = bench.store.begin_attempt, []

    def refusing(run: str, *arguments: Any, **options: Any) -> int:
        asked.append(run)
        if len(asked) == 2:
            raise Refused(Text("No."), Text("The disk is full."), Text("Make room."))
        return begin(run, *arguments, **options)

    monkeypatch.setattr(bench.store, "begin_attempt", refusing)
    with pytest.raises(Refused, match="disk is full"):
        bench.command_comparison(study, "extend", {"epochs": 1})
    runs = bench.runs_of(study)
    assert [run.state for run in runs[:3]] == ["failed", "finished", "finished"]
    assert not any(bench.is_active(run.id) for run in runs[:3])
    bench.command_comparison(study, "extend", {"epochs": 1})
    until(lambda: [run.state for run in bench.runs_of(study)][:3] == ["finished"] * 3)
    if not is_over:
        bench.command_comparison(study, "stop")
    bench.wait_comparison(study, 30)
    bench.delete_comparison(study)
    assert bench.studies() == ()


@pytest.mark.parametrize("what", ["batch", "rows"])
def test_what_goes_wrong_with_one_row_of_a_stack_ends_that_run_alone(
    bench: Workbench, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, what: str
):
    vary = ["optimizer=sgd,adam,momentum,rmsprop"]
    study = bench.start_comparison(of(POINTS | {"epochs": 40}, vary), pace="max", paused=True)
    until(lambda: meta(bench, study)["state"] == "paused")
    bench.command_comparison(study, "step")
    until(lambda: steps(bench, study) == [1] * 4)
    bad = bench.runs_of(study)[1].id
    job = bench.runner.job(bad)
    assert job is not None
    assert job.run is not None
    if what == "batch":
        feed = job.run.parts.loop.batch_of
        later = job.run.step_count + 3

        def batch_of(step: int) -> Any:
            if step >= later:
                raise OSError("no data")
            return feed(step)

        job.run.parts.loop.batch_of = batch_of
    else:
        store_block = StoreSink.block

        def block(self: StoreSink, run: Run, rows: Any) -> None:
            if self._run == bad:
                raise OSError("no disk")
            store_block(self, run, rows)

        monkeypatch.setattr(StoreSink, "block", block)
    bench.command_comparison(study, "start")
    bench.wait_comparison(study, 30)
    runs = bench.runs_of(study)
    assert [run.state for run in runs] == ["finished", "failed", "finished", "finished"]
    assert "no d" in str(runs[1].reason_text)
    assert {run.facts.engine for run in runs} == {"stacked"}
    for run in runs[:1] + runs[2:]:
        alone = Run(Experiment.from_json(run.experiment), tmp_path, conditions=recorded_conditions(run)).train()
        assert weights_sha256(alone.parts.model) == run.weights_sha256
        assert alone.step_count == run.step == 160


def test_who_was_stopped_alone_stays_out_when_the_comparison_goes_on(data_folder: Path):
    with Workbench.open(data_folder) as bench:
        study = bench.start_comparison(of(LONG, seeds=2), pace="max")
        until(lambda: meta(bench, study)["lanes"] and min(steps(bench, study)) > 1)
        dropped = bench.runs_of(study)[1].id
        bench.command(dropped, "stop")
        stopped_at = bench.wait(dropped, 30).step
        bench.command_comparison(study, "extend", {"epochs": 1})
        assert not bench.is_active(dropped)
        bench.command_comparison(study, "stop")
        bench.wait_comparison(study, 30)
    with Workbench.open(data_folder) as bench:
        for kind, values in (("extend", {"epochs": 1}), ("resume", {})):
            bench.command_comparison(study, kind, values)
            until(lambda: sum(bench.is_active(run.id) for run in bench.runs_of(study)) == 3)
            bench.command_comparison(study, "stop")
            bench.wait_comparison(study, 30)
        run = bench.store.get_run(dropped, actor="local")
        assert (run.state, run.step, run.attempt) == ("stopped", stopped_at, 1)
        assert [run.attempt for run in bench.runs_of(study)] == [3, 1, 3, 3]
