"""What can differ between the variants of a comparison: a name, where it stands, and what one begins with."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from core.catalog.augmentations.strengths import STRENGTHS
from core.catalog.entry import Entry, Parameter, Usual, parameter_of
from core.catalog.registry import entries, parse
from core.errors import BadInput
from core.experiment import LIST_FAMILIES, PART_FAMILIES, Experiment, entry_differences
from core.studies.setting_words import setting_title
from core.studies.vary import parse_axis
from pages.components.language import show, t

Levels = list[Any]


@dataclass(frozen=True)
class Dimension:
    """One thing that may differ. `path` is where its value stands; `levels(base)` are the values one begins with.

    `family` names the entries it chooses among, "" for a number; `several`: it is a list of entries; `owner` is the
    title of the entry whose number it is.
    """

    key: str
    path: str
    levels: Callable[[Experiment], Levels]
    family: str = ""
    several: bool = False
    optional: bool = False
    owner: str = ""

    @property
    def title(self) -> str:
        """Its name in the reader's language."""
        title = titles().get(self.key) or show(setting_title(self.path))
        return t("{entry}: {parameter}", entry=t(self.owner), parameter=title) if self.owner else title

    @property
    def is_number(self) -> bool:
        """Whether its values are numbers, so that they may be given as a range."""
        return not self.family

    def value(self, document: dict[str, Any]) -> Any:
        """Its value in an experiment's document; None where the experiment has no such thing."""
        found: Any = document
        for name in self.path.split("."):
            if isinstance(found, list):
                found = found[int(name)] if int(name) < len(found) else None
            else:
                found = found.get(name) if isinstance(found, dict) else None
        return found

    def parameter(self, document: dict[str, Any]) -> Parameter:
        """How a number is declared, in an experiment that has it."""
        head, *rest = self.path.split(".")
        if not rest:
            return Experiment.parameters()[head]
        experiment = Experiment.from_json(document)
        entry = getattr(experiment, head) if head in PART_FAMILIES else getattr(experiment, head)[int(rest[0])]
        return parameter_of(rest[-1], type(entry).model_fields[rest[-1]])

    def suits(self, base: Experiment) -> bool:
        """Whether this experiment has such a thing."""
        return self.optional or self.value(base.to_json()) is not None

    def fits(self, base: Experiment) -> Callable[[type[Entry]], bool]:
        """Which entries can be used with the base's data."""
        kind = base.dataset.input_kind
        return lambda cls: kind in getattr(cls, "input_kinds", (kind,))


def titles() -> dict[str, str]:
    """The names of all that can differ."""
    return {
        "optimizer": t("optimizer"),
        "rate": t("learning rate"),
        "regularizer": t("regularizer"),
        "augmentation": t("augmentation"),
        "network": t("network"),
        "activation": t("activation"),
        "first_weights": t("first weights"),
        "schedule": t("schedule"),
        "batch": t("batch"),
        "seed": t("seed"),
    }


def _entries(family: str, *, none: bool = False) -> Callable[[Experiment], Levels]:
    def levels(base: Experiment) -> Levels:
        kind = base.dataset.input_kind
        kinds = {
            key: cls
            for key, cls in entries(family).items()
            if not cls.more and kind in getattr(cls, "input_kinds", (kind,))
        }
        return [*([None] if none else []), *({"key": key} for key in kinds)][:8]

    return levels


def _regularizers(base: Experiment) -> Levels:
    return [[], *([{"key": key}] for key, cls in entries("regularizers").items() if not cls.more)][:4]


def _augmentations(base: Experiment) -> Levels:
    return list(STRENGTHS[base.dataset.input_kind].values())


def _rates(base: Experiment) -> Levels:
    usual = parameter_of("lr", type(base.optimizer).model_fields["lr"]).usual
    rate = base.optimizer.learning_rate()
    low, high = (usual.low, usual.high) if usual else (rate / 100, rate * 100)
    around = [float(f"{rate * factor:.3g}") for factor in (0.01, 0.1, 0.3, 1, 3, 10, 100)]
    return [value for value in around if low <= value <= high] or [rate, rate * 3]


