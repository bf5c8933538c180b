"""Erasing and cutout: where something is hidden, and how much."""

from __future__ import annotations

import pytest
import torch

from core.catalog.augmentations.erasing import Cutout, Erase
from core.catalog.augmentations.pipeline import compile_pipeline
from core.catalog.registry import parse
from core.errors import BadInput

WHITE = torch.ones(4000, 2, 20, 16)


def boxes(result: torch.Tensor) -> torch.Tensor:
    """Rows and columns (n, 2) of what is hidden, having made sure that it is one box, the same in each channel."""
    hidden = result == 0
    assert torch.equal(hidden[:, 0], hidden[:, 1])
    assert set(result.unique().tolist()) == {0.0, 1.0}
    rows, columns = hidden[:, 0].any(2), hidden[:, 0].any(1)
    assert torch.equal(hidden[:, 0], rows.unsqueeze(2) & columns.unsqueeze(1))
    for line in (rows, columns):
        assert ((line[:, 1:] & ~line[:, :-1]).sum(1) + line[:, 0] <= 1).all(), "one stretch"
    return torch.stack([rows.sum(1), columns.sum(1)], 1)


def test_erasing_hides_a_box_of_the_asked_area_and_shape_in_the_asked_share(augment):
    sizes = boxes(augment([Erase(probability=0.3, low=0.1, high=0.4, aspect=2)], WHITE)).float()
    hidden = sizes[sizes[:, 0] > 0]
    assert len(hidden) / len(sizes) == pytest.approx(0.3, abs=0.03)
    area, shape = hidden.prod(1) / 320, hidden[:, 0] / hidden[:, 1]
    # Sides are rounded to whole pixels.
    assert 0.08 < area.min() < 0.12
    assert 0.38 < area.max() < 0.43
    assert 0.44 < shape.min() < 0.56
    assert 1.8 < shape.max() < 2.3
    assert float(area.mean()) == pytest.approx(0.25, abs=0.02)


def test_erasing_reaches_every_pixel_alike_but_for_the_border(augment):
    hidden = (augment([Erase(probability=1, low=0.05, high=0.05, aspect=1)], WHITE) == 0)[:, 0].float().mean(0)
    inner = hidden[4:-4, 4:-4]
    assert inner.std() < 0.15 * inner.mean()
    assert hidden.min() > 0


def test_what_fits_nowhere_is_not_erased(augment):
    # A box of nearly the whole picture and twice as wide as high, or high as wide, never lies within it.
    flat = torch.ones(50, 2, 4, 40)
    assert torch.equal(augment([Erase(probability=1, low=0.9, high=0.95, aspect=1)], flat), flat)


def test_cutout_hides_a_square_that_may_reach_over_the_border(augment):
    sizes = boxes(augment([Cutout(size=6)], WHITE))
    assert sizes.max() == 6
    assert sizes.min() == 3  # a centre in a corner: half of the square lies outside
    whole = (sizes == 6).all(1).float().mean()
    # Of 20 rows 15 and of 16 columns 11 are centres of whole squares.
    assert float(whole) == pytest.approx(15 * 11 / 320, abs=0.03)


def test_settings_that_make_no_sense_are_refused():
    with pytest.raises(BadInput, match="The largest area lies below the smallest one"):
        parse("augmentations", {"key": "erase", "low": 0.5, "high": 0.3})
    with pytest.raises(BadInput, match=r"side of the square is 8 for Cutout on 8×8 pixels.*Use a side of 7 or less"):
        compile_pipeline([Cutout(size=8)], (1, 8, 8))
