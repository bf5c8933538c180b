"""Regularizers: against learning the training set by heart (importing this package registers them)."""

from core.catalog.regularizers import (  # isort: skip  # order on the page
    weights,
    dropout,
    stochastic_depth,
    early_stopping,
    clipping,
    averages,
    pretraining,
)
from core.catalog.regularizers.combination import check_regularizers
from core.catalog.regularizers.dropout import DropoutRates, dropout_rates
from core.catalog.regularizers.regularizer import Regularizer
from core.catalog.regularizers.stochastic_depth import depth_rate

__all__ = [
    "DropoutRates",
    "Regularizer",
    "averages",
    "check_regularizers",
    "clipping",
    "depth_rate",
    "dropout",
    "dropout_rates",
    "early_stopping",
    "pretraining",
    "stochastic_depth",
    "weights",
]
