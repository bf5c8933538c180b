"""What goes wrong with a comparison, or is asked of it at an awkward moment: what it costs, and what stays possible."""

from __future__ import annotations

import gc
import threading
import weakref
from concurrent.futures import Future
from pathlib import Path
from typing import Any

import pytest
import torch

from core.errors import BadInput, Refused
from core.experiment import Experiment
from core.studies import races
from core.studies.comparison_report import comparison_report
from core.studies.contest import Contest
from core.studies.outcomes import verdict_of
from core.studies.race_table import study_table
from core.studies.replay import recipe_of, recorded_conditions
from core.studies.sinks import StoreSink
from core.studies.study import study_channel
from core.studies.workbench import Workbench
from core.text import Text
from core.training.run import Run
from core.training.weights import weights_sha256
from tests.experiments import POINTS
from tests.integration.test_races import LONG, meta, of, steps
from tests.polling import until


def handed_over(bench: Workbench, monkeypatch: pytest.MonkeyPatch, *kinds: str) -> str:
    """A comparison that was told these commands when its search was over and its race had not begun."""
    inside, go_on, after = threading.Event(), threading.Event(), Contest._race_after

    def held(self: Contest, search: Any) -> None:
        inside.set()
        assert go_on.wait(100)
        after(self, search)

    monkeypatch.setattr(Contest, "_race_after", held)
    study = bench.start_comparison(of(POINTS, rates="own"), pace="max")
    assert inside.wait(100)
    for kind in kinds:
        bench.command_comparison(study, kind)
    go_on.set()
    return study


def test_a_stop_between_the_search_and_the_race_ends_it(bench: Workbench, monkeypatch: pytest.MonkeyPatch):
    study = handed_over(bench, monkeypatch, "stop")
    bench.wait_comparison(study, 100)
    assert meta(bench, study)["state"] == "stopped"
    assert [(run.state, run.step) for run in bench.runs_of(study)] == [("stopped", 0)] * 2


def test_commands_between_the_search_and_the_race_are_done_in_order(bench: Workbench, monkeypatch: pytest.MonkeyPatch):
    study = handed_over(bench, monkeypatch, "pause", "step")
    until(lambda: meta(bench, study)["state"] == "paused" and steps(bench, study) == [1, 1])
    bench.command_comparison(study, "start")
    bench.wait_comparison(study, 100)
    assert {run.state for run in bench.runs_of(study)} == {"finished"}


@pytest.mark.parametrize("is_over", [True, False], ids=["over", "going on"])
def test_runs_that_could_not_join_again_can_be_extended_and_deleted(
    bench: Workbench, monkeypatch: pytest.MonkeyPatch, is_over: bool
):
    vary = ["epochs=2,3,4" + ("" if is_over else ",100000")]
    study = bench.start_comparison(of(POINTS, vary), pace="max")
    until(lambda: [run.state for run in bench.runs_of(study)][:3] == ["finished"] * 3)
    if is_over:
        bench.wait_comparison(study, 100)
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
    assert [recipe_of(bench.store, run.id) for run in runs] == [[]] * len(runs), "all are extended, or none"
    bench.command_comparison(study, "extend", {"epochs": 1})
    bench.command_comparison(study, "pace", {"pace": "max"})
    until(lambda: [run.state for run in bench.runs_of(study)][:3] == ["finished"] * 3)
    assert [run.step for run in bench.runs_of(study)][:3] == [12, 16, 20]
    until(lambda: [len(recipe_of(bench.store, run.id)) for run in runs] == [1] * len(runs))
    if not is_over:
        bench.command_comparison(study, "stop")
    bench.wait_comparison(study, 100)
    bench.delete_comparison(study)
    assert bench.studies() == ()


