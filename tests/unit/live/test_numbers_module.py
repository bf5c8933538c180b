"""The ± behind an error, as the browser makes it where none was measured."""

from __future__ import annotations

import pytest

from tests.javascript import said

PRELUDE = 'const { Numbers } = await import(new URL("live/numbers.js", "FOLDER/"));'


@pytest.mark.parametrize(
    ("error", "num", "measured", "regression", "shown"),
    [
        ("0.5", 100, "NaN", "false", "± 5.0"),
        ("0", 14, "NaN", "false", "± 6.7"),
        ("1", 14, "NaN", "false", "± 6.7"),
        ("NaN", 14, "NaN", "false", ""),
        ("0.5", 100, "0.031", "false", "± 3.1"),
        ("0.5", 100, "NaN", "true", ""),
    ],
)
def test_one_standard_error_is_binomial_and_of_none_or_all_wrong_where_wilsons_interval_ends(
    error, num, measured, regression, shown
):
    assert said(f"Numbers.prototype.spread({error}, {num}, {measured}, {regression})", PRELUDE) == shown
