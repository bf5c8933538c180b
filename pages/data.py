"""Data: classes and splits, scaling, augmentation, generated data, what a network withstands, own data."""

from __future__ import annotations

import streamlit as st

from pages.components import data_state, state
from pages.components.data_augmented import augmentation
from pages.components.data_augmented import choices as augmentation_choices
from pages.components.data_classes import choices as class_choices
from pages.components.data_classes import classes
from pages.components.data_generated import choices as generated_choices
from pages.components.data_generated import generated
from pages.components.data_inputs import choices as input_choices
from pages.components.data_inputs import inputs
from pages.components.data_invariance import choices as invariance_choices
from pages.components.data_invariance import invariance
from pages.components.data_own import choices as own_choices
from pages.components.data_own import own
from pages.components.error_box import error_box, notes_box, plain
from pages.components.language import show, t

PARTS = {
    "classes": (class_choices, classes),
    "inputs": (input_choices, inputs),
    "augmentation": (augmentation_choices, augmentation),
    "generated": (generated_choices, generated),
    "invariance": (invariance_choices, invariance),
    "own": (own_choices, own),
}
"""What stands on the left and on the right of each part."""


def chosen_well() -> bool:
    """Whether what is chosen can be shown; else it is said why not."""
    problem = state.problem_of_combination()
    if problem is not None:
        error_box(problem)
    return problem is None


def page() -> None:
    """The choice of the part, and the part."""
    state.read_address()
    remarks = data_state.read_address()
    names = {
        "classes": t("Classes and split"),
        "inputs": t("Input scaling"),
        "augmentation": t("Augmentation"),
        "generated": t("Generated data"),
        "invariance": t("Invariance"),
        "own": t("Own data"),
    }
    present = st.session_state.get("present", False)
    # What comes and goes stands in containers that stay, so that what is drawn in its own time keeps its place below.
    with st.container(key="above-data", gap="small"):
        if not present:
            data_state.choice(names)
        notes_box([*remarks, *state.notes()])
    choose, look = PARTS[data_state.part()]
    if present:
        look()
        return
    with st.container(horizontal=True, gap="medium", key="data"):
        left = st.container(border=True, key="choose", gap="xsmall", width=340)
        right = st.container(key="seen", gap="small")
    with left:
        choose()
        for note in state.without_effect():
            st.caption(plain(show(note)))
    with right:
        with st.container(key="problem-of-data"):
            can_be_shown = chosen_well()
        if can_be_shown:
            look()


page()
