"""Pre-training: the stages in which hidden layers learn one at a time, each with a head that is thrown away after it.

Shape letters: B batch, F features, K outputs.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import cast

import torch
from torch import Tensor, nn

from core.catalog.architectures.architecture import Architecture
from core.catalog.regularizers.pretraining import Stages, stages_of
from core.experiment import Experiment
from core.training.batch import Batch

Criterion = Callable[[Tensor, Tensor], Tensor]
LEAST_SPREAD = 1e-6
"""What a spread of 0 counts as, where every sample gives the same."""


class Pretraining:
    """The stages of one run. `stage` is the place of the layer that learns now, None: the whole network learns.

    `layers` are the hidden layers by name, `heads` a linear layer for each, from what it gives to what it is to tell.
    `criterion` is the loss of the targets, None where a layer is to give back what it was given.
    """

    def __init__(
        self,
        stages: Stages,
        epochs: int,
        layers: dict[str, nn.Module],
        heads: Sequence[nn.Module],
        criterion: Criterion | None,
    ) -> None:
        self.stage: int | None = None
        self._stages, self._epochs = stages, epochs
        self._names, self._layers = list(layers), list(layers.values())
        self._heads, self._criterion = heads, criterion

    def at(self, epoch: float) -> int | None:
        """The stage after so many passes over the training split."""
        return self._stages.at(epoch / self._epochs, len(self._layers))

    @property
    def layer(self) -> str | None:
        """The name of the layer that learns now, None: all."""
        return None if self.stage is None else self._names[self.stage]

    @property
    def head(self) -> dict[str, nn.Parameter]:
        """The parameters of the present head by name."""
        return {} if self.stage is None else dict(self._heads[self.stage].named_parameters())

    def loss(self, batch: Batch) -> Tensor:
        """The loss (no axes) of the present stage: of the targets, or of what its layer was given.

        The latter around each feature's mean over the batch and in units of the batch's spread: so 1 is guessing the
        means, for a layer of any scale. The layers below compute as in an evaluation.
        """
        assert self.stage is not None
        x_BF = batch.inputs.flatten(1)
        with torch.no_grad():
            for below in self._layers[: self.stage]:
                x_BF = below.eval()(x_BF)
        answers = self._heads[self.stage](self._layers[self.stage](x_BF))
        if self._criterion is not None:
            return self._criterion(answers, batch.targets)
        given_BF = x_BF - x_BF.mean(0)
        return nn.functional.mse_loss(answers, given_BF / given_BF.square().mean().sqrt().clamp_min(LEAST_SPREAD))


def pretraining_of(
    experiment: Experiment, model: nn.Module, criterion: Criterion, first_values: Callable[[nn.Module], None]
) -> Pretraining | None:
    """The stages of an experiment's run, None where its layers learn together from the first update on.

    `first_values` draws those of the heads by their names.
    """
    architecture = cast(Architecture, experiment.architecture)
    stages = stages_of(experiment.regularizers, architecture)
    if stages is None:
        return None
    layers = {name: cast(nn.Linear, model.get_submodule(name)) for name in architecture.hidden_in_order}
    num_outputs = cast(nn.Linear, model.get_submodule("output")).out_features
    supervised = stages.objective == "supervised"
    weight = next(model.parameters())
    heads = nn.ModuleDict(
        {
            str(number): nn.Linear(
                layer.out_features, num_outputs if supervised else layer.in_features, device="meta", dtype=weight.dtype
            )
            for number, layer in enumerate(layers.values(), start=1)
        }
    )
    if not weight.is_meta:
        first_values(nn.ModuleDict({"head": heads.to_empty(device=weight.device)}))
    every = cast(dict[str, nn.Module], layers)
    return Pretraining(stages, experiment.epochs, every, list(heads.values()), criterion if supervised else None)
