"""The real app in a real browser, for figures that end on a screen or begin with a press of Start."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import urlencode

from playwright.sync_api import WebSocket, expect, sync_playwright

from tests.e2e.live_tab import LiveTab
from tests.serving import Server

WAIT_MS = 60_000
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--no-first-run"]
REMEMBER = "(view) => localStorage.setItem('saddlepoint.live.view', JSON.stringify(view))"


class MeasuredTab(LiveTab):
    """A tab that keeps what it has sent over the live socket."""

    sent: list[dict[str, Any]]

    def latest(self, kind: str) -> dict[str, Any]:
        """The last message of a kind that the page has sent."""
        return next(message for message in reversed(self.sent) if message["type"] == kind)


def has_chromium() -> bool:
    """Whether a Chromium is installed."""
    return _chromium() is not None


def chromium() -> str:
    """The path of an installed Chromium; RuntimeError when there is none."""
    executable = _chromium()
    if executable is None:
        raise RuntimeError("No Chromium was found; get it with: apt install chromium")
    return executable


def _chromium() -> str | None:
    return shutil.which("chromium") or shutil.which("chromium-browser")


@contextmanager
def opened(server: Server, *, view: dict[str, Any] | None = None, **query: object) -> Iterator[MeasuredTab]:
    """A tab of a fresh profile on the Train page with these choices, once the untrained network has been drawn.

    `view` is what the browser remembers of the picture, as the page writes it. Raises RuntimeError when there is no
    Chromium, AssertionError when the page has met an error.
    """
    executable = chromium()
    expect.set_options(timeout=WAIT_MS)
    errors: list[str] = []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=executable, args=FLAGS)
        context = browser.new_context(viewport={"width": 1440, "height": 1100}, locale="en-US")
        context.set_default_timeout(WAIT_MS)
        context.add_init_script(f"({REMEMBER})({json.dumps(view or {})})")
        page = context.new_page()
        page.on("pageerror", lambda error: errors.append(str(error)))
        tab = MeasuredTab(page, server.address)
        tab.sent = []
        page.on("websocket", lambda socket: _listen(socket, tab.sent))
        tab.go(f"/?{urlencode(query)}")
        tab.measured()
        yield tab
        browser.close()
    assert not errors, errors


def _listen(socket: WebSocket, sent: list[dict[str, Any]]) -> None:
    """Keep what goes out over the live socket; Streamlit's own is none of our business."""
    if socket.url.endswith("/live"):
        socket.on("framesent", lambda text: sent.append(json.loads(text)))
