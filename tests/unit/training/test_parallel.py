"""What several processes cannot share is said before anything begins, and what they share they know alike."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor

from core.errors import BadInput
from core.training import parallel
from core.training.parallel import check_parallel
from tests.experiments import points


@pytest.mark.parametrize("processes", [0, 1, 17])
def test_each_process_needs_a_part_of_every_batch(processes: int):
    with pytest.raises(BadInput, match="Use 2 to 16"):
        check_parallel(points(), processes)


def test_layers_that_learn_one_after_the_other_are_not_shared():
    with pytest.raises(BadInput, match="pre-trained"):
        check_parallel(points(regularizers=["pretraining"]), 2)


def test_anything_else_is():
    check_parallel(points(regularizers=["l2"]), 2)


def test_a_loss_is_the_same_in_every_process_to_the_bit(monkeypatch: pytest.MonkeyPatch):
    """Else L-BFGS, which asks the loss whether to go on, would do so in one of them and end in another."""
    parts = torch.rand(50, 2, generator=torch.Generator().manual_seed(0)) ** 4
    monkeypatch.setattr(parallel.dist, "get_world_size", lambda: 2)
    for one, other in parts:

        def reduced(total: Tensor, whole: Tensor = one + other) -> None:
            total.copy_(whole)

        monkeypatch.setattr(parallel.dist, "all_reduce", reduced)
        outputs = torch.zeros((), requires_grad=True)
        losses = [
            parallel._averaged(lambda x, _, mine=mine: x + mine, lambda: 1.0)(outputs, outputs) for mine in (one, other)
        ]
        assert {float(loss.detach()) for loss in losses} == {float((one + other) / 2)}
        assert torch.autograd.grad(losses[0], outputs)[0] == 1
