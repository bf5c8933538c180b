"""No update waits for the device: every part of the catalogue on a device that holds no values and can give none back.

The full product of architectures, augmentations, regularizers and optimizers has thousands of members; each pair of
choices that work on the same tensors meets in at least one of the steps here: an augmentation's images are images like
others to the network, but its classes are the loss's. A second update differs by what remembers the first: each pair of
those meets in two updates of a small network.
"""

from __future__ import annotations

import itertools
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves

from core.catalog.registry import entries, parse
from core.experiment import Experiment
from core.training.device import Conditions, conditions
from core.training.run import Run
from tests.experiments import NETWORKS, everything

IMAGE_CNN = {"key": "cnn", "blocks": [{"channels": 4, "pooling": "max"}], "dense": [6], "dropout": 0.5}


class OnlyOnTheDevice(TorchDispatchMode):
    """Fails on a tensor off the device, given or made; numbers of the host among themselves are the host's business."""

    def __init__(self, device: str) -> None:
        super().__init__()
        self.device = device
        self.num_calls = 0

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        result = func(*args, **(kwargs or {}))
        tensors = [leaf for leaf in tree_leaves((args, kwargs, result)) if isinstance(leaf, Tensor)]
        if not all(tensor.device.type == "cpu" and tensor.dim() == 0 for tensor in tensors):
            for tensor in tensors:
                assert tensor.device.type == self.device, f"{func} touches a tensor on {tensor.device}"
        self.num_calls += 1
        return result


AUGMENTATIONS = [key for key, cls in entries("augmentations").items() if "image" in cls.input_kinds]  # type: ignore[attr-defined]
# What asks for the class of a sample stands before what mixes classes.
AUGMENTATIONS.sort(key=lambda key: not entries("augmentations")[key].needs_classes)  # type: ignore[attr-defined]
DENSE_AND_CONVOLUTIONAL: list[dict[str, Any]] = [
    *(
        {"key": "mlp", "widths": [8, 8], "normalization": norm, "groups": 2}
        for norm in ("none", "batch", "layer", "group")
    ),
    *(IMAGE_CNN | {"normalization": norm} for norm in ("none", "batch", "layer")),
]
CHOICES: dict[str, list[Any]] = {
    "architecture": [
        "logistic",
        *(
            {**(network or {"key": "mlp", "widths": [8]}), "activation": key}
            for network, key in itertools.zip_longest(DENSE_AND_CONVOLUTIONAL, entries("activations"))
        ),
        *NETWORKS.values(),
    ],
    "augmentations": [[], *([key] for key in AUGMENTATIONS), AUGMENTATIONS[:10], AUGMENTATIONS[10:]],
    "regularizers": [
        [],
        *([key] for key in entries("regularizers")),
        ["l1", "l2", "dropout", "clip_value", "clip_norm", "early_stopping"],
    ],
    "optimizer": [key for key, cls in entries("optimizers").items() if not cls.reads_back],  # type: ignore[attr-defined]
    "loss": [key for key, cls in entries("losses").items() if "classification" in cls.tasks],  # type: ignore[attr-defined]
    "schedule": list(entries("schedules")),
    "precision": ["float32", "float64"],  # bfloat16 is a mode of real devices: below, on CUDA
}


APART = {
    *(("augmentations", other) for other in ("regularizers", "optimizer", "schedule")),
    *(("architecture", other) for other in ("augmentations", "schedule")),
}
"""Choices that touch no tensor in common, other than one whose numbers are all that differs."""


def pairwise(choices: dict[str, list[Any]]) -> list[dict[str, Any]]:
    """Cases in which every two options meet, of choices not apart: greedily that which brings most new pairs."""
    options = {name: range(len(values)) for name, values in choices.items()}
    left = {
        ((one, i), (two, j))
        for one, two in itertools.combinations(choices, 2)
        if (one, two) not in APART
        for i, j in itertools.product(options[one], options[two])
    }
    cases = []
    while left:
        case = dict(min(left))
        for name in choices:
            if name not in case:
                case[name] = max(
                    options[name],
                    key=lambda option: sum(pair in left for pair in _pairs({**case, name: option}, choices)),
                )
        left -= set(_pairs(case, choices))
        cases.append({name: choices[name][option] for name, option in case.items()})
    return cases


def _pairs(case: dict[str, int], choices: dict[str, list[Any]]) -> list[tuple[Any, Any]]:
    return list(itertools.combinations([(name, case[name]) for name in choices if name in case], 2))


def fits(case: dict[str, Any]) -> bool:
    """Whether the parts of a case may stand beside each other: what moves weights is refused beside some optimizers."""
    optimizer: Any = parse("optimizers", case["optimizer"])
    refuses = optimizer.own_weight_decay > 0 or optimizer.has_eval_mode
    averages = optimizer.has_eval_mode and {"max_norm", "ema", "swa"} & set(case["regularizers"])
    return not ("weight_decay" in case["regularizers"] and refuses) and not averages


