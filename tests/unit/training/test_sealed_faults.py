"""A run with a sealed fault computes something else than the healthy one, and is as reproducible as any."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from core.catalog.faults import NO_FAULT, acting, sealed
from core.compatibility import check
from core.errors import BadInput, Refused
from core.exports.script import parts_of
from core.landscape.measured import Measured
from core.landscape.plane_losses import plane_losses
from core.landscape.planes import Plane
from core.training.changes import changed
from core.training.events import Event
from core.training.run import Run
from core.training.stacking.plan import why_alone
from core.training.suggestions import suggestions
from tests.experiments import Diary, bits, copy_of, numbers
from tests.sealed import FAULTS, FITS_ALL, with_fault

each_fault = pytest.mark.parametrize("key", FAULTS)
RECIPE = [
    Event(3, "set", {"optimizer.lr": 0.01, "regularizers.0.p": 0.3, "batch_size": 8}),
    Event(5, "set", {"optimizer": {"key": "adamw", "lr": 0.002}, "augmentations": ["shift"]}),
]
"""Changes that make every part of an update anew."""


def trained(experiment, folder: Path, recipe=()) -> tuple[Run, Diary]:
    diary = Diary()
    return Run(experiment, folder, recipe=recipe, listener=diary).train(), diary


@each_fault
def test_a_fault_changes_what_is_measured(key: str, tmp_path: Path):
    experiment = with_fault(key, epochs=1)
    (run, diary), (healthy, heard) = trained(experiment, tmp_path), trained(experiment.replace(sealed=""), tmp_path)
    assert (diary.series(), numbers(run.evaluations)) != (heard.series(), numbers(healthy.evaluations))


@each_fault
def test_two_seals_of_one_fault_give_the_same_bits(key: str, tmp_path: Path):
    experiment = with_fault(key, epochs=1)
    (one, heard), (two, again) = (
        trained(experiment, tmp_path),
        trained(experiment.replace(sealed=sealed(key)), tmp_path),
    )
    assert bits(one) == bits(two)
    assert heard.series() == again.series()


@each_fault
def test_taken_up_from_a_state_it_ends_with_the_same_bits(key: str, tmp_path: Path):
    experiment = with_fault(key)
    whole, diary = trained(experiment, tmp_path, RECIPE)
    for step in (0, 4, 7):
        state = copy_of(Run(experiment, tmp_path, recipe=RECIPE).train(until=step))
        again = Run(experiment, tmp_path, recipe=RECIPE, listener=(heard := Diary()))
        again.load_state(*state)
        assert bits(again.train()) == bits(whole), f"from update {step}"
        assert heard.series() == diary.series(after=step)
        assert numbers(again.evaluations) == numbers(whole.evaluations, after=step)


def test_the_fault_stays_when_the_run_is_changed(tmp_path: Path):
    """Also where the optimizer is made anew: one update after it is thirty times as long."""
    recipe = [Event(0, "set", {"optimizer": {"key": "sgd", "lr": 0.001}, "regularizers": []})]
    ratios = []
    for experiment in (with_fault("rate_times_30"), with_fault("rate_times_30").replace(sealed="")):
        run = Run(experiment, tmp_path, recipe=recipe, listener=(diary := Diary())).train(until=1)
        assert run.step_count == 1
        ratios.append(diary.blocks[0].columns["update_ratio/output"][0])
    assert 10 ** (ratios[0] - ratios[1]) == pytest.approx(30, rel=0.01)


@each_fault
def test_the_learning_rate_and_what_is_chosen_are_told_as_they_were_chosen(key: str, tmp_path: Path):
    experiment = with_fault(key, epochs=1)
    (run, diary), (healthy, heard) = trained(experiment, tmp_path), trained(experiment.replace(sealed=""), tmp_path)
    assert diary.series()["lr"] == heard.series()["lr"]
    assert run.current == experiment
    for name in ("num_parameters", "batch_size", "multiplications"):
        assert getattr(run.parts, name) == getattr(healthy.parts, name)
    data, same = run.parts.data, healthy.parts.data
    assert (data.num_train, data.num_validation, data.hashes) == (same.num_train, same.num_validation, same.hashes)


def test_a_seal_cannot_be_broken_in_a_run_that_goes_on():
    with pytest.raises(BadInput, match="cannot change in a run that goes on"):
        changed(with_fault("leak"), {"sealed": ""})


NO_GROUND = {
    "evaluation_mode": {"regularizers": []},
    "decay_times_100": {"optimizer": "adam"},
    "dead_relu": {"architecture": {"key": "mlp", "widths": [8], "activation": "tanh"}},
    "label_flips": {"augmentations": ["flip"]},
    "softmax_on_top": {"loss": "mse"},
    "zero_weights": {"initializer": "zeros"},
}
"""For some faults choices that leave it nothing to act on."""


@pytest.mark.parametrize("key", NO_GROUND)
def test_choices_that_take_a_fault_its_ground_are_not_refused_which_would_tell_it(key: str, tmp_path: Path):
    experiment = with_fault(key, epochs=1, **NO_GROUND[key])
    healthy = experiment.replace(sealed="")
    assert check(experiment) == check(healthy)
    assert acting(experiment) is NO_FAULT
    assert bits(Run(experiment, tmp_path).train()) == bits(Run(healthy, tmp_path).train())


def test_a_fault_loses_its_ground_in_a_run_that_goes_on(tmp_path: Path):
    recipe, sealed_one = [Event(2, "set", {"regularizers": []})], with_fault("evaluation_mode", epochs=1)
    ends = [
        Run(experiment, tmp_path, recipe=recipe).train() for experiment in (sealed_one, sealed_one.replace(sealed=""))
    ]
    assert bits(ends[0]) == bits(ends[1])


@each_fault
def test_landscapes_are_those_of_the_run_with_the_fault(key: str, tmp_path: Path):
    run, _ = trained(with_fault(key, epochs=1), tmp_path)
    measured = Measured(run, samples=run.parts.data.num_train)
    assert run.latest is not None
    assert measured.loss_here == run.latest.train.loss
    plane = Plane("random", measured.flat, torch.zeros(2, len(measured.flat)), (1.0, 1.0))
    at_the_centre = torch.cat(list(plane_losses(measured, plane, torch.zeros(3, 2))))
    assert at_the_centre.tolist() == pytest.approx([measured.loss_here] * 3, rel=1e-5)


@each_fault
def test_nothing_is_suggested_beside_a_sealed_run(key: str):
    assert suggestions("overfitting", with_fault(key).replace(sealed=""))
    assert suggestions("overfitting", with_fault(key)) == ()


@each_fault
def test_a_sealed_run_is_computed_by_itself(key: str):
    healthy = with_fault(key).replace(sealed="")
    assert why_alone(healthy, threads=1) is None
    assert str(why_alone(with_fault(key), threads=1)) == "A run with a sealed fault is computed by itself."


@each_fault
def test_there_is_no_code_of_a_sealed_run(key: str):
    experiment = with_fault(key)
    with pytest.raises(Refused, match="A fault is sealed in it"):
        parts_of(experiment)
    assert parts_of(experiment.replace(sealed=""))


def test_the_experiment_of_these_tests_has_no_setting_without_effect():
    assert check(with_fault("leak")) == []
    assert all(acting(with_fault(key)).key == key for key in FAULTS)
    assert "sealed" not in FITS_ALL
