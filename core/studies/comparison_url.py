"""A comparison in an address: the base's parameters, then `vary.0.optimizer=sgd`, `vary.0.name=SGD`, `rates`, `seeds`.

A person may also type what is varied in short: `vary.optimizer=sgd,adam`.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

from core.errors import BadInput
from core.experiment import Experiment
from core.set_path import set_path
from core.studies.comparison import Comparison
from core.studies.variant import Variant, label
from core.text import Text

VARY = "vary"
MOST_PLACES = 64


def to_url(comparison: Comparison) -> dict[str, str]:
    """Query parameters with readable names, only what differs from what would be assumed."""
    query = comparison.base.to_url()
    for place, variant in enumerate(comparison.variants):
        for path, value in variant.changes.items():
            query[f"{VARY}.{place}.{path}"] = _written(value)
        if not variant.changes or variant.name != label(variant.changes):
            query[f"{VARY}.{place}.name"] = variant.name
    query |= {"rates": comparison.rates, "seeds": str(comparison.seeds)}
    return query | {label: text for label in ("name", "notes") if (text := getattr(comparison, label))}


def from_url(query: Mapping[str, str]) -> tuple[Comparison | None, list[Text]]:
    """See `Comparison.from_url`."""
    base, problems = Experiment.from_url({key: value for key, value in query.items() if key not in ("name", "notes")})
    typed = {key.removeprefix(f"{VARY}."): value for key, value in query.items() if key.startswith(f"{VARY}.")}
    numbered: dict[int, dict[str, str]] = {}
    short: list[str] = []
    for key, value in typed.items():
        place, _, path = key.partition(".")
        if place.isascii() and place.isdigit() and len(place) < 3 and path:
            numbered.setdefault(int(place), {})[path] = value
        else:
            short.append(f"{key}={value}")
    variants: list[Variant] = []
    for place in sorted(numbered)[:MOST_PLACES]:
        variant, more = _variant(base, f"{VARY}.{place}", numbered[place])
        problems += more
        if variant.changes or not more:
            variants.append(variant)
    if short:
        try:
            variants += Comparison.of(base, short, rates="hand").variants
        except BadInput as error:
            problems += [_problem(f"{VARY}.{part}", error) for part in short[:1]]
    if not variants and not problems:
        return None, []
    document: dict[str, Any] = {"base": base, "variants": variants}
    document |= {name: query[name] for name in ("name", "notes", "rates") if name in query}
    if "seeds" in query:
        document["seeds"] = int(query["seeds"]) if re.fullmatch("[0-9]{1,6}", query["seeds"]) else None
    return _comparison(document, query, problems)


def _comparison(
    document: dict[str, Any], query: Mapping[str, str], problems: list[Text]
) -> tuple[Comparison | None, list[Text]]:
    """The comparison without those of its own fields that cannot be used, one after another."""
    for name in ("seeds", "rates", "name", "notes"):
        if name in document:
            rest = {key: value for key, value in document.items() if key not in ("seeds", "rates", "name", "notes")}
            try:
                Comparison.from_json({**rest, "rates": "hand", name: document[name]})
            except BadInput as error:
                try:
                    Comparison.from_json({**rest, "rates": "hand"})
                except BadInput:
                    continue  # It is the variants that cannot be used, which is said below.
                problems.append(_problem(f"{name}={query[name]}", error))
                del document[name]
    try:
        return Comparison.from_json(document), problems
    except BadInput as error:
        return None, [*problems, error.text]


def _variant(base: Experiment, where: str, typed: Mapping[str, str]) -> tuple[Variant, list[Text]]:
    """The variant with those of its changes that can be used."""
    changes: dict[str, Any] = {}
    problems: list[Text] = []
    ordered = Variant.from_json({"changes": {path: value for path, value in typed.items() if path != "name"}}).changes
    document = base.to_json()
    for path, value in ordered.items():
        try:
            changed, _ = set_path(document, path, value)
            Experiment.from_json(changed)
        except BadInput as error:
            problems.append(_problem(f"{where}.{path}={typed[path]}", error))
        else:
            document, changes[path] = changed, value
    return Variant.from_json({"name": typed.get("name", ""), "changes": changes}), problems


def _problem(part: str, error: BadInput) -> Text:
    return Text(
        "“{part}” in the link could not be used: {what} {why} {fix}",
        part=part[:200],
        what=error.what,
        why=error.why,
        fix=error.fix,
    )


def _written(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, separators=(",", ":"), ensure_ascii=False)
