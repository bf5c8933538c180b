"""Every entry of the catalogue names a preset that shows it, and the preset really uses it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

import core.catalog  # noqa: F401 - registers every entry and preset
from core.catalog.architectures.architecture import Architecture
from core.catalog.entry import Entry
from core.catalog.faults import Fault
from core.catalog.losses import default_loss
from core.catalog.presets import presets
from core.catalog.registry import FAMILIES, entries, parse
from core.experiment import LIST_FAMILIES, PART_FAMILIES, Experiment

ENTRIES = [cls for family in FAMILIES for cls in entries(family).values()]


def used(experiment: Experiment) -> set[type[Entry]]:
    """Every entry that decides the experiment: those chosen, those within them, and those that follow from them."""
    chosen: list[object] = [getattr(experiment, name) for name in PART_FAMILIES]
    for name in LIST_FAMILIES:
        chosen += getattr(experiment, name)
    if experiment.initializer is None:
        assert isinstance(experiment.architecture, Architecture)
        chosen.append(parse("initializers", experiment.architecture.default_initializer))
    if experiment.loss is None:
        chosen.append(default_loss(experiment.dataset.task))  # type: ignore[attr-defined]
    return {type(part) for item in chosen for part in within(item)}


def within(item: object) -> Iterator[Entry]:
    """An entry and the entries in its fields."""
    if isinstance(item, Entry):
        yield item
        for name in type(item).model_fields:
            yield from within(getattr(item, name))
    elif isinstance(item, tuple):
        for part in item:
            yield from within(part)


@pytest.mark.parametrize("cls", ENTRIES, ids=lambda cls: f"{cls.family}.{cls.key}")
def test_every_entry_points_to_a_preset_that_uses_it(cls: type[Entry]):
    if cls.family == "surfaces":
        assert cls.see == cls.key, "a surface is its own picture"
        return
    assert cls.see in presets(), f"{cls.__name__}.see names no preset: {cls.see!r}"
    if issubclass(cls, Fault):
        return  # It is in none, but sealed into one: tests/presets/test_faults.py.
    assert cls in used(Experiment.from_json({"preset": cls.see}))


def test_a_preset_without_the_entry_is_told_apart():
    assert entries("regularizers")["l2"] not in used(Experiment.from_json({"preset": "learns"}))
    assert entries("activations")["sigmoid"] in used(Experiment.from_json({"preset": "sigmoid_20"}))
