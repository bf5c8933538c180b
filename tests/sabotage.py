"""What a sabotage is: a small change that makes the program wrong, and the tests that must notice it."""

from __future__ import annotations

from dataclasses import dataclass

UNIT = "tests/unit"
TRAINING = f"{UNIT}/training"
LIVE = f"{UNIT}/live"
STUDIES = f"{UNIT}/studies"
REGULARIZERS = f"{UNIT}/catalog/regularizers"


@dataclass(frozen=True)
class Sabotage:
    """`old`, which stands exactly once in `file`, becomes `new`; one of `tests` (pytest's ids) must fail then."""

    name: str
    file: str
    old: str
    new: str
    tests: tuple[str, ...]
