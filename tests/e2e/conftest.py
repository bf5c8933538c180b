"""A real browser on the real app: one server for all tests, one browser a file, one fresh profile a tab."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Generator, Iterator
from urllib.parse import urlencode

import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright

from tests.e2e.live_tab import WAIT_S, LiveTab
from tests.serving import Server, serving

WAIT_MS = 1000 * WAIT_S
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--no-first-run"]
_server = pytest.StashKey[Server]()

OpenTab = Callable[..., LiveTab]


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """What the server has printed stands under a failure."""
    report = yield
    if report.failed and (server := item.config.stash.get(_server, None)):
        report.sections.append(("server log", server.log[-6000:]))
    return report


@pytest.fixture(scope="session")
def chromium() -> str:
    """The path of an installed Chromium."""
    found = shutil.which("chromium") or shutil.which("chromium-browser")
    if found is None:
        pytest.skip("no Chromium was found; get it with: apt install chromium")
    return found


@pytest.fixture(scope="session")
def server(chromium: str, tmp_path_factory: pytest.TempPathFactory, pytestconfig: pytest.Config) -> Iterator[Server]:
    """The app on a data folder of its own; it serves all browser tests of this process."""
    with serving(tmp_path_factory.mktemp("browser") / "data") as started:
        pytestconfig.stash[_server] = started
        yield started


@pytest.fixture(scope="module")
def browser(chromium: str) -> Iterator[Browser]:
    """One browser a file. Not one a session: Playwright's event loop runs in this thread as long as it is open, and
    other tests have loops of their own."""
    expect.set_options(timeout=WAIT_MS)
    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=chromium, args=FLAGS)
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
