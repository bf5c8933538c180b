"""The parts of the page Generalization, and what the address says of each."""

from __future__ import annotations

from core.text import Text
from pages.components import (
    generalization_curves,
    generalization_fits,
    generalization_inputs,
    kfold_state,
    stored_choice,
)
from pages.components.parts import Parts

STARTED = {
    "amount": generalization_curves.by_size,
    "strength": generalization_curves.by_strength,
    "inputs": lambda: generalization_inputs.chosen().comparison(),
}
"""The comparison that each part asks for which starts one, of what is chosen."""
_POLYNOMIALS = generalization_fits.read_address, generalization_fits.address
_RUN = stored_choice.read_address, stored_choice.address
PARTS = Parts(
    "generalization",
    {
        "capacity": Text("Capacity"),
        "amount": Text("Amount of data"),
        "bias": Text("Bias and variance"),
        "kfold": Text("K-fold"),
        "strength": Text("Strength λ"),
        "inputs": Text("Feature selection"),
        "patience": Text("Early stopping"),
        "narrator": Text("Narrator"),
        "confidence": Text("Confidence"),
        "memory": Text("Memorized"),
        "seal": Text("Test set"),
    },
    ("study", "folds", "of", "penalty", generalization_fits.PREFIX, generalization_inputs.PREFIX),
    {
        "capacity": _POLYNOMIALS,
        "bias": _POLYNOMIALS,
        "inputs": (generalization_inputs.read_address, generalization_inputs.address),
        "kfold": (kfold_state.read_address, kfold_state.address),
        "strength": (generalization_curves.read_address, generalization_curves.address),
        **dict.fromkeys(("patience", "narrator", "confidence", "memory", "seal"), _RUN),
    },
)
