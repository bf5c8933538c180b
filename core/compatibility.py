"""Whether the parts of an experiment fit together: what does not is bad input, what has no effect is said."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from core.catalog.datasets.features import Features
from core.catalog.registry import entries
from core.catalog.regularizers.combination import check_regularizers, check_stages
from core.catalog.regularizers.dropout import drops_units
from core.catalog.regularizers.pretraining import stages_of
from core.catalog.regularizers.stochastic_depth import depth_rate
from core.errors import BadInput
from core.experiment import Experiment, default_experiment
from core.text import Text

if TYPE_CHECKING:
    from core.catalog.architectures.architecture import Architecture, LayerPlan
    from core.catalog.augmentations.augmentation import Augmentation
    from core.catalog.datasets.dataset import DataSet
    from core.catalog.losses.loss import Loss
    from core.catalog.optimizers.optimizer import Optimizer
    from core.catalog.schedules.schedule import Schedule


def check(experiment: Experiment) -> list[Text]:
    """Notes about settings without effect, or with another than one might think; BadInput for parts that do not fit.

    Loads nothing: it knows data sets by their facts and networks by their plans.
    """
    from core.training.splits import split_sizes

    dataset = cast("DataSet", experiment.dataset)
    architecture = cast("Architecture", experiment.architecture)
    facts = dataset.facts()
    _check_input(experiment, dataset, architecture)
    if experiment.loss is not None:
        cast("Loss", experiment.loss).check(dataset.task)
    sizes = split_sizes(experiment)
    _check_frozen(experiment.frozen, architecture.plan(facts.input_shape, facts.num_outputs))
    notes = [*architecture.notes()]
    for entry in experiment.augmentations:
        cast("Augmentation", entry).check(facts.input_shape)
        notes += cast("Augmentation", entry).notes(facts.input_shape)
    notes += check_regularizers(experiment.regularizers, architecture, cast("Optimizer", experiment.optimizer))
    size = experiment.batch_size
    # A remainder of one sample is no batch of its own.
    num_updates = experiment.epochs * max(1, (sizes.num_train + size - 2) // size)
    check_stages(stages_of(experiment.regularizers, architecture), architecture, num_updates, size)
    if min(experiment.batch_size, sizes.num_train) < architecture.min_batch_size:
        raise BadInput(
            Text("A batch of {size} cannot train this network.", size=min(experiment.batch_size, sizes.num_train)),
            Text(
                "Batch normalization needs at least {least} samples to have a spread.",
                least=architecture.min_batch_size,
            ),
            Text("Use larger batches, or another normalization."),
        )
    if experiment.batch_size > sizes.num_train:
        notes.append(
            Text(
                "All training samples are in one batch: a batch size of {size} has no further effect.",
                size=experiment.batch_size,
            )
        )
    notes += _optimizer_notes(experiment, architecture, has_other_batches=experiment.batch_size < sizes.num_train)
    if isinstance(dataset, Features):
        notes += dataset.selection.notes(len(facts.feature_names))
    return notes + _validation_notes(experiment, facts.num_validation) + _data_notes(experiment, dataset)


def _optimizer_notes(experiment: Experiment, architecture: Architecture, *, has_other_batches: bool) -> list[Text]:
    """What an optimizer takes for something else than it is, beside what is chosen with it."""
    optimizer = cast("Optimizer", experiment.optimizer)
    notes = []
    if optimizer.has_eval_mode and architecture.min_batch_size > 1:
        notes.append(
            Text(
                "{optimizer} beside batch normalization: the statistics kept are those of the weights y, where "
                "gradients are taken, while errors are measured with the average x; early in a run they differ a "
                "little.",
                optimizer=Text(optimizer.title),
            )
        )
    schedule = cast("Schedule", experiment.schedule)
    if optimizer.replaces_schedule and schedule.lowers_rate:
        notes.append(
            Text(
                "{optimizer} needs no falling learning rate, for the average of its weights settles by itself; the "
                "schedule “{schedule}” lowers the rate all the same. A constant one is usual, after a warm-up at most.",
                optimizer=Text(optimizer.title),
                schedule=Text(schedule.title),
            )
        )
    if not optimizer.compares_updates:
        return notes
    depth = depth_rate(experiment.regularizers) > 0 and architecture.has_branches
    changing = [
        (has_other_batches, Text("other samples in the batch")),
        (bool(experiment.augmentations), Text("samples augmented anew")),
        (drops_units(architecture, experiment.regularizers), Text("other units switched off by dropout")),
        (depth, Text("other branches left out by stochastic depth")),
    ]
    changes = [change for happens, change in changing if happens]
    if changes:
        notes.append(
            Text(
                "{optimizer} takes every change of the gradient from update to update for curvature; a part of it "
                "comes from {change}.",
                optimizer=Text(optimizer.title),
                change=_listed(changes),
            )
        )
    return notes


def _validation_notes(experiment: Experiment, num_own: int | None) -> list[Text]:
    """Settings of what validates without effect. `num_own`: validation samples that the data set has itself."""
    default, notes = default_experiment(), []
    if experiment.validation_fraction != default.validation_fraction and experiment.num_folds is not None:
        notes.append(
            Text("The validation share has no effect: one of {num} folds validates.", num=experiment.num_folds)
        )
    elif experiment.validation_fraction != default.validation_fraction and num_own is not None:
        notes.append(
            Text(
                "The validation share has no effect: this data set has {num} validation samples of its own.",
                num=num_own,
            )
        )
    if num_own is not None and experiment.num_folds is not None:
        notes.append(
            Text("The {num} validation samples of this data set are not used: the folds validate.", num=num_own)
        )
    if experiment.num_folds is None and experiment.fold != default.fold:
        notes.append(Text("The number of the fold has no effect: there are no folds."))
    return notes


def _data_notes(experiment: Experiment, dataset: DataSet) -> list[Text]:
    """Settings of sampling and labels without effect."""
    has_classes = dataset.task == "classification"
    default = default_experiment()
    notes = []
    if not has_classes and experiment.sampling == "balanced":
        notes.append(Text("Balanced sampling has no effect: the targets are numbers, there are no classes."))
    if experiment.sampling == "random" and experiment.train_size is None:
        notes.append(Text("Random sampling has no effect: all training samples are used."))
    if not has_classes and experiment.label_noise:
        notes.append(Text("Label noise has no effect: the targets are numbers, there are no classes."))
    if not experiment.label_noise and experiment.noisy_splits != default.noisy_splits:
        notes.append(Text("Where labels are wrong has no effect: label noise is 0."))
    return notes


def _check_input(experiment: Experiment, dataset: DataSet, architecture: Architecture) -> None:
    kind = dataset.input_kind
    if kind not in architecture.input_kinds:
        fitting = [
            Text(cls.title)
            for cls in entries("architectures").values()
            if kind in cast("type[Architecture]", cls).input_kinds
        ]
        raise BadInput(
            Text("{network} cannot read {data}.", network=Text(architecture.title), data=Text(dataset.title)),
            Text(
                "It takes {kinds}; these data are {kind}.",
                kinds=_listed([KINDS[kind] for kind in architecture.input_kinds]),
                kind=KINDS[kind],
            ),
            Text("Use one of {fitting}, or other data.", fitting=_listed(fitting)),
        )
    for entry in experiment.augmentations:
        augmentation = cast("Augmentation", entry)
        if kind not in augmentation.input_kinds:
            raise BadInput(
                Text("{title} cannot change {data}.", title=Text(augmentation.title), data=Text(dataset.title)),
                Text(
                    "It changes {kinds}; these data are {kind}.",
                    kinds=_listed([KINDS[kind] for kind in augmentation.input_kinds]),
                    kind=KINDS[kind],
                ),
                Text("Leave it out, or choose other data."),
            )
    _check_classes(experiment, dataset)


def _check_classes(experiment: Experiment, dataset: DataSet) -> None:
    """BadInput for an augmentation that asks of which class a sample is, where that cannot be told."""
    mixing: Augmentation | None = None
    for entry in experiment.augmentations:
        augmentation = cast("Augmentation", entry)
        if augmentation.needs_classes and dataset.task != "classification":
            raise BadInput(
                Text("{title} cannot be made for {data}.", title=Text(augmentation.title), data=Text(dataset.title)),
                Text("They are made for each class, and the targets of these data are numbers."),
                Text("Leave it out, or choose other data."),
            )
        if augmentation.needs_classes and mixing is not None:
            raise BadInput(
                Text("{title} cannot follow {other}.", title=Text(augmentation.title), other=Text(mixing.title)),
                Text("Samples that were mixed have no one class any more, so none can be made in their place."),
                Text("Put it before {other}.", other=Text(mixing.title)),
            )
        mixing = augmentation if augmentation.changes_targets else mixing


def _check_frozen(frozen: tuple[str, ...], plan: list[LayerPlan]) -> None:
    layers = [layer.name for layer in plan if layer.num_parameters]
    names = Text("It has {layers}.", layers=", ".join(layers))
    for name in frozen:
        if name not in layers:
            raise BadInput(
                Text("“{name}” cannot be frozen.", name=name[:80]),
                Text("This network has no layer with weights of that name."),
                names,
            )
    if frozen and set(frozen) == set(layers):
        raise BadInput(
            Text("Every layer is frozen."), Text("No weight would be left to train."), Text("Leave one layer free.")
        )


KINDS: dict[str, Text] = {
    "image": Text("images"),
    "sequence": Text("sequences"),
    "points": Text("points in the plane"),
    "features": Text("tables of features"),
}


def _listed(texts: list[Text]) -> Text:
    parts = {f"part_{number}": text for number, text in enumerate(texts)}
    return Text(", ".join(f"{{{name}}}" for name in parts), **parts)
