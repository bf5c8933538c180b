"""A seal says nothing, means the same everywhere, and cannot be made up."""

from __future__ import annotations

import subprocess
import sys

import pytest

from core.catalog.faults import NO_FAULT, acting, opened, sealed
from core.catalog.faults.seal import LENGTH, LETTERS
from core.errors import BadInput
from core.experiment import Experiment
from tests.sealed import FAULTS, FITS_ALL, with_fault


@pytest.mark.parametrize("key", FAULTS)
def test_a_seal_opens_to_its_fault(key: str):
    assert type(opened(sealed(key))) is FAULTS[key]


def test_two_seals_of_one_fault_have_nothing_in_common():
    seals = [sealed("leak") for _ in range(50)]
    assert len(set(seals)) == 50
    same = sum(len({a, b}) == 1 for a, b in zip(seals[0], seals[1], strict=True))
    assert same < LENGTH // 2


def test_seals_look_alike_whatever_they_hold():
    assert {len(sealed(key)) for key in FAULTS} == {LENGTH}
    assert set("".join(sealed(key) for key in FAULTS)) <= set(LETTERS)


def test_a_seal_means_the_same_in_another_process_and_in_the_future():
    assert opened("bcdfghjkskcdslfjfjnj").key == "leak"
    code = "from core.catalog.faults import opened; print(opened('bcdfghjkskcdslfjfjnj').key)"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "leak\n"


def test_no_seal_is_no_fault():
    assert opened("") is NO_FAULT
    experiment = Experiment.from_json(FITS_ALL)
    assert opened("").instead(experiment) is experiment


@pytest.mark.parametrize("change", [lambda seal: seal[:-1], lambda seal: seal[1:] + seal[0], lambda seal: "leak"])
def test_what_is_no_seal_is_refused(change):
    with pytest.raises(BadInput, match="cannot be opened"):
        opened(change("bcdfghjkskcdslfjfjnj"))
    with pytest.raises(BadInput, match="cannot be opened"):
        Experiment.from_json({"sealed": change("bcdfghjkskcdslfjfjnj")})


@pytest.mark.parametrize("key", FAULTS)
def test_a_sealed_experiment_comes_back_from_file_and_link(key: str):
    experiment = with_fault(key)
    assert Experiment.from_json(experiment.to_json()) == experiment
    assert Experiment.from_url(experiment.to_url()) == (experiment, [])
    assert experiment.fingerprint() != Experiment.from_json(FITS_ALL).fingerprint()


def test_without_a_seal_nothing_is_written_about_it():
    experiment = Experiment.from_json(FITS_ALL)
    assert "sealed" not in experiment.differences()
    assert "sealed" not in experiment.to_url()
    assert "sealed" not in experiment.canonical()


UNFIT = {
    "wrong_labels": {"dataset": "polynomial"},
    "class_order": {"dataset": "polynomial"},
    "unscaled_inputs": {"dataset": "moons"},
    "label_flips": {"augmentations": ["flip"]},
    "zero_weights": {"initializer": "zeros"},
    "dead_relu": {"architecture": {"key": "mlp", "activation": "tanh"}},
    "softmax_on_top": {"loss": "softmax_twice"},
    "evaluation_mode": {"regularizers": [{"key": "dropout", "p": 0}]},
    "rate_times_30": {"optimizer": "adadelta"},
    "decay_times_100": {"optimizer": "adam"},
}


@pytest.mark.parametrize("key", UNFIT)
def test_a_fault_with_nothing_to_act_on_says_what_it_needs(key: str):
    fault = FAULTS[key]()
    with pytest.raises(BadInput, match=str(fault.title)):
        fault.check(Experiment.from_json({**FITS_ALL, "train_size": None, **UNFIT[key]}))


@pytest.mark.parametrize("key", FAULTS)
def test_every_fault_fits_the_experiment_of_these_tests(key: str):
    FAULTS[key]().check(Experiment.from_json(FITS_ALL))


@pytest.mark.parametrize("key", FAULTS)
def test_every_fault_says_how_it_is_found_and_mended(key: str):
    cls = FAULTS[key]
    assert cls.instrument
    assert cls.margin > 0
    assert cls.reading_title
    assert cls.fix.endswith(".")
    changed = [name for name in ("instead", "data", "network", "rate_factor", "shuffles") if name in vars(cls)]
    assert changed, "it changes nothing"


@pytest.mark.parametrize(
    ("entry", "is_fit"), [("shift", True), ("mixup", True), ("cutout", False), ("synthetic", False)]
)
def test_inputs_are_unscaled_only_where_nothing_scales_them_again(entry: str, is_fit: bool):
    experiment = Experiment.from_json({**FITS_ALL, "augmentations": [entry], "sealed": sealed("unscaled_inputs")})
    assert (acting(experiment) is not NO_FAULT) is is_fit


def test_wrong_labels_are_no_fault_where_labels_are_wrong_by_choice():
    with pytest.raises(BadInput, match="by choice"):
        FAULTS["wrong_labels"]().check(Experiment.from_json({**FITS_ALL, "label_noise": 0.1}))
