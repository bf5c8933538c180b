"""The table of stored runs: what it shows, in which order, and which rows are selected."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Sequence
from hashlib import sha256
from typing import Any

import pandas as pd
import streamlit as st

from core.describe import choices
from core.errors import BadInput
from core.experiment import Experiment
from core.exports.tables import differing
from core.store.records import STATE_NAMES, RunRecord
from core.studies.outcomes import begun_experiment
from core.studies.seals import seal_words
from core.studies.setting_words import PARTS, setting_title, value_words
from pages.components import sharing
from pages.components.language import show, t
from pages.components.services import services

HIGHLIGHT = "background-color: rgba(230, 159, 0, 0.22)"
FOLD = ("num_folds", "fold")


def begun(run: RunRecord) -> Experiment:
    """What a run computes at first; a branch what it was changed to."""
    return begun_experiment(services().store, run)


def name_of(run: RunRecord) -> str:
    """A run's name, or what it trains while nobody has named it."""
    if run.name:
        return run.name
    try:
        experiment = begun(run)
        data, augmentation, network, regularizer, optimizer, *rest = choices(experiment)
    except BadInput:
        return run.id
    told = [regularizer] if experiment.regularizers else []
    told += [augmentation] if experiment.augmentations else []
    return " › ".join(show(words) for words in (network, *told, optimizer, data, *rest))


def state_names() -> dict[str, str]:
    """The states a run can be in, as words."""
    return {state: show(name) for state, name in STATE_NAMES.items()}


def orders() -> dict[str, str]:
    """Ways to sort the table."""
    return {
        "newest": t("newest first"),
        "best": t("best validation error"),
        "last": t("last validation error"),
        "name": t("name"),
    }


def sorted_runs(runs: Sequence[RunRecord], order: str) -> list[RunRecord]:
    """The runs in one of the orders; a run without the number comes last."""

    def error(value: float | None) -> tuple[bool, float]:
        missing = value is None or value != value
        return missing, 0.0 if missing else float(value or 0.0)

    if order == "best":
        return sorted(runs, key=lambda run: error(run.best_validation_error))
    if order == "last":
        return sorted(runs, key=lambda run: error(run.last_validation_error))
    if order == "name":
        return sorted(runs, key=lambda run: name_of(run).lower())
    return sorted(runs, key=lambda run: run.created, reverse=True)


def matches(run: RunRecord, words: str) -> bool:
    """Whether a run's name, note, state or settings contain every word."""
    settings = " ".join(f"{name}={value}" for name, value in begun(run).to_url().items())
    text = " ".join([run.id, name_of(run), run.note, run.state, state_names()[run.state], settings]).lower()
    return all(word in text for word in words.lower().split())


def is_classification(run: RunRecord) -> bool:
    """Whether a run's error is a share of wrong answers; else it is a relative error, which is no percentage."""
    return Experiment.from_json(dict(run.experiment)).dataset.task == "classification"  # pyright: ignore[reportAttributeAccessIssue]


def error_columns(runs: Sequence[RunRecord]) -> dict[str, list[float | None]]:
    """Best and last validation error and training error: in per cent for classes, plain for regressions."""
    columns: dict[str, list[float | None]] = {}
    shares = [is_classification(run) for run in runs]
    kinds = (
        (True, 100.0, t("best validation error, %"), t("last validation error, %"), t("training error, %")),
        (False, 1.0, t("best relative error"), t("last relative error"), t("relative training error")),
    )
    for kind, factor, best, last, train in kinds:
        if kind in shares:
            for name, field in (
                (best, "best_validation_error"),
                (last, "last_validation_error"),
                (train, "last_train_error"),
            ):
                values = [
                    getattr(run, field) if share == kind else None for run, share in zip(runs, shares, strict=True)
                ]
                columns[name] = [None if value is None else factor * value for value in values]
    return columns


