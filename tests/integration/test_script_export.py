"""An exported script and notebook run without this program and end with the numbers of the run."""

from __future__ import annotations

import json
import math
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from core.catalog.presets import presets
from core.errors import Refused
from core.experiment import Experiment
from core.exports.script import notebook_bytes, parts_of, parts_of_run, script_bytes
from core.people import LOCAL
from core.studies.workbench import Workbench
from core.training.events import Event
from tests.command_line import TINY, Cli
from tests.experiments import IMAGES, NETWORKS, POINTS, trained

MLP: dict[str, Any] = {
    "train_size": 65,
    "architecture": {"key": "mlp", "widths": [6]},
    "batch_size": 16,
    "epochs": 2,
}
"""65 digits in batches of 16, the last of 17: a single one would be left."""

SELECTED: dict[str, Any] = {"architecture": {"key": "mlp", "widths": [5]}, "epochs": 2}

CNN: dict[str, Any] = {**IMAGES["architecture"], "normalization": "batch"}

DROPOUT: dict[str, Any] = {"key": "dropout", "where": "hidden", "p": 0.3}

OPTIMIZERS = ("sgd", "momentum", "nesterov", "adagrad", "rmsprop", "adadelta", "adam", "adamw", "adam_uncorrected")

CASES: dict[str, dict[str, Any]] = {
    **{key: {**MLP, "optimizer": key} for key in OPTIMIZERS},
    "nadam": {**MLP, "optimizer": "nadam", "schedule": {"key": "polynomial", "power": 0.9}},
    "radam": {**MLP, "optimizer": "radam", "schedule": {"key": "cosine_restarts", "epochs": 0.5, "times": 2}},
    "adamax": {**MLP, "optimizer": "adamax"},
    "adafactor": {**MLP, "optimizer": {"key": "adafactor", "weight_decay": 0.1}},
    "l1 and l2": {**MLP, "regularizers": [{"key": "l1", "strength": 0.01}, {"key": "l2", "biases": True}]},
    "weight decay": {**MLP, "regularizers": [{"key": "weight_decay", "weight_decay": 0.5}], "schedule": "step"},
    "elastic net, max-norm": {
        **MLP,
        "regularizers": [{"key": "elastic_net", "strength": 0.01, "share": 0.3}, {"key": "max_norm", "max_norm": 0.7}],
    },
    "max-norm of kernels": {**IMAGES, "regularizers": [{"key": "max_norm", "max_norm": 0.4}]},
    "clipping": {**MLP, "regularizers": [{"key": "clip_norm", "max_norm": 0.3}, "clip_value"], "schedule": "one_cycle"},
    "dropout": {**POINTS, "architecture": {"key": "mlp", "widths": [8, 8]}, "regularizers": ["dropout"]},
    "early stopping": {
        **POINTS,
        "regularizers": [{"key": "early_stopping", "patience": 2}],
        "optimizer": {"key": "sgd", "lr": 3},
        "epochs": 12,
    },
    "one batch": {**MLP, "train_size": 17, "schedule": {"key": "warm_up", "then": "cosine"}},
    "logistic": {**MLP, "architecture": "logistic", "initializer": "zeros", "loss": "squared_error"},
    "cnn": {**IMAGES, "architecture": {**CNN, "dropout": 0.3}, "loss": "label_smoothing", "schedule": "cosine"},
    "moved": {**IMAGES, "augmentations": ["shift", "rotate", "scale", {"key": "noise"}, "flip"]},
    "toned": {**IMAGES, "augmentations": ["brightness", "contrast", "noise", "contrast", "flip", "brightness"]},
    "cropped": {**IMAGES, "architecture": "logistic", "augmentations": ["crop", "resized_crop"]},
    "many noisy numbers": {**MLP, "train_size": 200, "batch_size": 131, "augmentations": ["noise"], "epochs": 4},
    "noisy points": {**POINTS, "augmentations": [{"key": "noise", "std": 0.3}, "noise"]},
    "padded cnn": {
        **IMAGES,
        "architecture": {
            "key": "cnn",
            "blocks": [{"channels": 3, "kernel": 2, "padding": "same", "stride": 2, "activation": "prelu"}],
            "global_average": True,
            "dense": [],
        },
        "regularizers": [{"key": "dropout", "where": "convolution"}],
        "initializer": "framework",
    },
    "fresh test set": {**MLP, "test_seed": 3},
    "regression": {"dataset": {"key": "polynomial", "n": 20}, "architecture": {"key": "mlp", "widths": [8]}},
    "one left out": {
        "dataset": {"key": "polynomial", "n": 20},
        "num_folds": 20,
        "fold": 7,
        "architecture": {"key": "mlp", "widths": [8]},
    },
    "a fold of a table": {
        "dataset": "wine",
        "num_folds": 4,
        "fold": 2,
        "architecture": {"key": "mlp", "widths": [5], "activation": "tanh"},
        "epochs": 3,
    },
    "inputs by variance": {**SELECTED, "dataset": {"key": "wine", "selection": {"key": "variance", "k": 4}}},
    "inputs by information": {
        **SELECTED,
        "dataset": {"key": "wine", "selection": {"key": "mutual_information", "k": 4, "chosen_on": "all"}},
    },
    "inputs by weights": {
        **SELECTED,
        "dataset": {"key": "pure_noise", "n": 30, "inputs": 40, "selection": {"key": "l1", "k": 6}},
        "num_folds": 3,
    },
    "inputs of a regression": {**SELECTED, "dataset": {"key": "linear_200", "selection": "l1"}},
    "balanced": {
        **POINTS,
        "sampling": "balanced",
        "label_noise": 0.2,
        "noisy_splits": "both",
    },
    "random, noisy": {**MLP, "sampling": "random", "label_noise": 0.3},
    "balanced table": {
        "dataset": "wine",
        "sampling": "balanced",
        "train_size": 31,
        "architecture": {"key": "mlp", "widths": [5]},
        "epochs": 2,
    },
    **{f"network, {name}": {**IMAGES, "architecture": network, "epochs": 2} for name, network in NETWORKS.items()},
    **{
        f"dropout in {name}": {**IMAGES, "architecture": NETWORKS[name], "regularizers": [DROPOUT], "epochs": 1}
        for name in ("residual mlp", "residual cnn", "resnet", "efficient_cnn", "lstm", "attention")
    },
    "plain resnet": {
        **IMAGES,
        "architecture": {
            "key": "resnet",
            "blocks_per_stage": 1,
            "width": 2,
            "residual": False,
            "normalization": "none",
        },
        "epochs": 1,
    },
    "mnist_5000": {
        "dataset": "mnist_5000",
        "train_size": 32,
        "architecture": {"key": "mlp", "widths": [4]},
        "epochs": 1,
    },
}

