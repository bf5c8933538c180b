"""One browser tab on the app, and what a person sees and does in it. Every wait has the browser's deadline."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import Any

from playwright.sync_api import Locator, Page, expect

from tests.polling import until

WAIT_S = 60
"""What a browser on a busy machine may take for anything."""

CURVE = """(uid) => {
  const trace = (document.querySelector(".sp-plot-main")?.data ?? []).find((trace) => trace.uid === uid);
  return trace ? Array.from(trace.x, (x, row) => [x, trace.y[row]]) : [];
}"""

LONGER_CURVE = f'(least) => ({CURVE})("validation").length >= least'

RANGES = """() => ["xaxis", "yaxis"].map((name) => document.querySelector(".sp-plot-main")._fullLayout[name].range)"""

PLOT_AREA = """() => {
  const node = document.querySelector(".sp-plot-main");
  const { l, t, w, h } = node._fullLayout._size;
  const { x, y } = node.getBoundingClientRect();
  return { x: x + l, y: y + t, width: w, height: h };
}"""

DOUBLE_CLICK = """([clientX, clientY]) => {
  for (const kind of ["mousedown", "mouseup", "mousedown", "mouseup"]) {
    const event = new MouseEvent(kind, { clientX, clientY, bubbles: true, cancelable: true, view: window });
    document.elementFromPoint(clientX, clientY).dispatchEvent(event);
  }
}"""
"""Both clicks at once: Plotly takes two that a busy machine lets come half a second apart for two single ones."""

SIDEWAYS = """() => [document.documentElement, document.querySelector('[data-testid="stMain"]')]
  .map((node) => node.scrollWidth - node.clientWidth)"""

TALLER = """() => [document.documentElement, document.querySelector('[data-testid="stMain"]')]
  .map((node) => node.scrollHeight - node.clientHeight)"""


def compact(value: Any) -> str:
    """A value as JavaScript's JSON.stringify writes it."""
    return json.dumps(value, separators=(",", ":"))


