"""Suggested next experiments: they fit, they change something, and they are what a teacher would try."""

from __future__ import annotations

import pytest

from core.compatibility import check
from core.experiment import Experiment
from core.training.suggestions import MOST, suggestions

MOONS = {
    "dataset": {"key": "moons", "n": 60, "noise": 0.35},
    "optimizer": {"key": "adam", "lr": 0.01},
    "epochs": 200,
}
EXPERIMENTS = {
    "digits": {},
    "moons": MOONS,
    "few samples": {"train_size": 100},
    "logistic": {"architecture": "logistic", "optimizer": "sgd"},
    "adadelta": {"optimizer": "adadelta"},
    "deep sigmoid": {"architecture": {"key": "mlp", "hidden_layers": 20, "activation": "sigmoid"}},
    "raw wine": {"dataset": {"key": "wine", "scaling": "raw"}, "optimizer": "sgd"},
    "regression": {"dataset": "linear_200", "architecture": "logistic"},
    "everything": {
        "regularizers": [
            {"key": "l2", "strength": 0.01},
            {"key": "dropout"},
            {"key": "early_stopping"},
            {"key": "clip_norm"},
        ]
    },
}  # fmt: skip
VERDICTS = ("gap_grows", "overfitting", "not_learning", "thrown", "plateau", "diverged", "finished")


def of(verdict: str, document: dict) -> dict[str, Experiment]:
    """The suggested experiments by id."""
    experiment = Experiment.from_json(document)
    return {item.id: item.applied_to(experiment)[0] for item in suggestions(verdict, experiment)}


@pytest.mark.parametrize("verdict", VERDICTS)
@pytest.mark.parametrize("name", EXPERIMENTS)
def test_every_suggestion_is_a_new_experiment_that_fits(name: str, verdict: str):
    experiment = Experiment.from_json(EXPERIMENTS[name])
    found = suggestions(verdict, experiment)
    assert 2 <= len(found) <= MOST
    assert len({item.id for item in found}) == len(found)
    for item in found:
        changed, _ = item.applied_to(experiment)
        check(changed)
        assert changed.fingerprint() != experiment.fingerprint()
        assert str(item.label)
        assert item.help is not None


@pytest.mark.parametrize("name", ["digits", "moons", "few samples", "deep sigmoid", "raw wine"])
@pytest.mark.parametrize("verdict", VERDICTS)
def test_there_are_three_suggestions_for_ordinary_experiments(name: str, verdict: str):
    assert len(suggestions(verdict, Experiment.from_json(EXPERIMENTS[name]))) >= 3


@pytest.mark.parametrize("verdict", ["untrained", "learning"])
def test_a_run_that_simply_learns_is_left_alone(verdict: str):
    assert suggestions(verdict, Experiment()) == ()


def test_against_overfitting_come_l2_dropout_stopping_and_more_points():
    labels = [str(item.label) for item in suggestions("overfitting", Experiment.from_json(MOONS))]
    assert labels == ["L2 0.01", "dropout 0.5", "stop at the lowest", "300 points"]
    changed = of("overfitting", MOONS)
    assert changed["l2"].differences()["regularizers"] == [{"key": "l2", "strength": 0.01}]
    assert changed["more_samples"].dataset.n == 300  # type: ignore[attr-defined]


def test_an_l2_that_is_there_grows_instead_of_standing_twice():
    changed = of("overfitting", {**MOONS, "regularizers": [{"key": "l2", "strength": 0.01}]})
    assert changed["l2"].differences()["regularizers"] == [{"key": "l2", "strength": 0.03}]


def test_the_training_size_goes_back_to_all_samples():
    assert of("overfitting", {"train_size": 100})["more_samples"].train_size is None


def test_raw_inputs_that_do_not_learn_are_scaled_first():
    first = suggestions("not_learning", Experiment.from_json(EXPERIMENTS["raw wine"]))[0]
    assert first.id == "scaled_inputs"


def test_a_deep_sigmoid_network_gets_batch_normalization_and_relu():
    changed = of("not_learning", EXPERIMENTS["deep sigmoid"])
    assert changed["batch_norm"].differences()["architecture"]["normalization"] == "batch"
    assert "activation" not in changed["relu"].differences()["architecture"]


def test_a_diverged_run_is_tried_with_a_tenth_of_its_rate():
    changed = of("diverged", {"optimizer": {"key": "sgd", "lr": 0.3}})
    assert changed["lower_rate"].differences()["optimizer"] == {"key": "sgd", "lr": 0.03}


def test_a_rate_is_raised_only_to_what_is_usual_and_never_where_updates_were_too_large():
    rates = {"optimizer": {"key": "sgd", "lr": 0.1}}
    assert of("not_learning", rates)["higher_rate"].optimizer.lr == 1.0  # type: ignore[attr-defined]
    for verdict, document in (("not_learning", {"optimizer": {"key": "sgd", "lr": 3.0}}), ("thrown", rates)):
        changed = of(verdict, document)
        assert "higher_rate" not in changed
        assert "lower_rate" in changed


def test_a_penalty_that_keeps_a_network_from_learning_is_weakened_first():
    document = {**MOONS, "regularizers": [{"key": "l2", "strength": 0.1}]}
    first = suggestions("not_learning", Experiment.from_json(document))[0]
    assert str(first.label) == "L2 0.01"
    changed, _ = first.applied_to(Experiment.from_json(document))
    assert changed.regularizers[0].strength == 0.01


def test_one_experiment_is_offered_once_under_one_name():
    tenfold = Experiment.from_json({"optimizer": {"key": "adam", "lr": 0.01}})
    offered = [item.applied_to(tenfold)[0] for item in suggestions("diverged", tenfold)]
    assert len({experiment.fingerprint() for experiment in offered}) == len(offered)
    assert sum(experiment.optimizer == Experiment().optimizer for experiment in offered) == 1


def test_a_cnn_is_not_taken_for_a_network_without_layers():
    cnn = Experiment.from_json({"preset": "reference_cnn_b"})
    assert "larger_network" not in {item.id for item in suggestions("finished", cnn)}


def test_no_falling_rate_is_suggested_where_one_falls():
    for schedule, wanted in (("constant", True), ("plateau", False), ("cosine", False)):
        ids = [one.id for one in suggestions("plateau", Experiment.from_json({"schedule": schedule}))]
        assert ("falling_rate" in ids) == wanted, schedule
