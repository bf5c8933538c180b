"""What every data set keeps: its declaration equals what is loaded, and loading twice gives the same bytes."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import core.catalog.datasets  # noqa: F401
from core.catalog.datasets.dataset import DataSet, Samples
from core.catalog.datasets.download import Downloaded
from core.catalog.datasets.generated import Generated
from core.catalog.registry import entries, parse
from core.errors import BadInput

KEYS = list(entries("datasets"))
EXPECTED = {
    "digits", "mnist_5000", "fashion_mnist", "mnist", "cifar10", "spirals", "moons", "circles", "xor", "blobs",
    "mnist_1d", "iris", "wine", "breast_cancer", "polynomial", "linear_200", "pure_noise",
}  # fmt: skip


def data_set(key: str) -> DataSet:
    entry = parse("datasets", key)
    assert isinstance(entry, DataSet)
    return entry


@pytest.fixture
def samples_of(request: pytest.FixtureRequest, session_folder: Path, tmp_path: Path):
    """Loads a data set; the ones that are downloaded come, tiny, from a local server."""

    def load(key: str, split_seed: int = 0) -> Samples:
        dataset = data_set(key)
        if isinstance(dataset, Downloaded):
            request.getfixturevalue("cifar_online" if key == "cifar10" else "mnist_online")
            return dataset.load(tmp_path, split_seed)
        return dataset.load(session_folder / "data", split_seed)

    return load


def test_all_data_sets_are_there_and_digits_come_first() -> None:
    assert set(KEYS) == EXPECTED
    assert KEYS[0] == "digits"


@pytest.mark.parametrize("key", KEYS)
def test_what_is_declared_is_what_is_loaded(key: str, samples_of) -> None:
    dataset, samples = data_set(key), samples_of(key)
    facts = dataset.facts()
    assert samples.inputs.shape[1:] == facts.input_shape
    assert samples.inputs.dtype == (np.uint8 if dataset.input_kind == "image" else np.float32)
    if dataset.task == "classification":
        assert samples.targets.dtype == np.int64
        assert samples.targets.ndim == 1
        assert set(samples.targets.tolist()) == set(range(facts.num_outputs))
        assert len(facts.class_names) == facts.num_outputs
    else:
        assert samples.targets.dtype == np.float32
        assert samples.targets.shape == (len(samples.inputs), 1)
        assert facts.num_outputs == 1
    assert len(samples.inputs) == len(samples.targets)
    assert samples.bytes <= facts.bytes
    if not isinstance(dataset, Downloaded):
        assert len(samples.inputs) == facts.num_samples
        assert samples.bytes == facts.bytes
    if dataset.input_kind in ("points", "features"):
        assert len(facts.feature_names) == facts.input_shape[0]
    assert np.isfinite(samples.inputs).all()


@pytest.mark.parametrize("key", KEYS)
def test_scaled_images_fill_the_range_from_0_to_1(key: str, samples_of) -> None:
    if data_set(key).input_kind != "image":
        assert samples_of(key).inputs.dtype == np.float32
        return
    samples = samples_of(key)
    shift, factor = samples.scale.fitted(samples.inputs, np.arange(10))
    scaled = (samples.inputs - shift) * factor
    assert (scaled.min(), scaled.max()) == (0, 1)


@pytest.mark.parametrize("key", KEYS)
def test_loading_twice_gives_the_same_bytes(key: str, samples_of) -> None:
    first, second = samples_of(key), samples_of(key)
    assert first.inputs.tobytes() == second.inputs.tobytes()
    assert first.targets.tobytes() == second.targets.tobytes()


@pytest.mark.parametrize("key", KEYS)
def test_only_generated_data_depend_on_the_split_seed(key: str, samples_of) -> None:
    same = samples_of(key, 0).inputs.tobytes() == samples_of(key, 1).inputs.tobytes()
    assert same is not data_set(key).generated


@pytest.mark.parametrize("key", KEYS)
def test_arrays_can_be_written_to_so_that_tensors_may_share_their_memory(key: str, samples_of) -> None:
    samples = samples_of(key)
    assert samples.inputs.flags.writeable
    assert samples.targets.flags.writeable
    assert samples.inputs.flags.c_contiguous


@pytest.mark.parametrize("key", KEYS)
def test_every_numeric_field_refuses_what_lies_beyond_its_legal_range(key: str) -> None:
    for parameter in entries("datasets")[key].parameters():
        for bound, step in ((parameter.low, -1), (parameter.high, 1)):
            if bound is not None:
                with pytest.raises(BadInput, match=parameter.name):
                    parse("datasets", {"key": key, parameter.name: bound + step})


@pytest.mark.parametrize("key", [key for key in KEYS if issubclass(entries("datasets")[key], Generated)])
def test_generated_data_hold_at_the_ends_of_their_legal_ranges(key: str) -> None:
    cls = entries("datasets")[key]
    for parameter in (parameter for parameter in cls.parameters() if parameter.annotation in (int, float)):
        for bound, legal, inward in (
            (parameter.low, parameter.low_is_legal, 0.01),
            (parameter.high, parameter.high_is_legal, -0.01),
        ):
            assert bound is not None
            value = bound if legal else bound + inward
            if parameter.name == "n" and value > 1000:
                continue
            samples = data_set_with(key, parameter.name, value)
            assert np.isfinite(samples.inputs).all()


def data_set_with(key: str, name: str, value: float) -> Samples:
    entry = parse("datasets", {"key": key, name: value})
    assert isinstance(entry, DataSet)
    return entry.load(Path("unused"))


def test_importing_the_data_sets_imports_neither_torch_nor_scikit_learn() -> None:
    program = (
        "import core.catalog.datasets, sys; print([m for m in ('torch', 'sklearn', 'mlxtend') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, timeout=100)
    assert done.stdout.strip() == "[]"
