"""What one tab has chosen to see of a real network: which picture, through which plane, beside which runs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Literal, cast, get_args

import streamlit as st

from core.landscape.asked import BATCH_NORMS, MOST_RUNS, MOST_SAMPLES, PLANES, BatchNorm, PlaneKind
from core.text import Text
from pages.components.parts import nothing_to_choose

Picture = Literal["surface", "between", "update"]
PICTURES: tuple[Picture, ...] = get_args(Picture)
RESOLUTIONS = (9, 17, 33, 65)
MOST_OTHERS = min(5, MOST_RUNS - 1)
MOST_SEED = 10**9 - 1
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


def number(text: str) -> int | None:
    """The number that a part of an address is; None where it is none."""
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 10 else None


def read(query: Mapping[str, str]) -> list[Text]:
    """Take what an address says; what it says wrongly is as usual too, and returned."""
    usual, remarks = Choices(), []

    def read_as(name: str, found: Any, otherwise: Any) -> Any:
        if found is None and query.get(name):
            remarks.append(nothing_to_choose(name, query[name]))
        return otherwise if found is None else found

    def one_of(name: str, options: tuple[Any, ...], otherwise: Any) -> Any:
        return read_as(name, next((option for option in options if str(option) == query.get(name)), None), otherwise)

    def between(name: str, least: int, most: int, otherwise: int) -> int:
        found = number(query.get(name, ""))
        return read_as(name, found if found is not None and least <= found <= most else None, otherwise)

    others = tuple(run for run in query.get("beside", "").split(",") if run)
    st.session_state[_CHOICES] = Choices(
        others=others[:MOST_OTHERS],
        picture=cast(Picture, one_of("picture", PICTURES, usual.picture)),
        plane=cast(PlaneKind, one_of("plane", PLANES, usual.plane)),
        resolution=one_of("grid", RESOLUTIONS, usual.resolution),
        samples=between("samples", 1, MOST_SAMPLES, usual.samples),
        seed=between("draw", 0, MOST_SEED, usual.seed),
        with_penalty=bool(one_of("penalty", (1,), 0)),
        batch_norm=cast(BatchNorm, one_of("norm", BATCH_NORMS, usual.batch_norm)),
    )
    return remarks


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
