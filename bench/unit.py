"""One unit of the page Building blocks: from a pressed arrow key to the frame that shows the new arithmetic.

The real app in a headless Chromium on the same machine, on the shipped run. `python -m bench.unit` runs it alone.
"""

from __future__ import annotations

from pathlib import Path
from statistics import quantiles
from tempfile import TemporaryDirectory

from playwright.sync_api import sync_playwright

from bench.calibration import load
from bench.figure import Figure
from bench.tab import FLAGS, WAIT_MS, chromium
from tests.serving import serving

BAR_MS = 150.0
PRESSES = 60
SHOWN = """([key]) => new Promise((resolve) => {
  const [stage, said] = [".sp-unit-stage", ".sp-sum"].map((name) => document.querySelector(name));
  const start = performance.now();
  const watch = new MutationObserver(() => {
    watch.disconnect();
    requestAnimationFrame(() => resolve(performance.now() - start));
  });
  watch.observe(said, { childList: true, characterData: true, subtree: true });
  stage.dispatchEvent(new KeyboardEvent("keydown", { key, bubbles: true, cancelable: true }));
})"""


def measure() -> list[Figure]:
    """The 95 % quantile in milliseconds, of the first layer and of one with 32 channels."""
    with TemporaryDirectory() as folder, serving(Path(folder) / "data") as server, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium(), args=FLAGS)
        page = browser.new_page(viewport={"width": 1440, "height": 900}, locale="en-US")
        page.set_default_timeout(WAIT_MS)
        page.goto(f"{server.address}/building_blocks?look=unit")
        figures = []
        for layer in ("conv.1", "conv.2"):
            if layer != "conv.1":
                page.get_by_role("combobox", name="layer").click()
                page.get_by_role("option", name=layer).click()
                page.locator(".sp-formula").get_by_text("(13 + 0 + 0").wait_for()
            page.get_by_role("button", name="learned kernels").click()
            page.locator(".sp-sum").wait_for()
            keys = ("ArrowRight", "ArrowDown", "ArrowLeft", "ArrowUp")
            times = [page.evaluate(SHOWN, [keys[press % 4]]) for press in range(PRESSES)]
            detail = f"longest {max(times):.0f} ms, {PRESSES} presses, learned kernels; {load()}"
            figures.append(
                Figure(f"unit stepper, {layer}, p95", quantiles(times, n=20)[-1], BAR_MS, False, "ms", detail)
            )
        browser.close()
    return figures


if __name__ == "__main__":
    for figure in measure():
        print(figure, flush=True)