def settings_columns(experiments: Sequence[Experiment], others: Collection[str]) -> dict[str, list[str]]:
    """The settings that differ, by what people call them; no two columns are called the same, nor as one of `others`.

    The folds are not among them.
    """
    settings = {path: column for path, column in differing(experiments).items() if path not in FOLD}
    words = {path: show(setting_title(path)) for path in settings}
    counts = Counter([*words.values(), *others])
    columns: dict[str, list[str]] = {}
    for path, column in settings.items():
        part = PARTS.get(path.split(".")[0])
        name = words[path]
        if counts[name] > 1 and part is not None:
            name = t("{entry}: {parameter}", entry=show(part), parameter=name)
        if name in columns or name in others:
            name = f"{words[path]} ({path})"
        columns[name] = [cell(path, value) for value in column]
    return columns


def cell(path: str, value: str) -> str:
    """The value of a setting as it stands in the table."""
    if not value:
        return ""
    try:
        return value if value.lstrip("-").isdigit() else f"{float(value):.4g}"
    except ValueError:
        return show(value_words(path, value))


def fold_column(experiments: Sequence[Experiment]) -> dict[str, list[str]]:
    """Which fold of how many each run has for its validation samples; nothing where no run has any."""
    if all(experiment.num_folds is None for experiment in experiments):
        return {}
    told = [
        t("{number} of {count}", number=experiment.fold, count=experiment.num_folds) if experiment.num_folds else ""
        for experiment in experiments
    ]
    return {t("fold"): told}


def table_of(runs: Sequence[RunRecord]) -> tuple[pd.DataFrame, list[str]]:
    """The table as shown, and the names of its columns of settings that differ."""
    names = state_names()
    experiments = [begun(run) for run in runs]
    left = {
        t("name"): [name_of(run) for run in runs],
        **fold_column(experiments),
        **({t("by"): [sharing.owner_words(run) for run in runs]} if services().room is not None else {}),
        t("state"): [names[run.state] for run in runs],
        **error_columns(runs),
        t("test set"): [show(seal_words(run)) for run in runs],
    }
    right = {
        t("epoch"): [run.epoch for run in runs],
        t("updates"): [run.step for run in runs],
        t("seconds in updates"): [run.train_s for run in runs],
        t("begun"): [run.created for run in runs],
        t("note"): [run.note for run in runs],
    }
    settings = settings_columns(experiments, [*left, *right])
    return pd.DataFrame({**left, **settings, **right}), list(settings)


def unusual(column: pd.Series) -> list[str]:
    """The style of a settings column: what most runs have stays plain, the others are highlighted."""
    common = column.mask(column == "").mode().iloc[0]
    return ["" if value in (common, "") else HIGHLIGHT for value in column]


def table(runs: Sequence[RunRecord]) -> list[RunRecord]:
    """Draw the table; returns the selected runs."""
    frame, differing = table_of(runs)
    styled = frame.style.apply(unusual, subset=differing) if differing else frame.style
    formats: dict[str, Any] = {name: st.column_config.NumberColumn(format="%.2f") for name in error_columns(runs)}
    formats[t("name")] = st.column_config.TextColumn(width="medium", pinned=True)
    formats[t("epoch")] = formats[t("seconds in updates")] = st.column_config.NumberColumn(format="%.1f")
    formats[t("begun")] = st.column_config.DatetimeColumn(format="YYYY-MM-DD HH:mm:ss")
    with st.container(key="runs-table"):
        event = st.dataframe(
            styled,
            # Rows are selected by their place: other rows make another table, so a selection never slips to them.
            key=f"runs {sha256(repr([run.id for run in runs]).encode()).hexdigest()[:12]}",
            hide_index=True,
            column_config=formats,
            on_select="rerun",
            selection_mode="multi-row",
            placeholder="–",
            alt=t("Runs in this table: {count}", count=len(runs)),
        )
    return [runs[place] for place in event.selection.rows if place < len(runs)]