def _over_usual(path: str, usual: Usual) -> Callable[[Experiment], Levels]:
    """Five values over the usual range."""

    def levels(base: Experiment) -> Levels:
        scale = "log" if usual.scale == "log" and usual.low > 0 else "lin"
        return [float(f"{value:.3g}") for value in spread(base, path, scale, usual.low, usual.high, 5)]

    return levels


def spread(base: Experiment, path: str, scale: str, low: float, high: float, count: int) -> Levels:
    """So many values from one end to the other, whole ones where the setting takes no others."""
    return [*parse_axis(f"{path}={scale}({low},{high})x{count}").fitted(base.to_json()).values]


def _seeds(base: Experiment) -> Levels:
    return [base.seed + number for number in range(3)]


DIMENSIONS: tuple[Dimension, ...] = (
    Dimension("optimizer", "optimizer", _entries("optimizers"), "optimizers"),
    Dimension("rate", "optimizer.lr", _rates),
    Dimension("regularizer", "regularizers", _regularizers, "regularizers", several=True),
    Dimension("augmentation", "augmentations", _augmentations, "augmentations", several=True),
    Dimension("network", "architecture", _entries("architectures"), "architectures"),
    Dimension("activation", "architecture.activation", _entries("activations"), "activations"),
    Dimension("first_weights", "initializer", _entries("initializers", none=True), "initializers", optional=True),
    Dimension("schedule", "schedule", _entries("schedules"), "schedules"),
    Dimension("batch", "batch_size", lambda base: [8, 64, 512]),
    Dimension("seed", "seed", _seeds),
)


def numbers(base: Experiment) -> list[Dimension]:
    """Every other number of an experiment that may differ: of its own, and of the entries it is made of."""
    named = {item.path for item in DIMENSIONS}
    parts = [(name, getattr(base, name)) for name in PART_FAMILIES]
    for name in LIST_FAMILIES:
        parts += [(f"{name}.{place}", entry) for place, entry in enumerate(getattr(base, name))]
    # Runs with other folds are no variants: they are averaged, on the page Generalization.
    found = [(name, "", parameter) for name, parameter in Experiment.parameters().items() if name != "fold"]
    for path, entry in parts:
        if entry is not None:
            found += [(f"{path}.{parameter.name}", entry.title, parameter) for parameter in entry.parameters()]
    return [
        Dimension(path, path, _over_usual(path, parameter.usual), owner=owner)
        for path, owner, parameter in found
        if parameter.usual is not None and path not in named
    ]


def dimension(key: str, base: Experiment) -> Dimension | None:
    """The dimension of that key, None where the variants differ in something else."""
    named = {item.key: item for item in DIMENSIONS}
    return named.get(key) or next((item for item in numbers(base) if item.key == key), None)


def dimension_of(changes: Sequence[dict[str, Any]], base: Experiment) -> str:
    """The one thing in which the variants differ, "" when it is none of those one can choose here."""
    paths = {path for change in changes for path in change}
    for items in (DIMENSIONS, numbers(base)):
        heads = {_head(path, items) for path in paths}
        found = next((item.key for item in items if heads == {item.path}), "")
        if found:
            return found
    return ""


def _head(path: str, items: Sequence[Dimension]) -> str:
    """The path of the dimension that a changed path belongs to: the longest one that it begins with."""
    begins = [item.path for item in items if path == item.path or path.startswith(f"{item.path}.")]
    return max(begins, key=len) if begins else path


def short_value(item: Dimension, value: Any) -> Any:
    """A value with what is default left out, so that it reads well in a link."""
    if not item.family or value is None:
        return value
    parts = value if item.several else [value]
    short = []
    for part in parts:
        entry = {"key": part} if isinstance(part, str) else part
        try:
            short.append(entry_differences(parse(item.family, entry), typed=True))
        except BadInput:
            short.append(entry)
    return short if item.several else short[0]
