"""Gradients before training: two networks on one batch, layer by layer, and what cures them."""

from __future__ import annotations

from functools import partial
from typing import Any

import streamlit as st

from core.language import translator
from core.studies.gradients_asked import MOST_DEPTH, Network, Pair
from core.studies.gradients_cases import CASES
from core.training.alarms import alarms, ends, layer_text, power, three_digits
from pages.components import gradients_state as chosen
from pages.components.error_box import plain
from pages.components.gradients_chart import Line, Panel, Sentence, gradients_chart
from pages.components.gradients_controls import (
    activation_name,
    activations,
    compare_door,
    draw_again,
    first_weights,
    first_weights_name,
    logarithmic,
    picked,
    stepped,
    switch,
    whole,
)
from pages.components.language import language, show, t
from pages.components.parts import in_panes
from pages.components.services import actor, services

SLOTS = {"left": 0, "right": 3}
CHART = "gradients before training"
NORMALIZATIONS = ("none", "batch", "layer")
CURES = (("sigmoid", "relu"), ("framework", "he"))
"""The activations and first weights of the table."""


def cases() -> None:
    """Pairs to begin with."""
    now = chosen.pair()
    with st.container(horizontal=True, gap="small", key="gradients-cases"):
        for case in CASES:
            st.button(
                show(case.title),
                key=f"gradients case {case.key}",
                type="primary" if case.pair == now else "secondary",
                on_click=chosen.take,
                args=(case.pair,),
            )


def network(name: str, title: str) -> None:
    """The choices of one network."""
    st.markdown(f"**{title}**")
    whole(t("depth"), name, "depth", 1, MOST_DEPTH, t("Number of hidden layers."))
    stepped(t("width"), name, "width", (8, 16, 32, 64, 128, 256), t("Number of units in each hidden layer."))
    picked(t("activation"), name, "activation", activations(), activation_name)
    first_weights(name)
    picked(t("normalization"), name, "normalization", NORMALIZATIONS, t)
    why = t("A layer's result, divided by the number of such layers, is added to what it was given.")
    switch(t("residual"), name, "residual", why)


def shared() -> None:
    """What both networks have in common."""
    st.markdown(f"**{t('BOTH')}**")
    stepped(
        t("inputs times"),
        "both",
        "input_scale",
        logarithmic(0.01, 100),
        t("The pixels, from 0 to 1, are multiplied by this before the first layer."),
    )
    stepped(
        t("learning rate"),
        "both",
        "lr",
        logarithmic(0.0001, 10),
        t("Of plain SGD: it decides how long the first update is."),
    )
    draw_again("both")


def cures(pair: Pair) -> None:
    """What helps the right network: activation × first weights, with numbers, and what acts in training only."""
    table_part, others = st.columns([3, 2], gap="medium")
    with table_part:
        table(pair)
    with others:
        st.markdown(f"**{t('CURES that act in training only')}**")
        with st.container(horizontal=True, gap="medium"):
            for key, label, why in (
                ("clipping", t("clipping"), t("No update has been done that it could shorten: see the tab Clipping.")),
                ("penalty", t("penalty"), t("It pulls on weights from one update to the next: see the pair train.")),
            ):
                st.toggle(label, key=f"gradients no {key}", disabled=True, help=why)
        why_not = t("Choose two networks that differ.") if pair.left == pair.right else ""
        both = partial(pair.comparison, translator(language()))
        alone, cured = st.columns(2, gap="small")
        with alone:
            compare_door(t("Train both"), "pair", both, why_not)
        with cured:
            compare_door(t("With these too"), "cures", partial(both, with_cures=True), why_not)
        if pair.shared.input_scale != 1:
            st.caption(t("Training gives the networks the pixels as they are, from 0 to 1."))


def table(pair: Pair) -> None:
    """Activation × first weights on the right network: what its first layer gets, of the last; each can be taken."""
    right = pair.right
    first, last = (layer_text(layer) for layer in ends([*(f"hidden.{n + 1}" for n in range(right.depth)), "output"]))
    gets = t("what {first} gets of {last}", first=show(first), last=show(last))
    st.markdown(f"**{t('CURES: the right network with')}** :small[({plain(gets)})]")
    for activation in CURES[0]:
        cells = [right.model_copy(update={"activation": activation, "first_weights": weights}) for weights in CURES[1]]
        found = services().gradients(pair.model_copy(update={"left": cells[0], "right": cells[1]}), actor=actor())
        for column, cell, measured in zip(st.columns(2, gap="small"), cells, found, strict=True):
            column.button(
                f"{activation_name(activation)}, {first_weights_name(cell.first_weights)}: {share(measured)}",
                key=f"gradients cure {activation} {cell.first_weights}",
                type="primary" if cell == right else "secondary",
                help=t("Gradient of the first layer, as a share of the last hidden layer's. Press to take it."),
                on_click=_take_right,
                args=(cell,),
                width="stretch",
            )


