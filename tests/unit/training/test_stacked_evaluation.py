"""The errors of a row are its own: the same bits alone and beside others, and those of a solo run up to rounding."""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
import torch

from core.catalog.registry import entries
from core.training import measuring
from core.training.evaluation import Score, score
from core.training.events import Event
from core.training.run import Run
from core.training.stacked import Stack
from core.training.stacking import answers
from core.training.stacking.answers import Again, Answers
from tests.experiments import Diary, points, same
from tests.unit.training.test_stacked import NETWORKS, mlp, rows, spoil, stackable

Pair = tuple[Score, Score]
KINDS: dict[str, dict[str, Any]] = {
    **{name: NETWORKS[name] for name in ("odd batches", "logistic", "numbers", "images as features", "odd widths")},
    **{name: NETWORKS[name] for name in ("sigmoid", "gelu", "layer normalization")},
    **{name: NETWORKS[name] for name in ("batch normalization", "everything", "signals", "global average")},
    "dropout": {**mlp(), "regularizers": ["dropout"]},
    **{key: mlp() | {"loss": key} for key, cls in entries("losses").items() if "classification" in cls.tasks},  # type: ignore[attr-defined]
}


def trained(name: str, folder: Path, count: int = 8, **changes: Any) -> list[Run]:
    """Runs that have done some updates, and stand where errors are due."""
    runs = [stackable(item, folder)[0] for item in rows(KINDS[name], evaluate_every=3, **changes)[:count]]
    stack = Stack(runs)
    for _ in range(3):
        stack.step()
    return runs


def measured(runs: Sequence[Run]) -> list[Pair]:
    """The errors of runs that are measured in one go; afterwards they are due again."""
    for run in runs:
        run.measuring.done_step = -1
    Stack(runs).evaluate(runs[0], runs[1:])
    return measured_pieces(runs)


def measured_pieces(runs: Sequence[Run]) -> list[Pair]:
    """What is found when everything that is due has been measured."""
    while any(run.evaluation_due for run in runs):
        for run in runs:
            if run.evaluation_due:
                run.piece()
    assert all(run.latest and run.latest.step == 3 for run in runs)
    return [(run.latest.train, run.latest.validation) for run in runs if run.latest]


@pytest.mark.parametrize("pieces", [4096, 37])
@pytest.mark.parametrize("name", KINDS)
def test_bits_depend_neither_on_the_other_rows_nor_on_their_number(name: str, pieces: int, tmp_path: Path):
    runs = trained(name, tmp_path)
    for run in runs:
        run.parts.piece_size = pieces
    alone = [measured([run])[0] for run in runs]
    for chosen in (range(8), range(7, -1, -1), [3, 0, 5], [4, 7]):
        assert measured([runs[place] for place in chosen]) == [alone[place] for place in chosen]
    assert len(set(alone)) > 1


@pytest.mark.parametrize("name", KINDS)
def test_what_is_kept_between_two_evaluations_says_nothing_of_the_weights(name: str, tmp_path: Path):
    runs = trained(name, tmp_path, 4)
    stack = Stack(runs)
    seen = []
    for _ in range(3):
        with torch.no_grad():
            for parameter in [parameter for run in runs for parameter in run.parts.loop.parameters]:
                parameter.mul_(1.5)
        for run in runs:
            run.measuring.done_step = -1
        stack.evaluate(runs[0], runs[1:])
        found = measured_pieces(runs)
        assert found == [measured([run])[0] for run in runs]
        seen.append(tuple(found))
    assert len(set(seen)) == 3


