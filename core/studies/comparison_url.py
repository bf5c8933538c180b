"""A comparison in an address: the base's parameters, what is varied (`vary.optimizer=sgd,adam`), `rates`, `seeds`
or `folds`.

Variants that are no product of axes, or have names of their own, stand one by one: `vary.0.optimizer=sgd`,
`vary.0.name=slow`.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Mapping, Sequence
from typing import Any

from core.errors import BadInput
from core.experiment import Experiment
from core.set_path import set_path
from core.studies.comparison import Comparison
from core.studies.variant import Variant, label
from core.studies.vary import spec_of, written
from core.text import Text

VARY = "vary"
MOST_PLACES = 64


def to_url(comparison: Comparison) -> dict[str, str]:
    """Query parameters with readable names, only what differs from what would be assumed."""
    axes = _axes(comparison)
    varied = {f"{VARY}.{path}": spec for path, spec in axes.items()} if axes else _one_by_one(comparison.variants)
    query = {**comparison.base.to_url(), **varied, "rates": comparison.rates, "seeds": str(comparison.seeds)}
    query |= {} if comparison.folds is None else {"folds": str(comparison.folds)}
    return query | {label: text for label in ("name", "notes") if (text := getattr(comparison, label))}


def _axes(comparison: Comparison) -> dict[str, str] | None:
    """What is varied as SPEC by path, the slowest first; None where the variants are not all combinations of that."""
    variants = comparison.variants
    paths = [*variants[0].changes]
    if not paths or any([*variant.changes] != paths or variant.name != label(variant.changes) for variant in variants):
        return None
    # What varies slowest changes least often from one variant to the next.
    columns = {path: [written(variant.changes[path]) for variant in variants] for path in paths}
    paths.sort(key=lambda path: sum(a != b for a, b in itertools.pairwise(columns[path])))
    document = comparison.base.to_json()
    axes: dict[str, str] = {}
    for path in paths:
        values = {written(variant.changes[path]): variant.changes[path] for variant in variants}
        axes[path] = spec_of([*values.values()], document, path)
    try:
        again = Comparison.of(comparison.base, [f"{path}={spec}" for path, spec in axes.items()], rates="hand")
    except BadInput:
        return None
    return axes if again.variants == variants else None


def _one_by_one(variants: Sequence[Variant]) -> dict[str, str]:
    query: dict[str, str] = {}
    for place, variant in enumerate(variants):
        query |= {f"{VARY}.{place}.{path}": written(value) for path, value in variant.changes.items()}
        if not variant.changes or variant.name != label(variant.changes):
            query[f"{VARY}.{place}.name"] = variant.name
    return query


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
    for name in ("seeds", "folds"):
        if name in query:
            document[name] = int(query[name]) if re.fullmatch("[0-9]{1,6}", query[name]) else -1
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
