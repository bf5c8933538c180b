from __future__ import annotations

from pathlib import Path
from typing import Literal

import numpy as np
import pytest

from core.catalog.datasets.tables import BreastCancer, Iris, Table, Wine
from core.catalog.registry import parse
from core.errors import BadInput

TABLES: list[type[Table]] = [Iris, Wine, BreastCancer]


def test_the_declared_names_are_the_ones_scikit_learn_has() -> None:
    assert [name.lower() for name in BreastCancer.feature_names] == list(
        map(str, BreastCancer().bundled().feature_names)
    )
    assert list(Wine.feature_names) == Wine().bundled().feature_names
    assert list(Iris.feature_names) == Iris().bundled().feature_names
    assert list(BreastCancer.class_names) == list(map(str, BreastCancer().bundled().target_names))
    assert list(Iris.class_names) == list(map(str, Iris().bundled().target_names))


@pytest.mark.parametrize("cls", TABLES)
@pytest.mark.parametrize("scaling", ["raw", "min_max", "standardized"])
def test_each_scaling_does_what_it_says_on_the_rows_it_is_fitted_to(
    cls: type[Table], scaling: Literal["raw", "min_max", "standardized"]
) -> None:
    samples = cls(scaling=scaling).load(Path("unused"))
    train = np.arange(0, len(samples.inputs), 2)
    shift, factor = samples.scale.fitted(samples.inputs, train)
    scaled = (samples.inputs[train] - shift) * factor
    if scaling == "raw":
        assert np.array_equal(scaled, samples.inputs[train])
    elif scaling == "min_max":
        assert scaled.min(axis=0) == pytest.approx(0, abs=1e-5)
        assert scaled.max(axis=0) == pytest.approx(1, abs=1e-5)
    else:
        assert scaled.mean(axis=0) == pytest.approx(0, abs=1e-3)
        assert scaled.std(axis=0) == pytest.approx(1, abs=1e-3)


def test_tables_are_standardized_unless_one_asks_otherwise() -> None:
    assert {cls().scaling for cls in TABLES} == {"standardized"}
    with pytest.raises(BadInput, match="one of raw, min_max, standardized"):
        parse("datasets", {"key": "wine", "scaling": "log"})


def test_raw_wine_has_inputs_of_very_different_size() -> None:
    inputs = Wine(scaling="raw").load(Path("unused")).inputs
    assert inputs.max() == 1680
    assert inputs.max(axis=0).min() < 1
