"""Rolling hashes of what runs are fed: equal where every batch was, different from the first other bit on."""

from __future__ import annotations

import json

import pytest
import torch

from core.training.batch import Batch
from core.training.ledger import Fed, Ledger, Side, common_counts, tensor_hashes


def batch(step: int, **changes: torch.Tensor) -> Batch:
    drawn = torch.Generator().manual_seed(step)
    made = {
        "inputs": torch.rand((4, 1, 3, 3), generator=drawn),
        "targets": torch.randint(0, 3, (4,), generator=drawn),
        "sample_ids": torch.randint(0, 99, (4,), generator=drawn),
    }
    return Batch(**{**made, **changes})


def fed(side: Side, batches: list[Batch]) -> Ledger:
    ledger = Ledger(side)
    for step, each in enumerate(batches):
        ledger.watch(step, each)
        ledger.settle()
    return ledger


def test_the_same_batches_have_the_same_hashes_whoever_is_hashed_and_whoever_compared():
    batches = [batch(step) for step in range(10)]
    side = Side()
    together = [Ledger(side), Ledger(side)]
    for step, each in enumerate(batches):
        for ledger in together:
            ledger.watch(step, Batch(*(tensor.clone() for tensor in each)))
            ledger.settle()
    alone = fed(Side(), batches)
    assert together[0].now == together[1].now == alone.now
    assert together[0].marks == together[1].marks == alone.marks
    assert list(alone.marks) == [1, 2, 3, 4, 6, 8]


@pytest.mark.parametrize(
    ("changes", "order_is_same"),
    [
        ({"inputs": batch(5).inputs.clone().index_put_((torch.tensor(0),) * 4, torch.tensor(2.0))}, True),
        ({"inputs": torch.where(batch(5).inputs > 0.9, -0.0, batch(5).inputs)}, True),
        ({"targets": (batch(5).targets + 1) % 3}, True),
        ({"sample_ids": batch(5).sample_ids.flip(0)}, False),
        ({"inputs": batch(5).inputs.double()}, True),
    ],
)
def test_one_other_value_is_seen_from_that_batch_on(changes: dict[str, torch.Tensor], order_is_same: bool):
    side = Side()
    first = [batch(step) for step in range(8)]
    second = [*first[:5], batch(5, **changes), *first[6:]]
    one, other = Ledger(side), Ledger(side)
    for step in range(8):
        for ledger, batches in ((one, first), (other, second)):
            ledger.watch(step, batches[step])
            ledger.settle()
    for count in common_counts(one, other):
        mark, beside = one.at(count), other.at(count)
        assert mark is not None
        assert beside is not None
        assert (mark.order == beside.order) == (order_is_same or count <= 5)
        assert (mark.tensors == beside.tensors) == (count <= 5 or not order_is_same)


def test_nan_equals_itself_and_zero_has_a_sign():
    nan = torch.full((2, 2), torch.nan)
    ids, targets = torch.arange(2), torch.zeros(2, dtype=torch.int64)
    side = Side()
    for step, (one, other, is_same) in enumerate(
        [(nan, nan.clone(), True), (torch.zeros(2, 2), torch.zeros(2, 2) * -1, False)]
    ):
        first = side.hashed(step, Batch(one, targets, ids))
        assert (side.hashed(step, Batch(other, targets, ids)) == first) == is_same


def test_memory_order_does_not_count():
    images = torch.rand(2, 3, 4, 4, generator=torch.Generator().manual_seed(0))
    other = images.to(memory_format=torch.channels_last)
    assert tensor_hashes({"w": images}) == tensor_hashes({"w": other})
    step, rest = 0, (torch.zeros(2), torch.arange(2))
    assert Side().hashed(step, Batch(images, *rest)) == Side().hashed(step, Batch(other, *rest))


def test_runs_are_compared_where_both_are_known():
    batches = [batch(step) for step in range(20)]
    short, long = fed(Side(), batches[:7]), fed(Side(), batches)
    assert common_counts(short, long) == [1, 2, 3, 4, 6]
    asked = Ledger(Side())
    for step, each in enumerate(batches):
        asked.watch(step, each)
        asked.settle()
        if asked.num_fed == short.num_fed:
            asked.mark()
    assert common_counts(short, asked)[-1] == 7
    assert common_counts(short, Ledger(Side(), begun_at=3)) == [], "they do not begin at the same update"


def test_runs_that_begin_apart_are_compared_from_the_later_one_on():
    batches = [batch(step) for step in range(20)]
    side = Side()
    early, late = Ledger(side, begun_at=2), Ledger(side, begun_at=7)
    for step in range(2, 20):
        for ledger in (early, late):
            if step >= ledger.begun_at:
                ledger.watch(step, batches[step])
                ledger.settle()
    assert early.first_step == late.first_step == 7
    assert early.now == late.now
    assert common_counts(early, late) == [8, 11, 16, 20]
    joined = Ledger(side, begun_at=10)
    assert joined.first_step == 10
    assert common_counts(early, joined) == [], "the others were hashed before it came"


def test_a_ledger_goes_on_in_another_process_with_what_was_hashed():
    batches = [batch(step) for step in range(20)]
    whole, begun = fed(Side(), batches), fed(Side(), batches[:7])
    known = Fed(begun.begun_at, begun.num_fed, begun.now, begun.marks)
    ledger = Ledger.going_on(Side(), Fed.from_json(json.loads(json.dumps(known.to_json()))))
    for step, each in enumerate(batches[7:], 7):
        ledger.watch(step, each)
        ledger.settle()
    assert ledger.now == whole.now
    assert common_counts(whole, ledger) == [8, 11, 16, 20]
