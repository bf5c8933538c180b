"""Set one value of an experiment by its dotted path, as the command line, the URL and the pages do."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from functools import reduce
from typing import Any

from core.catalog.entry import Entry
from core.catalog.registry import entry_class, parse
from core.errors import BadInput, shown
from core.experiment import (
    LABELS,
    LIST_FAMILIES,
    PART_FAMILIES,
    Experiment,
    checked_document,
    default_experiment,
    entry_differences,
    resolve_presets,
    unknown_field,
)
from core.json_input import read_value
from core.text import Text


def set_path(
    document: Mapping[str, Any], path: str, value: Any, *, keep_defaults: bool = False
) -> tuple[dict[str, Any], list[Text]]:
    """The document after setting one value, and notes about what that did beside what was asked.

    `value` text is read as JSON where it is JSON, else taken as text. A list is given by keys (`l2,dropout`), as JSON,
    or by position (`regularizers.0.strength`). Changing an entry's key keeps the fields that the new entry has too and
    drops the others, which a note says. `keep_defaults` also keeps a field whose value is the old entry's default: in
    a file somebody wrote it, in a document with every field nobody did.
    """
    document = checked_document(document)
    head, *rest = path.split(".")
    parsed = read_value(value)
    notes: list[Text] = []
    if head == "preset" and not rest:
        return _set_preset(document, parsed)
    if head not in Experiment.model_fields:
        raise unknown_field(head)
    document = resolve_presets(document)
    change = _Change(notes, keep_defaults)
    if head in (*PART_FAMILIES, *LIST_FAMILIES) and rest == ["preset"]:
        document = resolve_presets({**document, head: {"preset": parsed}})
    elif head in PART_FAMILIES:
        current = document[head] if document.get(head) is not None else _default_part(head)
        document[head] = change.entry(current, PART_FAMILIES[head], head, rest, parsed)
    elif head in LIST_FAMILIES:
        document[head] = change.item(document.get(head, []), LIST_FAMILIES[head], head, rest, parsed)
    elif rest:
        raise _no_parts(path, head)
    else:
        document[head] = value if head in LABELS else parsed
    return document, notes


def _set_preset(document: dict[str, Any], name: Any) -> tuple[dict[str, Any], list[Text]]:
    """The document on another base: what it says itself still counts."""
    before = resolve_presets(document)
    after = resolve_presets({**document, "preset": name})
    if after == before and document:
        return after, [Text("The preset “{name}” changes nothing: all it sets is set already.", name=str(name))]
    return after, []


def _default_part(name: str) -> dict[str, Any] | None:
    default = getattr(default_experiment(), name)
    return None if default is None else entry_differences(default, typed=True)


def _no_parts(path: str, name: str) -> BadInput:
    return BadInput(
        Text("“{path}” does not exist.", path=path[:200]),
        Text("“{name}” has no parts.", name=name[:200]),
        Text("Set “{name}” itself.", name=name[:200]),
    )


class _Change:
    """One change: its notes, and whether fields at their defaults count as chosen."""

    def __init__(self, notes: list[Text], keep_defaults: bool) -> None:
        self.notes, self.keep_defaults = notes, keep_defaults

    def entry(self, current: Any, family: str, name: str, rest: list[str], value: Any) -> dict[str, Any] | None:
        """The part `name` after setting its key, the whole of it, or one of its fields."""
        current = _with_key(current, family)
        if not rest and value is None:
            return None
        if not rest and isinstance(value, Mapping):
            return dict(value)
        if not rest or rest == ["key"]:
            return self._key(current, family, value)
        if current is None:
            raise BadInput(
                Text("“{path}” cannot be set.", path=".".join([name, *rest])[:200]),
                Text("“{name}” is not chosen: it follows from the other choices.", name=name),
                Text("Set “{name}” to a key first.", name=name),
            )
        field, *deeper = rest
        cls = entry_class(family, current["key"])
        if field not in cls.model_fields:
            parse(family, {"key": current["key"], field: value})  # raises: the entry has no such field
        default = getattr(cls(), field)
        if isinstance(default, Entry):
            inner = current[field] if current.get(field) is not None else entry_differences(default, typed=True)
            return {**current, field: self.entry(inner, default.family, f"{name}.{field}", deeper, value)}
        if deeper:
            given = current.get(field, cls().model_dump(mode="json")[field])
            return {**current, field: _inside(given, f"{name}.{field}", deeper, value)}
        return {**current, field: value}

    def _key(self, current: dict[str, Any] | None, family: str, key: Any) -> dict[str, Any]:
        if not isinstance(key, str):
            parse(family, {"key": key} if isinstance(key, Mapping) else key)  # raises: it names no entry
        assert isinstance(key, str)
        cls = entry_class(family, key)
        fields = {name: value for name, value in (current or {}).items() if name != "key"}
        old = entry_class(family, current["key"]) if current else None
        if old is cls:
            return {"key": key, **fields}
        if old is not None and not self.keep_defaults:
            defaults = old().model_dump(mode="json")
            fields = {name: value for name, value in fields.items() if value != defaults.get(name)}
        kept = {name: value for name, value in fields.items() if name in cls.model_fields}
        dropped = [name for name in fields if name not in kept]
        title = Text(cls.title)
        known = [*(old or cls).parameters(), *cls.parameters()]
        titles = {parameter.name: Text(parameter.title or parameter.name) for parameter in known}
        if dropped:
            names = _listed([titles.get(name, Text(name)) for name in dropped])
            self.notes.append(
                Text("Left out, because {title} has no such setting: {fields}.", title=title, fields=names)
            )
        if kept:
            values = _listed([_setting(titles[name], value) for name, value in kept.items()])
            self.notes.append(Text("{title} keeps: {fields}.", title=title, fields=values))
        return {"key": key, **kept}

    def item(self, current: Any, family: str, name: str, rest: list[str], value: Any) -> Any:
        """The list `name` after setting the whole of it, or one entry of it; the place behind the last adds one."""
        if not rest:
            if isinstance(value, str):
                return [{"key": key.strip()} for key in value.split(",") if key.strip()]
            return [dict(value)] if isinstance(value, Mapping) else value
        place, *deeper = rest
        items = list(current) if isinstance(current, list | tuple) else []
        index = _index(place, name, len(items))
        before = items[index] if index < len(items) else None
        if before is None and deeper not in ([], ["key"]):
            raise BadInput(
                Text("“{path}” cannot be set.", path=".".join([name, *rest])[:200]),
                Text("“{name}” has no entry {place} yet.", name=name, place=index),
                Text("Set “{name}” to a key first.", name=f"{name}.{index}"),
            )
        return [*items[:index], self.entry(before, family, f"{name}.{place}", deeper, value), *items[index + 1 :]]


def _setting(title: Text, value: Any) -> Text:
    """A field and its value; a word is one of a few, and is translated as in the form."""
    return Text("{setting} {value}", setting=title, value=Text(value) if isinstance(value, str) else shown(value))


def _listed(parts: Sequence[Text]) -> Text:
    return reduce(lambda before, part: Text("{before}, {name}", before=before, name=part), parts)


def _inside(given: Any, name: str, rest: list[str], value: Any) -> Any:
    """A list of numbers or records after setting something in it: `architecture.blocks.0.kernel`."""
    if not rest:
        return value
    place, *deeper = rest
    if isinstance(given, str):
        given = {"key": given}
    if isinstance(given, Mapping):
        return {**given, place: _inside(given.get(place), f"{name}.{place}", deeper, value)}
    if not isinstance(given, list | tuple):
        raise _no_parts(".".join([name, *rest]), name)
    index = _index(place, name, len(given))
    before = given[index] if index < len(given) else {}
    return [*given[:index], _inside(before, f"{name}.{place}", deeper, value), *given[index + 1 :]]


def _index(place: str, name: str, count: int) -> int:
    """A place in a list; the one behind the last adds an item."""
    index = int(place) if re.fullmatch("[0-9]{1,3}", place) else count + 1
    if index > count:
        raise BadInput(
            Text("“{path}” does not exist.", path=f"{name}.{place}"[:200]),
            Text("“{name}” is a list of {count}, counted from 0.", name=name, count=count),
            Text("Set “{name}” to a list first.", name=name),
        )
    return index


def _with_key(current: Any, family: str) -> dict[str, Any] | None:
    """A part as an object with its key; BadInput when it names no entry."""
    if current is None:
        return None
    part = {"key": current} if isinstance(current, str) else current
    if not isinstance(part, Mapping) or not isinstance(part.get("key"), str):
        parse(family, current)  # raises: it names no entry
    return dict(part)
