"""Imports point down only, the core knows no Streamlit, and what chooses or reads loads no torch."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

from tests.sources import ROOT, Source, imports, read, sources

BESIDE = 0
"""Rooms that everyone may use and that use only each other."""

LAYERS: dict[str, int] = {
    "core.errors": BESIDE,
    "core.text": BESIDE,
    "core.language": BESIDE,
    "core.json_input": BESIDE,
    "core.log_file": BESIDE,
    "core.strict_json": BESIDE,
    "core.terminal": BESIDE,
    "core.mode": BESIDE,
    "core.people": BESIDE,
    "core.pieces": BESIDE,
    "core.seeding": BESIDE,
    "core.uploads": 1,
    "core.catalog": 1,
    "core.experiment": 2,
    "core.set_path": 2,
    "core.compatibility": 3,
    "core.describe": 3,
    "core.training": 3,
    "core.live": 3,
    "core.executors": 4,
    "core.landscape": 4,
    "core.studies": 5,
    "core.exports": 5,
    "core.lessons": 5,
    "core.cli": 6,
    "core.cli_compare": 6,
    "core.cli_curves": 6,
    "core.cli_executor": 6,
    "core.cli_kfold": 6,
    "core.cli_training": 6,
    "core.cli_curvature": 6,
    "core.cli_data": 6,
    "core.cli_faults": 6,
    "core.cli_fork": 6,
    "core.cli_race": 6,
    "core.cli_search": 6,
    "core.cli_surface": 6,
    "core.__main__": 6,
    "core.messages": 6,
    "pages": 6,
    "app": 6,
}

APART: dict[str, int] = {"core.store": 4, "core.figures": 4}
"""Rooms that stand beside the stack: they use only the layer BESIDE, and are used from above this layer."""


LEAVES = {"core.training.batch"}
"""Files that every layer may use, wherever their room stands, because they themselves use nothing of the project."""


def module_of(source: Source) -> str:
    """The dotted name under which a file is imported."""
    return source.path.removesuffix(".py").removesuffix("/__init__").replace("/", ".")


def room_of(module: str) -> str | None:
    """The room a module lies in, or None for what is not the project's; a package `core` itself is no room."""
    parts = module.split(".")
    if parts[0] == "core":
        return None if len(parts) == 1 else ".".join(parts[:2])
    return parts[0] if parts[0] in ("pages", "app") else None


def may_import(room: str, target: str) -> bool:
    """Whether one room may use another."""
    if room == target or LAYERS.get(target) == BESIDE:
        return True
    if room in APART:
        return False
    return APART[target] < LAYERS[room] if target in APART else LAYERS[target] <= LAYERS[room]


def breaches(source: Source) -> list[str]:
    """Imports of a file that do not point down."""
    room = room_of(module_of(source))
    if room is None:
        return []
    return [
        f"{source.where(node)}: {room} imports {module}"
        for node, module in imports(source)
        if (target := room_of(module)) is not None and module not in LEAVES and not may_import(room, target)
    ]


def test_every_room_has_a_layer():
    rooms = {room for source in sources("app.py", "pages", "core") if (room := room_of(module_of(source)))}
    unplaced = sorted(rooms - set(LAYERS) - set(APART))
    assert not unplaced, f"say in tests/test_layering.py where these stand: {unplaced}"


def test_leaves_use_nothing_of_the_project():
    files = {module_of(source): source for source in sources("core") if module_of(source) in LEAVES}
    assert set(files) == LEAVES
    assert [line for file in files.values() for _, line in imports(file) if room_of(line)] == []


def test_imports_point_down_only():
    """Rooms of one layer may use each other; `core.text` and its like only each other."""
    assert [line for source in sources("app.py", "pages", "core") for line in breaches(source)] == []