def _take_right(network: Network) -> None:
    chosen.put("right", **dict(network))


def share(profile: Any) -> str:
    """The gradient of the first layer over that of the last hidden one."""
    first, last = (profile.sizes[layer] for layer in ends(profile.layers))
    return show(power(first - last))


def sentence(name: str, title: str, profile: Any) -> Sentence:
    """What is said of one network."""
    found = alarms(profile.sizes, profile.units)
    first, last = (layer_text(layer) for layer in ends(profile.layers))
    if any(alarm.key in ("vanishing", "exploding") for alarm in found):
        words = " ".join(show(alarm.text) for alarm in found)
    else:
        fine = t("{first} gets {share} times the gradient of {last}.", first=first, last=last, share=share(profile))
        words = " ".join([fine[0].upper() + fine[1:], *(show(alarm.text) for alarm in found)])
    numbers = ((t("loss of the batch"), three_digits(profile.loss)),)
    return Sentence(SLOTS[name], title, words, found, numbers)


def panels(profiles: dict[str, Any], names: dict[str, str]) -> list[Panel]:
    """The six pictures along the depth."""
    depths = {len(profile.layers) for profile in profiles.values()}
    x_title = t("layer (input left, output right)")
    if len(depths) == 1:
        x_title = t("layer (input left; {last}: output)", last=depths.pop())

    def lines(of: Any, dash: bool = False) -> list[Line]:
        return [Line(names[side], SLOTS[side], of(profile), dash) for side, profile in profiles.items()]

    def of_units(profile: Any, what: str) -> list[float | None]:
        shares = [getattr(profile.units.get(layer), what, None) for layer in profile.layers]
        return [None if share is None else 100 * share for share in shares]

    saturated = lines(lambda profile: of_units(profile, "saturated"))
    has_ends = any(value is not None for line in saturated for value in line.values)
    return [
        Panel(
            "gradient",
            t("Gradient"),
            x_title,
            t("norm, log scale"),
            lines(lambda profile: profile.gradients),
            "log",
            t("Length of the gradient of each layer's weights, on this batch."),
            powers=True,
        ),
        Panel(
            "ratio",
            t("First update ÷ weights"),
            x_title,
            t("ratio, log scale"),
            lines(lambda profile: profile.ratios),
            "log",
            t("Length of the first update of plain SGD over the length of the weights; about 0.001 is usual."),
            powers=True,
        ),
        Panel(
            "spread",
            t("Activations: spread"),
            x_title,
            t("standard deviation, log scale"),
            lines(lambda profile: profile.spreads),
            "log",
            t("Standard deviation of what each layer hands on, over the batch."),
        ),
        Panel("mean", t("Activations: mean"), x_title, t("mean"), lines(lambda profile: profile.means)),
        Panel(
            "saturated",
            t("Saturated values"),
            x_title,
            t("% of values"),
            saturated,
            "percent",
            t("Values within 2.5 % of the ends of the activation's range, where its slope is lost."),
            note="" if has_ends else t("Neither activation has a range with ends."),
        ),
        Panel(
            "dead",
            t("Dead units"),
            x_title,
            t("% of units"),
            lines(lambda profile: of_units(profile, "dead")),
            "percent",
            t("Units that give exactly 0 for every sample of the batch."),
        ),
    ]


def pictures() -> None:
    """Both networks, measured and drawn, and the cures."""
    pair = chosen.pair()
    names = {"left": t("left network"), "right": t("right network")}
    found = services().gradients(pair, actor=actor())
    profiles = dict(zip(names, found, strict=True))
    with st.container(key="gradients-pictures"):  # which is as high before they are fetched
        gradients_chart(
            [sentence(side, names[side], profile) for side, profile in profiles.items()],
            panels(profiles, names),
            key=CHART,
        )
    if not st.session_state.get("present", False):
        with st.container(key="gradients-cures"):  # on a phone below the choices
            cures(pair)


def networks() -> None:
    """The choices of both networks, beside each other, and what they share."""
    columns = st.columns(2, gap="small")
    for column, name, title in zip(columns, SLOTS, (t("LEFT"), t("RIGHT")), strict=True):
        with column:
            network(name, title)
    shared()


def before_tab() -> None:
    """The whole picture."""
    if not st.session_state.get("present", False):
        cases()
    in_panes(networks, pictures, width=330)
