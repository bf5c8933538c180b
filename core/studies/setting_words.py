"""What settings and their values are called: the columns of a comparison's table, and variants without a name."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from core import strict_json
from core.catalog.entry import Entry, Parameter, parameter_of
from core.errors import BadInput
from core.experiment import LIST_FAMILIES, PART_FAMILIES, Experiment
from core.exports.tables import flat_settings
from core.text import Text

FAMILY_OF = {**PART_FAMILIES, **LIST_FAMILIES}

PARTS: dict[str, Text] = {
    "dataset": Text("data"),
    "architecture": Text("network"),
    "initializer": Text("first weights"),
    "optimizer": Text("optimizer"),
    "loss": Text("loss"),
    "schedule": Text("schedule"),
    "augmentations": Text("augmentation"),
    "regularizers": Text("regularizer"),
}

NOTHING: dict[str, Text] = {
    "initializer": Text("as the activation wants"),
    "augmentations": Text("no augmentation"),
    "regularizers": Text("no regularizer"),
    "loss": Text("as the data set wants"),
    "train_size": Text("all"),
}

SWITCH: dict[str, Text] = {"true": Text("on"), "false": Text("off")}

STRENGTH_WORDS: dict[str, Text] = {"light": Text("augmentation: light"), "strong": Text("augmentation: strong")}


def setting_title(path: str) -> Text:
    """The name of a setting, from its dotted path."""
    head, *rest = path.removesuffix(".key").split(".")
    if head in PARTS and (not rest or (head in LIST_FAMILIES and len(rest) == 1)):
        return PARTS[head]
    name = rest[-1] if rest else head
    without = Text("{name}", name=name.replace("_", " "))
    titles = {parameter.title for parameter in _parameters(path)}
    return Text(titles.pop()) if len(titles) == 1 else without


def value_words(path: str, value: str) -> Text:
    """The value of a flat setting: entries by their titles, blocks by what they change, all else as it stands."""
    from core.catalog.registry import entries, entry_class

    family = _family(path)
    keys = value.split(",") if value else []
    if family is not None and keys and all(key in entries(family) for key in keys):
        return _joined([Text(entry_class(family, key).title) for key in keys], " + ")
    if value.startswith("[{"):
        return _blocks(value)
    if value:
        return _word(path, value)
    return Text("none") if path in LIST_FAMILIES else NOTHING.get(path, Text("–"))


def changes_words(changes: Mapping[str, Any]) -> Text:
    """What a set of changes by dotted path is called: its entries' titles, and its numbers with their fields' names."""
    return _joined([_change(path, value) for path, value in changes.items()], ", ") if changes else Text("base")


def settings_of_its_own(experiment: Experiment, other: Experiment) -> Text | None:
    """The settings that an experiment has and another has not, each with its value; None where there is none."""
    here, there = flat_settings(experiment), flat_settings(other)
    own = [path for path, value in here.items() if path != "sealed" and value != there.get(path)]
    parts = [
        Text("{setting} {value}", setting=setting_title(path), value=value_words(path, here[path]))
        for path in own
        if not any(path.startswith(f"{around}.") for around in own)  # what an entry of its own consists of
    ]
    return _joined(parts, ", ") if parts else None


# -- within ----------------------------------------------------------------------------------------------------------


def _change(path: str, value: Any) -> Text:
    path = path.removesuffix(".key")
    family, title = _family(path), setting_title(path)
    if family is None:
        if value is None:
            return Text("{setting} {value}", setting=title, value=NOTHING.get(path, Text("–")))
        if isinstance(value, Mapping) and "key" in value:
            value = value["key"]
        if isinstance(value, float):
            return Text("{setting} {value}", setting=title, value=f"{value:.4g}")
        return Text("{setting} {value}", setting=title, value=_word(path, value))
    if not value:
        return NOTHING.get(path) or Text("{setting} {value}", setting=title, value="–")
    items = value if isinstance(value, list | tuple) else value.split(",") if isinstance(value, str) else [value]
    try:
        return _strength(path, items) or _joined([_entry(family, item) for item in items], " + ")
    except BadInput:
        return Text("{setting} {value}", setting=title, value=f"{value}")


def _parameters(path: str) -> list[Parameter]:
    """The parameters that a setting may be, one for each entry that has it."""
    head, *rest = path.removesuffix(".key").split(".")
    name = rest[-1] if rest else head
    if head not in FAMILY_OF:
        field = Experiment.model_fields.get(head)
        return [parameter_of(head, field)] if field else []
    from core.catalog.registry import entries

    around = _family(path.removesuffix(".key").rpartition(".")[0]) or FAMILY_OF[head]
    return [parameter for cls in entries(around).values() for parameter in cls.parameters() if parameter.name == name]


def _word(path: str, value: Any) -> Text:
    """A value that is no entry: a switch or one of a few words in the reader's language, all else as it stands."""
    written = f"{value}"
    if written.lower() in SWITCH:
        return SWITCH[written.lower()]
    if any(written in parameter.choices for parameter in _parameters(path)) and "_" not in written:
        return Text(written)
    return Text("{value}", value=written.replace("_", " "))


