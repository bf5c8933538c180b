"""Experiments drawn at random from the whole catalogue, for laws that hold for every one of them."""

from __future__ import annotations

from types import NoneType
from typing import Any, Literal, get_args, get_origin

from hypothesis import strategies as st

from core.catalog.entry import Entry, Parameter
from core.catalog.registry import FAMILIES, entries
from core.errors import BadInput
from core.experiment import LIST_FAMILIES, PART_FAMILIES, Experiment

LABEL = st.text(st.characters(exclude_categories=["Cs"]), max_size=40)


def values_of(parameter: Parameter) -> st.SearchStrategy[Any]:
    """Values a parameter may have, over its usual range."""
    annotation = parameter.annotation
    kinds = {annotation, *get_args(annotation)}
    choices: list[st.SearchStrategy[Any]] = [st.just(None)] if NoneType in kinds else []
    if get_origin(annotation) is Literal:
        choices.append(st.sampled_from(parameter.choices))
    elif bool in kinds:
        choices.append(st.booleans())
    elif int in kinds and parameter.usual:
        choices.append(st.integers(int(parameter.usual.low), int(parameter.usual.high)))
    elif float in kinds and parameter.usual:
        choices.append(st.floats(parameter.usual.low, parameter.usual.high))
    elif isinstance(parameter.default, Entry):
        choices.append(entry_documents(parameter.default.family))
    return st.one_of(*choices) if choices else st.nothing()


@st.composite
def entry_documents(draw: st.DrawFn, family: str) -> Any:
    """An entry as a key or as an object with some of its fields."""
    cls = draw(st.sampled_from(list(entries(family).values())))
    key = draw(st.sampled_from([cls.key, *cls.synonyms]))
    document: dict[str, Any] = {"key": key}
    for parameter in cls.parameters():
        possible = values_of(parameter)
        if not possible.is_empty and draw(st.booleans()):
            document[parameter.name] = draw(possible)
    return key if len(document) == 1 and draw(st.booleans()) else document


@st.composite
def documents(draw: st.DrawFn) -> dict[str, Any]:
    """The JSON document of an experiment whose fields are legal each by itself."""
    document: dict[str, Any] = {}
    for name, family in PART_FAMILIES.items():
        if draw(st.booleans()):
            document[name] = draw(entry_documents(family))
    for name, family in LIST_FAMILIES.items():
        if draw(st.booleans()):
            document[name] = draw(st.lists(entry_documents(family), max_size=3))
    for name, parameter in Experiment.parameters().items():
        possible = values_of(parameter)
        if not possible.is_empty and draw(st.booleans()):
            document[name] = draw(possible)
    for name in ("name", "notes"):
        if draw(st.booleans()):
            document[name] = draw(LABEL)
    return document


@st.composite
def experiments(draw: st.DrawFn) -> Experiment:
    """A valid experiment; fields that do not fit together fall back to their entry's defaults."""
    document = draw(documents())
    for name in list(document):
        try:
            Experiment.from_json({name: document[name]})
        except BadInput:
            del document[name]
    return Experiment.from_json(document)


def one_of_each() -> list[dict[str, Any]]:
    """A document for every entry of the catalogue that an experiment can hold."""
    found: list[dict[str, Any]] = [{name: key} for name, family in PART_FAMILIES.items() for key in entries(family)]
    found += [{name: [key]} for name, family in LIST_FAMILIES.items() for key in entries(family)]
    found += [{"architecture": {"key": "mlp", "activation": key}} for key in entries("activations")]
    found += [{"dataset": {"key": "wine", "selection": key}} for key in entries("selections")]
    inner = {"activations", "selections", "surfaces", "faults"}
    assert {*PART_FAMILIES.values(), *LIST_FAMILIES.values()} | inner == set(FAMILIES)
    return found
