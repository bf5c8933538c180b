"""Comparisons from Start to the stored verdict: what viewers see, what the store keeps, how a comparison goes on."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from core.errors import BadInput, Refused
from core.experiment import Experiment
from core.store.records import StudyRecord
from core.studies import loading, runner
from core.studies.comparison import Comparison, Rates
from core.studies.curvature_watch import curvature_watch
from core.studies.outcomes import verdict_of
from core.studies.race_meta import texts
from core.studies.race_table import race_table
from core.studies.replay import recipe_of, recorded_conditions
from core.studies.study import study_channel
from core.studies.workbench import Workbench
from core.text import Text
from core.training.run import Run
from core.training.weights import weights_sha256
from tests.experiments import EVERYTHING, POINTS, everything, points
from tests.polling import until

LONG = POINTS | {"epochs": 100_000}
OPTIMIZERS = ["optimizer=sgd,adam"]


def of(
    base: dict[str, Any], vary: list[str] | None = None, *, rates: Rates = "hand", seeds: int = 1, name: str = ""
) -> Comparison:
    return Comparison.of(base, vary or OPTIMIZERS, rates=rates, seeds=seeds, name=name)


def meta(bench: Workbench, study: str) -> dict[str, Any]:
    return bench.hub.meta(study_channel(study))


def finished(bench: Workbench, comparison: Comparison, **options: Any) -> StudyRecord:
    return bench.wait_comparison(bench.start_comparison(comparison, pace="max", **options), 60)


def steps(bench: Workbench, study: str) -> list[int]:
    jobs = [bench.runner.job(lane["run"]) for lane in meta(bench, study)["lanes"]]
    return [job.run.step_count if job is not None and job.run is not None else 0 for job in jobs]


def test_a_comparison_is_stored_with_its_runs_its_fairness_and_its_verdict(bench: Workbench):
    comparison = of(EVERYTHING, seeds=2, name="race")
    study = finished(bench, comparison)
    assert (study.kind, study.name) == ("comparison", "race")
    assert Comparison.from_json(study.document) == comparison
    runs = bench.runs_of(study.id)
    assert [run.name for run in runs] == ["SGD #0", "Adam #0", "SGD #1", "Adam #1"]
    assert [run.state for run in runs] == ["finished"] * 4
    assert [run.colour_slot for run in runs] == [0, 1, 0, 1]
    assert [Experiment.from_json(run.experiment).fingerprint() for run in runs] == [
        lane.experiment.fingerprint() for lane in comparison.experiments()
    ]
    facts = texts(study.facts)
    assert facts["fairness"]["unmatched"] == []
    assert facts["fairness"]["num"] == len(facts["fairness"]["matched"]) == 5
    assert facts["verdict"] == verdict_of(bench.store, comparison, runs).sentences
    assert [record.id for record in bench.studies()] == [study.id]


@pytest.mark.parametrize(
    ("base", "vary", "engine"),
    [
        (POINTS, ["optimizer=sgd,adam,momentum,adadelta"], "stacked"),
        (EVERYTHING, ["precision=float32,bfloat16"], "solo"),
    ],
    ids=["stacked", "solo"],
)
def test_a_run_has_the_bits_that_it_has_by_itself_with_its_engine(
    bench: Workbench, tmp_path: Path, base: dict[str, Any], vary: list[str], engine: str
):
    study = finished(bench, of(base, vary))
    for run in bench.runs_of(study.id):
        assert run.facts.engine == engine
        alone = Run(Experiment.from_json(run.experiment), tmp_path, conditions=recorded_conditions(run)).train()
        assert weights_sha256(alone.parts.model) == run.weights_sha256
        assert alone.step_count == run.answer["steps"]
    facts = texts(study.facts)
    assert facts["engine"] == engine
    assert facts["seconds_comparable"] is False, "one shares its time, the other has another precision"
    assert (facts["engine_why"] is None) == (engine == "stacked")


def test_viewers_see_the_runs_the_badge_and_the_verdict(bench: Workbench):
    study = finished(bench, of(POINTS, seeds=2)).id
    told = meta(bench, study)
    assert (told["state"], told["step"], told["num_steps"], told["rates"]) == ("finished", 16, 16, "hand")
    assert [(lane["variant"], lane["seed"], lane["name"], lane["slot"]) for lane in told["lanes"]] == [
        (0, 0, "SGD", 0), (1, 0, "Adam", 1), (0, 1, "SGD", 0), (1, 1, "Adam", 1),
    ]  # fmt: skip
    assert told["fairness"]["num"] == 5
    assert told["engine"] == bench.runs_of(study)[0].facts.engine == "stacked"
    assert told["seconds_comparable"] is False, "runs of a stack share their time"
    assert all(isinstance(sentence, Text) for sentence in told["verdict"])
    assert len(told["verdict"]) == 2
    for lane in told["lanes"]:
        assert bench.hub.meta(lane["run"])["state"] == "finished"
        assert bench.hub.read(lane["run"]) is not None


def test_a_stored_comparison_shown_again_tells_what_was_told_live(bench: Workbench):
    study = finished(bench, of(POINTS)).id
    live = meta(bench, study)
    bench.hub.forget(study_channel(study))
    assert bench.hub.known(study_channel(study))
    again = meta(bench, study)
    for name in ("state", "lanes", "fairness", "verdict", "step", "num_steps", "rates", "seeds", "name", "target"):
        assert again[name] == live[name], name
    assert not bench.hub.known(study_channel("01" * 9))
    assert not bench.hub.known(study_channel("../x"))


def test_each_variant_races_with_the_best_of_nine_rates(bench: Workbench):
    study = finished(bench, of(POINTS, ["optimizer=sgd,adam,adadelta"], rates="own", seeds=2))
    search = texts(study.facts)["search"]
    assert [len(curve["points"]) for curve in search["curves"]] == [9, 9, 0]
    assert (search["running"], search["num_updates"]) == (False, 16)
    best = [curve["best"] for curve in search["curves"]]
    for curve in search["curves"][:2]:
        assert min(curve["points"], key=lambda point: point[1])[0] == curve["best"]
    rates = [run.experiment["optimizer"].get("lr") for run in bench.runs_of(study.id)]
    assert rates == [best[0], best[1], None] * 2
    assert meta(bench, study.id)["search"] == search
    again = bench.hub.forget(study_channel(study.id)) or bench.hub.known(study_channel(study.id))
    assert again
    assert meta(bench, study.id)["search"]["curves"] == search["curves"]


def test_a_search_can_be_held_and_ended_before_there_are_runs(bench: Workbench):
    study = bench.start_comparison(of(LONG, rates="own"), pace="max")
    until(lambda: meta(bench, study)["search"]["text"] and meta(bench, study)["state"] == "searching")
    bench.command_comparison(study, "pause")
    until(lambda: meta(bench, study)["state"] == "paused")
    with pytest.raises(Refused, match="still searches"):
        bench.command_comparison(study, "step")
    bench.command_comparison(study, "stop")
    bench.wait_comparison(study, 100)
    assert (meta(bench, study)["state"], bench.runs_of(study)) == ("stopped", ())
    with pytest.raises(Refused, match="not going on"):
        bench.command_comparison(study, "pause")
    with pytest.raises(Refused, match="before its first run"):
        bench.command_comparison(study, "extend", {"epochs": 1})


def test_commands_reach_all_runs_or_one(bench: Workbench):
    study = bench.start_comparison(of(LONG, seeds=2), pace="max", paused=True)
    until(lambda: meta(bench, study)["state"] == "paused")
    runs = [lane["run"] for lane in meta(bench, study)["lanes"]]
    bench.command(study_channel(study), "step")
    until(lambda: steps(bench, study) == [1, 1, 1, 1])
    assert all(bench.is_active(run) for run in runs)
    assert bench.is_comparing(study)
    bench.command_comparison(study, "start")
    until(lambda: min(steps(bench, study)) > 5)
    bench.command(runs[0], "stop")
    assert bench.wait(runs[0], 100).state == "stopped"
    assert bench.store.get_run(runs[1], actor="local").active
    with pytest.raises(Refused, match="still going on"):
        bench.delete_comparison(study)
    bench.command_comparison(study, "stop")
    bench.wait_comparison(study, 100)
    assert {run.state for run in bench.runs_of(study)} == {"stopped"}
    assert meta(bench, study)["applied"]["kind"] == "stop"


def test_one_run_is_held_stepped_and_let_go_while_the_others_go_on(bench: Workbench):
    study = bench.start_comparison(of(LONG), pace="max")
    until(lambda: bool(meta(bench, study).get("lanes")) and min(steps(bench, study)) > 5)
    one, _ = (lane["run"] for lane in meta(bench, study)["lanes"])
    bench.command(one, "pause")
    until(lambda: bench.hub.meta(one)["state"] == "paused")
    held, other = steps(bench, study)
    bench.command(one, "step")
    until(lambda: steps(bench, study)[0] == held + 1)
    until(lambda: steps(bench, study)[1] > other + 20)
    assert steps(bench, study)[0] == held + 1
    assert meta(bench, study)["state"] == "running"
    bench.command(one, "resume")
    until(lambda: steps(bench, study)[0] == steps(bench, study)[1] > other + 20)


def test_one_run_that_is_over_goes_on_in_its_race_and_the_others_are_left_alone(bench: Workbench):
    study = bench.start_comparison(of(POINTS, ["epochs=2,100000"]), pace="max")
    until(lambda: bench.runs_of(study)[0].state == "finished")
    short, long = (run.id for run in bench.runs_of(study))
    planned = bench.hub.meta(long)["num_steps"]
    bench.command(short, "extend", {"epochs": 3})
    until(lambda: bench.runs_of(study)[0].step == 20)
    assert bench.hub.meta(long)["num_steps"] == planned
    bench.command_comparison(study, "stop")
    bench.wait_comparison(study, 100)
    assert [(run.state, run.attempt) for run in bench.runs_of(study)] == [("finished", 2), ("stopped", 1)]


def test_one_run_of_a_comparison_that_is_over_is_extended_and_the_verdict_is_told_anew(bench: Workbench):
    study = finished(bench, of(EVERYTHING)).id
    first, second = bench.runs_of(study)
    bench.command(second.id, "extend", {"epochs": 2})
    assert bench.is_comparing(study)
    assert meta(bench, study)["verdict"] is None
    bench.command_comparison(study, "pace", {"pace": "max"})
    after = bench.wait_comparison(study, 100).facts
    assert [(run.step, run.attempt) for run in bench.runs_of(study)] == [(first.step, 1), (18, 2)]
    assert after["verdict"]
    unmatched = texts(after["fairness"])["unmatched"]
    assert [row["name"] for row in unmatched] == ["batches", "augmentation"]
    assert all("went on alone" in str(row["why"]) for row in unmatched)


def test_a_run_that_was_dropped_goes_on_when_it_alone_is_asked_to(bench: Workbench):
    study = bench.start_comparison(of(LONG), pace="max")
    until(lambda: bool(meta(bench, study).get("lanes")) and min(steps(bench, study)) > 5)
    one = meta(bench, study)["lanes"][0]["run"]
    bench.command(one, "stop")
    bench.wait(one, 100)
    bench.command(one, "resume")
    until(lambda: steps(bench, study)[0] == steps(bench, study)[1] > 0)


def test_a_run_that_diverged_is_not_let_go_on_by_itself(bench: Workbench):
    study = finished(bench, of(POINTS | {"epochs": 2}, ["optimizer.lr=0.1,1e30"])).id
    _, wild = bench.runs_of(study)
    assert wild.state == "diverged"
    with pytest.raises(Refused, match="diverged|None of its runs"):
        bench.command(wild.id, "extend", {"epochs": 2})
    assert not bench.is_comparing(study)


def test_extending_a_comparison_that_is_over_gives_what_a_longer_one_gives(bench: Workbench, tmp_path: Path):
    study = finished(bench, of(EVERYTHING)).id
    bench.command_comparison(study, "extend", {"epochs": 2})
    assert meta(bench, study)["verdict"] is None
    bench.command_comparison(study, "pace", {"pace": "max"})
    again = bench.wait_comparison(study, 100)
    runs = bench.runs_of(study)
    assert [(run.state, run.step, run.attempt) for run in runs] == [("finished", 18, 2)] * 2
    assert texts(again.facts)["fairness"]["unmatched"] == []
    for run in runs:
        recipe = recipe_of(bench.store, run.id)
        assert [(event.step, event.kind) for event in recipe] == [(12, "extend")]
        longer = Run(
            Experiment.from_json(run.experiment), tmp_path, conditions=recorded_conditions(run), recipe=recipe
        ).train()
        assert weights_sha256(longer.parts.model) == run.weights_sha256


def test_runs_that_are_over_join_again_when_the_comparison_is_extended(bench: Workbench):
    study = bench.start_comparison(of(POINTS, ["epochs=2,100000"]), pace="max")
    until(lambda: bench.runs_of(study)[0].state == "finished")
    bench.command_comparison(study, "extend", {"epochs": 3})
    until(lambda: bench.runs_of(study)[0].step == 20)
    bench.command_comparison(study, "stop")
    bench.wait_comparison(study, 100)
    assert [run.state for run in bench.runs_of(study)] == ["finished", "stopped"]


def test_a_race_that_is_held_stays_so_when_it_is_extended_with_those_who_come_back(bench: Workbench):
    study = bench.start_comparison(of(LONG, ["epochs=1,100000"]), pace="max")
    until(lambda: [run.state for run in bench.runs_of(study)] == ["finished", "running"])
    bench.command_comparison(study, "pause")
    until(lambda: meta(bench, study)["state"] == "paused")
    bench.command_comparison(study, "extend", {"epochs": 3})
    until(lambda: [run.state for run in bench.runs_of(study)] == ["paused", "paused"])
    assert meta(bench, study)["state"] == "paused"
    held = steps(bench, study)
    bench.command_comparison(study, "step")
    until(lambda: steps(bench, study)[0] == held[0] + 1)


def test_a_comparison_that_was_broken_off_goes_on_in_lock_step(data_folder: Path):
    comparison = of(LONG, seeds=2)
    with Workbench.open(data_folder) as bench:
        study = bench.start_comparison(comparison, pace="max")
        until(lambda: meta(bench, study)["lanes"] and min(steps(bench, study)) > 10)
    with Workbench.open(data_folder) as bench:
        assert {run.state for run in bench.runs_of(study)} == {"interrupted"}
        assert bench.hub.known(study_channel(study))
        assert meta(bench, study)["state"] == "interrupted"
        one = bench.runs_of(study)[0]
        bench.resume(one.id, pace="max")
        until(lambda: bench.is_active(one.id))
        bench.command(one.id, "stop")
        bench.wait(one.id, 100)
        bench.command_comparison(study, "resume")
        with pytest.raises(Refused, match="already"):
            bench.resume(one.id)
        until(lambda: len(set(steps(bench, study))) == 1 and steps(bench, study)[0] > one.step + 20)
        bench.command_comparison(study, "stop")
        bench.wait_comparison(study, 100)
        assert {run.state for run in bench.runs_of(study)} == {"stopped"}


def test_a_variant_that_cannot_be_trained_is_refused_before_anything_is_stored(bench: Workbench):
    with pytest.raises(BadInput, match="CNN"):
        bench.start_comparison(of(POINTS, ["architecture=mlp,cnn"]))
    assert (bench.studies(), bench.runs()) == ((), ())


def test_data_that_cannot_be_had_end_the_comparison_with_the_reason(bench: Workbench, monkeypatch: pytest.MonkeyPatch):
    def fail(*_: object) -> None:
        raise BadInput(Text("No data."), Text("No network."), Text("Connect."))

    monkeypatch.setattr(loading, "resident", fail)
    both: tuple[Rates, ...] = ("hand", "own")
    for rates in both:
        study = bench.start_comparison(of(POINTS, rates=rates), pace="max")
        bench.wait_comparison(study, 100)
        assert meta(bench, study)["state"] == "failed"
    assert "No data." in str(meta(bench, study)["reason"])


def test_deleting_a_comparison_deletes_its_runs_and_no_others(bench: Workbench):
    study = finished(bench, of(POINTS)).id
    other = bench.wait(bench.start(points(), pace="max"), 30)
    bench.delete_comparison(study)
    assert (bench.studies(), [run.id for run in bench.runs()]) == ((), [other.id])
    assert not bench.hub.known(study_channel(study))


def test_notes_about_the_variants_are_kept(bench: Workbench):
    comparison = of(POINTS | {"optimizer": {"key": "adam", "beta1": 0.5}})
    study = finished(bench, comparison)
    assert "SGD: Left out, because SGD has no such setting: β₁." in map(str, texts(study.facts)["notes"])
    assert meta(bench, study.id)["notes"] == texts(study.facts)["notes"]


def test_the_table_says_what_differs_and_what_came_out(bench: Workbench):
    comparison = of(POINTS | {"epochs": 40}, ["optimizer.lr=0.001,0.05"], seeds=3)
    study = finished(bench, comparison)
    runs = bench.runs_of(study.id)
    table = race_table(bench.store, comparison, runs, target=0.2)
    assert table.settings == ("optimizer.lr",)
    fast, slow = table.rows
    assert (slow.settings, fast.settings) == (("0.001",), ("0.05",))
    assert (str(slow.name), len(slow.runs), slow.states) == ("learning rate 0.001", 3, ("finished",) * 3)
    assert slow.num_parameters == fast.num_parameters == 42
    finals = sorted(run.last_validation_error or 0.0 for run in runs[1::2])
    assert fast.last_error is not None
    assert [fast.last_error.low, fast.last_error.middle, fast.last_error.high] == finals
    assert fast.steps_to_target is not None
    assert slow.steps_to_target is not None
    assert fast.steps_to_target.high < slow.steps_to_target.low


def test_a_race_does_not_hold_up_other_peoples_runs(bench: Workbench):
    study = bench.start_comparison(of(LONG, seeds=2), pace="max")
    until(lambda: meta(bench, study)["lanes"] and min(steps(bench, study)) > 1)
    assert bench.queue_length() == 1, "a race is one job"
    assert bench.wait(bench.start(everything(), pace="max", actor="local"), 30).state == "finished"
    bench.command_comparison(study, "stop")
    bench.wait_comparison(study, 100)


def test_where_one_run_cannot_begin_all_have_failed_and_can_be_deleted(
    bench: Workbench, monkeypatch: pytest.MonkeyPatch
):
    began = []

    def watch(store: Any, hub: Any, run: str, *arguments: Any) -> Any:
        began.append(run)
        if len(began) == 2:
            raise Refused(Text("No."), Text("The disk is full."), Text("Make room."))
        return curvature_watch(store, hub, run, *arguments)

    monkeypatch.setattr(runner, "curvature_watch", watch)
    with pytest.raises(Refused, match="disk is full"):
        bench.start_comparison(of(POINTS, ["epochs=2,3,4"]))
    [study] = bench.studies()
    runs = bench.runs_of(study.id)
    assert [run.id for run in runs[:2]] == began
    assert [(run.state, str(run.reason_text)) for run in runs] == [("failed", str(runs[0].reason_text))] * 3
    assert [bench.hub.meta(run)["state"] for run in began] == ["failed"] * 2
    assert meta(bench, study.id)["state"] == "failed"
    assert not any(bench.is_active(run.id) for run in runs)
    bench.delete_comparison(study.id)
    assert bench.runs() == ()


def test_what_a_run_has_learned_that_has_raced_is_drawn_when_it_is_opened(bench: Workbench):
    run = bench.runs_of(finished(bench, of(POINTS)).id)[0]
    assert run.id in bench.hub.runs()
    assert not bench.hub.has_pictures(run.id), "while many race each other nobody looks at them"
    bench.show_learned(run.id)
    until(lambda: bench.hub.has_pictures(run.id))
