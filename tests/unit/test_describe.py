"""An experiment in a few words."""

from __future__ import annotations

import pytest

from core.describe import choices, title
from core.experiment import Experiment


def test_a_schedule_stands_beside_its_optimizer_and_a_constant_rate_is_not_worth_a_word():
    falling, constant = Experiment.from_json({"schedule": "cosine"}), Experiment.from_json({"schedule": "constant"})
    assert [str(words) for words in choices(falling)][-2:] == ["Adam 0.001, cosine", "seed 0"]
    assert str(title(falling)).endswith("Adam 0.001, cosine")
    assert str(title(constant)).endswith("Adam 0.001")


def test_a_run_with_folds_says_which_of_them_validates():
    folded = Experiment.from_json({"num_folds": 5, "fold": 2})
    assert str(choices(folded)[0]).endswith(" training samples, fold 2 of 5")
    assert "fold" not in str(choices(Experiment())[0])


def test_a_run_with_wrong_labels_says_so():
    assert str(choices(Experiment.from_json({"label_noise": 0.3}))[0]).endswith(" training samples, 30 % wrong labels")


@pytest.mark.parametrize(
    ("experiment", "said"),
    [
        ({"dataset": {"key": "wine", "scaling": "raw"}}, "raw inputs"),
        ({"dataset": {"key": "wine", "scaling": "min_max"}}, "inputs scaled to 0…1"),
        ({"sampling": "balanced"}, "as many of each class"),
        ({"sampling": "random"}, "drawn at random"),
    ],
)
def test_samples_and_inputs_that_are_not_taken_as_usual_are_named(experiment, said):
    assert str(choices(Experiment.from_json(experiment))[0]).endswith(f" training samples, {said}")
    assert "samples," not in str(choices(Experiment())[0])


def test_a_loss_that_was_chosen_is_named_last():
    chosen = Experiment.from_json({"loss": "squared_error", "schedule": "cosine"})
    assert str(title(chosen)).endswith("Adam 0.001, cosine, squared error")
