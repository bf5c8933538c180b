"""The report of a comparison: verdict, curves, table, fairness and experiments, in one file that opens offline."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from core.describe import choices
from core.exports.report import Section, report_html
from core.figures.race import RaceLine, race_figure
from core.figures.theme import SLOTS
from core.language import translator
from core.store.records import RunRecord, StudyRecord
from core.store.store import Store
from core.studies.comparison import Comparison
from core.studies.lanes import stored_lanes
from core.studies.outcomes import branches_beside, facts_of, is_share
from core.studies.race_columns import report_columns
from core.studies.race_meta import texts
from core.studies.race_table import RaceTable, study_table
from core.studies.race_verdict import BRANCHES_ASIDE, HOW_TESTED
from core.studies.replayed import shown_slot
from core.studies.setting_words import setting_title
from core.text import Text, Translate

MOST_POINTS = 400
"""A line of the gradient's sizes has at most so many points; every update would be megabytes."""

RATES_WORDS: dict[str, Text] = {
    "own": Text("Learning rates: each its own best of nine, found by the same search for all."),
    "same": Text("Learning rates: one for all."),
    "hand": Text("Learning rates: as each variant says."),
}

Curve = tuple[np.ndarray, np.ndarray]


@dataclass(frozen=True)
class Group:
    """What one line is drawn of: its name, its colour, and its runs; `share` as in `RaceLine`."""

    name: str
    slot: int
    runs: Sequence[str]
    share: float | None = None


def comparison_report(store: Store, record: StudyRecord, runs: Sequence[RunRecord], lang: str) -> bytes:
    """The HTML file of a stored comparison in a language; `runs` are those that are left of it."""
    translate = translator(lang)
    comparison = Comparison.from_json(dict(record.document))
    facts = texts(facts_of(store, record, runs))
    branches = branches_beside(store, record, runs)
    names = [variant.text.render(translate) for variant in comparison.variants]
    groups = _groups(comparison, runs, branches, names, translate)
    table = study_table(store, record, runs)
    factor, error = (100.0, Text("error rate, %")) if is_share(comparison) else (1.0, Text("relative error"))

    def figure(columns: Sequence[tuple[str, bool]], y_title: Text, scale: float = 1.0, *, updates: bool = False) -> Any:
        lines = [
            replace(
                over_seeds(
                    [curve(store, run, column, updates=updates) for run in group.runs],
                    group.name,
                    group.slot,
                    scale,
                    thin=thin,
                ),
                share=group.share,
            )
            for group in groups
            for column, thin in columns
        ]
        return race_figure(lines, Text("update"), y_title, translate, log=True)

    errors = [("validation/error", False), ("train/error", True)]
    losses = [("validation/loss", False), ("train/loss", True)]
    sections = [
        Section(Text("What was compared").render(translate), _compared(comparison, translate)),
        Section(Text("Verdict").render(translate), _verdict(facts, bool(branches), translate)),
        Section(
            Text("Validation error (thick) and training error (dashed)").render(translate),
            _seeds_note(comparison, translate),
            figure=figure(errors, error, factor),
        ),
        rates_section(facts, names, "optimizer" in table.settings, translate),
        number_section(comparison, table, translate),
        Section(
            Text("What differs, then what came out").render(translate),
            _table_note(comparison, table.target, translate),
            table=report_columns(table, translate),
        ),
        Section(
            Text("Loss on the data: validation (thick), training (dashed)").render(translate),
            figure=figure(losses, Text("loss")),
        ),
        Section(
            Text("Gradient size").render(translate),
            figure=figure([("gradient_norm/total", False)], Text("norm of the gradient"), updates=True),
        ),
        fairness_section(facts, translate),
        Section(Text("To run it again").render(translate), document=comparison.to_json()),
    ]
    title = record.name or " / ".join(names)
    return report_html(title, [section for section in sections if _says_something(section)], lang=lang)


