"""The registry: every entry by family and key. Registration fails at import when a declaration is incomplete."""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from typing import Any, TypeVar, get_origin

from pydantic import ValidationError

from core.catalog.entry import Entry, parameter_of
from core.errors import BadInput, shown
from core.text import Text

FAMILIES: dict[str, str] = {
    "datasets": "data set",
    "selections": "feature selection",
    "augmentations": "augmentation",
    "architectures": "architecture",
    "activations": "activation",
    "initializers": "initializer",
    "regularizers": "regularizer",
    "losses": "loss",
    "optimizers": "optimizer",
    "schedules": "schedule",
    "surfaces": "surface",
    "faults": "fault",
}

_entries: dict[str, dict[str, type[Entry]]] = {family: {} for family in FAMILIES}
_synonyms: dict[str, dict[str, str]] = {family: {} for family in FAMILIES}

E = TypeVar("E", bound=type[Entry])


def register(cls: E) -> E:
    """Class decorator: put an entry into its family; raise TypeError when its declaration is incomplete."""
    missing = [
        name
        for name in ("family", "key", "title", "why", "choose", "see", "formula", "source")
        if not getattr(cls, name)
    ]
    missing += [] if callable(getattr(cls, "build", None)) else ["build()"]
    for name, field in cls.model_fields.items():
        parameter = parameter_of(name, field)
        missing += [f"{name}: title"] if not parameter.title else []
        missing += [f"{name}: description"] if not parameter.help else []
        missing += [f"{name}: default"] if field.is_required() else []
        number = field.annotation in (int, float)
        missing += [f"{name}: Usual(low, high)"] if number and parameter.usual is None else []
        missing += [f"{name}: legal range"] if number and parameter.low is None and parameter.high is None else []
    if missing:
        raise TypeError(f"{cls.__name__} cannot be registered; it lacks: {', '.join(missing)}")
    if cls.family not in _entries:
        raise TypeError(f"{cls.__name__}: unknown family {cls.family!r}")
    for key in (cls.key, *cls.synonyms):
        if key in _entries[cls.family] or key in _synonyms[cls.family]:
            raise TypeError(f"{cls.__name__}: {cls.family} already has the key {key!r}")
    # A family's mapping is never changed: somebody in another thread may be going through it.
    _entries[cls.family] = {**_entries[cls.family], cls.key: cls}
    _synonyms[cls.family].update(dict.fromkeys(cls.synonyms, cls.key))
    return cls


def forget(family: str, key: str) -> None:
    """Take out an entry that was registered while the program ran."""
    _entries[family] = {name: cls for name, cls in _entries[family].items() if name != key}


def entries(family: str) -> Mapping[str, type[Entry]]:
    """The family's entry classes by key, in the order of registration."""
    return _entries[family]


def canonical_key(family: str, key: str) -> str:
    """The key itself or the key of which it is a synonym; BadInput names the nearest keys, then all."""
    key = _synonyms[family].get(key, key)
    if key in _entries[family]:
        return key
    known = [*_entries[family], *_synonyms[family]]
    key = key[:80]
    near = difflib.get_close_matches(key, known, n=3, cutoff=0.5)
    fix = (
        Text("Did you mean {near}? There are: {known}.", near=", ".join(near), known=", ".join(known))
        if near
        else Text("There are: {known}.", known=", ".join(known))
    )
    raise BadInput(
        Text("{family} has no entry “{key}”.", family=family, key=key),
        Text("Only entries of the catalogue can be chosen."),
        fix,
    )


def entry_class(family: str, key: str) -> type[Entry]:
    """The class registered under a key or one of its synonyms."""
    return _entries[family][canonical_key(family, key)]


def parse(family: str, value: Any) -> Entry:
    """An entry from a key, from a dict with `key` and fields, or from an entry; BadInput says what is wrong."""
    if isinstance(value, Entry):
        if value.family != family:
            raise BadInput(
                Text("“{title}” stands where {family} are chosen.", title=value.title, family=family),
                Text("It belongs to {family}.", family=value.family),
                Text("There are: {known}.", known=", ".join(_entries[family])),
            )
        return value
    if isinstance(value, str):
        value = {"key": value}
    if not isinstance(value, Mapping) or not isinstance(value.get("key"), str):
        raise BadInput(
            Text("{family}: {value} names no entry.", family=family, value=shown(value)),
            Text("An entry is a key, or an object with “key” and its fields."),
            Text("There are: {known}.", known=", ".join(_entries[family])),
        )
    typed = value["key"]
    cls = entry_class(family, typed)
    fields = {name: given for name, given in value.items() if name != "key"}
    try:
        return cls(**fields).typed_as(typed)
    except ValidationError as error:
        raise bad_field(cls, error) from None


def bad_field(cls: type[Entry], error: ValidationError) -> BadInput:
    """The first of pydantic's complaints as what, why and fix."""
    problem = error.errors()[0]
    name = str(problem["loc"][0])[:80] if problem["loc"] else ""
    title = Text(cls.title)
    if problem["type"] == "extra_forbidden" or name not in cls.model_fields:
        known = ", ".join(cls.model_fields) or "–"
        near = difflib.get_close_matches(name, list(cls.model_fields), n=1)
        return BadInput(
            Text("{title} has no field “{name}”.", title=title, name=name) if name else Text(problem["msg"]),
            Text("A field without effect would be misleading.") if name else Text("The fields do not fit together."),
            Text("Did you mean “{near}”? Its fields: {known}.", near=near[0], known=known)
            if near
            else Text("Its fields: {known}.", known=known),
        )
    parameter = parameter_of(name, cls.model_fields[name])
    usual = parameter.usual
    why = Text(usual.reason) if usual and usual.reason else Text("It must be {range}.", range=parameter.range_text)
    if problem["type"] == "value_error":
        why = Text(str(problem.get("ctx", {}).get("error", "")))
    fix = Text("Use a value of the kind of {default}.", default=repr(parameter.default))
    if parameter.choices:
        fix = Text("Use {range}.", range=parameter.range_text)
    elif usual and get_origin(parameter.annotation) is None:
        fix = Text(
            "Use a value {range}; {low:g} to {high:g} is usual.",
            range=parameter.range_text,
            low=usual.low,
            high=usual.high,
        )
    return BadInput(
        Text("{name} is {value} for {title}.", name=parameter.words, value=shown(problem["input"]), title=title),
        why,
        fix,
    )
