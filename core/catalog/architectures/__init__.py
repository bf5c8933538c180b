"""Architectures: the networks (importing this package registers them)."""

from core.catalog.architectures import dense, cnn, resnet, efficient, recurrent, attention  # isort: skip  # the order of the list on the page
from core.catalog.architectures.architecture import Architecture, LayerPlan, layer_of
from core.catalog.architectures.reference_nets import REFERENCE_NETS

__all__ = [
    "REFERENCE_NETS",
    "Architecture",
    "LayerPlan",
    "attention",
    "cnn",
    "dense",
    "efficient",
    "layer_of",
    "recurrent",
    "resnet",
]