CASES = [case for case in pairwise(CHOICES) if fits(case)]
REMEMBERING = ("regularizers", "optimizer", "schedule", "precision")
MEMORIES = [case for case in pairwise({name: CHOICES[name] for name in REMEMBERING}) if fits(case)]


def on(device: str, experiment: Experiment) -> Conditions:
    images = len(experiment.dataset.facts().input_shape) == 3  # type: ignore[attr-defined]
    return conditions(experiment.precision, convolutional=images, device=device)


def step_on_meta(experiment: Experiment, folder: Path, num_steps: int = 2) -> int:
    """Updates on the meta device; the number of operations."""
    run = Run(experiment, folder, conditions=on("meta", experiment))
    assert all(parameter.is_meta for parameter in run.parts.model.parameters())
    with OnlyOnTheDevice("meta") as guard:
        for _ in range(num_steps):
            run.step()
    assert run.step_count == num_steps
    return guard.num_calls


@pytest.mark.parametrize("part", range(4))
def test_no_combination_of_choices_leaves_the_device(part: int, tmp_path: Path):
    for case in CASES[part::4]:
        # So long that no stage of a pre-training ends within the two updates: its end is read back.
        experiment = everything(**case, epochs=40)
        try:
            assert step_on_meta(experiment, tmp_path, 1) > 20
        except Exception as error:
            raise AssertionError(f"{case}: {error}") from error


def test_what_remembers_an_update_does_not_leave_the_device_in_the_next(tmp_path: Path):
    network = {"key": "mlp", "widths": [8]}
    for case in MEMORIES:
        try:
            assert step_on_meta(everything(**case, architecture=network, augmentations=[], epochs=40), tmp_path) > 20
        except Exception as error:
            raise AssertionError(f"{case}: {error}") from error


def test_only_these_optimizers_read_back(tmp_path: Path):
    reading = [key for key, cls in entries("optimizers").items() if cls.reads_back]  # type: ignore[attr-defined]
    assert reading == ["adafactor", "lbfgs"]
    for key in reading:
        with pytest.raises(RuntimeError):
            step_on_meta(everything(optimizer=key), tmp_path)


def test_every_choice_is_among_the_cases():
    for name, values in CHOICES.items():
        assert all(any(case[name] == value for case in CASES) for value in values), name
    named = {value if isinstance(value, str) else value["key"] for value in CHOICES["architecture"]}
    assert named == set(entries("architectures")), "name new architectures in CHOICES"


@pytest.mark.parametrize("dataset", ["mnist_1d", "polynomial", "linear_200", "moons", "iris"])
def test_other_kinds_of_data_do_not_leave_the_device_either(dataset: str, tmp_path: Path):
    architecture = {"key": "cnn", "blocks": [{"channels": 4}], "dense": []} if dataset == "mnist_1d" else "mlp"
    experiment = Experiment.from_json({"dataset": dataset, "architecture": architecture, "batch_size": 8})
    assert step_on_meta(experiment, tmp_path) > 20


def test_the_guard_sees_a_tensor_of_the_host():
    with pytest.raises(AssertionError, match="touches a tensor on cpu"), OnlyOnTheDevice("meta"):
        torch.ones(3, device="meta").add_(torch.ones(3))
    with pytest.raises(AssertionError, match="touches a tensor on cpu"), OnlyOnTheDevice("meta"):
        torch.ones(3, device="meta").copy_(torch.ones(()))


def test_the_guard_sees_a_value_read_back():
    with pytest.raises(RuntimeError), OnlyOnTheDevice("meta"):
        torch.ones((), device="meta").item()


@pytest.mark.cuda
@pytest.mark.filterwarnings("ignore:Synchronization debug mode:UserWarning")
@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA device")
@pytest.mark.parametrize("precision", ["float32", "bfloat16"])
@pytest.mark.parametrize("optimizer", CHOICES["optimizer"])
def test_twenty_updates_on_cuda_never_synchronise(optimizer: str, precision: str, tmp_path: Path):
    every = AUGMENTATIONS[:16]
    experiment = everything(optimizer=optimizer, precision=precision, augmentations=every, epochs=20)
    run = Run(experiment, tmp_path, conditions=on("cuda", experiment))
    run.step()  # what is allocated and loaded once
    torch.cuda.synchronize()
    torch.cuda.set_sync_debug_mode("error")
    try:
        for _ in range(20):
            run.step()
    finally:
        torch.cuda.set_sync_debug_mode("default")
    assert run.train().outcome is not None
