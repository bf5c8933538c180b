"""Experiment: the chosen entries and numbers, validated; JSON, URL, differences, fingerprint.

An experiment is frozen and versioned. Its *differences* from the defaults of its version are what the URL, the store
and the fingerprint hold; the defaults of a published version are never edited.
"""

from __future__ import annotations

import copy
import hashlib
import json
from collections.abc import Mapping
from typing import Annotated, Any, ClassVar, Literal, Self, get_args

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

from core.catalog.entry import Entry, Parameter, Usual, entry_of, parameter_of
from core.catalog.presets import preset
from core.catalog.registry import entry_class, parse
from core.errors import BadInput
from core.text import Text

VERSION = 1
PART_FAMILIES = {
    "dataset": "datasets",
    "architecture": "architectures",
    "initializer": "initializers",
    "optimizer": "optimizers",
    "loss": "losses",
    "schedule": "schedules",
}
LIST_FAMILIES = {"augmentations": "augmentations", "regularizers": "regularizers"}
LABELS = ("name", "notes")
"""Fields that say something about an experiment and change nothing in it: not part of the fingerprint."""


def _entries_of(family: str) -> Any:
    return Annotated[tuple[entry_of(family), ...], Field(max_length=16)]


class Experiment(BaseModel):
    """Everything that decides a run. `Experiment()` is the default preset: digits, MLP 64-64, Adam 0.001.

    `initializer` None follows the activation; `loss` None follows the task; `evaluate_every` None is the smaller of an
    epoch and a hundredth of the run; `train_size` None takes the whole training split.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False, validate_default=True)

    version: Annotated[Literal[1], Field(title="version", description="Version of the experiment's defaults.")] = 1
    name: Annotated[str, Field(max_length=200, title="name", description="What this experiment is called.")] = ""
    notes: Annotated[str, Field(max_length=5000, title="notes", description="Whatever you want to remember.")] = ""
    dataset: entry_of("datasets") = "digits"
    augmentations: _entries_of("augmentations") = ()
    architecture: entry_of("architectures") = "mlp"
    initializer: entry_of("initializers") | None = None
    regularizers: _entries_of("regularizers") = ()
    optimizer: entry_of("optimizers") = "adam"
    loss: entry_of("losses") | None = None
    schedule: entry_of("schedules") = "constant"
    batch_size: Annotated[
        int,
        Field(ge=1, le=65536, title="batch size", description="Samples that one update averages its gradient over."),
        Usual(8, 512, "log", unit="samples", more=True),
    ] = 64
    epochs: Annotated[
        int,
        Field(ge=1, le=100_000, title="epochs", description="Passes over the training set."),
        Usual(1, 400, "log"),
    ] = 10
    evaluate_every: Annotated[
        int | None,
        Field(
            ge=1,
            title="evaluate every",
            description="Updates between two measurements of training and validation error; by default the smaller "
            "of an epoch and a hundredth of the run.",
        ),
        Usual(1, 500, "log", unit="updates", more=True),
    ] = None
    seed: Annotated[
        int,
        Field(ge=0, lt=2**63, title="seed", description="Draws first weights, order, augmentation and dropout."),
        Usual(0, 20),
    ] = 0
    split_seed: Annotated[
        int,
        Field(ge=0, lt=2**63, title="split seed", description="Draws which samples train and which validate."),
        Usual(0, 20, more=True),
    ] = 0
    validation_fraction: Annotated[
        float,
        Field(
            gt=0,
            lt=1,
            title="validation share",
            description="Share of the samples outside the test set that measure instead of train.",
        ),
        Usual(0.05, 0.5, more=True, reason="Both a training and a validation set are needed."),
    ] = 0.2
    train_size: Annotated[
        int | None,
        Field(ge=1, title="training samples", description="How many of the training samples are used; all by default."),
        Usual(20, 5000, "log", unit="samples"),
    ] = None
    precision: Annotated[
        Literal["float32", "float64", "bfloat16"],
        Field(title="precision", description="Number format of the computation; bfloat16 keeps float32 weights."),
    ] = "float32"

    @field_validator("name", "notes")
    @classmethod
    def _printable(cls, value: str) -> str:
        return "".join(letter for letter in value if letter.isprintable() or letter == "\n")

    # -- reading -------------------------------------------------------------------------------------------------

    @classmethod
    def from_json(cls, value: Any) -> Self:
        """An experiment from a JSON object; BadInput says what is wrong.

        `{"preset": NAME}` may stand for the whole, to be changed by further fields, or for a part.
        """
        if isinstance(value, cls):
            return value
        if not isinstance(value, Mapping):
            raise BadInput(
                Text("An experiment is a JSON object, not {kind}.", kind=type(value).__name__),
                Text("Its fields are named, such as “dataset” and “optimizer”."),
                Text("Write {{}} for the default experiment."),
            )
        document = resolve_presets(dict(value))
        try:
            return cls(**document)
        except ValidationError as error:
            raise _bad_field(cls, error) from None

    # -- writing -------------------------------------------------------------------------------------------------

    def to_json(self) -> dict[str, Any]:
        """Every field, as JSON values; `from_json` gives the same experiment."""
        return self.model_dump(mode="json")

    def differences(self) -> dict[str, Any]:
        """Only what differs from the defaults of this version, keys as typed."""
        return _differences(self, typed=True)

    def canonical(self) -> str:
        """The differences without names and notes, synonyms resolved, as canonical JSON."""
        fields = {name: value for name, value in _differences(self, typed=False).items() if name not in LABELS}
        fields["version"] = self.version
        return json.dumps(fields, sort_keys=True, separators=(",", ":"), ensure_ascii=False)

    def fingerprint(self) -> str:
        """SHA-256 (hex) of the canonical differences: equal for experiments that give the same bits."""
        return hashlib.sha256(self.canonical().encode()).hexdigest()

    def replace(self, **changes: Any) -> Self:
        """A copy with some fields changed, validated."""
        return type(self).from_json({**self.to_json(), **changes})

    @classmethod
    def parameters(cls) -> dict[str, Parameter]:
        """The numbers of an experiment itself (batch size, epochs, seed …) as a form needs them."""
        skipped = {"version", *LABELS, *PART_FAMILIES, *LIST_FAMILIES}
        return {name: parameter_of(name, field) for name, field in cls.model_fields.items() if name not in skipped}

    # -- URL -----------------------------------------------------------------------------------------------------

    def to_url(self) -> dict[str, str]:
        """Query parameters with readable names, only what differs: `dataset=moons&dataset.noise=0.35`."""
        return _flatten(self.differences())

    @classmethod
    def from_url(cls, query: Mapping[str, str]) -> tuple[Self, list[Text]]:
        """The experiment of a URL, and a sentence for every part that could not be read; the rest is applied.

        Parameters whose first word is no field of an experiment are left alone: they belong to the page.
        """
        known = set(cls.model_fields) | {"preset"}
        document: dict[str, Any] = {}
        problems: list[Text] = []
        keys = sorted((key for key in query if key.split(".")[0] in known), key=lambda key: (key != "preset", key.count(".")))
        for key in keys:
            try:
                changed, _ = set_path(document, key, query[key])
                cls.from_json(changed)
            except BadInput as error:
                problems.append(
                    Text("“{part}” in the link could not be used: {reason}", part=f"{key}={query[key]}", reason=_sentence(error))
                )
            else:
                document = changed
        return cls.from_json(document), problems


Experiment.model_rebuild()


def _sentence(error: BadInput) -> Text:
    return Text("{what} {why} {fix}", what=error.what, why=error.why, fix=error.fix)


def resolve_presets(document: dict[str, Any]) -> dict[str, Any]:
    """Replace `{"preset": NAME}` by what the preset says, for the whole document and for each of its parts."""
    if "preset" in document:
        base = copy.deepcopy(preset(document["preset"]).experiment)
        document = {**base, **{name: value for name, value in document.items() if name != "preset"}}
    for name, value in document.items():
        if name in (*PART_FAMILIES, *LIST_FAMILIES) and isinstance(value, Mapping) and "preset" in value:
            part = Experiment.from_json(preset(value["preset"]).experiment).to_json()[name]
            extra = {field: given for field, given in value.items() if field != "preset"}
            if extra and not isinstance(part, Mapping):
                raise BadInput(
                    Text("“{name}” takes a preset without further fields.", name=name),
                    Text("The preset “{preset}” has a list there.", preset=value["preset"]),
                    Text("Write the list out."),
                )
            document[name] = {**part, **extra} if isinstance(part, Mapping) else part
    return document


def set_path(document: Mapping[str, Any], path: str, value: Any) -> tuple[dict[str, Any], list[Text]]:
    """Set one value by its dotted path, as `--set` and the URL do; returns the new document and notes.

    `value` text is read as JSON where it is JSON, else taken as text. Changing an entry's key keeps the fields that
    the new entry has and drops the others, which a note says. A list is given by keys (`l2,dropout`), as JSON, or by
    position (`regularizers.0.strength`).
    """
    document = resolve_presets(copy.deepcopy(dict(document)))
    head, *rest = path.split(".")
    if head not in Experiment.model_fields and head != "preset":
        known = ", ".join(Experiment.model_fields)
        raise BadInput(
            Text("An experiment has no field “{name}”.", name=head),
            Text("A setting without effect would be misleading."),
            Text("Its fields: {known}.", known=known),
        )
    parsed = _read_value(value)
    notes: list[Text] = []
    if head == "preset":
        document = resolve_presets({"preset": str(parsed)})
    elif head in PART_FAMILIES:
        document[head] = _set_entry(document.get(head), PART_FAMILIES[head], head, rest, parsed, notes)
    elif head in LIST_FAMILIES:
        document[head] = _set_in_list(document.get(head, []), LIST_FAMILIES[head], head, rest, parsed, notes)
    elif rest:
        raise BadInput(
            Text("“{path}” does not exist.", path=path),
            Text("“{name}” has no parts.", name=head),
            Text("Set “{name}” itself.", name=head),
        )
    else:
        document[head] = value if head in LABELS else parsed
    return document, notes


def _read_value(value: Any) -> Any:
    if not isinstance(value, str):
        return value
    try:
        return json.loads(value)
    except ValueError:
        return value


def _default_part(name: str) -> dict[str, Any] | None:
    default = Experiment().to_json()[name]
    return copy.deepcopy(default)


def _set_entry(
    current: Any, family: str, name: str, rest: list[str], value: Any, notes: list[Text]
) -> dict[str, Any] | None:
    """The part `name` after setting its key, the whole of it, or one of its fields."""
    current = current if current is not None else (_default_part(name) if name in PART_FAMILIES else None)
    if isinstance(current, str):
        current = {"key": current}
    if not rest and (value is None or isinstance(value, Mapping)):
        return dict(value) if value is not None else None
    if not rest or rest == ["key"]:
        return _change_key(current, family, str(value), notes)
    if current is None:
        raise BadInput(
            Text("“{path}” cannot be set.", path=".".join([name, *rest])),
            Text("“{name}” is not chosen: it follows from the other choices.", name=name),
            Text("Set “{name}” to a key first.", name=name),
        )
    field, *deeper = rest
    cls = entry_class(family, current["key"])
    if field not in cls.model_fields:
        parse(family, {"key": current["key"], field: value})  # raises: the entry has no such field
    given = current.get(field, cls.model_fields[field].get_default(call_default_factory=True))
    nested = isinstance(given, Entry) or (isinstance(given, Mapping) and "key" in given)
    if nested or (isinstance(given, str) and deeper):
        inner = _nested_family(cls, field)
        if inner:
            before = given.model_dump(mode="json") if isinstance(given, Entry) else given
            return {**current, field: _set_entry(before, inner, field, deeper, value, notes)}
    if deeper:
        raise BadInput(
            Text("“{path}” does not exist.", path=".".join([name, *rest])),
            Text("“{name}” has no parts.", name=field),
            Text("Set “{name}” itself.", name=field),
        )
    return {**current, field: value}


def _nested_family(cls: type[Entry], field: str) -> str | None:
    default = cls.model_fields[field].get_default(call_default_factory=True)
    value = getattr(cls(), field) if not isinstance(default, Entry) else default
    return value.family if isinstance(value, Entry) else None


def _change_key(current: Any, family: str, key: str, notes: list[Text]) -> dict[str, Any]:
    cls = entry_class(family, key)
    fields = {name: value for name, value in (current or {}).items() if name != "key"}
    if current and entry_class(family, current["key"]) is cls:
        return {"key": key, **fields}
    old_defaults = parse(family, current["key"]).model_dump(mode="json") if current else {}
    kept, dropped = {}, []
    for name, value in fields.items():
        if value == old_defaults.get(name):
            continue
        try:
            parse(family, {"key": key, name: value})
        except BadInput:
            dropped.append(name)
        else:
            kept[name] = value
    if dropped:
        notes.append(
            Text("{title} has no {fields}: dropped with the change of key.", title=Text(cls.title), fields=", ".join(dropped))
        )
    if kept:
        notes.append(Text("{title} keeps {fields}.", title=Text(cls.title), fields=", ".join(f"{n} = {v}" for n, v in kept.items())))
    return {"key": key, **kept}


def _set_in_list(current: Any, family: str, name: str, rest: list[str], value: Any, notes: list[Text]) -> list[Any]:
    if not rest:
        if isinstance(value, str):
            return [{"key": key.strip()} for key in value.split(",") if key.strip()]
        if isinstance(value, Mapping) and "preset" not in value:
            return [dict(value)]
        return value
    place, *deeper = rest
    items = list(current)
    if not place.isdigit() or int(place) > len(items):
        raise BadInput(
            Text("“{path}” does not exist.", path=".".join([name, *rest])),
            Text("“{name}” is a list of {count}, counted from 0.", name=name, count=len(items)),
            Text("Set “{name}” to a list first.", name=name),
        )
    index = int(place)
    item = _set_entry(items[index] if index < len(items) else None, family, f"{name}.{place}", deeper, value, notes)
    return [*items[:index], item, *items[index + 1 :]]


def _entry_differences(entry: Entry, *, typed: bool) -> dict[str, Any]:
    key = entry._typed_key if typed and entry._typed_key else entry.key
    changed: dict[str, Any] = {"key": key}
    defaults = type(entry)()
    for name in type(entry).model_fields:
        value, default = getattr(entry, name), getattr(defaults, name)
        if value == default:
            continue
        if isinstance(value, Entry):
            inner = _entry_differences(value, typed=typed)
            changed[name] = inner if len(inner) > 1 else inner["key"]
        else:
            changed[name] = entry.model_dump(mode="json", include={name})[name]
    return changed


def _differences(experiment: Experiment, *, typed: bool) -> dict[str, Any]:
    defaults = Experiment()
    changed: dict[str, Any] = {}
    for name in Experiment.model_fields:
        value, default = getattr(experiment, name), getattr(defaults, name)
        if name == "version":
            continue
        if isinstance(value, Entry):
            inner = _entry_differences(value, typed=typed)
            if value != default or (typed and value._typed_key):
                changed[name] = inner
        elif name in LIST_FAMILIES:
            if value:
                changed[name] = [_entry_differences(item, typed=typed) for item in value]
        elif value != default:
            changed[name] = value
    return changed


def _flatten(differences: Mapping[str, Any]) -> dict[str, str]:
    """Differences as dotted paths: `optimizer=sgd`, `optimizer.lr=0.1`, `regularizers=l2`, `regularizers.0.strength=…`."""
    flat: dict[str, str] = {}

    def entry(path: str, fields: Mapping[str, Any], with_key: bool = True) -> None:
        if with_key:
            flat[path] = fields["key"]
        for name, value in fields.items():
            if name == "key":
                continue
            if isinstance(value, Mapping) and "key" in value:
                entry(f"{path}.{name}", value)
            else:
                flat[f"{path}.{name}"] = value if isinstance(value, str) else json.dumps(value, separators=(",", ":"))

    for name, value in differences.items():
        if name in LIST_FAMILIES:
            flat[name] = ",".join(item["key"] for item in value)
            for place, item in enumerate(value):
                entry(f"{name}.{place}", item, with_key=False)
        elif isinstance(value, Mapping):
            entry(name, value)
        else:
            flat[name] = value if isinstance(value, str) else json.dumps(value)
    return flat


def _bad_field(cls: type[Experiment], error: ValidationError) -> BadInput:
    problem = error.errors()[0]
    name = str(problem["loc"][0]) if problem["loc"] else ""
    if name not in cls.model_fields:
        return BadInput(
            Text("An experiment has no field “{name}”.", name=name),
            Text("A setting without effect would be misleading."),
            Text("Its fields: {known}.", known=", ".join(cls.model_fields)),
        )
    parameter = parameter_of(name, cls.model_fields[name])
    usual = parameter.usual
    choices = parameter.choices or (get_args(cls.model_fields[name].annotation) if name == "precision" else ())
    fix = Text("Use a list of entries.") if name in LIST_FAMILIES else Text("Use text of at most {n} letters.", n=5000)
    if choices:
        fix = Text("Use one of {choices}.", choices=", ".join(str(choice) for choice in choices))
    elif usual:
        fix = Text("Use a value {range}; {low:g} to {high:g} is usual.", range=parameter.range_text, low=usual.low, high=usual.high)
    why = Text(usual.reason) if usual and usual.reason else Text("It must be {range}.", range=parameter.range_text)
    return BadInput(Text("{name} is {value}.", name=name, value=repr(problem["input"])), why, fix)