NOTEBOOKS = ("adam", "dropout", "early stopping", "cnn")

RUN_ALL = """
import contextlib, io, json, pathlib, sys
def numbers(code, name):
    said = io.StringIO()
    with contextlib.redirect_stdout(said):
        exec(compile(code, name, "exec"), {"__name__": "__main__"})
    return dict(line.split(" = ") for line in said.getvalue().splitlines() if " = " in line)
found = {}
for path in sorted(pathlib.Path(sys.argv[1]).iterdir()):
    text = path.read_text(encoding="utf-8")
    if path.suffix == ".ipynb":
        cells = [cell for cell in json.loads(text)["cells"] if cell["cell_type"] == "code"]
        text = "\\n".join("".join(cell["source"]) for cell in cells)
    found[path.name] = numbers(text, path.name)
assert not {"core", "pages", "streamlit", "pydantic"} & set(sys.modules), "a script needs this program"
print(json.dumps(found))
"""


@pytest.fixture(scope="module")
def exported(tmp_path_factory: pytest.TempPathFactory) -> dict[str, dict[str, str]]:
    """What every script and every notebook says at its end, run in one process that cannot import this program."""
    folder = tmp_path_factory.mktemp("scripts")
    for name, document in CASES.items():
        parts = parts_of(Experiment.from_json(document))
        (folder / f"{name}.py").write_bytes(script_bytes(parts))
        if name in NOTEBOOKS:
            (folder / f"{name}.ipynb").write_bytes(notebook_bytes(parts))
    answer = subprocess.run(
        [sys.executable, "-I", "-c", RUN_ALL, str(folder)],
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=110,
        check=False,
    )
    assert answer.returncode == 0, answer.stderr
    return json.loads(answer.stdout)


@pytest.mark.parametrize("name", CASES)
def test_script_and_notebook_end_with_the_numbers_of_the_run(name: str, exported: Any, data_folder: Path):
    run, _ = trained(Experiment.from_json(CASES[name]), data_folder)
    assert run.final is not None
    expected = {
        "train_loss": run.final.train.loss,
        "train_error": run.final.train.error,
        "validation_loss": run.final.validation.loss,
        "validation_error": run.final.validation.error,
    }
    assert all(map(math.isfinite, expected.values()))
    for file in (f"{name}.py", *([f"{name}.ipynb"] if name in NOTEBOOKS else [])):
        assert {key: float(value) for key, value in exported[file].items()} == expected


NOT_WRITTEN = (
    *("MNIST-1D", "Lion", "Muon", "SAM", "L-BFGS", "schedule-free AdamW", "reduce on plateau"),
    *("Colour jitter", "Random erasing", "Cutout", "MixUp", "CutMix", "RandAugment", "TrivialAugment"),
    *("stochastic depth", "moving average of the weights", "stochastic weight averaging"),
    *("layerwise pre-training", "Synthetic samples"),
)
"""Titles of what presets use and no script holds."""


