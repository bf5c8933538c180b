"""A real browser on the real app: one server and one browser for all tests, one fresh profile a tab."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Generator, Iterator
from urllib.parse import urlencode

import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright

from tests.e2e.live_tab import WAIT_S, LiveTab
from tests.serving import Server, serving

WAIT_MS = 1000 * WAIT_S
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--no-first-run"]
WEBGL = ["--use-gl=angle", "--use-angle=swiftshader", "--enable-unsafe-swiftshader"]
"""Three dimensions without a graphics card."""
RAN_OUT = ["TimeoutError", "Locator expected", "did not come true"]
"""What a wait in a browser says when its time is over."""
_server = pytest.StashKey[Server]()

OpenTab = Callable[..., LiveTab]
Join = Callable[..., LiveTab]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """A wait in a browser that ran out has one more try, which the summary names: two busy cores let a click be lost.

    What is asserted of what was seen has none.
    """
    for item in items:
        if item.get_closest_marker("browser"):
            item.add_marker(pytest.mark.flaky(reruns=1, only_rerun=RAN_OUT))


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """What the server has printed stands under a failure."""
    report = yield
    if report.failed and (server := item.config.stash.get(_server, None)):
        report.sections.append(("server log", server.log[-6000:]))
    return report


@pytest.fixture(scope="session")
def chromium() -> str:
    """The path of an installed Chromium: the one without windows where it is there, for nobody sees them."""
    names = ("chromium-headless-shell", "chromium", "chromium-browser")
    found = next(filter(None, map(shutil.which, names)), None)
    if found is None:
        pytest.skip("no Chromium was found; get it with: apt install chromium")
    return found


@pytest.fixture(scope="package")
def server(chromium: str, tmp_path_factory: pytest.TempPathFactory, pytestconfig: pytest.Config) -> Iterator[Server]:
    """The app on a data folder of its own; it serves all browser tests of this process."""
    with serving(tmp_path_factory.mktemp("browser") / "data") as started:
        pytestconfig.stash[_server] = started
        yield started


@pytest.fixture(scope="package")
def browser(chromium: str) -> Iterator[Browser]:
    """One browser for this folder. Not one a session: Playwright's event loop runs in this thread as long as it is
    open, and other tests have loops of their own."""
    expect.set_options(timeout=WAIT_MS)
    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=chromium, args=[*FLAGS, *WEBGL])
        yield opened
        opened.close()


@pytest.fixture
def open_tab(browser: Browser, server: Server) -> Iterator[OpenTab]:
    """Opens the app in a new profile: `open_tab("/runs", width=390, lang="zh")`; ends what the tabs have started.

    An uncaught error in any of them fails the test.
    """
    tabs: list[LiveTab] = []
    errors: list[str] = []

    def opened(
        path: str = "/", *, width: int = 1440, height: int = 900, locale: str = "en-US", **query: object
    ) -> LiveTab:
        context = browser.new_context(viewport={"width": width, "height": height}, locale=locale)
        context.set_default_timeout(WAIT_MS)
        page: Page = context.new_page()
        page.on("pageerror", lambda error: errors.append(f"{page.url}: {error}"))
        tab = LiveTab(page, server.address)
        tabs.append(tab)
        tab.go(f"{path}?{urlencode(query)}" if query else path)
        return tab

    yield opened
    for tab in tabs:
        tab.end()
        tab.page.context.close()
    assert errors == []


# -- a class ---------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="package")
def class_server(chromium: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """The app in class mode, reached from this computer."""
    with serving(tmp_path_factory.mktemp("class") / "data", SADDLEPOINT_MODE="class") as started:
        yield started


def code_of(server: Server, *, teacher: bool = False) -> str:
    """What students, or a teacher, join the room of a server with."""
    room = json.loads((server.folder / "room.json").read_text(encoding="utf-8"))
    return room["teacher_key" if teacher else "code"]


@pytest.fixture
def join(browser: Browser, class_server: Server) -> Iterator[Join]:
    """Somebody opens a link in a browser of their own and joins: `join("Anna", "/runs?room=CODE")`."""
    tabs: list[LiveTab] = []

    def joined(name: str, path: str, code: str | None = None, *, width: int = 1440) -> LiveTab:
        context = browser.new_context(viewport={"width": width, "height": 900}, locale="en-US")
        context.set_default_timeout(WAIT_MS)
        tab = LiveTab(context.new_page(), class_server.address)
        tabs.append(tab)
        tab.go(path)
        tab.page.get_by_label("Your name").fill(name)
        if code is not None:
            tab.page.get_by_label("Code of the room").fill(code)
        tab.page.get_by_role("button", name="Join").click()
        return tab

    yield joined
    for tab in tabs:
        tab.end()
        tab.page.context.close()
