"""The pictures of the Gradients page: each computed once, as an interactive job of the compute thread."""

from __future__ import annotations

from collections.abc import Callable, Generator
from concurrent.futures import Future
from typing import Any

from core.studies.drawings import Drawings
from core.studies.gradients_asked import Asked, Clipped, Felt, Pair, ThroughTime
from core.studies.gradients_before import profiles
from core.studies.gradients_clipped import clipped
from core.studies.gradients_felt import felt
from core.studies.gradients_through_time import through_time
from core.training.compute import Compute
from core.training.resident import ResidentData

WORK: dict[type[Asked], Callable[[ResidentData, Any], Generator[None, None, Any]]] = {
    Pair: profiles,
    Felt: felt,
    ThroughTime: lambda _, asked: through_time(asked),
    Clipped: clipped,
}
"""How each record is worked off on the digits."""


class Gradients(Drawings[Asked]):
    """Draws for the Gradients page. `load` loads the digits."""

    def __init__(self, compute: Compute, load: Callable[[], Future[ResidentData]]) -> None:
        super().__init__(compute, lambda asked: WORK[type(asked)](load().result(), asked))
