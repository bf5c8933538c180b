"""The run that pages open on before there is another: trained by this program, shipped with its experiment and error.

Where a stored run may be asked for, None stands for it.

To make it anew: `python -m core train EXPERIMENT.json`, then `write` with what `Workbench.state_at` gives for its end.
"""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import safetensors
import safetensors.torch
import torch
from torch import Tensor

from core import strict_json
from core.experiment import Experiment
from core.store.folder import DataFolder
from core.store.records import RunRecord
from core.store.store import Store
from core.studies.opened import opened
from core.training.resident import ResidentData
from core.training.run import Run
from core.training.weights import weights_sha256

FILE = Path(__file__).parents[2] / "assets" / "runs" / "digits_cnn.safetensors"
DEVICE = "cpu"
"""Where it was trained, and where its numbers are those that are stated."""


@dataclass(frozen=True, eq=False)
class Shipped:
    """A trained network: `wrong` of `num` validation samples after `step` updates; `sha256` names its weights."""

    experiment: Experiment
    step: int
    wrong: int
    num: int
    sha256: str
    tensors: dict[str, Tensor]

    def run(self, folder: Path, data: ResidentData) -> Run:
        """The run with its weights, as it was at its end; not to be trained on, for its optimizer has forgotten."""
        run = Run(self.experiment, folder, data=data)
        run.parts.model.load_state_dict(self.tensors)
        return run


@cache
def shipped() -> Shipped:
    """The shipped run, read once."""
    with safetensors.safe_open(FILE, framework="pt") as file:
        stated = strict_json.loads(file.metadata()["run"])
        tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118 - it is no mapping
    return Shipped(Experiment.from_json(stated.pop("experiment")), tensors=tensors, **stated)


def experiment_of(record: RunRecord | None) -> Experiment:
    """What was trained."""
    return shipped().experiment if record is None else Experiment.from_json(dict(record.experiment))


def device_of(record: RunRecord | None) -> str | None:
    """Where it was trained, as far as that is recorded."""
    return DEVICE if record is None else record.facts.device


def at_its_end(
    store: Store, folder: DataFolder, record: RunRecord | None, data: ResidentData
) -> Generator[Any, None, Run]:
    """A run after its last update; yields after every piece of work."""
    return shipped().run(folder.path, data) if record is None else (yield from opened(store, folder, record))


def write(run: Run, path: Path = FILE) -> None:
    """Ship a run that is over."""
    final = run.final
    assert final is not None
    stated = {
        "experiment": run.experiment.to_json(),
        "step": run.step_count,
        "wrong": final.validation.wrong,
        "num": final.validation.num,
        "sha256": weights_sha256(run.parts.model),
    }
    tensors = {
        name: tensor.detach().clone(memory_format=torch.contiguous_format)
        for name, tensor in run.parts.model.state_dict().items()
    }
    safetensors.torch.save_file(tensors, path, {"run": strict_json.dumps(stated)})
