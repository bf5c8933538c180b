"""The search for learning rates: the same for all, and the best of nine for each."""

from __future__ import annotations

import itertools
import math
from concurrent.futures import Future
from pathlib import Path
from typing import Any

import pytest

from core.studies.comparison import Comparison
from core.studies.rate_search import RateSearch, deciding_loss
from core.studies.rates import chosen, found, rates_of, search_meta, tries
from core.training.assembly import conditions_of
from core.training.run import Run
from tests.experiments import POINTS, points
from tests.jobs import computing, ready
from tests.polling import until

COMPARISON = Comparison.of(POINTS, ["optimizer=sgd,adam,adadelta"])


def test_nine_rates_over_the_usual_range_equally_far_apart():
    rates = rates_of(points(optimizer="sgd"))
    assert (len(rates), rates[0], rates[-1]) == (9, 1e-4, 1)
    ratios = [after / before for before, after in itertools.pairwise(rates)]
    assert ratios == pytest.approx([ratios[0]] * 8, rel=1e-4)
    assert rates_of(points(optimizer="adadelta")) == ()


def test_every_variant_is_tried_with_the_same_seed_and_as_many_updates_as_in_the_race(tmp_path: Path):
    made = tries(COMPARISON)
    assert [each.variant for each in made] == [0] * 9 + [1] * 9
    assert {each.experiment.seed for each in made} == {0}
    run = Run(made[0].experiment, tmp_path).train()
    assert run.step_count == Run(points(), tmp_path).total_steps
    assert [evaluation.step for evaluation in run.evaluations] == [0, run.step_count]


def test_the_lowest_training_loss_decides():
    losses = {(each.variant, each.rate): abs(math.log10(each.rate) + 2) for each in tries(COMPARISON)}
    results = found(COMPARISON, COMPARISON.varied(), losses)
    assert chosen(results) == {0: 0.01, 1: 0.01}
    assert results[2].points == ()
    assert str(results[2].note) == "AdaDelta has no learning rate to choose: it stays as it is."


def test_an_end_of_the_range_and_a_search_that_diverged_are_said():
    losses = {(0, rate): 1 / rate for rate in rates_of(points(optimizer="sgd"))}
    losses |= {(1, rate): math.inf for rate in rates_of(points(optimizer="adam"))}
    results = found(COMPARISON, COMPARISON.varied(), losses)
    assert chosen(results) == {0: 1.0}
    assert "end of the range" in str(results[0].note)
    assert "diverged at every rate" in str(results[1].note)


def test_what_has_not_been_tried_yet_is_shown_as_missing():
    results = found(COMPARISON, COMPARISON.varied(), {(0, 0.01): 0.5})
    meta = search_meta(results, running=True, text=None, num_updates=16)
    points_shown = meta["curves"][0]["points"]
    assert [loss for _, loss in points_shown if not math.isnan(loss)] == [0.5]
    assert meta["curves"][0]["best"] == 0.01


def searched(folder: Path, comparison: Comparison, **options: Any) -> tuple[RateSearch, list[str]]:
    said: list[str] = []
    with computing() as compute:
        search = RateSearch(
            comparison,
            folder,
            options.pop("data", [ready()]),
            compute.wake,
            owner="local",
            paused=options.pop("paused", False),
            report=lambda search, text: said.append(str(text)),
            finished=lambda search: None,
        )
        compute.submit(search)
        for act in options.pop("acts", []):
            act(search)
        assert search.over.wait(100)
    return search, said


def test_a_search_finds_what_runs_by_themselves_find(tmp_path: Path):
    search, said = searched(tmp_path, COMPARISON)
    assert search.error is None
    assert (search.num_updates, search.engine, search.progress) == (16, "stacked", 1.0)
    for each in tries(COMPARISON):
        run = Run(each.experiment, tmp_path, conditions=conditions_of(each.experiment, engine="stacked")).train()
        assert run.latest is not None
        assert search.losses[each.variant, each.rate] == run.latest.train.loss
    assert any("of 18 tries" in text for text in said)


def test_a_search_that_cannot_be_stacked_trains_one_after_the_other(tmp_path: Path):
    """One variant computes in a mode that stacks do not have: then none is stacked, or the search were not the same."""
    comparison = Comparison.of(POINTS, ["precision=float32,bfloat16"], rates="own")
    search, _ = searched(tmp_path, comparison)
    assert search.error is None
    assert search.engine == "solo"
    each = tries(comparison)[4]
    run = Run(each.experiment, tmp_path).train()
    assert run.latest is not None
    assert search.losses[each.variant, each.rate] == run.latest.train.loss


def test_a_rate_at_which_a_run_diverges_counts_as_infinitely_bad(tmp_path: Path):
    run = Run(points(optimizer={"key": "sgd", "lr": 1e30}), tmp_path).train()
    assert run.outcome is not None
    assert run.outcome.state == "diverged"
    assert deciding_loss(run) == math.inf


def test_a_search_can_be_held_and_ended(tmp_path: Path):
    search, _ = searched(
        tmp_path,
        Comparison.of(POINTS | {"epochs": 100_000}, ["optimizer=sgd,adam"]),
        paused=True,
        acts=[
            lambda search: until(lambda: search.ready_at == math.inf),
            lambda search: search.pause(False),
            lambda search: until(lambda: search.num_updates and search.progress > 0),
            lambda search: search.cancel(),
        ],
    )
    assert search.is_cancelled
    assert search.losses == {}


def test_a_search_whose_data_cannot_be_had_fails_with_the_reason(tmp_path: Path):
    data: Future[None] = Future()
    data.set_exception(OSError("no network"))
    search, _ = searched(tmp_path, COMPARISON, data=[data])
    assert str(search.error) == "no network"
