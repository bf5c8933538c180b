"""Assembly: from an Experiment to the pieces of a run: data, network, optimizer, instruments, loop."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import nullcontext
from dataclasses import dataclass, field
from functools import cached_property, partial
from pathlib import Path
from typing import Any, cast

import torch
from torch import Tensor, nn

from core.catalog.architectures.architecture import Architecture, layer_of
from core.catalog.faults import acting
from core.catalog.initializers import Initializer, initialize
from core.catalog.losses.loss import Loss
from core.catalog.optimizers.optimizer import Optimizer
from core.catalog.registry import entries, parse
from core.catalog.regularizers.early_stopping import Stopper
from core.catalog.schedules.schedule import Schedule
from core.compatibility import check
from core.experiment import Experiment
from core.seeding import seed32
from core.training.allocator import keep_freed_memory
from core.training.device import SOLO, STACKED, Conditions, check_available, conditions, use_threads
from core.training.evaluation import piece_size
from core.training.feed import EvaluatedRows, Feed
from core.training.flat import Flat, flatten
from core.training.gan import Gan, gans_of
from core.training.instruments.norms import Norms, pieces_of
from core.training.loop import Loop
from core.training.parts import (
    Frame,
    Gans,
    Rule,
    augmentation_of,
    average_of,
    dropouts_of,
    network_of,
    regularizers,
    rule_of,
    terms_of,
)
from core.training.pretraining import Pretraining, pretraining_of
from core.training.recorder import Recorder
from core.training.resident import ResidentData, resident
from core.training.weights import under


@dataclass
class Assembly:
    """The pieces of one run, on its device.

    `trained` are the places of the parameters that are updated; `counted_from` says for each parameter after which
    update the optimizer began to count. `revision` grows with every change of the pieces. `row_losses` are the plain
    losses of several networks, for a run whose errors are measured as those of a row; None for any other. `pretraining`
    trains hidden layers by themselves first, where that is chosen. `gans` draw synthetic samples.
    """

    conditions: Conditions
    folder: Path
    data: ResidentData
    model: nn.Module
    frame: Frame
    feed: Feed
    loop: Loop
    recorder: Recorder
    schedule: Callable[[int, int, int], float]
    base_lr: float
    stopper: Stopper
    stops_early: bool
    plain_loss: Callable[[Tensor, Tensor], Tensor]
    row_losses: Callable[[Tensor, Tensor], Tensor] | None
    target_spread: float | None
    piece_size: int
    batch_size: int
    num_parameters: int
    multiplications: int
    has_fused_optimizer: bool
    fresh_optimizer: Callable[[], torch.optim.Optimizer]
    trained: list[int]
    pretraining: Pretraining | None = None
    counted_from: list[int] = field(default_factory=list)
    revision: int = 0
    gans: Gans = field(default_factory=dict)

    @property
    def learning(self) -> Gan | None:
        """A generator that is still to be trained before the next update; None where none is."""
        return next((gan for gan in self.gans.values() if not gan.is_done), None) if self.gans else None

    @property
    def learning_s(self) -> float:
        """About how long generators are still to be trained."""
        return sum(gan.seconds_left for gan in {id(gan): gan for gan in self.gans.values()}.values())

    def learn(self) -> None:
        """Train in one go what is still to be trained before the next update."""
        while self.learning is not None:
            self.learning.piece()
            use_threads(self.conditions.threads)

    @cached_property
    def evaluated(self) -> tuple[EvaluatedRows, EvaluatedRows]:
        """The training and validation samples on which errors are measured."""
        splits = self.data.splits
        return self.feed.pieces(splits.evaluation, self.piece_size), self.feed.pieces(
            splits.validation, self.piece_size
        )

    def use(self, rule: Rule) -> None:
        """Make updates by another rule from now on."""
        loop = self.loop
        loop.parameters = rule.parameters
        loop.optimizer, loop.guard, loop.update = rule.optimizer, rule.guard, rule.update
        self.trained, self.fresh_optimizer, self.has_fused_optimizer = rule.trained, rule.fresh, rule.is_fused
        loop.needs_closure, loop.has_eval_mode = rule.entry.needs_closure, rule.entry.has_eval_mode
        loop.trained = places_if_some_are_frozen(rule, loop.parameters)
        # Its tensors may have been moved into a stack's, which it leaves now.
        loop.statistics = self.frame.statistics
        loop.norms = Norms(self.frame.weights, loop.norms.pieces, self.recorder.norms)

    @property
    def layer(self) -> str | None:
        """The hidden layer that learns by itself now; None where the whole network does."""
        return self.pretraining.layer if self.pretraining else None

    @property
    def head(self) -> dict[str, nn.Parameter]:
        """The parameters beside the network that are trained with such a layer, by name; {} where there is none."""
        return self.pretraining.head if self.pretraining else {}

    def state(self) -> dict[str, Tensor]:
        """All tensors that change while a run goes on, by name."""
        tensors = {f"model.{name}": tensor.detach() for name, tensor in self.model.state_dict().items()}
        tensors |= {f"head.{name}": tensor.detach() for name, tensor in self.head.items()}
        tensors |= {f"optimizer.{name}": tensor for name, tensor in self.optimizer_state().items()}
        average = self.loop.average
        return tensors | {f"average.{name}": tensor for name, tensor in (average.state() if average else {}).items()}

    @torch.no_grad()
    def load_state(self, tensors: dict[str, Tensor]) -> None:
        """Put back what `state` gave; the same must be trained as then."""
        for name, tensor in self.model.state_dict().items():
            tensor.copy_(tensors[f"model.{name}"])
        for name, tensor in self.head.items():
            tensor.copy_(tensors[f"head.{name}"])
        self.load_optimizer_state(under("optimizer.", tensors))
        if self.loop.average:
            self.loop.average.load_state(under("average.", tensors))

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
            state.setdefault(self.trained.index(int(place)), {})[field] = value
        optimizer = self.loop.optimizer
        optimizer.load_state_dict({**optimizer.state_dict(), "state": state})
        for place, values in state.items():
            kept = optimizer.state[self.loop.parameters[self.trained[place]]]
            # torch gives what is kept the weights' dtype; numbers beside them have their own.
            kept |= {name: value.to(kept[name].device) for name, value in values.items()}

    @torch.no_grad()
    def take_back_updates(self, num_updates: int) -> None:
        """After a divergence: the state is that after `num_updates` updates again, counters too."""
        with self.loop.average.put_aside() if self.loop.average else nullcontext():
            self.loop.guard.take_back()
        optimizer = self.loop.optimizer
        counts = [num_updates - self.counted_from[place] for place in self.trained]
        if 0 in counts:
            # A first update that was skipped leaves state that was not there before it.
            state, fresh = (item.state_dict()["state"] for item in (optimizer, self.fresh_optimizer()))
            kept = {place: values for place, values in state.items() if counts[place]}
            kept |= {place: values for place, values in fresh.items() if not counts[place]}
            optimizer.load_state_dict({**optimizer.state_dict(), "state": kept})
        for place, count in zip(self.trained, counts, strict=True):
            values = optimizer.state.get(self.loop.parameters[place], {})
            if "step" in values:
                values["step"].fill_(count)


def conditions_of(experiment: Experiment, *, device: str | None = None, engine: str = SOLO) -> Conditions:
    """The conditions of a new run of an experiment."""
    facts = experiment.dataset.facts()  # type: ignore[attr-defined]
    plan = cast(Architecture, experiment.architecture).plan(facts.input_shape, facts.num_outputs)
    convolutional = len(facts.input_shape) == 3 and any(layer.receptive_field is not None for layer in plan)
    return conditions(experiment.precision, convolutional=convolutional, device=device, engine=engine)


def assemble(
    experiment: Experiment, folder: Path, given: Conditions | None = None, data: ResidentData | None = None
) -> Assembly:
    """Build everything; BadInput says what does not fit. Draws from no default generator."""
    check(experiment)
    fault = acting(experiment)
    experiment = fault.instead(experiment)
    architecture = cast(Architecture, experiment.architecture)
    facts = experiment.dataset.facts()  # type: ignore[attr-defined]
    plan = architecture.plan(facts.input_shape, facts.num_outputs)
    multiplications = sum(layer.multiplications for layer in plan)
    where = given or conditions_of(experiment)
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
    feed = Feed(
        data.inputs,
        data.targets if data.task == "classification" else data.targets.to(where.dtype),
        data.splits.train,
        None if data.shift is None else data.shift.to(where.dtype),
        data.factor.to(where.dtype),
        experiment.batch_size,
        experiment.seed,
        channels_last=where.memory_format == "channels_last",
        shuffles=fault.shuffles,
    )
    gans = gans_of(experiment, data, folder)
    recorder = Recorder(
        where.device,
        [piece.layer for piece in pieces],
        steps_per_epoch=feed.steps_per_epoch,
        clips=bool(regularizers(experiment, "clip")),
    )
    statistics = flatten(list(model.buffers()))
    frame = Frame(
        model,
        named,
        weights,
        statistics,
        recorder.watched,
        facts.input_shape,
        facts.num_outputs,
        where.device,
        where.noise,
    )
    rule = rule_of(experiment, frame)
    terms = terms_of(experiment, frame)
    task = data.task
    loss = loss_of(experiment, task)
    loop = Loop(
        seed=experiment.seed,
        batch_of=feed.batch,
        augment=augmentation_of(experiment, frame, gans),
        dropouts=dropouts_of(model, where.device),
        model=model,
        autocast=partial(torch.autocast, torch.device(where.device).type, torch.bfloat16)
        if experiment.precision == "bfloat16"
        else None,
        criterion=loss.build(task),  # type: ignore[arg-type]
        parameters=parameters,
        penalties=terms.penalties,
        clips=terms.clips,
        decays=terms.decays,
        projections=terms.projections,
        optimizer=rule.optimizer,
        update=rule.update,
        norms=Norms(weights, pieces, recorder.norms),
        guard=rule.guard,
        recorder=recorder,
        trained=places_if_some_are_frozen(rule, parameters),
        statistics=statistics,
        needs_closure=rule.entry.needs_closure,
        has_eval_mode=rule.entry.has_eval_mode,
        average=average_of(experiment, frame),
    )
    stops = regularizers(experiment, "stop")
    return Assembly(
        conditions=where,
        folder=folder,
        data=data,
        model=model,
        frame=frame,
        feed=feed,
        loop=loop,
        recorder=recorder,
        schedule=cast(Schedule, experiment.schedule).factor,
        base_lr=cast(Optimizer, experiment.optimizer).learning_rate(),
        stopper=stops[0].build() if stops else Stopper("validation/error", 1, 0.0),
        stops_early=bool(stops),
        plain_loss=loss.plain(task),  # type: ignore[arg-type]
        row_losses=loss.plain_rows(task) if where.engine == STACKED else None,  # type: ignore[arg-type]
        target_spread=data.target_spread,
        piece_size=piece_size(multiplications, where.device),
        batch_size=min(experiment.batch_size, data.num_train),
        num_parameters=sum(parameter.numel() for parameter in parameters),
        multiplications=multiplications,
        has_fused_optimizer=rule.is_fused,
        fresh_optimizer=rule.fresh,
        trained=rule.trained,
        pretraining=pretraining_of(experiment, model, loop.criterion, _first_values(experiment)),
        counted_from=[0] * len(parameters),
        gans=gans,
    )


def places_if_some_are_frozen(rule: Rule, parameters: list[nn.Parameter]) -> list[int] | None:
    """The places of the parameters that the rule moves, None where it moves all of them."""
    return None if len(rule.trained) == len(parameters) else rule.trained


def _network(experiment: Experiment, architecture: Architecture, facts: Any, where: Conditions) -> nn.Module:
    model = network_of(experiment, facts.input_shape, facts.num_outputs)
    model.to(where.dtype)
    if where.device != "meta":
        model.to_empty(device=where.device)
        _first_values(experiment)(model)
    if where.memory_format == "channels_last":
        model.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    return model.train()


def _first_values(experiment: Experiment) -> Callable[[nn.Module], None]:
    """What draws the first values of a module, by the names of its parts."""
    own = cast(Architecture, experiment.architecture).default_initializer
    entry = cast(Initializer, experiment.initializer or parse("initializers", own))
    return lambda module: initialize(module, entry, partial(seed32, experiment.seed, "init"))


def loss_of(experiment: Experiment, task: str) -> Loss:
    """The experiment's loss, or the default one of the task; a sealed fault may put another one in its place."""
    experiment = acting(experiment).instead(experiment)
    default = (
        cast(type[Loss], cls)() for cls in entries("losses").values() if task in cast(type[Loss], cls).default_for
    )
    return cast(Loss, experiment.loss or next(default))
