from __future__ import annotations

import numpy as np
import pytest

from core.catalog.datasets.dataset import Scale, num_test_of

ROWS = np.array([[0.0, 100.0, 7.0], [2.0, 300.0, 7.0], [4.0, 800.0, 7.0], [99.0, -5.0, 1.0]], np.float32)
TRAIN = np.array([0, 1, 2])


def test_a_fifth_of_the_samples_is_sealed_rounded_up() -> None:
    assert [num_test_of(num) for num in (10, 150, 1797)] == [2, 30, 360]


def test_a_fixed_scale_is_the_same_for_every_channel_and_broadcasts_against_images() -> None:
    shift, factor = Scale(factor=1 / 255).fitted(np.zeros((4, 3, 8, 8), np.uint8), TRAIN)
    assert shift.shape == factor.shape == (3, 1, 1)
    assert (255 * factor == 1).all()
    assert not shift.any()


def test_min_max_maps_the_training_rows_to_0_and_1_and_looks_at_no_other_row() -> None:
    shift, factor = Scale(kind="min_max").fitted(ROWS, TRAIN)
    scaled = (ROWS[TRAIN] - shift) * factor
    assert scaled.min(axis=0) == pytest.approx([0, 0, 0])
    assert scaled.max(axis=0) == pytest.approx([1, 1, 0])


def test_standardizing_gives_the_training_rows_mean_0_and_deviation_1_and_looks_at_no_other_row() -> None:
    shift, factor = Scale(kind="standardized").fitted(ROWS, TRAIN)
    scaled = (ROWS[TRAIN] - shift) * factor
    assert scaled.mean(axis=0) == pytest.approx([0, 0, 0], abs=1e-6)
    assert scaled.std(axis=0) == pytest.approx([1, 1, 0])


def test_a_feature_that_is_constant_in_training_becomes_0_instead_of_infinite() -> None:
    for kind in ("min_max", "standardized"):
        shift, factor = Scale(kind=kind).fitted(ROWS, TRAIN)
        assert factor[2] == 1
        assert ((ROWS[TRAIN] - shift) * factor)[:, 2].tolist() == [0, 0, 0]
