"""What holds for every test: a data folder of its own, one torch thread, the CPU, and nothing written elsewhere."""

from __future__ import annotations

import gc
import logging
import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import configuration, settings

_session_folder = pytest.StashKey[Path]()

# Here, because what a single test is collected with imports NumPy before pytest is configured, and threads that wait
# for each other take all the cores there are.
os.environ["OMP_NUM_THREADS"] = "1"


def pytest_configure(config: pytest.Config) -> None:
    """Point the data folder, and the platform's data folder behind it, into a temporary folder of this process.

    It happens here rather than in a fixture, so that it also holds while test modules are imported.
    """
    folder = Path(tempfile.mkdtemp(prefix="saddlepoint-tests-"))
    config.stash[_session_folder] = folder
    os.environ["SADDLEPOINT_DATA"] = str(folder / "data")
    os.environ["SADDLEPOINT_DEVICE"] = "cpu"
    os.environ["XDG_DATA_HOME"] = str(folder / "platform")
    os.environ.pop("SADDLEPOINT_DATABASE", None)
    (folder / "platform").mkdir()
    configuration.set_hypothesis_home_dir(folder / "hypothesis")
    settings.register_profile("saddlepoint", deadline=None, database=None, derandomize=True, max_examples=50)
    settings.load_profile("saddlepoint")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Browser tests come first, slow ones last.

    Each worker begins with a part of the list of its own, and who is through takes over the later half of what another
    has left. So one worker does all browser tests, beside each other they would only wait, with one server and one
    browser; and who has the last part meets the slow tests in the midst of the whole time, not at its end.
    """
    items.sort(key=lambda item: bool(item.get_closest_marker("slow")) - bool(item.get_closest_marker("browser")))


def pytest_collection_finish() -> None:
    """Let the garbage collector leave alone what was imported and collected: tests, and Streamlit after every run of a
    page, have it look through everything.

    And let what the many loggers of Streamlit and torch say reach the root's handlers: pytest would add its own to each
    that keeps to itself and take it away again, six times a test.
    """
    gc.collect()
    gc.freeze()
    for name, logger in logging.getLogger().manager.loggerDict.items():
        if name.startswith(("streamlit", "torch")) and isinstance(logger, logging.Logger):
            logger.propagate = True


@pytest.fixture(scope="module")
def earlier_tests_left_alone() -> None:
    """The same for what earlier tests have left: asked for where the code collects garbage again and again."""
    gc.collect()
    gc.freeze()


def pytest_unconfigure(config: pytest.Config) -> None:
    """Remove the temporary folder."""
    shutil.rmtree(config.stash[_session_folder], ignore_errors=True)


@pytest.fixture(scope="session")
def session_folder(pytestconfig: pytest.Config) -> Path:
    """The temporary folder of this test process: `data/` is its data folder, `platform/` the platform's."""
    return pytestconfig.stash[_session_folder]


@pytest.fixture(autouse=True)
def nothing_is_written_elsewhere(session_folder: Path) -> Iterator[None]:
    """Fail the test after which the platform's data folder, the one nobody asked for, holds something of ours."""
    yield
    strays = [path.name for path in (session_folder / "platform").iterdir() if "saddlepoint" in path.name.lower()]
    assert not strays, f"written into the platform's data folder instead of $SADDLEPOINT_DATA: {strays}"


@pytest.fixture
def data_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty data folder for one test; `$SADDLEPOINT_DATA` names it."""
    folder = tmp_path / "data"
    folder.mkdir()
    monkeypatch.setenv("SADDLEPOINT_DATA", str(folder))
    return folder
