"""Every epoch sees every sample once, in an order of its own."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from core.training import feed as module
from core.training.feed import Feed, Feeds
from core.training.run import Run
from tests.experiments import images, points


def feed_of(count: int, batch_size: int, seed: int = 0) -> Feed:
    inputs = torch.arange(2 * count, dtype=torch.float32).view(count, 2)
    return Feed(inputs, torch.arange(count), torch.arange(count), None, torch.ones(2), batch_size, seed)


@pytest.mark.parametrize(
    ("count", "batch_size", "sizes"),
    [(12, 4, [4, 4, 4]), (10, 4, [4, 4, 2]), (9, 4, [4, 5]), (3, 4, [3]), (1, 4, [1]), (3, 1, [1, 1, 1])],
)
def test_an_epoch_has_every_sample_once_and_no_batch_of_one_is_left_over(count: int, batch_size: int, sizes: list[int]):
    feed = feed_of(count, batch_size)
    assert feed.steps_per_epoch == len(sizes)
    for epoch in range(3):
        batches = [feed.batch(epoch * len(sizes) + place) for place in range(len(sizes))]
        assert [len(batch.inputs) for batch in batches] == sizes
        seen = torch.cat([batch.sample_ids for batch in batches])
        assert sorted(seen.tolist()) == list(range(count))
        for batch in batches:
            assert torch.equal(batch.targets, batch.sample_ids)
            assert torch.equal(batch.inputs[:, 0], 2.0 * batch.sample_ids)


def test_epochs_have_different_orders_and_any_batch_can_be_asked_for():
    one, two = feed_of(32, 8), feed_of(32, 8)
    orders = [one.batch(step).sample_ids.tolist() for step in range(12)]
    assert orders[:4] != orders[4:8] != orders[8:]
    for step in (11, 0, 5, 4, 7, 3):
        assert two.batch(step).sample_ids.tolist() == orders[step]
    assert feed_of(32, 8, seed=1).batch(0).sample_ids.tolist() != orders[0]


@pytest.mark.parametrize("kind", [torch.uint8, torch.float32])
@pytest.mark.parametrize("shifts", [True, False])
@pytest.mark.parametrize(("scales", "most"), [("own", 2**20), ("one", 2**20), ("one", 100)], ids=str)
def test_batches_drawn_in_one_go_are_those_of_each_feed_to_the_bit(
    kind: torch.dtype, shifts: bool, scales: str, most: int, monkeypatch: pytest.MonkeyPatch
):
    """Feeds of one scale draw from samples that were scaled before, as long as these are few."""
    monkeypatch.setattr(module, "SCALED_BYTES", most)
    drawn = torch.Generator().manual_seed(0)
    inputs = torch.randint(0, 256, (30, 1, 3, 3), generator=drawn, dtype=torch.uint8).to(kind)
    targets = torch.randint(0, 4, (30,), generator=drawn)
    scale = (
        torch.rand(3, 2, 1, 1, 1, generator=drawn)
        if scales == "own"
        else torch.rand(1, 2, 1, 1, 1).expand(3, -1, 1, 1, 1)
    )
    feeds = [
        Feed(inputs, targets, rows, scale[seed, 0] if shifts else None, scale[seed, 1], 8, seed)
        for seed, rows in enumerate((torch.arange(20), torch.arange(10, 30), torch.arange(5, 25)))
    ]
    beside = Feeds(feeds)
    assert Feeds.are_beside(feeds)
    for step in (0, 2, 4):
        batch = beside.batch(1, 3, step)
        for place, feed in enumerate(feeds[1:]):
            assert all(one[place].equal(other) for one, other in zip(batch, feed.batch(step), strict=True))
    assert (beside._scaled is None) == (scales == "own" or most == 100)


def test_feeds_of_different_samples_are_not_drawn_from_in_one_go():
    assert not Feeds.are_beside([feed_of(12, 4), feed_of(12, 4, seed=1)]), "each has tensors of its own"


def test_images_are_scaled_to_between_0_and_1_in_the_runs_number_format(tmp_path: Path):
    for precision, dtype in (("float32", torch.float32), ("float64", torch.float64), ("bfloat16", torch.float32)):
        batch = Run(images(precision=precision), tmp_path).parts.feed.batch(0)
        assert batch.inputs.dtype == dtype
        assert 0 <= batch.inputs.min() < batch.inputs.max() <= 1


@pytest.mark.parametrize("shift", [None, torch.tensor([3.0, 0.5])])
def test_bytes_and_numbers_are_scaled_to_the_same_bits(shift: torch.Tensor | None):
    inputs = torch.arange(256, dtype=torch.uint8).view(128, 2)
    rows, factor = torch.arange(128), torch.tensor([1 / 255, 1 / 3])
    whole = inputs.float() if shift is None else inputs.float() - shift
    for kept in (inputs, inputs.float()):
        feed = Feed(kept.clone(), rows, rows, shift, factor, 16, 0)
        assert torch.equal(feed.rows(rows).inputs, whole * factor)
        assert torch.equal(feed.scaled(kept), whole * factor)
    assert torch.equal(inputs, torch.arange(256, dtype=torch.uint8).view(128, 2)), "what is scaled is a copy"


def test_signals_go_through_one_dimensional_convolutions(tmp_path: Path):
    """Their three axes have no channels-last order."""
    experiment = points(
        dataset="mnist_1d", train_size=20, architecture={"key": "cnn", "blocks": [{"channels": 3}]}, epochs=1
    )
    run = Run(experiment, tmp_path)
    assert run.conditions.memory_format == "contiguous"
    assert Run(images(), tmp_path).conditions.memory_format == "channels_last"
    run.train()
    assert run.outcome is not None
    assert run.outcome.state == "finished"


def test_rows_evaluated_again_and_again_are_the_same_kept_or_not(monkeypatch: pytest.MonkeyPatch):
    feed, rows = feed_of(20, 4), torch.tensor([7, 3, 19, 0, 11])
    kept = feed.pieces(rows, 2)
    first, second = list(kept), list(kept)
    assert all(a is b for a, b in zip(first, second, strict=True)), "they are scaled once"
    monkeypatch.setattr(module, "KEPT_BYTES", 0)
    anew = list(feed.pieces(rows, 2))
    assert [len(batch.targets) for batch in anew] == [2, 2, 1]
    for one, other in zip(first, anew, strict=True):
        assert torch.equal(one.inputs, other.inputs)
        assert torch.equal(one.targets, other.targets)


def test_rows_that_were_gone_through_in_part_are_complete_the_next_time():
    pieces = feed_of(20, 4).pieces(torch.arange(20), 6)
    next(iter(pieces))
    assert [batch.sample_ids.tolist() for batch in pieces] == [list(range(i, min(i + 6, 20))) for i in range(0, 20, 6)]
