"""Parallel: the gradients of one run computed by several processes, each of a part of every batch.

All of them hold the same weights. The first one leads: it decides, measures and reports as a run by itself does, and
before each update tells the others its number and learning rate. Every process draws and augments the whole batch, so
that it is that of a run by itself, and passes its own part through the network; torch's DistributedDataParallel
averages the gradients. What follows, penalties, clipping and the update, all do alike.

With B rows in a batch and B_r of them in process r of W, the loss there is W B_r/B of the mean over its rows: the
average over the processes is the mean over the batch. Without dropout and batch norm the gradients are those of one
process up to rounding; with dropout each process draws its own masks, with batch norm it normalizes by its own part.
"""

from __future__ import annotations

from collections.abc import Callable

import torch
import torch.distributed as dist
from torch import Tensor
from torch.nn.parallel import DistributedDataParallel

from core.catalog.regularizers.pretraining import stages_of
from core.errors import BadInput
from core.experiment import Experiment
from core.seeding import seed32
from core.text import Text
from core.training.batch import Batch
from core.training.device import use_threads
from core.training.loop import Loop
from core.training.run import Run

END = -1.0


def check_parallel(experiment: Experiment, processes: int) -> None:
    """BadInput where a run cannot be divided among so many processes."""
    if not 2 <= processes <= experiment.batch_size:
        raise BadInput(
            Text("{count} processes cannot share one run.", count=processes),
            Text("Each takes a part of every batch, of {size} samples.", size=experiment.batch_size),
            Text("Use 2 to {most}, or train without a cluster.", most=experiment.batch_size),
        )
    if stages_of(experiment.regularizers, experiment.architecture) is not None:  # type: ignore[arg-type]
        raise BadInput(
            Text("Several processes cannot share a run that is pre-trained layer by layer."),
            Text("Each stage trains another network than the one that is shared."),
            Text("Remove the pre-training, or train it in one process."),
        )


def lead(run: Run) -> None:
    """Let the other processes take part in every update of a fresh run."""
    loop = run.parts.loop
    _share(loop)
    batch_of = loop.batch_of

    def told(step: int) -> Batch:
        dist.broadcast(torch.tensor([step, run.learning_rate], dtype=torch.float64), 0)
        return batch_of(step)

    loop.batch_of = told


def release() -> None:
    """The run is over: nobody waits for another update."""
    dist.broadcast(torch.tensor([END, 0.0], dtype=torch.float64), 0)


def follow(run: Run) -> None:
    """Take part in the updates of the run that leads, to its end."""
    loop = run.parts.loop
    use_threads(run.conditions.threads)
    _share(loop)
    run.parts.learn()
    loop.seed = seed32(loop.seed, "process", str(dist.get_rank()))
    message = torch.zeros(2, dtype=torch.float64)
    while True:
        dist.broadcast(message, 0)
        step, lr = message.tolist()
        if step == END:
            return
        for group in loop.optimizer.param_groups:
            group["lr"] = lr
        loop.step(int(step), lr)
        if loop.recorder.is_full:
            loop.recorder.start_at(int(step) + 1)  # The first process tells what is in the rows.


def _share(loop: Loop) -> None:
    """Compute the gradients of a part of each batch, and average them."""
    rank, world = dist.get_rank(), dist.get_world_size()
    weight = [1.0]
    augment, criterion = loop.augment, loop.criterion

    def part(batch: Batch, step: int) -> Batch:
        whole = augment(batch, step) if augment is not None else batch
        rows = len(whole.inputs)
        if rows < world:
            weight[0] = 1.0  # Of so few samples every process computes them all.
            return whole
        begin, end = rank * rows // world, (rank + 1) * rows // world
        weight[0] = world * (end - begin) / rows
        return Batch(*(tensor[begin:end] for tensor in whole))

    loop.augment = part
    loop.criterion = _averaged(criterion, lambda: weight[0])
    device = loop.parameters[0].device
    loop.model = DistributedDataParallel(loop.model, device_ids=[device] if device.type == "cuda" else None)


def _averaged(
    criterion: Callable[[Tensor, Tensor], Tensor], weight: Callable[[], float]
) -> Callable[[Tensor, Tensor], Tensor]:
    """A loss with the value of the whole batch and the gradient of this part of it.

    The value is the same in all processes to the bit: a rule that asks the loss how to go on goes the same way in each.
    """

    def loss(outputs: Tensor, targets: Tensor) -> Tensor:
        mine = criterion(outputs, targets) * weight()
        total = mine.detach().clone()
        dist.all_reduce(total)
        return total / dist.get_world_size() + (mine - mine.detach())

    return loss
