"""Base of the faults: what a sealed fault changes where a run is put together, and the instrument that shows it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, ClassVar, Literal, NamedTuple

from core.catalog.entry import Entry
from core.errors import BadInput
from core.text import Text

if TYPE_CHECKING:
    import numpy as np
    from torch import Tensor, nn

Series = Mapping[str, "np.ndarray"]
"""What was recorded of a run: numbers of its updates and of its evaluations, by their metric names."""

Instrument = Literal["errors", "losses", "gradients", "weights", "updates"]
INSTRUMENTS: dict[Instrument, Text] = {
    "errors": Text("training beside validation error"),
    "losses": Text("loss of the batches beside the loss on training samples"),
    "gradients": Text("sizes of the gradients by layer"),
    "weights": Text("sizes of the weights by layer"),
    "updates": Text("sizes of the updates by layer"),
}

LATE = 4
"""A late stretch of a run is its last fourth."""


class Seen(NamedTuple):
    """What a fault may change of a run's data: targets, rows of two splits, and the scaling (x − shift) · factor.

    targets (N,) int64 or (N, 1) float32; train, validation int64 row indices; shift is None where nothing is
    subtracted; shift and factor broadcast against a batch.
    """

    targets: Tensor
    train: Tensor
    validation: Tensor
    shift: Tensor | None
    factor: Tensor


class Fault(Entry):
    """A mistake that a run can be made with. This base is no fault: every method leaves all as it is.

    `why` says what is wrong, `choose` what the instrument shows, `fix` what to do. `reading_title` names the number
    that is read off the instrument; with the fault it is larger by `margin` at least (smaller where `falls`), on the
    `example` (None: the preset `see`), whatever the seed.
    """

    family: ClassVar[str] = "faults"
    instrument: ClassVar[Instrument]
    example: ClassVar[Mapping[str, Any] | None] = None
    fix: ClassVar[str] = ""
    reading_title: ClassVar[str] = ""
    unit: ClassVar[Literal["", "%", "power of ten"]] = ""
    margin: ClassVar[float]
    falls: ClassVar[bool] = False

    rate_factor: ClassVar[float] = 1.0
    """Times the chosen learning rate an update goes."""
    shuffles: ClassVar[bool] = True
    """Whether every pass has an order of its own; else the samples come class by class."""

    def build(self) -> Fault:
        """The fault itself: it acts through the methods below."""
        return self

    def check(self, experiment: Any) -> None:
        """Raise BadInput where an experiment has nothing that this could act on, or has the same by its own choice."""

    def instead(self, experiment: Any) -> Any:
        """The experiment whose parts are built in place of the chosen one."""
        return experiment

    def data(self, seen: Seen, num_outputs: int, seed: int) -> Seen:
        """The data as the run gets them; what is drawn comes from `seed`."""
        return seen

    def network(self, network: nn.Module) -> nn.Module:
        """The network as the run gets it."""
        return network

    def reading(self, series: Series) -> float:
        """The number that is read off the instrument, of a run that has done some updates and two evaluations."""
        raise NotImplementedError

    def shows(self, reading: float, healthy: float) -> bool:
        """Whether two readings tell a run with the fault from a healthy one."""
        return (healthy - reading if self.falls else reading - healthy) >= self.margin

    def reading_words(self, reading: float) -> str:
        """A reading with its unit."""
        if self.unit == "%":
            return f"{100 * reading:.1f} %"
        return f"10^{reading:.1f}".replace("-", "−") if self.unit == "power of ten" else f"{reading:.3g}"

    def nothing_to_act_on(self, needed: Text) -> BadInput:
        """The error of `check`."""
        return BadInput(
            Text("The fault “{title}” has no place in this experiment.", title=Text(self.title)),
            needed,
            Text("Choose another fault, or change the experiment first."),
        )


def late(values: np.ndarray) -> np.ndarray:
    """The last fourth of a series, one number at least."""
    return values[-max(1, len(values) // LATE) :]


def of_layers(series: Series, quantity: str) -> list[np.ndarray]:
    """A quantity of every layer, the first layer first."""
    return [values for name, values in series.items() if name.startswith(f"{quantity}/") and not name.endswith("total")]
