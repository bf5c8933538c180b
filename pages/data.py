"""Data: classes and splits, scaling, augmentation, generated data, what a network withstands, own data."""

from __future__ import annotations

import streamlit as st

from pages.components import data_state, lesson_state, state
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
from pages.components.error_box import error_box
from pages.components.parts import Draw, page_of_parts


def where_possible(look: Draw) -> None:
    """What is seen of an experiment that can be; else it is said why not."""
    with st.container(key="problem-of-data"):
        problem = state.problem_of_combination()
        if problem is not None:
            error_box(problem)
    if problem is None:
        lesson_state.after_answer("data", look)


page_of_parts(
    data_state.PARTS,
    {
        "classes": (class_choices, classes),
        "inputs": (input_choices, inputs),
        "augmentation": (augmentation_choices, augmentation),
        "generated": (generated_choices, generated),
        "invariance": (invariance_choices, invariance),
        "own": (own_choices, own),
    },
    where_possible,
)
