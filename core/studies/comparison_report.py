"""The report of a comparison: verdict, fairness, curves, table and experiments, in one file that opens offline."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from core.exports.report import Section, report_html
from core.exports.tables import differing_settings
from core.figures.race import RaceLine, race_figure
from core.language import translator
from core.store.records import RunRecord, StudyRecord
from core.store.store import Store
from core.studies.comparison import Comparison
from core.studies.lanes import stored_lanes
from core.text import Text, Translate

Curves = dict[str, tuple[np.ndarray, np.ndarray]]


def comparison_report(store: Store, record: StudyRecord, runs: Sequence[RunRecord], lang: str) -> bytes:
    """The HTML file of a stored comparison in a language; `runs` are those that are left of it."""
    translate = translator(lang)
    comparison = Comparison.from_json(dict(record.document))
    lanes = stored_lanes(comparison, runs)
    of_variant = [[run for run, lane in lanes if lane.variant == place] for place in range(len(comparison.variants))]
    names = [variant.name for variant in comparison.variants]
    title = record.name or " / ".join(names)
    is_share = all(run.experiment["dataset"] and _is_classification(comparison) for run in runs)
    factor, error_title = (100.0, Text("error rate, %")) if is_share else (1.0, Text("relative error"))

    def figure(columns: Sequence[tuple[str, bool]], y_title: Text, scale: float = 1.0, *, updates: bool = False) -> Any:
        lines = [
            over_seeds(
                [curve(store, run.id, column, updates=updates) for run in found],
                names[place],
                found[0].colour_slot if found else place,
                scale,
                thin=thin,
            )
            for place, found in enumerate(of_variant)
            for column, thin in columns
        ]
        return race_figure(lines, Text("update"), y_title, translate, log=True)

    errors = [("validation/error", False), ("train/error", True)]
    losses = [("validation/loss", False), ("train/loss", True)]
    sections = [
        Section(Text("Verdict").render(translate), _sentences(record.facts, translate)),
        Section(
            Text("Validation error (thick) and training error (dashed)").render(translate),
            figure=figure(errors, error_title, factor),
        ),
        Section(Text("Loss on the data").render(translate), figure=figure(losses, Text("loss"))),
        Section(
            Text("Gradient size").render(translate),
            figure=figure([("gradient_norm/total", False)], Text("norm of the gradient"), updates=True),
        ),
        rates_section(record.facts, names, translate),
        Section(Text("What differs, then what came out").render(translate), table=result_table(runs, translate)),
        Section(Text("Fairness").render(translate), table=_fairness(record.facts, translate)),
        Section(Text("To run it again").render(translate), document=comparison.to_json()),
    ]
    return report_html(title, [section for section in sections if _says_something(section)], lang=lang)


def rates_section(facts: Mapping[str, Any], names: Sequence[str], translate: Translate) -> Section:
    """Is that the rate, or the optimizer? Training loss against the learning rate, where rates were searched."""
    heading = Text("Is that the rate, or the optimizer?").render(translate)
    curves = (facts.get("search") or {}).get("curves", ())
    lines: list[RaceLine] = []
    for found in curves:
        points = np.array([[np.nan if value is None else value for value in point] for point in found["points"]])
        if len(points):
            rates, losses = points.astype(float).T
            place = found["variant"]
            lines.append(RaceLine(str(names[place]), int(place), rates, losses, losses, losses))
    if not lines:
        return Section(heading)
    titles = Text("learning rate"), Text("training loss at the end")
    return Section(heading, figure=race_figure(lines, *titles, translate, log=True, log_x=True))


def _says_something(section: Section) -> bool:
    return bool(section.sentences or section.table or section.figure is not None or section.document is not None)


def _is_classification(comparison: Comparison) -> bool:
    return comparison.base.dataset.task == "classification"


def curve(store: Store, run: str, column: str, *, updates: bool) -> tuple[np.ndarray, np.ndarray]:
    """Steps and values of one column of a run; sizes that are kept as log10 as they are."""
    if not updates:
        rows = [row for row in store.read_evaluations(run) if column in row.values]
        return np.array([row.step for row in rows]), np.array([row.values[column] for row in rows], dtype=float)
    steps = store.read_steps(run)
    values = 10.0 ** np.asarray(steps.get(column, ()), dtype=float)
    return np.asarray(steps.get("step", ()))[: len(values)], values


def over_seeds(
    curves: Sequence[tuple[np.ndarray, np.ndarray]], name: str, slot: int, scale: float, *, thin: bool
) -> RaceLine:
    """Median and range of several curves at the steps that all of them have."""
    curves = [(steps, values) for steps, values in curves if len(steps)]
    if not curves:
        empty = np.empty(0)
        return RaceLine(name, slot, empty, empty, empty, empty, thin)
    common = curves[0][0]
    for steps, _ in curves[1:]:
        common = np.intersect1d(common, steps)
    table = np.array([values[np.isin(steps, common)] for steps, values in curves]) * scale
    return RaceLine(name, slot, common, np.median(table, axis=0), table.min(axis=0), table.max(axis=0), thin)


def result_table(runs: Sequence[RunRecord], translate: Translate) -> dict[str, list[Any]]:
    """A row a run: its name, the settings in which the runs differ, and what came out."""
    titles: dict[str, tuple[Text, Sequence[Any]]] = {
        "last": (Text("validation error"), [run.last_validation_error for run in runs]),
        "best": (Text("lowest validation error"), [run.best_validation_error for run in runs]),
        "train": (Text("training error"), [run.last_train_error for run in runs]),
        "updates": (Text("updates"), [run.step for run in runs]),
        "seconds": (Text("seconds in updates"), [run.train_s for run in runs]),
    }
    return {
        Text("run").render(translate): [run.name or run.id for run in runs],
        **differing_settings(runs),
        **{title.render(translate): list(values) for title, values in titles.values()},
    }


def _sentences(facts: Mapping[str, Any], translate: Translate) -> list[str]:
    found = facts.get("verdict") or []
    return [_words(sentence, translate) for sentence in (found if isinstance(found, list) else [found])]


def _words(stored: Any, translate: Translate) -> str:
    if isinstance(stored, Mapping) and "template" in stored:
        return Text.from_json(stored).render(translate)
    return "" if stored is None else str(stored)


def _fairness(facts: Mapping[str, Any], translate: Translate) -> dict[str, list[str]]:
    fairness = facts.get("fairness") or {}
    rows = [
        (_words(item.get("title"), translate), verdict, _words(item.get("why"), translate), item)
        for kind, verdict in (("matched", Text("matched")), ("unmatched", Text("not matched")))
        for item in fairness.get(kind, ())
    ]
    if not rows:
        return {}
    return {
        Text("what").render(translate): [name for name, _, _, _ in rows],
        Text("verdict").render(translate): [verdict.render(translate) for _, verdict, _, _ in rows],
        Text("what was found").render(translate): [found for _, _, found, _ in rows],
        Text("hashes").render(translate): [_hashes(item) for _, _, _, item in rows],
    }


def _hashes(item: Mapping[str, Any]) -> str:
    """The first letters of the different hashes of an item."""
    return ", ".join(dict.fromkeys(str(pair["hash"])[:16] for pair in item.get("hashes", ())))
