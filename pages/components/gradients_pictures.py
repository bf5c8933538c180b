"""The smaller pictures of the Gradients page: what a layer feels, gradients through time, clipping."""

from __future__ import annotations

import math
from typing import Any

import streamlit as st

from core.language import translator
from core.studies.gradients_asked import MOST_DEPTH, Clipped, Felt, ThroughTime
from core.training.alarms import power
from pages.components import gradients_state as chosen
from pages.components.gradients_chart import Line, Panel, Sentence, gradients_chart
from pages.components.gradients_controls import (
    activation_name,
    activations,
    compare_door,
    draw_again,
    first_weights,
    logarithmic,
    picked,
    stepped,
    whole,
)
from pages.components.language import language, prose, show, t
from pages.components.parts import in_panes
from pages.components.services import actor, services

SICK, CURED = 0, 3
"""Colour slots of the network that suffers and of the one that is helped."""
CHARTS = {name: f"gradients {name} chart" for name in ("felt", "time", "clipping")}
"""The keys of the components."""
GUESSING = math.log(10)
"""The cross-entropy of the ten classes of the digits where all are held equally likely."""


# -- what layer 10 feels ----------------------------------------------------------------------------------------------


def felt_tab() -> None:
    """The weights of one layer are multiplied; the spread of a later layer's input, without and with batch norm."""
    in_panes(_felt_controls, _felt_pictures)


def _felt_controls() -> None:
    whole(t("layer whose weights change"), "felt", "changed", 1, MOST_DEPTH)
    stepped(t("its weights times"), "felt", "factor", (0.2, 0.5, 0.67, 1.0, 1.5, 2.0, 3.0, 5.0))
    whole(t("layer that feels it"), "felt", "feels", 1, MOST_DEPTH)
    picked(t("activation"), "felt", "activation", activations(), activation_name)
    first_weights("felt")
    draw_again("felt")
    st.caption(
        prose(
            "Batch normalization divides what a layer gives by its spread over the batch: a factor on the weights is "
            "divided away at once, and later layers do not notice."
        )
    )


def _felt_pictures() -> None:
    asked: Felt = chosen.part("felt")
    if asked.feels <= asked.changed:
        st.info(
            t(
                "What layer {feels} is given does not come through layer {changed}: it cannot feel that one. Choose a "
                "later layer.",
                feels=asked.feels,
                changed=asked.changed,
            )
        )
    without, normalized = services().gradients(asked, actor=actor())
    networks = ((t("without batch norm"), SICK, without), (t("with batch norm"), CURED, normalized))
    x_title = t("layer (input left, output right)")
    gradients_chart(
        [
            Sentence(
                slot,
                name,
                t(
                    "Layer {changed} times {factor:g}: the input of layer {feels} spreads {times:.2f} times as far.",
                    changed=asked.changed,
                    factor=asked.factor,
                    feels=asked.feels,
                    times=found.times(asked.feels),
                ),
            )
            for name, slot, found in networks
        ],
        [
            Panel(
                "times",
                t("Spread of each layer's input: after ÷ before"),
                x_title,
                t("times"),
                [Line(name, slot, found.all_times) for name, slot, found in networks],
            ),
            Panel(
                "spread",
                t("Spread of each layer's input"),
                x_title,
                t("standard deviation, log scale"),
                [
                    line
                    for name, slot, found in networks
                    for line in (
                        Line(t("{name}: before", name=name), slot, found.before, dash=True),
                        Line(t("{name}: after", name=name), slot, found.after),
                    )
                ],
                "log",
                note=t("Dotted: before the weights were multiplied."),
            ),
        ],
        key=CHARTS["felt"],
    )


# -- RNN against LSTM -------------------------------------------------------------------------------------------------


def time_tab() -> None:
    """How much the last output still depends on each time step."""
    in_panes(_time_controls, _time_pictures)


