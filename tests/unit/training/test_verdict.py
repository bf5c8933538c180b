"""The status sentence: found where it must be, silent where it must not."""

from __future__ import annotations

import dataclasses
import math
import subprocess
import sys

import numpy as np
import pytest
from scipy.stats import binomtest

from core.experiment import Experiment
from core.text import Text
from core.training.evaluation import Evaluation
from core.training.trend import Trend, uncertainty
from core.training.verdict import RULES, Status, points_text, status, uncertainty_text
from tests.unit.training.curves import evaluations, healthy, overfitting, score

DIGITS = Experiment()
MOONS = Experiment.from_json({"dataset": {"key": "moons", "n": 60, "noise": 0.35}, "epochs": 200})
POLYNOMIAL = Experiment.from_json({"dataset": "polynomial"})


def verdicts(measured: list[Evaluation], experiment: Experiment = DIGITS, guess: float | None = 0.9) -> list[str]:
    """The verdict after each evaluation."""
    trend = Trend("classification", guess)
    found = []
    for evaluation in measured:
        trend.add(evaluation)
        found.append(status(experiment, trend).verdict)
    return found


def last(
    measured: list[Evaluation], experiment: Experiment = DIGITS, guess: float | None = 0.9, **details: object
) -> Status:
    task = "regression" if measured[-1].validation.wrong is None else "classification"
    return status(experiment, Trend(task, guess, measured), **details)  # type: ignore[arg-type]


def test_no_healthy_run_of_twenty_is_ever_accused_of_overfitting():
    accused = [seed for seed in range(20) if "overfitting" in verdicts(healthy(seed))]
    assert accused == []


def test_all_ten_overfitting_runs_are_found_and_stay_found():
    for seed in range(10):
        found = verdicts(overfitting(seed), MOONS, 0.5)
        assert found[-1] == "overfitting"
        assert found.index("overfitting") > 12


