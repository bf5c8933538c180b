"""An experiment in a few words: the line above a chart and a row of a table. Loads no data and no torch."""

from __future__ import annotations

from functools import cache
from typing import Any, cast

from core.catalog.entry import Entry
from core.catalog.presets import Preset, presets
from core.experiment import Experiment, default_experiment
from core.text import Text

_SAMPLING = {"balanced": Text("as many of each class"), "random": Text("drawn at random")}
_SCALING = {"raw": Text("raw inputs"), "min_max": Text("inputs scaled to 0…1")}
"""What is said of samples and inputs where they are not taken as usual."""


def choices(experiment: Experiment) -> list[Text]:
    """Data, augmentation, network, regularizer, optimizer and seed, one Text each."""
    return [
        data_words(experiment),
        _list_words(experiment.augmentations, Text("no augmentation"), with_value=False),
        network_words(experiment),
        _list_words(experiment.regularizers, Text("no regularizer"), with_value=True),
        step_words(experiment),
        Text("seed {seed}", seed=experiment.seed),
        *([Text("a sealed fault")] if experiment.sealed else []),
    ]


def preset_of(experiment: Experiment) -> Preset | None:
    """The preset that trains the same."""
    return _presets_by_fingerprint().get(experiment.fingerprint())


@cache
def _presets_by_fingerprint() -> dict[str, Preset]:
    return {Experiment.from_json({"preset": preset.key}).fingerprint(): preset for preset in presets().values()}


def title(experiment: Experiment) -> Text:
    """What a run without a name is called: its network, its regularizers where it has some, and its optimizer."""
    network, optimizer = network_words(experiment), step_words(experiment)
    words = Text("{network}, {optimizer}", network=network, optimizer=optimizer)
    if experiment.regularizers:
        regularizers = _list_words(experiment.regularizers, Text("no regularizer"), with_value=True)
        words = Text(
            "{network}, {regularizers}, {optimizer}", network=network, regularizers=regularizers, optimizer=optimizer
        )
    return Text("{run}, a sealed fault", run=words) if experiment.sealed else words


def data_words(experiment: Experiment) -> Text:
    """Title of the data set, number of training samples, and what is unusual in them and their inputs."""
    from core.training.splits import split_sizes

    dataset = cast(Any, experiment.dataset)
    num = split_sizes(experiment).num_train
    words = Text("{title}, {num:,} training samples", title=Text(dataset.title), num=num)
    if experiment.num_folds is not None:
        words = Text("{data}, fold {fold} of {num}", data=words, fold=experiment.fold, num=experiment.num_folds)
    if experiment.label_noise:
        words = Text("{data}, {share:.3g} % wrong labels", data=words, share=100 * experiment.label_noise)
    for said in (_SAMPLING.get(experiment.sampling), _SCALING.get(getattr(dataset, "scaling", ""))):
        if said is not None:
            words = Text("{data}, {said}", data=words, said=said)
    selection = dataset.best_inputs
    if selection is None:
        return words
    num_inputs = len(dataset.facts().feature_names)
    kept = selection.num_kept(num_inputs)
    values = {"data": words, "kept": kept, "all": num_inputs, "how": Text(selection.title)}
    if selection.chosen_on == "all":
        return Text("{data}, {kept} of {all} inputs {how}, chosen on validation samples too", **values)
    return Text("{data}, {kept} of {all} inputs {how}", **values)


def network_words(experiment: Experiment) -> Text:
    """Title of the network, the sizes of its layers and its activation."""
    facts = cast(Any, experiment.dataset).facts()
    architecture = cast(Any, experiment.architecture)
    layers = architecture.plan(facts.input_shape, facts.num_outputs)
    return architecture.words([layer.output_shape[0] for layer in layers if layer.fan_in])


def step_words(experiment: Experiment) -> Text:
    """The optimizer, the schedule of its learning rate where it has one, and the loss where one was chosen."""
    schedule, loss = cast(Entry, experiment.schedule), cast("Entry | None", experiment.loss)
    words = optimizer_words(experiment)
    if type(schedule) is not type(default_experiment().schedule):
        words = Text("{optimizer}, {schedule}", optimizer=words, schedule=Text(schedule.title))
    return words if loss is None else Text("{optimizer}, {loss}", optimizer=words, loss=_with_value(loss))


def optimizer_words(experiment: Experiment) -> Text:
    """Title of the optimizer and its learning rate, where it has one to choose."""
    return _with_value(experiment.optimizer)


def _list_words(entries: tuple[Entry, ...], none: Text, *, with_value: bool) -> Text:
    if not entries:
        return none
    parts = {f"part{place}": _with_value(e) if with_value else Text(e.title) for place, e in enumerate(entries)}
    return Text(" + ".join(f"{{{name}}}" for name in parts), **parts)


def _with_value(entry: Entry) -> Text:
    """The entry's title and the value of its first number."""
    for parameter in entry.parameters():
        value = getattr(entry, parameter.name)
        if (
            isinstance(value, int | float)
            and not isinstance(value, bool)
            and not (parameter.usual and parameter.usual.more)
        ):
            return Text("{title} {value:g}", title=Text(entry.title), value=value)
    return Text(entry.title)