@pytest.mark.parametrize("key", presets())
def test_every_preset_is_written_or_refused_by_name(key: str):
    experiment = Experiment.from_json({"preset": key})
    chosen = (experiment.dataset, experiment.optimizer, experiment.schedule)
    chosen += (*experiment.augmentations, *experiment.regularizers)
    refused = [entry.title for entry in chosen if entry.title in NOT_WRITTEN]
    if refused:
        with pytest.raises(Refused, match=f"“{refused[0]}”"):
            parts_of(experiment)
        return
    parts = parts_of(experiment)
    script = script_bytes(parts).decode()
    compile(script, key, "exec")
    assert max(map(len, script.splitlines())) <= 120
    cells = json.loads(notebook_bytes(parts))["cells"]
    assert [cell["cell_type"] for cell in cells] == ["markdown", "code"] * len(parts)
    assert all("".join(cell["source"]).rstrip() in script for cell in cells if cell["cell_type"] == "code")


@pytest.mark.parametrize(
    ("changes", "name"),
    [
        ({"frozen": ["hidden.1"]}, "frozen layers"),
        ({"precision": "bfloat16"}, "bfloat16"),
        ({"dataset": "mnist_1d"}, "MNIST-1D"),
        ({"dataset": "cifar10", "augmentations": ["contrast"]}, "Contrast"),
    ],
)
def test_what_no_script_holds_is_named(changes: dict[str, Any], name: str):
    with pytest.raises(Refused, match=f"“{name}”"):
        parts_of(Experiment.from_json({**MLP, "architecture": {"key": "mlp", "widths": [6, 6]}, **changes}))


def test_words_of_a_person_do_not_get_into_the_code():
    quotes = chr(34) * 3
    named = Experiment.from_json({"name": f"{quotes}; raise SystemExit", "notes": f"{quotes}; raise SystemExit"})
    assert script_bytes(parts_of(named)) == script_bytes(parts_of(Experiment()))


# -- the command line ------------------------------------------------------------------------------------------------


def test_a_stored_run_is_exported_with_its_threads(cli: Cli, file: Callable, tmp_path: Path):
    value = cli("train", file(TINY)).value
    for kind, name in (("script", "run.py"), ("notebook", "run.ipynb")):
        told = cli("export", value["run"], "--to", kind, tmp_path / name).value
        assert (told["format"], told["num_bytes"]) == (kind, (tmp_path / name).stat().st_size)
    parts = parts_of(Experiment.from_json(TINY), value["threads"])
    assert (tmp_path / "run.py").read_bytes() == script_bytes(parts)
    assert (tmp_path / "run.ipynb").read_bytes() == notebook_bytes(parts)


def test_a_branch_has_no_script(cli: Cli, file: Callable, tmp_path: Path):
    run = cli("train", file(TINY)).value["run"]
    branch = cli("fork", run, "--at", 4, "--set", "optimizer.lr=0.1").value["run"]
    answer = cli("export", branch, "--to", "script", tmp_path / "branch.py")
    assert (answer.code, list(answer.value)) == (3, ["error"])
    assert "branch" in answer.value["error"]["why"]
    assert not (tmp_path / "branch.py").exists()


def test_a_run_that_was_computed_otherwise_says_so(cli: Cli, file: Callable, data_folder: Path):
    run = cli("train", file(TINY)).value["run"]
    with Workbench.reading(data_folder) as bench:
        record = bench.store.get_run(run, actor=LOCAL)
        stacked = replace(record, facts=replace(record.facts, engine="stacked"))
        assert "“stacked”" in parts_of_run(bench.store, stacked)[0].about
        assert "engine" not in parts_of_run(bench.store, record)[0].about


def test_a_run_whose_noise_was_drawn_otherwise_has_no_script(data_folder: Path):
    noisy = Experiment.from_json(CASES["many noisy numbers"])
    with Workbench.open(data_folder, live=False) as bench:
        record = bench.wait(bench.start(noisy, pace="max", actor=LOCAL), 100)
        assert "def gaussian" in script_bytes(parts_of_run(bench.store, record)).decode()
        conditions = dict((record.facts.environment or {})["conditions"])
        del conditions["noise"]
        before = replace(record, facts=replace(record.facts, environment={"conditions": conditions}))
        with pytest.raises(Refused, match="drew its noise"):
            parts_of_run(bench.store, before)


@pytest.mark.parametrize("state", ["stopped", "diverged"])
def test_a_run_without_its_planned_end_has_no_script(cli: Cli, file: Callable, data_folder: Path, state: Any):
    run = cli("train", file(TINY)).value["run"]
    with Workbench.reading(data_folder) as bench:
        record = bench.store.get_run(run, actor=LOCAL)
        with pytest.raises(Refused, match="planned end"):
            parts_of_run(bench.store, replace(record, state=state))


def test_a_run_that_was_changed_has_no_script(
    cli: Cli, file: Callable, data_folder: Path, monkeypatch: pytest.MonkeyPatch
):
    run = cli("train", file(TINY)).value["run"]
    with Workbench.reading(data_folder) as bench:
        record = bench.store.get_run(run, actor=LOCAL)
        monkeypatch.setattr(type(bench.store), "events", lambda store, run: [Event(3, "set", {"lr": 0.1})])
        with pytest.raises(Refused, match="changed while it ran"):
            parts_of_run(bench.store, record)
