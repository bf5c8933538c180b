"""What can differ between the variants of a comparison: a name, where it stands, and what one begins with."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from core.catalog.augmentations.strengths import STRENGTHS
from core.catalog.entry import Entry, parameter_of
from core.catalog.registry import entries, entry_class, parse
from core.errors import BadInput
from core.experiment import Experiment, entry_differences
from pages.components.language import t

Levels = list[Any]


@dataclass(frozen=True)
class Dimension:
    """One thing that may differ. `path` is where its value stands; `levels(base)` are the values one begins with.

    `family` names the entries it chooses among, "" for a number; `several`: it is a list of entries.
    """

    key: str
    path: str
    levels: Callable[[Experiment], Levels]
    family: str = ""
    several: bool = False
    optional: bool = False

    @property
    def title(self) -> str:
        """Its name in the reader's language."""
        return titles()[self.key]

    def value(self, document: dict[str, Any]) -> Any:
        """Its value in an experiment's document; None where the experiment has no such thing."""
        found: Any = document
        for name in self.path.split("."):
            found = found.get(name) if isinstance(found, dict) else None
        return found

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
    Dimension("batch", "batch_size", lambda base: [8, 64, 512]),
    Dimension("seed", "seed", _seeds),
)


def dimension(key: str) -> Dimension | None:
    """The dimension of that key, None where the variants differ in something else."""
    return next((item for item in DIMENSIONS if item.key == key), None)


def dimension_of(changes: Sequence[dict[str, Any]]) -> str:
    """The one thing in which the variants differ, "" when it is none of those one can choose here."""
    paths = {_head(path) for change in changes for path in change}
    found = [item.key for item in DIMENSIONS if paths == {item.path}]
    return found[0] if found else ""


def _head(path: str) -> str:
    """The path of the dimension that a changed path belongs to: the longest one that it begins with."""
    begins = [item.path for item in DIMENSIONS if path == item.path or path.startswith(f"{item.path}.")]
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


def words(path: str, value: Any, base: Experiment) -> str:
    """What a changed value is called, in the reader's language; "" where only a person can name it."""
    item = next((item for item in DIMENSIONS if item.path == path.removesuffix(".key")), None)
    if item is None:
        return ""
    if item.key == "rate":
        return t("rate {value:g}", value=value)
    if item.key == "batch":
        return t("batch size {value}", value=value)
    if item.key == "seed":
        return t("seed {seed}", seed=value)
    if item.key == "augmentation":
        named = {"none": t("none"), "light": t("light"), "strong": t("strong")}
        strengths = STRENGTHS[base.dataset.input_kind]
        found = next((named[name] for name, strength in strengths.items() if _same(strength, value)), "")
        if found:
            return t("augmentation: {strength}", strength=found)
    if not value:
        return t("no regularizer") if item.several else t("as the activation wants")
    parts = value if isinstance(value, list) else [value]
    return " + ".join(_entry_words(item.family, part) for part in parts)


def _same(strength: list[dict[str, Any]], value: Any) -> bool:
    try:
        return [parse("augmentations", part) for part in strength] == [parse("augmentations", part) for part in value]
    except (BadInput, TypeError):
        return False


def _entry_words(family: str, part: Any) -> str:
    """An entry's title and the value of the one number that was given with it."""
    given = {"key": part} if isinstance(part, str) else dict(part)
    key = given.pop("key")
    title = t(entry_class(family, key).title)
    numbers = [value for value in given.values() if isinstance(value, int | float) and not isinstance(value, bool)]
    if len(numbers) == 1 and len(given) == 1:
        return t("{title} {value:g}", title=title, value=numbers[0])
    return title
