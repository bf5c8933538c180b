"""Building blocks over a batch or over masks: activation, batch normalization, dropout."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import streamlit as st

from core.catalog.registry import entries
from core.figures.blocks import (
    ActivationCurve,
    DroppedUnits,
    Errors,
    Spread,
    activation_figure,
    dropped_figure,
    errors_figure,
    spreads_figure,
    weights_figure,
)
from core.language import translator
from core.studies.blocks_asked import Mask, Normalized, PreActivations, Votes
from core.text import Text
from pages.components import blocks_state as chosen
from pages.components.blocks_pictures import layer_choice, look, nothing_inside
from pages.components.choices import grouped
from pages.components.language import language, t
from pages.components.services import actor, services
from pages.components.still import still

if TYPE_CHECKING:
    from core.studies.blocks import SamplesLook

BATCHES = (2, 4, 8, 16, 32, 64)
MASKS = (2, 10, 100, 1_000, 10_000)
OWN = "own"
_VOTES = "votes asked for"


def ask(asked: Any) -> Any:
    """What the workbench says to a record."""
    return services().blocks(asked, actor=actor())


def is_dark() -> bool:
    """Whether the page is dark."""
    return st.context.theme.type == "dark"


# -- activation -------------------------------------------------------------------------------------------------------


def activation() -> None:
    """Curve and slope of an activation, and where a batch's pre-activations lie under it."""
    layers = look().layers
    if not layers:
        nothing_inside()
        return
    known = sorted(entries("activations"), key=lambda key: entries("activations")[key].more)
    with st.container(horizontal=True, gap="medium"):
        with st.container(width=200):
            layer = layer_choice(layers)
        key = chosen.among("activation", [OWN, *known])
        st.selectbox(
            t("activation"),
            width=260,
            format_func=lambda name: t("the layer's own") if name == OWN else t(entries("activations")[name].title),
            **chosen.one_of("activation", [OWN, *known], key),
        )
    found = ask(PreActivations(chosen.get("run"), layer.name, "" if key == OWN else key))
    record = ActivationCurve(found.places, found.values, found.slopes, found.histogram.edges, found.histogram.counts)
    still(
        activation_figure(record, translator(language()), dark=is_dark()),
        "activation curve",
        t("Value and slope of the activation, and the pre-activations of a batch"),
    )
    st.markdown(
        t(
            "Of the pre-activations of {num} images, {flat:.1f} % meet a slope below 0.05, which hands almost no "
            "gradient on; {zero:.1f} % become exactly 0.",
            num=found.num,
            flat=100 * found.flat_share,
            zero=100 * found.zero_share,
        )
    )


# -- batch normalization ----------------------------------------------------------------------------------------------


def normalization(shown: SamplesLook) -> None:
    """One channel before and after, with the statistics of a batch and with the running ones."""
    if not shown.normalized:
        st.info(t("This network has no batch normalization. Choose another run, such as the one this page opens with."))
        return
    names = list(shown.normalized)
    name = chosen.among("normalized layer", names)
    with st.container(horizontal=True, gap="medium"):
        st.selectbox(t("layer"), width=200, **chosen.one_of("normalized layer", names, name))
        num = shown.normalized[name]
        channel = chosen.among("channel", range(1, num + 1))
        st.number_input(t("channel"), 1, num, step=1, width=140, **chosen.widget("channel", channel))
        size = chosen.get("batch", 64)
        st.select_slider(t("images in the batch"), BATCHES, width=260, **chosen.widget("batch", size))
    found = ask(Normalized(chosen.get("run"), name, channel - 1, size))
    spreads = [
        Spread(label, histogram.edges, histogram.counts)
        for label, histogram in (
            (Text("before normalization"), found.before),
            (Text("after, in training"), found.in_training),
            (Text("after, in evaluation"), found.in_evaluation),
        )
    ]
    still(
        spreads_figure(spreads, Text("value of the channel"), translator(language()), dark=is_dark()),
        "normalization",
        t("The values of a channel before and after batch normalization"),
    )
    rows = {
        t("statistics"): [t("of this batch (training)"), t("running (evaluation)")],
        t("mean"): [signed(found.batch_mean), signed(found.running_mean)],
        t("variance"): [f"{found.batch_variance:.3g}", f"{found.running_variance:.3g}"],
    }
    st.dataframe(rows, hide_index=True, width=460, key="batch statistics")
    st.markdown(
        t(
            "Both subtract a mean, divide by √(variance + ε), multiply by γ = {gamma} and add β = {beta}. The "
            "same values come out at most {difference:.2g} apart: in training they depend on the {num} images of the "
            "batch, in evaluation on none of them.",
            gamma=signed(found.gamma),
            beta=signed(found.beta),
            difference=found.largest_difference,
            num=found.num,
        )
    )


