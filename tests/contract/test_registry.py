"""Every entry of the catalogue is declared completely, builds, round-trips and explains what it refuses."""

from __future__ import annotations

import inspect
import json
import subprocess
import sys
from typing import Annotated, Any, ClassVar, Literal

import pytest
from pydantic import Field

from core import catalog
from core.catalog.entry import Entry, Parameter, Usual
from core.catalog.registry import FAMILIES, canonical_key, entries, parse, register
from core.errors import BadInput

assert catalog
ENTRIES = [cls for family in FAMILIES for cls in entries(family).values()]
LOADED = ("datasets", "augmentations")
"""Families whose entries need a folder or a batch: their own tests load and apply every one."""
NAMES = [f"{cls.family}.{cls.key}" for cls in ENTRIES]
NUMBERS = [
    (cls, parameter)
    for cls in ENTRIES
    for parameter in cls.parameters()
    if cls.model_fields[parameter.name].annotation in (int, float)
]
NUMBER_NAMES = [f"{cls.family}.{cls.key}.{parameter.name}" for cls, parameter in NUMBERS]

each_entry = pytest.mark.parametrize("cls", ENTRIES, ids=NAMES)
each_number = pytest.mark.parametrize(("cls", "parameter"), NUMBERS, ids=NUMBER_NAMES)


def test_every_family_has_entries() -> None:
    assert [family for family in FAMILIES if not entries(family)] == []


def test_the_keys_users_write_are_there() -> None:
    assert {"sgd", "momentum", "nesterov", "adagrad", "rmsprop", "adadelta", "adam", "adamw"} <= set(
        entries("optimizers")
    )
    assert canonical_key("optimizers", "gd") == "sgd"
    assert {"logistic", "mlp", "cnn"} <= set(entries("architectures"))
    assert {"l1", "l2", "weight_decay", "dropout", "early_stopping", "clip_norm", "clip_value"} <= set(
        entries("regularizers")
    )


@each_entry
def test_every_entry_says_what_it_is(cls: type[Entry]) -> None:
    assert cls.title
    for sentence in (cls.why, cls.choose):
        assert sentence.endswith("."), sentence
        assert 20 <= len(sentence) <= 300
    assert cls.formula.count("{") == cls.formula.count("}")
    assert any(letter.isdigit() for letter in cls.source), "a source has a year"
    for parameter in cls.parameters():
        assert parameter.title
        assert parameter.help.endswith("."), parameter.name


@pytest.mark.parametrize("cls", [cls for cls in ENTRIES if cls.family not in LOADED], ids=lambda cls: cls.key)
def test_every_entry_builds_with_its_defaults(cls: type[Entry]) -> None:
    import torch

    arguments: dict[str, tuple[Any, ...]] = {
        "architectures": ((1, 28, 28), 10),
        "schedules": (100, 10),
        "losses": ("classification",),
        "optimizers": ([torch.nn.Parameter(torch.zeros(2, 2))],),
    }
    entry: Any = cls()
    assert entry.build(*arguments.get(cls.family, ())) is not None


@each_entry
def test_every_entry_comes_back_from_json(cls: type[Entry]) -> None:
    entry = cls()
    stored = json.loads(entry.model_dump_json())
    assert stored["key"] == cls.key
    assert parse(cls.family, stored) == entry
    assert parse(cls.family, cls.key) == entry
    assert hash(parse(cls.family, stored)) == hash(entry)
    for synonym in cls.synonyms:
        typed = parse(cls.family, {**stored, "key": synonym})
        assert typed == entry
        assert json.loads(typed.model_dump_json())["key"] == synonym


@each_number
def test_changed_numbers_come_back_from_json(cls: type[Entry], parameter: Parameter) -> None:
    usual = parameter.usual
    assert usual is not None
    for value in (usual.low, usual.high):
        value = int(value) if parameter.annotation is int else value
        entry = parse(cls.family, {"key": cls.key, parameter.name: value})
        assert parse(cls.family, json.loads(entry.model_dump_json())) == entry


@each_number
def test_the_usual_range_and_the_default_are_legal(cls: type[Entry], parameter: Parameter) -> None:
    usual = parameter.usual
    assert usual is not None
    assert usual.low < usual.high
    assert usual.reason.endswith(".")
    if usual.scale == "log":
        assert usual.low > 0
    for value in (usual.low, usual.high, parameter.default):
        if parameter.low is not None:
            assert value > parameter.low or (parameter.low_is_legal and value == parameter.low)
        if parameter.high is not None:
            assert value < parameter.high or (parameter.high_is_legal and value == parameter.high)


