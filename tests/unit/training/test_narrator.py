"""The narrator: when it speaks, when it takes back, and how often it is right."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest

from bench.narrator import BEGIN, DOCUMENT, END, labels, table
from bench.narrator_runs import CASES
from core.training import narrator_record
from core.training.evaluation import Evaluation
from core.training.narrator import RULES, Narrator
from core.training.narrator_record import FILE, HALVES, evaluations_of, record, record_text, said_of, stored_runs, told
from core.training.trend import EPOCHS_RUNNING, Trend
from tests.unit.training.curves import evaluations, healthy, overfitting

RUNS = stored_runs()


def narrator(measured: Sequence[Evaluation]) -> Narrator:
    return Narrator().follow(Trend("classification", None, measured))


def kinds(measured: Sequence[Evaluation]) -> set[str]:
    """What is said at the end."""
    return {saying.kind for saying in narrator(measured).at()}


def alike(errors: Sequence[float] | np.ndarray, gap: float = 0.0) -> list[Evaluation]:
    """Training errors, losses that are as large, and validation errors that lie so far above."""
    return evaluations(errors, np.asarray(errors) + gap)


FALLING = np.linspace(0.5, 0.0, 40)
STANDING = np.concatenate([np.linspace(0.9, 0.4, 8), np.full(30, 0.4)])
ZIGZAG = 0.4 + 0.1 * (np.arange(40) % 2)


@pytest.mark.parametrize(
    ("kind", "measured"),
    [
        ("diverging", alike(np.linspace(0.4, 0.8, 20))),
        ("rate_too_high", alike([0.9, *ZIGZAG])),
        ("overfitting", overfitting(0)),
        ("underfitting", alike(STANDING)),
        ("plateau", alike([0.9, *np.full(30, 0.88)], gap=0.05)),
        ("noise", alike(STANDING, gap=0.001)),
    ],
)
def test_each_rule_speaks_where_it_should_with_its_numbers(kind: str, measured: list[Evaluation]):
    (saying,) = [saying for saying in narrator(measured).at() if saying.kind == kind]
    (words,) = told([saying])
    assert str(words["line"]) == f"{RULES[kind].name}, said at epoch {saying.epoch:g}"
    assert any(letter.isdigit() for letter in str(saying.text))
    assert "cases in which it spoke" in str(words["record"])


def test_nothing_is_said_of_a_run_that_learns():
    assert kinds(alike(FALLING, gap=0.1)) == set()
    accused = [seed for seed in range(20) if kinds(healthy(seed)) - {"noise"}]
    assert accused == []


def test_of_a_fork_nothing_is_said_that_depends_on_how_its_parent_began():
    later = [replace(each, epoch=each.epoch + 20) for each in alike(np.full(30, 0.05), gap=0.2)]
    worse = [replace(each, epoch=each.epoch + 20) for each in alike(np.linspace(0.05, 0.2, 30), gap=0.2)]
    assert kinds(later) == kinds(worse) == set()
    assert kinds([replace(each, epoch=each.epoch - 20) for each in worse]) == {"diverging", "rate_too_high"}


def test_a_fork_is_told_all_where_the_first_weights_of_its_parent_are_known():
    whole = alike(STANDING)
    (first,), later = whole[:1], whole[5:]
    told_of_whole, told_of_fork = narrator(whole), Narrator().follow(Trend("classification", None, later, first=first))
    assert kinds(later) == {"noise"}
    assert {saying.kind for saying in told_of_fork.at()} == kinds(whole) == {"noise", "underfitting"}
    (of_whole, of_fork) = (
        next(str(saying.text) for saying in found.at() if saying.kind == "underfitting")
        for found in (told_of_whole, told_of_fork)
    )
    assert of_whole == of_fork


def test_a_fall_is_written_with_a_minus_sign_and_no_hyphen():
    said = [saying for run in RUNS for saying in narrator(evaluations_of(run)).sayings]
    fallen = [str(saying.text) for saying in said if "changed by" in str(saying.text)]
    assert any("changed by −" in text for text in fallen)
    assert not any("changed by -" in text for text in fallen)


def test_what_holds_for_less_than_three_epochs_is_neither_said_nor_taken_back():
    errors = np.full(30, 0.9)
    errors[1:5] = 0.5, 1.0, 1.0, 0.5
    assert not narrator(alike(errors)[:5]).sayings
    errors = np.array([0.5, 0.6, 0.6, 0.6, 0.6, 0.4, 0.4, 0.6, 0.4, 0.4, 0.4, 0.4])
    (saying, *_) = [one for one in narrator(alike(errors, gap=0.1)).sayings if one.kind == "diverging"]
    assert (saying.epoch, saying.until) == (EPOCHS_RUNNING, 10.0)


def test_a_number_that_is_not_finite_is_said_once_at_the_end():
    found = narrator(alike(FALLING, gap=0.1)).diverged(40.5).diverged(40.5).at()
    assert [(saying.kind, saying.epoch) for saying in found] == [("diverging", 40.5)]
    (words,) = told(Narrator().diverged(1 / 6).sayings)
    assert str(words["line"]) == "divergence, said at epoch 0.2"
    assert not narrator(alike(FALLING, gap=0.1)).diverged(40.5).at(40.0)


def test_a_run_shown_again_is_told_at_each_epoch_as_it_was_live():
    for run in RUNS[::7]:
        measured = evaluations_of(run)
        whole = Narrator().follow(Trend(run["task"], None, measured))
        trend, live = Trend(run["task"], None), Narrator()
        for evaluation in measured:
            trend.add(evaluation)
            now = [(saying.kind, saying.epoch, saying.text) for saying in live.follow(trend).at()]
            assert now == [(saying.kind, saying.epoch, saying.text) for saying in whole.at(evaluation.epoch)]


# -- how often it is right --------------------------------------------------------------------------------------------


def test_the_stored_runs_are_those_that_were_declared_and_their_labels_follow_from_how_they_ended():
    declared = [(half, case.settings) for half in HALVES for case in CASES[half]]
    assert [(run["half"], run["settings"]) for run in RUNS] == declared
    assert [run["labels"] for run in RUNS] == [labels(run) for run in RUNS]
    assert FILE.stat().st_size < 300_000


@pytest.mark.parametrize("half", HALVES)
def test_each_half_has_twenty_runs_and_each_kind_some_that_are_true_and_some_that_are_not(half: str):
    found = [run["labels"] for run in RUNS if run["half"] == half]
    assert len(found) >= 20
    assert all(2 <= sum(kind in true for true in found) < len(found) for kind in RULES)


def test_the_document_tells_what_the_stored_runs_give():
    measured = DOCUMENT.read_text(encoding="utf-8").partition(BEGIN)[2].partition(END)[0]
    assert measured.strip() == table(RUNS)


@pytest.mark.parametrize("kind", RULES)
def test_what_is_told_of_a_rule_are_the_counts_of_the_half_that_was_not_looked_at(kind: str):
    unseen = [run for run in RUNS if run["half"] == HALVES[1]]
    said = [run for run in unseen if kind in said_of(run)]
    right = sum(kind in run["labels"] for run in said)
    assert f"right in {right} of the {len(said)} cases" in str(record_text(kind))
    assert record()[kind].true == sum(kind in run["labels"] for run in unseen)


def test_labels_do_not_ask_the_narrator(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(narrator_record, "Narrator", None)
    monkeypatch.setattr(Narrator, "follow", None)
    assert [labels(run) for run in RUNS] == [run["labels"] for run in RUNS]
