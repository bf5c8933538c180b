"""Generalization: how well a network does on samples that it has not seen, and how that is measured honestly.

A part is a module of its own, `generalization_<part>`, with what is chosen on the left and what is shown on the right;
it has its title in `generalization_state.PARTS` and a row below.
"""

from __future__ import annotations

from functools import partial

import streamlit as st

from core.lessons.linked import View
from pages.components import generalization_state, lesson_state, own_lessons, state
from pages.components.generalization_confidence import choices as confidence_choices
from pages.components.generalization_confidence import confidence
from pages.components.generalization_curves import amount, amount_choices, strength, strength_choices
from pages.components.generalization_fits import bias, bias_choices, capacity, capacity_choices
from pages.components.generalization_inputs import choices as inputs_choices
from pages.components.generalization_inputs import inputs
from pages.components.generalization_kfold import choices as kfold_choices
from pages.components.generalization_kfold import kfold
from pages.components.generalization_memory import choices as memory_choices
from pages.components.generalization_memory import memory
from pages.components.generalization_narrator import choices as narrator_choices
from pages.components.generalization_narrator import narrator
from pages.components.generalization_patience import choices as patience_choices
from pages.components.generalization_patience import patience
from pages.components.generalization_seal import choices as seal_choices
from pages.components.generalization_seal import seal
from pages.components.parts import page_of_parts

page_of_parts(
    generalization_state.PARTS,
    {
        "capacity": (capacity_choices, capacity),
        "amount": (amount_choices, amount),
        "bias": (bias_choices, bias),
        "kfold": (kfold_choices, kfold),
        "strength": (strength_choices, strength),
        "inputs": (inputs_choices, inputs),
        "patience": (patience_choices, patience),
        "narrator": (narrator_choices, narrator),
        "confidence": (confidence_choices, confidence),
        "memory": (memory_choices, memory),
        "seal": (seal_choices, seal),
    },
    partial(lesson_state.after_answer, "generalization"),
)
query = {"look": generalization_state.PARTS.shown(), **generalization_state.PARTS.address()}
view = View("generalization", {name: said for name, said in query.items() if said}, state.experiment())
with st.container(key="below-parts"):
    own_lessons.as_lesson(view)
