"""Variant: what one of the competitors of a comparison changes in the base experiment, and what it is called."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any, Self

from pydantic import BaseModel, ConfigDict

from core.errors import BadInput, shown
from core.experiment import LABELS, Experiment
from core.json_input import read_json
from core.set_path import set_path
from core.studies.setting_words import changes_words
from core.text import Text, is_showable

MOST_LETTERS = 80


class Variant(BaseModel):
    """`changes` are values by dotted path, applied in the order of their depth: an entry's key before its fields."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str = ""
    changes: dict[str, Any] = {}

    @classmethod
    def from_json(cls, value: Any) -> Self:
        """A variant from a JSON object; without a name it is called after its changes. BadInput says what is wrong."""
        if isinstance(value, cls):
            value = value.to_json()
        changes = value.get("changes") if isinstance(value, Mapping) else None
        name = value.get("name") if isinstance(value, Mapping) else None
        is_known = isinstance(value, Mapping) and set(value) <= {"name", "changes"}
        if not is_known or not isinstance(changes or {}, Mapping) or not isinstance(name or "", str):
            raise BadInput(
                Text("{value} is no variant.", value=shown(value)),
                Text("A variant has a name and changes."),
                Text("Write for example {example}.", example='{"name": "SGD", "changes": {"optimizer": "sgd"}}'),
            )
        ordered = sorted((changes or {}).items(), key=lambda item: _depth(item[0]))
        for path, _ in ordered:
            if path.split(".")[0] in LABELS:
                raise BadInput(
                    Text("A variant cannot change “{path}”.", path=path[:80]),
                    Text("It has a name of its own."),
                    Text("Give the variant that name."),
                )
        read = {path: _read(value) for path, value in ordered}
        shown_name = "".join(letter for letter in name or "" if is_showable(letter)).strip()[:MOST_LETTERS]
        return cls(name=shown_name or label(read), changes=read)

    def to_json(self) -> dict[str, Any]:
        """Both fields as JSON values."""
        return {"name": self.name, "changes": dict(self.changes)}

    @classmethod
    def varied(
        cls, document: Mapping[str, Any], base: Experiment, changes: Mapping[str, Any], *, written: bool
    ) -> Variant:
        """The variant that gives what `--set` would give with these changes; `written`: the document is a file's.

        A field that the file holds is kept through a change of key, also at its default, and stands in the variant.
        """
        name = label({path: _read(value) for path, value in changes.items()})
        made = cls.from_json({"name": name, "changes": dict(changes)})
        wanted = document
        for path, value in made.changes.items():
            wanted, _ = set_path(wanted, path, value, keep_defaults=written)
        target = Experiment.from_json(wanted).to_json()
        reached = Experiment.from_json(made.applied_to(base.to_json())[0]).to_json()
        more: dict[str, Any] = {}
        for part in (part for part in target if part not in LABELS and target[part] != reached[part]):
            value, other = target[part], reached[part]
            if isinstance(value, Mapping) and isinstance(other, Mapping) and value["key"] == other["key"]:
                more |= {f"{part}.{field}": value[field] for field in value if value[field] != other[field]}
            else:
                more[part] = value
        return cls.from_json({"name": made.name, "changes": {**made.changes, **more}})

    def applied_to(self, document: Mapping[str, Any]) -> tuple[dict[str, Any], list[Text]]:
        """The document with the changes, and notes about what they did beside what was asked."""
        changed, notes = dict(document), list[Text]()
        for path, value in self.changes.items():
            changed, more = set_path(changed, path, value)
            notes += more
        return changed, notes

    @property
    def text(self) -> Text:
        """Its name for a reader: as somebody typed it; else, in any language, what it changes or a preset calls it."""
        from core.studies.comparison_presets import is_prepared

        usual, numbered = label(self.changes), re.fullmatch(r"(.*) \((\d+)\)", self.name)
        if numbered and numbered[1] == usual:
            return Text("{name} ({number})", name=changes_words(self.changes), number=numbered[2])
        if self.name == usual:
            return changes_words(self.changes)
        return Text(self.name) if is_prepared(self.name, self.changes) else Text("{name}", name=self.name)

    @property
    def gives_rate(self) -> bool:
        """Whether the changes say a learning rate."""
        whole = self.changes.get("optimizer")
        return "optimizer.lr" in self.changes or (isinstance(whole, Mapping) and "lr" in whole)


def named_apart(variants: Sequence[Variant]) -> tuple[Variant, ...]:
    """The same variants, each with a name of its own: the second Adam is called “Adam (2)”."""
    names: list[str] = []
    for variant in variants:
        name, number = variant.name or label(variant.changes), 2
        while name in names:
            name, number = f"{variant.name or label(variant.changes)} ({number})", number + 1
        names.append(name)
    return tuple(
        variant if variant.name == name else Variant(name=name, changes=variant.changes)
        for variant, name in zip(variants, names, strict=True)
    )


def label(changes: Mapping[str, Any]) -> str:
    """What a variant without a name is called: what it changes, in English."""
    return str(changes_words(changes))[:MOST_LETTERS]


def _depth(path: str) -> int:
    parts = path.split(".")
    return len(parts) - (parts[-1] == "key")


def _read(value: Any) -> Any:
    """A value that was typed: text is read as JSON where it is JSON."""
    if not isinstance(value, str):
        return value
    try:
        return read_json(value)
    except BadInput:
        return value
