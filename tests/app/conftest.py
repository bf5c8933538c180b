"""A workbench on a data folder of its own, and the pages on top of it, run without a browser."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from streamlit.components.v2 import manifest_scanner
from streamlit.testing.v1 import AppTest

from core.people import Person
from core.studies.room import Room
from core.studies.workbench import Workbench, use_workbench
from pages.components import services
from pages.components.opening import OPENED, PLACES
from tests.databases import quick_databases

__all__ = ["quick_databases"]

SHELL = Path(__file__).parents[2] / "pages" / "shell.py"

# As the launcher does it: imports in other threads must not see the list change under them.
sys.path.append(str(SHELL.parent))

OpenPage = Callable[..., AppTest]
Be = Callable[[Person | None], None]


@pytest.fixture(scope="session", autouse=True)
def installed_components() -> Iterator[None]:
    """What packages bring of components is looked for once: every tab would read the files of all that is installed."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(manifest_scanner, "scan_component_manifests", cache(manifest_scanner.scan_component_manifests))
        yield


@pytest.fixture(autouse=True)
def same_main() -> Iterator[None]:
    """A page that was run leaves itself as `__main__`, which every process that a later test forks would run again."""
    main = sys.modules["__main__"]
    yield
    sys.modules["__main__"] = main


@pytest.fixture
def bench(data_folder: Path, quick_databases: None) -> Iterator[Workbench]:
    """The workbench of this process, as the launcher would have opened it."""
    opened = Workbench.open(data_folder)
    use_workbench(opened)
    yield opened
    use_workbench(None)
    opened.close()


@pytest.fixture
def open_page(bench: Workbench) -> OpenPage:
    """Opens a page in a new tab: `open_page("runs.py", lang="zh")`; fails when the page raises.

    What is drawn from its first opening on is drawn at once: all that a page can show is looked at.
    """

    def opened(page: str = "train.py", **query: str) -> AppTest:
        tab = AppTest.from_file(str(SHELL), default_timeout=100)
        tab.session_state[OPENED] = set(PLACES)
        if page != "train.py":
            tab.switch_page(page)
        tab.query_params.update(query)
        tab.run()
        assert not tab.exception, tab.exception[0].message
        return tab

    return opened


@pytest.fixture
def asked(bench: Workbench, monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """All landscapes that pages ask the workbench for."""
    requests: list[Any] = []
    answer = bench.landscape

    def ask(request: Any, *, actor: str) -> str:
        requests.append(request)
        return answer(request, actor=actor)

    monkeypatch.setattr(bench, "landscape", ask)
    return requests


# -- a class ---------------------------------------------------------------------------------------------------------


@pytest.fixture
def room(bench: Workbench) -> Room:
    """The room of a class."""
    return bench.open_room("class")


@pytest.fixture
def be(room: Room, monkeypatch: pytest.MonkeyPatch) -> Be:
    """Who the browser belongs to from now on; before, nobody has joined in it."""

    def become(person: Person | None) -> None:
        monkeypatch.setattr(services, "cookie", lambda: room.sign(person) if person is not None else "")

    become(None)
    return become


@pytest.fixture
def anna(room: Room) -> Person:
    return room.join("Anna", room.code, "10.0.0.1")


@pytest.fixture
def ben(room: Room) -> Person:
    return room.join("Ben", room.code, "10.0.0.2")