@pytest.mark.parametrize("what", ["batch", "optimizer", "rows"])
def test_what_goes_wrong_with_one_row_of_a_stack_ends_that_run_alone(
    bench: Workbench, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, what: str
):
    vary = ["optimizer=sgd,adam,momentum,rmsprop"]
    adam, is_broken = torch._fused_adam_, False

    def update(*arguments: Any, **options: Any) -> None:
        if is_broken:
            raise ArithmeticError("no disk is to blame")
        adam(*arguments, **options)

    monkeypatch.setattr(torch, "_fused_adam_", update)
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
    elif what == "optimizer":
        is_broken = True
    else:
        store_block = StoreSink.block

        def block(self: StoreSink, run: Run, rows: Any) -> None:
            if self._run == bad:
                raise OSError("no disk")
            store_block(self, run, rows)

        monkeypatch.setattr(StoreSink, "block", block)
    bench.command_comparison(study, "start")
    bench.wait_comparison(study, 100)
    runs = bench.runs_of(study)
    assert [run.state for run in runs] == ["finished", "failed", "finished", "finished"]
    assert "no d" in str(runs[1].reason_text)
    assert {run.facts.engine for run in runs} == {"stacked"}
    for run in runs[:1] + runs[2:]:
        alone = Run(Experiment.from_json(run.experiment), tmp_path, conditions=recorded_conditions(run)).train()
        assert weights_sha256(alone.parts.model) == run.weights_sha256
        assert alone.step_count == run.step == 160


def test_a_search_that_fails_says_what_went_wrong_with_one_of_its_rows(
    bench: Workbench, monkeypatch: pytest.MonkeyPatch
):
    def update(*arguments: Any, **options: Any) -> None:
        raise ArithmeticError("no disk is to blame")

    monkeypatch.setattr(torch, "_fused_adam_", update)
    study = bench.start_comparison(of(POINTS, rates="own"), pace="max")
    bench.wait_comparison(study, 100)
    assert meta(bench, study)["state"] == "failed"
    assert str(meta(bench, study)["reason"]) == "It failed: ArithmeticError: no disk is to blame"


def test_who_was_stopped_alone_stays_out_when_the_comparison_goes_on(data_folder: Path):
    with Workbench.open(data_folder) as bench:
        study = bench.start_comparison(of(LONG, seeds=2), pace="max")
        until(lambda: meta(bench, study)["lanes"] and min(steps(bench, study)) > 1)
        dropped = bench.runs_of(study)[1].id
        bench.command(dropped, "stop")
        stopped_at = bench.wait(dropped, 100).step
        bench.command_comparison(study, "extend", {"epochs": 1})
        assert not bench.is_active(dropped)
        bench.command_comparison(study, "stop")
        bench.wait_comparison(study, 100)
    with Workbench.open(data_folder) as bench:
        for kind, values in (("extend", {"epochs": 100_000}), ("resume", {})):
            bench.command_comparison(study, kind, values)
            until(lambda: sum(bench.is_active(run.id) for run in bench.runs_of(study)) == 3)
            bench.command_comparison(study, "stop")
            bench.wait_comparison(study, 100)
        run = bench.store.get_run(dropped, actor="local")
        assert (run.state, run.step, run.attempt) == ("stopped", stopped_at, 1)
        assert [run.attempt for run in bench.runs_of(study)] == [3, 1, 3, 3]


def test_a_comparison_closed_before_its_runs_were_built_keeps_its_engine(
    data_folder: Path, monkeypatch: pytest.MonkeyPatch
):
    comparison = of(POINTS, ["optimizer=sgd,adam,momentum,adadelta"])
    with Workbench.open(data_folder) as bench:
        monkeypatch.setattr(bench.runner.races._services.loading, "load", lambda *_: Future())  # pyright: ignore[reportPrivateUsage]
        study = bench.start_comparison(comparison, pace="max")
    with Workbench.open(data_folder) as bench:
        assert {(run.state, run.step) for run in bench.runs_of(study)} == {("interrupted", 0)}
        bench.command_comparison(study, "resume")
        bench.command_comparison(study, "pace", {"pace": "max"})
        bench.wait_comparison(study, 100)
        assert [(run.state, run.facts.engine) for run in bench.runs_of(study)] == [("finished", "stacked")] * 4


def held_at_its_end(
    bench: Workbench, monkeypatch: pytest.MonkeyPatch, vary: list[str] | None = None
) -> tuple[str, threading.Event]:
    """A comparison whose race is over, and which stores what came out when the event is set."""
    inside, go_on, conclude = threading.Event(), threading.Event(), Contest._conclude

    def held(self: Contest, race: Any) -> None:
        inside.set()
        assert go_on.wait(100)
        conclude(self, race)

    monkeypatch.setattr(Contest, "_conclude", held)
    study = bench.start_comparison(of(POINTS, vary), pace="max")
    assert inside.wait(100)
    return study, go_on


