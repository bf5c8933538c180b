"""A link into a lesson, opened on a phone: from the start of navigation until the question can be answered.

The real app on a warm server, in a headless Chromium on the same machine, 390 × 844. Each time is that of a browser
that has never been here: all of Streamlit and of our own files is fetched anew.
"""

from __future__ import annotations

from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

from playwright.sync_api import Browser, sync_playwright

from bench.calibration import load
from bench.figure import Figure
from bench.tab import FLAGS, WAIT_MS, chromium
from tests.serving import Server, serving

BAR_S = 2.0
TIMES = 7
LINK = "/?lesson=dropout.1"
PHONE = {"width": 390, "height": 844}
READY = """() => {
  const buttons = [...document.querySelectorAll('[class*="st-key-answer-"] button')];
  return buttons.length > 1 && buttons.every((button) => !button.disabled && button.getBoundingClientRect().width > 0)
    ? performance.now() / 1000 : false;
}"""
"""Seconds since the navigation began, once the answers can be pressed; asked at every frame."""


def ready_s(browser: Browser, server: Server, *, answers: bool = False) -> float:
    """Seconds until the question can be answered, in a browser without a past; `answers`: an answer, which is kept."""
    context = browser.new_context(viewport=PHONE, locale="en-US")  # pyright: ignore[reportArgumentType]
    page = context.new_page()
    page.goto(f"{server.address}{LINK}", wait_until="commit")
    seconds = page.wait_for_function(READY, timeout=WAIT_MS).json_value()
    if answers:
        page.locator('[class*="st-key-answer-"] button').first.click()
        page.locator(".st-key-lesson-news").wait_for(timeout=WAIT_MS)
    context.close()
    return seconds


def measure() -> list[Figure]:
    """The median of several links that were opened."""
    with TemporaryDirectory() as folder, serving(Path(folder) / "data") as server, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium(), args=FLAGS)
        ready_s(browser, server)
        seconds = [ready_s(browser, server, answers=number == TIMES - 1) for number in range(TIMES)]
        browser.close()
    detail = (
        f"median of {TIMES}, {min(seconds):.2f} to {max(seconds):.2f} s, warm server, empty browser cache, 390 × 844, "
        f"browser on the same machine; {load()}"
    )
    return [Figure("lesson link to a question that can be answered", median(seconds), BAR_S, False, "s", detail)]


if __name__ == "__main__":
    for figure in measure():
        print(figure)
