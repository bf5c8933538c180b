"""Data, second part: how widely each input spreads, and what scaling makes of it."""

from __future__ import annotations

import numpy as np
import streamlit as st

from core.experiment import Experiment
from core.figures.data import InputSpreads, spread_figure
from core.language import translator
from core.studies.comparison import Comparison
from core.studies.data_view import DataView
from pages.components import compare_state, state
from pages.components.choices import data_choice
from pages.components.data_classes import when_known
from pages.components.language import language, prose, t
from pages.components.still import still

SCALINGS = ("raw", "min_max", "standardized")


def choices() -> None:
    """The data set and, where it is a table, its scaling."""
    data_choice()


def inputs() -> None:
    """The figure, what it says, next actions."""
    when_known(drawn)
    if not st.session_state.get("present", False):
        race_scalings(state.experiment())


def drawn(view: DataView) -> None:
    """The spreads."""
    still(
        spread_figure(view.spreads, translator(language())),
        key="data spreads",
        alt=t("The spread of each input as it is stored, and as the network gets it"),
    )
    st.markdown(prose(spread_words(view.spreads)))
    st.caption(t("Measured on the training samples alone: validation and test are scaled by the same numbers."))


def ratio(spreads: np.ndarray) -> float:
    """How many times the widest input spreads as much as the narrowest that varies."""
    varying = spreads[spreads > 0]
    return float(varying.max() / varying.min()) if len(varying) else 1.0


def spread_words(spreads: InputSpreads) -> str:
    """What the spreads mean for a learning rate."""
    raw, scaled = ratio(spreads.raw), ratio(spreads.scaled)
    if raw < 2:
        return t("All inputs spread alike: one factor for all of them is enough, and no input drowns another.")
    if scaled > 10:
        return t(
            "The widest input spreads {ratio:,.0f} times as much as the narrowest. Gradients of its weights are "
            "about as much larger: a learning rate that suits them moves the others hardly at all, and one that "
            "suits the others throws these away.",
            ratio=scaled,
        )
    return t(
        "As stored, the widest input spreads {raw:,.0f} times as much as the narrowest; scaled, {scaled:.1f} times. "
        "One learning rate now suits the weights of all inputs.",
        raw=raw,
        scaled=scaled,
    )


def race_scalings(experiment: Experiment) -> None:
    """Train with each scaling, or begin with a table where it matters."""
    with st.container(horizontal=True, gap="small"):
        if "scaling" in type(experiment.dataset).model_fields:
            if st.button(t("Race raw, min–max and standardized"), icon=":material/stacked_line_chart:"):
                compare_state.take(scaling_race(experiment))
                compare_state.show_study(None)
                st.switch_page("compare.py")
        elif st.button(
            t("Take the wines, unscaled"),
            icon=":material/wine_bar:",
            help=t("A table in which one column counts in hundreds and another in tenths"),
        ):
            state.choose(Experiment.from_json({"preset": "unscaled_inputs"}))
            st.rerun()


def scaling_race(experiment: Experiment) -> Comparison:
    """The same experiment with each way to scale a table."""
    variants = [{"name": "", "changes": {"dataset.scaling": scaling}} for scaling in SCALINGS]
    return Comparison.from_json({"base": experiment, "variants": variants, "rates": "same"})