@pytest.mark.parametrize(
    ("path", "line"),
    [
        ("core/catalog/entry.py", "from core.training.splits import draw_splits"),
        ("core/training/run.py", "from core.store.store import Store"),
        ("core/training/run.py", "def f():\n    from core.studies import race"),
        ("core/store/store.py", "from core.experiment import Experiment"),
        ("core/figures/curves.py", "from core.store import store"),
        ("core/errors.py", "import core.catalog.registry"),
        ("core/live/hub.py", "from core import studies"),
        ("core/catalog/entry.py", "from core.training import run"),
    ],
)
def test_an_import_that_points_up_is_found(path: str, line: str):
    assert len(breaches(read(line, path))) == 1


@pytest.mark.parametrize(
    ("path", "line"),
    [
        ("core/training/run.py", "from core.catalog.registry import parse"),
        ("core/catalog/datasets/spirals.py", "from core.seeding import seed32"),
        ("core/studies/workbench.py", "from core.store.store import Store"),
        ("pages/train.py", "from core.figures import curves"),
        ("core/figures/curves.py", "from core.text import Text"),
        ("core/cli.py", "from core.exports import csv"),
    ],
)
def test_an_import_that_points_down_is_allowed(path: str, line: str):
    assert breaches(read(line, path)) == []


def test_the_core_imports_no_streamlit():
    found = [
        f"{source.where(node)}: {module}"
        for source in sources("core")
        for node, module in imports(source)
        if module.split(".")[0] == "streamlit" or room_of(module) in ("pages", "app")
    ]
    assert found == []


def test_pages_compute_nothing_themselves():
    found = [
        f"{source.where(node)}: {module}"
        for source in sources("pages")
        for node, module in imports(source)
        if module.split(".")[0] in ("torch", "torchvision")
    ]
    assert found == []


LIGHT_ROOMS = (
    "core.text",
    "core.errors",
    "core.language",
    "core.json_input",
    "core.log_file",
    "core.strict_json",
    "core.terminal",
    "core.seeding",
    "core.catalog",
    "core.experiment",
    "core.set_path",
    "core.compatibility",
    "core.describe",
    "core.store",
    "core.figures",
    "core.lessons",
    "core.messages",
    "core.cli",
)

IMPORT_AND_REPORT = """
import importlib, json, sys
loaded = {}
for name in json.loads(sys.argv[1]):
    importlib.import_module(name)
    heavy = sorted({"torch", "torchvision", "streamlit"} & set(sys.modules))
    if heavy:
        loaded[name] = heavy
        break
print(json.dumps(loaded))
"""


def light_modules() -> list[str]:
    """Every module of the rooms that load no torch; of the catalogue its packages, since layers stand in files of
    their own that `build` imports; without migrations, which Alembic runs."""
    modules = [module_of(source) for source in sources("core") if not source.path.startswith("core/catalog/")]
    packages = [module_of(source) for source in sources("core/catalog") if source.path.endswith("__init__.py")]
    return [name for name in [*packages, *modules] if name.startswith(LIGHT_ROOMS) and ".migrations." not in name]


def test_catalogue_experiment_store_figures_and_command_line_load_no_torch():
    modules = light_modules()
    assert {"core.text", "core.catalog", "core.experiment", "core.store.schema"} <= set(modules)
    answer = subprocess.run(
        [sys.executable, "-c", IMPORT_AND_REPORT, json.dumps(modules)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
    )
    assert answer.returncode == 0, answer.stderr
    assert json.loads(answer.stdout) == {}


def test_listing_runs_loads_no_torch(data_folder):
    answer = subprocess.run(
        [sys.executable, "-X", "importtime", "-m", "core", "runs", "--json", "--data", str(data_folder)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
    )
    assert answer.returncode == 0, answer.stderr
    assert json.loads(answer.stdout) == []
    loaded = {line.rsplit("|", 1)[-1].strip() for line in answer.stderr.splitlines() if line.startswith("import time:")}
    assert "core.cli" in loaded
    assert not {"torch", "streamlit"} & loaded
