"""Confidence: how sure a stored network is of its answers, and how often it is right when it is that sure."""

from __future__ import annotations

import math

import pandas as pd
import streamlit as st

from core.experiment import Experiment
from core.figures.generalization import Reliability, reliability_figure
from core.language import translator
from core.store.records import RunRecord
from core.text import Text
from core.training.confidence import Calibration, Confidence
from pages.components.choices import grouped
from pages.components.language import language, show, t
from pages.components.measured import when_measured
from pages.components.services import actor, services
from pages.components.still import still
from pages.components.stored_choice import chosen_run, look_at, stored_choice

EXAMPLE = "overfits_moons"


def tells_classes(experiment: Experiment) -> bool:
    """Whether a network answers with a class."""
    return experiment.dataset.task == "classification"  # type: ignore[attr-defined]


def choices() -> None:
    """The run, and what is measured of it."""
    stored_choice(tells_classes)
    st.caption(
        t(
            "Confidence is the probability that the network gives to the class it names. Well calibrated means: of "
            "answers with a confidence of 80 %, 80 % are right."
        )
    )


def confidence() -> None:
    """The reliability curve, the numbers and what they say; how far it is while it is measured."""
    run = chosen_run(tells_classes, EXAMPLE)
    if run is None:
        return
    found = when_measured(run, lambda: services().confidence(run.id, actor=actor()), t("Asking the network"))
    if found is not None:
        _shown(found, run)


def _shown(found: Confidence, run: RunRecord) -> None:
    look_at(run.id)
    st.markdown(show(verdict(found)))
    still(
        reliability_figure(
            _split(Text("training"), found.training),
            _split(Text("validation"), found.validation),
            run.colour_slot,
            translator(language()),
            dark=st.context.theme.type == "dark",
        ),
        key="reliability",
        alt=t("Share of right answers against confidence, for training and validation samples"),
    )
    rows = [_row(t("training"), found.training), _row(t("validation"), found.validation)]
    st.dataframe(pd.DataFrame(rows), hide_index=True, width="stretch")
    st.caption(
        t(
            "Expected calibration error: the distance between the curve and the diagonal, in points, averaged over "
            "the answers in ten bins of equal width. Bars are ± one standard error."
        )
    )


def _split(name: Text, found: Calibration) -> Reliability:
    return Reliability(name, found.nums, found.confidences, found.rights)


def _row(name: str, found: Calibration) -> dict[str, str]:
    return {
        t("samples"): name,
        t("number"): grouped(found.num),
        t("wrong"): f"{100 * found.num_wrong / found.num:.1f} %",
        t("confidence when right"): _percent(found.of_right),
        t("confidence when wrong"): _percent(found.of_wrong),
        t("expected calibration error"): t("{points:.1f} points", points=100 * found.error),
    }


def _percent(value: float) -> str:
    return "–" if math.isnan(value) else f"{100 * value:.1f} %"


def verdict(found: Confidence) -> Text:
    """Whether the network is as often right as it is sure, on samples that it has not seen, and how sure it errs."""
    seen = found.validation
    right = 1 - seen.num_wrong / seen.num
    sure = float((seen.nums[seen.nums > 0] * seen.confidences[seen.nums > 0]).sum() / seen.num)
    spread = (right * (1 - right) / seen.num) ** 0.5
    values = {"sure": 100 * sure, "right": 100 * right, "points": 100 * spread}
    if sure > right + 2 * spread:
        return Text(
            "**Overconfident**: on validation samples it is {sure:.1f} % sure on average, and right in {right:.1f} ± "
            "{points:.1f} % of them.",
            **values,
        )
    if sure < right - 2 * spread:
        return Text(
            "**Underconfident**: on validation samples it is {sure:.1f} % sure on average, and right in {right:.1f} ± "
            "{points:.1f} % of them.",
            **values,
        )
    return Text(
        "On validation samples it is on average as sure as it is right: {sure:.1f} % sure, {right:.1f} ± "
        "{points:.1f} % right. Single bins may still lie off the diagonal.",
        **values,
    )
