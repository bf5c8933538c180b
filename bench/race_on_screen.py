"""Eight optimizers racing on the Compare page of the real app, in a headless Chromium on the same machine: from the end
of every update to one animation frame after it was drawn.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from urllib.parse import urlencode

import numpy as np
from playwright.sync_api import Page, WebSocket, expect, sync_playwright

from bench.calibration import load
from bench.figure import Figure
from bench.tab import FLAGS, WAIT_MS, chromium
from tests.serving import Server, serving

PIXEL_BAR_MS = 400.0
KEYS = ("sgd", "momentum", "nesterov", "adagrad", "rmsprop", "adadelta", "adam", "adamw")
RACE: dict[str, Any] = {
    **{f"vary.{place}.optimizer": key for place, key in enumerate(KEYS)},
    "rates": "hand",
    "seeds": 1,
    "measure": 1,
}
WATCHED_UPDATES = 200
RECORDED = "() => window.__saddlepoint_latency ?? []"
FORGET = "() => { window.__saddlepoint_latency = []; }"
STEP = """() => Number((/update ([\\d\\u202f]+)/.exec(document.querySelector(".sp-where").textContent) ?? [0, "0"])[1]
  .replaceAll("\\u202f", ""))"""


@contextmanager
def race(
    server: Server, pace: str = "10 s", listen: Callable[[WebSocket], None] | None = None, **query: Any
) -> Iterator[Page]:
    """A tab of a fresh profile with the eight, started and under way; AssertionError when the page has met an error.

    `listen` is called with each socket that the page opens.
    """
    errors: list[str] = []
    expect.set_options(timeout=WAIT_MS)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium(), args=FLAGS)
        page = browser.new_context(viewport={"width": 1440, "height": 1100}, locale="en-US").new_page()
        page.set_default_timeout(WAIT_MS)
        page.on("pageerror", lambda error: errors.append(str(error)))
        if listen is not None:
            page.on("websocket", listen)
        page.goto(f"{server.address}/compare?{urlencode({**RACE, **query})}")
        page.locator(".sp-pace button", has_text=pace).click()
        page.locator(".sp-start").click()
        page.wait_for_function(f"() => ({STEP})() > 5")
        yield page
        for drop in page.locator(".sp-fork .sp-drop").all():
            drop.evaluate("(button) => button.click()")
        page.locator(".sp-stop").evaluate("(button) => button.click()")
        expect(page.locator(".sp-stop")).to_be_disabled()
        browser.close()
    assert not errors, errors


def pixels(server: Server) -> np.ndarray:
    """Seconds from the end of an update to the screen, for every update of every run that was drawn."""
    with race(server, epochs=40) as page:
        page.evaluate(FORGET)
        begin = page.evaluate(STEP)
        page.wait_for_function(f"(end) => ({STEP})() >= end", arg=begin + WATCHED_UPDATES)
        recorded = np.array(page.evaluate(RECORDED))
    assert len(recorded) >= WATCHED_UPDATES * len(KEYS) / 2, f"only {len(recorded)} updates were drawn"
    return recorded


def measure() -> list[Figure]:
    """The 95 % quantile of step to pixel in milliseconds."""
    with TemporaryDirectory() as folder, serving(Path(folder) / "data") as server:
        seconds = pixels(server)
    half, most, longest = 1e3 * np.quantile(seconds, [0.5, 0.95, 1.0])
    detail = (
        f"p50 {half:.0f} ms, longest {longest:.0f} ms, {len(seconds)} updates of eight runs, error and gap on screen, "
        f"browser on the same machine; {load()}"
    )
    return [Figure("race of eight, step to pixel, p95", float(most), PIXEL_BAR_MS, False, "ms", detail)]


if __name__ == "__main__":
    for figure in measure():
        print(figure)