class LiveTab:
    """A page with the live chart; `page` is Playwright's."""

    def __init__(self, page: Page, address: str) -> None:
        self.page = page
        self.address = address

    # -- going places --------------------------------------------------------------------------------------------

    def go(self, path: str) -> None:
        """Open a path of the app and wait until the page has been drawn."""
        self.page.goto(f"{self.address}{path}")
        self.drawn()

    def reload(self) -> None:
        """Press the browser's reload."""
        self.page.reload()
        self.drawn()

    def drawn(self) -> None:
        """Wait until the server's script is through."""
        expect(self.page.get_by_test_id("stApp")).to_have_attribute("data-test-script-state", "notRunning")

    def end(self) -> None:
        """Leave no run behind: a tab that opens later would show it, and it would take the time of other tests."""
        # A page that is just being left may still show its own.
        stops = self.page.locator(".sp-stop:enabled")
        stops.evaluate_all("(buttons) => buttons.forEach((button) => button.click())")
        expect(stops).to_have_count(0)

    # -- the live part -------------------------------------------------------------------------------------------

    @property
    def primary(self) -> Locator:
        """The button that starts, pauses and goes on; `data-does` says which."""
        return self.page.locator(".sp-primary")

    @property
    def where(self) -> Locator:
        """The line with epoch, update and state."""
        return self.page.locator(".sp-where")

    @property
    def step(self) -> int:
        """The update that the line of progress names."""
        found = re.search(r"update ([\d\u202f]+) of", self.where.inner_text())
        assert found, self.where.inner_text()
        return int(found[1].replace("\u202f", ""))

    @property
    def pace(self) -> str:
        """The pace that is pressed."""
        return self.page.locator(".sp-pace [aria-pressed=true]").inner_text()

    def measured(self) -> None:
        """Wait until the untrained network has been measured and drawn."""
        expect(self.page.locator(".sp-over")).to_be_visible()
        expect(self.page.locator(".sp-validation .sp-value")).to_have_text(re.compile(r"\d"))
        self.grown_to(1)

    def start(self) -> None:
        """Press Start, and let the run take a minute, so that it does not end under the test."""
        self.primary.click()
        self.does("pause")
        self.choose("1 min")

    def choose(self, word: str) -> None:
        """Press one of a group's buttons and wait until the run, or the picture, has taken it."""
        button = self.page.locator(".sp-choice button", has_text=re.compile(f"^{re.escape(word)}$"))
        button.click()
        expect(button).to_have_attribute("aria-pressed", "true")
        expect(self.page.locator(".sp-live [aria-busy=true]")).to_have_count(0)

    def does(self, what: str) -> None:
        """Wait until the first button would do this: "start", "pause" or "resume"."""
        expect(self.primary).to_have_attribute("data-does", what)

    def let_go(self) -> None:
        """Take the focus off whatever was pressed last, so that keys belong to the page."""
        self.page.evaluate("() => document.activeElement.blur()")

    def pause(self) -> None:
        """Press Pause and wait until everything up to the pause is drawn: what is asked later is answered later."""
        self.primary.click()
        self.does("resume")
        self.choose("max")
        self.choose("1 min")

    def curve(self, name: str = "validation") -> list[list[float]]:
        """The points of a curve as drawn, [x, y] each."""
        return self.page.evaluate(CURVE, name)

    def grown_to(self, num_points: int) -> None:
        """Wait until the curve of the validation error has so many points."""
        self.page.wait_for_function(LONGER_CURVE, arg=num_points)

    def grows_by(self, num_points: int) -> None:
        """Wait until the curve of the validation error has so many points more than now."""
        self.grown_to(len(self.curve()) + num_points)

    def says(self, text: str) -> None:
        """Wait until a text stands in the main chart."""
        expect(self.page.locator(".sp-plot-main .annotation-text", has_text=text).first).to_be_visible()

    def everything(self) -> dict[str, Any]:
        """All points of both curves, and the numbers beside them."""
        numbers = [text.inner_text() for text in self.page.locator(".sp-figure").all()]
        return {"training": self.curve("training"), "validation": self.curve(), "numbers": numbers}

    def ranges(self) -> list[list[float]]:
        """What the two axes of the main chart span."""
        return self.page.evaluate(RANGES)

    def zoom(self) -> None:
        """Drag a rectangle in the main chart."""
        box = self.page.evaluate(PLOT_AREA)
        at = [(box["x"] + box["width"] * x, box["y"] + box["height"] * y) for x, y in ((0.1, 0.2), (0.5, 0.8))]
        before = self.ranges()
        self.page.mouse.move(*at[0])
        self.page.mouse.down()
        self.page.mouse.move(*at[1], steps=5)
        self.page.mouse.up()
        self.page.wait_for_function(f"(before) => JSON.stringify(({RANGES})()) !== before", arg=compact(before))

    def unzoom(self) -> None:
        """Click twice in the main chart, which shows everything again."""
        box = self.page.evaluate(PLOT_AREA)
        zoomed = self.ranges()[0][1]
        self.page.evaluate(DOUBLE_CLICK, [box["x"] + box["width"] / 2, box["y"] + box["height"] / 2])
        self.page.wait_for_function(f"(zoomed) => ({RANGES})()[0][1] > zoomed", arg=zoomed)

    def comes_to_rest(self, value: str) -> Any:
        """Wait until what an expression says in the page stays the same for twenty frames; returns it.

        On a slow machine the last moves of the mouse are drawn after it was let go.
        """
        self.page.wait_for_function(f"""() => {{
          const said = JSON.stringify({value});
          window.framesAtRest = said === window.saidLast ? window.framesAtRest + 1 : 0;
          window.saidLast = said;
          return window.framesAtRest >= 20;
        }}""")
        return self.page.evaluate(value)

    def sees(self, condition: Callable[[], Any], what: str) -> None:
        """Wait until a condition outside the page holds, while the page's messages are taken."""
        until(lambda: [self.page.evaluate("0"), condition()][1], WAIT_S, what)

    def mark_plot(self) -> None:
        """Leave a sign on the nodes of the main chart by which they are known again."""
        self.page.evaluate("""() => document.querySelectorAll(".sp-plot-main, .sp-plot-main .main-svg")
          .forEach((node) => { node.seenBefore = true; })""")

    def plot_is_marked(self) -> bool:
        """Whether the nodes of the main chart are those that were marked."""
        return self.page.evaluate("""() => {
          const nodes = [...document.querySelectorAll(".sp-plot-main, .sp-plot-main .main-svg")];
          return nodes.length > 1 && nodes.every((node) => node.seenBefore);
        }""")

    # -- the Runs page -------------------------------------------------------------------------------------------

    def row(self, pattern: str) -> Locator:
        """The rows of the table of runs with a cell like this. It is a picture; its text stands in it for readers."""
        cell = self.page.locator("td", has_text=re.compile(pattern))
        return self.page.locator("[role=grid] tbody tr").filter(has=cell)

    def select_first_row(self) -> None:
        """Tick the first run of the table."""
        box = self.page.get_by_test_id("stDataFrame").bounding_box()
        assert box is not None
        self.page.mouse.click(box["x"] + 16, box["y"] + 52)
        expect(self.page.locator(".st-key-one-run")).to_be_visible()

    # -- size ----------------------------------------------------------------------------------------------------

    def overflow_sideways(self) -> int:
        """By how many pixels the page is wider than the window."""
        return max(self.page.evaluate(SIDEWAYS))

    def overflow_down(self) -> int:
        """By how many pixels the page is taller than the window."""
        return max(self.page.evaluate(TALLER))
