"""What the browser is told of a comparison before anything runs: names, what differs, sizes, and how one can branch."""

from __future__ import annotations

import itertools
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, cast

from core.catalog.architectures import Architecture, LayerPlan
from core.catalog.augmentations.strengths import STRENGTHS
from core.catalog.registry import entries, entry_class
from core.catalog.regularizers.pretraining import stages_of
from core.errors import BadInput
from core.experiment import Experiment
from core.studies.comparison import Comparison, has_rate
from core.studies.comparison_presets.costs import multiplications_per_update
from core.studies.setting_words import changes_words, setting_title, value_words
from core.training.alarms import layer_text
from core.training.splits import split_sizes
from pages.components.compare_dimensions import dimension, dimension_of
from pages.components.language import show, t

RATE = "optimizer.lr"


@dataclass(frozen=True)
class Option:
    """One thing that a branch can change: `choices` are what one picks from, without them it is a number."""

    path: str
    label: str
    value: str = ""
    choices: list[dict[str, Any]] | None = None


def race_data(comparison: Comparison) -> dict[str, Any]:
    """Everything about a comparison that does not change while it runs."""
    experiments = comparison.varied()
    differing = comparison.differing_settings()
    columns = shown_columns(differing, comparison.rates)
    plans = [plan_of(experiment) for experiment in experiments]
    numbers = comparison.number()
    variants = [
        {
            "name": show(variant.text),
            "slot": place,
            "settings": [setting_of(comparison, path, differing.get(path), place) for path in columns],
            "number": numbers[1][place] if numbers else None,
            "parameters": sum(row.num_parameters for row in plan) if plan else None,
            "multiplications": multiplications_per_update(experiment) if plan else None,
            "has_rate": has_rate(experiment),
            "rate": experiment.optimizer.lr if has_rate(experiment) else None,
            "branch": [asdict(option) for option in branch_options(experiment)],
            "first_stage": show(layer_text("hidden.1")) if is_pretrained(experiment) else None,
        }
        for place, (variant, experiment, plan) in enumerate(zip(comparison.variants, experiments, plans, strict=True))
    ]
    return {
        "title": comparison.name or t("Comparison"),
        "variants": variants,
        "columns": [{"path": path, "text": show(setting_title(path)), "rate": path == RATE} for path in columns],
        "rates": comparison.rates,
        "seeds": comparison.seeds,
        "number": number_axis(numbers),
        "grid": grid_of(comparison),
        "varies_rate": RATE in differing and "optimizer" not in differing,
        "costs": any(path.split(".")[0] == "architecture" for path in differing),
        "what": what_differs(comparison),
        "differs": differs_words(comparison),
        **size_of(comparison, experiments),
    }


def is_pretrained(experiment: Experiment) -> bool:
    """Whether hidden layers learn one at a time at first."""
    return stages_of(experiment.regularizers, cast(Architecture, experiment.architecture)) is not None


def what_differs(comparison: Comparison) -> str:
    """The name of the one thing that differs, "" for several."""
    changes = [variant.changes for variant in comparison.variants]
    item = dimension(dimension_of(changes, comparison.base), comparison.base)
    if item is not None:
        return item.title
    paths = {path for change in changes for path in change}
    return show(setting_title(paths.pop())) if len(paths) == 1 else ""


def differs_words(comparison: Comparison) -> str:
    """What differs, where the rates come from and how many seeds there are, in one line."""
    rates = {"own": t("each its own best rate"), "same": t("one rate for all"), "hand": t("rates by hand")}
    return t(
        "differs: {what} · {rates} · seeds: {seeds}",
        what=what_differs(comparison) or t("several things"),
        rates=rates[comparison.rates],
        seeds=comparison.seeds,
    )


def size_of(comparison: Comparison, experiments: Sequence[Experiment]) -> dict[str, Any]:
    """How long it goes on: epochs and updates of the longest variant, and the price in words."""
    updates = [updates_of(experiment) for experiment in experiments]
    lanes = len(experiments) * comparison.seeds
    price = t("{lanes} runs, {updates} updates each", lanes=lanes, updates=max(updates))
    if comparison.rates == "own":
        price = t(
            "{lanes} runs, {updates} updates each; before that each variant tries nine learning rates",
            lanes=lanes,
            updates=max(updates),
        )
    return {"epochs": comparison.base.epochs, "num_steps": max(updates), "price": price}


