"""Entry: one choice a user has, declared once.

From an entry class come the form on the page, validation and its error texts, the JSON in the store, the URL, the
search space, the Formulas page and the command line.
"""

from __future__ import annotations

from collections.abc import Mapping, Set
from dataclasses import dataclass
from functools import cache
from types import NoneType
from typing import Any, ClassVar, Literal, Self, get_args, get_origin

from annotated_types import Ge, Gt, Le, Lt, MultipleOf
from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    PrivateAttr,
    ValidationInfo,
    WithJsonSchema,
    field_validator,
    model_serializer,
)
from pydantic.fields import FieldInfo
from pydantic.json_schema import GetJsonSchemaHandler
from pydantic_core import CoreSchema

from core.text import Text


@dataclass(frozen=True)
class Usual:
    """How a parameter is offered: the usual range (a slider's ends; the legal range is wider), scale and unit.

    `reason` is one sentence saying why a value outside the legal range makes no sense. `more` hides the parameter
    behind "more" on the Train page. `live` marks a parameter that acts at once on a running run. `simpler` is the end
    at which the network fits less: of two that are as good, a search prefers the one nearer to it.
    """

    low: float
    high: float
    scale: Literal["linear", "log"] = "linear"
    unit: str = ""
    reason: str = ""
    more: bool = False
    live: bool = False
    simpler: Literal["low", "high"] | None = None

    def __get_pydantic_json_schema__(self, core_schema: CoreSchema, handler: GetJsonSchemaHandler) -> dict[str, Any]:
        schema = handler(core_schema)
        schema["usual"] = {"low": self.low, "high": self.high, "scale": self.scale, "unit": self.unit}
        return schema


@dataclass(frozen=True)
class Parameter:
    """One field of an entry, read back from its declaration: what a form, a page or an error text needs to know."""

    name: str
    title: str
    help: str
    default: Any
    usual: Usual | None
    low: float | None
    low_is_legal: bool
    high: float | None
    high_is_legal: bool
    choices: tuple[Any, ...]
    annotation: Any

    @property
    def words(self) -> Text:
        """Its title, with the name that stands in files, links and commands where that is another."""
        title = Text(self.title or self.name)
        is_same = title.template.replace(" ", "_").casefold() == self.name
        return title if is_same else Text("{title} ({name})", title=title, name=self.name)

    @property
    def range_text(self) -> Text:
        """The legal values as words: "above 0", "between 0 and 1", "one of hidden, dense"."""
        if self.choices:
            return Text("one of {choices}", choices=", ".join(str(choice) for choice in self.choices))
        if self.low is not None and self.high is not None:
            if self.low_is_legal and self.high_is_legal:
                return Text("from {low:g} to {high:g}", low=self.low, high=self.high)
            if self.low_is_legal:
                return Text("from {low:g} to below {high:g}", low=self.low, high=self.high)
            if self.high_is_legal:
                return Text("above {low:g}, up to {high:g}", low=self.low, high=self.high)
            return Text("between {low:g} and {high:g}, both excluded", low=self.low, high=self.high)
        if self.low is not None:
            return Text("{low:g} or more", low=self.low) if self.low_is_legal else Text("above {low:g}", low=self.low)
        if self.high is not None:
            return (
                Text("{high:g} or less", high=self.high)
                if self.high_is_legal
                else Text("below {high:g}", high=self.high)
            )
        return Text("a value of its kind")


def parameter_of(name: str, field: FieldInfo) -> Parameter:
    """Read one pydantic field's declaration into a Parameter."""
    usual = next((item for item in field.metadata if isinstance(item, Usual)), None)
    low: Any = None
    high: Any = None
    low_is_legal = high_is_legal = True
    for item in field.metadata:
        if isinstance(item, Gt):
            low, low_is_legal = item.gt, False
        elif isinstance(item, Ge):
            low, low_is_legal = item.ge, True
        elif isinstance(item, Lt):
            high, high_is_legal = item.lt, False
        elif isinstance(item, Le):
            high, high_is_legal = item.le, True
        elif isinstance(item, MultipleOf):
            continue
    literal = get_origin(field.annotation) is Literal
    choices = get_args(field.annotation) if literal else ()
    return Parameter(
        name=name,
        title=field.title or "",
        help=field.description or "",
        default=field.get_default(call_default_factory=True),
        usual=usual,
        low=low,
        low_is_legal=low_is_legal,
        high=high,
        high_is_legal=high_is_legal,
        choices=choices,
        annotation=field.annotation,
    )


