"""Every fault is seen: on three seeds its instrument tells a run that has it from the healthy run."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path

import pytest

from core.catalog.faults import Series, sealed
from core.compatibility import check
from core.experiment import Experiment
from tests.presets.test_presets import SEEDS
from tests.sealed import FAULTS, example, recorded


def healthy_series(key: str, seed: int, folder: Path) -> Series:
    """What was recorded of the healthy run of a fault's example; several faults have the same one."""
    return _series(json.dumps(example(key, seed).differences()), folder)


@cache
def _series(document: str, folder: Path) -> Series:
    return recorded(Experiment.from_json(json.loads(document)), folder)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("faults")


@pytest.mark.parametrize("key", FAULTS)
def test_the_instrument_tells_the_fault_on_three_seeds(key: str, folder: Path):
    fault, unseen = FAULTS[key](), []
    for seed in SEEDS:
        healthy = example(key, seed)
        here = fault.reading(recorded(healthy.replace(sealed=sealed(key)), folder))
        there = fault.reading(healthy_series(key, seed, folder))
        if not fault.shows(here, there):
            unseen.append(f"seed {seed}: {here:.4g} with the fault, {there:.4g} without it")
    assert not unseen


@pytest.mark.parametrize("key", FAULTS)
def test_a_healthy_run_is_not_accused(key: str, folder: Path):
    """By how much two healthy runs differ, that of another seed is no fault."""
    fault = FAULTS[key]()
    first, second = (fault.reading(healthy_series(key, seed, folder)) for seed in SEEDS[:2])
    assert not fault.shows(first, second)
    assert not fault.shows(second, first)


@pytest.mark.parametrize("key", FAULTS)
def test_an_example_fits_its_fault_and_has_no_setting_without_effect(key: str):
    assert check(example(key, 0).replace(sealed=sealed(key))) == []
