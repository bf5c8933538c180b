"""Assembly: from an Experiment to the pieces of a run: data, network, optimizer, instruments, loop."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property, partial
from pathlib import Path
from typing import Any, cast

import torch
from torch import Tensor, nn

from core.catalog.architectures.architecture import Architecture, layer_of
from core.catalog.initializers import Initializer, initialize
from core.catalog.losses.loss import Loss
from core.catalog.optimizers.optimizer import Optimizer
from core.catalog.registry import entries, parse
from core.catalog.regularizers import Regularizer, dropout_rates
from core.catalog.regularizers.counter_dropout import CounterDropout
from core.catalog.regularizers.early_stopping import Stopper
from core.catalog.schedules.schedule import Schedule
from core.compatibility import check
from core.experiment import Experiment
from core.seeding import augmentation_seeds, generator, seed32
from core.training.allocator import keep_freed_memory
from core.training.device import Conditions, check_available, conditions, use_threads
from core.training.evaluation import piece_size
from core.training.feed import EvaluatedRows, Feed
from core.training.flat import Flat, flatten
from core.training.guard import Guard
from core.training.instruments.norms import Norms, pieces_of
from core.training.loop import Loop
from core.training.recorder import Recorder
from core.training.resident import ResidentData, resident
from core.training.update import update_of


@dataclass
class Assembly:
    """The pieces of one run, on its device."""

    conditions: Conditions
    data: ResidentData
    model: nn.Module
    feed: Feed
    loop: Loop
    recorder: Recorder
    schedule: Callable[[int, int, int], float]
    base_lr: float
    stopper: Stopper
    stops_early: bool
    plain_loss: Callable[[Tensor, Tensor], Tensor]
    target_spread: float | None
    piece_size: int
    batch_size: int
    num_parameters: int
    multiplications: int
    has_fused_optimizer: bool
    fresh_optimizer: Callable[[], torch.optim.Optimizer]

    @cached_property
    def evaluated(self) -> tuple[EvaluatedRows, EvaluatedRows]:
        """The training and validation samples on which errors are measured."""
        splits = self.data.splits
        return self.feed.pieces(splits.evaluation, self.piece_size), self.feed.pieces(
            splits.validation, self.piece_size
        )

    def optimizer_state(self) -> dict[str, Tensor]:
        """The optimizer's tensors by "parameter place.name"."""
        state = self.loop.optimizer.state
        return {
            f"{place}.{name}": value
            for place, parameter in enumerate(self.loop.parameters)
            for name, value in state.get(parameter, {}).items()
            if isinstance(value, Tensor)
        }

    def load_optimizer_state(self, tensors: dict[str, Tensor]) -> None:
        """Put back what `optimizer_state` gave."""
        state: dict[int, dict[str, Any]] = {}
        for name, value in tensors.items():
            place, field = name.split(".", 1)
            parameter = self.loop.parameters[int(place)]
            if value.shape == parameter.shape:
                # In the parameter's own memory order: fused kernels walk through both side by side.
                value = torch.empty_like(parameter, dtype=value.dtype).copy_(value)
            else:
                value = value.clone()
            state.setdefault(int(place), {})[field] = value
        optimizer = self.loop.optimizer
        optimizer.load_state_dict({**optimizer.state_dict(), "state": state})

    @torch.no_grad()
    def take_back_updates(self, num_updates: int) -> None:
        """After a divergence: the state is that after `num_updates` updates again, counters too."""
        self.loop.guard.take_back()
        optimizer = self.loop.optimizer
        if num_updates == 0:
            # A first update that was skipped leaves state that was not there before it.
            fresh = self.fresh_optimizer().state_dict()["state"]
            optimizer.load_state_dict({**optimizer.state_dict(), "state": fresh})
        for values in optimizer.state.values():
            if "step" in values:
                values["step"].fill_(num_updates)


