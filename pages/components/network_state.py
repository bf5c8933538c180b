"""What one tab has chosen to see of a real network: which picture, through which plane, beside which runs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Literal, cast, get_args

import streamlit as st

from core.landscape.asked import BATCH_NORMS, MOST_RUNS, PLANES, BatchNorm, PlaneKind

Picture = Literal["surface", "between", "update"]
PICTURES: tuple[Picture, ...] = get_args(Picture)
RESOLUTIONS = (9, 17, 33, 65)
MOST_OTHERS = min(5, MOST_RUNS - 1)
_CHOICES = "choices of the network's surface"
PARAMETERS = ("beside", "picture", "plane", "grid", "samples", "draw", "norm", "penalty")
"""Query parameters: other runs, picture, plane, points a side, samples and the seed that draws them, and the rest."""


@dataclass(frozen=True)
class Choices:
    """The picture and how it is measured; `others` are the runs whose paths stand beside that of the one looked at."""

    others: tuple[str, ...] = ()
    picture: Picture = "surface"
    plane: PlaneKind = "pca"
    resolution: int = 33
    samples: int = 512
    seed: int = 0
    with_penalty: bool = False
    batch_norm: BatchNorm = "frozen"


def choices() -> Choices:
    """What is chosen."""
    return st.session_state.get(_CHOICES, Choices())


def put(**values: Any) -> None:
    """Choose something else."""
    st.session_state[_CHOICES] = replace(choices(), **values)


def read(query: Mapping[str, str]) -> None:
    """Take what an address says; what it does not say, or says wrongly, is as usual."""
    usual = Choices()

    def one_of(name: str, options: tuple[Any, ...], otherwise: Any) -> Any:
        return next((option for option in options if str(option) == query.get(name)), otherwise)

    def number(name: str, otherwise: int) -> int:
        text = query.get(name, "")
        return int(text) if text.isdecimal() and len(text) < 10 else otherwise

    st.session_state[_CHOICES] = Choices(
        others=tuple(run for run in query.get("beside", "").split(",") if run)[:MOST_OTHERS],
        picture=cast(Picture, one_of("picture", PICTURES, usual.picture)),
        plane=cast(PlaneKind, one_of("plane", PLANES, usual.plane)),
        resolution=one_of("grid", RESOLUTIONS, usual.resolution),
        samples=number("samples", usual.samples),
        seed=number("draw", usual.seed),
        with_penalty=query.get("penalty") == "1",
        batch_norm=cast(BatchNorm, one_of("norm", BATCH_NORMS, usual.batch_norm)),
    )


def written() -> dict[str, str]:
    """What of the choices stands in the address: whatever is not as usual."""
    now, usual = choices(), Choices()
    values = {
        "beside": ",".join(now.others),
        "picture": now.picture if now.picture != usual.picture else "",
        "plane": now.plane if now.plane != usual.plane else "",
        "grid": str(now.resolution) if now.resolution != usual.resolution else "",
        "samples": str(now.samples) if now.samples != usual.samples else "",
        "draw": str(now.seed) if now.seed != usual.seed else "",
        "norm": now.batch_norm if now.batch_norm != usual.batch_norm else "",
        "penalty": "1" if now.with_penalty else "",
    }
    return {name: value for name, value in values.items() if value}
