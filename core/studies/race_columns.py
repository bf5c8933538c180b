"""The table of a comparison as columns: for people, with units in their heads, and for programs, under fixed names."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

from core.studies.race_table import RaceTable, Row, Spread
from core.studies.setting_words import setting_title, value_words
from core.text import Text, Translate, untranslated


@dataclass(frozen=True)
class Measure:
    """A column of results: the field of a row, its name in JSON, its title, and what kind of number it is."""

    field: str
    key: str
    title: Text
    kind: Literal["error", "points", "number", "seconds"]

    def head(self, table: RaceTable) -> Text:
        """The title with its unit. A relative error, and what is made of it, has none."""
        units = {"error": "%", "points": Text("points")} if table.is_share else {}
        unit = {**units, "seconds": "s"}.get(self.kind)
        return Text("{title} ({unit})", title=self.title, unit=unit) if unit else self.title

    def number(self, value: float, table: RaceTable) -> float:
        """A value in that unit."""
        is_percent = table.is_share and self.kind in ("error", "points")
        return percent(value) if is_percent else value

    def written(self, number: float, table: RaceTable) -> str:
        """Such a number with the digits that are worth reading."""
        if math.isinf(number):
            return "∞"
        if self.kind == "number":
            return f"{number:.0f}" if number >= 100 or number == round(number) else f"{number:.1f}"
        written = f"{number:.1f}" if table.is_share and self.kind != "seconds" else f"{number:.3g}"
        return "0.0" if written == "-0.0" else written.replace("-", "\u2212")

    def of(self, row: Row) -> Spread | None:
        """What a row has of it."""
        return getattr(row, self.field)


MEASURES = (
    Measure("last_error", "last_validation_error", Text("validation error"), "error"),
    Measure("best_error", "best_validation_error", Text("lowest validation error"), "error"),
    Measure("best_epoch", "epoch_of_best", Text("epoch of the lowest"), "number"),
    Measure("train_error", "last_train_error", Text("training error"), "error"),
    Measure("gap", "gap", Text("gap"), "points"),
    Measure("steps_to_target", "updates_to_target", Text("updates to the target"), "number"),
    Measure("steps", "updates", Text("updates"), "number"),
    Measure("seconds", "train_s", Text("time in updates"), "seconds"),
)

OVER_SEEDS: tuple[tuple[str, Callable[[Text], Text], Callable[[Spread], float]], ...] = (
    ("", lambda head: Text("{head}, median", head=head), lambda spread: spread.middle),
    (" lowest", lambda head: Text("{head}, smallest", head=head), lambda spread: spread.low),
    (" highest", lambda head: Text("{head}, largest", head=head), lambda spread: spread.high),
)


def csv_columns(table: RaceTable, translate: Translate = untranslated) -> dict[str, list[Any]]:
    """The table for a spreadsheet: of each number the median, and over several seeds its range; errors in percent."""
    columns = _opening(table, translate, exact=True)
    several = any(len(row.runs) > 1 for row in table.rows)
    for measure in MEASURES:
        head = measure.head(table)
        for _, over, of in OVER_SEEDS if several else OVER_SEEDS[:1]:
            column = [measure.number(of(found), table) if (found := measure.of(row)) else None for row in table.rows]
            columns[(over(head) if several else head).render(translate)] = column
    target = percent(table.target) if table.is_share else table.target
    head = Text("target: validation error (%)") if table.is_share else Text("target: relative error")
    columns[head.render(translate)] = [target] * len(table.rows)
    columns[Text("weights").render(translate)] = [row.num_parameters for row in table.rows]
    columns[Text("test set").render(translate)] = [row.seal_words.render(translate) for row in table.rows]
    columns[Text("remarks").render(translate)] = [_remarks(row, translate) for row in table.rows]
    return columns


def report_columns(table: RaceTable, translate: Translate = untranslated) -> dict[str, list[str]]:
    """The table to be read: a cell a number, its range over the seeds behind it."""
    columns: dict[str, list[str]] = _opening(table, translate, exact=False)
    for measure in MEASURES:
        cells = [_cell(measure, table, row, translate) for row in table.rows]
        columns[measure.head(table).render(translate)] = cells
    columns[Text("test set").render(translate)] = [row.seal_words.render(translate) for row in table.rows]
    if any(row.remarks for row in table.rows):
        columns[Text("remarks").render(translate)] = [_remarks(row, translate) for row in table.rows]
    return columns


def json_rows(table: RaceTable) -> list[dict[str, Any]]:
    """The table for a program, a row a variant or branch: names that do not change, settings by path, fractions."""
    several = any(len(row.runs) > 1 for row in table.rows)
    rows: list[dict[str, Any]] = []
    for row in table.rows:
        numbers = {
            f"{measure.key}{suffix}": of(found) if (found := measure.of(row)) else None
            for measure in MEASURES
            for suffix, _, of in (OVER_SEEDS if several else OVER_SEEDS[:1])
        }
        rows.append(
            {
                "variant": str(row.name),
                **dict(zip(table.settings, row.settings, strict=True)),
                "seeds": len(row.runs),
                "fork_step": row.fork_step,
                **numbers,
                "target_error": table.target,
                "num_parameters": row.num_parameters,
                "test_seal": row.seal,
                "states": list(row.states),
                "dropped": row.is_dropped,
            }
        )
    return rows


def percent(share: float) -> float:
    """A share in percent, to twelve digits: 3.3, not 3.3000000000000003."""
    return float(f"{100 * share:.12g}")


# -- within ----------------------------------------------------------------------------------------------------------


def _opening(table: RaceTable, translate: Translate, *, exact: bool) -> dict[str, list[Any]]:
    """What each row is: its name, the settings in which it differs, its number of seeds."""
    columns: dict[str, list[Any]] = {Text("run").render(translate): [row.name.render(translate) for row in table.rows]}
    for place, path in enumerate(table.settings):
        title = setting_title(path).render(translate)
        # Two settings of one name, such as the strengths of two regularizers, are told apart by their paths.
        head = f"{title} ({path})" if title in columns else title
        values = [value_words(path, row.settings[place]).render(translate) for row in table.rows]
        columns[head] = values if exact else [_rounded(value) for value in values]
    columns[Text("seeds").render(translate)] = [len(row.runs) for row in table.rows]
    return columns


def _rounded(value: str) -> str:
    """A number with four digits at most; anything else as it is."""
    try:
        return f"{float(value):.4g}"
    except ValueError:
        return value


def _remarks(row: Row, translate: Translate) -> str:
    return ", ".join(remark.render(translate) for remark in row.remarks)


def _cell(measure: Measure, table: RaceTable, row: Row, translate: Translate) -> str:
    spread = measure.of(row)
    if spread is None:
        return "–"
    if math.isinf(spread.middle):
        return (Text("diverged") if measure.kind == "error" else Text("never")).render(translate)
    values = (spread.middle, spread.low, spread.high)
    middle, low, high = (measure.written(measure.number(value, table), table) for value in values)
    if measure.field == "steps_to_target" and spread.middle == row.fork_step:
        return f"≤ {middle}"  # The run that it left has reached it, at some update before.
    return middle if low == high else f"{middle} ({low}–{high})"
