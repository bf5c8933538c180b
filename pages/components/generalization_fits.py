"""Polynomials through noisy points: error against capacity, and bias and variance over many sets of points."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any

import pandas as pd
import streamlit as st

from core.errors import BadInput, CoreError
from core.experiment import Experiment
from core.figures.polynomials import (
    Capacity,
    FittedCurves,
    Parts,
    capacity_figure,
    fitted_figure,
    parts_figure,
)
from core.language import translator
from core.studies.comparison import Comparison
from core.studies.error_curve import depths, widths
from core.studies.fits_asked import MOST_POINTS, NUM_SETS, Polynomials
from core.text import Text
from core.training.alarms import three_digits
from pages.components import compare_state, state
from pages.components.error_box import error_box
from pages.components.language import language, show, t
from pages.components.param_form import is_chosen, keep
from pages.components.services import actor, services
from pages.components.still import still

_CHOSEN = "polynomials"
PREFIX = "fit"
PARAMETERS = tuple(f"{PREFIX}.{name}" for name in Polynomials.model_fields if name != "sets")


def chosen() -> Polynomials:
    """What is chosen for one set of points."""
    return st.session_state.setdefault(_CHOSEN, Polynomials())


def put(name: str, value: Any) -> None:
    """Choose something else."""
    st.session_state[_CHOSEN] = Polynomials.of({**dict(chosen()), name: value})


def read_address(query: Mapping[str, str]) -> list[Text]:
    """Take over a link; a sentence about what cannot be."""
    named = {name: value for name, value in query.items() if name in PARAMETERS}
    try:
        st.session_state[_CHOSEN] = Polynomials.from_url(PREFIX, named)
    except BadInput as error:
        return [error.text]
    return []


def address() -> dict[str, str]:
    """What stands in the address: what is not usual."""
    return chosen().to_url(PREFIX)


def _key(name: str) -> dict[str, Any]:
    key = f"polynomials {name}|{language()}"
    return {"key": key, "value": keep(key, getattr(chosen(), name)), "on_change": _put_from, "args": (name, key)}


def _put_from(name: str, key: str) -> None:
    if is_chosen(key):
        put(name, st.session_state[key])


def _points() -> None:
    st.slider(t("training points"), 10, MOST_POINTS, help=t("Points of one set."), **_key("n"))
    st.slider(
        t("noise"), 0.0, 1.0, step=0.05, help=t("Standard deviation of the noise on the values."), **_key("noise")
    )
    st.slider(t("bends"), 1, 10, help=t("Degree of the polynomial behind the points."), **_key("bends"))
    st.button(
        t("Other points"),
        icon=":material/casino:",
        type="tertiary",
        help=t("Draws them anew: seed {seed}", seed=chosen().seed + 1),
        on_click=lambda: put("seed", chosen().seed + 1),
    )


def _degree(most: int) -> None:
    key = f"polynomials degree {most}|{language()}"
    st.slider(
        t("degree of the fit"),
        0,
        most,
        keep(key, min(chosen().degree, most)),
        key=key,
        help=t("The capacity: a polynomial of degree d has d + 1 weights."),
        on_change=_put_from,
        args=("degree", key),
    )


def capacity_choices() -> None:
    """The points, and the polynomial that is fitted to them."""
    _degree(chosen().most)
    _points()
    st.toggle(
        t("beyond the number of points"),
        help=t("Goes on to four times as many weights as points: the error falls again (double descent)."),
        **_key("beyond"),
    )
    st.caption(
        t(
            "Each fit is trained by gradient descent from zero. Of networks, Compare draws the same curve, over width "
            "or depth."
        )
    )
    _networks()


def _networks() -> None:
    """Doors to the same curve of networks: what is chosen on Train, where that is an MLP."""
    now = state.experiment()
    base = now if hasattr(now.architecture, "widths") else Experiment()
    for label, (path, values) in ((t("Width of a network"), widths(base)), (t("Depth of a network"), depths(base))):
        if st.button(label, icon=":material/arrow_forward:", help=t("Opens Compare with this curve, not yet started.")):
            compare_state.take(Comparison.of(base.to_json(), [f"{path}={values}"], rates="hand", seeds=3, name=""))
            st.switch_page("compare.py")


def bias_choices() -> None:
    """The points of each set, and the polynomial that is fitted to all sets."""
    _degree(several().most)
    _points()
    st.caption(
        t(
            "Bias²: how far the mean of all fits lies from the curve behind the points. Variance: how far single fits "
            "lie from their mean, which is how much they hang on the points that chance has drawn."
        )
    )


def several() -> Polynomials:
    """The same choices for many sets."""
    return chosen().model_copy(update={"sets": NUM_SETS})


def _shown(asked: Polynomials, words: Callable[[Any], Text], figure: Callable[[Any], Any], alt: str) -> Any:
    """The fits on the left, what they come to on the right, and a sentence above."""
    try:
        found = services().polynomials(asked, actor=actor())
    except CoreError as error:
        error_box(error)
        return None
    st.markdown(show(words(found)))
    dark = st.context.theme.type == "dark"
    curves = FittedCurves(found.x[0], found.y[0], found.grid, found.truth, found.updates, found.curves)
    left, right = st.columns(2, gap="small")
    with left:
        still(
            fitted_figure(curves, translator(language()), dark=dark),
            key=f"fitted {asked.sets}",
            alt=t("Fits through the points, and the curve behind them"),
        )
    with right:
        still(figure(found), key=f"fits {asked.sets}", alt=alt)
    return found


def capacity() -> None:
    """Error against the degree."""
    asked = chosen()

    def record(found: Any) -> Capacity:
        below = found.validation[0, : asked.n]
        return Capacity(
            found.train[0],
            found.validation[0],
            found.test_error,
            asked.drawn,
            int(below.argmin()),
            asked.n,
            found.noise,
        )

    _shown(
        asked,
        lambda found: capacity_words(record(found)),
        lambda found: capacity_figure(record(found), translator(language()), dark=st.context.theme.type == "dark"),
        t("Training and validation error and the gap against the degree"),
    )


def capacity_words(found: Capacity) -> Text:
    """Where the chosen degree lies, by the lowest validation error among the degrees below the number of points."""
    degree, lowest = found.degree, found.lowest
    values = {
        "degree": degree,
        # What rounding leaves of a fit through all points is no error.
        "train": three_digits(round(found.train[degree], 9)),
        "validation": three_digits(found.validation[degree]),
        "lowest": lowest,
        "least": three_digits(found.validation[lowest]),
    }
    if degree >= found.num_points:
        return Text(
            "**Interpolates**: degree {degree} has more weights than there are points. Training error {train}, "
            "validation error {validation}; lowest below the number of points: degree {lowest} with {least}.",
            **values,
        )
    if found.validation[degree] <= 1.1 * found.validation[lowest]:
        return Text(
            "**Fits**: degree {degree} has a training error of {train} and a validation error of {validation}, within "
            "a tenth of the lowest (degree {lowest}, {least}).",
            **values,
        )
    if degree < lowest:
        return Text(
            "**Underfits**: degree {degree} is too stiff for this curve. Training error {train}, validation error "
            "{validation}; lowest at degree {lowest} with {least}.",
            **values,
        )
    return Text(
        "**Overfits**: degree {degree} follows the noise. Training error {train}, validation error {validation}; "
        "lowest at degree {lowest} with {least}.",
        **values,
    )


def bias() -> None:
    """Bias, variance and noise against the degree."""
    asked = several()

    def record(found: Any) -> Parts:
        return Parts(found.bias2, found.variance, found.noise, found.test, found.test_error, asked.drawn)

    found = _shown(
        asked,
        lambda found: bias_words(record(found)),
        lambda found: parts_figure(record(found), translator(language()), dark=st.context.theme.type == "dark"),
        t("Bias², variance and noise against the degree, and the error that was measured"),
    )
    if found is None or st.session_state.get("present", False):
        return
    total = found.bias2 + found.variance + found.noise
    st.dataframe(
        pd.DataFrame(
            {
                t("degree"): range(len(total)),
                t("bias²"): [three_digits(value) for value in found.bias2],
                t("variance"): [three_digits(value) for value in found.variance],
                t("noise"): [three_digits(found.noise)] * len(total),
                t("sum"): [three_digits(value) for value in total],
                t("measured"): list(map(measured_words, found.test, found.test_error)),
            }
        ),
        hide_index=True,
        width="stretch",
        height=212,
    )
    st.caption(
        t(
            "Measured: the mean squared error of all {sets} fits on {num:,} fresh test points. A bar with a "
            "number and an arrow leaves the picture.",
            sets=NUM_SETS,
            num=10_000,
        )
    )


def measured_words(value: float, spread: float) -> str:
    """A number and its ±, which has one digit, both with as many places after the point."""
    places = max(0, -math.floor(math.log10(spread))) if spread > 0 else 0
    # Without noise a fit of enough degrees is as good as rounding lets it be.
    if spread > 0 and places < 9 and value < 100_000:
        return f"{value:.{places}f} ± {spread:.{places}f}"
    return f"{three_digits(value)} ± {three_digits(float(f'{spread:.1g}'))}"


def bias_words(found: Parts) -> Text:
    """Which part of the error is the largest at the chosen degree, and where the sum is lowest."""
    degree = found.degree
    best = int((found.bias2 + found.variance).argmin())
    values = {
        "degree": degree,
        "bias2": three_digits(found.bias2[degree]),
        "variance": three_digits(found.variance[degree]),
        "noise": three_digits(found.noise),
        "sum": three_digits(found.bias2[degree] + found.variance[degree] + found.noise),
        "measured": measured_words(found.test[degree], found.spread[degree]),
        "best": best,
    }
    if found.bias2[degree] > found.variance[degree]:
        return Text(
            "**Bias** is the larger part at degree {degree}: bias² {bias2}, variance {variance}, noise {noise}; "
            "together {sum}, measured {measured}. The sum is lowest at degree {best}.",
            **values,
        )
    return Text(
        "**Variance** is the larger part at degree {degree}: bias² {bias2}, variance {variance}, noise {noise}; "
        "together {sum}, measured {measured}. The sum is lowest at degree {best}.",
        **values,
    )