def test_with_one_uncertainty_healthy_runs_would_be_accused(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("core.training.trend.TIMES_UNCERTAINTY", 1)
    assert any("overfitting" in verdicts(healthy(seed)) for seed in range(20))


def test_three_epochs_running_are_needed_and_not_three_evaluations():
    falling, rising = np.linspace(0.5, 0.1, 11), np.full(30, 0.2)
    validation = np.concatenate([falling, rising])
    train = np.linspace(0.5, 0.0, validation.size)
    measured = evaluations(train, validation, per_epoch=10)
    found = verdicts(measured)
    first = measured[found.index("overfitting")]
    assert first.epoch == 4.0
    assert "overfitting" not in verdicts(measured[:40])


def test_a_verdict_is_taken_back_when_another_has_held_for_three_epochs():
    validation = [0.5, 0.1, 0.2, 0.2, 0.2, 0.11, 0.11, 0.2, 0.11, 0.11, 0.11]
    found = verdicts(evaluations(np.linspace(0.5, 0.0, 11), validation))
    assert found[4:] == ["overfitting"] * 6 + ["learning"]


def test_a_single_epoch_below_starts_the_count_anew():
    validation = [0.5, 0.1, 0.2, 0.2, 0.1, 0.2, 0.2]
    train = np.linspace(0.5, 0.0, 7)
    assert "overfitting" not in verdicts(evaluations(train, validation))
    assert verdicts(evaluations([*train, 0.0], [*validation, 0.2]))[-1] == "overfitting"


def test_validation_that_rises_together_with_training_error_is_not_overfitting():
    validation = [0.5, 0.1, 0.2, 0.25, 0.3, 0.3]
    train = [0.5, 0.08, 0.18, 0.2, 0.25, 0.25]
    assert "overfitting" not in verdicts(evaluations(train, validation))


def test_a_training_error_at_zero_counts_as_falling():
    validation = [0.5, 0.1, 0.2, 0.2, 0.2]
    train = [0.5, 0.0, 0.0, 0.0, 0.0]
    assert verdicts(evaluations(train, validation))[-1] == "overfitting"


def test_the_sentence_says_at_which_epoch_the_lowest_was_and_never_since():
    found = last(overfitting(0), MOONS, 0.5)
    assert str(found.text).startswith("Overfitting. Validation error was lowest at epoch ")
    assert "since" not in str(found.text)
    assert "training error 0.0 %" in str(found.text)


def test_the_numbers_of_the_rule_are_those_of_the_curves():
    measured = evaluations([0.5, 0.02, 0.0, 0.0, 0.0], [0.5, 0.112, 0.156, 0.156, 0.156], num_train=60)
    numbers = {str(label): str(value) for label, value in last(measured, MOONS, 0.5).numbers}
    assert numbers["validation error"] == "15.6 % (156 of 1000 wrong)"
    assert numbers["its ±"] == "1.1"
    assert numbers["lowest validation error"] == "11.2 % at epoch 1"
    assert numbers["above its lowest"] == "4.4 points"
    assert numbers["twice its ±"] == "2.3 points"
    assert numbers["epochs running above, training error falling"] == "3"
    assert numbers["guessing"] == "50.0 %"


def test_loss_is_quoted_where_it_tells_the_same_louder():
    measured = [
        dataclasses.replace(item, validation=dataclasses.replace(item.validation, loss=0.28 if place == 1 else 2.53))
        for place, item in enumerate(evaluations([0.5, 0.02, 0, 0, 0], [0.5, 0.1, 0.2, 0.2, 0.2]))
    ]
    assert str(last(measured).more) == "Loss tells it louder: validation loss 0.28 at epoch 1, now 2.53."


def test_a_network_before_its_first_update_is_untrained():
    found = last(evaluations([0.91], [0.89]))
    assert found.verdict == "untrained"
    assert str(found.text) == "Untrained. Validation error 89.0 % ± 1.0; guessing gives 90.0 %."


def test_a_growing_gap_with_improving_validation_says_go_on():
    epochs = np.arange(11)
    measured = evaluations(0.9 * np.exp(-epochs / 2), 0.05 + 0.85 * np.exp(-epochs / 3))
    assert last(measured).verdict == "gap_grows"
    assert str(last(measured).text).startswith("The gap grows, validation still improves: go on.")


def test_a_run_whose_gap_is_within_its_uncertainty_is_learning():
    epochs = np.arange(6)
    error = 0.9 * np.exp(-epochs / 3)
    assert last(evaluations(error, error + 0.005)).verdict == "learning"


def test_a_training_error_that_stays_at_the_guessing_line_is_not_learning():
    measured = evaluations([0.9, 0.9, 0.89, 0.9, 0.9], [0.9] * 5)
    assert last(measured).verdict == "not_learning"
    assert "stayed at the guessing line for 4 epochs" in str(last(measured).text)


def test_not_learning_is_not_said_within_the_first_updates():
    measured = evaluations([0.9] * 11, [0.9] * 11, updates_per_epoch=1)
    assert last(measured).verdict == "learning"
    assert last(evaluations([0.9] * 41, [0.9] * 41, updates_per_epoch=1)).verdict == "not_learning"


def test_a_run_that_falls_back_to_guessing_has_lost_what_it_learned():
    measured = evaluations([0.9, 0.2, 0.1, 0.9, 0.9, 0.9], [0.9, 0.25, 0.2, 0.9, 0.9, 0.9])
    assert last(measured).verdict == "not_learning"
    assert str(last(measured).text).startswith("What was learned is lost.")
    tried = {item.id for item in last(measured).suggestions}
    assert "lower_rate" in tried
    assert "higher_rate" not in tried


def test_a_higher_rate_is_tried_where_nothing_was_learned_and_not_where_the_loss_rose():
    level, risen = evaluations([0.9] * 5, [0.9] * 5), evaluations([0.9, *[0.905] * 4], [0.9] * 5)
    assert "higher_rate" in {item.id for item in last(level).suggestions}
    assert "higher_rate" not in {item.id for item in last(risen).suggestions}


def test_errors_that_stand_still_are_a_plateau():
    falling = [0.9, 0.5, 0.3, 0.2, 0.12, 0.101]
    measured = evaluations([*falling, *[0.05] * 20], [*falling, 0.1, *[0.104] * 19])
    assert last(measured).verdict == "plateau"
    assert "validation error stays at 10.4 %" in str(last(measured).text)


def test_a_diverged_run_says_why():
    reason = Text("The loss stopped being a number at update {step}; the weights are those before it.", step=37)
    found = last(evaluations([0.9, 0.8], [0.9, 0.8]), state="diverged", reason=reason)
    assert found.verdict == "diverged"
    assert "update 37" in str(found.text)


def test_a_finished_run_tells_its_numbers_and_a_stopped_one_its_reason():
    epochs = np.arange(6)
    error = 0.9 * np.exp(-epochs / 3)
    measured = evaluations(error, error + 0.005)
    finished = last(measured, state="finished")
    assert finished.verdict == "finished"
    assert str(finished.text).startswith("Finished. Validation error 17.5 % ± 1.2")
    stopped = last(measured, state="stopped", reason=Text("Stopped by the user."))
    assert str(stopped.text).startswith("Stopped by the user. Validation error 17.5 %")


def test_a_finished_run_that_overfits_is_called_so():
    assert last(overfitting(1), MOONS, 0.5, state="finished").verdict == "overfitting"


def test_under_early_stopping_the_restored_weights_are_named():
    measured = evaluations([0.5, 0.02, 0.0, 0.0, 0.0], [0.5, 0.112, 0.156, 0.156, 0.156])
    reason = Text("Stopped early: those of epoch 1 are back.")
    found = last(measured, MOONS, 0.5, state="finished", reason=reason, restored=measured[1])
    assert found.verdict == "finished"
    assert str(found.text).startswith(f"{reason} Validation error 11.2 %"), "the reason is said once"
    unsaid = last(measured, MOONS, 0.5, state="finished", restored=measured[1])
    assert str(unsaid.text).startswith(
        "Finished. The weights of epoch 1, whose validation error was lowest, are back. "
    )
    assert "Validation error 11.2 %" in str(unsaid.text)


def test_a_run_that_ended_before_anything_was_measured_has_a_sentence():
    found = status(DIGITS, Trend("classification", 0.9), state="failed")
    assert str(found.text) == "Ended before anything was measured."
    assert found.numbers == ()


def test_regression_speaks_of_relative_error_without_percent():
    measured = evaluations([1.0, 0.5, 0.1, 0.0, 0.0, 0.0], [1.0, 0.9, 1.3, 1.3, 1.3, 1.3], counted=False)
    found = last(measured, POLYNOMIAL, 1.0)
    assert found.verdict == "overfitting"
    assert "%" not in str(found.text)
    assert "points" not in " ".join(str(value) for _, value in found.numbers)
    assert str(found.more) == "On validation samples it is worse than always predicting the mean (1)."


def test_the_uncertainty_is_binomial_for_classes_and_that_of_an_rmse_for_numbers():
    assert uncertainty(score(0.156, 1000)) == pytest.approx(math.sqrt(0.156 * 0.844 / 1000))
    assert uncertainty(score(0.3, 200, counted=False)) == pytest.approx(0.015)
    one_standard_error = 0.6826894921
    for wrong, num in ((0, 14), (0, 360), (14, 14)):
        low, high = binomtest(wrong, num).proportion_ci(one_standard_error, "wilson")
        shown = str(uncertainty_text(score(wrong / num, num)))
        assert shown == f"{100 * (high - low):.1f}", "none wrong of few is not ± 0"
    rng = np.random.default_rng(0)
    rmse = np.sqrt(np.square(rng.standard_normal((2000, 200))).mean(axis=1))
    assert rmse.std() == pytest.approx(uncertainty(score(1.0, 200, counted=False)), rel=0.05)


def test_the_live_page_gets_every_key_it_reads():
    meta = last(overfitting(0), MOONS, 0.5).to_meta()
    assert set(meta) == {"verdict", "text", "more", "rule", "numbers", "suggestions", "alarms", "told"}
    assert all(set(item) == {"id", "label", "help"} for item in meta["suggestions"])
    assert all(isinstance(label, Text) and isinstance(value, Text) for label, value in meta["numbers"])


def test_every_verdict_has_its_rule():
    assert all(str(rule).endswith((".", ".)")) for rule in RULES.values())
    assert set(RULES) == {
        "untrained", "pretraining", "learning", "gap_grows", "overfitting", "not_learning", "plateau", "diverged",
        "finished",
    }  # fmt: skip


def test_the_verdict_needs_no_torch():
    code = "import sys, core.training.verdict; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False, timeout=100).returncode == 0


def test_a_difference_that_rounds_to_zero_has_no_sign():
    assert [str(points_text("classification", share)) for share in (-0.0002, -0.02)] == ["0.0 points", "−2.0 points"]
