"""What one update of an experiment costs, computed from the plan of its network before any torch is loaded."""

from __future__ import annotations

from typing import cast

from core.catalog.architectures.architecture import Architecture
from core.experiment import Experiment
from core.training.splits import split_sizes


def multiplications_per_update(experiment: Experiment) -> int:
    """Multiplications of the forward pass of one whole batch; the backward pass takes about twice as many more."""
    facts = experiment.dataset.facts()
    plan = cast(Architecture, experiment.architecture).plan(facts.input_shape, facts.num_outputs)
    sizes = split_sizes(experiment)
    return min(experiment.batch_size, sizes.num_train) * sum(layer.multiplications for layer in plan)
