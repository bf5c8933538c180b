"""Errors against the amount of data over seeds, and against the strength of a penalty over folds, live."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from itertools import pairwise
from typing import NamedTuple, cast

import numpy as np
import pandas as pd
import streamlit as st

from core.catalog.datasets.dataset import DataSet
from core.errors import BadInput, CoreError
from core.figures.error_curves import Band, Errors, Weights, errors_figure, weights_figure
from core.language import translator
from core.store.records import StudyRecord
from core.studies.comparison import Comparison
from core.studies.error_curve import Point, error_curve, one_standard_error, sizes
from core.studies.lanes import same_comparisons
from core.studies.weight_sizes import EDGES
from core.text import Text
from pages.components import compare_state, state
from pages.components.choices import data_choice, network_choice, number, optimizer_choice
from pages.components.error_box import error_box
from pages.components.language import language, show, t
from pages.components.param_form import keep
from pages.components.services import actor, services

LOOK_AGAIN_S = 1.0
SEEDS, FOLDS = 3, 5
PENALTIES = {
    "l2": ("strength", "log(0.00001,0.1)x9"),
    "l1": ("strength", "log(0.00001,0.1)x9"),
    "weight_decay": ("strength", "log(0.0001,1)x9"),
    "dropout": ("p", "lin(0,0.8)x9"),
}
"""What is varied of each, and between which ends."""
_PENALTY, _REFUSED = "penalty whose strength is varied", "curve that was refused"


class Varied(NamedTuple):
    """A comparison over one number, and what its axis is called."""

    comparison: Comparison
    axis: Text


def amount_choices() -> None:
    """What is learned from more and more samples."""
    data_choice()
    network_choice()
    optimizer_choice()
    number("epochs")
    number("seed")
    st.caption(
        t(
            "Each size is a part of the next larger one, drawn anew for nobody; {seeds} seeds draw first weights and "
            "order. Every size has the same number of epochs.",
            seeds=SEEDS,
        )
    )


def strength_choices() -> None:
    """Which penalty is made stronger, and of what."""
    key = f"penalty|{language()}"
    keep(key, penalty())
    names = {"l2": "L2", "l1": "L1", "weight_decay": t("weight decay"), "dropout": t("dropout")}
    st.markdown(f"**{t('PENALTY')}**")
    st.pills(
        t("PENALTY"),
        list(PENALTIES),
        key=key,
        format_func=names.__getitem__,
        required=True,
        label_visibility="collapsed",
        on_change=lambda: st.session_state.update({_PENALTY: st.session_state[key]}),
    )
    data_choice()
    network_choice()
    optimizer_choice()
    number("epochs")
    st.caption(
        t(
            "Each strength is measured by {folds} folds. Of those whose mean lies within one standard error of the "
            "lowest, the strongest is the simplest: the one-standard-error choice.",
            folds=FOLDS,
        )
    )


def penalty() -> str:
    """The penalty that is varied."""
    return st.session_state.get(_PENALTY, "l2")


def amount() -> None:
    """Errors against the number of training samples."""
    _tab(_by_size, _size_marks, _size_words, None)


def strength() -> None:
    """Errors against the strength of a penalty, and what it does to the weights."""
    _tab(_by_strength, _strength_marks, _strength_words, _weights)


# -- what is varied --------------------------------------------------------------------------------------------------


def _by_size() -> Varied:
    base = state.experiment()
    path, spec = sizes(base)
    if path == "train_size":
        base = base.replace(train_size=None)
    comparison = Comparison.of(base.to_json(), [f"{path}={spec}"], rates="hand", seeds=SEEDS, name="")
    return Varied(comparison, Text("training samples"))


def _by_strength() -> Varied:
    name, spec = PENALTIES[penalty()]
    base = state.experiment()
    kept = [entry for entry in base.regularizers if entry.key not in PENALTIES]
    document = {**base.to_json(), "regularizers": [{"key": penalty()}, *(entry.to_json() for entry in kept)]}
    varied = Comparison.of(document, [f"regularizers.0.{name}={spec}"], rates="hand", seeds=1, name="")
    folded = Comparison.from_json({**varied.to_json(), "folds": FOLDS})
    return Varied(folded, Text("dropout p") if penalty() == "dropout" else Text("strength λ"))


# -- what is shown ---------------------------------------------------------------------------------------------------

Marks = Callable[[Comparison, Sequence[Point]], list[tuple[float, Text]]]
Words = Callable[[Comparison, Sequence[Point]], Text]


def _tab(
    varied: Callable[[], Varied], marks: Marks, words: Words, more: Callable[[StudyRecord, Varied], None] | None
) -> None:
    if _REFUSED in st.session_state:
        error_box(st.session_state.pop(_REFUSED))
    try:
        chosen = varied()
        chosen.comparison.check()
    except BadInput as error:
        error_box(error)
        return
    record = _stored(chosen.comparison)
    if record is None:
        runs = len(chosen.comparison.variants) * chosen.comparison.repeats
        st.markdown(
            t(
                "{points} points, {runs} runs in all. They train side by side, and stay in Runs.",
                points=len(chosen.comparison.variants),
                runs=runs,
            )
        )
        st.button(
            t("Draw the curve"),
            type="primary",
            icon=":material/play_arrow:",
            on_click=_start,
            args=(chosen.comparison,),
        )
        return

    def part() -> None:
        going = services().is_comparing(record.id)
        if was_going and not going:
            st.rerun()
        if going:
            with st.container(horizontal=True, vertical_alignment="center", gap="small"):
                st.caption(show(services().runner.races.doing(record.id)))
                st.button(t("Stop"), icon=":material/stop:", on_click=_stop, args=(record.id,))
        _curve(chosen, record, marks, words, is_over=not going)

    was_going = services().is_comparing(record.id)
    st.fragment(part, run_every=LOOK_AGAIN_S if was_going else None)()
    if was_going:
        return
    if more is not None:
        more(record, chosen)
    if st.button(t("Open in Compare"), icon=":material/arrow_forward:"):
        compare_state.take(chosen.comparison)
        compare_state.show_study(record.id)
        st.switch_page("compare.py")


def _stored(comparison: Comparison) -> StudyRecord | None:
    """The newest stored comparison of exactly what is chosen."""
    same = same_comparisons(services().studies(actor=actor(), kind=None), comparison)
    return same[-1] if same else None


def _start(comparison: Comparison) -> None:
    try:
        services().start_comparison(comparison, actor=actor(), pace="max")
    except CoreError as error:
        st.session_state[_REFUSED] = error


def _stop(study: str) -> None:
    try:
        services().command_comparison(study, "stop", actor=actor())
    except CoreError as error:
        st.session_state[_REFUSED] = error


def _curve(chosen: Varied, record: StudyRecord, marks: Marks, words: Words, *, is_over: bool) -> None:
    runs = services().runs_of(record.id, actor=actor())
    found = error_curve(services().store, chosen.comparison, runs)
    # A mean over some of the folds is beside no mean over all of them.
    least = (chosen.comparison.folds or 1) if is_over else 1
    points = [point for point in found if len(point.validation_errors) >= least]
    if is_over and len(points) < len(found):
        st.info(
            t(
                "{num} of {all} points are not shown: runs of theirs diverged, or ended before anything was measured.",
                num=len(found) - len(points),
                all=len(found),
            )
        )
    if not points:
        if not is_over:
            st.skeleton(height=420)
        return
    if is_over:
        st.markdown(show(words(chosen.comparison, points)))
    is_folded = chosen.comparison.folds is not None
    errors = Errors(
        chosen.axis,
        [float(point.value) for point in points],
        _band([point.train_errors for point in points], is_folded=is_folded),
        _band([point.validation_errors for point in points], is_folded=is_folded),
        marks(chosen.comparison, points) if is_over else [],
        cast(DataSet, chosen.comparison.base.dataset).task == "classification",
        logarithmic=all(float(point.value) > 0 for point in points),
    )
    st.plotly_chart(
        errors_figure(errors, translator(language()), dark=st.context.theme.type == "dark"),
        key=f"errors by {chosen.axis}",
        config={"displayModeBar": False},
        alt=t("Training and validation error against what is varied, with bands"),
    )
    band = t("mean over folds ± one standard error") if is_folded else t("median over seeds, from lowest to highest")
    st.caption(t("Bands: {band}.", band=band))


def _band(found: Sequence[Sequence[float]], *, is_folded: bool) -> Band:
    if is_folded:
        middle = np.array([np.mean(each) for each in found])
        spread = np.array([np.std(each, ddof=1) / math.sqrt(len(each)) if len(each) > 1 else 0.0 for each in found])
        return Band(middle, middle - spread, middle + spread)
    return Band(
        np.array([np.median(each) for each in found]),
        np.array([np.min(each) for each in found]),
        np.array([np.max(each) for each in found]),
    )


def _error(comparison: Comparison, value: float) -> str:
    is_share = cast(DataSet, comparison.base.dataset).task == "classification"
    return f"{100 * value:.1f} %" if is_share else f"{value:.3g}"


def _value(point: Point) -> str:
    return np.format_float_positional(float(point.value), 3, fractional=False, trim="-")


def _size_marks(comparison: Comparison, points: Sequence[Point]) -> list[tuple[float, Text]]:
    weights = points[-1].num_parameters or 0
    inside = float(points[0].value) <= weights <= float(points[-1].value)
    return [(float(weights), Text("as many samples as weights"))] if inside else []


def _size_words(comparison: Comparison, points: Sequence[Point]) -> Text:
    first, last = points[0], points[-1]
    values = {
        "first": first.value,
        "before": _error(comparison, first.validation_error),
        "last": last.value,
        "after": _error(comparison, last.validation_error),
        "gap": _error(comparison, first.gap),
        "less": _error(comparison, last.gap),
        "weights": last.num_parameters or 0,
        "each": float(last.value) / max(1, last.num_parameters or 1),
    }
    rises = [
        later.value
        for earlier, later in pairwise(points)
        if min(later.validation_errors) > max(earlier.validation_errors)
    ]
    said = Text(
        "With {first:,} samples validation error is {before}, with {last:,} it is {after}; the gap goes from {gap} to "
        "{less}. The network has {weights:,} weights: at the right end {each:.2g} samples for each.",
        **values,
    )
    if rises:
        return Text("{said} Here more samples made it worse: up to {size:,}.", said=said, size=rises[0])
    return said


def _strength_marks(comparison: Comparison, points: Sequence[Point]) -> list[tuple[float, Text]]:
    best, simple = one_standard_error(points)
    marks = [(float(best.value), Text("lowest"))]
    if simple is not best:
        marks.append((float(simple.value), Text("one standard error")))
    return marks


def _strength_words(comparison: Comparison, points: Sequence[Point]) -> Text:
    best, simple = one_standard_error(points)
    weakest, strongest = points[0], points[-1]
    values = {
        "best": _value(best),
        "error": _error(comparison, float(np.mean(best.validation_errors))),
        "simple": _value(simple),
        "near": _error(comparison, float(np.mean(simple.validation_errors))),
        "weak": _error(comparison, float(np.mean(weakest.gap))),
        "strong": _error(comparison, float(np.mean(strongest.train_errors))),
        "folds": comparison.folds,
    }
    return Text(
        "Lowest mean over {folds} folds at {best}: {error}. One-standard-error choice: {simple}, {near}. At the left "
        "end the gap is {weak}; at the right end even training error is {strong}.",
        **values,
    )


def _weights(record: StudyRecord, chosen: Varied) -> None:
    """How large the weights are that every strength leaves."""
    found = services().weights_of(record.id, actor=actor())
    if not found or penalty() == "dropout":
        return
    values = [float(value) for value, _ in found]
    st.markdown(f"**{t('WHAT IS LEFT OF THE WEIGHTS')}**")
    st.plotly_chart(
        weights_figure(
            Weights(chosen.axis, values, EDGES, np.stack([each.shares for _, each in found])), translator(language())
        ),
        key="weights by strength",
        config={"displayModeBar": False},
        alt=t("How many weights have which size, for every strength"),
    )
    st.dataframe(
        pd.DataFrame(
            {
                show(chosen.axis): [f"{value:.2g}" for value in values],
                t("weights below 0.001"): [f"{100 * each.near_zero:.1f} %" for _, each in found],
            }
        ).T,
        width="stretch",
    )
