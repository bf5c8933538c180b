"""Changes: what of an experiment may change while its run goes on, and the experiment that is computed from then on.

Loads no torch: pages and the command line ask here before anything is told to a run.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import reduce
from typing import Any, Protocol, cast

from core.catalog.entry import Entry
from core.catalog.optimizers.optimizer import Optimizer
from core.catalog.regularizers.regularizer import Regularizer
from core.compatibility import check
from core.describe import optimizer_words
from core.errors import BadInput, shown
from core.experiment import DATA_FIELDS, Experiment
from core.set_path import set_path
from core.text import Text

LIVE = ("optimizer", "regularizers", "batch_size", "augmentations", "frozen")
"""The fields of an experiment that may change while its run goes on."""
RATE = "lr"
"""What events once called the learning rate; runs that were stored then still say so."""
MAX_CHANGES = 32

WHY_NOT: dict[str, Text] = {
    **dict.fromkeys(DATA_FIELDS, Text("The errors before and after the change would be those of different samples.")),
    "architecture": Text("The weights it has would not fit another network."),
    "initializer": Text("First weights are drawn once, before the first update."),
    "seed": Text("All that is drawn follows from it, from the first weights on."),
    "loss": Text("The losses before and after the change could not be compared."),
    "schedule": Text("A schedule is one plan for the whole run; the learning rate itself can change at any update."),
    "epochs": Text("A run is made longer by adding epochs and ended by stopping it."),
    "evaluate_every": Text("The points of one curve would stand at different distances."),
    "sealed": Text("What is measured before and after would not tell one fault from another."),
    "precision": Text("The number format decides about every bit of a run, from the first update on."),
}


class Happened(Protocol):
    """An event of a run, as it was applied or as it is stored."""

    @property
    def kind(self) -> str: ...
    @property
    def values(self) -> Mapping[str, Any]: ...


def changed(experiment: Experiment, values: Mapping[str, Any]) -> tuple[Experiment, list[Text]]:
    """The experiment after changes by dotted paths (`optimizer.lr`), and notes about what else they did.

    Paths and values are those of `set_path`; a value of None takes an entry out of a list. BadInput says why something
    cannot change in a run that goes on, or what is wrong with a value.
    """
    _check_number(values)
    document: dict[str, Any] = experiment.to_json()
    notes: list[Text] = []
    for path in sorted(values, key=_order):
        if path == RATE and not has_rate(experiment.optimizer):
            continue
        full = f"optimizer.{RATE}" if path == RATE else path
        _check_path(full)
        document, more = _with(document, full, values[path])
        notes += more
    after = Experiment.from_json(document)
    notes += [note for note in check(after) if note not in check(experiment)]
    _check_fixed(experiment, after)
    return after, notes


def check_rate(experiment: Experiment, values: Mapping[str, Any]) -> None:
    """Raise BadInput for a learning rate where the optimizer has none to choose."""
    if RATE in values and not has_rate(experiment.optimizer):
        raise BadInput(
            Text("There is no learning rate to set."),
            Text("{title} takes none: it scales its updates by itself.", title=Text(experiment.optimizer.title)),
            Text("Change to an optimizer that has one."),
        )


def computed(experiment: Experiment, events: Iterable[Happened]) -> Experiment:
    """What a run of `experiment` computes after its events, given in their order."""
    for event in events:
        if event.kind == "set":
            experiment, _ = changed(experiment, event.values)
    return experiment


def has_rate(optimizer: Entry) -> bool:
    """Whether an optimizer has a learning rate to choose."""
    return RATE in type(optimizer).model_fields


def needs_new_rule(before: Experiment, after: Experiment) -> bool:
    """Whether the optimizer is another one, or the same with other parameters than those that act at once."""
    old, new = cast(Optimizer, before.optimizer), cast(Optimizer, after.optimizer)
    return type(old) is not type(new) or any(
        getattr(old, item.name) != getattr(new, item.name)
        for item in new.parameters()
        if not (item.usual and item.usual.live)
    )


def regularizers_stack(experiment: Experiment) -> bool:
    """Whether every regularizer lets a run share its updates with others."""
    return why_regularizers_do_not_stack(experiment) is None


def why_regularizers_do_not_stack(experiment: Experiment) -> Text | None:
    """What keeps a run from sharing its updates with others; None where no regularizer does."""
    reasons = (cast(Regularizer, entry).alone_because for entry in experiment.regularizers)
    return next((reason for reason in reasons if reason is not None), None)


def memory_goes_on(before: Experiment, after: Experiment) -> bool:
    """Whether what the first optimizer keeps between updates means the same to the second."""
    old, new = cast(Optimizer, before.optimizer), cast(Optimizer, after.optimizer)
    same_weights = before.frozen == after.frozen or not new.shares_memory
    return set(old.memory) == set(new.memory) and same_weights


def carried_over(before: Experiment, after: Experiment) -> Text:
    """What of the optimizer's memory is carried over when a run changes from one experiment to the other."""
    old, new = cast(Optimizer, before.optimizer), cast(Optimizer, after.optimizer)
    names = {"old": Text(old.title), "new": Text(new.title)}
    if memory_goes_on(before, after):
        if not new.memory:
            return Text("Nothing had to be carried over: {new} keeps nothing between updates.", new=names["new"])
        kept = _memory(new)
        thawed = [layer for layer in before.frozen if layer not in after.frozen]
        if thawed:
            return Text(
                "{new} goes on with its {kept}; those of {layers} start at 0.",
                new=names["new"],
                kept=kept,
                layers=", ".join(thawed),
            )
        if type(old) is type(new):
            return Text("{new} goes on with its {kept}.", new=names["new"], kept=kept)
        return Text("{new} goes on with {kept} as {old} had left them.", kept=kept, **names)
    if not new.memory:
        lost = _memory(old)
        return Text("{new} keeps nothing between updates: {lost} of {old} were dropped.", lost=lost, **names)
    fresh = _memory(new)
    if not old.memory:
        return Text("{new} starts with its {fresh} at 0: {old} had kept nothing.", fresh=fresh, **names)
    lost = _memory(old)
    return Text(
        "{new} starts with its {fresh} at 0: {lost} of {old} mean something else.", fresh=fresh, lost=lost, **names
    )