def signed(value: float) -> str:
    """A number with a minus that is one."""
    return f"{value:.3g}".replace("-", "−")


# -- dropout ----------------------------------------------------------------------------------------------------------


def dropout(shown: SamplesLook) -> None:
    """One mask of a layer, the mean over many, and what masks do to the network's error."""
    if not shown.dropped:
        st.info(t("This network has no dropout. Choose another run, such as the one this page opens with."))
        return
    name = chosen.among("dropped layer", shown.dropped)
    number = chosen.get("mask", 0)
    with st.container(horizontal=True, gap="medium", vertical_alignment="bottom"):
        st.selectbox(
            t("layer"),
            width=200,
            format_func=lambda each: each or t("before the output"),
            **chosen.one_of("dropped layer", shown.dropped, name),
        )
        num_masks = chosen.get("masks", 100)
        st.select_slider(
            t("masks in the mean"),
            MASKS,
            width=260,
            format_func=grouped,
            **chosen.widget("masks", num_masks),
        )
        st.button(
            t("Another mask"),
            icon=":material/casino:",
            key="another mask",
            on_click=chosen.put,
            args=("mask", number + 1),
        )
    asked = Mask(chosen.get("run"), chosen.get("nth"), chosen.get("label"), name, number, num_masks)
    found = ask(asked)
    units = DroppedUnits(found.evaluated, found.masked, found.kept, found.mean, found.num_masks)
    still(
        dropped_figure(units, translator(language()), dark=is_dark()),
        "units under a mask",
        t("The units of the layer in evaluation, with this mask, and on average over masks"),
    )
    num, kept = len(found.kept), int(found.kept.sum())
    st.markdown(
        t(
            "This mask drops {dropped} of {num} units (p = {p:g}), the grey ones, and multiplies the others by "
            "1/(1 − p) = {factor:.3g}. The mean over {masks:,} masks is at most {apart:.2g} away from the evaluation "
            "output of this layer; the more masks, the nearer.",
            dropped=num - kept,
            num=num,
            p=found.p,
            factor=1 / (1 - found.p),
            masks=found.num_masks,
            apart=float(np.abs(found.mean - found.evaluated).max()),
        )
    )
    if found.weights is not None:
        still(
            weights_figure(found.weights, found.kept, translator(language())),
            "weights of dropped units",
            t("The weights that read the layer; those of dropped units are grey"),
        )
        largest = float(np.abs(found.gradients[:, ~found.kept]).max(initial=0.0))
        st.markdown(
            t(
                "The weights of dropped units are grey: under this mask their largest gradient is {gradient:g}, so "
                "this image teaches them nothing.",
                gradient=max(largest, _largest(found.incoming, ~found.kept)),
            )
        )
    vote()


def _largest(values: np.ndarray | None, where: np.ndarray) -> float:
    return 0.0 if values is None else float(values[where].max(initial=0.0))


def vote() -> None:
    """The three errors, once they were asked for."""
    run = chosen.get("run")
    st.markdown(f"**{t('One mask, a vote of 400 masks, evaluation')}**")
    if run not in st.session_state.setdefault(_VOTES, set()):
        st.button(
            t("Measure the three errors"), key="measure votes", on_click=st.session_state[_VOTES].add, args=(run,)
        )
        return
    with st.spinner(t("Asking 400 masks")):
        found = ask(Votes(run))
    record = Errors(
        [Text("one mask"), Text("vote of {num} masks", num=found.num_masks), Text("evaluation: all units")],
        [100 * found.one_mask, 100 * found.vote, 100 * found.evaluation],
        [(100 * found.lowest, 100 * found.highest), (100 * found.vote,) * 2, (100 * found.evaluation,) * 2],
    )
    still(
        errors_figure(record, translator(language()), dark=is_dark()),
        "three errors",
        t("Validation error with one mask, of a vote of masks, and in evaluation"),
    )
    st.markdown(
        t(
            "On {num:,} validation images one mask is wrong {one:.1f} % of the time (from {low:.1f} to "
            "{high:.1f} % over {masks} masks), the vote {vote:.1f} %, evaluation {evaluation:.1f} %.",
            num=found.num,
            one=100 * found.one_mask,
            low=100 * found.lowest,
            high=100 * found.highest,
            masks=found.num_masks,
            vote=100 * found.vote,
            evaluation=100 * found.evaluation,
        )
    )