def _time_controls() -> None:
    whole(t("time steps"), "time", "length", 8, 200)
    stepped(
        t("bias of the forget gate"),
        "time",
        "forget_bias",
        (-2.0, -1.0, 0.0, 0.5, 1.0, 2.0, 3.0, 4.0, 5.0),
        t("The larger, the wider the gate is open: the LSTM keeps what it has."),
    )
    stepped(t("units"), "time", "units", (8, 16, 32, 64, 128))
    draw_again("time")
    st.caption(
        prose(
            "The cell state of an LSTM adds, and a forget gate near 1 lets the gradient pass. It cancels nothing: it "
            "can still vanish, and explode."
        )
    )


def _time_pictures() -> None:
    asked: ThroughTime = chosen.part("time")
    found = services().gradients(asked, actor=actor())
    networks = ((t("RNN"), SICK, found.rnn), (t("LSTM"), CURED, found.lstm))
    words = [
        Sentence(
            slot,
            name,
            t(
                "The last output depends on the first of {steps} time steps {share} times as much as on the last.",
                steps=asked.length,
                share=show(power(sizes[0] - sizes[-1])),
            ),
        )
        for name, slot, sizes in networks
    ]
    panel = Panel(
        "time",
        t("Gradient of the last output with respect to each time step"),
        t("time step (first left, last right)"),
        t("norm, log scale"),
        [Line(name, slot, sizes) for name, slot, sizes in networks],
        "log",
        powers=True,
    )
    gradients_chart(words, [panel], key=CHARTS["time"])


# -- clipping ---------------------------------------------------------------------------------------------------------


def clipping_tab() -> None:
    """A network that explodes, without and with a limit on the gradient's norm."""
    in_panes(_clipping_controls, _clipping_pictures)


def _clipping_controls() -> None:
    asked: Clipped = chosen.part("clipping")
    stepped(t("largest norm"), "clipping", "limit", logarithmic(0.1, 1000), t("Longer gradients are shortened to it."))
    stepped(t("learning rate"), "clipping", "lr", logarithmic(0.001, 1))
    stepped(t("updates"), "clipping", "updates", (20, 60, 100, 200))
    draw_again("clipping")
    compare_door(t("Train both"), "clipping", lambda: asked.comparison(translator(language())))
    st.caption(
        prose(
            "Six layers of ReLU with He's first weights doubled, on the digits. Clipping only limits large gradients: "
            "it cannot make small ones larger."
        )
    )


def _clipping_pictures() -> None:
    asked: Clipped = chosen.part("clipping")
    with st.spinner(t("Training both"), show_time=False):
        without, limited = services().gradients(asked, actor=actor())
    names = (t("without clipping"), t("clipped"))
    gradients_chart(
        [
            Sentence(SICK, names[0], _course(without)),
            Sentence(
                CURED,
                names[1],
                t(
                    "{count} of {all} updates were clipped ({percent:.0f} %). {course}",
                    count=limited.num_clipped,
                    all=len(limited.losses),
                    percent=100 * limited.num_clipped / len(limited.losses),
                    course=_course(limited),
                ),
            ),
        ],
        [
            Panel(
                "norm",
                t("Length of the gradient"),
                t("update"),
                t("norm, log scale"),
                [
                    Line(names[0], SICK, without.before),
                    Line(t("before clipping"), CURED, limited.before),
                    Line(t("after clipping"), CURED, limited.after, dash=True),
                ],
                "log",
                note=t("Dotted: after clipping."),
                powers=True,
            ),
            Panel(
                "loss",
                t("Loss of the batch"),
                t("update"),
                t("loss, log scale"),
                [Line(names[0], SICK, without.losses), Line(names[1], CURED, limited.losses)],
                "log",
            ),
        ],
        key=CHARTS["clipping"],
    )


def _course(descent: Any) -> str:
    if descent.diverged:
        return t("Diverged: after update {count} the loss was not a number.", count=len(descent.losses) - 1)
    first, last = descent.losses[0], descent.losses[-1]
    if math.isclose(last, GUESSING, rel_tol=0.03):
        return t("Loss {one:.3g} became {last:.3g}, that of mere guessing: nothing is learned.", one=first, last=last)
    return t("Loss {first:.3g} became {last:.3g}.", first=first, last=last)