def assemble(
    experiment: Experiment, folder: Path, given: Conditions | None = None, data: ResidentData | None = None
) -> Assembly:
    """Build everything; BadInput says what does not fit. Draws from no default generator."""
    check(experiment)
    architecture = cast(Architecture, experiment.architecture)
    facts = experiment.dataset.facts()  # type: ignore[attr-defined]
    plan = architecture.plan(facts.input_shape, facts.num_outputs)
    multiplications = sum(layer.multiplications for layer in plan)
    convolutional = any(layer.receptive_field is not None for layer in plan)
    where = given or conditions(experiment.precision, convolutional=convolutional and len(facts.input_shape) == 3)
    keep_freed_memory()
    check_available(where.device)
    # Before the first values are drawn: an orthogonal one is computed, with bits that depend on the threads.
    use_threads(where.threads)
    data = data or resident(experiment, folder, where.device)

    model = _network(experiment, architecture, facts, where)
    named = list(model.named_parameters())
    parameters = [parameter for _, parameter in named]
    weights = Flat(parameters)
    pieces = pieces_of(weights, [layer_of(name) for name, _ in named])
    optimizer_entry = cast(Optimizer, experiment.optimizer)
    optimizer = optimizer_entry.build(parameters)
    regularizers = [cast(Regularizer, entry) for entry in experiment.regularizers]
    of_kind = {
        kind: [entry for entry in regularizers if entry.kind == kind] for kind in ("penalty", "decay", "clip", "stop")
    }
    feed = Feed(
        data.inputs,
        data.targets if data.task == "classification" else data.targets.to(where.dtype),
        data.splits.train,
        None if data.shift is None else data.shift.to(where.dtype),
        data.factor.to(where.dtype),
        experiment.batch_size,
        experiment.seed,
        channels_last=where.memory_format == "channels_last",
    )
    recorder = Recorder(
        where.device,
        [piece.layer for piece in pieces],
        steps_per_epoch=feed.steps_per_epoch,
        clips=bool(of_kind["clip"]),
    )
    fused = optimizer_entry.fused(parameters)
    statistics = flatten(list(model.buffers()))
    changing = partial(_changing, statistics, None if fused else weights.all, optimizer)
    guard = Guard(recorder.watched, None if fused and not statistics else changing)

    places = {id(parameter): place for place, parameter in enumerate(parameters)}
    task = data.task
    loss = cast(Loss, experiment.loss or _default_loss(task))
    loop = Loop(
        seed=experiment.seed,
        batch_of=feed.batch,
        augment=_augmentation(experiment, facts.input_shape, where.device),
        dropouts=_dropouts(model, where.device),
        model=model,
        autocast=partial(torch.autocast, torch.device(where.device).type, torch.bfloat16)
        if experiment.precision == "bfloat16"
        else None,
        criterion=loss.build(task),  # type: ignore[arg-type]
        parameters=parameters,
        penalties=[(entry.build(), [places[id(t)] for t in entry.tensors(named)]) for entry in of_kind["penalty"]],
        clips=[entry.build() for entry in of_kind["clip"]],
        decays=[(entry.build(), list(entry.tensors(named))) for entry in of_kind["decay"]],
        optimizer=optimizer,
        update=update_of(optimizer_entry, optimizer, parameters, guard.found),
        norms=Norms(weights, pieces, recorder.norms),
        guard=guard,
        recorder=recorder,
    )
    stops = of_kind["stop"]
    return Assembly(
        conditions=where,
        data=data,
        model=model,
        feed=feed,
        loop=loop,
        recorder=recorder,
        schedule=cast(Schedule, experiment.schedule).factor,
        base_lr=optimizer_entry.learning_rate(),
        stopper=stops[0].build() if stops else Stopper("validation/error", 1, 0.0),
        stops_early=bool(stops),
        plain_loss=loss.plain(task),  # type: ignore[arg-type]
        target_spread=data.target_spread,
        piece_size=piece_size(multiplications, where.device),
        batch_size=min(experiment.batch_size, data.num_train),
        num_parameters=sum(parameter.numel() for parameter in parameters),
        multiplications=multiplications,
        has_fused_optimizer=fused,
        fresh_optimizer=partial(optimizer_entry.build, parameters),
    )


def _network(experiment: Experiment, architecture: Architecture, facts: Any, where: Conditions) -> nn.Module:
    model = architecture.build(facts.input_shape, facts.num_outputs, dropout_rates(experiment.regularizers))
    model.to(where.dtype)
    if where.device != "meta":
        model.to_empty(device=where.device)
        entry = experiment.initializer or parse("initializers", architecture.default_initializer)
        initialize(model, cast(Initializer, entry), partial(seed32, experiment.seed, "init"))
    if where.memory_format == "channels_last":
        model.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    return model.train()


def _default_loss(task: str) -> Loss:
    return next(
        cast(type[Loss], cls)() for cls in entries("losses").values() if task in cast(type[Loss], cls).default_for
    )


def _dropouts(model: nn.Module, device: str) -> list[tuple[str, CounterDropout]]:
    found = [(name, module) for name, module in model.named_modules() if isinstance(module, CounterDropout)]
    for _, module in found:
        module.generator = None if device == "meta" else generator(device, 0)
    return found


def _augmentation(experiment: Experiment, input_shape: tuple[int, ...], device: str) -> Any:
    if not experiment.augmentations:
        return None
    from core.catalog.augmentations.pipeline import compile_pipeline

    pipeline = compile_pipeline(experiment.augmentations, input_shape)
    seeds = augmentation_seeds(experiment.seed, device)
    return lambda batch, step: pipeline(batch, step, seeds)


def _changing(statistics: list[Tensor], weights: Tensor | None, optimizer: torch.optim.Optimizer) -> list[Tensor]:
    """What a step changes on the device even where the optimizer's kernel is told to leave everything as it is.

    Running statistics; without such a kernel (`weights` given) also the weights and the optimizer's state, without its
    counters.
    """
    if weights is None:
        return statistics
    state = [
        value
        for values in optimizer.state.values()
        for name, value in values.items()
        if isinstance(value, Tensor) and name != "step" and value.device == weights.device
    ]
    return [*statistics, weights, *state]
