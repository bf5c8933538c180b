"""Rebuild: a running run's parts for a changed experiment. What is not concerned stays as it is, to the bit."""

from __future__ import annotations

from typing import cast

from core.catalog.architectures.layers import take_dropout
from core.catalog.faults import acting
from core.catalog.optimizers.optimizer import Optimizer
from core.catalog.regularizers import depth_rate, dropout_rates
from core.experiment import Experiment
from core.training.assembly import Assembly
from core.training.changes import memory_goes_on, needs_new_rule, regularizers_stack
from core.training.gan import gans_of
from core.training.parts import (
    Rule,
    augmentation_of,
    average_of,
    dropouts_of,
    network_of,
    regularizers,
    rule_of,
    terms_of,
)


def rebuild(parts: Assembly, before: Experiment, after: Experiment, step: int) -> None:
    """After `step` updates compute what `after` says instead of `before`; only what differs is made anew.

    Call it at a boundary between updates, with every row handed over. Draws nothing.
    """
    loop, frame = parts.loop, parts.frame
    before, after = (acting(experiment).instead(experiment) for experiment in (before, after))
    if (before.regularizers, before.frozen) != (after.regularizers, after.frozen):
        _change_terms(parts, after)
    if any(rate(before.regularizers) != rate(after.regularizers) for rate in (dropout_rates, depth_rate)):
        take_dropout(parts.model, network_of(after, frame.input_shape, frame.num_outputs))
        loop.dropouts = dropouts_of(parts.model, frame.device)
    leaves_or_joins = regularizers_stack(before) != regularizers_stack(after)
    if needs_new_rule(before, after) or before.frozen != after.frozen or leaves_or_joins:
        _exchange(
            parts, rule_of(after, frame, [*parts.head.values()]), step, keeps_memory=memory_goes_on(before, after)
        )
    _change_average(parts, before, after)
    parts.base_lr = cast(Optimizer, after.optimizer).learning_rate()
    if before.batch_size != after.batch_size:
        parts.feed.begin_anew(after.batch_size, step)
        parts.batch_size = min(after.batch_size, parts.data.num_train)
    if before.augmentations != after.augmentations:
        parts.gans = gans_of(after, parts.data, parts.folder)
        loop.augment = augmentation_of(after, frame, parts.gans)
    parts.revision += 1


def begin_stage(parts: Assembly, after: Experiment, step: int) -> None:
    """After `step` updates train what `after` does not freeze, in the stage of the pre-training; no memory is kept."""
    pretraining = parts.pretraining
    assert pretraining is not None
    after = acting(after).instead(after)
    parts.loop.stage_loss = None if pretraining.stage is None else pretraining.loss
    _change_terms(parts, after)
    _exchange(parts, rule_of(after, parts.frame, [*parts.head.values()]), step, keeps_memory=False)
    parts.model.train()  # A stage leaves the layers below its own in the mode of an evaluation.
    parts.revision += 1


def _change_terms(parts: Assembly, after: Experiment) -> None:
    """Let the regularizers of `after` act within an update, on the layers that it does not freeze."""
    loop, terms = parts.loop, terms_of(after, parts.frame)
    loop.penalties, loop.clips, loop.decays = terms.penalties, terms.clips, terms.decays
    loop.projections = terms.projections
    # Once recorded always recorded: 0 where nothing clips any more.
    parts.recorder.clips = parts.recorder.clips or bool(terms.clips)
    for number in (parts.recorder.penalty, parts.recorder.clipped):
        number.zero_()


def _change_average(parts: Assembly, before: Experiment, after: Experiment) -> None:
    """Begin an average with the network as it is, go on with one by another rule, or end it."""
    loop = parts.loop
    old, new = (regularizers(experiment, "average") for experiment in (before, after))
    if old == new:
        return
    kept = loop.average.state() if loop.average and new else {}
    if loop.average and not new:
        loop.average.leave()
    loop.average = average_of(after, parts.frame)
    if loop.average:
        loop.average.load_state(kept)


def _exchange(parts: Assembly, rule: Rule, step: int, *, keeps_memory: bool) -> None:
    """Put another rule in place of the present one; with `keeps_memory` it goes on with what that has kept."""
    memory = parts.loop.optimizer.state
    goes_on = set(parts.trained) & set(rule.trained) if keeps_memory else set()
    counted_from = parts.counted_from
    parts.counted_from = [step] * len(rule.parameters)
    for place in sorted(goes_on):
        parameter = rule.parameters[place]
        parts.counted_from[place] = counted_from[place]
        if parameter in memory:
            # Counters of their own: within a stack several parameters share one.
            kept = memory[parameter].items()
            rule.optimizer.state[parameter] = {name: tensor.clone() for name, tensor in kept if tensor is not None}
    parts.use(rule)