MEMORY: dict[str, Text] = {
    "momentum_buffer": Text("velocities"),
    "exp_avg": Text("averages of gradients"),
    "exp_avg_sq": Text("averages of squared gradients"),
    "sum": Text("sums of squared gradients"),
    "square_avg": Text("averages of squared gradients"),
    "acc_delta": Text("averages of squared updates"),
    "exp_inf": Text("largest recent gradients"),
    "row_var": Text("mean squared gradients of rows, columns and biases"),
    "moves_and_changes": Text("last moves with the changes of the gradient"),
    "curvatures": Text("curvatures along them"),
    "z": Text("last points z"),
}
"""What optimizers keep, by the name it has in torch.optim's state; what goes with something named here is left out."""


def change_words(before: Experiment, after: Experiment, values: Mapping[str, Any]) -> Text:
    """A change in a few words, for a chart: "learning rate 0.001 → 0.01", "L2 strength 0.001 → 0.1"."""
    parts: list[Text] = []
    if type(before.optimizer) is not type(after.optimizer):
        parts.append(Text("optimizer {words}", words=optimizer_words(after)))
    else:
        parts += _fields(before.optimizer, after.optimizer, named=False)
    parts += _entries(before.regularizers, after.regularizers)
    parts += _entries(before.augmentations, after.augmentations)
    if before.batch_size != after.batch_size:
        parts.append(Text("batch size {before} → {size}", before=before.batch_size, size=after.batch_size))
    if before.frozen != after.frozen:
        frozen = Text("frozen: {layers}", layers=", ".join(after.frozen))
        parts.append(frozen if after.frozen else Text("nothing frozen"))
    if not parts and RATE in values:
        parts.append(Text("learning rate {lr:g}", lr=float(values[RATE])))
    return _listed(parts) if parts else Text("nothing changed")


# -- within ----------------------------------------------------------------------------------------------------------