def _family(path: str) -> str | None:
    """The family whose entries a setting holds; None for a number or a word."""
    from core.catalog.registry import FAMILIES

    head, *rest = path.removesuffix(".key").split(".")
    if not rest or (head in LIST_FAMILIES and len(rest) == 1):
        return FAMILY_OF.get(head)
    inner = f"{rest[-1]}s"
    return inner if inner in FAMILIES and inner not in FAMILY_OF.values() else None


def _entry(family: str, item: Any) -> Text:
    """An entry's title, and the one number that was given with it, which tells two of one title apart."""
    from core.catalog.registry import parse

    entry: Entry = parse(family, item.strip() if isinstance(item, str) else item)
    given = [name for name in item if name != "key"] if isinstance(item, Mapping) else []
    number = getattr(entry, given[0], None) if len(given) == 1 else None
    if not isinstance(number, int | float) or isinstance(number, bool):
        return Text(entry.title)
    return Text("{title} {value:g}", title=Text(entry.title), value=number)


def _strength(path: str, items: Sequence[Any]) -> Text | None:
    """The name of these augmentations, when they are one of the named strengths.

    A single one says what it is, and may be a strength for other data only.
    """
    if path != "augmentations" or len(items) < 2:
        return None
    from core.catalog.augmentations.strengths import STRENGTHS
    from core.catalog.registry import parse

    wanted = [parse(path, item) for item in items]
    for strengths in STRENGTHS.values():
        for name, words in STRENGTH_WORDS.items():
            if [parse(path, item) for item in strengths[name]] == wanted:
                return words
    return None


def _blocks(value: str) -> Text:
    """Blocks of a network: the channels of each, and every other setting that one of them changes, block by block."""
    from core.catalog.architectures.block import Block

    blocks = [Block.model_validate(record) for record in strict_json.loads(value)]
    usual = Block()
    parts = []
    for parameter in Block.parameters():
        found = [getattr(block, parameter.name) for block in blocks]
        if parameter.name != "channels":
            if all(one == getattr(usual, parameter.name) for one in found):
                continue
            found = found[:1] if all(one == found[0] for one in found) else found
        mark = " " if all(isinstance(one, int) for one in found) else " / "
        written = _joined([_of_block(one) for one in found], mark)
        parts.append(Text("{setting} {value}", setting=Text(parameter.title), value=written))
    return _joined(parts, ", ")


def _of_block(value: Any) -> Text:
    """A number, a word, an activation, or nothing."""
    if isinstance(value, Entry):
        return Text(value.title)
    if isinstance(value, str):
        return Text(value)
    return Text("–") if value is None else Text("{value}", value=value)


def _joined(parts: Sequence[Text], mark: str) -> Text:
    if len(parts) == 1:
        return parts[0]
    named = {f"part{place}": part for place, part in enumerate(parts)}
    return Text(mark.join(f"{{{name}}}" for name in named), **named)