def test_answers_are_kept_as_long_as_the_runs_have_their_pieces_and_they_are_small(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    parts = [run.parts for run in trained("odd batches", tmp_path, 3)]
    again = Again()
    first = again.of(parts)
    assert again.of(parts) is first
    assert again.of(parts[:2]) is not first
    parts[1].revision += 1
    assert again.of(parts) is not first
    groups = [[parts[place]] for place in (0, 1, 2, 0, 1, 2)]
    for most, is_kept in ((3, True), (2, False)):
        monkeypatch.setattr(answers, "MOST_KEPT", most)
        again = Again()
        found = [again.of(group) for group in groups]
        assert all((one is other) == is_kept for one, other in zip(found[:3], found[3:], strict=True))
    monkeypatch.setattr(answers, "MOST_BYTES", 0)
    large = again.of(parts[:2])
    assert again.of(parts[:2]) is not large


@pytest.mark.parametrize("name", ["odd batches", "images as features", "everything"])
def test_samples_side_by_side_are_those_of_each_run_and_kept_where_they_are_few(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    # Of four runs two have the same samples: they stand there twice, and count twice.
    folds = [
        item.replace(num_folds=3, fold=2 + place % 2, optimizer="sgd")
        for place, item in enumerate(rows(KINDS[name])[:4])
    ]
    parts = [stackable(item, tmp_path)[0].parts for item in folds]
    for split in (0, 1):
        num_bytes = 4 * parts[0].evaluated[split].num_bytes
        for most in (2 * num_bytes, 2 * num_bytes - 1):
            monkeypatch.setattr(answers, "MOST_BYTES", most)
            samples = Answers(parts).samples[split]
            passes = [list(samples), list(samples)]
            assert all(isinstance(inputs, list) == (name == "everything") for inputs, _ in passes[0])
            are_kept = all(one[1] is other[1] for one, other in zip(*passes, strict=True))
            assert are_kept == (name != "everything" and most == 2 * num_bytes)
            once = Answers(parts[::2]).samples[split]  # Of two runs with the same samples nothing is copied, nor kept.
            assert all(one[0] is not other[0] for one, other in zip(once, once, strict=True))
            for found in passes:
                for place, one in enumerate(parts):
                    for (inputs, targets), batch in zip(found, one.evaluated[split], strict=True):
                        assert inputs[place].equal(batch.inputs)
                        assert targets[place].equal(batch.targets)


@pytest.mark.parametrize("shape", [(64, 64, 64), (1, 1, 3), (33, 5), (128,), (300, 7), (512, 512)], ids=str)
def test_bits_do_not_depend_on_the_number_of_rows_whatever_the_shape_of_the_products(
    shape: tuple[int, ...], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setitem(
        KINDS, "shape", {"dataset": "digits", "architecture": {"key": "mlp", "widths": shape}, "batch_size": 64}
    )
    runs = trained("shape", tmp_path)
    alone = [measured([run])[0] for run in runs]
    for count in range(2, 9):
        assert measured(runs[:count]) == alone[:count]


@pytest.mark.parametrize("name", KINDS)
def test_the_errors_are_those_of_a_solo_run(name: str, tmp_path: Path):
    runs = trained(name, tmp_path, precision="float64")
    for run, found in zip(runs, measured(runs), strict=True):
        solo = Run(run.experiment, tmp_path)
        solo.parts.model.load_state_dict(run.parts.model.state_dict())
        solo.measuring.demanded_step = 0
        solo.train(until=0)
        assert solo.latest is not None
        for one, two in zip(found, (solo.latest.train, solo.latest.validation), strict=True):
            assert (one.num, one.wrong) == (two.num, two.wrong)
            assert one.loss == pytest.approx(two.loss, rel=1e-12)
            assert one.error == pytest.approx(two.error, rel=1e-12)


def test_equal_outputs_are_counted_as_a_solo_run_counts_them(tmp_path: Path):
    """With all outputs alike the answer is the first class: 'no output is larger' would call every sample right."""
    runs = trained("odd batches", tmp_path, 3)
    with torch.no_grad():
        for parameter in runs[0].parts.loop.parameters:
            parameter.zero_()
        runs[1].parts.model.get_parameter("output.weight").fill_(math.nan)
    for run, (train, _) in zip(runs, measured(runs), strict=False):
        parts = run.parts
        pieces = score(parts.model, parts.evaluated[0], parts.plain_loss, parts.target_spread)
        with pytest.raises(StopIteration) as done:
            next(pieces)
        assert train.wrong == done.value.value.wrong


def test_a_run_among_others_tells_what_it_tells_alone(tmp_path: Path):
    """Rows with rhythms and ends of their own, early stopping, a divergence, an event, an evaluation in pieces."""
    stop = {"key": "early_stopping", "patience": 2}
    experiments = [
        points(epochs=6, evaluate_every=2),
        points(epochs=6, evaluate_every=3, seed=1, optimizer="sgd", regularizers=["dropout"]),
        points(epochs=30, evaluate_every=4, seed=2, regularizers=[stop], optimizer={"key": "adam", "lr": 0.3}),
        points(epochs=4, evaluate_every=6, seed=3),
        points(epochs=6, evaluate_every=2, seed=4),
    ]
    recipes = {4: [Event(6, "set", {"optimizer.lr": 0.1}), Event(6, "stop")]}

    def made(place: int) -> tuple[Run, Diary]:
        run, diary = stackable(experiments[place], tmp_path)
        run._recipe = list(recipes.get(place, []))
        run.parts.piece_size = 30
        if place == 3:
            spoil(run)
        return run, diary

    pairs = [made(place) for place in range(len(experiments))]
    runs = [run for run, _ in pairs]
    stack = Stack(runs)
    together = 0
    while not all(run.is_over for run in runs):
        due = [run for run in runs if not run.is_over and not run.update_is_next]
        for place, run in enumerate(due):
            stack.evaluate(run, due[place + 1 :])
            together += sum(other.is_evaluating for other in due) > 1
            run.piece()
        if not due:
            stack.step([run for run in runs if not run.is_over])
    assert together > 5
    for place, pair in enumerate(pairs):
        alone = made(place)
        alone[0].train()
        pair[0].flush()
        assert same(pair, alone), place
    assert [run.outcome.state for run in runs if run.outcome] == ["finished"] * 3 + ["diverged", "stopped"]


def test_what_goes_wrong_with_the_evaluation_of_one_row_ends_that_run_alone(tmp_path: Path):
    runs = trained("layer normalization", tmp_path, 4)
    expected = [measured([run])[0] for run in runs]
    for run in runs:
        run.measuring.done_step = -1

    def fail(*_: Any) -> None:
        raise torch.OutOfMemoryError("no memory for this one")

    runs[1].parts.model.get_submodule("hidden.1.norm").register_forward_pre_hook(fail)
    Stack(runs).evaluate(runs[0], runs[1:])
    for place, run in enumerate(runs):
        if place == 1:
            with pytest.raises(torch.OutOfMemoryError, match="this one"):
                run.piece()
            continue
        while run.evaluation_due:
            run.piece()
        assert run.latest is not None
        assert (run.latest.train, run.latest.validation) == expected[place]


def test_a_row_that_breaks_off_is_missed_by_nobody(tmp_path: Path):
    runs = trained("odd batches", tmp_path, 3)
    expected = [measured([run])[0] for run in runs]
    for run in runs:
        run.measuring.done_step = -1
        run.parts.piece_size = 30
    Stack(runs).evaluate(runs[0], runs[1:])
    runs[0].piece()
    runs[0].measuring.break_off()
    assert [run.is_evaluating for run in runs] == [False, True, True]
    assert measured(runs[1:]) == measured(runs)[1:]
    assert [pair[0].wrong for pair in measured(runs)] == [pair[0].wrong for pair in expected]


def test_each_row_is_charged_its_share_of_the_time(tmp_path: Path):
    runs = trained("odd batches", tmp_path, 3)
    before = [run.evaluation_s for run in runs]
    measured(runs)
    spent = [run.evaluation_s - seconds for run, seconds in zip(runs, before, strict=True)]
    assert spent[0] > 0
    assert spent == pytest.approx([spent[0]] * 3)


@pytest.mark.parametrize("name", ["everything", "global average"])
def test_dropout_that_comes_in_the_middle_of_an_evaluation_leaves_it_alone(name: str, tmp_path: Path):
    runs = trained(name, tmp_path, 3)
    for run in runs:
        run.parts.piece_size = 16
        run.measuring.done_step = -1
    (expected,) = measured(runs[1:2])
    runs[1].measuring.done_step = -1
    Stack(runs).evaluate(runs[0], runs[1:])
    runs[0].piece()
    statistics = [statistic.clone() for run in runs for statistic in run.parts.frame.statistics]
    runs[1].apply(Event(3, "set", {"regularizers": [{"key": "dropout", "p": 0.9, "where": "convolution"}]}))
    assert measured_pieces(runs)[1] == expected
    assert all(run.parts.model.training for run in runs)
    after = [statistic for run in runs for statistic in run.parts.frame.statistics]
    assert all(torch.equal(one, two) for one, two in zip(statistics, after, strict=True))


def test_no_more_runs_are_measured_in_one_go_than_a_command_can_wait_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    made: list[int] = []

    class Counted(Answers):
        def __init__(self, several: Any) -> None:
            made.append(len(several))
            super().__init__(several)

    for module in (answers, measuring):
        monkeypatch.setattr(module, "Answers", Counted)
    measured(trained("odd batches", tmp_path, 3))
    assert made == [3]
    made.clear()
    monkeypatch.setattr(measuring, "MOST_AT_ONCE", 2)
    measured(trained("odd batches", tmp_path, 3))
    assert made == [2, 1]
