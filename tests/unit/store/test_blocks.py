"""Blocks of per-update columns keep every bit and are small."""

from __future__ import annotations

import numpy as np
import pytest

from core.store.blocks import checked, cut, decode, encode, join


def columns(first: int, count: int) -> dict[str, np.ndarray]:
    """Two series of some steps."""
    step = np.arange(first, first + count)
    return checked(
        {"step": step, "lr": np.full(count, 0.001), "norm": np.where(step % 3, np.log10(step + 1.0), -np.inf)}
    )


@pytest.mark.parametrize("packed", [False, True])
def test_a_block_comes_back_bit_for_bit_and_in_part(packed: bool):
    block = columns(1, 1000)
    back = decode(encode(block, packed=packed))
    assert {name: column.dtype for name, column in back.items()} == {"step": np.int64, "lr": float, "norm": float}
    assert all(back[name].tobytes() == block[name].tobytes() for name in block)
    assert list(decode(encode(block, packed=packed), ["norm"])) == ["step", "norm"]


def test_a_constant_series_takes_almost_no_room():
    series = {name: columns(1, 8000)[name] for name in ("step", "lr")}
    assert len(encode(series)) < 8000 * 16 / 3
    assert len(encode(series, packed=True)) < 8000 * 16 / 10


def test_joining_and_cutting():
    both = join([columns(1, 3), {**columns(4, 2), "clipped": np.ones(2)}])
    assert both["step"].tolist() == [1, 2, 3, 4, 5]
    assert np.isnan(both["clipped"]).tolist() == [True, True, True, False, False]
    assert cut(both, 4)["step"].tolist() == [1, 2, 3, 4]
    assert len(join([])["step"]) == 0


@pytest.mark.parametrize("bad", [{}, {"lr": np.ones(2)}, {"step": np.ones((2, 2))}, {"step": np.array([2, 1])},
                                 {"step": np.arange(3), "lr": np.ones(2)}])  # fmt: skip
def test_columns_that_are_no_series_are_refused(bad: dict[str, np.ndarray]):
    with pytest.raises(ValueError, match="block"):
        checked(bad)
