"""More pictures beside a practice race, each computed when it is asked for."""

from __future__ import annotations

from typing import Any

import streamlit as st

from core.figures.practice import Leaver, leaving_figure, past_figure, rarity_figure
from core.landscape.memory_weights import past_weights, share_of_minima
from core.landscape.practice import Practice
from core.language import translator
from core.studies.practice_races import LEAVING_STEPS
from pages.components import surface_state as chosen
from pages.components.language import language, prose, t
from pages.components.services import actor, services
from pages.components.still import still

PICTURES = ("leaving", "past", "rarity")


def asides(race: Practice, *, at_saddle: bool) -> None:
    """The choice of a picture, and the picture."""
    names = {"leaving": t("Who leaves first at which rate"), "past": t("What is left of past gradients")}
    names["rarity"] = t("How rare minima are")
    offered = [name for name in PICTURES if at_saddle or name != "leaving"]
    picked = st.pills(
        t("One more picture"), offered, format_func=names.__getitem__, key=f"surface aside|{language()}", default=None
    )
    if picked == "leaving":
        leaving(race)
    elif picked == "past":
        past()
    elif picked == "rarity":
        rarity()


def leaving(race: Practice) -> None:
    """Updates to leave the saddle against the learning rate, for those that have one."""
    with st.spinner(t("Racing at nine rates"), show_time=True):
        rates, found = services().leaving_by_rate(race, actor=actor())
    kept = [optimizer for optimizer in race.optimizers if "lr" in type(optimizer).model_fields]
    slots = [slot for slot, optimizer in zip(chosen.slots(race), race.optimizers, strict=True) if optimizer in kept]
    leavers = [
        Leaver(t(optimizer.title), slot, updates) for optimizer, slot, updates in zip(kept, slots, found, strict=True)
    ]
    figure = leaving_figure(rates, leavers, dark=_dark(), translate=translator(language()))
    still(
        figure, key="aside leaving", alt=t("Updates until each optimizer leaves the saddle, against the learning rate")
    )
    others = [t(optimizer.title) for optimizer in race.optimizers if optimizer not in kept]
    st.caption(
        t(
            "The order of two rules depends on the rate; a line ends where {steps:,} updates did not suffice.",
            steps=LEAVING_STEPS,
        )
        + (" " + t("Without a learning rate, so not here: {names}.", names=", ".join(others)) if others else "")
    )


def past() -> None:
    """The weights of past gradients in an average that keeps a share γ, after so many updates."""
    with st.container(horizontal=True, gap="medium"):
        kept = st.select_slider(t("share kept, γ"), (0.5, 0.7, 0.8, 0.9, 0.95, 0.99), 0.9, key="past kept", width=260)
        updates = st.slider(t("updates so far"), 1, 60, 20, key="past updates", width=260)
    found = past_weights(kept, updates)
    figure = past_figure(
        updates, found.weights, found.corrected, found.memory, dark=_dark(), translate=translator(language())
    )
    still(figure, key="aside past", alt=t("What each past gradient weighs in the average"))
    st.caption(
        prose(
            "RMSProp and Adam average gradients so. The average starts at 0, so its weights sum to less than 1 at "
            "first: Adam divides by that sum, RMSProp does not."
        )
    )


@st.cache_data
def _shares() -> Any:
    return share_of_minima()


def rarity() -> None:
    """How often all directions lead upward by chance."""
    with st.spinner(t("Drawing 20 000 matrices of each size")):
        shares = _shares()
    figure = rarity_figure(shares, dark=_dark(), translate=translator(language()))
    still(figure, key="aside rarity", alt=t("How often all directions lead upward by chance, against their number"))
    st.caption(
        prose(
            "Where the gradient is 0, each of d directions leads up or down. If each were a coin, all of them led up "
            "once in 2ᵈ times, as the course article says. Random symmetric matrices say: far more rarely still. With "
            "thousands of weights almost every such point is a saddle."
        )
    )


def _dark() -> bool:
    return st.context.theme.type == "dark"
