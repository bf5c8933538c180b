"""An experiment in a few words."""

from __future__ import annotations

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


def test_a_loss_that_was_chosen_is_named_last():
    chosen = Experiment.from_json({"loss": "squared_error", "schedule": "cosine"})
    assert str(title(chosen)).endswith("Adam 0.001, cosine, squared error")
