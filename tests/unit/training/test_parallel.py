"""What several processes cannot share is said before anything begins, and what they share they know alike."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
import torch
import torch.distributed as dist
from torch import Tensor

from core.errors import BadInput
from core.experiment import Experiment
from core.training import parallel
from core.training.parallel import END, check_parallel, follow
from core.training.recorder import BLOCK_ROWS
from core.training.run import Run
from core.training.weights import weights_sha256
from tests.experiments import IMAGES, points


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


@pytest.fixture
def group() -> Iterator[None]:
    """Processes that know each other, of which this is the only one."""
    dist.init_process_group("gloo", store=dist.HashStore(), rank=0, world_size=1)
    yield
    dist.destroy_process_group()


def following(run: Run, updates: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Follow somebody who does so many updates."""
    told = iter([*((float(step), run.learning_rate) for step in range(updates)), (END, 0.0)])
    monkeypatch.setattr(
        parallel.dist, "broadcast", lambda message, source: message.copy_(torch.tensor(next(told), dtype=torch.float64))
    )
    follow(run)


@pytest.mark.usefixtures("group")
def test_who_follows_goes_on_when_a_block_of_rows_is_full(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    updates = 2 * BLOCK_ROWS + 1
    alone, follows = (Run(points(epochs=updates), tmp_path / name) for name in ("alone", "follows"))
    following(follows, updates, monkeypatch)
    assert weights_sha256(follows.parts.model) == weights_sha256(alone.train(updates).parts.model)


@pytest.mark.usefixtures("group")
def test_who_follows_feeds_its_network_what_a_run_by_itself_does(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """Samples of a generator, too: everybody trains it first."""
    mixed = {"key": "synthetic", "updates": 2}
    experiment = Experiment.from_json({**IMAGES, "augmentations": ["shift", mixed]})
    alone, follows = (Run(experiment, tmp_path / name) for name in ("alone", "follows"))
    following(follows, 3, monkeypatch)
    assert follows.parts.learning is None
    assert weights_sha256(follows.parts.model) == weights_sha256(alone.train(3).parts.model)
