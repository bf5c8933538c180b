"""What only a real browser can show of the live path: hidden tabs rest, values that no line can show, no reruns."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
from playwright.sync_api import expect

from tests.e2e.conftest import OpenTab
from tests.e2e.test_train import LONG

pytestmark = pytest.mark.browser

HIDE = """(hidden) => {
  Object.defineProperty(document, "hidden", { configurable: true, get: () => hidden });
  document.dispatchEvent(new Event("visibilitychange"));
}"""

COUNT_RUNS = """() => {
  const app = document.querySelector('[data-testid="stApp"]');
  window.scriptRuns = 0;
  new MutationObserver(() => {
    if (app.getAttribute("data-test-script-state") === "running") window.scriptRuns += 1;
  }).observe(app, { attributes: true, attributeFilter: ["data-test-script-state"] });
}"""

DRAW_WITH_GAPS = """async (address) => {
  const { drawMain } = await import(address);
  let drawn = null;
  const chart = { node: document.body, draw: (traces) => { drawn = traces.find((trace) => trace.uid === "edge"); } };
  const steps = [0, 10, 20, 30];
  const columns = {
    "train/error": [0.9, 0.5, NaN, 0.3], "validation/error": [0.9, Infinity, 0.4, 0], "train/loss": [2, 1, 1, 1],
  };
  const data = {
    run: "x", events: [], pictures: {},
    meta: { task: "classification", num_steps: 30, steps_per_epoch: 10, epochs: 3, slot: 0, choices: [] },
    column: (group, name) => (columns[name] ? { steps, values: columns[name] } : { steps: [], values: [] }),
    newest: (group, name) => (columns[name] ?? [NaN]).at(-1),
    lastStep: () => 30,
  };
  const colours = { text: "#000000", background: "#ffffff", muted: "#888888" };
  const palette = { run: () => "#0072B2", dashed: () => false, font: "sans", ...colours };
  const labels = new Proxy({}, { get: (_, name) => String(name) });
  const view = { quantity: "error", scale: "log", x: "update", smoothing: 0 };
  drawMain(chart, data, null, view, { labels, palette, size: 13, narrow: false, present: false, height: 300 });
  return drawn.x.map((x, place) => [x, drawn.marker.symbol[place]]);
}"""


def test_a_hidden_tab_asks_for_nothing_and_comes_back_without_a_gap(open_tab: OpenTab):
    tab = open_tab(seed=21, **LONG)
    sent: list[dict[str, Any]] = []
    tab.page.on(
        "websocket",
        lambda socket: (
            socket.on("framesent", lambda text: sent.append(json.loads(text))) if socket.url.endswith("/live") else None
        ),
    )
    tab.reload()
    tab.measured()
    tab.start()
    tab.grows_by(2)
    tab.page.evaluate(HIDE, True)
    tab.sees(lambda: sent[-1] == {"type": "pause"}, "the message that the tab is hidden")
    before = len(tab.curve())
    num_sent = len(sent)
    tab.page.evaluate(HIDE, False)
    tab.grown_to(before + 2)
    subscribed = [message for message in sent[num_sent:] if message["type"] == "subscribe"]
    assert subscribed[0]["lineage"], "it goes on from where it was"
    xs = [x for x, _ in tab.curve()]
    assert xs == sorted(set(xs)), "nothing twice"


def test_values_that_no_line_can_show_are_marks_on_the_edge(open_tab: OpenTab):
    tab = open_tab(seed=22)
    tab.measured()
    loaded = tab.page.evaluate(
        "() => performance.getEntriesByType('resource').map((entry) => entry.name)"
        ".find((name) => name.endsWith('/live/main_chart.js'))"
    )
    marks = tab.page.evaluate(DRAW_WITH_GAPS, loaded)
    assert [20, "x"] in marks, "NaN"
    assert [10, "x"] in marks, "infinity"
    assert [30, "triangle-down"] in marks, "0 on a log axis"
    assert len(marks) == 3


def test_training_causes_no_run_of_the_script(open_tab: OpenTab):
    tab = open_tab(seed=23, **LONG)
    tab.measured()
    tab.start()
    expect(tab.page).to_have_url(re.compile("run="))
    tab.drawn()
    tab.page.evaluate(COUNT_RUNS)
    before = tab.page.evaluate("() => performance.now()")
    tab.grows_by(8)
    seconds = (tab.page.evaluate("() => performance.now()") - before) / 1000
    expect(tab.where).to_contain_text("update")
    # The badge in the head line looks at the queue every four seconds, whether anything is trained or not.
    assert tab.page.evaluate("() => window.scriptRuns") <= seconds / 4 + 1
