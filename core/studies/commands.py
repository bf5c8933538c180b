"""The values of a command, checked before it is handed to a run."""

from __future__ import annotations

from typing import Any

from core.errors import BadInput, shown
from core.text import Text


def checked_values(kind: str, values: dict[str, Any]) -> dict[str, Any]:
    """A command's values within their legal ranges; BadInput says what is wrong.

    What a `set` may change depends on the run: `core.training.changes.changed`.
    """
    if kind == "extend":
        epochs = values.get("epochs")
        if not isinstance(epochs, int) or isinstance(epochs, bool) or not 1 <= epochs <= 1_000_000:
            raise BadInput(
                Text("The number of epochs to add is {value}.", value=shown(epochs)),
                Text("It must be a whole number above 0."),
                Text("Use 1 to 1 000 000."),
            )
    if kind == "set" and "lr" in values:
        lr = values["lr"]
        if not isinstance(lr, int | float) or isinstance(lr, bool) or not 0 < lr < float("inf"):
            raise BadInput(
                Text("The learning rate is {value}.", value=shown(lr)),
                Text("A negative learning rate climbs the loss, and 0 goes nowhere."),
                Text("Use a value above 0; 0.0001 to 1 is usual."),
            )
    return values
