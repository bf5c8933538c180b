"""The price of a comparison: what it counts, what it says, and that asking for it fetches nothing."""

from __future__ import annotations

from collections.abc import Generator
from pathlib import Path
from typing import Any

import pytest

import core.catalog  # noqa: F401 - registers every entry
from core.catalog.datasets.dataset import DataSet
from core.live.hub import Hub
from core.studies.comparison import Comparison
from core.studies.loading import Loading
from core.studies.previews import MAX_PREVIEWS
from core.studies.race_price import MOST_AT_ONCE, MOST_MEASURED, Price, Prices, price_of
from core.text import Text
from core.training.compute import Compute
from core.training.run import Run
from tests.experiments import POINTS
from tests.polling import until


def price(comparison: Comparison, folder: Path) -> Price:
    """The price, measured in one go."""
    pieces = price_of(comparison, folder, [])
    while True:
        try:
            next(pieces)
        except StopIteration as over:
            return over.value


def test_a_price_counts_every_run_and_the_tries_before_them(tmp_path: Path):
    by_hand = price(Comparison.of(POINTS, ["optimizer=sgd,adam"], rates="hand", seeds=3), tmp_path)
    run = Run(Comparison.of(POINTS, ["optimizer=sgd,adam"]).base, tmp_path)
    assert (by_hand.num_runs, by_hand.num_updates, by_hand.search_s) == (6, run.total_steps, 0)
    assert by_hand.race_s > 0
    assert price(Comparison.of(POINTS, ["optimizer=sgd,adam"], rates="own"), tmp_path).search_s > 0


def test_of_a_sweep_a_few_variants_are_measured(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    built = []

    class Counted(Run):
        def __init__(self, *given: Any, **options: Any) -> None:
            built.append(given)
            super().__init__(*given, **options)

    monkeypatch.setattr("core.studies.race_price.Run", Counted)
    sweep = price(Comparison.of(POINTS, ["optimizer.lr=log(0.001,1)x40"]), tmp_path)
    assert len(built) == MOST_MEASURED
    assert sweep.num_runs == 40


def test_runs_of_other_lengths_are_counted_by_their_own(tmp_path: Path):
    alike = price(Comparison.of(POINTS, ["optimizer=sgd,adam"], rates="hand"), tmp_path)
    both = price(Comparison.of(POINTS, [f"epochs={POINTS['epochs']},{10 * POINTS['epochs']}"], rates="hand"), tmp_path)
    assert (alike.fewest_updates, both.fewest_updates) == (None, alike.num_updates)
    assert both.num_updates == 10 * alike.num_updates
    told = Price(race_s=4, search_s=0, num_runs=2, num_updates=180, fewest_updates=18)
    assert str(told.words(0)).endswith("2 runs, 18 to 180 updates each")


def test_what_is_watched_is_never_shorter_than_the_pace_and_the_queue_is_told():
    alone = Price(race_s=4, search_s=0, num_runs=30, num_updates=180)
    assert str(alone.words(0)) == "10 s to watch, 4 s of compute: 30 runs, 180 updates each"
    searched = Price(race_s=60, search_s=20, num_runs=30, num_updates=180)
    assert str(searched.words(2)) == (
        "60 s to watch, 60 s of compute: 30 runs, 180 updates each; before that about 20 s: each variant tries nine "
        "learning rates; about 4 min now: 2 other runs"
    )


def test_asking_for_a_price_tells_it_once_and_downloads_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    hub, compute = Hub(), Compute()
    compute.start()
    loading = Loading(compute, tmp_path, hub)
    prices = Prices(tmp_path, hub, loading, compute)
    try:
        channel = prices.show(Comparison.of(POINTS, ["optimizer=sgd,adam"], rates="hand"))
        until(lambda: hub.meta(channel)["price"])
        assert "2 runs" in str(hub.meta(channel)["price"])
        monkeypatch.setattr(loading, "load", lambda *_: pytest.fail("the data are loaded"))
        assert prices.show(Comparison.of(POINTS, ["optimizer=sgd,adam"], rates="hand")) == channel
        monkeypatch.setattr(DataSet, "available", lambda *_: Text("It has to be downloaded once, 31 MB."))
        far = prices.show(Comparison.of(POINTS, ["optimizer=sgd,momentum"], rates="hand"))
        assert "downloaded once, 31 MB" in str(hub.meta(far)["price"])
        for size in range(1, MAX_PREVIEWS + 5):
            prices.show(Comparison.of({**POINTS, "batch_size": size}, ["optimizer=sgd,adam"], rates="hand"))
        assert len(hub.runs()) == MAX_PREVIEWS, "what could not be measured is let go of like the rest"
    finally:
        compute.close()


def test_of_many_changes_only_the_last_are_measured_and_what_fails_is_said_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    hub, compute = Hub(), Compute()
    prices = Prices(tmp_path, hub, Loading(compute, tmp_path, hub), compute)
    try:
        held = [
            prices.show(Comparison.of({**POINTS, "batch_size": size}, ["optimizer=sgd,adam"], rates="hand"))
            for size in range(20, 30)
        ]
        compute.start()
        until(lambda: hub.meta(held[-1])["price"])
        assert sum(hub.meta(channel)["price"] is not None for channel in held) <= MOST_AT_ONCE
        monkeypatch.setattr("core.studies.race_price.price_of", _broken)
        broken = Comparison.of({**POINTS, "batch_size": 7}, ["optimizer=sgd,adam"], rates="hand")
        channel = prices.show(broken)
        until(lambda: hub.meta(channel)["price"])
        assert "could not be measured" in str(hub.meta(channel)["price"])
        monkeypatch.setattr("core.studies.race_price.price_of", lambda *_: pytest.fail("it is measured again"))
        prices.show(broken)
    finally:
        compute.close()


def _broken(*_: Any) -> Generator[None, None, Price]:
    yield
    raise ZeroDivisionError("broken")
