"""Whether regularizers fit together, and fit the network and the optimizer they are chosen with."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from core.catalog.entry import Entry
from core.catalog.regularizers.dropout import Dropout, dropout_rates
from core.catalog.regularizers.pretraining import Stages
from core.catalog.regularizers.regularizer import Regularizer
from core.catalog.regularizers.stochastic_depth import depth_rate
from core.errors import BadInput
from core.text import Text

if TYPE_CHECKING:
    from core.catalog.architectures.architecture import Architecture
    from core.catalog.optimizers.optimizer import Optimizer


def check_regularizers(regularizers: Sequence[Entry], architecture: Architecture, optimizer: Optimizer) -> list[Text]:
    """Notes about settings without effect or with one twice; BadInput for what contradicts itself."""
    seen: set[str] = set()
    _check_averages(regularizers, optimizer)
    for entry in regularizers:
        if entry.key in seen and not isinstance(entry, Dropout):
            raise BadInput(
                Text("{title} is chosen twice.", title=Text(entry.title)),
                Text("Which of the two settings is meant cannot be told."),
                Text("Keep one of them."),
            )
        seen.add(entry.key)
        if isinstance(entry, Regularizer) and entry.kind == "decay" and optimizer.own_weight_decay > 0:
            raise BadInput(
                Text(
                    "{title} stands beside {optimizer}, which has a weight decay of {value:g} of its own.",
                    title=Text(entry.title),
                    optimizer=Text(optimizer.title),
                    value=optimizer.own_weight_decay,
                ),
                Text("Weights would be decayed twice."),
                Text("Set the optimizer's weight decay to 0, or leave the regularizer out."),
            )
        if isinstance(entry, Regularizer) and entry.kind == "decay" and optimizer.has_eval_mode:
            raise BadInput(
                Text(
                    "{title} cannot stand beside {optimizer}.",
                    title=Text(entry.title),
                    optimizer=Text(optimizer.title),
                ),
                Text("It would shrink the average of the weights, and not the weights of which that is the average."),
                Text("Use the optimizer's own weight decay, and leave the regularizer out."),
            )
    notes = _penalty_notes(regularizers)
    for about in (_dropout_notes, _depth_notes, _pretraining_notes):
        notes += about(regularizers, architecture)
    return notes


def check_stages(stages: Stages | None, architecture: Architecture, num_updates: int, batch_size: int) -> None:
    """BadInput where hidden layers are to be pre-trained in fewer updates than there are, or cannot be compared."""
    count = len(architecture.hidden_in_order)
    if stages is not None and stages.share * num_updates < count:
        raise BadInput(
            Text(
                "{count} layers are to be pre-trained in {num:.3g} updates.",
                count=count,
                num=stages.share * num_updates,
            ),
            Text("Each layer needs at least one."),
            Text("Use more epochs, a larger share of the run, or fewer layers."),
        )
    if stages is not None and stages.objective == "autoencoding" and batch_size < 2:
        raise BadInput(
            Text("Layers cannot learn to give back batches of one sample."),
            Text("What they are given is measured by its spread over the batch, and one sample has none."),
            Text("Use larger batches, or supervised pre-training."),
        )


def _pretraining_notes(regularizers: Sequence[Entry], architecture: Architecture) -> list[Text]:
    chosen = any(isinstance(entry, Regularizer) and entry.kind == "pretraining" for entry in regularizers)
    if not chosen or architecture.hidden_in_order:
        return []
    return [
        Text(
            "Layerwise pre-training has no effect: this network has no hidden dense layers, each of which takes only "
            "what the one before gives."
        )
    ]


def _check_averages(regularizers: Sequence[Entry], optimizer: Optimizer) -> None:
    """BadInput where two things average the weights, or move weights that an optimizer's average is made of."""
    averages = [entry for entry in regularizers if isinstance(entry, Regularizer) and entry.kind == "average"]
    if len(averages) > 1:
        raise BadInput(
            Text(
                "Two averages of the weights are chosen: {one} and {other}.",
                one=Text(averages[0].title),
                other=Text(averages[1].title),
            ),
            Text("The network can answer with one of them only."),
            Text("Keep one of them."),
        )
    for entry in regularizers:
        if isinstance(entry, Regularizer) and entry.kind in ("average", "projection") and optimizer.has_eval_mode:
            raise BadInput(
                Text(
                    "{title} cannot stand beside {optimizer}.",
                    title=Text(entry.title),
                    optimizer=Text(optimizer.title),
                ),
                Text("{optimizer} answers with an average of its own.", optimizer=Text(optimizer.title)),
                Text("Leave the regularizer out, or choose another optimizer."),
            )


def _penalty_notes(regularizers: Sequence[Entry]) -> list[Text]:
    """Penalties that two regularizers bring, which act together."""
    found: dict[str, Regularizer] = {}
    notes = []
    for entry in regularizers:
        if not isinstance(entry, Regularizer) or entry.kind != "penalty":
            continue
        for part in entry.parts:
            if not getattr(part, "strength", 0):
                continue
            if part.key in found:
                notes.append(
                    Text(
                        "{one} and {other} add up: {part} acts with the strengths of both.",
                        one=Text(found[part.key].title),
                        other=Text(entry.title),
                        part=Text(part.title),
                    )
                )
            found[part.key] = entry
    return notes


def _dropout_notes(regularizers: Sequence[Entry], architecture: Architecture) -> list[Text]:
    notes = []
    rates = dropout_rates(regularizers)
    if rates is None:
        return notes
    if architecture.own_dropout and architecture.own_rates != rates:
        notes.append(
            Text(
                "The dropout regularizer takes the place of the network's own dropout of {p:g} before the last layer.",
                p=architecture.own_dropout,
            )
        )
    places = architecture.dropout_places()
    for place, missing in (
        ("dense", Text("Dropout on dense layers has no effect: this network has no dense hidden layer.")),
        ("convolution", Text("Dropout on convolutions has no effect: this network has none.")),
    ):
        named = any(isinstance(entry, Dropout) and entry.where == place for entry in regularizers)
        if named and getattr(rates, place) and place not in places:
            notes.append(missing)
    if not places and not notes:
        notes.append(Text("Dropout has no effect: this network has no hidden layer."))
    return notes


def _depth_notes(regularizers: Sequence[Entry], architecture: Architecture) -> list[Text]:
    if not depth_rate(regularizers) or architecture.has_branches:
        return []
    return [Text("Stochastic depth has no effect: no residual connection leads around a part of this network.")]
