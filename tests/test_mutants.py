"""The runner of the sabotages tells a noticed one from a survivor, and from tests that could not be run."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.mutants import verdict
from tests.sabotage import Sabotage

SUM = "def total(a, b):\n    return a + b\n"
TESTS = """
from sums import total


def test_a_sum():
    assert total(2, 3) == 5


def test_a_sum_with_zero():
    assert total(2, 0) == 2
"""


@pytest.fixture
def place(tmp_path: Path) -> Path:
    (tmp_path / "sums.py").write_text(SUM)
    (tmp_path / "test_sums.py").write_text(TESTS)
    return tmp_path


@pytest.mark.parametrize(
    ("old", "new", "test", "said"),
    [
        ("a + b", "a - b", "test_a_sum", ""),
        ("a + b", "a - b", "test_a_sum_with_zero", "SURVIVED: no test failed"),
        ("a + b", "a + ", "test_a_sum", "its tests could not be run"),
        ("a * b", "a - b", "test_a_sum", "its text stands 0 times in sums.py"),
        ("a", "b", "test_a_sum", "its text stands 3 times in sums.py"),
    ],
)
def test_what_is_said_of_a_sabotage(place: Path, old: str, new: str, test: str, said: str):
    problem = verdict(Sabotage("a sum", "sums.py", old, new, (f"test_sums.py::{test}",)), place)
    assert problem.startswith(said)
    assert bool(problem) == bool(said)
    assert (place / "sums.py").read_text() == SUM