@cache
def _kinds(annotation: Any) -> Set[Any]:
    return {annotation} if annotation in (int, float, bool) else set(get_args(annotation)) - {NoneType}


def of_its_kind(value: Any, annotation: Any) -> Any:
    """The value itself; ValueError for text, or true and false, where a field of this type holds a number.

    pydantic would read "64" as 64 and true as 1. A switch takes true or false only.
    """
    kinds = _kinds(annotation)
    if kinds and kinds <= {int, float} and isinstance(value, str | bool):
        raise ValueError("A number is written with digits, without quotes.")
    if kinds == {bool} and not isinstance(value, bool):
        raise ValueError("A switch is true or false.")
    return value


class Entry(BaseModel):
    """Base of every choice. A subclass is registered with `core.catalog.registry.register`.

    Class attributes: `family` and `key` name it; `synonyms` are accepted in its place and echoed as typed; `title`,
    `why` and `choose` are a name and one sentence each; `see` is the preset that shows it; `formula` is LaTeX;
    `source` is paper, year and section. Traits say what other code asks instead of testing keys.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False, validate_default=True)

    family: ClassVar[str] = ""
    key: ClassVar[str] = ""
    synonyms: ClassVar[tuple[str, ...]] = ()
    title: ClassVar[str] = ""
    why: ClassVar[str] = ""
    choose: ClassVar[str] = ""
    see: ClassVar[str] = ""
    formula: ClassVar[str] = ""
    source: ClassVar[str] = ""
    more: ClassVar[bool] = False
    """Listed behind "more" rather than among the first choices."""
    one_more: ClassVar[Mapping[str, Any]] = {}
    """In a list: what one more differs in from the one that it is like, so that it fits."""

    _typed_key: str = PrivateAttr(default="")

    @field_validator("*", mode="before")
    @classmethod
    def _of_its_kind(cls, value: Any, info: ValidationInfo) -> Any:
        return of_its_kind(value, cls.model_fields[info.field_name or ""].annotation)

    @model_serializer(mode="wrap")
    def _with_key(self, handler: Any) -> dict[str, Any]:
        return {"key": self._typed_key or self.key, **handler(self)}

    @classmethod
    @cache
    def parameters(cls) -> tuple[Parameter, ...]:
        """The entry's fields in the order of their declaration."""
        return tuple(parameter_of(name, field) for name, field in cls.model_fields.items())

    def typed_as(self, key: str) -> Self:
        """The same entry, echoed under the synonym the user typed."""
        if key == self.key:
            return self
        copy = self.model_copy()
        copy._typed_key = key
        return copy

    def __eq__(self, other: object) -> bool:
        return type(self) is type(other) and self.__dict__ == other.__dict__

    def __hash__(self) -> int:
        return hash((type(self), repr(sorted(self.__dict__.items()))))


def from_family(family: str, *, optional: bool = False) -> BeforeValidator:
    """What makes a field hold an entry of a family, given as a key, a dict with a key, or an entry.

    `optional`: None is a choice too.
    """
    from core.catalog.registry import parse

    return BeforeValidator(lambda value: None if optional and value is None else parse(family, value))


def schema_of(family: str) -> WithJsonSchema:
    """How such a field is written: a key, or an object with a key and the fields of its entry."""
    entry = {"type": "object", "properties": {"key": {"type": "string"}}, "required": ["key"]}
    return WithJsonSchema({"anyOf": [{"type": "string"}, entry], "family": family})
