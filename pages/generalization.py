"""Generalization: how well a network does on samples that it has not seen, and how that is measured honestly.

A part is a module of its own, `generalization_<part>`, with what is chosen on the left and what is shown on the right;
it has a place in `generalization_state.PARTS` and a row below.
"""

from __future__ import annotations

import streamlit as st

from pages.components import generalization_state, state
from pages.components.error_box import notes_box, plain
from pages.components.generalization_confidence import choices as confidence_choices
from pages.components.generalization_confidence import confidence
from pages.components.generalization_curves import amount, amount_choices, strength, strength_choices
from pages.components.generalization_fits import bias, bias_choices, capacity, capacity_choices
from pages.components.generalization_kfold import choices as kfold_choices
from pages.components.generalization_kfold import kfold
from pages.components.generalization_memory import choices as memory_choices
from pages.components.generalization_memory import memory
from pages.components.generalization_patience import choices as patience_choices
from pages.components.generalization_patience import patience
from pages.components.generalization_seal import choices as seal_choices
from pages.components.generalization_seal import seal
from pages.components.language import show, t

PARTS = {
    "capacity": (capacity_choices, capacity),
    "amount": (amount_choices, amount),
    "bias": (bias_choices, bias),
    "kfold": (kfold_choices, kfold),
    "strength": (strength_choices, strength),
    "patience": (patience_choices, patience),
    "confidence": (confidence_choices, confidence),
    "memory": (memory_choices, memory),
    "seal": (seal_choices, seal),
}
"""What stands on the left and on the right of each part."""


def page() -> None:
    """The choice of the part, and the part."""
    state.read_address()
    remarks = generalization_state.read_address()
    names = {
        "capacity": t("Capacity"),
        "amount": t("Amount of data"),
        "bias": t("Bias and variance"),
        "kfold": t("K-fold"),
        "strength": t("Strength λ"),
        "patience": t("Early stopping"),
        "confidence": t("Confidence"),
        "memory": t("Memorized"),
        "seal": t("Test set"),
    }
    present = st.session_state.get("present", False)
    with st.container(key="above-generalization", gap="small"):
        if not present:
            generalization_state.choice(names)
        notes_box([*remarks, *state.notes()])
    choose, look = PARTS[generalization_state.part()]
    if present:
        with st.container(key="presentation", gap="small"):
            look()
        return
    with st.container(horizontal=True, gap="medium", key="generalization"):
        left = st.container(border=True, key="choose", gap="xsmall", width=340)
        right = st.container(key="seen", gap="small")
    with left:
        choose()
        for note in state.without_effect():
            st.caption(plain(show(note)))
    with right:
        look()


page()
