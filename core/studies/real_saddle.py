"""Networks that begin at a real saddle: the prepared comparison, from tiny first weights or from exactly 0."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from core.store.records import RunRecord, StudyRecord
from core.store.store import Store
from core.studies.comparison import Comparison
from core.studies.comparison_presets import comparison_preset
from core.studies.lanes import same_comparisons
from core.text import Text, Translate, untranslated

VIEWED_AT = 500
"""The update after which SGD is still at the saddle, and the others have left it or are about to."""
FLAT = 2.0
"""The flat part is left with the first batch whose loss is below this; guessing costs ln 10 = 2.30."""


def real_saddle(*, from_zero: bool = False, translate: Translate = untranslated) -> Comparison:
    """SGD, momentum, Adam and RMSProp from the same tiny first weights, or from weights of exactly 0."""
    tiny = comparison_preset("real_saddle").comparison(translate)
    if not from_zero:
        return tiny
    zeros = {
        "base": tiny.base.replace(initializer="zeros"),
        "name": Text("From weights of exactly 0").render(translate),
    }
    return Comparison.from_json({**tiny.to_json(), **zeros})


def stored_real_saddles(studies: Iterable[StudyRecord], *, from_zero: bool) -> list[StudyRecord]:
    """The stored comparisons that are this one, newest first."""
    wanted = real_saddle(from_zero=from_zero)
    return same_comparisons(studies, wanted)[::-1]


def left_flat_part(store: Store, run: RunRecord) -> int | None:
    """The first update of a run whose batch had a loss below `FLAT`; None where there was none yet."""
    rows = store.read_steps(run.id, ["batch/loss"])
    below = np.flatnonzero(rows.get("batch/loss", np.empty(0)) < FLAT)
    return int(rows["step"][below[0]]) if len(below) else None