@each_number
def test_a_value_out_of_range_is_refused_with_what_why_and_fix(cls: type[Entry], parameter: Parameter) -> None:
    wrong: list[Any] = [float("nan"), float("inf"), "many", None]
    if parameter.low is not None:
        wrong.append(parameter.low - 1 if parameter.low_is_legal else parameter.low)
    if parameter.high is not None:
        wrong.append(parameter.high + 1 if parameter.high_is_legal else parameter.high)
    for value in wrong:
        with pytest.raises(BadInput) as caught:
            parse(cls.family, {"key": cls.key, parameter.name: value})
        error = caught.value
        assert str(parameter.words) in str(error.what)
        for part in (error.what, error.why, error.fix):
            assert len(str(part)) > 10
            assert "{" not in str(part)


@each_entry
def test_a_field_that_does_not_exist_is_refused(cls: type[Entry]) -> None:
    with pytest.raises(BadInput, match="no field"):
        parse(cls.family, {"key": cls.key, "no_such_field": 1})


@each_entry
def test_choices_are_refused_by_listing_them(cls: type[Entry]) -> None:
    for parameter in cls.parameters():
        if parameter.choices:
            with pytest.raises(BadInput, match=str(parameter.choices[0])):
                parse(cls.family, {"key": cls.key, parameter.name: "neither"})


@each_entry
def test_every_entry_has_a_json_schema(cls: type[Entry]) -> None:
    properties = cls.model_json_schema().get("properties", {})
    assert set(properties) == {parameter.name for parameter in cls.parameters()}


@pytest.mark.parametrize("family", list(FAMILIES))
def test_an_unknown_key_names_what_there_is(family: str) -> None:
    with pytest.raises(BadInput) as caught:
        parse(family, "no such key")
    assert next(iter(entries(family))) in str(caught.value.fix)


def test_the_catalogue_loads_no_torch() -> None:
    code = "import sys, core.catalog; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_entries_say_themselves_what_they_are() -> None:
    """A declaration inherited by accident would describe another entry."""
    for cls in ENTRIES:
        for name in ("key", "title", "why"):
            assert name in vars(cls), f"{cls.__name__}.{name}"
        assert callable(inspect.getattr_static(cls, "build"))


def entry_lacking(**changed: Any) -> type[Entry]:
    """A complete declaration, except for what is changed."""

    class Declared(Entry):
        family: ClassVar[str] = changed.get("family", "schedules")
        key: ClassVar[str] = changed.get("key", "of_this_test")
        title: ClassVar[str] = changed.get("title", "title")
        why: ClassVar[str] = changed.get("why", "Why.")
        choose: ClassVar[str] = changed.get("choose", "Choose.")
        see: ClassVar[str] = changed.get("see", "learns")
        formula: ClassVar[str] = changed.get("formula", "f")
        source: ClassVar[str] = changed.get("source", "Source, 2000")

        def build(self) -> int:
            return 0

    return Declared


@pytest.mark.parametrize("missing", ["key", "title", "why", "choose", "see", "formula", "source"])
def test_an_incomplete_declaration_is_refused_at_import(missing: str) -> None:
    with pytest.raises(TypeError, match=missing):
        register(entry_lacking(**{missing: ""}))


def test_an_unknown_family_or_a_key_that_is_taken_is_refused_at_import() -> None:
    with pytest.raises(TypeError, match="unknown family"):
        register(entry_lacking(family="surprises"))
    with pytest.raises(TypeError, match="already has the key"):
        register(entry_lacking(key="constant"))


def test_a_number_without_title_help_range_or_default_is_refused_at_import() -> None:
    class Bare(entry_lacking()):
        value: float

    with pytest.raises(TypeError, match=r"title.*description.*default.*Usual.*legal range"):
        register(Bare)

    class Complete(entry_lacking()):
        choice: Annotated[Literal["a", "b"], Field(title="choice", description="Which.")] = "a"
        value: Annotated[
            float, Field(gt=0, title="value", description="How much."), Usual(1, 2, reason="It is positive.")
        ] = 1.0

    assert [parameter.name for parameter in Complete.parameters()] == ["choice", "value"]
    assert "of_this_test" not in entries("schedules")