def updates_of(experiment: Experiment) -> int:
    """The updates of a whole run, as planned."""
    sizes = split_sizes(experiment)
    return experiment.epochs * max(1, -(-sizes.num_train // experiment.batch_size))


def plan_of(experiment: Experiment) -> list[LayerPlan]:
    """The layers of an experiment's network, [] for sizes that are impossible."""
    architecture = experiment.architecture
    assert isinstance(architecture, Architecture)
    facts = experiment.dataset.facts()
    try:
        return architecture.plan(facts.input_shape, facts.num_outputs)
    except BadInput:
        return []


# -- what differs ----------------------------------------------------------------------------------------------------


def shown_columns(differing: Mapping[str, Sequence[str]], rates: str) -> list[str]:
    """The settings that the table names: those that every variant has, and the learning rate; at most four."""
    common = [path for path, values in differing.items() if all(values) or "." not in path]
    columns = [path for path in common if path != RATE][:3]
    return [*columns, RATE] if RATE in differing or rates == "own" else columns


def setting_of(comparison: Comparison, path: str, values: Sequence[str] | None, place: int) -> str:
    """What the table shows before anything runs; a rate that is to be searched is not known yet."""
    if path == RATE and comparison.rates == "own":
        return t("to be found") if has_rate(comparison.varied()[place]) else "–"
    return show(value_words(path, values[place])) if values else "–"


def number_axis(numbers: tuple[str, list[float]] | None) -> dict[str, str] | None:
    """The horizontal axis of the curve over one number: logarithmic over more than a decade."""
    if numbers is None:
        return None
    path, values = numbers
    logarithmic = min(values) > 0 and max(values) >= 10 * min(values)
    return {"title": show(setting_title(path)), "scale": "log" if logarithmic else "linear"}


def grid_of(comparison: Comparison) -> dict[str, Any] | None:
    """Rows, columns and each variant's place, when the variants are all combinations of two changes."""
    variants = comparison.variants
    paths = list(dict.fromkeys(path for variant in variants for path in variant.changes))
    if len(paths) != 2 or any(set(variant.changes) != set(paths) for variant in variants):
        return None
    # The rows are what varies slowest.
    paths.sort(key=lambda path: sum(a.changes[path] != b.changes[path] for a, b in itertools.pairwise(variants)))
    seen = [list(dict.fromkeys(_mark(variant.changes[path]) for variant in variants)) for path in paths]
    places = [
        [seen[side].index(_mark(variant.changes[path])) for side, path in enumerate(paths)] for variant in variants
    ]
    if len({tuple(place) for place in places}) != len(variants) or len(variants) != len(seen[0]) * len(seen[1]):
        return None
    names = [[show(changes_words({path: json.loads(mark)})) for mark in seen[side]] for side, path in enumerate(paths)]
    return {
        "rows": names[0],
        "columns": names[1],
        "row_title": show(setting_title(paths[0])),
        "column_title": show(setting_title(paths[1])),
        "places": places,
    }


def _mark(value: Any) -> str:
    return json.dumps(value, sort_keys=True)


# -- how one can branch ----------------------------------------------------------------------------------------------


def branch_options(experiment: Experiment) -> list[Option]:
    """What can change where a run branches, with its present value."""
    options: list[Option] = []
    if has_rate(experiment):
        options.append(Option(RATE, t("learning rate"), f"{experiment.optimizer.lr:g}"))
    optimizers = entries("optimizers").items()
    others = [{"label": t(cls.title), "value": key} for key, cls in optimizers if cls is not type(experiment.optimizer)]
    options.append(Option("optimizer", t("optimizer"), choices=others))
    items = experiment.to_json()["regularizers"]
    fixed = {key for key, cls in entries("regularizers").items() if getattr(cls, "fixed_because", None)}
    for place, item in enumerate(items):
        cls = entry_class("regularizers", item["key"])
        for parameter in cls.parameters() if item["key"] not in fixed else ():
            value = item.get(parameter.name)
            if isinstance(value, int | float) and not isinstance(value, bool):
                label = t("{entry}: {parameter}", entry=t(cls.title), parameter=t(parameter.title))
                options.append(Option(f"regularizers.{place}.{parameter.name}", label, f"{value:g}"))
    taken = {item["key"] for item in items} | fixed
    more = [
        {"label": t(cls.title), "value": [*items, {"key": key}]}
        for key, cls in entries("regularizers").items()
        if key not in taken
    ]
    kept = [item for item in items if item["key"] in fixed]
    none = [{"label": t("none"), "value": kept}] if len(kept) < len(items) else []
    options.append(Option("regularizers", t("regularizer"), choices=[*none, *more]))
    options.append(Option("batch_size", t("batch size"), str(experiment.batch_size)))
    named = {"none": t("none"), "light": t("light"), "strong": t("strong")}
    strengths = STRENGTHS[experiment.dataset.input_kind]
    options.append(
        Option(
            "augmentations",
            t("augmentation"),
            choices=[{"label": named[name], "value": value} for name, value in strengths.items()],
        )
    )
    options += freezing(experiment)
    return options


def freezing(experiment: Experiment) -> list[Option]:
    """Freeze the layers from the input up to one of them; the last stays free."""
    layers = [row.name for row in plan_of(experiment) if row.num_parameters]
    if "frozen" not in Experiment.model_fields or len(layers) < 2:
        return []
    choices = [
        {"label": t("up to layer {layer}", layer=layer), "value": layers[: place + 1]}
        for place, layer in enumerate(layers[:-1])
    ]
    none = [{"label": t("none"), "value": []}] if experiment.frozen else []
    return [Option("frozen", t("freeze layers"), choices=[*none, *choices])]