# -- sentences -------------------------------------------------------------------------------------------------------


def _compared(comparison: Comparison, translate: Translate) -> list[str]:
    """The base in one line, where the rates come from, how many seeds."""
    *base, _seed = [words.render(translate) for words in choices(comparison.base)]
    sizes = Text("batch size {size}, {epochs} epochs", size=comparison.base.batch_size, epochs=comparison.base.epochs)
    seeds = Text("Seeds: {count} for each variant, the same for all.", count=comparison.seeds)
    return [
        Text(
            "The base, of which each variant changes something: {base}.",
            base=" › ".join([*base, sizes.render(translate)]),
        ).render(translate),
        RATES_WORDS[comparison.rates].render(translate),
        seeds.render(translate),
    ]


def _verdict(facts: Mapping[str, Any], has_branches: bool, translate: Translate) -> list[str]:
    """Both sentences, the test behind them, and that branches have no part in it; nothing before there is one."""
    found = [sentence for sentence in facts.get("verdict") or () if sentence]
    if not found:
        return []
    more = [HOW_TESTED, *([BRANCHES_ASIDE] if has_branches else [])]
    return [sentence.render(translate) for sentence in [*found, *more]]


def _seeds_note(comparison: Comparison, translate: Translate) -> list[str]:
    if comparison.seeds == 1:
        return []
    words = Text("Lines: the median over {count} seeds; bands: from the lowest to the highest.", count=comparison.seeds)
    return [words.render(translate)]


def _table_note(comparison: Comparison, target: float, translate: Translate) -> list[str]:
    written = f"{100 * target:.3g} %" if is_share(comparison) else f"{target:.3g}"
    notes = [Text("Target: a validation error of {target}.", target=written)]
    if comparison.seeds > 1:
        notes.append(Text("Each number is the median over the seeds, in brackets from the lowest to the highest."))
    return [" ".join(note.render(translate) for note in notes)]


# -- curves ----------------------------------------------------------------------------------------------------------


def _groups(
    comparison: Comparison,
    runs: Sequence[RunRecord],
    branches: Sequence[RunRecord],
    names: Sequence[str],
    translate: Translate,
) -> list[Group]:
    """A line for each variant that has runs, and one for each branch."""
    lanes = stored_lanes(comparison, runs)
    shares = _shares(comparison) if len(names) > len(SLOTS) else [None] * len(names)
    groups: list[Group] = []
    for place, (name, share) in enumerate(zip(names, shares, strict=True)):
        found = [run for run, lane in lanes if lane.variant == place]
        if found:
            groups.append(Group(name, found[0].colour_slot, [run.id for run in found], share))
    for run in branches:
        name = run.name or Text("branch").render(translate)
        words = Text("{name}, 1 seed", name=name).render(translate) if comparison.seeds > 1 else name
        groups.append(Group(words, shown_slot(run), [run.id]))
    return groups


def _shares(comparison: Comparison) -> Sequence[float | None]:
    """Where each variant lies among the numbers in which they differ, by their order: 0 for the least."""
    found = comparison.number()
    if found is None:
        return [None] * len(comparison.variants)
    ordered = sorted(found[1])
    return [ordered.index(number) / (len(ordered) - 1) for number in found[1]]


