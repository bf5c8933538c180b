"""Generators of the page Data: trained by the compute thread, held and let go on by who has begun them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from core.catalog.augmentations.synthetic import Synthetic
from core.errors import BadInput, Refused
from core.experiment import Experiment
from core.live.hub import Reading
from core.people import LOCAL
from core.store.records import RunRecord
from core.studies.comparison import Comparison
from core.studies.study import study_channel
from core.studies.workbench import Workbench
from core.text import Text
from core.training.job import TrainingJob
from tests.experiments import IMAGES
from tests.polling import until

ENTRY = Synthetic(updates=12)
LONG = Synthetic(updates=20_000)
ANNA, BEN, EVE = "student-anna", "student-ben", "teacher-eve"


@pytest.fixture(scope="module")
def bench(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Workbench]:
    with Workbench.open(tmp_path_factory.mktemp("generators") / "data") as opened:
        yield opened


def images(**changes: Any) -> Experiment:
    return Experiment.from_json({**IMAGES, **changes})


def state(bench: Workbench, channel: str) -> str:
    return bench.hub.meta(channel)["state"]


def read(bench: Workbench, channel: str) -> Reading:
    reading = bench.hub.read(channel, None)
    assert reading is not None
    return reading


def trained(bench: Workbench, entry: Synthetic = ENTRY, **changes: Any) -> str:
    channel = bench.train_generator(images(**changes), entry)
    until(lambda: state(bench, channel) in ("finished", "failed"))
    assert state(bench, channel) == "finished", bench.hub.meta(channel)["reason"]
    return channel


def test_what_is_trained_is_told_update_by_update_and_kept_for_the_next_time(bench: Workbench):
    channel = bench.generator(images(), ENTRY)
    assert state(bench, channel) == "untrained"
    assert "s" in str(bench.hub.meta(channel)["price"])
    assert trained(bench) == channel
    reading = read(bench, channel)
    assert reading.histories is not None
    assert sorted(reading.histories["update"].columns) == ["discriminator/loss", "generator/loss"]
    grids = sorted(reading.pictures.values(), key=lambda grid: grid["step"])
    assert [grid["step"] for grid in grids][:2] == [0, 1]
    last = grids[-1]
    assert last["step"] == 12
    assert last["images"].shape == last["nearest"].shape == (60, 8, 8)
    assert last["distances"].shape == (10, 6)
    assert last["are_copies"] is False
    # Another process finds it in the folder.
    bench.runner.data.generators._jobs.clear()
    assert bench.generator(images(), ENTRY) == channel
    again = read(bench, channel)
    assert (state(bench, channel), bench.hub.meta(channel)["origin"]) == ("finished", None)
    assert (again.pictures["grid-12"]["images"] == last["images"]).all()


def test_the_page_opens_on_one_that_came_with_the_program(bench: Workbench):
    channel = bench.generator(Experiment(), Synthetic())
    assert state(bench, channel) == "finished"
    assert "came with this program" in str(bench.hub.meta(channel)["origin"])
    assert len(read(bench, channel).pictures) == 11


def test_it_is_held_let_go_on_and_given_up(bench: Workbench):
    channel = bench.train_generator(images(), LONG)
    until(lambda: bench.hub.meta(channel)["step"] > 0)
    assert {bench.queue_length() for _ in range(50)} == {1}, "it computes, and the head line says so"
    bench.command(channel, "pause")
    until(lambda: (state(bench, channel), bench.queue_length()) == ("paused", 0))
    step = bench.hub.meta(channel)["step"]
    assert bench.train_generator(images(), LONG) == channel
    assert bench.hub.meta(channel)["step"] == step
    bench.command(channel, "resume")
    until(lambda: bench.hub.meta(channel)["step"] > step)
    with pytest.raises(BadInput, match="takes no"):
        bench.command(channel, "extend", {"epochs": 1})
    bench.command(channel, "stop")
    until(lambda: state(bench, channel) == "stopped")
    step, histories = bench.hub.meta(channel)["step"], read(bench, channel).histories
    assert histories is not None
    assert histories["update"].columns["generator/loss"][0][-1] == step
    bench.command(channel, "pause")  # What is over stays as it is.
    assert state(bench, channel) == "stopped"


def test_others_watch_and_a_teacher_keeps_order(bench: Workbench):
    channel = bench.train_generator(images(), LONG, actor=ANNA)
    assert bench.train_generator(images(), LONG, actor=BEN) == channel
    assert bench.may_watch(channel, actor=BEN)
    assert not bench.may_watch(channel, actor="")
    with pytest.raises(Refused, match="not yours"):
        bench.command(channel, "stop", actor=BEN)
    assert bench.tell_all("pause", actor=EVE).count == 1
    until(lambda: state(bench, channel) == "paused")
    assert bench.tell_all("resume", actor=EVE).count == 1
    until(lambda: state(bench, channel) == "running")
    bench.command(channel, "stop", actor=EVE)
    until(lambda: state(bench, channel) == "stopped")


def test_a_student_has_one_place_for_runs_and_generators_together(bench: Workbench):
    channels = [
        bench.train_generator(images(), LONG.model_copy(update={"seed": seed}), actor=ANNA) for seed in range(4)
    ]
    with pytest.raises(Refused, match="4 runs that are not over"):
        bench.start(images(), actor=ANNA)
    with pytest.raises(Refused, match="4 runs that are not over"):
        bench.train_generator(images(), ENTRY, actor=ANNA)
    until(lambda: state(bench, channels[0]) == "running")
    assert [state(bench, channel) for channel in channels[1:]] == ["queued"] * 3
    for channel in channels:
        bench.command(channel, "stop", actor=ANNA)
    until(lambda: {state(bench, channel) for channel in channels} == {"stopped"})


def test_data_without_images_have_none(bench: Workbench):
    with pytest.raises(BadInput, match="cannot change"):
        bench.generator(Experiment.from_json({"dataset": "moons"}), ENTRY)


def test_one_that_diverges_says_so(bench: Workbench, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("core.training.gan.RATE", float("inf"))
    channel = bench.train_generator(images(), Synthetic(updates=5, seed=77))
    until(lambda: state(bench, channel) == "failed")
    assert "has diverged at update" in str(bench.hub.meta(channel)["reason"])


def with_samples(**changes: Any) -> Experiment:
    return images(augmentations=[{"key": "synthetic", "updates": 12}], **changes)


def finished(bench: Workbench, run: str) -> RunRecord:
    return bench.wait(run, 100)


def test_a_run_waits_for_its_generator_and_has_the_same_bits_alone_resumed_forked_and_raced(tmp_path):
    from core.training.run import Run
    from core.training.weights import weights_sha256

    experiment = with_samples()
    alone = weights_sha256(Run(experiment, tmp_path / "alone").train().parts.model)
    with Workbench.open(tmp_path / "data") as bench:
        run = bench.start(experiment, pace="max", paused=True)
        until(lambda: bench.find(run).state == "paused")  # type: ignore[union-attr]
        assert not bench.runner.job(run).run.parts.learning.is_done  # type: ignore[union-attr]
        bench.command(run, "step")
        until(lambda: bench.runner.job(run).run.step_count == 1)  # type: ignore[union-attr]
        bench.command(run, "stop")
        finished(bench, run)
        bench.resume(run, pace="max")
        assert finished(bench, run).weights_sha256 == alone
        fork = bench.fork(run, 5, pace="max")
        assert finished(bench, fork).weights_sha256 == alone
        study = bench.start_comparison(race(experiment), pace="max")
        bench.wait_comparison(study, 100)
        plain, mixed = bench.runs_of(study)
        assert mixed.weights_sha256 == alone != plain.weights_sha256
        assert weights_sha256(bench.state_at(fork, 12).parts.model) == alone


def race(experiment: Experiment) -> Comparison:
    """Real samples alone against those with synthetic ones."""
    mixed = experiment.to_json()["augmentations"]
    variants = [{"name": "", "changes": {"augmentations": items}} for items in ([], mixed)]
    return Comparison.from_json({"base": experiment, "variants": variants, "rates": "hand", "seeds": 1})


def test_a_comparison_says_what_it_waits_for(bench: Workbench):
    study = bench.start_comparison(race(images(augmentations=[LONG.model_dump(mode="json")])), pace="max")
    channel = study_channel(study)
    until(lambda: "is being trained first" in str(bench.hub.meta(channel).get("reason")))
    bench.command(channel, "stop")
    bench.wait_comparison(study, 60)


def test_an_entry_taken_up_by_a_run_that_goes_on_is_trained_first(tmp_path):
    from core.training.events import Event
    from core.training.run import Run

    run = Run(images(), tmp_path).train(2)
    run.apply(Event(2, "set", {"augmentations": [{"key": "synthetic", "updates": 3}]}))
    assert run.learns_next
    while run.learns_next:
        run.piece()
    assert run.step_count == 2
    assert run.train().step_count == 12


def test_the_shell_says_what_a_run_waits_for(bench: Workbench, monkeypatch: pytest.MonkeyPatch):
    experiment = images(augmentations=[{"key": "synthetic", "updates": 20_000}])
    run = bench.start(experiment, pace="max", actor=LOCAL)
    until(lambda: bench.runner.job(run).run is not None)  # type: ignore[union-attr]
    until(lambda: "is being trained first" in str(bench.hub.meta(run).get("reason")))
    assert "is being trained first" in str(bench.runner.doing(run))
    with monkeypatch.context() as patched:
        patched.setattr(TrainingJob, "doing", Text("Waits for a process."))
        assert str(bench.runner.doing(run)) == "Waits for a process."
    bench.command(run, "stop")
    assert finished(bench, run).state == "stopped"
    assert bench.hub.meta(run).get("reason") is None or "trained first" not in str(bench.hub.meta(run)["reason"])
