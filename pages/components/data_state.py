"""The parts of the page Data."""

from __future__ import annotations

from core.text import Text
from pages.components import invariance_state
from pages.components.parts import Parts

PARTS = Parts(
    "data",
    {
        "classes": Text("Classes and split"),
        "inputs": Text("Input scaling"),
        "augmentation": Text("Augmentation"),
        "generated": Text("Generated data"),
        "invariance": Text("Invariance"),
        "own": Text("Own data"),
    },
    ("against", "of"),
    {"invariance": (invariance_state.read_address, invariance_state.address)},
)
