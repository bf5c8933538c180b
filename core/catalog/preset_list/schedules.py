"""More schedules over momentum with a rate that is too large to end with."""

from __future__ import annotations

from core.catalog.preset_list.rates import falling

falling(
    "polynomial",
    "A rate that falls along a line",
    "The same rate down to 0 along a straight line: {validation_error} wrong, training {train_error}.",
    (1, 6),
    (0, 1),
)
falling(
    "cosine_restarts",
    "A rate that starts again",
    "The same rate, four falls along a cosine: {validation_error} wrong after the last, training {train_error}.",
    (0.7, 6),
    (0, 2),
)
falling(
    "plateau",
    "A rate that waits for the curve",
    "The same rate, lowered when the error has not improved for eleven evaluations: {validation_error} wrong, training "
    "{train_error}.",
    (2, 8),
    (0, 4),
)