def _order(path: str) -> tuple[int, bool, str]:
    """Whole parts before what is inside them, a key before its fields: whatever order the changes were written in."""
    return path.count("."), not path.endswith(".key"), path


def _check_number(values: Mapping[str, Any]) -> None:
    if not 1 <= len(values) <= MAX_CHANGES:
        raise BadInput(
            Text("A change names {count} settings.", count=len(values)),
            Text("It changes at least one, and at most {most} at once.", most=MAX_CHANGES),
            Text("Name a setting and its value, such as optimizer.lr=0.01."),
        )


def _check_path(path: str) -> None:
    head = path.split(".")[0]
    if head in LIVE:
        return
    if head not in Experiment.model_fields:
        set_path({}, path, None)  # raises: an experiment has no such field
    raise BadInput(
        Text("“{path}” cannot change in a run that goes on.", path=shown(path)),
        WHY_NOT.get(head, Text("It says something about the run and changes nothing in it.")),
        Text("Start a new run with it. While a run goes on, these can change: {fields}.", fields=", ".join(LIVE)),
    )


def _with(document: dict[str, Any], path: str, value: Any) -> tuple[dict[str, Any], list[Text]]:
    head, *rest = path.split(".")
    items = document.get(head)
    if value is None and isinstance(items, list) and len(rest) == 1 and rest[0].isdigit() and int(rest[0]) < len(items):
        place = int(rest[0])
        return {**document, head: [*items[:place], *items[place + 1 :]]}, []
    return set_path(document, path, value)


def _check_fixed(before: Experiment, after: Experiment) -> None:
    old, new = ([entry for entry in item.regularizers if entry.fixed_because] for item in (before, after))
    for entry in (*old, *new):
        if entry not in old or entry not in new:
            raise BadInput(
                Text("{title} cannot change in a run that goes on.", title=Text(entry.title)),
                cast(Text, entry.fixed_because),
                Text("Start a new run with it, or stop this one yourself."),
            )


def _fields(before: Entry, after: Entry, *, named: bool) -> list[Text]:
    """The parameters that differ between two entries of one class; `named` puts the entry's title before each."""
    words = []
    for item in after.parameters():
        old, new = (getattr(entry, item.name) for entry in (before, after))
        if old == new:
            continue
        values = {"before": _number_words(old), "value": _number_words(new)}
        if named and item.title.casefold() != after.title.casefold():
            words.append(
                Text("{title} {name} {before} → {value}", title=Text(after.title), name=Text(item.title), **values)
            )
        else:
            words.append(Text("{name} {before} → {value}", name=Text(item.title), **values))
    return words


def _number_words(value: Any) -> str:
    number = isinstance(value, int | float) and not isinstance(value, bool)
    return f"{value:g}" if number else str(value)


def _entries(before: tuple[Entry, ...], after: tuple[Entry, ...]) -> list[Text]:
    """What differs between two lists of entries: changed, added, taken out."""
    left = list(before)
    words = []
    for entry in after:
        same = next((item for item in left if item == entry), None) or next(
            (item for item in left if type(item) is type(entry)), None
        )
        if same is None:
            words.append(Text("with {title}", title=_with_first_value(entry)))
        else:
            left = [item for item in left if item is not same]
            words += _fields(same, entry, named=True)
    return [*words, *(Text("without {title}", title=Text(entry.title)) for entry in left)]


def _with_first_value(entry: Entry) -> Text:
    for item in entry.parameters():
        value = getattr(entry, item.name)
        if isinstance(value, int | float) and not isinstance(value, bool):
            return Text("{title} {value:g}", title=Text(entry.title), value=value)
    return Text(entry.title)


def _memory(optimizer: Optimizer) -> Text:
    """What an optimizer keeps: "averages of gradients and averages of squared gradients"."""
    kept = (MEMORY[name] for name in optimizer.memory if name in MEMORY)
    return reduce(lambda before, last: Text("{before} and {last}", before=before, last=last), kept)


def _listed(texts: list[Text]) -> Text:
    if len(texts) == 1:
        return texts[0]
    parts = {f"part{place}": text for place, text in enumerate(texts)}
    return Text(", ".join(f"{{{name}}}" for name in parts), **parts)
