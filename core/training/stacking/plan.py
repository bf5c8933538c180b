"""Plan: which of several experiments train as rows of one stack, and why the others do not.

A rule of the experiments and of a shipped table alone: it reads no clock, loads no torch, and is asked before step 0.
"""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from typing import cast

from core.catalog.architectures.architecture import Architecture
from core.catalog.augmentations.augmentation import Augmentation
from core.catalog.datasets.dataset import DataSet
from core.catalog.losses import default_loss
from core.catalog.optimizers.optimizer import Optimizer
from core.experiment import Experiment
from core.text import Text
from core.training.changes import why_regularizers_do_not_stack
from core.training.splits import data_of
from core.training.stacking.table import Limit, limit_of
from core.training.threads import default_threads

MOST_ROWS = 64
"""More runs of one kind make several stacks: their weights lie in memory several times over."""


@dataclass(frozen=True)
class Grouping:
    """Positions of the experiments that share a stack, and for each other position why it trains alone."""

    stacks: tuple[tuple[int, ...], ...]
    alone: dict[int, Text]


def stack_of(experiments: Sequence[Experiment], device: str = "cpu", threads: int | None = None) -> Grouping:
    """Put experiments together that train as one stack, wherever that is not slower than one after the other.

    `threads` are those that each would compute with alone, None for `default_threads`.
    Rows may differ in optimizer, learning rate, schedule, regularizers, seed, first weights, augmentations and in the
    fold that validates.
    """
    kinds: dict[Hashable, list[int]] = {}
    alone: dict[int, Text] = {}
    for position, experiment in enumerate(experiments):
        why = why_alone(experiment, device, threads)
        if why is None:
            kinds.setdefault(kind_of(experiment), []).append(position)
        else:
            alone[position] = why
    stacks: list[tuple[int, ...]] = []
    for positions in kinds.values():
        limit = _limit(experiments[positions[0]], threads)
        assert limit is not None, "such experiments are alone"
        if len(positions) < limit.num_rows:
            why = Text(
                "{num} of these runs have the same network, data and batch size; together they are faster from {least} "
                "on.",
                num=len(positions),
                least=limit.num_rows,
            )
            alone |= dict.fromkeys(positions, why)
        else:
            count = -(-len(positions) // MOST_ROWS)
            size = -(-len(positions) // count)
            stacks += [tuple(positions[start : start + size]) for start in range(0, len(positions), size)]
    return Grouping(tuple(stacks), dict(sorted(alone.items())))


def why_alone(experiment: Experiment, device: str = "cpu", threads: int | None = None) -> Text | None:
    """Why an experiment can be no row of a stack whatever is beside it; None where it can."""
    optimizer = cast(Optimizer, experiment.optimizer)
    if device != "cpu":
        return Text("Only on CPUs no bit of a run depends on how many runs share its updates.")
    if experiment.precision == "bfloat16":
        return Text("bfloat16 computes in a mode that common updates do not have.")
    if optimizer.has_eval_mode:
        return Text(
            "{optimizer} takes gradients beside the weights that are measured.", optimizer=Text(optimizer.title)
        )
    alone_because = why_regularizers_do_not_stack(experiment)
    if alone_because is not None:
        return alone_because
    if not optimizer.stackable:
        return Text("{optimizer} needs more than one gradient for an update.", optimizer=Text(optimizer.title))
    architecture = cast(Architecture, experiment.architecture)
    if architecture.alone_because is not None:
        return architecture.alone_because
    if experiment.sealed:
        return Text("A run with a sealed fault is computed by itself.")
    if _limit(experiment, threads) is None:
        return Text("A network of this size keeps the processor busy by itself: together it would be no faster.")
    return None


def multiplications(experiment: Experiment) -> int:
    """Multiplications of the forward pass of one update."""
    architecture, dataset = cast(Architecture, experiment.architecture), cast(DataSet, experiment.dataset)
    facts = dataset.facts()
    each = sum(layer.multiplications for layer in architecture.plan(facts.input_shape, facts.num_outputs))
    return each * experiment.batch_size


def _limit(experiment: Experiment, threads: int | None) -> Limit | None:
    family = cast(Architecture, experiment.architecture).stacked_as
    return limit_of(family, multiplications(experiment), default_threads() if threads is None else threads)


def kind_of(experiment: Experiment) -> Hashable:
    """What the rows of a stack have in common."""
    task = cast(DataSet, experiment.dataset).task
    return (
        cast(Architecture, experiment.architecture).without_dropout,
        *data_of(experiment.model_copy(update={"fold": 1})),
        experiment.batch_size,
        experiment.precision,
        experiment.loss or default_loss(task),  # type: ignore[arg-type]
        mixes_targets(experiment),
    )


def mixes_targets(experiment: Experiment) -> bool:
    """Whether its targets are probabilities: those of rows have one shape."""
    return any(cast(Augmentation, entry).changes_targets for entry in experiment.augmentations)