def curve(store: Store, run: str, column: str, *, updates: bool) -> Curve:
    """Steps and values of one column of a run; sizes that are kept as log10 as they are."""
    if not updates:
        rows = [row for row in store.read_evaluations(run) if column in row.values]
        return np.array([row.step for row in rows]), np.array([row.values[column] for row in rows], dtype=float)
    found = store.read_steps(run, [column])
    values = 10.0 ** np.asarray(found.get(column, ()), dtype=float)
    every = max(1, -(-len(values) // MOST_POINTS))
    return np.asarray(found.get("step", ()))[: len(values) : every], values[::every]


def over_seeds(curves: Sequence[Curve], name: str, slot: int, scale: float, *, thin: bool) -> RaceLine:
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


def number_section(comparison: Comparison, table: RaceTable, translate: Translate) -> Section:
    """As a curve: where the variants end against the one number in which they differ."""
    heading = Text("As a curve").render(translate)
    found = comparison.number()
    if found is None:
        return Section(heading)
    path, numbers = found
    factor, title = (100.0, Text("error rate, %")) if table.is_share else (1.0, Text("relative error"))
    lines: list[RaceLine] = []
    for words, field, slot, thin in (
        (Text("validation error"), "last_error", 0, False),
        (Text("training error"), "train_error", 1, True),
    ):
        ends = [(numbers[row.variant], getattr(row, field)) for row in table.rows if row.fork_step is None]
        known = sorted((number, spread) for number, spread in ends if spread and math.isfinite(spread.high))
        x = np.array([number for number, _ in known])
        mid, low, high = (
            factor * np.array([getattr(spread, which) for _, spread in known]) for which in ("middle", "low", "high")
        )
        lines.append(RaceLine(words.render(translate), slot, x, mid, low, high, thin))
    log_x = min(numbers) > 0 and max(numbers) >= 10 * min(numbers)
    figure = race_figure(lines, setting_title(path), title, translate, log=True, log_x=log_x)
    return Section(heading, figure=figure)


def rates_section(facts: Mapping[str, Any], names: Sequence[str], of_optimizers: bool, translate: Translate) -> Section:
    """Is that the rate, or the optimizer? Training loss against the learning rate, where rates were searched."""
    question = Text("Is that the rate, or something else?")
    heading = (Text("Is that the rate, or the optimizer?") if of_optimizers else question).render(translate)
    curves = (facts.get("search") or {}).get("curves", ())
    lines: list[RaceLine] = []
    for found in curves:
        points = np.array([[np.nan if value is None else value for value in point] for point in found["points"]])
        if len(points):
            rates, losses = points.astype(float).T
            place = int(found["variant"])
            lines.append(RaceLine(names[place], place, rates, losses, losses, losses, ring=found.get("best")))
    if not lines:
        return Section(heading)
    caption = Text("Training loss after all updates against the learning rate; rings: the rate it races with.")
    titles = Text("learning rate"), Text("training loss at the end")
    figure = race_figure(lines, *titles, translate, log=True, log_x=True)
    return Section(heading, [caption.render(translate)], figure=figure)


# -- fairness --------------------------------------------------------------------------------------------------------


def fairness_section(facts: Mapping[str, Any], translate: Translate) -> Section:
    """What is matched and what is not, with the hashes that prove it."""
    heading = Text("Fairness").render(translate)
    fairness = facts.get("fairness") or {}
    items = [
        (item, verdict)
        for kind, verdict in (("unmatched", Text("not matched")), ("matched", Text("matched")))
        for item in fairness.get(kind, ())
    ]
    if not items:
        return Section(heading)
    counts = {"count": len(fairness["matched"]), "num": len(items)}
    said = Text("FAIR: {count} of {num} matched", **counts)
    if fairness["unmatched"]:
        said = Text("NOT EQUAL: {count} of {num} matched", **counts)
    table = {
        Text("what").render(translate): [item["title"].render(translate) for item, _ in items],
        Text("verdict").render(translate): [verdict.render(translate) for _, verdict in items],
        Text("what was found").render(translate): [item["why"].render(translate) for item, _ in items],
        Text("hashes").render(translate): [_hashes(item) for item, _ in items],
    }
    return Section(heading, [said.render(translate)], table)


def _hashes(item: Mapping[str, Any]) -> str:
    """The first letters of the different hashes of an item."""
    return ", ".join(dict.fromkeys(str(pair["hash"])[:16] for pair in item.get("hashes", ())))


def _says_something(section: Section) -> bool:
    return bool(section.sentences or section.table or section.figure is not None or section.document is not None)
