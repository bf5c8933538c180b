"""Activations: what stands between two layers (importing this package registers them)."""

from core.catalog.activations import rectified, saturating
from core.catalog.activations.activation import Activation, AnyActivation

__all__ = ["Activation", "AnyActivation", "rectified", "saturating"]