def test_epochs_added_while_the_verdict_is_stored_are_done(bench: Workbench, monkeypatch: pytest.MonkeyPatch):
    study, go_on = held_at_its_end(bench, monkeypatch)
    threading.Timer(0.2, go_on.set).start()
    bench.command_comparison(study, "extend", {"epochs": 1})
    bench.command_comparison(study, "pace", {"pace": "max"})
    bench.wait_comparison(study, 100)
    assert [(run.state, run.step) for run in bench.runs_of(study)] == [("finished", 20)] * 2


def test_what_cannot_wait_for_the_verdict_is_refused(bench: Workbench, monkeypatch: pytest.MonkeyPatch):
    study, go_on = held_at_its_end(bench, monkeypatch)
    monkeypatch.setattr(races, "CONCLUDED_S", 0.0)
    with pytest.raises(Refused, match="still being stored"):
        bench.command_comparison(study, "extend", {"epochs": 1})
    go_on.set()
    bench.wait_comparison(study, 100)
    assert [run.step for run in bench.runs_of(study)] == [16, 16]


def test_a_verdict_that_was_not_stored_before_the_program_ended_is_found_later(
    data_folder: Path,
):
    go_on = threading.Event()
    with Workbench.open(data_folder) as bench:
        study = bench.start_comparison(of(POINTS), pace="max", paused=True)
        until(lambda: meta(bench, study)["state"] == "paused")
        busy = [bench.runner.compute.io.submit(go_on.wait, 30) for _ in range(8)]
        until(busy[3].running)
        bench.command_comparison(study, "start")
        until(lambda: not any(bench.is_active(run.id) for run in bench.runs_of(study)))
        bench.runner.close()
        assert not bench.is_comparing(study), "nobody waits for what nobody does any more"
        go_on.set()
    with Workbench.open(data_folder) as bench:
        record, runs = bench.study(study), bench.runs_of(study)
        assert "verdict" not in record.facts
        assert bench.hub.known(study_channel(study))
        told = meta(bench, study)
        found = verdict_of(bench.store, of(POINTS), runs)
        assert (told["state"], told["verdict"], told["target"]) == ("finished", found.sentences, found.target)
        assert study_table(bench.store, record, runs).target == found.target
        assert str(found.end) in comparison_report(bench.store, record, runs, "en").decode()


def test_a_command_that_was_taken_and_finds_no_race_is_refused_on_the_channel(
    bench: Workbench, monkeypatch: pytest.MonkeyPatch
):
    def failing(self: Contest, search: Any) -> None:
        bench.command_comparison(self.study, "extend", {"epochs": 1})
        raise Refused(Text("No."), Text("The disk is full."), Text("Make room."))

    monkeypatch.setattr(Contest, "_race_after", failing)
    study = bench.start_comparison(of(POINTS, rates="own"), pace="max")
    until(lambda: (meta(bench, study)["applied"] or {}).get("kind") == "extend")
    assert "ended before its first run" in str(meta(bench, study)["applied"]["text"])


def test_a_change_that_no_run_can_take_is_refused_at_once_and_changes_nothing(bench: Workbench):
    study = bench.start_comparison(of(LONG), pace="max")
    until(lambda: meta(bench, study)["lanes"] and min(steps(bench, study)) > 1)
    for values in ({"optimizer.lr": -1.0}, {"architecture": "cnn"}, {"optimizer.none": 1}):
        with pytest.raises(BadInput):
            bench.command_comparison(study, "set", values)
    bench.command_comparison(study, "set", {"optimizer.lr": 0.02})
    bench.command_comparison(study, "stop")
    bench.wait_comparison(study, 100)
    for run in bench.runs_of(study):
        assert [dict(event.values) for event in recipe_of(bench.store, run.id)][:-1] == [{"optimizer.lr": 0.02}]


def test_nothing_keeps_a_comparison_that_is_over_in_memory(bench: Workbench, monkeypatch: pytest.MonkeyPatch):
    made: list[weakref.ref[Contest]] = []
    begin = Contest.begin

    def noted(self: Contest) -> None:
        made.append(weakref.ref(self))
        begin(self)

    monkeypatch.setattr(Contest, "begin", noted)
    study = bench.start_comparison(of(POINTS), pace="max")
    bench.wait_comparison(study, 100)

    def is_gone() -> bool:
        gc.collect()
        return made[0]() is None

    until(is_gone)
    assert bench.runner.races.wait(study), "how it ended is still known"


def test_passes_are_counted_right_after_the_batch_size_has_changed(bench: Workbench):
    study = bench.start_comparison(of(POINTS | {"epochs": 8}), pace="max", paused=True)
    until(lambda: meta(bench, study)["state"] == "paused")
    for _ in range(4):
        bench.command_comparison(study, "step")
    until(lambda: steps(bench, study) == [4, 4])
    bench.command_comparison(study, "set", {"batch_size": 4})
    bench.command_comparison(study, "start")
    bench.wait_comparison(study, 100)
    assert [run.epoch for run in bench.runs_of(study)] == [pytest.approx(meta(bench, study)["epochs"])] * 2


def test_branches_stay_on_the_channel_when_a_comparison_goes_on_and_after_a_restart(data_folder: Path):
    with Workbench.open(data_folder) as bench:
        study = bench.start_comparison(of(POINTS), pace="max")
        bench.wait_comparison(study, 100)
        run = bench.runs_of(study)[0].id
        bench.command_comparison(study, "fork", {"run": run, "step": 3, "pace": "max"})
        told = meta(bench, study)["forks"]
        bench.wait(told[0]["run"], 100)
        bench.command_comparison(study, "fork", {"run": told[0]["run"], "step": 5, "pace": "max"})
        told = meta(bench, study)["forks"]
        assert [(fork["parent"], fork["step"]) for fork in told] == [(run, 3), (told[0]["run"], 5)]
        bench.command_comparison(study, "extend", {"epochs": 1})
        assert meta(bench, study)["forks"] == told
        bench.command_comparison(study, "pace", {"pace": "max"})
        bench.wait_comparison(study, 100)
    with Workbench.open(data_folder) as bench:
        assert bench.hub.known(study_channel(study))
        assert meta(bench, study)["forks"] == told


def test_who_holds_or_ends_a_comparison_holds_and_ends_its_branches_too(bench: Workbench):
    """A branch goes on in a job of its own: held or ended by nobody, it would compute on behind a race that stands."""
    study = bench.start_comparison(of(LONG), pace="1/s")
    until(lambda: steps(bench, study) >= [1, 1])
    bench.command_comparison(study, "fork", {"run": bench.runs_of(study)[0].id, "step": 1, "pace": "1/s"})
    branch = meta(bench, study)["forks"][0]["run"]
    until(lambda: bench.hub.meta(branch).get("state") == "running")
    bench.command_comparison(study, "pause")
    until(lambda: bench.hub.meta(branch)["state"] == "paused")
    bench.command_comparison(study, "stop")
    assert bench.wait(branch, 100).state == "stopped"
    bench.wait_comparison(study, 100)


def test_a_branch_of_a_comparison_that_is_held_waits_until_all_go_on(bench: Workbench):
    study = bench.start_comparison(of(LONG), pace="1/s")
    until(lambda: steps(bench, study) >= [1, 1])
    bench.command_comparison(study, "pause")
    until(lambda: meta(bench, study)["state"] == "paused")
    bench.command_comparison(study, "fork", {"run": bench.runs_of(study)[0].id, "step": 1, "pace": "max"})
    branch = meta(bench, study)["forks"][0]["run"]
    until(lambda: bench.hub.meta(branch)["state"] == "paused")
    until(lambda: bench.hub.meta(branch).get("step") == 1)
    bench.command_comparison(study, "resume")
    until(lambda: bench.hub.meta(branch)["step"] > 1)
    bench.command_comparison(study, "stop")
    bench.wait_comparison(study, 100)


def test_two_branches_at_once_are_both_told(bench: Workbench, monkeypatch: pytest.MonkeyPatch):
    study = bench.start_comparison(of(POINTS), pace="max")
    bench.wait_comparison(study, 100)
    runs = bench.runs_of(study)
    read, first, told = bench.hub.meta, threading.Lock(), threading.Event()

    def slow(channel: str) -> dict[str, Any]:
        found = read(channel)
        if channel == study_channel(study) and first.acquire(blocking=False):
            told.wait(0.5)  # What the other tells now would be lost.
        elif channel == study_channel(study):
            told.set()
        return found

    monkeypatch.setattr(bench.hub, "meta", slow)
    branching = [
        threading.Thread(target=bench.command_comparison, args=(study, "fork", {"run": run.id, "step": 3}))
        for run in runs
    ]
    for thread in branching:
        thread.start()
    for thread in branching:
        thread.join(100)
    assert {fork["parent"] for fork in read(study_channel(study))["forks"]} == {run.id for run in runs}
